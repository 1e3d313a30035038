"""How long and how far a record is disclosed, by what it says: one derivation for intake and for decisions.

Whoever changes what the record says asks here again: a penalty that turns out minor is not published as a general one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from gateway.catalogue.fields import Kind

RETAINED = 5  # years from the end of the conduct (Reg. 631 art. 16)
PUBLISHED: Mapping[str, int] = MappingProxyType({"GENERAL": 1, "SERIOUS": 3})  # years at most (NDRC Order 36)
SHORTEST = timedelta(days=90)  # of every other penalty
NEGATIVE = frozenset({"penalty", "irregularity", "judgment"})
MINOR_KINDS = frozenset({"警告", "通报批评"})  # APL art. 9 (1): not published by Order 36
# What the disclosure, the last day of publication and the last day of keeping follow from, beside the deciding day.
SHAPING = frozenset({"procedure", "severity", "penaltyKinds"})
TIMING = frozenset({"severity"})
KEEPING = frozenset({"conductEndedOn", "nature"})


@dataclass(frozen=True, slots=True)
class Windows:
    """What follows for a record. ``published_until``: the last day that the law allows; None: it names none."""

    minor: bool
    disclosure: str
    published_until: date | None
    retained_until: date | None


def windows(kind: Kind, item: Mapping[str, object], *, person: bool) -> Windows:
    """For an item of a kind; ``person``: its subject is a natural person. How far a rating reaches, its scheme says."""
    reserved = kind.name == "penalty" and minor(item)
    disclosure = "AUTHORIZED" if person else "GOV_SHARED" if reserved else "PUBLIC"
    decided = item.get(kind.order[0])
    published: date | None = None
    if kind.name == "penalty" and not person and isinstance(decided, date):
        years = PUBLISHED.get(str(item.get("severity")))
        published = _days_after(decided, SHORTEST) if years is None else years_after(decided, years)
    ended = item.get("conductEndedOn") or decided
    negative = kind.name in NEGATIVE or item.get("nature") == "SERIOUS_BREACH"
    retained = years_after(ended, RETAINED) if person and negative and isinstance(ended, date) else None
    return Windows(minor(item), disclosure, published, retained)


def minor(item: Mapping[str, object]) -> bool:
    """Whether a row is not published for what it is: as given, or by procedure and kind (Order 36; APL arts 9, 51)."""
    if "minor" in item:
        return item["minor"] is True
    kinds = item.get("penaltyKinds")
    if not isinstance(kinds, str):
        return False
    only_words = MINOR_KINDS.issuperset(one.strip() for one in re.split("[;；]", kinds) if one.strip())
    return item.get("procedure") == "SIMPLE" or item.get("severity") == "MINOR" or only_words


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 28; no later than there are days."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _days_after(day: date, span: timedelta) -> date:
    return day + span if day <= date.max - span else date.max
