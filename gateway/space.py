"""How much room the database has left: told before it is full, since then nobody is answered any more."""

import asyncio
import logging
import shutil
from typing import NamedTuple

from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.store.lanes import Lanes
from gateway.values import Statement

LOW = 0.1  # the share of all room at which it is told
PERIOD = 60.0  # seconds between looks
REPEAT = 60  # looks between two lines in the log about the same
GIBIBYTE = 2**30

SIZE = Statement("database_size", "SELECT pg_database_size(current_database())", slow=True)

_logger = logging.getLogger("gateway.space")


class Room(NamedTuple):
    """In bytes."""

    left: int
    whole: int

    @property
    def share(self) -> float:
        """From 0, full, to 1."""
        return self.left / self.whole if self.whole else 0.0


def room(settings: Settings, size: int) -> Room | None:
    """What is left for a database of ``size`` bytes: of what the setting gives it, or of the embedded server's disk.

    None: neither is known.
    """
    if settings.database_space:
        whole = settings.database_space * GIBIBYTE
        return Room(max(0, whole - size), whole)
    if settings.database_url:
        return None
    disk = shutil.disk_usage(settings.home)
    return Room(disk.free, disk.total)


def share(settings: Settings, size: int) -> float | None:
    """The share of all room that is left, from 0 to 1; None: it is not known."""
    found = room(settings, size)
    return None if found is None else found.share


class Space:
    """Looks now and then; ``state`` is ``ok``, ``LOW``, or ``unknown``."""

    def __init__(self, settings: Settings, lanes: Lanes) -> None:
        """``lanes`` are of the log's role."""
        self._settings = settings
        self._lanes = lanes
        self._told = 0  # looks since it was told last
        self.state = "unknown"

    async def look(self) -> None:
        """Look once. Raises GatewayError, OSError."""
        ((size,),) = await self._lanes.fetch(SIZE, ())
        found = room(self._settings, int(size or b"0"))
        self.state = "unknown" if found is None else "LOW" if found.share < LOW else "ok"
        if found is None or self.state == "ok":
            self._told = 0
            return
        if self._told % REPEAT == 0:
            _logger.error(
                "the database has %.1f GiB of room left, %.1f %%: without any, nothing is answered",
                found.left / GIBIBYTE,
                found.share * 100,
            )
        self._told += 1

    async def watch(self) -> None:
        """Look until canceled. What cannot be looked at is told by others: it is the database itself."""
        while True:
            try:
                await self.look()
            except (GatewayError, OSError) as error:
                _logger.warning("the room of the database is not known: %s", type(error).__name__)
            await asyncio.sleep(PERIOD)
