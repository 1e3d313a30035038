"""Records that have changed, and the notices made of them. Statements only; the caller runs them.

A change is looked at twice: at once, and again when every answer that was under way when it happened is in the log, for
an answer may show the old version and be written down a moment later. Then it is told. Both times its row is locked, so
any number of processes may look, and there is one notice for one recipient, so looking again doubles none.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.notices.states import NoticeState
from gateway.store.notice_tables import NOTICE, RECORD_CHANGE
from gateway.store.sessions import Session
from gateway.store.tables import CONSUMER, RECORD_IDS

LATE = timedelta(minutes=2)  # longer than any answer takes from its reading to its entry
UNKNOWN = "UNKNOWN_INSTITUTION"
_LENGTH = 200  # of the name of an institution


class Change(NamedTuple):
    """One change of one record; ``version`` is the last that was wrong."""

    id: int
    subject: int
    subject_class: str
    kind: str
    record: int
    version: int
    what: str
    fields: tuple[str, ...] | None
    at: datetime


async def note(
    session: Session,
    row: tuple[int, str, str, int],
    version: int,
    what: str,
    at: datetime,
    *,
    fields: Sequence[str] | None = None,
    case: int | None = None,
) -> None:
    """Write down, in the transaction that changes a record, that who read it is to be told.

    ``row``: subject and its class, kind and id of the record; ``version``: the last that was wrong.
    """
    subject, subject_class, kind, record = row
    values = {
        "id": RECORD_IDS.next_value(),
        "subject_id": subject,
        "subject_class": subject_class,
        "record_kind": kind,
        "record_id": record,
        "version": version,
        "what": what,
        "fields": None if fields is None else list(fields),
        "case_id": case,
        "at": at,
    }
    await session.execute(sa.insert(RECORD_CHANGE).values(values))


_C = RECORD_CHANGE.c
_CHANGE = (_C.id, _C.subject_id, _C.subject_class, _C.record_kind, _C.record_id, _C.version, _C.what, _C.fields, _C.at)


def _due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return _C.told_at.is_(None), sa.or_(_C.looked_at.is_(None), _C.at <= now - LATE)


async def waiting(session: Session, most: int, now: datetime) -> list[int]:
    """Changes that are to be looked at, the oldest first."""
    rows = await session.execute(sa.select(_C.id).where(*_due(now)).order_by(_C.at, _C.id).limit(most))
    return [int(str(id)) for (id,) in rows]


async def locked(session: Session, id: int, now: datetime) -> Change | None:
    """The change, which nobody else looks at until this transaction ends; None: somebody does or has."""
    due = sa.select(*_CHANGE).where(_C.id == id, *_due(now))
    taking = due.with_for_update(skip_locked=True, key_share=True)  # notices may refer to it meanwhile
    for number, subject, subject_class, kind, record, version, what, fields, at in await session.execute(taking):
        assert isinstance(at, datetime)
        named = tuple(map(str, fields)) if isinstance(fields, list) else None
        numbers = int(str(number)), int(str(subject)), int(str(record)), int(str(version))
        return Change(numbers[0], numbers[1], str(subject_class), str(kind), *numbers[2:], str(what), named, at)
    return None


async def tell(
    session: Session, change: Change, institutions: Sequence[str], due_on: date, provider: str, now: datetime
) -> int:
    """Make a notice for the subject and for each of these that has none yet; how many were made.

    The change is told when every answer that could show the old version is in the log.
    """
    named = sa.select(CONSUMER.c.id, CONSUMER.c.name).where(CONSUMER.c.id.in_(institutions))
    known = {str(id): str(name) for id, name in await session.execute(named)} if institutions else {}
    fixed: dict[str, object] = {
        "subject_id": change.subject,
        "subject_class": change.subject_class,
        "provider": provider,
        "batch": "notice",
        "what": change.what,
        "record_kind": change.kind,
        "record_id": change.record,
        "changed": None if change.fields is None else list(change.fields),
        "change": change.id,
        "created_at": now,
    }
    made = 0
    for institution in (None, *institutions):
        (number,) = (await session.execute(sa.select(RECORD_IDS.next_value())))[0]
        lost = institution is not None and institution not in known
        values = {
            **fixed,
            "id": number,
            "institution": institution,
            "institution_name": known[institution][:_LENGTH] if institution in known else None,
            "state": (NoticeState.UNDELIVERABLE if lost else NoticeState.NEW).value,
            "due_on": None if institution is None else due_on,
            "escalated_at": now if lost else None,
            "failure": UNKNOWN if lost else None,
        }
        adding = insert(NOTICE).values(values).on_conflict_do_nothing().returning(NOTICE.c.id)
        made += len(await session.execute(adding))
    over = {"told_at": now} if change.at <= now - LATE else {}
    await session.execute(sa.update(RECORD_CHANGE).where(_C.id == change.id).values(looked_at=now, **over))
    return made


async def escalate(session: Session, today: date, now: datetime) -> int:
    """Hand to the desk what its recipient should have acknowledged before today; how many."""
    notice = NOTICE.c
    late = notice.institution.is_not(None), notice.state.in_(("NEW", "DELIVERED")), notice.due_on < today
    values = {"state": NoticeState.ESCALATED.value, "escalated_at": now, "version": notice.version + 1}
    rows = await session.execute(sa.update(NOTICE).where(*late).values(values).returning(notice.id))
    return len(rows)
