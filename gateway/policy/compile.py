"""Policy files → one immutable Visibility per role. Casbin decides; this asks it once per class of equal cells.

Cells (coordinate × row class) of a role that exactly the same lines speak of are one class: groups are expanded
first, then every cell collects its lines, then one cell of each class is put to Casbin under every act and condition.
Before the result is used, every class and a sample spread by the policy's own hash are put to Casbin's unchanged
``enforce`` and must agree.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from gateway.catalogue.access import ACCESS
from gateway.catalogue.fields import Standing
from gateway.catalogue.lists import LISTS, Filter, RootList
from gateway.errors import Fault
from gateway.policy import cases, files, invariants, ladders, words
from gateway.policy.enforcer import Enforcer, ModelRefused
from gateway.policy.files import PolicyRefused, Rule, Sources
from gateway.policy.ways import Sights
from gateway.values import (
    ActionName,
    Cell,
    Condition,
    Grant,
    Level,
    Permit,
    Relation,
    Role,
    RootName,
    RowClass,
    Visibility,
)

SAMPLE = 2000

_Classes: TypeAlias = dict[tuple[int, ...], list[tuple[str, RowClass]]]  # which lines speak of them → cells
_Given: TypeAlias = tuple[tuple[str, str], ...]  # the (act, condition) pairs that Casbin allows
Answers: TypeAlias = dict[tuple[Rule, ...], _Given]  # by the lines that speak of a cell


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything step 3 needs. A reload builds a new one and swaps the reference; nothing in it changes."""

    version: str
    visibilities: Mapping[Role, Visibility]
    sights: Sights = field(default_factory=Sights, repr=False, compare=False)  # worked out as they are asked for

    def visibility(self, role: Role) -> Visibility:
        """The compiled column of one role."""
        return self.visibilities[role]


def load(directory: Path) -> Policy:
    """Read, compile and check a policy directory.

    Raises PolicyRefused with every fault found (file and line each): malformed lines, unknown names, cells that no rule
    decides, roles without cases, cases that fail, invariants that do not hold, or a disagreement with Casbin.
    """
    return build(files.read(directory))


def build(sources: Sources) -> Policy:
    """Compile and check what was read; see ``load``."""
    policy = Policy(sources.version, columns(sources))
    faults = [
        *cases.check(sources.cases, policy.visibilities),
        *invariants.check(sources.invariants, policy.visibilities),
    ]
    if faults:
        raise PolicyRefused(*faults)
    return policy


def columns(sources: Sources) -> Mapping[Role, Visibility]:
    """Every role's column, compared with Casbin; cases and invariants are not looked at. Raises PolicyRefused."""
    loose = [fault for role in Role for fault in undecided(sources, role)]
    if loose:
        raise PolicyRefused(*loose)
    return MappingProxyType({role: compile_role(sources, role) for role in Role})


def compile_role(sources: Sources, role: Role) -> Visibility:
    """The column of one role, compiled and compared with Casbin. Raises PolicyRefused where they disagree."""
    enforcer = enforcer_of(sources, role)
    visibility = column(sources, role, enforcer)
    faults = [*_disagreements(visibility, enforcer, _probes(visibility, _classes(sources.rules_of(role))))]
    if faults:
        raise PolicyRefused(*faults)
    return visibility


def column(sources: Sources, role: Role, enforcer: Enforcer, asked: Answers | None = None) -> Visibility:
    """The column of one role, as ``enforcer`` decides one cell of each class; not yet compared.

    ``asked`` keeps what was answered for the same lines, for who compiles many policies that differ in a line.
    """
    rules = sources.rules_of(role)
    asked = {} if asked is None else asked
    cells: dict[str, dict[RowClass, Cell]] = {name: {} for name in words.GROUP_OF}
    for key, members in _classes(rules).items():
        lines = tuple(rules[index] for index in key)
        given = asked.get(lines)
        if given is None:
            given = asked[lines] = _ask(enforcer, role, *members[0], [rule.values for rule in lines])
        by_forms: dict[frozenset[Level], Cell] = {}
        for coordinate, row_class in members:
            forms = frozenset(level for level in words.LEVEL_OF.values() if words.has_form(coordinate, level))
            if forms not in by_forms:
                by_forms[forms] = _cell(lines, given, forms)
            cells[coordinate][row_class] = by_forms[forms]
    frozen = MappingProxyType({name: MappingProxyType(of_class) for name, of_class in cells.items()})
    return Visibility(role, sources.version, frozen, _never(frozen), _permits(rules, role, enforcer))


