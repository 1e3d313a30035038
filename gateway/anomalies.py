"""Accesses that somebody should look at: found in the log by plain rules, each with its reason. Nobody is sanctioned.

The rules look at one officer of one institution on one day, in Beijing, against what the same officer did before. What
was asked for is known as a pseudonym only. That a consent was never followed by business cannot be seen here: the
gateway knows of no business.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from gateway.store.core import Connection, execute
from gateway.store.log_tables import ACCESS

BEFORE = 28  # days against which a day is held
LEAST_VOLUME, TIMES = 50, 3.0  # accesses; as many times the average of the days before
LEAST_NIGHT, NIGHT_SHARE = 10, 0.5  # accesses between 22:00 and 6:00, and as a part of the day's
LEAST_SUBJECTS, IN_VAIN = 20, 0.5  # subjects asked for, and the part of accesses that came to nothing
LEAST_REPEATED, LEAST_GUESSED = 5, 3  # accesses to one subject; those in vain


class Reason(StrEnum):
    """Why somebody should look."""

    VOLUME = "VOLUME"  # far more than the same officer on the days before
    NIGHT = "NIGHT"  # mostly at night
    ENUMERATION = "ENUMERATION"  # many subjects, most of them in vain: codes or numbers are tried
    REPEATED = "REPEATED"  # one subject again and again
    GUESSING = "GUESSING"  # one subject again and again in vain: names are tried


class Day(NamedTuple):
    """What one officer did on one day."""

    institution: str
    unit: str
    officer: str
    day: date
    accesses: int
    night: int
    vain: int
    subjects: int


class Repeated(NamedTuple):
    """How often one officer asked for one subject on a day."""

    institution: str
    unit: str
    officer: str
    day: date
    subject: str
    accesses: int
    vain: int


class Anomaly(NamedTuple):
    """One finding, with the figures that make it one."""

    reason: Reason
    institution: str
    unit: str
    officer: str
    day: date
    text: str


def found(connection: Connection, first: date, last: date, named: Callable[[str], str]) -> list[Anomaly]:
    """What stands out from ``first`` to ``last``, the newest first; ``named`` says how a pseudonym is told."""
    days = map(_day, execute(connection, _days(first - timedelta(days=BEFORE), last)))
    repeated = map(_one, execute(connection, _repeated(first, last)))
    told = [*of_days(days, first), *of_subjects(repeated, named)]
    return sorted(told, key=lambda one: (-one.day.toordinal(), one.reason, one[1:4]))


def of_days(days: Iterable[Day], first: date) -> Iterator[Anomaly]:
    """The rules over an officer's days; those before ``first`` are only what they are held against."""
    by_officer: dict[tuple[str, str, str], list[Day]] = {}
    for one in days:
        by_officer.setdefault(one[:3], []).append(one)
    for theirs in by_officer.values():
        for one in theirs:
            if one.day >= first:
                yield from _of_day(one, theirs)


def _of_day(one: Day, theirs: Sequence[Day]) -> Iterator[Anomaly]:
    since = one.day - timedelta(days=BEFORE)
    average = sum(other.accesses for other in theirs if since <= other.day < one.day) / BEFORE
    if one.accesses >= LEAST_VOLUME and one.accesses > TIMES * average:
        yield _made(Reason.VOLUME, one, f"{one.accesses} accesses, {average:.1f} a day in the {BEFORE} days before")
    if one.night >= LEAST_NIGHT and one.night > NIGHT_SHARE * one.accesses:
        yield _made(Reason.NIGHT, one, f"{one.night} of {one.accesses} accesses between 22:00 and 6:00")
    if one.subjects >= LEAST_SUBJECTS and one.vain > IN_VAIN * one.accesses:
        text = f"{one.subjects} subjects asked for, {one.vain} of {one.accesses} accesses in vain"
        yield _made(Reason.ENUMERATION, one, text)


def of_subjects(repeated: Iterable[Repeated], named: Callable[[str], str]) -> Iterator[Anomaly]:
    """The rules over one officer and one subject."""
    for one in repeated:
        if one.vain >= LEAST_GUESSED:
            yield _made(Reason.GUESSING, one, f"{one.vain} accesses in vain to {named(one.subject)}")
        elif one.accesses >= LEAST_REPEATED:
            yield _made(Reason.REPEATED, one, f"{one.accesses} accesses to {named(one.subject)}")


def _made(reason: Reason, of: Day | Repeated, text: str) -> Anomaly:
    return Anomaly(reason, of.institution, of.unit, of.officer, of.day, text)


def _day(row: tuple[object, ...]) -> Day:
    day, (accesses, night, vain, subjects) = row[3], (int(str(number)) for number in row[4:])
    assert isinstance(day, date)
    return Day(str(row[0] or ""), str(row[1] or ""), str(row[2]), day, accesses, night, vain, subjects)


def _one(row: tuple[object, ...]) -> Repeated:
    day, accesses, vain = row[3], int(str(row[5])), int(str(row[6]))
    assert isinstance(day, date)
    return Repeated(str(row[0] or ""), str(row[1] or ""), str(row[2]), day, str(row[4]), accesses, vain)


_WHO = ACCESS.c.institution, ACCESS.c.unit, ACCESS.c.officer, ACCESS.c.day
_VAIN = ACCESS.c.outcome.in_(("EMPTY", "REFUSED"))


def _days(first: date, last: date) -> sa.Select[*tuple[object, ...]]:
    hour = sa.extract("hour", sa.func.timezone("Asia/Shanghai", ACCESS.c.at))
    entry = sa.tuple_(ACCESS.c.shard, ACCESS.c.number)
    night = sa.or_(hour >= 22, hour < 6)
    return (
        sa.select(
            *_WHO,
            sa.func.count(entry.distinct()),
            sa.func.count(entry.distinct()).filter(night),
            sa.func.count(entry.distinct()).filter(_VAIN),
            sa.func.count(ACCESS.c.subject.distinct()),
        )
        .where(ACCESS.c.officer.is_not(None), ACCESS.c.day >= first, ACCESS.c.day <= last)
        .group_by(*_WHO)
    )


def _repeated(first: date, last: date) -> sa.Select[*tuple[object, ...]]:
    return (
        sa.select(*_WHO, ACCESS.c.subject, sa.func.count(), sa.func.count().filter(_VAIN))
        .where(ACCESS.c.officer.is_not(None), ACCESS.c.subject.is_not(None), ACCESS.c.role != "subject")
        .where(ACCESS.c.day >= first, ACCESS.c.day <= last)
        .group_by(*_WHO, ACCESS.c.subject)
        .having(sa.or_(sa.func.count() >= LEAST_REPEATED, sa.func.count().filter(_VAIN) >= LEAST_GUESSED))
    )
