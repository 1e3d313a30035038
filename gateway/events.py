"""Subscriptions: who is told of what has happened, as it happens; each event is an answer of its own, through the door.

The database says that a case has moved or a notice was made (LISTEN). Here it is asked whom that may concern, which is
no decision: for each of them ``answer_to`` decides, reads, writes down and gives the event, as if it had been asked for
by its id at that moment. The token is looked at again before each event and at every beat.

A stream ends when its token does; when an event shows that a right has ended (the row is not there for the caller any
more); when its reader is so slow that too much waits; and when something may have been missed. Who comes back asks how
things stand.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from gateway import named
from gateway.audit.statements import argument, statement
from gateway.catalogue.case import CASE as CASE_KIND
from gateway.catalogue.notice import NOTICE as NOTICE_KIND
from gateway.errors import DatabaseUnavailable, Fault, GatewayError, LimitExceeded, Overloaded
from gateway.pipeline import Gateway, Request, answer_to
from gateway.rights.mandates import in_force
from gateway.store.case_tables import CASE
from gateway.store.listening import listening
from gateway.store.notice_tables import NOTICE
from gateway.store.tables import MANDATE
from gateway.values import Caller, EventName, Role, Selection

BEAT = 5.0  # seconds between looks at the token of a stream on which nothing happens
PAUSE = 1.0  # seconds before the database is listened to again
STREAMS = 1_000  # of a process
OF_CALLER = 10
PENDING = 64  # events that wait for one reader

_ALL = frozenset({Role.DESK, Role.AUDITOR})  # who sees them all
_SORTS = {"case": EventName.CASE_CHANGED, "notice": EventName.NOTICE_CREATED}.items()
_NONE: sa.ColumnElement[str] = sa.literal_column("''")
_NUMBER = argument("number", sa.BigInteger())
_NOW = argument("now", sa.DateTime(timezone=True))
_CASE = statement(
    sa.select(CASE.c.subject_id, CASE.c.subject_class, sa.func.coalesce(CASE.c.department, _NONE), _NONE).where(
        CASE.c.id == _NUMBER
    )
)
_NOTICE = statement(
    sa.select(NOTICE.c.subject_id, NOTICE.c.subject_class, _NONE, sa.func.coalesce(NOTICE.c.institution, _NONE)).where(
        NOTICE.c.id == _NUMBER
    )
)
_ACTING = statement(sa.select(MANDATE.c.principal).where(MANDATE.c.subject_id == _NUMBER, *in_force(_NOW)))
_OWN = statement(
    sa.select(MANDATE.c.subject_id).where(MANDATE.c.principal == argument("principal", sa.Text()), *in_force(_NOW))
)

_logger = logging.getLogger("gateway.events")


class Happened(NamedTuple):
    """One event: which row, and whom it may concern."""

    number: int
    personal: bool
    subject: int
    department: str
    institution: str
    principals: frozenset[str]  # who acts for the subject now


@dataclass(eq=False, slots=True)
class Stream:
    """One subscription of one caller. ``tied``: the subjects that it has acted for while the stream was open."""

    request: Request
    caller: Caller
    event: EventName
    key: str  # of its field in the answer
    only: int | None  # of the case that is named; -1: what is named is none
    tied: set[int]
    pending: dict[int, bool] = field(default_factory=dict)  # row → whether it is a person's, in order
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    _over: bool = False

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over

    def offer(self, number: int, personal: bool) -> None:
        """Let an event wait. The same row waits once: what is told is how it stands when it is told."""
        if len(self.pending) >= PENDING and number not in self.pending:
            self.end()
        else:
            self.pending[number] = personal
            self.awake.set()

    def end(self) -> None:
        """No more of it."""
        self._over = True
        self.awake.set()

    async def next(self) -> tuple[int, bool] | None:
        """What waits; None: nothing for a while, or it is over."""
        if not self.pending and not self.over:
            self.awake.clear()
            try:
                async with asyncio.timeout(BEAT):
                    await self.awake.wait()
            except TimeoutError:
                return None
        if self.over or not self.pending:
            return None
        number = next(iter(self.pending))
        return number, self.pending.pop(number)


class Events:
    """The streams of one process."""

    def __init__(self, gateway: Gateway, conninfo: str) -> None:
        """``conninfo``: of the reader."""
        self._gateway = gateway
        self._conninfo = conninfo
        self._streams: set[Stream] = set()
        self._listens = asyncio.Event()
        self._stopped = False

    @property
    def count(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    async def run(self) -> None:
        """Listen until canceled. Whatever may have been missed ends every stream."""
        while True:
            try:
                async with listening(self._conninfo) as notes:
                    self._listens.set()
                    async for note in notes:
                        await self._happened(note)
            except GatewayError as error:
                _logger.warning("events cannot be told: %s", error.code)
            finally:
                self._listens.clear()
                for stream in self._streams:
                    stream.end()
            await asyncio.sleep(PAUSE)

    def stop(self) -> None:
        """End every stream, and open none any more: the process is about to end."""
        self._stopped = True
        for stream in self._streams:
            stream.end()

    async def open(self, request: Request, caller: Caller) -> Stream | None:
        """Open a stream; None: it is no subscription, or none that is valid, which ``answer_to`` will say.

        Raises LimitExceeded for a caller who has too many, Overloaded, and DatabaseUnavailable.
        """
        selection = self._read(request, caller)
        if selection is None or selection.shape.event is None:
            return None
        who = Counter((one.caller.role, one.caller.principal, one.caller.consumer) for one in self._streams)
        if who[caller.role, caller.principal, caller.consumer] >= OF_CALLER:
            raise LimitExceeded(Fault((), f"more than {OF_CALLER} subscriptions of one caller at once"))
        if self._stopped or len(self._streams) >= STREAMS:
            raise Overloaded
        try:
            async with asyncio.timeout(BEAT):  # at the start, or when the connection was lost
                await self._listens.wait()
        except TimeoutError:
            raise DatabaseUnavailable from None
        event, key, only = selection.shape.event, selection.shape.roots[0].key, self._named(selection, caller)
        stream = Stream(request, caller, event, key, only, set())
        self._streams.add(stream)  # before anything is read: what happens meanwhile is not missed
        try:
            stream.tied.update(await self._own(caller))
            if only is not None:
                found = await self._find(event, only)
                stream.offer(only, found is not None and found.personal)  # how it stands now, or that it is not there
        except BaseException:
            self.close(stream)
            raise
        return stream

    def close(self, stream: Stream) -> None:
        """Nobody reads it any more."""
        stream.end()
        self._streams.discard(stream)

    async def replies(self, stream: Stream) -> AsyncIterator[bytes]:
        """The events of a stream, each a whole response; empty: nothing has happened for a while.

        Raises Unauthenticated when the token has ended, and Unavailable where an event cannot be written down.
        """
        try:
            while True:
                found = await stream.next()
                await self._gateway.verifier.verify(stream.request.authorization)
                if stream.over:
                    return
                if found is None:
                    yield b""
                    continue
                body, shown = await self._answer(stream, *found)
                if shown:
                    yield body
                elif stream.only is not None or stream.caller.role is Role.SUBJECT:
                    return  # the right has ended
        finally:
            self.close(stream)

    async def _answer(self, stream: Stream, number: int, personal: bool) -> tuple[bytes, bool]:
        """One event: decided, read and written down; and whether there is anything of it for the caller."""
        kind = CASE_KIND if stream.event is EventName.CASE_CHANGED else NOTICE_KIND
        id = None
        if number >= 0:
            id = named.made(self._gateway.vault, kind.name, number, personal, named.reader(stream.caller))
        reply = await answer_to(self._gateway, stream.request._replace(event=id or ""), stream.caller)
        answered = orjson.loads(reply.body)
        if answered.get("errors"):
            stream.end()
            return reply.body, True
        return reply.body, answered["data"].get(stream.key) is not None

    def _read(self, request: Request, caller: Caller) -> Selection | None:
        visibility = self._gateway.policies.current.visibility(caller.role)
        schema, asked = self._gateway.schemas.of(visibility), (request.query, request.operation_name, request.variables)
        try:
            return self._gateway.operations.read(*asked, caller.role.value, schema)
        except GatewayError:
            return None

    def _named(self, selection: Selection, caller: Caller) -> int | None:
        """The case that is named; what cannot be read is like one that is not there."""
        given = (selection.given or {}).get("case")
        if given is None:
            return None
        kind, number = named.row(self._gateway.vault, str(given), named.reader(caller))
        return number if kind is CASE_KIND and number is not None else -1

    async def _own(self, caller: Caller) -> list[int]:
        now = self._gateway.clock.now().isoformat().encode()
        rows = await self._gateway.lanes.fetch(_OWN, (caller.principal.encode(), now))
        return [int(subject or b"0") for (subject,) in rows]

    async def _happened(self, note: str) -> None:
        """Offer an event to every stream that it may concern."""
        sort, _, text = note.partition(" ")
        event = dict(_SORTS).get(sort)
        if event is None or not text.isdecimal():
            return
        number = int(text)
        streams = [one for one in self._streams if one.event is event and one.only in (None, number)]
        found = await self._find(event, number) if streams else None
        for stream in streams:
            if found is not None and _concerns(stream, found):
                stream.offer(number, found.personal)

    async def _find(self, event: EventName, number: int) -> Happened | None:
        row = b"%d" % number
        fetch, now = self._gateway.lanes.fetch, self._gateway.clock.now().isoformat().encode()
        for subject, kind, department, institution in await fetch(
            _CASE if event is EventName.CASE_CHANGED else _NOTICE, (row,)
        ):
            acting = await fetch(_ACTING, (subject, now))
            principals = frozenset((principal or b"").decode() for (principal,) in acting)
            words = (department or b"").decode(), (institution or b"").decode()
            return Happened(number, kind == b"person", int(subject or b"0"), *words, principals)
        return None


def _concerns(stream: Stream, found: Happened) -> bool:
    """Whether an event is worth asking for; whether it may be shown is decided when it is asked for."""
    caller = stream.caller
    if stream.only is not None or caller.role in _ALL:
        return True
    if caller.role is Role.SUBJECT:
        if caller.principal in found.principals:
            stream.tied.add(found.subject)
        return found.subject in stream.tied
    mine = (found.department, caller.department), (found.institution, caller.consumer)
    return any(one and one == own for one, own in mine)
