"""What time does to one case: it is reminded of, escalated, overdue, each once; counted anew by a new calendar.

Each is a function of a transaction and the time: it does one step to one case, writes the event into its file and says
what it did, for the entry of the log; or it finds nothing to do. Who has the row of a case locked is deciding it: it is
passed over and looked at next time. A case whose clocks stand, or that is closed, is left alone.

A case that nobody looked at in time gets its steps one after the other, in their order: whoever is overdue was reminded
and escalated before, if only a moment ago.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

import sqlalchemy as sa

from gateway.clock import statutory_day
from gateway.rights import clocks
from gateway.rights.calendar import Calendar
from gateway.rights.clocks import Rule, Tick
from gateway.rights.deadlines import recount
from gateway.rights.routing import LEADING, PLATFORM
from gateway.rights.rows import calendar_of, calendar_since, rules_of, rules_on
from gateway.store.case_tables import CALENDAR, CASE, CASE_EVENT, CASE_PAUSE
from gateway.store.sessions import Session

CLOCK = "clock"  # whose step it was, in the file of a case

Said: TypeAlias = Mapping[str, object]  # what was done, as the log has it
Step: TypeAlias = Callable[[Session, datetime], Awaitable[Said | None]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A step that is due when no more than so many working days are left; ``rule``: which says how many; none: over."""

    tick: Tick
    column: str
    rule: str | None

    def until(self, today: date, rules: Mapping[str, Rule], calendar: Calendar) -> date:
        """The last deadline for which it is due today."""
        if self.rule is None:
            return today - timedelta(days=1)
        return calendar.within(today, rules[self.rule].value)


MARKS = (
    Mark(Tick.REMIND, "reminded_at", clocks.REMIND),
    Mark(Tick.ESCALATE, "escalated_at", clocks.ESCALATE),
    Mark(Tick.OVERDUE, "overdue_at", None),
)


def marking(at: int) -> Step:
    """The step of one of MARKS."""
    own, later = MARKS[at], MARKS[at:]
    column = CASE.c[own.column]

    async def step(session: Session, now: datetime) -> Said | None:
        today = statutory_day(now)
        rules = rules_of(await session.execute(rules_on(today)))
        calendar = calendar_of(await session.execute(calendar_since(today)))
        until = max(one.until(today, rules, calendar) for one in later)  # what comes later does not come before it
        before = [CASE.c[one.column].is_not(None) for one in MARKS[:at]]
        found = await _one(session, column.is_(None), CASE.c.deadline_on <= until, *before)
        if found is None:
            return None
        number, state, department, due = found
        await session.execute(sa.update(CASE).where(CASE.c.id == number).values({own.column: now}))
        above = await _above(session, number, department) if own.tick is Tick.ESCALATE else None
        await _event(session, number, state, now, own.tick, above, f"deadline {due}")
        return {"step": own.tick.value, "case": number, "deadline": str(due)}

    return step


async def recounting(session: Session, now: datetime) -> Said | None:
    """A deadline of an older calendar than the newest, provisional or not: a day that was mended is the law too."""
    newest = sa.select(sa.func.max(CALENDAR.c.version)).scalar_subquery()
    found = await _one(session, CASE.c.calendar < newest)
    if found is None:
        return None
    number, state, _, _ = found
    new = await recount(session, number, now)
    await _event(session, number, state, now, Tick.RECOMPUTE, None, new.note)
    moved = {"deadline": str(new.deadline.on), "was": str(new.before), "calendar": new.deadline.calendar}
    return {"step": Tick.RECOMPUTE.value, "case": number, **moved}


async def _one(session: Session, *where: sa.ColumnElement[bool]) -> tuple[int, str, str | None, date] | None:
    """The most urgent open case whose clocks run, locked: id, state, department, deadline."""
    stands = sa.exists().where(CASE_PAUSE.c.case_id == CASE.c.id, CASE_PAUSE.c.until_at.is_(None))
    rows = await session.execute(
        sa.select(CASE.c.id, CASE.c.state, CASE.c.department, CASE.c.deadline_on)
        .where(CASE.c.closed_at.is_(None), sa.not_(stands), *where)
        .order_by(CASE.c.deadline_on, CASE.c.id)
        .limit(1)
        .with_for_update(of=CASE, skip_locked=True)
    )
    if not rows:
        return None
    ((number, state, department, due),) = rows
    assert isinstance(number, int) and isinstance(due, date)
    return number, str(state), None if department is None else str(department), due


async def _above(session: Session, case: int, department: str | None) -> str | None:
    """Before whom a case is put that its department does not answer; never before whom it is about."""
    ((against,),) = await session.execute(sa.select(CASE.c.against).where(CASE.c.id == case))
    above = LEADING if department == PLATFORM else PLATFORM
    return None if against == f"department {above}" else above


async def _event(
    session: Session, case: int, state: str, now: datetime, tick: Tick, department: str | None, note: str
) -> None:
    last = sa.select(sa.func.coalesce(sa.func.max(CASE_EVENT.c.number), 0)).where(CASE_EVENT.c.case_id == case)
    row = {
        "case_id": case,
        "number": last.scalar_subquery() + 1,
        "at": now,
        "step": tick.value,
        "state": state,
        "principal": CLOCK,
        "department": department,
        "note": note,
    }
    await session.execute(sa.insert(CASE_EVENT).values(row))
    told = sa.func.array_append(CASE.c.history, f"{statutory_day(now).isoformat()} {tick.value}")
    await session.execute(sa.update(CASE).where(CASE.c.id == case).values(history=told))
