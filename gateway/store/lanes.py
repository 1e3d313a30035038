"""The hot path to PostgreSQL: a few connections per process, each shared by many requests.

Contract of a lane (each clause has a fault test in ``tests/flow/test_lanes.py``):

- a statement is its own transaction; its answer is given when that has ended, and the first error of it wins;
- a write that the socket takes only in part is continued when it can be written again;
- the loop lets go of the socket before it is closed;
- a dead lane fails everybody who waits; a read is repeated once elsewhere, anything else never;
- who has been canceled is skipped; nothing is canceled on the server: one would hit another's statement. The role's
  ``statement_timeout`` ends what takes too long;
- depth and bytes are bounded, beyond is Overloaded;
- a statement is prepared at its second use, the least used is forgotten, a stale plan is made anew once;
- slow statements have lanes of their own; the least busy lane is taken.
"""

import asyncio
from collections.abc import Sequence

from gateway.errors import DatabaseUnavailable
from gateway.store.lane import Lane, OutcomeUnknown
from gateway.store.lane_protocol import Row
from gateway.values import Statement

__all__ = ["Lane", "Lanes", "OutcomeUnknown", "Row"]

FIRST_PAUSE = 0.05  # seconds before a lost lane is opened again; doubles up to LONGEST_PAUSE
LONGEST_PAUSE = 2.0


class Lanes:
    """The reading lanes of a process, fast and slow; make them with :meth:`open`."""

    def __init__(self, conninfo: str, depth: int, max_bytes: int) -> None:
        self._conninfo = conninfo
        self._depth = depth
        self._max_bytes = max_bytes
        self._fast: list[Lane] = []
        self._slow: list[Lane] = []
        self._repairs: set[asyncio.Task[None]] = set()
        self._closed = False
        self._sent = 0

    @classmethod
    async def open(
        cls, conninfo: str, *, fast: int = 3, slow: int = 1, depth: int = 256, max_bytes: int = 64 << 20
    ) -> "Lanes":
        """Open all lanes; ``depth`` statements and ``max_bytes`` of parameters each. Raises DatabaseUnavailable."""
        lanes = cls(conninfo, depth, max_bytes)
        try:
            for group, count in ((lanes._fast, fast), (lanes._slow, slow)):
                for _ in range(count):
                    group.append(await lanes._connect(group))
        except DatabaseUnavailable:
            await lanes.close()
            raise
        return lanes

    @property
    def sent(self) -> int:
        """How many statements were sent so far, repeats included."""
        return self._sent + sum(lane.sent for lane in (*self._fast, *self._slow))

    @property
    def ready(self) -> bool:
        """Whether there is a lane of either kind."""
        return bool(self._fast) and bool(self._slow)

    @property
    def missing(self) -> int:
        """How many lanes were lost and are being opened again."""
        return len(self._repairs)

    async def fetch(self, statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        """Run a reading statement; repeated once on another lane if its lane dies.

        Parameters and rows are in text format. Raises DatabaseUnavailable, Overloaded, BadInput or InternalError.
        """
        lane = self._choose(statement)
        try:
            return await lane.submit(statement, parameters)
        except DatabaseUnavailable:
            if lane.alive:  # the server refused or timed out: no use to ask again
                raise
        return await self._choose(statement).submit(statement, parameters)

    async def close(self) -> None:
        """Close every lane and stop opening new ones."""
        self._closed = True
        for repair in self._repairs:
            repair.cancel()
        await asyncio.gather(*self._repairs, return_exceptions=True)
        for lane in (*self._fast, *self._slow):
            self._sent += lane.sent
            lane.close()
        self._fast.clear()
        self._slow.clear()

    def _choose(self, statement: Statement) -> Lane:
        group = self._slow if statement.slow else self._fast
        if not group:
            raise DatabaseUnavailable
        return min(group, key=_load)

    async def _connect(self, group: list[Lane]) -> Lane:
        def lost(lane: Lane) -> None:
            self._sent += lane.sent
            group.remove(lane)
            repair = asyncio.get_running_loop().create_task(self._repair(group))
            self._repairs.add(repair)
            repair.add_done_callback(self._repairs.discard)

        return await Lane.connect(self._conninfo, depth=self._depth, max_bytes=self._max_bytes, lost=lost)

    async def _repair(self, group: list[Lane]) -> None:
        """Open one lane in place of a lost one, however long the server is away."""
        pause = FIRST_PAUSE
        while not self._closed:
            await asyncio.sleep(pause)
            try:
                lane = await self._connect(group)
            except DatabaseUnavailable:
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            group.append(lane)
            return


def _load(lane: Lane) -> int:
    return lane.load
