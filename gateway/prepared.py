"""Steps 3 and 4 once per shape: a decision and its plan, kept by exactly what they looked at, nothing personal."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from gateway import reply
from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import BY_NAME, BY_TYPE
from gateway.catalogue.lists import LISTS
from gateway.plan.make import NOTHING, make
from gateway.plan.model import Plan
from gateway.policy.arms import Ground
from gateway.policy.decide import decide
from gateway.values import (
    Decision,
    FieldDecision,
    Level,
    Root,
    RootName,
    RowClass,
    Selected,
    Shape,
    Sight,
    Visibility,
)

EFFECTS = 64  # remembered per prepared root; classes times relations, in all combinations seen

Key: TypeAlias = tuple[str, str, tuple[bool, ...], int, str, Ground, str, frozenset[int], tuple[str, ...], str]


class Effect(NamedTuple):
    """What rows showed: coordinates by level, sorted, for the log."""

    clear: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """One root field of one shape, ready for any request: plan, redactions as JSON, and what rows will show."""

    decision: Decision
    plan: Plan
    redactions: bytes
    lists: Mapping[int, tuple[tuple[str, ...], Kind]]  # slot → where the connection stands, and of what
    effects: dict[frozenset[Sight], Effect] = field(default_factory=dict)  # at most EFFECTS

    def effect(self, sights: frozenset[Sight]) -> Effect:
        """What rows of these sights showed together. A coordinate may stand in more than one list: rows differ."""
        found = self.effects.get(sights)
        if found is None:
            found = merged([self._effect(sight) for sight in sights])
            if len(self.effects) < EFFECTS:
                self.effects[sights] = found
        return found

    def _effect(self, sight: Sight) -> Effect:
        node, row_class, relations = sight
        by_level: dict[Level, set[str]] = {level: set() for level in Level}
        for decided in self.plan.nodes[node].decision.fields.values():
            by_level[shown(decided, row_class, relations)].add(decided.coordinate)
        masked = by_level[Level.MASKED] | by_level[Level.RELEASED]
        return Effect(tuple(by_level[Level.CLEAR]), tuple(masked), tuple(by_level[Level.WITHHELD]))


def merged(effects: Sequence[Effect]) -> Effect:
    """Several effects as one."""
    return Effect(*(tuple(sorted({name for effect in effects for name in effect[at]})) for at in range(3)))


def shown(decided: FieldDecision, row_class: RowClass, relations: int) -> Level:
    """The level of a field in a row of this class when these relations hold."""
    for grant in decided.cells.get(row_class, ()):
        if not int(grant.condition.value) & ~relations:
            return grant.level
    return Level.WITHHELD


class Preparations:
    """Prepared roots, the least used forgotten beyond ``capacity`` or beyond ``max_bytes`` of SQL text."""

    def __init__(self, capacity: int = 2048, max_bytes: int = 32 << 20) -> None:
        self._capacity = capacity
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, Prepared] = OrderedDict()

    def get(
        self,
        shape: Shape,
        at: int,
        visibility: Visibility,
        ground: Ground,
        target: Kind | None,
        paged: frozenset[int],
        filters: tuple[str, ...],
    ) -> Prepared:
        """The prepared root ``at`` of a shape; made if it is not there yet."""
        named = "" if target is None else target.name
        key = (
            shape.document,
            shape.operation,
            shape.taken,
            at,
            visibility.role.value,
            ground,
            named,
            paged,
            filters,
            visibility.version,
        )
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        made = prepare(shape.roots[at], visibility, ground, target, paged, filters)
        self._kept[key] = made
        self._bytes += len(made.plan.statement.sql)
        while len(self._kept) > self._capacity or self._bytes > self._max_bytes:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.plan.statement.sql)
        return made


def prepare(
    root: Root,
    visibility: Visibility,
    ground: Ground,
    target: Kind | None,
    paged: frozenset[int],
    filters: tuple[str, ...],
) -> Prepared:
    """Decide and plan one root field."""
    decision = decide(visibility, root, ground, filters)
    if root.name is RootName.NODE:
        target = node_kind(decision, root, target)
        if target is None:  # nothing is asked of any type: every id answers like an absent one
            return Prepared(decision, NOTHING, b"", {})
    plan = make(root, decision, target, paged, filters)
    return Prepared(decision, plan, reply.redactions(decision.redactions), dict(_lists(root)))


def node_kind(decision: Decision, root: Root, target: Kind | None) -> Kind | None:
    """The kind whose statement ``node`` runs. An id that says nothing runs one too, and finds nothing."""
    asked = [kind for path, kind in decision.kinds if path == root.path]
    if target is not None and target.name in asked:
        return target
    return BY_NAME[asked[0]] if asked else None


def _lists(root: Root) -> list[tuple[int, tuple[tuple[str, ...], Kind]]]:
    """Every connection below a root: its slot, its path, its kind."""
    found: list[tuple[int, tuple[tuple[str, ...], Kind]]] = []
    if root.slot is not None:
        found.append((root.slot, (root.path, LISTS[root.name].kind)))

    def walk(selected: tuple[Selected, ...], path: tuple[str, ...]) -> None:
        for child in selected:
            here = (*path, child.key)
            if child.slot is not None and child.on in BY_TYPE:
                link = next(link for link in BY_TYPE[child.on].links if link.name == child.name)
                found.append((child.slot, (here, BY_NAME[link.kind])))
            walk(child.children, here)

    walk(root.children, root.path)
    return found
