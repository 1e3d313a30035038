"""Object types of the record kinds, as far as a role may know them."""

from collections.abc import Iterator
from typing import Any

import strawberry

from gateway.catalogue.fields import Field, Kind, Link, Owner, Part
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.catalogue.reference import IDENTIFIER
from gateway.schema.make import Argument, Member, declare, interface, object_type
from gateway.schema.scalars import many, nullable, type_of
from gateway.schema.vocabulary import Vocabulary

MATCHED = "matched"  # not a catalogue field: which identifier a look-up hit
_MATCHED_FIELDS = ("kind", "historical", "conflicting")

PAGING = (
    Argument("first", nullable(int), "How many at most, 1 to 100 (条数).", 20),
    Argument("after", nullable(str), "The cursor after which to go on (游标).", strawberry.UNSET),
)


def describe(item: Field) -> str:
    """English, Chinese term, standard code, legal basis."""
    tail = "".join(f" {label}: {text}." for label, text in (("Standard", item.standard), ("Basis", item.basis)) if text)
    return f"{item.en} ({item.zh}){tail}"


def has_matched(kind: Kind) -> bool:
    """Whether rows of this kind are looked up by an identifier: legal persons and individual businesses."""
    return kind.owner is Owner.SUBJECT and any(link.kind == IDENTIFIER.name for link in kind.links)


