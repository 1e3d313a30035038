"""The outer form of a bearer token (RFC 6750; RFC 7515, compact form), taken apart before any key is touched."""

import re
from dataclasses import dataclass

from gateway.errors import Unauthenticated
from gateway.identity.strict import NotStrict, base64url, json_object

MOST_BYTES = 8192
TYPES = frozenset({"at+jwt", "application/at+jwt"})
# Thumbprints are passed over. Everything else (jku, jwk, x5u, x5c, crit, b64, cty, …) could change what is verified.
HEADERS = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256"})

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Token:
    """A token in parts; nothing of it is proven yet. ``algorithm`` is only what the token claims."""

    kid: str
    algorithm: str
    message: bytes  # what is signed
    payload: bytes
    signature: bytes


def bearer(authorization: str) -> str:
    """The token of an Authorization header. Raises Unauthenticated for anything but one bearer token of fair size."""
    if len(authorization) > MOST_BYTES:
        raise Unauthenticated("the token is too large")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("the Authorization header is not a bearer token")
    return token


def take_apart(text: str) -> Token:
    """The parts of a token. Raises Unauthenticated."""
    match = _COMPACT.fullmatch(text)
    if match is None:
        raise Unauthenticated("the token is not a signed JWT")
    try:
        header = json_object(base64url(match[1]))
        payload, signature = base64url(match[2]), base64url(match[3])
    except NotStrict as error:
        raise Unauthenticated(f"the token is malformed: {error}") from None
    if header.keys() - HEADERS:
        raise Unauthenticated("the header of the token has a member that is not accepted")
    kid, algorithm, kind = header.get("kid"), header.get("alg"), header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise Unauthenticated("typ is not at+jwt")
    if not isinstance(kid, str) or not isinstance(algorithm, str):
        raise Unauthenticated("kid or alg is missing")
    return Token(kid, algorithm, text[: match.end(2)].encode("ascii"), payload, signature)
