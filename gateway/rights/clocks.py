"""Versioned rules, and the deadlines they give to cases.

A number is a row of the table ``rule`` with its source and whether it has been verified; a receipt shows both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.rights.calendar import Calendar, Pause


class Unit(StrEnum):
    """What a rule counts."""

    WORKING_DAYS = "WORKING_DAYS"
    CALENDAR_DAYS = "CALENDAR_DAYS"
    MONTHS = "MONTHS"
    YEARS = "YEARS"
    MINUTES = "MINUTES"
    TIMES = "TIMES"


@dataclass(frozen=True, slots=True)
class Rule:
    """One number: so many days, months, years, minutes or times, by which source; unverified ones are a default."""

    name: str
    version: int
    value: int
    unit: Unit
    source: str
    verified: bool

    @property
    def written(self) -> str:
        """As a receipt and a case write it: name/version."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The day by which a case must be answered, the rule that gave it and the calendar it was counted in."""

    on: date
    rule: Rule
    calendar: int
    provisional: bool


class Tick(StrEnum):
    """What time does to a case; each is an event of its file, by nobody. None of them changes its state."""

    REMIND = "REMIND"  # its department is told that the deadline is near
    ESCALATE = "ESCALATE"  # so is who stands above it
    OVERDUE = "OVERDUE"  # the deadline is over
    RECOMPUTE = "RECOMPUTE"  # a new calendar has come, and the deadline was counted anew


REMIND = "case.remind"  # rules: so many working days are left
ESCALATE = "case.escalate"


def deadline(start: date, rules: Iterable[Rule], calendar: Calendar, pauses: Sequence[Pause] = ()) -> Deadline:
    """The earliest day of several rules that all hold: a clock and its absolute cap.

    ``start`` is not counted. All of them stand in a pause, the cap too: what is not the department's time is not its
    delay.
    """
    found = []
    for rule in rules:
        if rule.unit not in (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS):
            raise ValueError("a deadline is counted in days")
        count = calendar.working_days if rule.unit is Unit.WORKING_DAYS else calendar.calendar_days
        due = count(start, rule.value, pauses)
        found.append(Deadline(due.on, rule, calendar.version, due.provisional))
    return min(found, key=lambda one: one.on)
