"""Which figures there are: a fixed set of cubes over closed dimensions, with all their totals. Nobody chooses others.

A cell is named by the values it is about: ``{"region": "220802", "year": "2025"}``; a dimension that is not named is
summed over. Cubes of one kind share their totals (the year's total is one figure, whichever cube it stands in), so all
cubes of a kind are one system of linear equations, and are protected as one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from gateway.catalogue.fields import SubjectClass

Cell: TypeAlias = tuple[tuple[str, str], ...]  # (dimension, value), in the order of DIMENSIONS
Counts: TypeAlias = Mapping[Cell, int]

DIMENSIONS = ("region", "industry", "department", "year")


@dataclass(frozen=True, slots=True)
class Cube:
    """One cube: of the records of whom, over which dimensions; no number below ``k`` is told, but none."""

    name: str
    subjects: SubjectClass
    dimensions: tuple[str, ...]
    k: int


K_LEGAL = 5
K_PERSON = 10
# Records of individual businesses are in none: of one trade name often one operator is known.
CUBES: tuple[Cube, ...] = (
    Cube("region", SubjectClass.LEGAL, ("region", "year"), K_LEGAL),
    Cube("industry", SubjectClass.LEGAL, ("industry", "year"), K_LEGAL),
    Cube("department", SubjectClass.LEGAL, ("department", "year"), K_LEGAL),
    Cube("person", SubjectClass.PERSON, ("year",), K_PERSON),
)


@dataclass(frozen=True, slots=True)
class Sum:
    """One equation: ``total`` is the sum of ``parts``."""

    total: Cell
    parts: tuple[Cell, ...]


def cells_of(cube: Cube, record: Mapping[str, str]) -> Iterable[Cell]:
    """Every cell of a cube in which a record is counted."""
    for size in range(len(cube.dimensions) + 1):
        for chosen in combinations(cube.dimensions, size):
            yield tuple((name, record[name]) for name in DIMENSIONS if name in chosen)


def sums(cubes: Iterable[Cube], counts: Counts) -> tuple[Sum, ...]:
    """Every equation between the cells of these cubes, cells that hold nothing included where others of theirs do."""
    found: dict[Sum, None] = {}
    for cube in cubes:
        for cell in counts:
            named = dict(cell)
            if not set(named) <= set(cube.dimensions):
                continue
            for name in cube.dimensions:
                if name not in named:
                    parts = tuple(
                        part
                        for part in counts
                        if len(part) == len(cell) + 1
                        and name in dict(part)
                        and all(dict(part).get(key) == value for key, value in cell)
                    )
                    found[Sum(cell, parts)] = None
    return tuple(one for one in found if one.parts)