def enforcer_of(sources: Sources, role: Role) -> Enforcer:
    """Casbin over the lines that can match this role: its own and those of its groups. Raises PolicyRefused."""
    try:
        return Enforcer(sources.model, sources.rules_of(role), sources.members)
    except (ModelRefused, SyntaxError, KeyError, RuntimeError) as error:
        raise PolicyRefused(Fault(("model.conf", 1), f"Casbin cannot use the model: {error}")) from None


def agrees(cell: Cell, coordinate: str, level: Level, condition: Condition, allowed: bool) -> bool:
    """Whether a compiled cell says the same as Casbin about one act under one condition."""
    granted = any(grant.level is level and grant.condition is condition for grant in cell.grants)
    return granted == (allowed and words.has_form(coordinate, level))


def _classes(rules: tuple[Rule, ...]) -> _Classes:
    touched: dict[tuple[str, RowClass], list[int]] = {cell: [] for cell in words.CELLS}
    for index, rule in enumerate(rules):
        for coordinate in words.MEMBERS.get(rule.object, ()):  # an action is no cell
            for row_class in words.CLASSES_OF[coordinate]:
                if words.class_match(row_class, rule.row_class):
                    touched[coordinate, row_class].append(index)
    classes: _Classes = {}
    for cell, indexes in touched.items():
        classes.setdefault(tuple(indexes), []).append(cell)
    return classes


def undecided(sources: Sources, role: Role) -> Iterator[Fault]:
    """One fault for each policy group and row class that no line of the role speaks of."""
    file = f"roles/{role.value}.csv"
    end = max((rule.line for rule in sources.rules if rule.file == file), default=1)
    loose: dict[tuple[str, RowClass], list[str]] = {}
    for coordinate, row_class in _classes(sources.rules_of(role)).get((), ()):
        loose.setdefault((words.GROUP_OF[coordinate], row_class), []).append(coordinate)
    for (group, row_class), names in loose.items():
        yield Fault((file, end), f"fields no rule decides: {group} in {row_class} ({', '.join(names)})")


def _ask(
    enforcer: Enforcer, role: Role, coordinate: str, row_class: RowClass, lines: Sequence[Sequence[str]]
) -> _Given:
    return tuple(
        (act, condition)
        for act in words.LEVEL_OF
        for condition in words.CONDITIONS
        if enforcer.decides(role.value, row_class, coordinate, act, condition, lines=lines)
    )


def _permits(rules: tuple[Rule, ...], role: Role, enforcer: Enforcer) -> Mapping[ActionName, tuple[Permit, ...]]:
    """What the role may do: nothing that no line grants."""
    found: dict[ActionName, tuple[Permit, ...]] = {}
    for action in ActionName:
        own = [rule for rule in rules if rule.object == action.value]
        given = tuple(
            Permit(condition, _granting(own, words.PERFORM, word))
            for word, condition in words.PERFORMED_UNDER.items()
            if enforcer.decides(role.value, words.EVERY_CLASS, action.value, words.PERFORM, word)
        )
        if given:
            found[action] = given
    return MappingProxyType(found)


def _cell(rules: Sequence[Rule], given: _Given, forms: frozenset[Level]) -> Cell:
    grants = [
        Grant(words.LEVEL_OF[act], words.CONDITIONS[condition], _granting(rules, act, condition))
        for act, condition in given
        if words.LEVEL_OF[act] in forms
    ]
    grants.sort(key=lambda grant: (-words.RANK[grant.level], words.relations(grant.condition).bit_count()))
    denying = next((rule.source for rule in rules if rule.effect == "deny"), None)
    return Cell(tuple(grants), denying or (grants[0].rule if grants else rules[0].source if rules else ""))


def _granting(rules: Sequence[Rule], act: str, condition: str) -> str:
    return next(r.source for r in rules if r.effect == "allow" and r.act == act and r.condition == condition)


def _never(cells: Mapping[str, Mapping[RowClass, Cell]]) -> frozenset[str]:
    """Coordinates that no row can show: no grant in any class whose rows can be admitted; feeds without public rows.

    And the lists of closed months, for a role that does not see the log as the subject of an entry.
    """
    hidden = frozenset(
        coordinate
        for coordinate, of_class in cells.items()
        if not any(cell.grants and cells[words.kind_of(coordinate)][one].grants for one, cell in of_class.items())
    )
    feeds = frozenset(one.name for one in LISTS.values() if one.feed and not _has_public_row(one, cells))
    grants = (grant for cell in cells[ACCESS.name].values() for grant in cell.grants)
    own = any(words.relations(grant.condition) is Relation.SELF for grant in grants)
    return hidden | feeds | frozenset(_closed_filters(cells)) | (frozenset() if own else {RootName.CHAINS.value})


