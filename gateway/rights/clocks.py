"""Versioned rules, and the deadlines they give to cases.

A number is a row of the table ``rule`` with its source and whether it has been verified; a receipt shows both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.rights.calendar import Calendar


class Unit(StrEnum):
    """What a rule counts."""

    WORKING_DAYS = "WORKING_DAYS"
    CALENDAR_DAYS = "CALENDAR_DAYS"
    MONTHS = "MONTHS"
    YEARS = "YEARS"


@dataclass(frozen=True, slots=True)
class Rule:
    """One number: so many days, months or years, by which source; unverified ones are the product's default."""

    name: str
    version: int
    value: int
    unit: Unit
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    """The day by which a case must be answered, the rule that gave it and the calendar it was counted in."""

    on: date
    rule: Rule
    calendar: int
    provisional: bool


def deadline(filed_on: date, rules: Iterable[Rule], calendar: Calendar) -> Deadline:
    """The earliest day of several rules that all hold: a clock and its absolute cap."""
    found = []
    for rule in rules:
        if rule.unit in (Unit.MONTHS, Unit.YEARS):
            raise ValueError("a case is counted in days")
        count = calendar.working_days if rule.unit is Unit.WORKING_DAYS else calendar.calendar_days
        due = count(filed_on, rule.value)
        found.append(Deadline(due.on, rule, calendar.version, due.provisional))
    return min(found, key=lambda one: one.on)
