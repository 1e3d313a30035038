"""Which rows of a kind may occur at all: the WHERE of each position.

Grants are unioned (any arm admits), restrictions are intersected: a row's own disclosure level narrows every arm and
never widens one.
"""

import sqlalchemy as sa

from gateway.catalogue.fields import Kind, Standing
from gateway.plan.cells import Row, in_class
from gateway.plan.fragment import Expression, literal
from gateway.plan.ground import Ground
from gateway.values import Arm, Condition, Relation, RowClass

# What may be shown on which ground: everybody sees PUBLIC; a duty reaches what is not internal; an authorization
# reaches what may be authorized; the subject sees all but what never leaves the platform, which only the handler of its
# case and the department it came from do.
_REACH: tuple[tuple[Relation, tuple[str, ...]], ...] = (
    (Relation.CASE, ("PUBLIC", "GOV_SHARED", "AUTHORIZED", "INTERNAL")),
    (Relation.SOURCE, ("PUBLIC", "GOV_SHARED", "AUTHORIZED", "INTERNAL")),
    (Relation.SELF, ("PUBLIC", "GOV_SHARED", "AUTHORIZED")),
    (Relation.MATTER, ("PUBLIC", "GOV_SHARED", "AUTHORIZED")),
    (Relation.CONSENT, ("PUBLIC", "AUTHORIZED")),
)


def classes_of(kind: Kind, subjects: frozenset[str]) -> tuple[RowClass, ...]:
    """Every class a row of ``kind`` can have if its subject is of one of ``subjects``."""
    return tuple(
        f"{one.value}/{state.value}" for one in kind.classes if one.value in subjects for state in kind.standings
    )


def admitted(arms: tuple[Arm, ...], row: Row, ground: Ground) -> Expression | None:
    """The predicate under which ``row`` (of any class it can have) may be shown; None = always."""
    by_conditions: dict[tuple[Condition, ...], set[RowClass]] = {}
    for one in row.classes:
        conditions = tuple(arm.condition for arm in arms if arm.row_class == one)
        if conditions:
            by_conditions.setdefault(conditions, set()).add(one)
    ways: list[Expression] = []
    for conditions, classes in by_conditions.items():
        where = in_class(row, frozenset(classes))
        held = _any_of(conditions, row, ground)
        parts = [part for part in (where, held) if part is not None]
        if not parts:
            return None
        ways.append(sa.and_(*parts))
    return sa.or_(*ways) if ways else sa.false()


def _any_of(conditions: tuple[Condition, ...], row: Row, ground: Ground) -> Expression | None:
    arms: list[Expression] = []
    for condition in conditions:
        parts = [
            part
            for part in (ground.condition(condition, row.kind, row.table), _reach(condition, row))
            if part is not None
        ]
        if not parts:
            return None
        arms.append(sa.and_(*parts))
    return sa.or_(*arms)


def _reach(condition: Condition, row: Row) -> Expression | None:
    if Standing.ENDED not in row.kind.standings:
        return None  # subjects and reference rows carry no disclosure level of their own
    relations = Relation(condition.value)
    levels = next((words for relation, words in _REACH if relation in relations), ("PUBLIC",))
    if len(levels) == 1:
        return row.table.c.disclosure == literal(levels[0])
    return row.table.c.disclosure.in_([literal(word) for word in levels])
