"""The level of a cell under every set of relations, worked out once: what cases and invariants are checked on."""

from collections.abc import Mapping

from gateway.policy import words
from gateway.values import Cell, Level, Relation, RowClass

# Every set of relations, as numbers: bit by bit the members of Relation.
SETS = range(int(max(Relation)) * 2)
RUNGS = (Level.WITHHELD, Level.MASKED, Level.RELEASED, Level.CLEAR)  # a rung is the rank of a level
CLEAR = RUNGS.index(Level.CLEAR)
MASKED = RUNGS.index(Level.MASKED)


class Ladders:
    """Rungs by cell. Belongs to one check; cells of one policy are shared objects, so a few hundred ladders do."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Cell, tuple[int, ...]]] = {}
        self._shown: dict[tuple[int, int], tuple[int, ...]] = {}
        self._by_needs: dict[tuple[tuple[int, int], ...], tuple[int, ...]] = {}  # most cells need the same as others

    def of(self, cell: Cell) -> tuple[int, ...]:
        """The rung of the cell under each of SETS."""
        kept = self._kept.get(id(cell))
        if kept is None:
            needs = tuple((int(grant.condition.value), words.RANK[grant.level]) for grant in cell.grants)
            rungs = self._by_needs.get(needs)
            if rungs is None:
                found = (max((rank for need, rank in needs if held & need == need), default=0) for held in SETS)
                rungs = self._by_needs[needs] = tuple(found)
            kept = self._kept[id(cell)] = (cell, rungs)
        return kept[1]

    def shown(
        self, cells: Mapping[str, Mapping[RowClass, Cell]], coordinate: str, row_class: RowClass
    ) -> tuple[int, ...]:
        """What is really shown: nothing where the row itself is not admitted."""
        rows, rungs = self.of(cells[words.kind_of(coordinate)][row_class]), self.of(cells[coordinate][row_class])
        key = id(rows), id(rungs)  # of tuples that are kept
        shown = self._shown.get(key)
        if shown is None:
            shown = tuple(rung if row == CLEAR else 0 for row, rung in zip(rows, rungs, strict=True))
            self._shown[key] = shown
        return shown
