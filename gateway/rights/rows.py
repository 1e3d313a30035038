"""Calendars and rules as rows: the statements that read them and what their rows mean. Pure; the caller runs them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TypeAlias

import sqlalchemy as sa

from gateway.clock import statutory_day
from gateway.errors import InternalError
from gateway.rights.calendar import Calendar, Pause
from gateway.rights.clocks import Rule, Unit
from gateway.store.case_tables import CALENDAR, CASE_PAUSE, DAY_ADJUSTMENT, RULE

Select: TypeAlias = "sa.Select[*tuple[object, ...]]"
Rows: TypeAlias = Sequence[tuple[object, ...]]


def calendar_since(day: date) -> Select:
    """The newest calendar with its adjustments from ``day`` on: version, known_until, day, kind; one row at least."""
    newest = sa.select(sa.func.max(CALENDAR.c.version)).scalar_subquery()
    later = sa.and_(DAY_ADJUSTMENT.c.version == CALENDAR.c.version, DAY_ADJUSTMENT.c.day >= day)
    columns = (CALENDAR.c.version, CALENDAR.c.known_until, DAY_ADJUSTMENT.c.day, DAY_ADJUSTMENT.c.kind)
    return (
        sa.select(*columns).select_from(CALENDAR.outerjoin(DAY_ADJUSTMENT, later)).where(CALENDAR.c.version == newest)
    )


def calendar_of(rows: Rows) -> Calendar:
    """The calendar in the rows of :func:`calendar_since`. Raises InternalError if there is none."""
    if not rows:
        raise InternalError
    version, known_until = rows[0][:2]
    assert isinstance(version, int) and isinstance(known_until, date)
    days: dict[str, set[date]] = {"REST": set(), "WORK": set()}
    for _, _, day, kind in rows:
        if isinstance(day, date):
            days[str(kind)].add(day)
    return Calendar(version, known_until, frozenset(days["REST"]), frozenset(days["WORK"]))


def rules_on(day: date) -> Select:
    """Every rule in force on ``day``, its newest version last: name, version, value, unit, source, verified."""
    columns = (RULE.c.name, RULE.c.version, RULE.c.value, RULE.c.unit, RULE.c.source, RULE.c.verified)
    return sa.select(*columns).where(RULE.c.valid_from <= day).order_by(RULE.c.name, RULE.c.version)


def rules_named(names: Sequence[str]) -> Select:
    """These versions of rules, each as name/version; the columns of :func:`rules_on`."""
    columns = (RULE.c.name, RULE.c.version, RULE.c.value, RULE.c.unit, RULE.c.source, RULE.c.verified)
    written = RULE.c.name + "/" + sa.cast(RULE.c.version, sa.Text)
    return sa.select(*columns).where(written.in_(names)).order_by(RULE.c.name)


def rules_of(rows: Rows) -> Mapping[str, Rule]:
    """The rules in the rows of :func:`rules_on`, by name."""
    found: dict[str, Rule] = {}
    for name, version, value, unit, source, verified in rows:
        assert isinstance(version, int) and isinstance(value, int)
        found[str(name)] = Rule(str(name), version, value, Unit(str(unit)), str(source), verified is True)
    return found


def pauses_of(case: int) -> Select:
    """When the clocks of a case stood: from, until (null: they stand now), in their order."""
    columns = (CASE_PAUSE.c.from_at, CASE_PAUSE.c.until_at)
    return sa.select(*columns).where(CASE_PAUSE.c.case_id == case).order_by(CASE_PAUSE.c.number)


def pauses_in(rows: Rows) -> tuple[Pause, ...]:
    """The pauses in the rows of :func:`pauses_of`. Raises InternalError for one that runs: nothing ends in it."""
    found = []
    for begun, over in rows:
        if not isinstance(begun, datetime) or not isinstance(over, datetime):
            raise InternalError
        found.append(Pause(statutory_day(begun), statutory_day(over)))
    return tuple(found)
