"""One webhook, posted as Standard Webhooks says: signed, with an id that stays the same when it is sent again."""

import asyncio
import base64
import binascii
from datetime import datetime

import httpx
from standardwebhooks import Webhook

from gateway.notices.target import TargetRefused, resolve

PATIENCE = 15.0  # seconds for one attempt, all of it
SECRET_RULE = "must be whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)"
_PREFIX = "whsec_"
GONE = "GONE"  # the receiver says that it wants nothing more


def secret_fault(secret: str) -> str | None:
    """What is wrong with a secret; None: nothing."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return SECRET_RULE
    return None if secret.startswith(_PREFIX) and 24 <= len(key) <= 64 else SECRET_RULE


class Poster:
    """Posts webhooks; redirects are not followed, and what is answered is not read."""

    def __init__(self, *, private: bool) -> None:
        """``private``: addresses of this machine and its neighbors will do, and plain http."""
        self._private = private
        # No connection is kept: it was proved to be one name's, and the next may go to another at the same address.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, trust_env=False, limits=limits)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.aclose()

    async def post(self, url: str, secret: str, id: str, at: datetime, body: bytes) -> str | None:
        """None: it arrived. Otherwise why it did not, in a word; GONE: it never will. Never raises."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._post(url, secret, id, at, body)
        except TargetRefused as refused:
            return str(refused)
        except TimeoutError:
            return "TIMEOUT"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return "TIMEOUT" if isinstance(error, httpx.TimeoutException) else "CONNECTION"

    async def _post(self, url: str, secret: str, id: str, at: datetime, body: bytes) -> str | None:
        target = await resolve(url, private=self._private)
        headers = {
            "host": target.host,
            "content-type": "application/json",
            "user-agent": "credit-gateway",
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(id, at, body.decode()),
        }
        named = {"sni_hostname": target.name}
        request = self._client.build_request("POST", target.url, content=body, headers=headers, extensions=named)
        response = await self._client.send(request, stream=True)
        await response.aclose()
        if response.status_code == 410:
            return GONE
        return None if response.is_success else f"STATUS {response.status_code}"
