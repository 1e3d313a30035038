"""The outbox of watches: what has come up, what is due, what became of it. Statements only; the caller runs them.

A notice is one row for one entry and one watch. It is put there once, in the transaction that moves the mark of the
shard; whoever sends it takes it for a while first, so that nobody else does and one who dies meanwhile loses nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.errors import InternalError
from gateway.store.core import stored_bytes
from gateway.store.notice_tables import WATCH, WATCH_MARK, WATCH_NOTICE
from gateway.store.sessions import Session
from gateway.store.tables import MANDATE, SUBJECT_KEY

LEASE = timedelta(minutes=2)  # so long a notice is somebody's who sends it
# Between two attempts, as Standard Webhooks proposes; after the last it is dead.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
LOCK = 0x7761_7463  # "watc": one process at a time looks for what has come up


class Watch(NamedTuple):
    """A wish that is in force; address and secret are sealed under ``wrapped``."""

    id: int
    subject: int
    principal: str
    consumer: str
    since: datetime


class Waiting(NamedTuple):
    """A notice that is due, with all that is needed to send it."""

    watch: Watch
    shard: int
    number: int
    attempts: int  # this one included
    url: bytes
    secret: bytes
    wrapped: bytes | None  # None: destroyed


_WATCH = WATCH.c.id, WATCH.c.subject_id, WATCH.c.principal, WATCH.c.consumer, WATCH.c.since


async def alone(session: Session) -> bool:
    """Whether this transaction is the one that looks."""
    ((locked,),) = await session.execute(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK)))
    return locked is True


async def watches(session: Session) -> list[Watch]:
    """Every wish in force."""
    rows = await session.execute(sa.select(*_WATCH).where(WATCH.c.ended_at.is_(None)))
    return [_watch(row) for row in rows]


async def acting(session: Session, watches: Sequence[Watch]) -> set[tuple[int, str]]:
    """Who acts for the subjects of these wishes, or ever did: subject and principal. Who was only proposed does not."""
    subjects = sorted({one.subject for one in watches})
    ever = MANDATE.c.subject_id.in_(subjects), MANDATE.c.valid_from.is_not(None)
    rows = await session.execute(sa.select(MANDATE.c.subject_id, MANDATE.c.principal).where(*ever))
    return {(int(str(subject)), str(principal)) for subject, principal in rows}


async def marks(session: Session) -> dict[int, int]:
    """Shard → the first entry that was not looked at."""
    rows = await session.execute(sa.select(WATCH_MARK.c.shard, WATCH_MARK.c.number))
    return {int(str(shard)): int(str(number)) for shard, number in rows}


async def add(session: Session, found: Sequence[tuple[int, int, int]], seen: dict[int, int], now: datetime) -> None:
    """Put (watch, shard, number) into the outbox, and move the marks."""
    if found:
        fixed = {"state": "WAITING", "attempts": 0, "next_at": now}
        rows = [{"watch": watch, "shard": shard, "number": number, **fixed} for watch, shard, number in found]
        await session.execute(insert(WATCH_NOTICE).values(rows).on_conflict_do_nothing())
    for shard, number in seen.items():
        moved = insert(WATCH_MARK).values(shard=shard, number=number)
        await session.execute(moved.on_conflict_do_update(index_elements=["shard"], set_={"number": number}))


async def take(session: Session, most: int, now: datetime) -> list[Waiting]:
    """Take what is due; it is nobody else's until LEASE is over."""
    notice = WATCH_NOTICE.c
    key = sa.tuple_(notice.watch, notice.shard, notice.number)
    due = (
        sa.select(notice.watch, notice.shard, notice.number)
        .where(notice.state == "WAITING", notice.next_at <= now)
        .order_by(notice.next_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taking = (
        WATCH_NOTICE.update()
        .where(key.in_(due))
        .values(attempts=notice.attempts + 1, next_at=now + LEASE)
        .returning(notice.watch, notice.shard, notice.number, notice.attempts)
        .cte("taken")
    )
    rows = await session.execute(
        sa.select(taking.c.shard, taking.c.number, taking.c.attempts, WATCH.c.url_sealed, WATCH.c.secret_sealed,
                  SUBJECT_KEY.c.wrapped, *_WATCH)
        .join(WATCH, WATCH.c.id == taking.c.watch)
        .outerjoin(SUBJECT_KEY, SUBJECT_KEY.c.subject_id == WATCH.c.subject_id)
        .where(WATCH.c.ended_at.is_(None))
    )  # fmt: skip
    return [
        Waiting(
            _watch(row[6:]),
            int(str(row[0])),
            int(str(row[1])),
            int(str(row[2])),
            stored_bytes(row[3]),
            stored_bytes(row[4]),
            None if row[5] is None else stored_bytes(row[5]),
        )
        for row in rows
    ]


async def settle(session: Session, one: Waiting, failure: str | None, now: datetime) -> None:
    """Write down how an attempt ended: told, to be tried again, or dead."""
    if failure is None:
        values: dict[str, object] = {"state": "TOLD", "settled_at": now, "failure": None}
    elif one.attempts > len(PAUSES):
        values = {"state": "DEAD", "settled_at": now, "failure": failure}
    else:
        values = {"next_at": now + PAUSES[one.attempts - 1], "failure": failure}
    await session.execute(_this(one).values(values))


async def postpone(session: Session, one: Waiting, until: datetime) -> None:
    """Not yet: it counts as no attempt."""
    await session.execute(_this(one).values(attempts=one.attempts - 1, next_at=until))


async def anew(session: Session, watch: int, now: datetime) -> None:
    """Try at once, and from the beginning, what waits for a wish."""
    waiting = WATCH_NOTICE.c.watch == watch, WATCH_NOTICE.c.state == "WAITING"
    await session.execute(WATCH_NOTICE.update().where(*waiting).values(attempts=0, next_at=now))


async def end(session: Session, watch: int, why: str, now: datetime) -> None:
    """End a wish, and what waits for it."""
    await session.execute(
        WATCH.update().where(WATCH.c.id == watch, WATCH.c.ended_at.is_(None)).values(ended_at=now, ended_for=why)
    )
    waiting = WATCH_NOTICE.c.watch == watch, WATCH_NOTICE.c.state == "WAITING"
    dead = {"state": "DEAD", "settled_at": now, "failure": why}
    await session.execute(WATCH_NOTICE.update().where(*waiting).values(dead))


def _this(one: Waiting) -> sa.Update:
    place = WATCH_NOTICE.c.watch == one.watch.id, WATCH_NOTICE.c.shard == one.shard, WATCH_NOTICE.c.number == one.number
    return WATCH_NOTICE.update().where(*place, WATCH_NOTICE.c.state == "WAITING")


def _watch(row: Sequence[object]) -> Watch:
    id, subject, principal, consumer, since = row
    if not isinstance(since, datetime):
        raise InternalError
    return Watch(int(str(id)), int(str(subject)), str(principal), str(consumer), since)
