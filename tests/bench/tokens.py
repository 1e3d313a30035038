"""Tokens for thousands of citizens: an issuer of the benchmark's own, whose JWKS the gateway is told to trust."""

import json
from datetime import datetime
from pathlib import Path

from joserfc import jws
from joserfc.jwk import OKPKey

from gateway.settings import SETTINGS

LIFETIME = 86_400
_KID = "bench"
_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


class Issuer:
    """Signs with an Ed25519 key that lives as long as the run."""

    def __init__(self, home: Path) -> None:
        self._key = OKPKey.generate_key("Ed25519", parameters={"kid": _KID, "alg": "EdDSA", "use": "sig"})
        self.jwks = home / "jwks.json"
        public = {**self._key.as_dict(private=False), "kid": _KID, "alg": "EdDSA", "use": "sig"}
        self.jwks.write_text(json.dumps({"keys": [public]}))

    def token(self, caller: str, now: datetime) -> str:
        """A token for ``bank``, or for the citizen who is this principal."""
        bank = caller == "bank"
        issued = int(now.timestamp())
        claims: dict[str, object] = {
            "iss": _DEFAULTS["GATEWAY_ISSUER"],
            "aud": _DEFAULTS["GATEWAY_AUDIENCE"],
            "sub": "bank-officer-1" if bank else caller,
            "client_id": "bank-demo" if bank else "citizen-app",
            "roles": ["financial" if bank else "subject"],
            "region": "220800",
            "acr": "urn:credit:assurance:2",
            "iat": issued,
            "exp": issued + LIFETIME,
            "jti": f"bench-{caller}",
        }
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": _KID}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self._key, algorithms=["EdDSA"])
