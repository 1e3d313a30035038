"""The worker that keeps time: any number of processes, one of them at a time.

A step, the event in the file of the case and the entry in the log are one transaction, under an advisory lock that ends
with it. Whoever dies in it has done nothing; whoever comes next finds the same step still to do. What has been done is
written in the rows themselves (``reminded_at``, the status of a record), so nothing is done twice either.
"""

import asyncio
import logging

import sqlalchemy as sa

from gateway.audit.account import housekeeping
from gateway.audit.log import Log
from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.store.sessions import Sessions
from gateway.timekeeping.cases import MARKS, Step, marking, recounting
from gateway.timekeeping.publication import KINDS_THAT_END, ending

PERIOD = 60.0  # seconds between looks: what it waits for are days
LOCK = 0x636C_6F63  # "cloc"

# A deadline is counted anew before anybody is said to be late by it.
STEPS: tuple[Step, ...] = (recounting, *map(marking, range(len(MARKS))), *map(ending, KINDS_THAT_END))

_logger = logging.getLogger("gateway.timekeeping")


class Timekeeper:
    """Does what is due."""

    def __init__(self, sessions: Sessions, log: Log, clock: Clock) -> None:
        """``sessions`` are of the writer's role."""
        self._sessions = sessions
        self._log = log
        self._clock = clock

    async def run(self) -> None:
        """Look and do until canceled."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                await self.work()
            except GatewayError as error:
                _logger.warning("what is due could not be done: %s", error.code)

    async def work(self) -> int:
        """Do all that is due; how many steps. Raises GatewayError: what was done before stays done."""
        done = 0
        for step in STEPS:
            while await self._one(step):
                done += 1
        return done

    async def _one(self, step: Step) -> bool:
        """One step and its entry; False: there is none to do, or another process is at it."""
        now = self._clock.now()
        async with self._sessions.begin() as session:
            ((alone,),) = await session.execute(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK)))
            said = await step(session, now) if alone is True else None
            if said is None:
                return False
            async with self._log.turn() as turn:
                await turn.carry(session.run, housekeeping(now, clock=said))
                await session.commit()
                turn.committed()
        return True
