"""The public keys of the token issuer: a JWK set (RFC 7517), read once per version.

A key is usable if it says which algorithm it is for and is fit for it; the algorithm is then pinned to the key, so that
a token cannot choose. Keys that are not usable (for encryption, weak, private, symmetric, unknown) are left out, since
issuers publish sets that serve other purposes too. A set with two keys of one id, or without a usable key, is refused.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gateway.identity.strict import NotStrict, base64url, json_object

MOST_BYTES = 262_144
MOST_KEYS = 64
LEAST_RSA_BITS = 2048
MOST_RSA_BITS = 8192  # verification gets slow beyond
DEVELOPMENT_KID = "development-"  # key ids of development keys begin so; see ``development``

_logger = logging.getLogger("gateway.identity")

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class Algorithm(StrEnum):
    """The signature algorithms accepted (RFC 7518, RFC 8037); EdDSA means Ed25519."""

    EDDSA = "EdDSA"
    ES256 = "ES256"
    RS256 = "RS256"


# kty, curve, and the members that make up the public key
_SHAPES: Mapping[Algorithm, tuple[str, str | None, tuple[str, ...]]] = MappingProxyType(
    {
        Algorithm.EDDSA: ("OKP", "Ed25519", ("x",)),
        Algorithm.ES256: ("EC", "P-256", ("x", "y")),
        Algorithm.RS256: ("RSA", None, ("n", "e")),
    }
)


class KeysInvalid(ValueError):
    """The document is no usable key set."""


class _Unusable(ValueError):
    """One key cannot be used; the others may."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the one algorithm it is for."""

    kid: str
    algorithm: Algorithm
    public: OKPKey | ECKey | RSAKey

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` (in the form of RFC 7518 §3) is this key's over ``message``."""
        # Asked by name: the library's own entry point warns that RFC 9864 would rather call EdDSA "Ed25519".
        try:
            return JWSRegistry.algorithms[self.algorithm].verify(message, signature, self.public)
        except (JoseError, ValueError):
            return False


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys by id. ``generation`` is a digest of the document: tokens verified under another are verified anew."""

    generation: str
    keys: Mapping[str, Key]


NO_KEYS = KeySet("", MappingProxyType({}))


def parse(document: bytes, *, development: bool = False) -> KeySet:
    """Read a JWK set. ``development`` allows development keys. Raises KeysInvalid with a reason fit for the log."""
    if len(document) > MOST_BYTES:
        raise KeysInvalid(f"the key set is larger than {MOST_BYTES} bytes")
    try:
        items = json_object(document).get("keys")
    except NotStrict as error:
        raise KeysInvalid(f"the key set is malformed: {error}") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items) or len(items) > MOST_KEYS:
        raise KeysInvalid(f"the key set has no member keys with at most {MOST_KEYS} objects")
    found: dict[str, Key] = {}
    for item in items:
        kid = item.get("kid")
        if isinstance(kid, str) and kid.startswith(DEVELOPMENT_KID) and not development:
            raise KeysInvalid("the key set holds a development key")
        try:
            key = _key(item)
        except _Unusable as error:
            _logger.warning("a key of the key set is left out: %s", error)
            continue
        if key.kid in found:
            raise KeysInvalid("two keys of the key set have the same kid")
        found[key.kid] = key
    if not found:
        raise KeysInvalid("the key set has no usable key")
    return KeySet(hashlib.sha256(document).hexdigest(), MappingProxyType(found))


def _key(item: Mapping[str, object]) -> Key:
    kid = item.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 128 or not kid.isprintable():
        raise _Unusable("it has no kid")
    if item.get("use", "sig") != "sig":
        raise _Unusable("it is not for signatures")
    operations = item.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise _Unusable("it is not for verification")
    if _PRIVATE & item.keys():
        raise _Unusable("it is not a public key")
    try:
        algorithm = Algorithm(str(item.get("alg")))
    except ValueError:
        raise _Unusable(f"its alg is none of {', '.join(Algorithm)}") from None
    kty, curve, members = _SHAPES[algorithm]
    if item.get("kty") != kty or item.get("crv") != curve:
        raise _Unusable("its kty or crv does not fit its alg")
    return Key(kid, algorithm, _public(algorithm, {name: item.get(name) for name in ("kty", "crv", *members)}))


def _public(algorithm: Algorithm, item: Mapping[str, object]) -> OKPKey | ECKey | RSAKey:
    """The key itself, decoded now so that a bad one is found when the set is read."""
    text: dict[str, str | list[str]] = {name: value for name, value in item.items() if isinstance(value, str)}
    try:
        match algorithm:
            case Algorithm.EDDSA:
                okp = OKPKey.import_key(text)
                okp.get_op_key("verify")
                return okp
            case Algorithm.ES256:
                curve = ECKey.import_key(text)
                curve.get_op_key("verify")
                return curve
            case Algorithm.RS256:
                bits = int.from_bytes(base64url(str(item["n"]))).bit_length()
                if not LEAST_RSA_BITS <= bits <= MOST_RSA_BITS:
                    raise _Unusable(f"an RSA key has {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits")
                rsa = RSAKey.import_key(text)
                rsa.get_op_key("verify")
                return rsa
    except _Unusable:
        raise
    except (JoseError, ValueError, TypeError, KeyError):
        raise _Unusable("its value is not a key") from None
