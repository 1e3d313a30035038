"""What the identity tests share: a clock to set, an issuer with keys of every kind, and a way to make wrong tokens."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias

from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gateway.identity.claims import Expected
from gateway.identity.keys import KeySet, parse
from gateway.identity.sources import FixedKeys
from gateway.identity.verifier import Verifier

AnyKey: TypeAlias = OKPKey | ECKey | RSAKey | OctKey

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXPECTED = Expected("https://issuer.example", "credit-gateway", 3600)

ED = OKPKey.generate_key("Ed25519")
EC = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
OTHER = OKPKey.generate_key("Ed25519")


@dataclass
class Hands:
    """A clock whose two hands the test moves, together or apart."""

    wall: datetime = START
    stop_watch: float = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.stop_watch

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.stop_watch += seconds


@dataclass
class Counter:
    """A source of bytes that are different each time and the same in each run."""

    made: int = 0

    def bytes(self, count: int) -> bytes:
        self.made += 1
        return self.made.to_bytes(count, "big")


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk(key: OKPKey | ECKey | RSAKey, **members: object) -> dict[str, object]:
    return {**key.as_dict(private=False), **members}


def jwks(*keys: Mapping[str, object]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


KEYS: KeySet = parse(
    jwks(
        jwk(ED, kid="ed", alg="EdDSA", use="sig"),
        jwk(EC, kid="ec", alg="ES256", key_ops=["verify"]),
        jwk(RSA, kid="rsa", alg="RS256"),
    )
)


def claims(**changes: object) -> dict[str, object]:
    """The claims of a good token; a change to None takes a claim out."""
    issued = int(START.timestamp())
    good: dict[str, object] = {
        "iss": EXPECTED.issuer,
        "aud": EXPECTED.audience,
        "sub": "bank-officer-1",
        "client_id": "bank-demo",
        "roles": ["financial"],
        "iat": issued,
        "exp": issued + 3600,
        "jti": "t-1",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def sign(message: str, key: object, algorithm: str) -> str:
    """The message with a signature by the library's own signer."""
    return f"{message}.{text(JWSRegistry.algorithms[algorithm].sign(message.encode(), key))}"


def token(
    payload: Mapping[str, object] | bytes | None = None,
    key: AnyKey = ED,
    algorithm: str = "EdDSA",
    kid: str = "ed",
    header: Mapping[str, object] | bytes | None = None,
    more: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """A token; every part can be replaced. ``more`` are further header members."""
    if header is None:
        header = {"alg": algorithm, "typ": "at+jwt", "kid": kid, **more}
    parts: Sequence[Mapping[str, object] | bytes] = (header, claims() if payload is None else payload)
    raw = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    return sign(".".join(map(text, raw)), key, algorithm)


@dataclass
class Desk:
    """A verifier with the keys above, and its clock."""

    hands: Hands = field(default_factory=Hands)
    remembered: int = 100

    def __post_init__(self) -> None:
        self.verifier = Verifier(FixedKeys(KEYS), EXPECTED, self.hands, self.remembered)
