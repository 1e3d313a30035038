"""Tokens at random: only what the issuer signed, whole and unchanged, proves anybody."""

import asyncio
import contextlib
import json
import string

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.errors import Unauthenticated
from gateway.identity.strict import NotStrict, base64url, base64url_text, json_object
from gateway.settings import SettingsError, read
from gateway.values import Caller, Role
from tests.unit.identity_bench import Desk, claims, token

GOOD = token()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def verify(header: str | None) -> Caller | None:
    """The caller, or None if the header was refused; every other outcome is an error of the test."""
    try:
        return asyncio.run(Desk().verifier.verify(header))
    except Unauthenticated:
        return None


@given(st.text() | st.text(string.printable) | st.text(max_size=200).map("Bearer ".__add__))
def test_no_text_is_a_token_by_chance(header: str) -> None:
    assert verify(header) is None


@given(st.integers(0, len(GOOD) - 1), st.sampled_from(string.ascii_letters + string.digits + "-_.= "))
def test_one_changed_character_spoils_a_token(position: int, character: str) -> None:
    assume(GOOD[position] != character)
    assert verify(f"Bearer {GOOD[:position]}{character}{GOOD[position + 1 :]}") is None


@given(st.integers(0, len(GOOD)), st.text(string.ascii_letters + "._-=", min_size=1, max_size=5))
def test_one_insertion_spoils_a_token(position: int, inserted: str) -> None:
    assert verify(f"Bearer {GOOD[:position]}{inserted}{GOOD[position:]}") is None


@given(st.integers(0, len(GOOD) - 1))
def test_a_shortened_token_is_none(length: int) -> None:
    assert verify(f"Bearer {GOOD[:length]}") is None


@given(st.sampled_from(sorted(claims())), json_values)
def test_a_claim_at_random_gives_exactly_that_or_a_refusal(name: str, value: object) -> None:
    assume(value != claims()[name] or type(value) is not type(claims()[name]))
    found = verify(f"Bearer {token({**claims(), name: value})}")
    if found is not None:
        assert found.role is Role.FINANCIAL
        shown = {"sub": found.principal, "client_id": found.consumer, "jti": found.token}
        # iat and exp may vary within the allowed lifetime; aud may be any list that names us.
        assert name in {"iat", "exp", "aud"} or shown[name] == value


@given(json_values)
def test_a_header_member_at_random_never_helps(value: object) -> None:
    made = token(header={"alg": "EdDSA", "typ": "at+jwt", "kid": "ed", "x": value})
    assert verify(f"Bearer {made}") is None


@given(st.binary())
def test_base64url_goes_there_and_back(raw: bytes) -> None:
    assert base64url(base64url_text(raw)) == raw


@given(st.text(string.ascii_letters + string.digits + "-_=+/ \n", max_size=12))
def test_base64url_has_one_spelling(text: str) -> None:
    try:
        raw = base64url(text)
    except NotStrict:
        return
    assert base64url_text(raw) == text


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_strict_json_agrees_with_the_usual_reader(value: dict[str, object]) -> None:
    try:
        raw = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        assume(False)
    assert json_object(raw) == json.loads(raw)


@given(st.binary(max_size=60))
def test_bytes_at_random_are_an_object_or_refused(raw: bytes) -> None:
    with contextlib.suppress(NotStrict):
        assert isinstance(json_object(raw), dict)


@given(st.dictionaries(st.sampled_from(["GATEWAY_PORT", "GATEWAY_SHARDS", "GATEWAY_JWKS", "GATEWAY_HOST"]), st.text()))
def test_settings_at_random_are_read_or_named(environ: dict[str, str]) -> None:
    try:
        made = read(environ)
    except SettingsError as error:
        assert error.faults and {name for name, _ in error.faults} <= environ.keys()
    else:
        assert 1 <= made.port <= 65535 and len(set(made.shards)) == len(made.shards) > 0
