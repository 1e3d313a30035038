"""Questions for the comparison: documents drawn from the schema of a role, with everything GraphQL lets one write.

Fields, parts, links and pages in any depth; aliases (also longer than PostgreSQL's names), repeated fields, named and
inline fragments, ``@skip`` and ``@include`` by literal and by variable, arguments as literals and as variables.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

T = TypeVar("T")
Cursors: TypeAlias = Callable[["Chance", str], str]  # a cursor for a list of rows of a type

LONG = "a" * 70  # PostgreSQL's names end at 63 bytes


@cache
def _numbers(bound: int) -> st.SearchStrategy[int]:
    return st.integers(0, bound - 1)


ALIASES = 20  # so many, and the next type below ``node`` is left out: the gateway takes fifty


@dataclass(frozen=True, slots=True)
class Chance:
    """Choices of hypothesis, in the few forms needed here."""

    draw: Callable[[st.SearchStrategy[int]], int]

    def below(self, bound: int) -> int:
        """From 0 to ``bound - 1``."""
        return self.draw(_numbers(bound))

    def likely(self, percent: int) -> bool:
        """True in about so many of a hundred."""
        return self.below(100) >= 100 - percent

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[self.below(len(choices))]


@dataclass(slots=True)
class Writer:
    """Writes one document; ``left`` is how many fields it may still hold."""

    chance: Chance
    schema: GraphQLSchema
    cursors: Cursors
    left: int = 40
    repeats: int = 10  # fields that may stand twice under one key
    names: int = 0
    fragments: list[str] = field(default_factory=list)
    variables: dict[str, tuple[str, object]] = field(default_factory=dict)  # name → type, value

    def document(self, roots: Sequence[str]) -> str:
        """The whole text around the selections of its roots."""
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        head = f"query Asked({declared})" if declared else self.chance.pick(("query Asked", "query", ""))
        return "\n".join([f"{head} {{ {' '.join(roots)} }}", *self.fragments])

    def selection(self, kind: GraphQLObjectType, depth: int, *, apart: bool = False) -> str:
        """The braces below a field of this type; ``apart``: no response key may be that of another type's field."""
        items: list[str] = []
        taken: set[str] = set()
        for _ in range(1 + self.chance.below(6)):
            name = self.chance.pick(self._usable(kind, depth))
            self.repeats -= name in taken
            items += [] if name in taken and self.repeats < 0 else self._field(kind, name, depth, apart)
            taken.add(name)
        return "{ " + " ".join(self._wrapped(kind.name, items)) + " }"

    def node(self, kind: GraphQLInterfaceType, depth: int) -> str:
        """The braces below ``node``: what all share, and what some types have."""
        items = [name for name in ("id", "__typename") if self.chance.likely(50)]
        found = self.schema.get_implementations(kind).objects
        for one in found:
            if self.names < ALIASES and self.chance.likely(min(50, 300 // len(found))):
                items.append(f"... on {one.name} {self.selection(one, depth, apart=True)}")
        return "{ " + " ".join(items or ["id"]) + " }"

    def variable(self, kind: str, value: object) -> str:
        """A new variable."""
        name = f"v{len(self.variables)}"
        self.variables[name] = (kind, value)
        return f"${name}"

    def given(self, kind: str, value: object, enums: frozenset[str] = frozenset()) -> str:
        """An argument, as literal or as variable."""
        return self.variable(kind, value) if self.chance.likely(50) else literal(value, enums)

    def alias(self) -> str:
        """A response key that nobody else has."""
        self.names += 1
        return f"k{self.names}" + (LONG if self.chance.likely(10) else "")

    def _usable(self, kind: GraphQLObjectType, depth: int) -> list[str]:
        leaves = [name for name, one in kind.fields.items() if is_leaf_type(get_named_type(one.type))]
        if depth <= 0 or self.left <= 0:
            return [*leaves, "__typename"]
        others = [name for name in kind.fields if name not in leaves]
        return [*leaves, "__typename", *others * (3 if len(leaves) > 6 else 1)]

    def _field(self, kind: GraphQLObjectType, name: str, depth: int, apart: bool) -> list[str]:
        """One field; a composite one sometimes in two pieces that must be merged."""
        self.left -= 1
        if name == "__typename":
            return [self._named("__typename", 20) + self._directive()]
        found = kind.fields[name]
        target = get_named_type(found.type)
        if is_leaf_type(target):
            forced = apart and (isinstance(target, GraphQLEnumType) or name != "id")
            return [self._named(name, 100 if forced else 25) + self._directive()]
        assert isinstance(target, GraphQLObjectType)
        arguments = self._paging(found, target)
        head = self._named(name, 100 if arguments else 30) + arguments
        pieces = 2 if self.repeats > 0 and self.chance.likely(12) else 1
        self.repeats -= pieces - 1
        return [head + self._directive() + " " + self.selection(target, depth - 1) for _ in range(pieces)]

    def _named(self, name: str, percent: int) -> str:
        return f"{self.alias()}: {name}" if self.chance.likely(percent) else name

    def _paging(self, found: GraphQLField, target: GraphQLObjectType) -> str:
        if "first" not in found.args:
            return ""
        written = [f"first: {self.given('Int', 1 + self.chance.below(4))}"] if self.chance.likely(60) else []
        if self.chance.likely(25):
            written.append(f"after: {self.given('String', self.cursors(self.chance, target.name))}")
        return f"({', '.join(written)})" if written else ""

    def _directive(self) -> str:
        if not self.chance.likely(7):
            return ""
        value = self.chance.likely(50)
        return f" @{self.chance.pick(('skip', 'include'))}(if: {self.given('Boolean!', value)})"

    def _wrapped(self, kind: str, items: list[str]) -> list[str]:
        """Some of the items inside a fragment."""
        if not self.chance.likely(15):
            return items
        cut = self.chance.below(len(items))
        kept, inner = items[:cut], " ".join(items[cut:])
        match self.chance.below(3):
            case 0:
                return [*kept, f"...{self._directive()} {{ {inner} }}"]
            case 1:
                return [*kept, f"... on {kind}{self._directive()} {{ {inner} }}"]
            case _:
                name = f"F{len(self.fragments)}"
                self.fragments.append(f"fragment {name} on {kind} {{ {inner} }}")
                spread = f"...{name}{self._directive()}"
                return [spread, *kept, spread] if self.chance.likely(20) else [spread, *kept]


def everything(schema: GraphQLSchema, kind: GraphQLObjectType, depth: int = 3) -> str:
    """Braces below a type with every field of it, in long pages; without cursors, which only say where a row stands."""
    parts: list[str] = []
    for name, found in kind.fields.items():
        target = get_named_type(found.type)
        if is_leaf_type(target):
            parts.append(name)
        elif name in ("edges", "pageInfo") or not isinstance(target, GraphQLObjectType):
            continue
        elif depth:
            parts.append(
                f"{name}{'(first: 50)' if 'first' in found.args else ''} {everything(schema, target, depth - 1)}"
            )
    return "{ " + " ".join(parts or ["__typename"]) + " }"


def literal(value: object, enums: frozenset[str]) -> str:
    """A value as GraphQL writes it; what stands under a key of ``enums`` is a word."""
    if isinstance(value, dict):
        inner = ", ".join(
            f"{key}: {one if key in enums and one is not None else literal(one, enums)}" for key, one in value.items()
        )
        return f"{{{inner}}}"
    return json.dumps(value, ensure_ascii=False)
