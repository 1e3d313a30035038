"""Telling subjects of every access to them by somebody else, as it comes up, if they wish: by webhook.

What is told is read for each notice as the subject would read it, through the same door: decided, and written down
before it is sent. An access that is held back is told when it is shown. What the subject and those who act for it do
is not told of: the telling would be such an access itself.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import sqlalchemy as sa

from gateway.asking import log_key
from gateway.audit.statements import argument, statement
from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.ledger.accesses import Accesses
from gateway.ledger.posting import SEALED, Posting, Sealed
from gateway.notices import outbox
from gateway.notices.outbox import Waiting, Watch
from gateway.notices.webhook import GONE
from gateway.plan.ground import held_back
from gateway.store.lanes import Lanes
from gateway.store.log_tables import ACCESS, ACCESS_MARK
from gateway.store.sessions import Session, Sessions
from gateway.values import Role

TYPE = "access.created"
PERIOD = 5.0  # seconds between looks
AT_ONCE = 20  # notices on their way
HELD = timedelta(hours=1)  # between looks at one that is held back

_LATER = "LATER"
_OWN = Role.SUBJECT.value.encode()
_logger = logging.getLogger("gateway.ledger.watching")

Tell = Callable[[Watch, str, int], Awaitable[bytes | None]]  # the JSON of one access as the subject sees it

_MARKS = statement(sa.select(ACCESS_MARK.c.shard, ACCESS_MARK.c.size))
_FOUND = statement(
    sa.select(
        ACCESS.c.shard,
        ACCESS.c.number,
        ACCESS.c.subject,
        sa.func.extract("epoch", ACCESS.c.at).label("at"),
        ACCESS.c.role,
        ACCESS.c.officer,
    )
    .where(
        ACCESS.c.subject_id == sa.any_(argument("keys", sa.ARRAY(sa.BigInteger()))),
        ACCESS.c.shard == argument("shard", sa.Integer()),
        ACCESS.c.number >= argument("first", sa.BigInteger()),
        ACCESS.c.number < argument("end", sa.BigInteger()),
    )
    .order_by(ACCESS.c.number)
)
_HELD = statement(
    sa.select(held_back(ACCESS, argument("now", sa.DateTime(timezone=True))))
    .where(ACCESS.c.shard == argument("shard", sa.Integer()), ACCESS.c.number == argument("number", sa.BigInteger()))
    .limit(sa.literal_column("1"))
)


class Watcher:
    """Puts notices into the outbox and sends them. Any number of processes: one looks, all of them send."""

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
        """Look and send until canceled."""
        try:
            while True:
                await asyncio.sleep(PERIOD)
                try:
                    await self.look()
                    while await self.send():
                        pass
                except GatewayError as error:
                    _logger.warning("subjects could not be told of accesses: %s", error.code)
        finally:
            await self._posting.close()

    async def look(self) -> int:
        """Put what has come up into the outbox; how much. Raises GatewayError."""
        now = self._clock.now()
        async with self._sessions.begin() as session:
            if not await outbox.alone(session):
                return 0
            await self._accesses.follow()
            after = await self._marks()  # before the wishes: whoever wishes later is told of what comes later
            watches = await outbox.watches(session)
            if not watches:
                return 0
            names, acting = await self._names(session, watches), await outbox.acting(session, watches)
            before = await outbox.marks(session)
            found = [
                place
                for shard, end in after.items()
                if end > before.get(shard, 0)
                for place in await self._found(shard, before.get(shard, 0), end, names, acting)
            ]
            await outbox.add(session, list(dict.fromkeys(found)), after, now)
        return len(found)

    async def send(self) -> int:
        """Try to send what is due; how many were tried. Raises GatewayError."""
        async with self._sessions.begin() as session:
            taken = await outbox.take(session, AT_ONCE, self._clock.now())
        await asyncio.gather(*map(self._one, taken))
        return len(taken)

    async def _one(self, one: Waiting) -> None:
        """One notice, from the question whether it may be told to what became of it."""
        try:
            ended, failure = await self._attempt(one)
        except GatewayError as error:  # it is anybody's again when its time is over
            _logger.warning("a notice was not sent: %s", error.code)
            ended, failure = None, error.code
        now = self._clock.now()
        async with self._sessions.begin() as session:
            if failure == _LATER:
                await outbox.postpone(session, one, now + HELD)
            elif ended is not None:
                await outbox.end(session, one.watch.id, ended, now)
            else:
                await outbox.settle(session, one, failure, now)

    async def _attempt(self, one: Waiting) -> tuple[str | None, str | None]:
        """Why the wish ends, if it does; why this did not arrive, if it did not."""
        if one.wrapped is None:  # nothing is asked, and no access written down, for what cannot be sent
            return None, SEALED
        now = self._clock.now()
        place = b"%d" % one.shard, b"%d" % one.number
        held = await self._lanes.fetch(_HELD, (now.isoformat().encode(), *place))
        if held and held[0][0] == b"t":
            return None, _LATER
        told = await self._tell(one.watch, self._accesses.origin(one.shard), one.number) if held else None
        if told is None:
            return ("NO_TIE", None) if held else (None, "RETIRED")
        address = Sealed("watch", one.watch.id, one.watch.subject, one.wrapped, one.url, one.secret)
        failure = await self._posting.post(address, TYPE, f"{one.watch.id}/{one.shard}/{one.number}", told)
        return ("GONE", None) if failure == GONE else (None, failure)

    async def _marks(self) -> dict[int, int]:
        rows = await self._lanes.fetch(_MARKS, ())
        return {int(shard or b"0"): int(size or b"0") for shard, size in rows}

    async def _names(self, session: Session, watches: Sequence[Watch]) -> dict[str, list[Watch]]:
        """Pseudonym → whose wish is about it, by every name under which somebody may be asked for."""
        found: dict[str, list[Watch]] = {}
        known = await self._accesses.names(session, sorted({one.subject for one in watches}))
        for one in watches:
            for name in known[one.subject]:
                found.setdefault(name, []).append(one)
        return found

    async def _found(
        self, shard: int, first: int, end: int, names: dict[str, list[Watch]], acting: set[tuple[int, str]]
    ) -> list[tuple[int, int, int]]:
        keys = b"{%b}" % b",".join(b"%d" % log_key(name) for name in names)
        bounds = b"%d" % shard, b"%d" % first, b"%d" % end
        rows = await self._lanes.fetch(_FOUND, (keys, *bounds))
        return [
            (watch.id, shard, int(number or b"0"))
            for _, number, subject, at, role, officer in rows
            for watch in names.get((subject or b"").decode("ascii"), ())
            if float(at or b"0") >= watch.since.timestamp()
            and not (role == _OWN and (watch.subject, (officer or b"").decode()) in acting)
        ]
