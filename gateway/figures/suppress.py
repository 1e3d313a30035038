"""Which cells must not be told, so that none of them can be worked out from the others.

1. A count from 1 to k - 1 is not told; nor is one that differs from what was last told of it by 1 to k - 1, for the
   difference would tell of so few.
2. Where a sum would give away its only untold member, the smallest other member that holds anything is not told either;
   again, until no sum does.
3. All sums together may still give one away. Which is found out exactly, by elimination in exact fractions:
   an untold cell is safe if some other set of counts fits everything told, knowing that an untold cell is at least 1
   (none is told). Cells of exactly 1 may then only grow, which is the reason for the two sets below.
4. If nothing more can be left untold, nothing of the kind is told at all.

Every cell that is not told holds something: that a cell is empty is told.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import TypeAlias

from gateway.figures.cubes import Cell, Counts, Sum

_Row: TypeAlias = dict[Cell, Fraction]


def untold(counts: Counts, equations: tuple[Sum, ...], before: Counts, k: int) -> frozenset[Cell]:
    """The cells not to be told. ``before``: what was told last of each cell that was ever told."""
    hidden = {cell for cell, count in counts.items() if _small(count, before.get(cell), k)}
    while True:
        _complement(counts, equations, hidden)
        exposed = given_away(counts, equations, hidden)
        if not exposed:
            return frozenset(hidden)
        more = {one for cell in exposed if (one := _next(counts, _with(equations, cell), hidden)) is not None}
        if not more:
            return frozenset(counts)
        hidden |= more


def _small(count: int, told: int | None, k: int) -> bool:
    return 0 < count < k or (count > 0 and told is not None and 0 < abs(count - told) < k)


def _complement(counts: Counts, equations: tuple[Sum, ...], hidden: set[Cell]) -> None:
    """Step 2, in place. A sum with one untold member always has another that holds something."""
    again = True
    while again:
        again = False
        for one in equations:
            members = (one.total, *one.parts)
            if sum(cell in hidden for cell in members) == 1:
                other = _next(counts, (one,), hidden)
                if other is not None:
                    hidden.add(other)
                    again = True


def _next(counts: Counts, equations: Iterable[Sum], hidden: set[Cell]) -> Cell | None:
    """The smallest told cell of these sums that holds anything; of equal ones the first by name."""
    told = {cell for one in equations for cell in (one.total, *one.parts) if cell not in hidden and counts[cell] > 0}
    return min(told, key=lambda cell: (counts[cell], cell), default=None)


def _with(equations: tuple[Sum, ...], cell: Cell) -> tuple[Sum, ...]:
    return tuple(one for one in equations if cell == one.total or cell in one.parts)


def given_away(counts: Counts, equations: tuple[Sum, ...], hidden: set[Cell]) -> frozenset[Cell]:
    """The untold cells of which it is not shown that another count would fit all that is told.

    Free cells (2 or more) may go either way, cells of 1 only up: a cell of 1 is safe if the free ones can make up for
    its growing alone; a free one if the sums leave it open, or if it makes up for such a cell.
    """
    free = sorted(cell for cell in hidden if counts[cell] > 1)
    rows = [_row(one, hidden) for one in equations]
    solved, pivots = _eliminated([row for row in rows if row], free)
    stuck = {cell for row in solved for cell in row if counts[cell] == 1}
    determined = {pivot for pivot, row in pivots.items() if all(cell == pivot or cell in stuck for cell in row)}
    return frozenset(determined | stuck)


def _row(one: Sum, hidden: set[Cell]) -> _Row:
    row: _Row = {}
    for cell, sign in ((one.total, 1), *((part, -1) for part in one.parts)):
        if cell in hidden:
            row[cell] = row.get(cell, Fraction(0)) + sign
    return row


def _eliminated(rows: list[_Row], columns: list[Cell]) -> tuple[list[_Row], dict[Cell, _Row]]:
    """Gauss and Jordan, by the free columns only: the rows without any left, and the row of each pivot."""
    pivots: dict[Cell, _Row] = {}
    rest = rows
    for column in columns:
        at = min((n for n, row in enumerate(rest) if column in row), key=lambda n: len(rest[n]), default=None)
        if at is None:
            continue
        pivot = rest.pop(at)
        scale = pivot[column]
        pivot = {cell: value / scale for cell, value in pivot.items()}
        rest = [_less(row, pivot, column) for row in rest]
        pivots = {name: _less(row, pivot, column) for name, row in pivots.items()}
        pivots[column] = pivot
    return [row for row in rest if row], pivots


def _less(row: _Row, pivot: _Row, column: Cell) -> _Row:
    """``row`` without ``column``."""
    factor = row.get(column)
    if factor is None:
        return row
    made = dict(row)
    for cell, value in pivot.items():
        left = made.get(cell, Fraction(0)) - factor * value
        if left:
            made[cell] = left
        else:
            made.pop(cell, None)
    return made
