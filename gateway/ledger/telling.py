"""Telling everybody who read a record in a version that was wrong, and its subject: found in the log, told once.

Who read it only the log knows, and only its role may look; the notice is a row that the writer makes. In between
nothing is kept: who dies there has made no notice, and the next look finds the same. A notice is decided when it is
delivered: what is posted is read as the institution would read it, through the same door, and written down before.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.asking import log_key
from gateway.audit.statements import argument, statement
from gateway.catalogue.fields import Owner
from gateway.catalogue.kinds import BY_NAME
from gateway.clock import Clock, statutory_day
from gateway.errors import GatewayError, InternalError
from gateway.ledger.accesses import Accesses
from gateway.ledger.posting import SEALED, Posting, Sealed
from gateway.notices import changes, deliveries
from gateway.notices.changes import Change
from gateway.notices.deliveries import Push
from gateway.notices.states import RULE
from gateway.notices.webhook import GONE
from gateway.rights.clocks import deadline
from gateway.rights.routing import PLATFORM
from gateway.rights.rows import calendar_of, calendar_since, rules_of, rules_on
from gateway.store.lanes import Lanes
from gateway.store.sessions import Session, Sessions

TYPE = "notice.created"
PERIOD = 5.0  # seconds between looks
AT_ONCE = 20  # notices on their way
MOST = 100  # changes of one look

_logger = logging.getLogger("gateway.ledger.telling")

Tell = Callable[[Push], Awaitable[bytes | None]]  # the JSON of one notice as its institution sees it

_FOUND = sa.func.change_recipients(
    argument("keys", ARRAY(sa.BigInteger())),
    argument("names", ARRAY(sa.Text())),
    argument("kind", sa.Text()),
    argument("id", sa.BigInteger()),
    argument("of_subject", sa.Boolean()),
    argument("version", sa.Integer()),
).table_valued("institution", "since")
_RECIPIENTS = statement(sa.select(_FOUND.c.institution).order_by(_FOUND.c.since, _FOUND.c.institution))


class Teller:
    """Makes notices, pushes them, hands to the desk what nobody acknowledges. Any number of processes."""

    def __init__(
        self,
        sessions: Sessions,
        lanes: Lanes,
        accesses: Accesses,
        posting: Posting,
        clock: Clock,
        tell: Tell,
    ) -> None:
        """``lanes`` are of the log's role."""
        self._sessions = sessions
        self._lanes = lanes
        self._accesses = accesses
        self._posting = posting
        self._clock = clock
        self._tell = tell

    async def run(self) -> None:
        """Look, push and escalate until canceled."""
        try:
            while True:
                await asyncio.sleep(PERIOD)
                try:
                    await self.look()
                    while await self.send():
                        pass
                    await self.escalate()
                except GatewayError as error:
                    _logger.warning("recipients could not be told of changes: %s", error.code)
        finally:
            await self._posting.close()

    async def look(self) -> int:
        """Make the notices of every change that is to be looked at; how many. Raises GatewayError."""
        now = self._clock.now()
        async with self._sessions.begin() as session:
            waiting = await changes.waiting(session, MOST, now)
        if waiting:
            await self._accesses.follow()
        made = 0
        for id in waiting:
            try:
                made += await self._told(id)
            except GatewayError as error:  # the next look finds it again; the others need not wait for it
                _logger.warning("a change could not be told: %s", error.code)
        return made

    async def escalate(self) -> int:
        """Hand to the desk what was not acknowledged in time; how many. Raises GatewayError."""
        now = self._clock.now()
        async with self._sessions.begin() as session:
            return await changes.escalate(session, statutory_day(now), now)

    async def send(self) -> int:
        """Try to push what is due; how many were tried. Raises GatewayError."""
        now = self._clock.now()
        async with self._sessions.begin() as session:
            await deliveries.arm(session, now)
            taken = await deliveries.take(session, AT_ONCE, now)
        await asyncio.gather(*map(self._push, taken))
        return len(taken)

    async def _told(self, id: int) -> int:
        """One change, in one transaction."""
        now = self._clock.now()
        async with self._sessions.begin() as session:
            change = await changes.locked(session, id, now)
            if change is None:
                return 0
            names = (await self._accesses.names(session, [change.subject]))[change.subject]
            found = await self._recipients(change, names)
            return await changes.tell(session, change, found, await _due(session, statutory_day(now)), PLATFORM, now)

    async def _recipients(self, change: Change, names: Sequence[str]) -> list[str]:
        """The institutions that read the record when it was wrong."""
        kind = BY_NAME.get(change.kind)
        if kind is None:
            raise InternalError
        parameters = (
            b"{%b}" % b",".join(b"%d" % log_key(name) for name in names),
            b"{%b}" % ",".join(names).encode(),  # hex digits
            change.kind.encode(),
            b"%d" % change.record,
            b"t" if kind.owner is Owner.SUBJECT else b"f",
            b"%d" % change.version,
        )
        rows = await self._lanes.fetch(_RECIPIENTS, parameters)
        return [(institution or b"").decode() for (institution,) in rows]

    async def _push(self, one: Push) -> None:
        """One notice, from the question whether it may be told to what became of it."""
        final = False
        try:
            failure, final = await self._attempt(one)
        except GatewayError as error:  # it is anybody's again when its time is over
            _logger.warning("a notice was not pushed: %s", error.code)
            failure = error.code
        now = self._clock.now()
        async with self._sessions.begin() as session:
            await deliveries.settle(session, one, failure, now, final=final)
            if failure == GONE:
                await deliveries.end(session, one.to.consumer, GONE, now)

    async def _attempt(self, one: Push) -> tuple[str | None, bool]:
        """Why it did not arrive, if it did not, and whether it never will."""
        to = one.to
        if to.wrapped is None:  # nothing is asked, and no access written down, for what cannot be sent
            return SEALED, False
        told = await self._tell(one)
        if told is None:
            return "NOT_SHOWN", True
        address = Sealed(deliveries.SEALED, to.watch, to.party, to.wrapped, to.url, to.secret)
        failure = await self._posting.post(address, TYPE, f"notice/{one.notice}", told)
        return failure, failure == GONE


async def _due(session: Session, today: date) -> date:
    """The last day on which a notice made today may be acknowledged."""
    rules = rules_of(await session.execute(rules_on(today)))
    return deadline(today, [rules[RULE]], calendar_of(await session.execute(calendar_since(today)))).on
