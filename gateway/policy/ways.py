"""What a role is shown of a cell, as the smallest sets of relations that give each level: exact, and readable.

``C m`` is how the policy table writes it: clear, with a matter in scope. A row that is not admitted shows nothing of
its fields, so the ways of a field are those of its row and its own together.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from gateway.policy import words
from gateway.policy.ladders import RUNGS, SETS, Ladders
from gateway.values import Cell, Level, Relation, RowClass, Visibility

_BITS = tuple(int(relation) for relation in Relation if relation)
LETTERS: Mapping[Level, str] = MappingProxyType(
    {Level.CLEAR: "C", Level.RELEASED: "rel", Level.MASKED: "M", Level.WITHHELD: "W"}
)
MARKS: Mapping[Relation, str] = MappingProxyType(
    {
        Relation.SELF: "self",
        Relation.STEP_UP: "step-up",
        Relation.MATTER: "m",
        Relation.SERVICE: "service",
        Relation.CONSENT: "a",
        Relation.LICENSED: "L",
        Relation.CASE: "k",
        Relation.SOURCE: "src",
        Relation.OWN: "o",
    }
)
# The same in words: what must hold.
WORDS: Mapping[Relation, tuple[str, str]] = MappingProxyType(
    {
        Relation.SELF: ("the caller is the subject or acts for it", "调用者为信息主体或其代理"),
        Relation.STEP_UP: ("identity proven anew in this session", "本次会话再次核验身份"),
        Relation.MATTER: ("a matter in scope", "事项在共享范围内"),
        Relation.SERVICE: ("the matter is the service of documents", "事项为文书送达"),
        Relation.CONSENT: ("a consent in force", "有效授权"),
        Relation.LICENSED: ("a licence for personal credit", "个人征信业务许可"),
        Relation.CASE: ("an open case of one's own", "本人承办的未结案件"),
        Relation.SOURCE: ("the record came from one's own department", "记录来自本部门"),
        Relation.OWN: ("one's own institution did it", "由本机构作出"),
    }
)


class Way(NamedTuple):
    """A level and the smallest set of relations that gives it."""

    level: Level
    held: Relation

    @property
    def marks(self) -> str:
        """As the policy table writes it: ``C a L``."""
        return " ".join([LETTERS[self.level], *(mark for relation, mark in MARKS.items() if relation & self.held)])


Ways: TypeAlias = tuple[Way, ...]


def corners(rungs: tuple[int, ...]) -> Ways:
    """The ways of a ladder, strongest level first: each is what no smaller set of relations gives."""
    found = [
        Way(RUNGS[rung], Relation(held))
        for held, rung in enumerate(rungs)
        if rung and all(rungs[held & ~bit] < rung for bit in _BITS if held & bit)
    ]
    return tuple(sorted(found, key=lambda way: (-RUNGS.index(way.level), int(way.held).bit_count(), int(way.held))))


def told(ways: Iterable[Way]) -> str:
    """``C m, M``; ``W`` if there is no way."""
    return ", ".join(way.marks for way in ways) or LETTERS[Level.WITHHELD]


def in_words(held: Relation, chinese: bool = False) -> str:
    """What must hold, in words; empty if nothing must."""
    texts = (words[chinese] for relation, words in WORDS.items() if relation & held)
    return ("，" if chinese else " and ").join(texts)


class Sights:
    """The ways of many cells, each pair of a row and a field worked out once. Belongs to one question or policy."""

    def __init__(self) -> None:
        self._ladders = Ladders()
        self._kept: dict[tuple[int, int], Ways] = {}

    def ladder(self, visibility: Visibility, coordinate: str, row_class: RowClass) -> tuple[int, ...]:
        """What is really shown under each set of relations; nothing of a cell that the policy does not know."""
        if row_class not in visibility.cells.get(coordinate, {}):
            return (0,) * len(SETS)
        return self._ladders.shown(visibility.cells, coordinate, row_class)

    def of(self, visibility: Visibility, coordinate: str, row_class: RowClass) -> Ways:
        """The ways in which the role sees this cell."""
        row: Cell = visibility.cells[words.kind_of(coordinate)][row_class]
        key = id(row), id(visibility.cells[coordinate][row_class])
        if key not in self._kept:
            self._kept[key] = corners(self.ladder(visibility, coordinate, row_class))
        return self._kept[key]
