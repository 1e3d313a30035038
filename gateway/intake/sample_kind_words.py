"""The patterns of invented listings, ratings, honors and commitments, read from ``seed/``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.intake.seed_files import Organ, table
from gateway.vault.rows import Item


@dataclass(frozen=True, slots=True)
class Listing:
    """A pattern of listings; ``{third}`` in ``reason`` is a third person, ``{party}`` the subject."""

    organ: Organ
    nature: str
    list_name: str
    reason: str
    basis: str
    measures: str
    years: int


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme of rating: its row, whose it is, and how far its ratings reach."""

    organ: Organ
    code: str
    grades: tuple[str, ...]
    published: bool
    disclosure: str


@dataclass(frozen=True, slots=True)
class Honor:
    """A pattern of honors."""

    organ: Organ
    title: str
    level: str
    merits: str


@dataclass(frozen=True, slots=True)
class Commitment:
    """A pattern of commitments."""

    organ: Organ
    form: str
    matter: str
    consequence: str


@dataclass(frozen=True, slots=True)
class KindWords:
    """Everything that inventing records beside licenses and penalties needs."""

    listings: tuple[Listing, ...]
    person_listings: tuple[Listing, ...]
    schemes: tuple[Scheme, ...]
    honors: tuple[Honor, ...]
    commitments: tuple[Commitment, ...]
    causes: tuple[str, ...]
    court: Organ


def read_kind_words(directory: Path, organs: Mapping[str, Organ], causes: tuple[str, ...]) -> KindWords:
    """Read the patterns from the seed directory; ``causes`` are the causes of action."""
    return KindWords(
        listings=_listings(directory, "listings", organs),
        person_listings=_listings(directory, "person_listings", organs),
        schemes=tuple(
            Scheme(
                organs[row["provider"]],
                row["code"],
                tuple(row["grades"].split()),
                row["published"] == "true",
                row["disclosure"],
            )
            for row in table(directory, "schemes")
        ),
        honors=tuple(
            Honor(organs[row["provider"]], row["title"], row["level"], row["merits"])
            for row in table(directory, "honors")
        ),
        commitments=tuple(
            Commitment(organs[row["provider"]], row["form"], row["matter"], row["consequence"])
            for row in table(directory, "commitments")
        ),
        causes=causes,
        court=organs["COURT"],
    )


def schemes(directory: Path) -> tuple[Item, ...]:
    """The rows of the table ``scheme``, by column; ``minor``: its ratings are not public."""
    texts = ("code", "name", "version", "grades", "disclosure", "source")
    return tuple(
        {
            **{name: row[name] for name in texts},
            "minor": row["published"] != "true",
            "verified": row["verified"] == "true",
            "valid_from": date.fromisoformat(row["validFrom"]),
            "valid_until": date.fromisoformat(row["validUntil"]) if row["validUntil"] else None,
        }
        for row in table(directory, "schemes")
    )


def _listings(directory: Path, name: str, organs: Mapping[str, Organ]) -> tuple[Listing, ...]:
    return tuple(
        Listing(
            organs[row["provider"]],
            row["nature"],
            row["listName"],
            row["reason"],
            row["legalBasis"],
            row["measures"],
            int(row["years"]),
        )
        for row in table(directory, name)
    )
