"""Requests that never became somebody's: malformed, oversized, rate-limited. Counted, one entry a minute and source."""

import asyncio
import contextlib
from collections import Counter
from datetime import UTC, datetime

from gateway.audit.log import Log
from gateway.clock import Clock
from gateway.errors import Unavailable
from gateway.values import Entry, Outcome

WINDOW = 60.0  # seconds
MOST_SOURCES = 10_000
OTHERS = "*"  # who comes after the first MOST_SOURCES of a window is counted together
MOST_PENDING = 64  # entries appended at once: the log's queue belongs to the requests


class Counted:
    """Counts per source and code; every window becomes one entry per source.

    ``source`` names where requests come from in a form that may stand in the log (a pseudonym of the address).
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._counts: dict[str, Counter[str]] = {}
        self._since = clock.now()
        self._began = clock.monotonic()

    def note(self, source: str, code: str) -> None:
        """Count one request of ``source`` that ended with error ``code``."""
        counts = self._counts.get(source)
        if counts is None:
            if len(self._counts) >= MOST_SOURCES:
                source = OTHERS
            counts = self._counts.setdefault(source, Counter())
        counts[code] += 1

    async def flush(self, *, whole: bool = True) -> int:
        """Append the counts if a window has passed (``whole=False``: in any case); how many entries were written.

        What the log does not take is counted on and written with the next window.
        """
        if whole and self._clock.monotonic() - self._began < WINDOW:
            return 0
        counts, self._counts = self._counts, {}
        since, self._since = self._since, self._clock.now()
        self._began = self._clock.monotonic()
        written, sources = 0, list(counts)
        for at in range(0, len(sources), MOST_PENDING):
            part = sources[at : at + MOST_PENDING]
            bodies = [_body(source, counts[source], since, self._since) for source in part]
            results = await asyncio.gather(
                *[self._log.append(Entry(body, body)) for body in bodies], return_exceptions=True
            )
            for source, result in zip(part, results, strict=True):
                if isinstance(result, Unavailable):
                    self._counts.setdefault(source, Counter()).update(counts[source])
                elif isinstance(result, BaseException):
                    raise result
                else:
                    written += 1
        return written

    async def run(self) -> None:
        """Flush every window until canceled; then a last time."""
        try:
            while True:
                await asyncio.sleep(WINDOW)
                await self.flush()
        finally:
            with contextlib.suppress(Unavailable):
                await self.flush(whole=False)


def _body(source: str, counts: Counter[str], since: datetime, until: datetime) -> dict[str, object]:
    return {
        "outcome": Outcome.REFUSED.value,
        "counted": {code: counts[code] for code in counts},
        "source": source,
        "since": _moment(since),
        "until": _moment(until),
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