class Types:
    """The types of one role. ``never`` holds the coordinates that must not exist."""

    def __init__(self, never: frozenset[str], words: Vocabulary) -> None:
        self._never = never
        self._words = words
        self._visible = self._visible_kinds()
        nodes = [kind for kind in self._visible if kind.node]
        self.node: Any = self._node() if nodes else None
        self._page_info: Any = None
        self._matched: Any = None
        self._types: dict[str, Any] = {
            kind.name: declare(kind.type_name, *((self.node,) if kind.node else ())) for kind in self._visible
        }
        self._connections: dict[str, Any] = {}
        for kind in self._visible:
            self._fill(kind)

    def shown(self, coordinate: str) -> bool:
        """Whether the role may know this coordinate."""
        return coordinate not in self._never

    def has(self, kind: str) -> bool:
        """Whether the role may know this kind."""
        return kind in self._types

    def type(self, kind: str) -> Any:
        """The object type of a kind the role may know."""
        return self._types[kind]

    def all_nodes(self) -> list[Any]:
        """Types reachable only through the interface must be named to Strawberry."""
        return [self._types[kind.name] for kind in self._visible if kind.node]

    def connection(self, kind: Kind) -> Any:
        """The connection type of a kind, made when first asked for."""
        if kind.name not in self._connections:
            self._connections[kind.name] = self._connection(kind)
        return self._connections[kind.name]

    def _visible_kinds(self) -> list[Kind]:
        """Kinds the role may know and that keep at least one member; losing one kind may empty another."""
        kinds = [kind for kind in KINDS if self.shown(kind.name)]
        while True:
            names = {kind.name for kind in kinds}
            kept = [kind for kind in kinds if kind.node or self._keeps_member(kind, names)]
            if len(kept) == len(kinds):
                return kept
            kinds = kept

    def _keeps_member(self, kind: Kind, names: set[str]) -> bool:
        return (
            any(self.shown(f"{kind.name}.{item.name}") for item in kind.fields)
            or any(self._part_fields(kind, part) for part in kind.parts)
            or any(link.kind in names and self._link_shown(kind, link) for link in kind.links)
        )

    def _part_fields(self, kind: Kind, part: Part) -> tuple[Field, ...]:
        return tuple(item for item in part.fields if self.shown(f"{kind.name}.{part.name}.{item.name}"))

    def _link_shown(self, kind: Kind, link: Link) -> bool:
        return link.many or self.shown(f"{kind.name}.{link.name}")

    def _fill(self, kind: Kind) -> None:
        members = dict(self._members(kind))
        object_type(self._types[kind.name], f"{kind.en} ({kind.zh}, {kind.library})", members)

    def _members(self, kind: Kind) -> Iterator[tuple[str, Member]]:
        if kind.node:
            yield "id", Member(strawberry.ID, "Opaque id, for `node` (标识).")
        for item in kind.fields:
            if self.shown(f"{kind.name}.{item.name}"):
                yield item.name, Member(nullable(type_of(item, self._words)), describe(item))
        for part in kind.parts:
            if inner := self._part_fields(kind, part):
                yield part.name, Member(nullable(self._part(kind, part, inner)), f"{part.en} ({part.zh})")
        if has_matched(kind) and self._matched_fields():
            yield MATCHED, Member(nullable(self._matched_type()), "The identifier that the look-up matched (匹配代码).")
        for link in kind.links:
            if self.has(link.kind) and self._link_shown(kind, link):
                yield link.name, self._link(link)

    def _link(self, link: Link) -> Member:
        target, description = BY_NAME[link.kind], f"{link.en} ({link.zh})"
        if link.connection:
            return Member(nullable(self.connection(target)), description, PAGING)
        inner = self._types[target.name]
        return Member(nullable(many(inner) if link.many else inner), description)

    def _part(self, kind: Kind, part: Part, inner: tuple[Field, ...]) -> Any:
        """Each kind has types of its own: a role may know a field of one kind's part and not of another's."""
        members = {item.name: Member(nullable(type_of(item, self._words)), describe(item)) for item in inner}
        return object_type(declare(part.type_name(kind)), f"{part.en} ({part.zh})", members)

    def _matched_fields(self) -> tuple[Field, ...]:
        """``matched`` tells no more than the identifiers themselves would."""
        shown = self.has(IDENTIFIER.name)
        return tuple(
            item
            for item in IDENTIFIER.fields
            if shown and item.name in _MATCHED_FIELDS and self.shown(f"{IDENTIFIER.name}.{item.name}")
        )

    def _matched_type(self) -> Any:
        if self._matched is None:
            members = {
                item.name: Member(nullable(type_of(item, self._words)), describe(item))
                for item in self._matched_fields()
            }
            cls = declare("MatchedIdentifier")
            self._matched = object_type(cls, "Which identifier a look-up matched (匹配代码).", members)
        return self._matched

    def _connection(self, kind: Kind) -> Any:
        target, name = self._types[kind.name], kind.type_name
        edge = object_type(
            declare(f"{name}Edge"),
            f"One row of a page, with its cursor ({kind.zh}).",
            {
                "cursor": Member(str, "Opaque cursor, for `after` (游标)."),
                "node": Member(target, f"The row ({kind.zh})."),
            },
        )
        return object_type(
            declare(f"{name}Connection"),
            f"A page of rows ({kind.zh}).",
            {
                "nodes": Member(many(target), f"The rows of this page ({kind.zh})."),
                "edges": Member(many(edge), "The rows of this page, each with its cursor (带游标)."),
                "pageInfo": Member(self._page_info_type(), "Where this page stands (分页信息)."),
            },
        )

    def _page_info_type(self) -> Any:
        if self._page_info is None:
            self._page_info = object_type(
                declare("PageInfo"),
                "Where a page stands (分页信息).",
                {
                    "hasNextPage": Member(bool, "More rows follow (有下一页)."),
                    "hasPreviousPage": Member(bool, "Rows precede: the page was asked for with `after` (有上一页)."),
                    "startCursor": Member(nullable(str), "Cursor of the first row (首行游标)."),
                    "endCursor": Member(nullable(str), "Cursor of the last row (末行游标)."),
                },
            )
        return self._page_info

    def _node(self) -> Any:
        return interface(
            declare("Node"),
            "Whatever has an opaque id (节点).",
            {"id": Member(strawberry.ID, "Opaque id, never sequential; a person's differs by consumer (标识).")},
        )
