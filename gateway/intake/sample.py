"""Invented subjects with their records, from a seed: a stream of plain rows, as long as wanted, in flat memory.

The same seed always gives the same rows; the first hundred of a thousand equal the first hundred of a million. A row is
a dict by catalogue field names (``legalRepresentative.name`` for parts; ``facts``, ``facts.released``,
``facts.released_at``, ``facts.released_by`` for free text) and by the base columns (``provider``, ``batch``, …).

Nobody in here exists: persons were born 1880–1899, names are heavenly stems and earthly branches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.intake.sample_dice import Dice
from gateway.intake.sample_kinds import BODIES_ONLY, MAKERS
from gateway.intake.sample_records import Party, license_of, party_of, penalty_of
from gateway.intake.sample_rows import Record, Subject
from gateway.intake.sample_subjects import business, enterprise, organization, person
from gateway.intake.sample_words import Words

_COURSE = ("license", "penalty", "penalty", "rating", "license", "penalty", "commitment", "license", "penalty", "other",
           "license", "penalty")  # fmt: skip
_OTHERS = ("listing", "irregularity", "honor", "judgment", "repair")
CYCLE = 20  # of twenty subjects 18 are enterprises (3 of them individual businesses), 1 a person, 1 an organization


@dataclass(frozen=True, slots=True)
class Sample:
    """One subject and all its records."""

    subject: Subject
    records: tuple[Record, ...]


def subjects(seed: int, count: int, words: Words, today: date) -> Iterator[Subject]:
    """``count`` invented subjects; ``today`` is the day dates are counted back from."""
    for number in range(count):
        yield _subject(seed, number, words, today)


def records(seed: int, number: int, subject: Subject, count: int, words: Words, today: date) -> Iterator[Record]:
    """``count`` records of the ``number``-th subject, of all kinds in turn."""
    dice = Dice(seed, "records", number)
    party = party_of(subject)
    for place in range(count):
        yield _record(dice, number, place, party, words, today)


def samples(seed: int, count: int, record_count: int, words: Words, today: date) -> Iterator[Sample]:
    """``count`` subjects that together have exactly ``record_count`` records, spread evenly."""
    for number, subject in enumerate(subjects(seed, count, words, today)):
        share = record_count * (number + 1) // count - record_count * number // count
        yield Sample(subject, tuple(records(seed, number, subject, share, words, today)))


def _subject(seed: int, number: int, words: Words, today: date) -> Subject:
    dice = Dice(seed, "subject", number)
    match number % CYCLE:
        case 15 | 16 | 17:
            return business(dice, number, words, today)
        case 18:
            return person(dice, number, words)
        case 19:
            return organization(dice, number, words, today)
        case _:
            return enterprise(dice, number, words, today)


def _record(dice: Dice, number: int, place: int, party: Party, words: Words, today: date) -> Record:
    """Of twelve records of subjects in a row four are licenses, five penalties, three of the other kinds."""
    at = (number + place) % len(_COURSE)
    named = f"{number}-{place}"
    if _COURSE[at] == "license":
        return license_of(dice, named, party, words, today)
    kind = _OTHERS[(number + place) // len(_COURSE) % len(_OTHERS)] if _COURSE[at] == "other" else _COURSE[at]
    if kind == "penalty" or (party.personal and kind in BODIES_ONLY):
        return penalty_of(dice, named, party, words, today)
    return MAKERS[kind](dice, named, party, words, today)
