"""The words that invented rows are made of, read from ``seed/``: names that nobody bears, trades, conducts, organs."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from gateway.intake.sample_kind_words import KindWords, read_kind_words
from gateway.intake.seed_files import Organ, organs_of, table


@dataclass(frozen=True, slots=True)
class Trade:
    """What an enterprise does: part of its name, industry code, business scope."""

    name: str
    industry: str
    scope: str


@dataclass(frozen=True, slots=True)
class Region:
    """A county of Baicheng and the region code on the identity papers issued there before 1993."""

    code: str
    name: str
    identity: str


@dataclass(frozen=True, slots=True)
class Conduct:
    """A pattern of penalties. ``{third}`` in ``facts`` is a third person, ``{party}`` the counterparty."""

    organ: Organ
    conduct: str
    basis: str
    facts: str
    content: str


@dataclass(frozen=True, slots=True)
class License:
    """A pattern of licenses; ``{party}`` in ``content`` is the counterparty."""

    organ: Organ
    document: str
    certificate: str
    category: str
    content: str


@dataclass(frozen=True, slots=True)
class Words:
    """Everything read from ``seed/`` that inventing needs. ``regions`` holds each region as often as it is likely."""

    surnames: tuple[str, ...]
    givens: tuple[str, ...]
    ordinals: tuple[str, ...]
    brands: tuple[str, ...]
    trades: tuple[Trade, ...]
    streets: tuple[str, ...]
    institutions: tuple[str, ...]
    regions: tuple[Region, ...]
    organs: Mapping[str, Organ]
    conducts: tuple[Conduct, ...]
    licenses: tuple[License, ...]
    person_conducts: tuple[Conduct, ...]
    person_licenses: tuple[License, ...]
    kinds: KindWords

    def person_name(self, number: int) -> str:
        """The ``number``-th invented name: 甲子一, 乙子一, … with more ordinals once all are used."""
        number, surname = divmod(number, len(self.surnames))
        number, given = divmod(number, len(self.givens))
        more, ordinal = divmod(number, len(self.ordinals))
        tail = self.ordinals[ordinal] + (self.ordinals[more % len(self.ordinals)] if more else "")
        return self.surnames[surname] + self.givens[given] + tail


def read_words(directory: Path) -> Words:
    """Read the words from the seed directory."""
    lists: dict[str, list[str]] = {}
    for row in table(directory, "words"):
        lists.setdefault(row["list"], []).append(row["word"])
    organs = organs_of(directory)
    return Words(
        surnames=tuple(lists["surname"]),
        givens=tuple(lists["given"]),
        ordinals=tuple(lists["ordinal"]),
        brands=tuple(lists["brand"]),
        trades=tuple(Trade(*word.split(" ", 2)) for word in lists["trade"]),
        streets=tuple(lists["street"]),
        institutions=tuple(lists["institution"]),
        regions=tuple(_regions(directory)),
        organs=organs,
        conducts=_conducts(directory, "conducts", organs),
        licenses=_licenses(directory, "grants", organs),
        person_conducts=_conducts(directory, "person_conducts", organs),
        person_licenses=_licenses(directory, "person_grants", organs),
        kinds=read_kind_words(directory, organs, tuple(lists["cause"])),
    )


def _regions(directory: Path) -> list[Region]:
    rows = table(directory, "regions")
    weights = [int(row["weight"]) for row in rows]
    bounds = list(accumulate(weights))
    made = [Region(row["code"], row["name"], row["identity"]) for row in rows]
    return [made[next(i for i, bound in enumerate(bounds) if place < bound)] for place in range(bounds[-1])]


def _conducts(directory: Path, name: str, organs: Mapping[str, Organ]) -> tuple[Conduct, ...]:
    return tuple(
        Conduct(organs[row["provider"]], row["conduct"], row["basis"], row["facts"], row["content"])
        for row in table(directory, name)
    )


def _licenses(directory: Path, name: str, organs: Mapping[str, Organ]) -> tuple[License, ...]:
    return tuple(
        License(organs[row["provider"]], row["document"], row["certificate"], row["category"], row["content"])
        for row in table(directory, name)
    )
