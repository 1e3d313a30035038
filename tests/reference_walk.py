"""One root field of the reference model: rows, their fields, parts and links, lists page by page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from graphql import FieldNode

from gateway.catalogue.fields import Field, Kind, Link, Owner, Part
from gateway.catalogue.kinds import BY_NAME
from gateway.values import MatterKind, Purpose
from tests.reference_document import Document, Grouped
from tests.reference_policy import CLEAR, CONDITIONS, MASKED, RELEASED, WITHHELD
from tests.reference_rows import Eyes, Row, World, is_sealed

Path: TypeAlias = tuple[str, ...]
Opaque: TypeAlias = Callable[[str, str, int, bool], str]  # "id" or "cursor", kind, row, personal

DEFAULT_FIRST = 20
LIST_LIMIT = 100


@dataclass(slots=True)
class Told:
    """What an answer held besides its data: what the log must say, and what must be redacted."""

    rows: dict[str, dict[int, int]] = field(default_factory=dict)  # kind → row → version
    subjects: set[int] = field(default_factory=set)
    clear: set[str] = field(default_factory=set)  # coordinates, as shown in some row
    masked: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    levels: dict[tuple[Path, str], set[str]] = field(default_factory=dict)  # what rows showed, place by place
    paged: set[tuple[str, int]] = field(default_factory=set)  # rows that stand on a page, whatever is asked of them
    rests: set[str] = field(default_factory=set)  # relations without which some row or value would not be there
    openings: int = 0


@dataclass(frozen=True, slots=True)
class Walk:
    """One root field: rows and everything below them. ``classes`` = whose rows can stand at a place at all."""

    document: Document
    world: World
    opaque: Opaque
    told: Told
    eyes: Eyes
    protected: bool  # whether the answer could tell that a person has a file

    def everybody(self, kind: str) -> frozenset[str]:
        """Whose rows of a root's kind can be admitted."""
        return self._askable(BY_NAME[kind], frozenset(one.value for one in BY_NAME[kind].classes))

    def row(
        self, row: Row, asked: Grouped, path: Path, matched: Row | None, classes: frozenset[str]
    ) -> dict[str, object]:
        """One object of a kind."""
        self._note(row)
        self.told.rests |= self.eyes.rests(row)
        return {key: self._member(row, nodes, (*path, key), matched, classes) for key, nodes in asked.items()}

    def _member(
        self, row: Row, nodes: list[FieldNode], path: Path, matched: Row | None, classes: frozenset[str]
    ) -> object:
        name, kind = nodes[0].name.value, BY_NAME[row.kind]
        if name == "__typename":
            return kind.type_name
        if name == "id":
            return self.opaque("id", row.kind, row.id, row.subject_class == "person")
        if name == "matched":
            return self._matched(matched, nodes)
        for item in kind.fields:
            if item.name == name:
                return self._value(row, name, item, path)
        for part in kind.parts:
            if part.name == name:
                return self._part(row, part, nodes, path)
        link = next(one for one in kind.links if one.name == name)
        return self._link(row, link, nodes, path, classes)

    def _value(self, row: Row, name: str, item: Field, path: Path) -> object:
        coordinate = f"{row.kind}.{name}"
        level = self.eyes.level(row, coordinate, item)
        self._shown(row, coordinate, level, path)
        value = self.eyes.value(row, name, item, level)
        self.told.openings += level == CLEAR and value is not None and is_sealed(row, item)
        return value

    def _part(self, row: Row, part: Part, nodes: list[FieldNode], path: Path) -> dict[str, object]:
        type_name = self.document.type_of(BY_NAME[row.kind].type_name, part.name)
        asked = self.document.below(nodes, type_name)
        fields = {one.name: one for one in part.fields}
        found: dict[str, object] = {}
        for key, inner in asked.items():
            name = inner[0].name.value
            if name == "__typename":
                found[key] = type_name
            else:
                found[key] = self._value(row, f"{part.name}.{name}", fields[name], (*path, key))
        return found

    def _matched(self, identifier: Row | None, nodes: list[FieldNode]) -> dict[str, object] | None:
        if identifier is None:
            return None
        asked = self.document.below(nodes, "MatchedIdentifier")
        found: dict[str, object] = {}
        for key, inner in asked.items():
            name = inner[0].name.value
            item = None if name == "__typename" else field_of("identifier", name)
            found[key] = self.eyes.value(identifier, name, item, CLEAR) if item else "MatchedIdentifier"
        return found

    def _link(self, row: Row, link: Link, nodes: list[FieldNode], path: Path, classes: frozenset[str]) -> object:
        kind = BY_NAME[link.kind]
        if not link.many:
            return self._reference(row, link, nodes, path)
        own = [one for one in self.world.of(link.kind) if one.subject == row.subject]
        if kind.part_of:
            own = [one for one in own if one.item[f"{kind.part_of}_id"] == row.id]
        below = self._askable(kind, classes)
        if below and not self._granted(kind, row, own, below):
            self.told.levels[path, kind.name] = {WITHHELD}
            return None
        if link.connection:
            return self.connection(kind, own, nodes, path, below)
        if not below:
            self.told.levels[path, kind.name] = {WITHHELD}
            return None
        shown = [one for one in _newest_first(kind.order, own) if self.eyes.shows(one)]
        asked = self.document.below(nodes, kind.type_name)
        return [self.row(one, asked, path, None, below) for one in shown[:LIST_LIMIT]]

    def _granted(self, kind: Kind, owner: Row, own: list[Row], classes: frozenset[str]) -> bool:
        """Whether the caller has any ground to see rows of a kind of this owner, whatever rows there are."""
        known = (f"{one}/{standing.value}" for one in classes for standing in kind.standings)
        grounds = {ground for one in known for ground in self.eyes.policy.grounds(one, kind.name)}
        could = self.eyes.could(kind.name, owner, own)
        return any(CONDITIONS[ground] <= could and self._possible(ground) for ground in grounds)

    def _reference(self, row: Row, link: Link, nodes: list[FieldNode], path: Path) -> object:
        coordinate = f"{row.kind}.{link.name}"
        level = self.eyes.level(row, coordinate, None)
        self._shown(row, coordinate, level, path)
        code = str(row.item[link.name])
        target = self.world.referred(link.kind, code)
        if level != CLEAR or not self.eyes.shows(target):
            return None
        asked = self.document.below(nodes, BY_NAME[link.kind].type_name)
        return self.row(target, asked, path, None, frozenset({"legal"}))

    # --- connections ---

    def connection(
        self,
        kind: Kind,
        rows: list[Row],
        nodes: list[FieldNode],
        path: Path,
        classes: frozenset[str],
        order: tuple[str, ...] | None = None,
    ) -> dict[str, object] | None:
        """A page of rows of these ``classes``; null if no row of them could be shown."""
        if not classes:
            self.told.levels[path, kind.name] = {WITHHELD}
            return None
        given = self.document.arguments(nodes[0])
        every = [*self.world.of(kind.name)] if order is not None else rows
        ordered, after = _newest_first(kind.order if order is None else order, every), given.get("after")
        if after is not None:
            ordered = self._behind(ordered, after)
        own = [row for row in ordered if row.subject_class in classes]
        wanted = {row.id for row in rows}
        shown = [row for row in own if row.id in wanted and self.eyes.shows(row)]
        first = given.get("first", DEFAULT_FIRST)
        assert isinstance(first, int)
        page, more = shown[:first], len(shown) > first
        asked = self.document.below(nodes, f"{kind.type_name}Connection")
        telling = any(inner[0].name.value != "__typename" for inner in asked.values())  # of its rows, be it a cursor
        for row in page if telling else ():
            self.told.paged.add((row.kind, row.id))
            self.told.rests |= self.eyes.rests(row)
        found: dict[str, object] = {}
        for key, inner in asked.items():
            match inner[0].name.value:
                case "__typename":
                    found[key] = f"{kind.type_name}Connection"
                case "nodes":
                    found[key] = [self._node(row, inner, (*path, key), classes) for row in page]
                case "edges":
                    found[key] = [self._edge(row, inner, (*path, key), classes) for row in page]
                case _:
                    found[key] = self._page_info(page, more, after is not None, inner)
        return found

    def _behind(self, rows: list[Row], after: object) -> list[Row]:
        """What follows the row that a cursor names, shown or not; behind a row of another list there is nothing."""
        at = next((place for place, row in enumerate(rows) if self._cursor(row) == after), len(rows))
        return rows[at + 1 :]

    def _node(self, row: Row, nodes: Sequence[FieldNode], path: Path, classes: frozenset[str]) -> dict[str, object]:
        asked = self.document.below(nodes, BY_NAME[row.kind].type_name)
        return self.row(row, asked, path, None, classes)

    def _edge(self, row: Row, nodes: list[FieldNode], path: Path, classes: frozenset[str]) -> dict[str, object]:
        asked = self.document.below(nodes, f"{BY_NAME[row.kind].type_name}Edge")
        found: dict[str, object] = {}
        for key, inner in asked.items():
            match inner[0].name.value:
                case "node":
                    found[key] = self._node(row, inner, (*path, key), classes)
                case "cursor":
                    found[key] = self._cursor(row)
                case _:
                    found[key] = f"{BY_NAME[row.kind].type_name}Edge"
        return found

    def _page_info(self, page: list[Row], more: bool, later: bool, nodes: list[FieldNode]) -> dict[str, object]:
        known: dict[str, object] = {
            "__typename": "PageInfo",
            "hasNextPage": more,
            "hasPreviousPage": later,
            "startCursor": self._cursor(page[0]) if page else None,
            "endCursor": self._cursor(page[-1]) if page else None,
        }
        asked = self.document.below(nodes, "PageInfo")
        return {key: known[inner[0].name.value] for key, inner in asked.items()}

    def _cursor(self, row: Row) -> str:
        return self.opaque("cursor", row.kind, row.id, row.subject_class == "person")

    # --- what may be asked, and what is told ---

    def _askable(self, kind: Kind, classes: frozenset[str]) -> frozenset[str]:
        """Of these subject classes, those of whom some row of the kind could be shown, whatever the rows are."""
        return frozenset(
            one
            for one in classes & {owner.value for owner in kind.classes}
            for standing in kind.standings
            if any(self._possible(ground) for ground in self.eyes.policy.grounds(f"{one}/{standing.value}", kind.name))
        )

    def _possible(self, condition: str) -> bool:
        """Whether it could hold for some row: what the caller did not bring cannot."""
        access = self.eyes.access
        missing = set() if self.eyes.caller.assurance >= 3 else {"step_up"}
        if not self.protected:
            on_duty = access is not None and access.purpose is Purpose.PUBLIC_DUTY
            matter = access.matter if access is not None and on_duty else None
            missing |= set() if access is not None and access.consent else {"consent"}
            missing |= set() if matter is not None else {"matter"}
            missing |= set() if matter is not None and matter.kind is MatterKind.SERVICE_OF_DOCUMENTS else {"service"}
        return not CONDITIONS[condition] & missing and (condition == "always" or not self.eyes.feed)

    def _note(self, row: Row) -> None:
        if BY_NAME[row.kind].owner is not Owner.NONE:
            self.told.rows.setdefault(row.kind, {})[row.id] = row.version
            self.told.subjects.add(row.subject)

    def _shown(self, row: Row, coordinate: str, level: str, path: Path) -> None:
        self.told.levels.setdefault((path, coordinate), set()).add(level)
        if BY_NAME[row.kind].owner is Owner.NONE:
            return
        told = self.told
        collected = {CLEAR: told.clear, MASKED: told.masked, RELEASED: told.masked, WITHHELD: told.withheld}
        collected[level].add(coordinate)


def field_of(kind: str, name: str) -> Field:
    """A field of a kind, by name."""
    return next(one for one in BY_NAME[kind].fields if one.name == name)


def _newest_first(order: tuple[str, ...], rows: list[Row]) -> list[Row]:
    """By these dates, then by id, the greatest first; unknown dates before all. Without any by id."""
    if not order:
        return sorted(rows, key=lambda row: row.id)

    def key(row: Row) -> Iterator[object]:
        for name in order:
            value = row.item.get(name)
            yield (value is None, str(value))
        yield row.id

    return sorted(rows, key=lambda row: tuple(key(row)), reverse=True)
