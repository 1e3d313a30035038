"""The policy as a reader of the files understands it: line by line, asked anew for every row and field.

Nothing is compiled, indexed or ordered here. A level is shown when, under some condition whose relations all hold, a
line allows the act and no line denies it.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from gateway.catalogue.fields import Field
from gateway.catalogue.kinds import BY_NAME, KINDS

CLEAR, RELEASED, MASKED, WITHHELD = "CLEAR", "RELEASED", "MASKED", "WITHHELD"
ACTS = (("show", CLEAR), ("release", RELEASED), ("mask", MASKED))  # strongest first

Held: TypeAlias = frozenset[str]

# What each word of the files asks for, all of it.
CONDITIONS: Mapping[str, Held] = MappingProxyType(
    {
        "always": frozenset(),
        "self": frozenset({"self"}),
        "self_step_up": frozenset({"self", "step_up"}),
        "consent": frozenset({"consent"}),
        "consent_licensed": frozenset({"consent", "licensed"}),
        "matter": frozenset({"matter"}),
        "matter_service": frozenset({"matter", "service"}),
        "source": frozenset({"source"}),
        "case": frozenset({"case"}),
        "case_source": frozenset({"case", "source"}),
    }
)

# How far each ground reaches: which rows may be shown on it, by their own disclosure level.
REACH: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "always": frozenset({"PUBLIC"}),
        "consent": frozenset({"PUBLIC", "AUTHORIZED"}),
        "matter": frozenset({"PUBLIC", "GOV_SHARED", "AUTHORIZED"}),
        "self": frozenset({"PUBLIC", "GOV_SHARED", "AUTHORIZED"}),
        "source": frozenset({"PUBLIC", "GOV_SHARED", "AUTHORIZED", "INTERNAL"}),
        "case": frozenset({"PUBLIC", "GOV_SHARED", "AUTHORIZED", "INTERNAL"}),
    }
)


def reach(condition: str) -> frozenset[str]:
    """The disclosure levels that a condition reaches: those of the ground it rests on."""
    return REACH[condition.partition("_")[0]]


@dataclass(frozen=True, slots=True)
class Line:
    """One ``p`` line."""

    role: str
    row_class: str
    object: str
    act: str
    condition: str
    effect: str

    def speaks_of(self, row_class: str, names: tuple[str, ...], act: str, condition: str) -> bool:
        """Whether the line says anything about this question; ``names`` = the coordinate and its group."""
        return (
            all(one in ("*", two) for one, two in zip(self.row_class.split("/"), row_class.split("/"), strict=True))
            and self.object in ("*", *names)
            and self.act in ("*", act)
            and self.condition in ("*", condition)
        )


@dataclass(frozen=True)
class Lines:
    """The lines of one role and of the groups it joined."""

    lines: tuple[Line, ...]

    @classmethod
    def of(cls, directory: Path, role: str) -> "Lines":
        """Read them from ``roles/*.csv``."""
        rows = [[cell.strip() for cell in row] for path in sorted(directory.glob("roles/*.csv")) for row in _rows(path)]
        names = {role} | {row[2] for row in rows if row[0] == "g" and row[1] == role}
        return cls(tuple(Line(*row[1:]) for row in rows if row[0] == "p" and row[1] in names))

    @cached_property
    def _groups(self) -> Mapping[str, str]:
        return dict(pair for kind in KINDS for pair in kind.coordinates())

    @cache  # noqa: B019  # a handful of these live as long as the test run
    def allows(self, row_class: str, coordinate: str, act: str, condition: str) -> bool:
        """Some line allows it and none denies it."""
        names = (coordinate, self._groups[coordinate])
        effects = [line.effect for line in self.lines if line.speaks_of(row_class, names, act, condition)]
        return "allow" in effects and "deny" not in effects

    def level(self, row_class: str, coordinate: str, field: Field | None, held: Held) -> str:
        """What is shown of a field; ``field`` is None for references, which have one form only."""
        forms = {CLEAR}
        if field is not None and field.mask is not None:
            forms.add(MASKED)
        if field is not None and field.free_text:
            forms.add(RELEASED)
        for act, level in ACTS:
            if level in forms and any(self.allows(row_class, coordinate, act, one) for one in _holding(held)):
                return level
        return WITHHELD

    @cache  # noqa: B019  # as few, and as long-lived
    def grounds(self, row_class: str, kind: str) -> tuple[str, ...]:
        """The conditions under which rows of a kind are shown."""
        return tuple(one for one in CONDITIONS if self.allows(row_class, kind, "show", one))

    @cache  # noqa: B019  # as few, and as long-lived
    def all_grounds(self, kind: str) -> frozenset[str]:
        """The conditions under which rows of a kind are shown, of whatever class."""
        known = BY_NAME[kind]
        classes = [f"{one.value}/{standing.value}" for one in known.classes for standing in known.standings]
        return frozenset(ground for one in classes for ground in self.grounds(one, kind))


def _holding(held: Held) -> Iterator[str]:
    for condition, needed in CONDITIONS.items():
        if needed <= held:
            yield condition


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if row and row[0].strip() in ("p", "g"):
                yield row
