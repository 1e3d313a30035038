"""A token issuer for one machine: its own key and the personas of the demo. Production settings refuse all of it."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.clock import Random
from gateway.errors import KeysRefused
from gateway.identity.claims import ASSURANCE
from gateway.identity.keys import DEVELOPMENT_KID, Algorithm
from gateway.identity.strict import base64url_text
from gateway.settings import DEVELOPMENT_ISSUER, Settings, SettingsError
from gateway.signing import NoteInvalid, load_or_create
from gateway.values import Role

REGION = "220800"  # Baicheng
STEP_UP = 3


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody invented who may sign in to the demo; the seed gives them consents, mandates and cases."""

    name: str
    role: Role
    subject: str
    client: str
    department: str = ""
    assurance: int = 1


PERSONAS: tuple[Persona, ...] = (
    Persona("bank", Role.FINANCIAL, "bank-officer-1", "bank-demo"),
    Persona("agency", Role.AGENCY, "agency-officer-1", "agency-demo"),
    Persona("tax-officer", Role.GOVERNMENT, "tax-officer-1", "gov-tax", department="TAX"),
    Persona("market-officer", Role.GOVERNMENT, "market-officer-1", "gov-market", department="MARKET"),
    Persona("citizen", Role.SUBJECT, "citizen-demo", "citizen-app", assurance=2),
    Persona("enterprise-rep", Role.SUBJECT, "enterprise-rep-demo", "enterprise-app", assurance=2),
    Persona("handler", Role.HANDLER, "handler-demo", "gov-market", department="MARKET"),
    Persona("reviewer", Role.HANDLER, "reviewer-demo", "gov-reform", department="REFORM"),
    Persona("desk", Role.DESK, "desk-demo", "platform-desk", department="CREDIT"),
    Persona("counter", Role.COUNTER, "counter-demo", "government-hall", assurance=2),
    Persona("auditor", Role.AUDITOR, "auditor-1", "audit-office"),
    Persona("system-admin", Role.SYSTEM_ADMIN, "system-admin-1", "system-console"),
    Persona("security-admin", Role.SECURITY_ADMIN, "security-admin-1", "security-console"),
    Persona("audit-admin", Role.AUDIT_ADMIN, "audit-admin-1", "audit-console"),
    Persona("steward", Role.STEWARD, "steward-demo", "gov-market", department="MARKET"),
    Persona("archivist", Role.ARCHIVE, "archivist-1", "archive-office"),
)


class DevelopmentKey:
    """An Ed25519 key that signs tokens of the development issuer. Never prints its secret."""

    def __init__(self, seed: bytes, issuer: str, audience: str, lifetime: int) -> None:
        """``seed``: the 32 bytes of the private key (RFC 8032); ``lifetime``: longest life of a token in seconds."""
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = base64url_text(self._private.public_key().public_bytes_raw())
        self._issuer, self._audience, self._lifetime = issuer, audience, lifetime
        self.kid = DEVELOPMENT_KID + self._public[:12]

    def __repr__(self) -> str:
        return f"DevelopmentKey({self.kid})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not pickled")

    def jwks(self) -> bytes:
        """The public key as a JWK set (RFC 7517, RFC 8037)."""
        key = {"kty": "OKP", "crv": "Ed25519", "x": self._public, "use": "sig", "alg": Algorithm.EDDSA, "kid": self.kid}
        return json.dumps({"keys": [key]}).encode()

    def issue(
        self,
        persona: str | Persona,
        now: datetime,
        random: Random,
        *,
        step_up: bool = False,
        lifetime: int | None = None,
    ) -> str:
        """A token for a persona, by name or as given. ``step_up``: assurance 3; ``lifetime``: seconds, to shorten it.

        Raises KeyError for a name that is not in PERSONAS.
        """
        who = persona if isinstance(persona, Persona) else {one.name: one for one in PERSONAS}[persona]
        issued = int(now.timestamp())
        claims: dict[str, object] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": who.subject,
            "client_id": who.client,
            "roles": [who.role.value],
            "region": REGION,
            "acr": f"{ASSURANCE}{STEP_UP if step_up else who.assurance}",
            "iat": issued,
            "exp": issued + min(self._lifetime, self._lifetime if lifetime is None else lifetime),
            "jti": random.bytes(16).hex(),
        }
        if who.department:
            claims["department"] = who.department
        header = {"alg": Algorithm.EDDSA, "typ": "at+jwt", "kid": self.kid}
        message = ".".join(base64url_text(json.dumps(part).encode()) for part in (header, claims))
        return f"{message}.{base64url_text(self._private.sign(message.encode()))}"


def development_key(settings: Settings, random: Random) -> DevelopmentKey:
    """The development key in ``<home>/keys/development.key`` (mode 0600), made on the first run.

    Raises SettingsError where it is not allowed (production, or another issuer's keys are set), KeysRefused if the file
    is damaged or others may read it.
    """
    if settings.production:
        raise SettingsError(("GATEWAY_MODE", "the development key is refused in production"))
    if settings.jwks:
        raise SettingsError(("GATEWAY_JWKS", "tokens come from the issuer set here; the development key is not in use"))
    path = settings.home / "keys" / "development.key"
    return DevelopmentKey(_seed(path, random), settings.issuer, settings.audience, settings.token_lifetime)


def is_development(settings: Settings) -> bool:
    """Whether tokens are issued by the development key or under its name."""
    return not settings.jwks or settings.issuer == DEVELOPMENT_ISSUER


def _seed(path: Path, random: Random) -> bytes:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        load_or_create(path, "development", random.bytes)  # makes and checks the file
        return base64.b64decode(path.read_text("ascii"))
    except (NoteInvalid, UnicodeDecodeError):
        raise KeysRefused("the development key file is damaged or others may read it") from None
    except OSError:
        raise KeysRefused("the development key file cannot be read or made") from None
