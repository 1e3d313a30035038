"""Visibility × selection × ground → Decision: what may be seen, known before any row is read. Pure; no I/O.

The record selections of one list (``nodes`` and ``edges.node``), and types under ``node`` that share a response path,
are one kind decision; the same response key must then mean the same coordinate, or the operation is refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.catalogue.fields import Owner, SubjectClass
from gateway.catalogue.lists import LISTS
from gateway.errors import Fault, InvalidOperation
from gateway.policy import positions, redact, words
from gateway.policy.arms import Ground, Lens
from gateway.policy.positions import Leaf, Path, Spot
from gateway.values import (
    Arm,
    Decision,
    FieldDecision,
    KindDecision,
    Redaction,
    Relation,
    Root,
    RootName,
    RowClass,
    Visibility,
)

_EVERYBODY = frozenset(SubjectClass)


@dataclass(slots=True)
class Draft:
    """A kind decision while the selection is walked; belongs to one call of ``decide``."""

    spot: Spot
    arms: dict[RowClass, tuple[Arm, ...]] = field(default_factory=dict)
    fields: dict[Path, FieldDecision] = field(default_factory=dict)


@dataclass(slots=True)
class Walk:
    """What one call of ``decide`` has found so far, in document order; ``trail`` becomes the redactions."""

    lens: Lens
    drafts: dict[tuple[Path, str], Draft] = field(default_factory=dict)
    trail: dict[tuple[Path, str], tuple[Draft, frozenset[RowClass]]] = field(default_factory=dict)

    def spot(self, spot: Spot, subjects: frozenset[SubjectClass]) -> None:
        """Decide one object or list whose rows belong to subjects of these classes, and everything below it."""
        reachable = _reachable(spot, subjects)
        own = {one: self.lens.arms(spot.kind.name, one) for one in reachable}
        draft = self.drafts.setdefault((spot.path, spot.kind.name), Draft(spot))
        draft.arms |= own
        self._note(spot.path, spot.kind.name, draft, reachable)
        admitted = frozenset(one for one in reachable if own[one])
        if not admitted:
            return
        below = frozenset(SubjectClass(one.partition("/")[0]) for one in admitted)
        for item in positions.items(spot):
            if isinstance(item, Leaf):
                self._leaf(draft, item, admitted)
            elif item.link is None or self._leaf(draft, item.link, admitted):
                self.spot(item, below)
            else:
                self.drafts.setdefault((item.path, item.kind.name), Draft(item))

    def _leaf(self, draft: Draft, leaf: Leaf, admitted: frozenset[RowClass]) -> bool:
        """Decide one field; whether any row may show anything of it."""
        cells = {one: self.lens.grants(leaf.coordinate, draft.arms[one]) for one in sorted(admitted)}
        before = draft.fields.get(leaf.below)
        if before is not None and before.coordinate != leaf.coordinate:
            rule = "one response key names two fields of one list; give one of them another alias"
            raise InvalidOperation(Fault(leaf.path, rule))
        merged = {**before.cells, **cells} if before is not None else cells
        draft.fields[leaf.below] = FieldDecision(leaf.coordinate, MappingProxyType(merged))
        self._note(leaf.path, leaf.coordinate, draft, admitted)
        return any(cells.values())

    def _note(self, path: Path, coordinate: str, draft: Draft, classes: Iterable[RowClass]) -> None:
        known = self.trail.get((path, coordinate), (draft, frozenset()))[1]
        self.trail[path, coordinate] = (draft, known | frozenset(classes))


def decide(visibility: Visibility, root: Root, ground: Ground, filters: tuple[str, ...] = ()) -> Decision:
    """What ``visibility`` lets be seen of ``root`` on this ground; ``filters`` are the names of its filtered fields.

    Raises InvalidOperation where one response key would stand for two fields of a merged list, InternalError for a
    selected field that the catalogue does not know (a fault of ours: the schema comes from the catalogue).
    """
    walk = walked(visibility, root, ground, filters)
    kinds = MappingProxyType({key: _kind(draft) for key, draft in walk.drafts.items()})
    redactions = (redaction for _, _, redaction in told(walk))
    return Decision(kinds, tuple(one for one in redactions if one is not None), visibility.version)


def walked(visibility: Visibility, root: Root, ground: Ground, filters: tuple[str, ...]) -> Walk:
    """A root decided place by place."""
    spots = tuple(
        spot
        for spot in positions.roots(root)
        if spot.kind.name not in visibility.never or root.name is not RootName.NODE
    )
    feed = root.name in LISTS and LISTS[root.name].feed
    walk = Walk(Lens(visibility, ground, _protected(root, spots), feed))
    for spot in spots:
        walk.spot(spot, _subjects(root, spot, filters))
    return walk


def _subjects(root: Root, spot: Spot, filters: tuple[str, ...]) -> frozenset[SubjectClass]:
    """Whose rows a root may answer with: there are kinds of subjects that nobody may list."""
    return frozenset(LISTS[root.name].classes(filters)) if root.name in LISTS else _EVERYBODY


def _protected(root: Root, spots: tuple[Spot, ...]) -> bool:
    """Whether the answer could tell that a person has a file."""
    asked = root.name in (RootName.PERSON, RootName.NODE)
    return asked and any(SubjectClass.PERSON in spot.kind.classes for spot in spots)


def _reachable(spot: Spot, subjects: frozenset[SubjectClass]) -> tuple[RowClass, ...]:
    """Row classes that can occur here: a record has the class of its subject; reference rows have none."""
    free = spot.kind.owner is Owner.NONE
    classes = (one for one in spot.kind.classes if free or one in subjects)
    return tuple(f"{one.value}/{standing.value}" for one in classes for standing in spot.kind.standings)


def _kind(draft: Draft) -> KindDecision:
    arms = tuple(arm for of_class in draft.arms.values() for arm in of_class)
    grants = (grant for one in draft.fields.values() for cell in one.cells.values() for grant in cell)
    looked_at = Relation.NONE
    for condition in (*(arm.condition for arm in arms), *(grant.condition for grant in grants)):
        looked_at |= words.relations(condition)
    return KindDecision(draft.spot.path, draft.spot.kind.name, arms, MappingProxyType(draft.fields), looked_at)


def told(walk: Walk) -> Iterator[tuple[Path, str, Redaction | None]]:
    """Every place in document order, with its redaction unless all of it is shown in clear."""
    for (path, coordinate), (draft, classes) in walk.trail.items():
        arms = {one: draft.arms[one] for one in draft.arms if one in classes}
        of_rows = coordinate == draft.spot.kind.name
        yield path, coordinate, (redact.rows if of_rows else redact.field)(walk.lens, path, coordinate, arms)
