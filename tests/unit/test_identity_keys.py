"""Which keys of an issuer's set are used, and which sets are refused whole."""

import json
import logging

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from gateway.identity.keys import MOST_BYTES, MOST_KEYS, Algorithm, KeysInvalid, parse
from tests.unit.identity_bench import EC, ED, RSA, jwk, jwks

GOOD = jwk(ED, kid="good", alg="EdDSA")
# A 1024-bit key made for this test; it protects nothing.
WEAK: dict[str, object] = {
    "kty": "RSA",
    "e": "AQAB",
    "n": "8Ob8PgKIeCA-QQaG71aUdvNFsjRm6jgLHou1DGs9rgIO_NzTL-R0H8yliMB8k2kzvKDRrQgqmFpY1J1dGEY5aa"
    "b_fY_3Y4kBTPlVXcAc46RZ7Fwp3x30F8th5OaRAcBwl95kp9-3DQv_Om8daTKYEaP7-QDPKCdYd8QTkSPTOU0",
}

BAD_KEYS: tuple[dict[str, object], ...] = (
    {**GOOD, "kid": None},
    {**GOOD, "kid": ""},
    {**GOOD, "kid": 7},
    {**GOOD, "kid": "a\n"},
    jwk(ED, kid="x"),
    jwk(ED, kid="x", alg="Ed448"),
    jwk(ED, kid="x", alg="none"),
    jwk(ED, kid="x", alg=["EdDSA"]),
    jwk(ED, kid="x", alg="ES256"),
    jwk(ED, kid="x", alg="EdDSA", use="enc"),
    jwk(ED, kid="x", alg="EdDSA", use=None),
    jwk(ED, kid="x", alg="EdDSA", key_ops=["sign"]),
    jwk(ED, kid="x", alg="EdDSA", key_ops="verify"),
    jwk(ED, kid="x", alg="EdDSA", crv="X25519"),
    {**jwk(ED, kid="x", alg="EdDSA"), "x": "AA"},
    {**jwk(ED, kid="x", alg="EdDSA"), "x": 5},
    {**ED.as_dict(private=True), "kid": "x", "alg": "EdDSA"},
    jwk(OKPKey.generate_key("Ed448"), kid="x", alg="EdDSA"),
    jwk(ECKey.generate_key("P-384"), kid="x", alg="ES256"),
    {**jwk(EC, kid="x", alg="ES256"), "y": jwk(EC)["x"]},
    {**WEAK, "kid": "x", "alg": "RS256"},
    jwk(RSA, kid="x", alg="RS512"),
    jwk(RSA, kid="x", alg="PS256"),
    jwk(RSA, kid="x", alg="RSA-OAEP"),
    {**jwk(RSA, kid="x", alg="RS256"), "e": "AQ"},
    {**OctKey.import_key(b"x" * 32).as_dict(private=True), "kid": "x", "alg": "HS256"},
    {},
)


@pytest.mark.parametrize("bad", BAD_KEYS)
def test_an_unusable_key_is_left_out(bad: dict[str, object], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "gateway.identity"):
        assert list(parse(jwks(bad, GOOD)).keys) == ["good"]
    assert len(caplog.records) == 1
    with pytest.raises(KeysInvalid, match="no usable key"):
        parse(jwks(bad))


def test_the_algorithm_belongs_to_the_key() -> None:
    found = parse(jwks(jwk(RSA, kid="r", alg="RS256", use="sig", x5c=["…"]), jwk(EC, kid="e", alg="ES256")))
    assert {kid: key.algorithm for kid, key in found.keys.items()} == {"r": Algorithm.RS256, "e": Algorithm.ES256}


def test_the_generation_follows_the_document() -> None:
    assert parse(jwks(GOOD)).generation == parse(jwks(GOOD)).generation != parse(jwks(GOOD, {})).generation


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":[1]}',
        b'{"keys":[]}',
        b'{"keys":[],"keys":[]}',
        b"\xff",
        b"<html>",
        jwks(GOOD, {**GOOD}),
        jwks(*({**GOOD, "kid": f"k{number}"} for number in range(MOST_KEYS + 1))),
        jwks(GOOD) + b" " * MOST_BYTES,
    ],
)
def test_a_set_that_is_refused_whole(document: bytes) -> None:
    with pytest.raises(KeysInvalid):
        parse(document)


def test_a_development_key_is_refused_unless_allowed() -> None:
    document = jwks(GOOD, {**GOOD, "kid": "development-abc"})
    with pytest.raises(KeysInvalid, match="development"):
        parse(document)
    assert "development-abc" in parse(document, development=True).keys


def test_a_reason_holds_nothing_of_the_document() -> None:
    with pytest.raises(KeysInvalid) as caught:
        parse(json.dumps({"keys": [{"kid": "SECRET", "alg": "SECRET"}]}).encode())
    assert "SECRET" not in str(caught.value)
