"""What a token says, checked claim by claim (RFC 9068 access tokens, RFC 7519 claims).

Exactly one role: the administrators and everybody else are mutually exclusive, so a token with two roles is refused
rather than reduced to one of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import Unauthenticated
from gateway.values import Caller, Role

LEEWAY = 30  # seconds by which the issuer's clock may be ahead of ours; never added to `exp`
LATEST = 2**53  # beyond this, parsers disagree about numbers
ASSURANCE = "urn:credit:assurance:"
ROLES = frozenset(role.value for role in Role if role is not Role.PUBLIC)  # who is nobody in particular has no token


@dataclass(frozen=True, slots=True)
class Expected:
    """What every token must say. ``lifetime`` is the longest allowed, in seconds.

    ``assurance`` is that up to which the issuer is believed: what it says beyond counts as that much.
    """

    issuer: str
    audience: str
    lifetime: int
    assurance: int = 3


def caller_of(claims: Mapping[str, object], expected: Expected, now: float) -> tuple[Caller, int]:
    """The caller and the Unix time at which the token ends. Raises Unauthenticated at the first claim that is wrong."""
    if claims.get("iss") != expected.issuer:
        raise Unauthenticated("iss is not the expected issuer")
    _check_audience(claims.get("aud"), expected.audience)
    ends = _check_times(claims, expected.lifetime, now)
    caller = Caller(
        role=_role(claims.get("roles")),
        principal=_text(claims, "sub", 255),
        consumer=_text(claims, "client_id", 128),
        department=_text(claims, "department", 32) if "department" in claims else "",
        region=_region(claims),
        assurance=min(_assurance(claims.get("acr", 0)), expected.assurance),
        token=_text(claims, "jti", 128),
    )
    return caller, ends


def _check_audience(value: object, audience: str) -> None:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise Unauthenticated("aud is missing or not a string or list of strings")
    if audience not in values:
        raise Unauthenticated("aud does not name this gateway")


def _check_times(claims: Mapping[str, object], lifetime: int, now: float) -> int:
    ends, issued = _moment(claims, "exp"), _moment(claims, "iat")
    begins = _moment(claims, "nbf") if "nbf" in claims else issued
    if now >= ends:
        raise Unauthenticated("the token has expired")
    if max(issued, begins) > now + LEEWAY:
        raise Unauthenticated("the token is not valid yet")
    if not 0 < ends - issued <= lifetime:
        raise Unauthenticated("the token lives longer than allowed")
    return ends


def _moment(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < LATEST:  # a bool is an int to isinstance
        raise Unauthenticated(f"{name} is missing or not a whole number of seconds")
    return value


def _text(claims: Mapping[str, object], name: str, most: int) -> str:
    """A claim that names something: not empty, no control or format characters, nothing that trimming would change."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable() or value != value.strip():
        raise Unauthenticated(f"{name} is missing or not a plain string of at most {most} characters")
    return value


def _role(value: object) -> Role:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str) or value[0] not in ROLES:
        raise Unauthenticated("roles is not a list of exactly one known role")
    return Role(value[0])


def _region(claims: Mapping[str, object]) -> str:
    value = claims.get("region", "")
    if not isinstance(value, str) or ("region" in claims and not re.fullmatch(r"[0-9]{6}", value, re.ASCII)):
        raise Unauthenticated("region is not a code of GB/T 2260")
    return value


def _assurance(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(re.escape(ASSURANCE) + "[0-3]", value):
        return int(value[-1])
    if type(value) is not int or not 0 <= value <= 3:
        raise Unauthenticated("acr is no known assurance")
    return value
