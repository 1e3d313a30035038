"""What the frozen figures leave untold cannot be worked out: put against a linear solver that we did not write."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import pytest
from scipy.optimize import linprog

from gateway.catalogue.fields import SubjectClass
from gateway.figures.cubes import CUBES, K_LEGAL, Cell, Cube, Sum, cells_of, sums
from gateway.figures.suppress import given_away, untold

LEGAL = tuple(cube for cube in CUBES if cube.subjects is SubjectClass.LEGAL)
Record = Mapping[str, str]
CLEARLY = 1e-6


def counted(records: Iterable[Record], cubes: Iterable[Cube] = LEGAL) -> dict[Cell, int]:
    found: Counter[Cell] = Counter()
    for record in records:
        found.update({cell for cube in cubes for cell in cells_of(cube, record)})
    return dict(found)


def drawn(dice: random.Random, many: int) -> list[Record]:
    """Records of a small town: some regions, industries and departments are rare."""
    regions = [f"2208{number:02}" for number in range(dice.randint(1, 6))]
    industries = "ABCF"[: dice.randint(1, 4)]
    departments = [f"D{number}" for number in range(dice.randint(1, 5))]
    years = [str(year) for year in range(2024, 2024 + dice.randint(1, 3))]
    return [
        {
            "region": dice.choice(regions) if dice.random() < 0.5 else regions[0],
            "industry": dice.choice(industries) if dice.random() < 0.5 else industries[0],
            "department": dice.choice(departments) if dice.random() < 0.5 else departments[0],
            "year": dice.choice(years),
        }
        for _ in range(many)
    ]


def bounds(
    counts: Mapping[Cell, int], equations: Iterable[Sum], hidden: frozenset[Cell]
) -> dict[Cell, tuple[float, float]]:
    """The least and the greatest count that each untold cell may have, for who knows everything told and the rules.

    Told: every other cell, that an untold one holds something, and every sum.
    """
    names = sorted(hidden)
    place = {cell: at for at, cell in enumerate(names)}
    rows, right = [], []
    for one in equations:
        row, known = np.zeros(len(names)), 0
        for cell, sign in ((one.total, 1), *((part, -1) for part in one.parts)):
            if cell in place:
                row[place[cell]] += sign
            else:
                known += sign * counts[cell]
        if row.any():
            rows.append(row)
            right.append(-known)
    found = {}
    for cell, at in place.items():
        aim = np.zeros(len(names))
        aim[at] = 1
        ends = []
        for sign in (1, -1):
            solved = linprog(sign * aim, A_eq=np.array(rows) if rows else None, b_eq=right or None, bounds=(1, None))
            ends.append(np.inf if solved.status == 3 else float(solved.x[at]))
        found[cell] = ends[0], ends[1]
    return found


@pytest.mark.parametrize("seed", range(60))
def test_no_untold_cell_can_be_worked_out(seed: int) -> None:
    """Five months, each with all that was told before: no cell, and no small change of one since it was last told."""
    dice = random.Random(seed)
    records = drawn(dice, dice.choice((1, 4, 9, 25, 80, 250)))
    last: dict[Cell, int] = {}
    for _ in range(5):
        counts = counted(records)
        equations = sums(LEGAL, counts)
        hidden = untold(counts, equations, last, K_LEGAL)
        told = {cell: count for cell, count in counts.items() if cell not in hidden}
        assert all(count >= K_LEGAL for count in told.values())
        if told:  # otherwise nothing at all is told of the kind
            for cell, (least, most) in bounds(counts, equations, hidden).items():
                assert least - CLEARLY <= counts[cell] <= most + CLEARLY and most - least > CLEARLY, (cell, least, most)
        for cell, count in told.items():
            assert count == last.get(cell, count) or abs(count - last[cell]) >= K_LEGAL
        last |= told
        records = [*records[dice.randint(0, 3) :], *drawn(dice, dice.choice((0, 1, 3, 12)))]


def test_most_is_told_where_there_is_much() -> None:
    counts = counted(drawn(random.Random(7), 20_000))
    hidden = untold(counts, sums(LEGAL, counts), {}, K_LEGAL)
    assert len(hidden) < len(counts) / 20


def test_a_lone_small_cell_takes_another_with_it() -> None:
    def cell(**named: str) -> Cell:
        return tuple(named.items())

    counts = {(): 50, cell(year="2024"): 47, cell(year="2025"): 3}
    equations = (Sum((), (cell(year="2024"), cell(year="2025"))),)
    assert given_away(counts, equations, {cell(year="2025")}) == {cell(year="2025")}
    assert untold(counts, equations, {}, 5) == {cell(year="2025"), cell(year="2024")}


def test_two_cells_of_one_beside_each_other_are_no_cover() -> None:
    """Who knows that an untold cell holds something knows that 2 is 1 and 1."""
    counts = {(): 22, (("year", "2023"),): 20, (("year", "2024"),): 1, (("year", "2025"),): 1}
    equations = (Sum((), tuple(cell for cell in counts if cell)),)
    assert untold(counts, equations, {}, 5) == set(counts) - {()}


def test_a_small_change_is_not_told() -> None:
    counts = {(): 31, (("year", "2024"),): 31}
    equations = (Sum((), ((("year", "2024"),),)),)
    assert untold(counts, equations, {(): 30, (("year", "2024"),): 30}, 5) == set(counts)
    assert untold(counts, equations, {(): 26, (("year", "2024"),): 26}, 5) == set()
    assert untold(counts, equations, {}, 5) == set()


@pytest.mark.parametrize("seed", range(5))
def test_the_audit_finds_what_the_solver_finds(seed: int) -> None:
    """Cells hidden at random: whatever the solver can work out, the audit names."""
    dice = random.Random(100 + seed)
    counts = counted(drawn(dice, 60))
    equations = sums(LEGAL, counts)
    hidden = frozenset(cell for cell in counts if dice.random() < 0.25)
    pinned = {cell for cell, (least, most) in bounds(counts, equations, hidden).items() if most - least <= CLEARLY}
    assert pinned <= given_away(counts, equations, set(hidden))


def test_a_month_in_which_nothing_is_told_covers_no_small_change() -> None:
    """12, then not told, then 14: whoever reads both knows of two."""
    whole: dict[Cell, int] = {(): 30, (("year", "2024"),): 14, (("year", "2025"),): 16}
    equations = (Sum((), tuple(cell for cell in whole if cell)),)
    assert (("year", "2024"),) in untold(whole, equations, {(("year", "2024"),): 12}, 5)
