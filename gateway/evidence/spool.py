"""A file while it comes: hashed, looked at and sealed piece by piece; no more than a piece or two is in memory."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import IO, NamedTuple

from gateway.errors import Fault, MalformedRequest, UnsupportedFormat
from gateway.evidence.offer import Limits, too_large
from gateway.rights.formats import Format, Look
from gateway.vault.seal import OVERHEAD, SubjectKey
from gateway.vault.vault import Vault

KIND = "evidence"
PIECE = 256 << 10  # bytes of a file that are sealed as one


class Spooled(NamedTuple):
    """A file that is here."""

    size: int
    sha256: str


class Spool:
    """One file in a temporary one, sealed under a key for a row."""

    def __init__(self, vault: Vault, key: SubjectKey, row: int, file: IO[bytes]) -> None:
        """``file`` is empty, and nobody else's."""
        self._vault = vault
        self._key = key
        self._row = row
        self._file = file
        self._count = 0

    async def fill(self, content: AsyncIterator[bytes], format: Format, limits: Limits) -> Spooled:
        """Take all of it. Raises UnsupportedFormat, ContentTooLarge or MalformedRequest as soon as that is known."""
        try:
            async with asyncio.timeout(limits.seconds):
                return await self._fill(content, format, limits)
        except TimeoutError:
            rule = f"the file did not come within {limits.seconds:.0f} seconds"
        raise MalformedRequest(Fault((), rule))

    async def pieces(self) -> AsyncIterator[bytes]:
        """The sealed pieces, in order."""
        await asyncio.to_thread(self._file.seek, 0)
        for _ in range(self._count):
            yield await asyncio.to_thread(self._file.read, PIECE + OVERHEAD)

    async def _fill(self, content: AsyncIterator[bytes], format: Format, limits: Limits) -> Spooled:
        look, digest, size, waiting = Look(format), hashlib.sha256(), 0, bytearray()
        async for chunk in content:
            size += len(chunk)
            if size > limits.size:
                raise too_large(limits)
            _refuse(look.at(chunk))
            digest.update(chunk)
            waiting += chunk
            while len(waiting) > PIECE:  # of a whole piece it is not known yet whether it is the last
                await self._put(bytes(waiting[:PIECE]), last=False)
                del waiting[:PIECE]
        _refuse(look.end())
        await self._put(bytes(waiting), last=True)
        return Spooled(size, digest.hexdigest())

    async def _put(self, clear: bytes, *, last: bool) -> None:
        sealed = self._vault.seal_piece(self._key, (KIND, self._row), self._count, last, clear)
        self._count += 1
        await asyncio.to_thread(self._file.write, sealed)


def _refuse(rule: str | None) -> None:
    if rule is not None:
        raise UnsupportedFormat(Fault((), rule))
