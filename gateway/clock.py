"""The two ports through which time and chance enter. ``assemble`` hands them in, so tests choose both."""

import os
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8), "CST")  # statutory days are counted in Beijing time


def statutory_day(moment: datetime) -> date:
    """The day on which something happens, as the statutes count days."""
    return moment.astimezone(BEIJING).date()


class Clock(Protocol):
    """Wall clock and stop watch."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...


class Random(Protocol):
    """A source of unpredictable bytes."""

    def bytes(self, count: int) -> bytes:
        """``count`` bytes fit for keys, nonces and salts."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """See :class:`Clock`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See :class:`Clock`."""
        return time.monotonic()


class SystemRandom:
    """The random source of the kernel."""

    def bytes(self, count: int) -> bytes:
        """See :class:`Random`."""
        return os.urandom(count)
