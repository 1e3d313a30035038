"""Where the issuer's keys come from: fixed, a file, or a URL. The last good set stays in force when a reading fails.

A failure never ends a set: an issuer that is down for an hour must not close the gateway. A set that was never read
means that nobody can be identified, which is KeysUnavailable, not Unauthenticated.
"""

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Protocol

import httpx

from gateway.clock import Clock
from gateway.errors import Fault, KeysUnavailable
from gateway.identity.keys import MOST_BYTES, NO_KEYS, KeySet, KeysInvalid, parse

LOOK_EVERY = 2.0  # seconds between looks at a file
PERIOD = 600.0  # seconds between two fetches
PAUSE = 30.0  # least seconds between two fetches, whatever asks for them
TIMEOUT = 5.0  # seconds for a whole fetch

_logger = logging.getLogger("gateway.identity")


class KeySource(Protocol):
    """Gives the key set in force. Both methods raise KeysUnavailable as long as no set was ever read."""

    async def current(self) -> KeySet:
        """The keys in force; nearly free when nothing is due."""
        ...

    async def look_again(self) -> KeySet:
        """The keys after one more look, if one is allowed now; for a token whose key is not known."""
        ...


class FixedKeys:
    """Keys that never change: the development key."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def current(self) -> KeySet:
        """See :class:`KeySource`."""
        return self._keys

    async def look_again(self) -> KeySet:
        """See :class:`KeySource`."""
        return self._keys


class FileKeys:
    """Keys in a file, read again when its time, size or inode changes; replace it by renaming, so that it is whole."""

    def __init__(self, path: Path, clock: Clock, *, development: bool = False) -> None:
        """Reads the file. Raises KeysInvalid or OSError if that fails, so that a wrong path is noticed at start."""
        self._path = path
        self._clock = clock
        self._development = development
        self._looked = clock.monotonic()
        self._mark = self._stamp()
        self._keys = self._read()

    async def current(self) -> KeySet:
        """See :class:`KeySource`."""
        now = self._clock.monotonic()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            self._renew()
        return self._keys

    async def look_again(self) -> KeySet:
        """See :class:`KeySource`. The file is looked at often enough."""
        return self._keys

    def _renew(self) -> None:
        mark = self._stamp()
        if mark == self._mark:
            return
        self._mark = mark
        try:
            self._keys = self._read()
        except (OSError, KeysInvalid) as error:
            _logger.warning("the key file cannot be used, the last good keys stay: %s", _plain(error))
            if isinstance(error, OSError):
                self._mark = None  # it may pass, though the file stays the same

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            about = self._path.stat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size, about.st_ino

    def _read(self) -> KeySet:
        with self._path.open("rb") as file:
            return parse(file.read(MOST_BYTES + 1), development=self._development)


class UrlKeys:
    """Keys behind a URL: fetched for the first token, every ten minutes, and for a key that is not known.

    One fetch at a time, which everybody who needs it waits for. While a regular fetch runs, the set in force answers;
    only after a long rest (nobody asked, so nothing was fetched) do callers wait, since the set may be hours old.
    """

    def __init__(self, url: str, clock: Clock, *, development: bool = False) -> None:
        """``url`` was checked by the settings: https, or http to this machine."""
        self._url = url
        self._clock = clock
        self._development = development
        self._keys = NO_KEYS
        self._tried: float | None = None  # monotonic; when the last fetch began
        self._fresh = False  # whether the last fetch succeeded
        self._fetching: asyncio.Task[None] | None = None
        self._trust: ssl.SSLContext | None = None  # made once: reading the machine's certificates takes long

    async def current(self) -> KeySet:
        """See :class:`KeySource`."""
        rested = PAUSE if self._tried is None else self._clock.monotonic() - self._tried
        if rested >= (PERIOD if self._fresh else PAUSE):
            fetching = self._begin()
            if self._keys is NO_KEYS or rested >= 2 * PERIOD:
                await asyncio.shield(fetching)
        elif self._keys is NO_KEYS and self._fetching is not None:
            await asyncio.shield(self._fetching)
        return self._known()

    async def look_again(self) -> KeySet:
        """See :class:`KeySource`."""
        if self._fetching is None and self._tried is not None and self._clock.monotonic() - self._tried < PAUSE:
            return self._known()
        await asyncio.shield(self._begin())
        return self._known()

    def _known(self) -> KeySet:
        if self._keys is NO_KEYS:
            raise KeysUnavailable(Fault((), "the keys of the token issuer cannot be read"))
        return self._keys

    def _begin(self) -> "asyncio.Task[None]":
        if self._fetching is None:
            self._tried = self._clock.monotonic()
            self._fetching = asyncio.create_task(self._renew())
        return self._fetching

    async def _renew(self) -> None:
        self._fresh = False
        try:
            async with asyncio.timeout(TIMEOUT):
                document = await self._fetch()
            keys = parse(document, development=self._development)
            self._fresh = True
            if keys.generation != self._keys.generation:
                self._keys = keys
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, KeysInvalid) as error:
            _logger.warning("the keys cannot be fetched, the last good ones stay: %s", _plain(error))
        finally:
            self._fetching = None

    async def _fetch(self) -> bytes:
        if self._trust is None:
            self._trust = ssl.create_default_context()
        # No redirects, no proxy from the environment, no compression: this URL only, and the bytes it sends.
        headers = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}
        async with (
            httpx.AsyncClient(verify=self._trust, follow_redirects=False, trust_env=False, timeout=TIMEOUT) as client,
            client.stream("GET", self._url, headers=headers) as response,
        ):
            if response.status_code != 200:
                raise KeysInvalid(f"the issuer answered {response.status_code}")
            found = bytearray()
            async for chunk in response.aiter_raw():
                found += chunk
                if len(found) > MOST_BYTES:
                    raise KeysInvalid(f"the key set is larger than {MOST_BYTES} bytes")
            return bytes(found)


def _plain(error: Exception) -> str:
    """What to log of a failure: our own words, or only the kind of a foreign error."""
    return str(error) if isinstance(error, KeysInvalid) else type(error).__name__
