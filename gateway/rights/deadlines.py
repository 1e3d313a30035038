"""Deadlines of cases that are there: their clocks stopped, going on, counted anew. In the caller's transaction.

The caller has locked the row of the case and writes the event; what is here moves the deadline and nothing else. While
the clocks stand there is no deadline that could be told: the old one stays written and means nothing, and nobody
reminds of it.
"""

from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from gateway.clock import statutory_day
from gateway.errors import InternalError
from gateway.rights.clocks import Deadline, deadline
from gateway.rights.rows import calendar_of, calendar_since, pauses_in, pauses_of, rules_named, rules_of
from gateway.store.case_tables import CASE, CASE_PAUSE
from gateway.store.sessions import Session


class Recounted(NamedTuple):
    """A deadline that was counted anew."""

    before: date
    deadline: Deadline

    @property
    def note(self) -> str:
        """What the event says, so that no deadline moves without a word: which way, and from where to where."""
        old, new = self.before, self.deadline.on
        way = "SAME" if new == old else "EARLIER" if new < old else "LATER"
        return f"{way}: {new}, was {old}; calendar {self.deadline.calendar}"


async def pause(session: Session, case: int, at: datetime, reason: str) -> None:
    """Stop the clocks of a case. The database refuses a second pause while one runs."""
    last = sa.select(sa.func.coalesce(sa.func.max(CASE_PAUSE.c.number), 0)).where(CASE_PAUSE.c.case_id == case)
    row = {"case_id": case, "number": last.scalar_subquery() + 1, "from_at": at, "reason": reason}
    await session.execute(sa.insert(CASE_PAUSE).values(row))


async def resume(session: Session, case: int, at: datetime) -> Recounted:
    """Let the clocks go on, and count the deadline anew. Raises InternalError if they did not stand."""
    running = CASE_PAUSE.c.case_id == case, CASE_PAUSE.c.until_at.is_(None)
    over = sa.update(CASE_PAUSE).where(*running).values(until_at=sa.func.greatest(at, CASE_PAUSE.c.from_at))
    if not await session.execute(over.returning(CASE_PAUSE.c.number)):
        raise InternalError
    return await recount(session, case, at)


async def recount(session: Session, case: int, now: datetime) -> Recounted:
    """Count the deadline of a case by the newest calendar and its pauses, all of which are over.

    It becomes what the law says, earlier too: a day that was only provisional is nobody's right, and the event says
    that it moved. A mark of being overdue goes if the new day is not over: it was not true.
    """
    columns = (
        CASE.c.rule,
        CASE.c.rule_version,
        CASE.c.clocks,
        CASE.c.counted_from,
        CASE.c.filed_on,
        CASE.c.deadline_on,
    )
    ((rule, version, clocks, counted_from, filed_on, before),) = await session.execute(
        sa.select(*columns).where(CASE.c.id == case)
    )
    start = counted_from or filed_on
    assert isinstance(start, date) and isinstance(before, date)
    names = [str(one) for one in clocks] if isinstance(clocks, list) and clocks else [f"{rule}/{version}"]
    known = rules_of(await session.execute(rules_named(names)))
    rules = [known[name.partition("/")[0]] for name in names]
    calendar = calendar_of(await session.execute(calendar_since(start)))
    due = deadline(start, rules, calendar, pauses_in(await session.execute(pauses_of(case))))
    values: dict[str, object] = {
        "deadline_on": due.on,
        "deadline_provisional": due.provisional,
        "rule": due.rule.name,
        "rule_version": due.rule.version,
        "calendar": due.calendar,
    }
    if due.on >= statutory_day(now):
        values["overdue_at"] = None
    await session.execute(sa.update(CASE).where(CASE.c.id == case).values(values))
    return Recounted(before, due)
