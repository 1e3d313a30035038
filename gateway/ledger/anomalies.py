"""Accesses that somebody should look at: found in the log by plain rules, each with its reason. Nobody is sanctioned.

The rules look at one officer of one institution on one day, in Beijing, against what the same officer did before, or
at what an officer did in a longer time. What was asked for is known as a pseudonym only; that two persons have one name
is told by the blind index of the library, nothing is opened. Of business the gateway knows only what leads to further
looks: a consent that was used for an approval counts as followed if the institution looks at the subject later.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.asking import Purpose
from gateway.ledger.accesses import Named
from gateway.store.core import Connection, execute
from gateway.store.log_tables import ACCESS

BEFORE = 28  # days against which a day is held
LEAST_VOLUME, TIMES = 50, 3.0  # accesses; as many times the average of the days before
LEAST_NIGHT, NIGHT_SHARE = 10, 0.5  # accesses between 22:00 and 6:00, and as a part of the day's
LEAST_SUBJECTS, IN_VAIN = 20, 0.5  # subjects asked for, and the part of accesses that came to nothing
LEAST_REPEATED, LEAST_GUESSED = 5, 3  # accesses to one subject; those in vain
LEAST_NAMESAKES = 3  # persons of one name that one officer looked at
FOLLOWED = 90  # days in which an approval is followed by another look, if it is by business
LEAST_CONSENTS, UNFOLLOWED = 20, 0.9  # consents used for approvals, and the part that nothing followed
APPROVALS = (Purpose.LOAN_APPROVAL, Purpose.CREDIT_CARD_APPROVAL, Purpose.GUARANTEE_REVIEW, Purpose.CREDIT_REVIEW)


class Reason(StrEnum):
    """Why somebody should look."""

    VOLUME = "VOLUME"  # far more than the same officer on the days before
    NIGHT = "NIGHT"  # mostly at night
    ENUMERATION = "ENUMERATION"  # many subjects, most of them in vain: codes or numbers are tried
    REPEATED = "REPEATED"  # one subject again and again
    GUESSING = "GUESSING"  # one subject again and again in vain: names are tried
    NAMESAKES = "NAMESAKES"  # several persons of one name: somebody is looked for
    UNFOLLOWED = "UNFOLLOWED"  # consents for approvals that no business seems to have followed


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


class Consents(NamedTuple):
    """How many consents one officer used for approvals, and how many of them nothing followed."""

    institution: str
    unit: str
    officer: str
    day: date  # the last of the time that is looked at
    consents: int
    unfollowed: int


class Person(NamedTuple):
    """One person that an officer looked at, or asked for in vain."""

    institution: str
    unit: str
    officer: str
    day: date  # the last time
    subject: str


class Anomaly(NamedTuple):
    """One finding, with the figures that make it one."""

    reason: Reason
    institution: str
    unit: str
    officer: str
    day: date
    text: str


def found(
    connection: Connection,
    first: date,
    last: date,
    named: Callable[[str], str],
    names: Callable[[Iterable[str]], Mapping[str, Named]],
) -> list[Anomaly]:
    """What stands out from ``first`` to ``last``, the newest first.

    ``named`` says how a pseudonym is told, ``names`` who of the library it is and the blind index of the name.
    """
    days = map(_day, execute(connection, _days(first - timedelta(days=BEFORE), last)))
    repeated = map(_one, execute(connection, _repeated(first, last)))
    persons = [Person(*_who(row), str(row[4])) for row in execute(connection, _persons(first, last))]
    consents = [Consents(*_who(row), *_two(row)) for row in execute(connection, _consents(first, last))]
    told = [
        *of_days(days, first),
        *of_subjects(repeated, named),
        *of_names(persons, names({one.subject for one in persons})),
        *of_consents(consents),
    ]
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


def of_names(persons: Iterable[Person], names: Mapping[str, Named]) -> Iterator[Anomaly]:
    """The rule over persons of one name."""
    alike: dict[tuple[str, str, str, bytes], list[Person]] = {}
    for one in persons:
        if one.subject in names:
            alike.setdefault((*one[:3], names[one.subject].name), []).append(one)
    for those in alike.values():
        count = len({names[one.subject].subject for one in those})  # who was asked for in vain has another pseudonym
        if count >= LEAST_NAMESAKES:
            last = max(those, key=lambda one: one.day)
            yield _made(Reason.NAMESAKES, last, f"{count} persons who have one name")


def of_consents(consents: Iterable[Consents]) -> Iterator[Anomaly]:
    """The rule over consents that nothing followed."""
    for one in consents:
        if one.consents >= LEAST_CONSENTS and one.unfollowed > UNFOLLOWED * one.consents:
            text = f"{one.unfollowed} of {one.consents} consents for approvals, no look within {FOLLOWED} days after"
            yield _made(Reason.UNFOLLOWED, one, text)


def _made(reason: Reason, of: Day | Repeated | Person | Consents, text: str) -> Anomaly:
    return Anomaly(reason, of.institution, of.unit, of.officer, of.day, text)


def _day(row: tuple[object, ...]) -> Day:
    accesses, night, vain, subjects = (int(str(number)) for number in row[4:])
    return Day(*_who(row), accesses, night, vain, subjects)


def _one(row: tuple[object, ...]) -> Repeated:
    return Repeated(*_who(row), str(row[4]), *_two(row[1:]))


def _who(row: tuple[object, ...]) -> tuple[str, str, str, date]:
    day = row[3]
    assert isinstance(day, date)
    return str(row[0] or ""), str(row[1] or ""), str(row[2]), day


def _two(row: tuple[object, ...]) -> tuple[int, int]:
    return int(str(row[4])), int(str(row[5]))


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


def _persons(first: date, last: date) -> sa.Select[*tuple[object, ...]]:
    """Every person that an officer asked for by name, with the last day."""
    who = ACCESS.c.institution, ACCESS.c.unit, ACCESS.c.officer
    return (
        sa.select(*who, sa.func.max(ACCESS.c.day), ACCESS.c.subject)
        .where(ACCESS.c.officer.is_not(None), ACCESS.c.subject.is_not(None), ACCESS.c.role != "subject")
        .where(ACCESS.c.day >= first, ACCESS.c.day <= last, sa.literal("person") == sa.any_(ACCESS.c.roots))
        .group_by(*who, ACCESS.c.subject)
    )


def _consents(first: date, last: date) -> sa.Select[*tuple[object, ...]]:
    """Consents used for approvals so long ago that business would have been followed by another look.

    That is one within FOLLOWED days at the same subject, after the loan was granted or with another consent.
    """
    of, later, term = ACCESS.c, ACCESS.alias("later").c, timedelta(days=FOLLOWED)
    approving = of.purposes.bool_op("&&")(sa.cast([one.value for one in APPROVALS], ARRAY(sa.Text)))
    granted = sa.literal(Purpose.POST_LOAN_MANAGEMENT.value) == sa.any_(later.purposes)
    following = sa.exists(
        sa.select(sa.literal(1)).where(
            later.subject_id == of.subject_id,
            later.subject == of.subject,
            later.institution == of.institution,
            later.at > of.at,
            later.day <= of.day + FOLLOWED,
            sa.or_(granted, sa.not_(later.consents.bool_op("&&")(of.consents))),
        )
    ).correlate(ACCESS)
    who = of.institution, of.unit, of.officer
    used = (
        sa.select(*who, sa.func.unnest(of.consents).label("consent"), following.label("followed"))
        .where(of.officer.is_not(None), of.subject.is_not(None), of.outcome == "DISCLOSED", approving)
        .where(of.day >= first - term, of.day <= last - term)
        .subquery("used")
    )
    key = used.c.institution, used.c.unit, used.c.officer, used.c.consent
    each = sa.select(*key, sa.func.bool_or(used.c.followed).label("followed")).group_by(*key).subquery("each")
    theirs = each.c.institution, each.c.unit, each.c.officer
    unfollowed = sa.func.count().filter(sa.not_(each.c.followed))
    return sa.select(*theirs, sa.literal(last - term, sa.Date), sa.func.count(), unfollowed).group_by(*theirs)
