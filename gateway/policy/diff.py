"""What a change of the policy would show and hide: every cell that widens or narrows, grouped so that it can be read.

Two policies are compared under every set of relations; a cell widens if some set shows more than before. Cells that
change alike are one line. A change that widens personal data is marked: a bundle with one needs two signatures.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.catalogue.fields import Owner, SubjectClass
from gateway.catalogue.kinds import BY_NAME
from gateway.policy import compile, files, words
from gateway.policy.compile import Policy
from gateway.policy.ways import Sights, Ways, corners, told
from gateway.values import ActionName, Permit, Role, RowClass, Visibility


@dataclass(frozen=True, slots=True)
class Change:
    """Cells of one role and one group that change alike."""

    role: Role
    group: str
    before: Ways
    after: Ways
    cells: tuple[tuple[str, RowClass], ...]
    widens: bool
    narrows: bool

    @property
    def personal(self) -> bool:
        """Whether it widens what is known of a person."""
        return self.widens and any(is_personal(*cell) for cell in self.cells)

    def __str__(self) -> str:
        word = "widens and narrows" if self.widens and self.narrows else "widens" if self.widens else "narrows"
        mark = " PERSONAL" if self.personal else ""
        classes: dict[tuple[RowClass, ...], list[str]] = {}
        for coordinate in dict.fromkeys(name for name, _ in self.cells):
            of_class = tuple(one for name, one in self.cells if name == coordinate)
            classes.setdefault(of_class, []).append(coordinate)
        what = "; ".join(f"{', '.join(names)} in {', '.join(of)}" for of, names in classes.items())
        return f"{self.role.value}: {word}{mark}: {told(self.before)} -> {told(self.after)}: {what}"


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that two policies decide differently."""

    changes: tuple[Change, ...]
    actions: tuple[str, ...]  # what a role may do, before and after, in words

    @property
    def personal(self) -> tuple[Change, ...]:
        """The changes that widen personal data."""
        return tuple(change for change in self.changes if change.personal)

    def lines(self) -> Iterator[str]:
        """One change a line: what widens first."""
        yield from map(str, sorted(self.changes, key=lambda one: (not one.personal, not one.widens)))
        yield from self.actions


def is_personal(coordinate: str, row_class: RowClass) -> bool:
    """Whether a cell tells of a natural person: any of a person's rows, any sealed or sensitive field of others."""
    field = words.FIELDS.get(coordinate)
    about = BY_NAME[words.kind_of(coordinate)].owner is not Owner.NONE
    of_person = about and row_class.partition("/")[0] == SubjectClass.PERSON.value
    return of_person or words.is_sealed(coordinate) or (field is not None and field.sensitive)


# What was seen before there was any policy.
NOTHING = Policy(
    "",
    MappingProxyType(
        {role: Visibility(role, "", MappingProxyType({}), frozenset(), MappingProxyType({})) for role in Role}
    ),
)


def diff(old: Policy, new: Policy) -> Diff:
    """What ``new`` decides otherwise than ``old``; a cell that ``old`` does not know showed nothing."""
    sights = Sights()
    grouped: dict[tuple[Role, str, tuple[int, ...], tuple[int, ...]], list[tuple[str, RowClass]]] = {}
    for role in Role:
        before, after = old.visibility(role), new.visibility(role)
        for coordinate, row_class in words.CELLS:
            was, is_ = (sights.ladder(one, coordinate, row_class) for one in (before, after))
            if was != is_:
                group = words.GROUP_OF[coordinate]
                grouped.setdefault((role, group, was, is_), []).append((coordinate, row_class))
    changes = tuple(
        Change(
            role,
            group,
            corners(was),
            corners(is_),
            tuple(cells),
            any(more > less for more, less in zip(is_, was, strict=True)),
            any(more < less for more, less in zip(is_, was, strict=True)),
        )
        for (role, group, was, is_), cells in grouped.items()
    )
    return Diff(changes, tuple(_actions(old, new)))


def _actions(old: Policy, new: Policy) -> Iterator[str]:
    for role in Role:
        for action in ActionName:
            was, is_ = (one.visibility(role).permits.get(action, ()) for one in (old, new))
            if _conditions(was) != _conditions(is_):
                yield f"{role.value}: {action.value}: {_allowed(was)} -> {_allowed(is_)}"


def _conditions(permits: Iterable[Permit]) -> frozenset[str]:
    return frozenset(permit.condition.name.lower() for permit in permits)


def _allowed(permits: Iterable[Permit]) -> str:
    return ", ".join(sorted(_conditions(permits))) or "not allowed"


def remembered(texts: Mapping[str, str]) -> Policy:
    """An earlier policy (path → text) as far as today's catalogue knows its words: to compare with, never to decide by.

    Whatever is not well formed today is left out; a cell that it did not decide showed nothing. Raises PolicyRefused if
    Casbin cannot use its model.
    """
    sources, _ = files.well_formed(texts)
    columns = {role: compile.column(sources, role, compile.enforcer_of(sources, role)) for role in Role}
    return Policy(sources.version, MappingProxyType(columns))