def _closed_filters(cells: Mapping[str, Mapping[RowClass, Cell]]) -> Iterator[str]:
    """Filters, as ``enterprises.region``, whose field some row of the list may show in any other way than in clear.

    By whether a row is found one would learn a value that is not shown.
    """
    kept = ladders.Ladders()
    for one in LISTS.values():
        # All at once: beside an exact name every filter narrows rows that are in no list of anybody's.
        subjects = one.classes(tuple(one.filters))
        rows = [f"{subject.value}/{standing.value}" for subject in subjects for standing in one.kind.standings]
        for item in one.filters.values():
            if not all(_clear_where_admitted(cells, kept, one, item, row_class) for row_class in rows):
                yield f"{one.name}.{item.name}"


def _clear_where_admitted(
    cells: Mapping[str, Mapping[RowClass, Cell]], kept: ladders.Ladders, one: RootList, item: Filter, row: RowClass
) -> bool:
    """Whether all it tells of is clear under every set of relations under which the list holds a row of this class."""
    admitted = kept.of(cells[one.kind.name][row])
    asked = (0,) if one.feed else ladders.SETS  # a feed holds what is shown without any tie
    held = [at for at in asked if admitted[at] == ladders.CLEAR]
    if not held:
        return True
    # The field of another kind (the region of a record is that of its subject): ordinary rows of the same subjects.
    of_subject = f"{row.partition('/')[0]}/{Standing.ORDINARY.value}"
    told = [(name, row if words.kind_of(name) == one.kind.name else of_subject) for name in item.coordinates]
    there = [cell for cell in told if cell[1] in cells[cell[0]]]  # no organization is an individual business
    return bool(there) and all(kept.shown(cells, *cell)[at] == ladders.CLEAR for cell in there for at in held)


def _has_public_row(feed: RootList, cells: Mapping[str, Mapping[RowClass, Cell]]) -> bool:
    own = (f"{one.value}/{standing.value}" for one in feed.kind.feed for standing in feed.kind.standings)
    return any(grant.condition is Condition.ALWAYS for one in own for grant in cells[feed.kind.name][one].grants)


def _probes(visibility: Visibility, classes: _Classes) -> Iterator[tuple[str, RowClass, str, str]]:
    """The last cell of each class under what it grants and one more; and cells spread over all by the policy's hash."""
    asked = tuple((act, condition) for act in words.LEVEL_OF for condition in words.CONDITIONS)
    for number, members in enumerate(classes.values()):
        coordinate, row_class = members[-1]
        for grant in visibility.cells[coordinate][row_class].grants:
            yield coordinate, row_class, words.ACT_OF[grant.level], grant.condition.name.lower()
        yield (coordinate, row_class, *asked[number % len(asked)])
    acts, conditions = tuple(words.LEVEL_OF), tuple(words.CONDITIONS)
    for number in range(SAMPLE // len(Role)):
        draw = int.from_bytes(hashlib.sha256(f"{visibility.version}:{number}".encode()).digest())
        draw, cell = divmod(draw, len(words.CELLS))
        draw, act_index = divmod(draw, len(acts))
        yield (*words.CELLS[cell], acts[act_index], conditions[draw % len(conditions)])


def _disagreements(
    visibility: Visibility, enforcer: Enforcer, probes: Iterator[tuple[str, RowClass, str, str]]
) -> Iterator[Fault]:
    for coordinate, row_class, act, condition in probes:
        cell = visibility.cells[coordinate][row_class]
        allowed = enforcer.allows(visibility.role.value, row_class, coordinate, act, condition)
        if not agrees(cell, coordinate, words.LEVEL_OF[act], words.CONDITIONS[condition], allowed):
            rule = f"compiled and Casbin disagree: {coordinate} in {row_class}, {act} under {condition}"
            yield Fault((f"roles/{visibility.role.value}.csv", 1), rule)
    for action, word in product(ActionName, words.CONDITIONS):
        permits = visibility.permits.get(action, ())
        allowed = enforcer.allows(visibility.role.value, words.EVERY_CLASS, action.value, words.PERFORM, word)
        if allowed != any(permit.condition is words.CONDITIONS[word] for permit in permits):
            rule = f"compiled and Casbin disagree: {action.value} under {word}"
            yield Fault((f"roles/{visibility.role.value}.csv", 1), rule)
