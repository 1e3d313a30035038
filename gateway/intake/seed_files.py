"""The tables of ``seed/`` as they are, and the departments as decisions name them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from gateway.intake.sample_codes import serial, uscc


@dataclass(frozen=True, slots=True)
class Organ:
    """A department as decisions name it; ``code`` stands in for its real one where that is not known."""

    provider: str
    name: str
    code: str


def table(directory: Path, name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of ``seed/<name>.csv``; empty cells are empty strings. OSError if it is not there."""
    with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(MappingProxyType(row) for row in csv.DictReader(file))


def organs_of(directory: Path) -> Mapping[str, Organ]:
    """Every department of ``seed/departments.csv``, by its code on the platform."""
    organs: dict[str, Organ] = {}
    for number, row in enumerate(table(directory, "departments")):
        code = row["uscc"] or uscc("11", row["region"], serial("BM", number))
        organs[row["code"]] = Organ(row["code"], row["name"], code)
    return MappingProxyType(organs)
