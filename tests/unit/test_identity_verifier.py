"""Who asks: good tokens, and every known way to make a bad one."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import OctKey

from gateway.errors import Unauthenticated
from gateway.values import Caller, Role
from tests.unit.identity_bench import EC, ED, OTHER, RSA, START, AnyKey, Desk, claims, jwk, text, token

pytestmark = pytest.mark.anyio

ISSUED = int(START.timestamp())


async def refusal(header: str) -> str:
    """The reason for which a header is refused."""
    desk = Desk()
    with pytest.raises(Unauthenticated) as caught:
        await desk.verifier.verify(header)
    with pytest.raises(Unauthenticated):
        await desk.verifier.verify(header)  # nothing was remembered
    return caught.value.reason


async def test_no_header_is_the_public() -> None:
    assert await Desk().verifier.verify(None) == Caller(Role.PUBLIC)


@pytest.mark.parametrize(("kid", "algorithm"), [("ed", "EdDSA"), ("ec", "ES256"), ("rsa", "RS256")])
async def test_each_algorithm_is_accepted(kid: str, algorithm: str) -> None:
    keys: dict[str, AnyKey] = {"ed": ED, "ec": EC, "rsa": RSA}
    found = await Desk().verifier.verify(f"Bearer {token(key=keys[kid], algorithm=algorithm, kid=kid)}")
    assert found == Caller(Role.FINANCIAL, "bank-officer-1", "bank-demo", token="t-1")


async def test_optional_claims_and_other_spellings() -> None:
    payload = claims(
        aud=["another", "credit-gateway"], roles=["government"], department="TAX", region="220800", nbf=ISSUED
    )
    for acr, assurance in (("urn:credit:assurance:3", 3), (2, 2), (0, 0)):
        made = token({**payload, "acr": acr}, header={"alg": "EdDSA", "typ": "application/at+JWT", "kid": "ed"})
        found = await Desk().verifier.verify(f"bearer {made}")
        assert found == Caller(Role.GOVERNMENT, "bank-officer-1", "bank-demo", "TAX", "220800", assurance, "t-1")


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Token x",
        "Bearer a",
        "Bearer a.b",
        "Bearer a.b.c.d",
        "Bearer ..",
        "Bearer a.b.c",
        "null",
        "Bearer \u00e9.\u00e9.\u00e9",
        "Bearer \ud800.a.b",
        "Bearer " + "a" * 1_000_000,
    ],
)
async def test_a_header_that_is_no_token_is_never_the_public(header: str) -> None:
    assert await refusal(header)


@pytest.mark.parametrize(
    "change", [" x", ",Bearer x", "\n", "=", "==", " ", "\t", ".e30", "!", "\x00", "%", "A", "\u0661"]
)
async def test_trailing_garbage(change: str) -> None:
    assert await refusal(f"Bearer {token()}{change}")


async def test_a_good_token_has_a_fair_size() -> None:
    assert (await Desk().verifier.verify(f"Bearer {token(claims(note='x' * 5000))}")).token == "t-1"
    assert "too large" in await refusal(f"Bearer {token(claims(note='x' * 6000))}")


async def test_leading_garbage_and_two_tokens() -> None:
    good = token()
    for header in (f"Bearer  {good}", f" Bearer {good}", f"Bearer\t{good}", f"Bearer {good}, Bearer {good}", good):
        assert await refusal(header)


async def test_the_algorithm_none() -> None:
    for algorithm in ("none", "None", "NONE", "", "nOnE"):
        head = text(json.dumps({"alg": algorithm, "typ": "at+jwt", "kid": "ed"}).encode())
        body = text(json.dumps(claims()).encode())
        assert "not a signed JWT" in await refusal(f"Bearer {head}.{body}.")
        assert "alg is not" in await refusal(f"Bearer {head}.{body}.AA")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_public_key_is_no_shared_secret(algorithm: str) -> None:
    secrets = [RSA.as_pem(private=False), RSA.as_der(private=False), json.dumps(jwk(RSA)).encode()]
    for secret in secrets:
        head = text(json.dumps({"alg": algorithm, "typ": "at+jwt", "kid": "rsa"}).encode())
        message = f"{head}.{text(json.dumps(claims()).encode())}"
        digest = hmac.new(secret, message.encode(), getattr(hashlib, algorithm.replace("HS", "sha"))).digest()
        assert "alg is not" in await refusal(f"Bearer {message}.{text(digest)}")


async def test_the_algorithm_is_pinned_to_the_key() -> None:
    assert "alg is not" in await refusal(f"Bearer {token(key=EC, algorithm='ES256', kid='ed')}")
    assert "alg is not" in await refusal(f"Bearer {token(key=RSA, algorithm='RS384', kid='rsa')}")
    assert "alg is not" in await refusal(f"Bearer {token(key=RSA, algorithm='PS256', kid='rsa')}")
    lie = token(header={"alg": "ES256", "typ": "at+jwt", "kid": "ec"})
    assert "signature" in await refusal(f"Bearer {lie}")


async def test_a_known_kid_with_another_key() -> None:
    assert "signature" in await refusal(f"Bearer {token(key=OTHER)}")


@pytest.mark.parametrize(
    "kid", ["", "ED", "ed ", "../../etc/passwd", "/dev/null", "' OR 1=1 --", "ed\x00", "\ud800", "e" * 4000]
)
async def test_a_kid_is_only_looked_up(kid: str) -> None:
    assert "kid" in await refusal(f"Bearer {token(kid=kid)}")


@pytest.mark.parametrize("kid", [None, 1, ["ed"], {"ed": 1}, True])
async def test_a_kid_is_a_string(kid: object) -> None:
    assert "kid" in await refusal(f"Bearer {token(header={'alg': 'EdDSA', 'typ': 'at+jwt', 'kid': kid})}")


@pytest.mark.parametrize(
    "member",
    [
        {"jku": "https://evil.example/jwks"},
        {"jwk": jwk(OTHER)},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"cty": "JWT"},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
    ],
)
async def test_headers_that_could_change_the_meaning(member: dict[str, object]) -> None:
    key = OTHER if "jwk" in member or "jku" in member else ED
    assert "header" in await refusal(f"Bearer {token(key=key, more=member)}")


async def test_thumbprints_are_passed_over() -> None:
    assert (await Desk().verifier.verify(f"Bearer {token(more={'x5t': 'abc'})}")).role is Role.FINANCIAL


@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "at+jwt ", "dpop+jwt", "secevent+jwt", 1, ["at+jwt"], ""])
async def test_only_access_tokens(kind: object) -> None:
    assert "typ" in await refusal(f"Bearer {token(header={'alg': 'EdDSA', 'typ': kind, 'kid': 'ed'})}")


BAD_CLAIMS: tuple[tuple[str, object, str], ...] = (
    ("iss", "https://issuer.example/", "iss"),
    ("iss", None, "iss"),
    ("iss", ["https://issuer.example"], "iss"),
    ("aud", "other", "aud"),
    ("aud", [], "aud"),
    ("aud", None, "aud"),
    ("aud", ["other"], "aud"),
    ("aud", ["credit-gateway", 1], "aud"),
    ("aud", {"credit-gateway": 1}, "aud"),
    ("aud", "credit-gateway other", "aud"),
    ("exp", None, "exp"),
    ("exp", str(ISSUED + 60), "exp"),
    ("exp", ISSUED + 60.5, "exp"),
    ("exp", True, "exp"),
    ("exp", -1, "exp"),
    ("exp", 2**53, "exp"),
    ("exp", 10**400, "exp"),
    ("exp", [ISSUED + 60], "exp"),
    ("exp", ISSUED, "expired"),
    ("exp", ISSUED - 1, "expired"),
    ("exp", 0, "expired"),
    ("exp", ISSUED + 3601, "longer"),
    ("iat", None, "iat"),
    ("iat", str(ISSUED), "iat"),
    ("iat", True, "iat"),
    ("iat", ISSUED + 31, "not valid yet"),
    ("iat", ISSUED - 1, "longer"),
    ("nbf", ISSUED + 31, "not valid yet"),
    ("nbf", "0", "nbf"),
    ("nbf", False, "nbf"),
    ("sub", None, "sub"),
    ("sub", "", "sub"),
    ("sub", " a", "sub"),
    ("sub", "a\n", "sub"),
    ("sub", "a\x00b", "sub"),
    ("sub", "a\u202eb", "sub"),
    ("sub", "a\ud800", "sub"),
    ("sub", 7, "sub"),
    ("sub", "a" * 256, "sub"),
    ("client_id", None, "client_id"),
    ("client_id", "", "client_id"),
    ("client_id", ["bank-demo"], "client_id"),
    ("jti", None, "jti"),
    ("jti", "", "jti"),
    ("jti", 1, "jti"),
    ("roles", None, "roles"),
    ("roles", [], "roles"),
    ("roles", "financial", "roles"),
    ("roles", ["financial", "agency"], "roles"),
    ("roles", ["system-admin", "audit-admin"], "roles"),
    ("roles", ["financial", "financial"], "roles"),
    ("roles", ["root"], "roles"),
    ("roles", ["public"], "roles"),
    ("roles", ["FINANCIAL"], "roles"),
    ("roles", [["financial"]], "roles"),
    ("roles", {"financial": 1}, "roles"),
    ("department", "", "department"),
    ("department", 5, "department"),
    ("department", "A\x1f", "department"),
    ("region", "2208", "region"),
    ("region", "", "region"),
    ("region", 220800, "region"),
    ("region", "22080\u0660", "region"),
    ("region", "220800\n", "region"),
    ("acr", "urn:credit:assurance:4", "acr"),
    ("acr", "urn:credit:assurance:33", "acr"),
    ("acr", "3", "acr"),
    ("acr", 4, "acr"),
    ("acr", -1, "acr"),
    ("acr", True, "acr"),
    ("acr", 3.0, "acr"),
)


@pytest.mark.parametrize(("name", "value", "reason"), BAD_CLAIMS)
async def test_each_claim_is_checked(name: str, value: object, reason: str) -> None:
    assert reason in await refusal(f"Bearer {token(claims(**{name: value}))}")


async def test_the_issuer_may_be_half_a_minute_ahead() -> None:
    made = token(claims(iat=ISSUED + 30, nbf=ISSUED + 30))
    assert (await Desk().verifier.verify(f"Bearer {made}")).token == "t-1"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"roles":["financial"],' + json.dumps(claims()).encode()[1:],
        json.dumps(claims()).encode()[:-1] + b',"deep":{"a":1,"a":2}}',
        json.dumps(claims()).encode()[:-1] + b',"r\\u006fles":["auditor"]}',
        json.dumps(claims()).encode()[:-1] + b',"x":NaN}',
        json.dumps(claims()).encode()[:-1] + b',"x":' + b"1" * 5000 + b"}",
        json.dumps(claims()).encode()[:-1] + b',"x":' + b"[" * 3000 + b"]" * 3000 + b"}",
        json.dumps(claims()).encode() + b"{}",
        json.dumps(claims(sub="\xff")).encode().replace(b"\\u00ff", b"\xff"),
        b"\xef\xbb\xbf" + json.dumps(claims()).encode(),
        json.dumps(claims()).encode("utf-16"),
        json.dumps([claims()]).encode(),
        b"",
        b"null",
        b'"x"',
    ],
)
async def test_a_payload_has_one_meaning(payload: bytes) -> None:
    assert await refusal(f"Bearer {token(payload)}")


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"ed"}',
        b'{"alg":"EdDSA","typ":"at+jwt","kid":"other","kid":"ed"}',
        b'["EdDSA"]',
        b"\xff",
        b"{",
    ],
)
async def test_a_header_has_one_meaning(header: bytes) -> None:
    assert "malformed" in await refusal(f"Bearer {token(header=header)}")


async def test_base64url_in_one_spelling_only() -> None:
    head, body, signature = token().split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    spare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # The last of 86 characters carries 4 spare bits: 15 more spellings of the same 64 bytes.
    same = [
        signature[:-1] + last
        for last in spare
        if last != signature[-1] and base64.urlsafe_b64decode(signature[:-1] + last + "==") == raw
    ]
    assert len(same) == 15
    for other in (*same, signature + "==", signature[:10] + "\n" + signature[10:]):
        assert await refusal(f"Bearer {head}.{body}.{other}")
    assert await refusal(f"Bearer {head}.{body}=.{signature}")


async def test_a_token_inside_a_token() -> None:
    assert "malformed" in await refusal(f"Bearer {token(token().encode())}")


async def test_an_encrypted_token() -> None:
    assert "not a signed JWT" in await refusal("Bearer " + ".".join([text(b"{}")] * 5))


async def test_a_signature_in_der() -> None:
    message = token(key=EC, algorithm="ES256", kid="ec").rpartition(".")[0]
    der = EC.private_key
    assert isinstance(der, ec.EllipticCurvePrivateKey)
    signature = der.sign(message.encode(), ec.ECDSA(SHA256()))
    assert "signature" in await refusal(f"Bearer {message}.{text(signature)}")


@pytest.mark.parametrize("signature", [b"\x00", b"\x00" * 64, b"\xff" * 64, b"\x00" * 63, b"\x01" * 65, b"\x00" * 256])
@pytest.mark.parametrize(("kid", "algorithm"), [("ed", "EdDSA"), ("ec", "ES256"), ("rsa", "RS256")])
async def test_signatures_out_of_nothing(kid: str, algorithm: str, signature: bytes) -> None:
    head = text(json.dumps({"alg": algorithm, "typ": "at+jwt", "kid": kid}).encode())
    made = f"{head}.{text(json.dumps(claims()).encode())}.{text(signature)}"
    assert "signature" in await refusal(f"Bearer {made}")


async def test_a_shared_secret_never_becomes_a_key() -> None:
    made = token(key=OctKey.import_key(b"x" * 64), algorithm="HS256", kid="ed")
    assert "alg is not" in await refusal(f"Bearer {made}")


async def test_the_reason_repeats_nothing_of_the_token() -> None:
    for name in ("iss", "aud", "sub", "jti", "roles", "region", "acr", "department", "exp"):
        assert "SECRET" not in await refusal(f"Bearer {token(claims(**{name: ['SECRET']}))}")
