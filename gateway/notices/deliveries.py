"""The push of notices to the addresses of institutions. Statements only; the caller runs them.

A notice is its own place in the outbox: ``next_at`` says when it is tried next, null that it is not pushed. Whoever
sends it takes it for a while first (``outbox.LEASE``), so that one who dies meanwhile loses nothing; sent twice, it has
the same id. Pauses are those of ``outbox``; after the last the notice is UNDELIVERABLE and, at once, the desk's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from gateway.notices.outbox import LEASE, PAUSES
from gateway.notices.states import NoticeState
from gateway.store.core import stored_bytes
from gateway.store.notice_tables import NOTICE, NOTICE_WATCH
from gateway.store.sessions import Session
from gateway.store.tables import SUBJECT_KEY

SEALED = "notice_watch"  # the kind under which address and secret are sealed

_N, _W = NOTICE.c, NOTICE_WATCH.c
_WANTED = sa.select(_W.consumer).where(_W.ended_at.is_(None))  # institutions that have an address


class Address(NamedTuple):
    """Where an institution is told, and as whom it then asks; sealed under ``wrapped``."""

    watch: int
    role: str
    principal: str
    consumer: str
    department: str
    party: int
    url: bytes
    secret: bytes
    wrapped: bytes | None  # None: destroyed


class Push(NamedTuple):
    """A notice that is due."""

    notice: int
    personal: bool
    attempts: int  # this one included
    to: Address


async def arm(session: Session, now: datetime) -> None:
    """Have pushed, from now on, what was never pushed and whose institution has an address."""
    new = _N.next_at.is_(None), _N.attempts == 0, _N.delivered_at.is_(None), _N.acknowledged_at.is_(None)
    await session.execute(sa.update(NOTICE).where(*new, _N.institution.in_(_WANTED)).values(next_at=now))


async def take(session: Session, most: int, now: datetime) -> list[Push]:
    """Take what is due; it is nobody else's until the lease is over."""
    due = (
        sa.select(_N.id)
        .where(_N.next_at <= now, _N.institution.in_(_WANTED))
        .order_by(_N.next_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taking = (
        sa.update(NOTICE)
        .where(_N.id.in_(due))
        .values(attempts=_N.attempts + 1, next_at=now + LEASE)
        .returning(_N.id, _N.subject_class, _N.attempts, _N.institution)
        .cte("taken")
    )
    address = _W.id, _W.role, _W.principal, _W.consumer, _W.department, _W.party, _W.url_sealed, _W.secret_sealed
    rows = await session.execute(
        sa.select(taking.c.id, taking.c.subject_class, taking.c.attempts, *address, SUBJECT_KEY.c.wrapped)
        .join(NOTICE_WATCH, _W.consumer == taking.c.institution)
        .outerjoin(SUBJECT_KEY, SUBJECT_KEY.c.subject_id == _W.party)
        .where(_W.ended_at.is_(None))
    )
    return [_push(row) for row in rows]


def _push(row: Sequence[object]) -> Push:
    id, subject_class, attempts, watch, role, principal, consumer, department, party, url, secret, wrapped = row
    address = Address(
        int(str(watch)),
        str(role),
        str(principal),
        str(consumer),
        str(department),
        int(str(party)),
        stored_bytes(url),
        stored_bytes(secret),
        None if wrapped is None else stored_bytes(wrapped),
    )
    return Push(int(str(id)), subject_class == "person", int(str(attempts)), address)


async def settle(session: Session, one: Push, failure: str | None, now: datetime, *, final: bool = False) -> None:
    """Write down how an attempt ended: taken, to be tried again, or dead; ``final``: trying again is of no use."""
    this = sa.update(NOTICE).where(_N.id == one.notice, _N.next_at.is_not(None))
    if failure is None:
        fresh = _N.state.in_((NoticeState.NEW.value, NoticeState.UNDELIVERABLE.value))
        state = sa.case((fresh, NoticeState.DELIVERED.value), else_=_N.state)
        values: dict[str, object] = {"state": state, "delivered_at": now, "next_at": None, "failure": None}
    elif final or one.attempts > len(PAUSES):
        state = sa.case((_N.state == NoticeState.NEW.value, NoticeState.UNDELIVERABLE.value), else_=_N.state)
        values = {"state": state, "next_at": None, "failure": failure}
        values["escalated_at"] = sa.func.coalesce(_N.escalated_at, now)
    else:
        await session.execute(this.values(next_at=now + PAUSES[one.attempts - 1], failure=failure))
        return
    await session.execute(this.values(version=_N.version + 1, **values))


async def acknowledge(session: Session, notice: int, version: int, now: datetime) -> None:
    """Its recipient has it: nothing is pushed any more."""
    values = {"state": NoticeState.ACKNOWLEDGED.value, "acknowledged_at": now, "next_at": None, "version": version}
    await session.execute(sa.update(NOTICE).where(_N.id == notice).values(values))


async def anew(session: Session, consumer: str, now: datetime) -> None:
    """Push at once, and from the beginning, what an institution has not taken yet."""
    open_ = _N.delivered_at.is_(None), _N.acknowledged_at.is_(None)
    await session.execute(
        sa.update(NOTICE).where(_N.institution == consumer, *open_).values(attempts=0, next_at=now, failure=None)
    )


async def end(session: Session, consumer: str, why: str, now: datetime) -> None:
    """End an address; what was to be pushed there waits to be read."""
    running = _W.consumer == consumer, _W.ended_at.is_(None)
    await session.execute(sa.update(NOTICE_WATCH).where(*running).values(ended_at=now, ended_for=why))
    pending = _N.institution == consumer, _N.next_at.is_not(None)
    await session.execute(sa.update(NOTICE).where(*pending).values(attempts=0, next_at=None))
