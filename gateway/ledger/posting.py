"""What is told by webhook, on its way: an address is opened for one attempt, and forgotten."""

import hashlib
from typing import NamedTuple

import orjson

from gateway.clock import Clock
from gateway.notices.webhook import Poster
from gateway.vault.vault import Vault

SEALED = "SEALED"  # why something is not even tried: the key is destroyed, or not brought back yet after a restore


class Sealed(NamedTuple):
    """Address and secret of a row (``kind``, ``row``), sealed under the key of ``subject``."""

    kind: str
    row: int
    subject: int
    wrapped: bytes
    url: bytes
    secret: bytes


class Posting:
    """Posts what others have decided and written down."""

    def __init__(self, vault: Vault, poster: Poster, clock: Clock) -> None:
        self._vault = vault
        self._poster = poster
        self._clock = clock

    async def close(self) -> None:
        """Let go of every connection."""
        await self._poster.close()

    async def post(self, to: Sealed, type: str, place: str, told: bytes) -> str | None:
        """None: it arrived. Otherwise why it did not, in a word, as of ``Poster.post``. Raises SealBroken.

        ``told``: the JSON of the data; the ``webhook-id`` is made of ``place``: the same whenever it is sent.
        """
        key = self._vault.unwrap(to.wrapped, to.subject)
        url, secret = (
            self._vault.open(key, to.kind, column, to.row, sealed)
            for column, sealed in (("url", to.url), ("secret", to.secret))
        )
        now = self._clock.now()
        body = b'{"type":%b,"timestamp":%b,"data":%b}' % (orjson.dumps(type), orjson.dumps(now), told)
        id = "msg_" + hashlib.sha256(place.encode()).hexdigest()[:24]
        return await self._poster.post(url, secret, id, now, body)
