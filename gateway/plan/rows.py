"""Objects, links and connections as nested JSON text: the shape of the selection, filled by the decision."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.catalogue.fields import Kind, Link, Owner, Part, SubjectClass, snake
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.plan.admission import admitted, classes_of
from gateway.plan.cells import Openable, Row, cell, guarded
from gateway.plan.fragment import MARK, NULL, ROW, TEXT, Expression, Piece, Query, TableAlias, joined, literal
from gateway.plan.ground import Ground, parameter
from gateway.plan.model import Node
from gateway.plan.pieces import class_of, comma, key_marker, matched_by, newest, opaque, personal
from gateway.store.tables import table
from gateway.values import Decision, FieldDecision, KindDecision, Relation, Selected

LIST_LIMIT = 100  # plain lists (identifiers) are capped; connections are paged

_ONE = sa.literal_column("1", sa.Integer())


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the answer a row stands: its path and what is already in scope for correlation."""

    path: tuple[str, ...]
    scope: tuple[TableAlias, ...]
    matched: TableAlias | None = None  # the identifier row a look-up went through


@dataclass(slots=True)
class Builder:
    """Builds one statement; owned by one ``make`` call."""

    decision: Decision
    paged: frozenset[int]  # slots that were given an ``after``
    ground: Ground = field(default_factory=Ground)
    openable: Openable = field(default_factory=Openable)
    nodes: list[Node] = field(default_factory=list)
    aliases: int = 0

    def alias(self, kind: Kind) -> TableAlias:
        """A fresh alias of a kind's table."""
        self.aliases += 1
        return table(kind).alias(f"{kind.name}_{self.aliases}")

    def decided(self, path: tuple[str, ...], kind: Kind) -> KindDecision:
        """The decision for rows of ``kind`` at ``path``."""
        return self.decision.kinds[path, kind.name]

    def text(self, row: Row, decided: KindDecision, selected: tuple[Selected, ...], place: Place) -> list[Piece]:
        """One row as JSON: its marker and its object."""
        pieces = self.marked(row, decided, selected, place)
        fields = {one.coordinate: one for one in decided.fields.values()}
        before = len(self.openable.pairs)
        inner = [*self._members(row, fields, selected, place)]
        if not place.scope and len(self.openable.pairs) > before:
            pieces += key_marker(row)
        return [*pieces, "{", *comma(inner), "}"]

    def marked(self, row: Row, decided: KindDecision, selected: tuple[Selected, ...], place: Place) -> list[Piece]:
        """The marker of a row. Its node keeps the fields that are asked here: under ``node`` types share decisions."""
        if row.kind.owner is Owner.NONE:
            return []
        asked = _coordinates(row.kind, selected)
        fields = {below: one for below, one in decided.fields.items() if one.coordinate in asked}
        own = replace(decided, fields=MappingProxyType(fields))
        self.nodes.append(Node(place.path, row.kind.name, row.kind.owner is Owner.SUBJECT, own))
        return [*self._row_marker(len(self.nodes) - 1, row, decided)]

    def _members(
        self, row: Row, fields: dict[str, FieldDecision], selected: tuple[Selected, ...], place: Place
    ) -> Iterator[list[Piece]]:
        kind = row.kind
        stored = {one.name: one for one in kind.fields}
        parts = {one.name: one for one in kind.parts}
        links = {one.name: one for one in kind.links}
        for child in selected:
            if child.on not in (kind.type_name, "Node"):
                continue
            head = f'"{child.key}":'
            if child.name == "__typename":
                yield [f'{head}"{kind.type_name}"']
            elif child.name == "id":
                yield [head, *opaque("i", row)]
            elif child.name == "matched":
                yield [head, *matched_by(place.matched, child.children)]
            elif child.name in stored:
                item = stored[child.name]
                decision = fields[f"{kind.name}.{item.name}"]
                yield [head, cell(row, item, item.column, decision, self.ground, self.openable)]
            elif child.name in parts:
                yield [head, *self._part(row, parts[child.name], fields, child.children)]
            else:
                link = links[child.name]
                reached = self.link(row, link, child, place)
                yield [head, reached if link.many else self._referred(row, link, fields, reached)]

    def _part(
        self, row: Row, part: Part, fields: dict[str, FieldDecision], selected: tuple[Selected, ...]
    ) -> Iterator[Piece]:
        stored = {one.name: one for one in part.fields}
        members: list[list[Piece]] = []
        for child in selected:
            head = f'"{child.key}":'
            if child.name == "__typename":
                members.append([f'{head}"{child.on}"'])
                continue
            item = stored[child.name]
            decision = fields[f"{row.kind.name}.{part.name}.{item.name}"]
            members.append([head, cell(row, item, part.column(item), decision, self.ground, self.openable)])
        yield from ("{", *comma(members), "}")

    def _referred(self, row: Row, link: Link, fields: dict[str, FieldDecision], target: Expression) -> Expression:
        """A reference is a field of the row it stands on: shown where that field is CLEAR."""
        decision = fields.get(f"{row.kind.name}.{link.name}")
        return literal(NULL) if decision is None else guarded(row, decision, target, self.ground)

    def link(self, row: Row, link: Link, child: Selected, place: Place) -> Expression:
        """A field that leads to rows of another kind, as a scalar sub-select."""
        kind = BY_NAME[link.kind]
        decided = self.decided((*place.path, child.key), kind)
        if not decided.arms:
            return literal(NULL)
        inner = Place((*place.path, child.key), (*place.scope, row.table))
        target = self.alias(kind)
        if not link.many:
            one = Row(kind, target, classes_of(kind, frozenset({SubjectClass.LEGAL.value})))
            body = joined(self.text(one, decided, child.children, inner))
            found = sa.select(body).where(target.c.code == row.table.c[snake(link.name)]).correlate(*inner.scope)
            return sa.func.coalesce(found.scalar_subquery(), literal(NULL), type_=TEXT)
        subjects = frozenset(one.value for one in row.subjects())
        many = Row(kind, target, classes_of(kind, subjects))
        own = target.c.subject_id == row.table.c.subject_id
        if link.connection:
            belongs = [own, *([target.c[f"{kind.part_of}_id"] == row.key] if kind.part_of else [])]
            return self._unless_withheld(row, many, decided, self.connection(many, decided, child, inner, belongs))
        body = joined(self.text(self.seen(many, decided), decided, child.children, inner))
        where = admitted(decided.arms, many, self.ground)
        rows = (
            sa.select(body)
            .where(own, *([where] if where is not None else []))
            .order_by(*newest(many))
            .limit(sa.literal_column(str(LIST_LIMIT)))
            .correlate(*inner.scope)
        )
        listed = sa.func.array_to_string(sa.func.array(rows.scalar_subquery()), literal(","), type_=TEXT)
        return self._unless_withheld(row, many, decided, literal("[").concat(listed).concat(literal("]")))

    def _unless_withheld(self, parent: Row, row: Row, decided: KindDecision, found: Expression) -> Expression:
        """A list no row of which the caller has any ground to see is withheld: ``null``, and not empty.

        The ground is looked at, never the rows: whether there are any must not show.
        """
        ways: list[Expression] = []
        for condition in dict.fromkeys(arm.condition for arm in decided.arms):
            parts = [
                self._ground_for(one, parent, row) for one in Relation(condition.value) if one is not Relation.SOURCE
            ]
            if not parts:
                return found
            ways.append(sa.and_(*parts))
        return sa.case((sa.or_(*ways), found), else_=literal(NULL))

    def _ground_for(self, relation: Relation, parent: Row, row: Row) -> Expression:
        """Whether a relation could tie the caller to rows of this kind that belong to the parent."""
        if relation is Relation.MATTER:
            return self.ground.shared(row.kind)
        if relation is Relation.CASE and row.kind.part_of:
            return self.ground.holds(relation, parent.kind, parent.table)
        if relation is not Relation.CASE:
            return self.ground.holds(relation, row.kind, parent.table)
        record = self.alias(row.kind)  # of a case the caller knows already which record it is about
        own = record.c.subject_id == parent.table.c.subject_id
        about: Query = sa.select(sa.literal_column("1")).where(own, self.ground.holds(relation, row.kind, record))
        return sa.exists(about.correlate(parent.table))

    def seen(self, row: Row, decided: KindDecision) -> Row:
        """The row narrowed to the classes that the decision admits."""
        shown = {arm.row_class for arm in decided.arms}
        return Row(row.kind, row.table, tuple(one for one in row.classes if one in shown))

    def connection(
        self,
        row: Row,
        decided: KindDecision,
        child: Selected,
        place: Place,
        where: list[Expression],
        order: tuple[str, ...] | None = None,
    ) -> Expression:
        """A Relay connection: one row more than asked is read to know whether there is a next page.

        ``order``: the dates by which it is newest first, if they are not those of the kind.
        """
        order = row.kind.order if order is None else order
        first = parameter(f"first_{child.slot}")
        narrowed = self.seen(row, decided)
        columns: list[Expression] = []
        members: list[tuple[str, Selected, int]] = []
        for member in child.children:
            if member.name == "nodes":
                members.append(("list", member, len(columns)))
                below = Place((*place.path, member.key), place.scope)
                columns.append(joined(self.text(narrowed, decided, member.children, below)))
            elif member.name == "edges":
                members.append(("list", member, len(columns)))
                columns.append(joined(["{", *comma(self._edge(narrowed, decided, member, place)), "}"]))
            else:
                members.append((member.name, member, -1))
        # Cursors and page marks tell of rows too, even where no row is shown.
        hidden = -1 if any(_shows_rows(member) for member in child.children) else len(columns)
        if hidden >= 0 and any(member.name != "__typename" for member in child.children):
            columns.append(joined(self.marked(narrowed, decided, (), place)))
        admission = admitted(decided.arms, row, self.ground)
        conditions = [*where, *([admission] if admission is not None else []), *self._after(row, child, place, order)]
        rows = (
            sa.select(*[column.label(f"c{at}") for at, column in enumerate(columns)], _cursor_key(row).label("key"))
            .where(*conditions)
            .order_by(*newest(row, order))
            .limit(first + _ONE)
            .correlate(*place.scope)
        )
        whole = (
            _arrays(row, rows, len(columns), keys=_asks_cursor(child), again=len(members) > 1)
            .correlate(*place.scope)
            .subquery(f"{row.table.name}_page")
        )
        counted = whole.c["keys" if "keys" in whole.c else "c0"]
        body: list[list[Piece]] = []
        told: list[Piece] = []
        if 0 <= hidden < len(columns):
            told.append(sa.func.array_to_string(whole.c[f"c{hidden}"][_ONE:first], literal(""), type_=TEXT))
        for what, member, at in members:
            head = f'"{member.key}":'
            if what == "list":
                shown = whole.c[f"c{at}"][_ONE:first]
                listed = sa.func.array_to_string(shown, literal(","), type_=TEXT)
                body.append([f"{head}[", listed, "]"])
            elif what == "pageInfo":
                body.append([head, *self._page_info(row, member, counted, first, child)])
            else:
                body.append([f'{head}"{member.on}"'])
        found = sa.select(joined([*told, "{", *comma(body), "}"])).select_from(whole).correlate(*place.scope)
        return found.scalar_subquery()

    def _edge(self, row: Row, decided: KindDecision, edges: Selected, place: Place) -> list[list[Piece]]:
        members: list[list[Piece]] = []
        for child in edges.children:
            head = f'"{child.key}":'
            if child.name == "node":
                below = Place((*place.path, edges.key, child.key), place.scope)
                members.append([head, *self.text(row, decided, child.children, below)])
            elif child.name == "cursor":
                members.append([head, *opaque("c", row)])
            else:
                members.append([f'{head}"{child.on}"'])
        return members

    def _page_info(
        self, row: Row, info: Selected, keys: Expression, first: Expression, child: Selected
    ) -> Iterator[Piece]:
        count = sa.func.coalesce(sa.func.cardinality(keys), sa.literal_column("0"), type_=sa.Integer())
        members: list[list[Piece]] = []
        for member in info.children:
            head = f'"{member.key}":'
            if member.name == "hasNextPage":
                members.append([head, sa.cast(count > first, TEXT)])
            elif member.name == "hasPreviousPage":
                members.append([f"{head}{'true' if child.slot in self.paged else 'false'}"])
            elif member.name == "__typename":
                members.append([f'{head}"{member.on}"'])
            else:
                at = _ONE if member.name == "startCursor" else sa.func.least(count, first, type_=sa.Integer())
                opening = literal(f"{MARK}c{KINDS.index(row.kind)},")
                cursor = opening.concat(keys[at]).concat(literal(MARK))
                members.append([head, sa.func.coalesce(cursor, literal(NULL), type_=TEXT)])
        yield from ("{", *comma(members), "}")

    def _after(self, row: Row, child: Selected, place: Place, order: tuple[str, ...]) -> Iterator[Expression]:
        """Keyset paging: what comes after the row that the cursor names, in the order of the list."""
        if child.slot not in self.paged:
            return
        after = parameter(f"after_{child.slot}")
        if not order:
            yield row.key > after
            return
        last = self.alias(row.kind)
        names = [snake(name) for name in order]
        at = sa.select(*[last.c[name] for name in names], last.c.id).where(last.c.id == after)
        if place.scope:  # of one subject; at the root a list is of many
            at = at.where(last.c.subject_id == row.table.c.subject_id)
        found = at.correlate(row.table, *place.scope).scalar_subquery()
        yield sa.tuple_(*[row.table.c[name] for name in names], row.table.c.id) < found

    def _row_marker(self, number: int, row: Row, decided: KindDecision) -> Iterator[Piece]:
        yield f"{ROW}{number}/"
        yield from class_of(row)
        yield "/"
        yield self._relations(row, decided.relations)
        yield ","
        yield row.table.c.subject_id
        yield ",0" if row.kind.owner is Owner.SUBJECT else ","
        if row.kind.owner is not Owner.SUBJECT:
            yield row.table.c.id
        yield ","
        yield row.table.c.version
        yield ROW

    def _relations(self, row: Row, relations: Relation) -> Piece:
        terms: list[Expression] = []
        for relation in relations:
            held = self.ground.holds(relation, row.kind, row.table)
            terms.append(
                sa.case((held, sa.literal_column(str(relation.value), sa.Integer())), else_=sa.literal_column("0"))
            )
        if not terms:
            return "0"
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return sa.type_coerce(total.self_group(), sa.Integer())


def _cursor_key(row: Row) -> Expression:
    """What a cursor is made of: the key, and whether the row is a person's."""
    return joined([row.key, ",", personal(row)])


def _shows_rows(member: Selected) -> bool:
    """Whether a member of a connection shows rows, each with its marker."""
    return member.name == "nodes" or (member.name == "edges" and any(child.name == "node" for child in member.children))


def _coordinates(kind: Kind, selected: tuple[Selected, ...]) -> frozenset[str]:
    """The coordinates that a selection asks of a kind's rows."""
    parts = {one.name for one in kind.parts}
    own = [child for child in selected if child.on in (kind.type_name, "Node")]
    inner = [
        f"{kind.name}.{child.name}.{below.name}" for child in own if child.name in parts for below in child.children
    ]
    return frozenset([*inner, *(f"{kind.name}.{child.name}" for child in own)])


def _asks_cursor(connection: Selected) -> bool:
    """Whether a page needs the keys of its rows apart from their JSON."""
    info = [member for page in connection.children if page.name == "pageInfo" for member in page.children]
    return any(member.name in ("startCursor", "endCursor") for member in info)


def _arrays(row: Row, rows: Query, lists: int, *, keys: bool, again: bool) -> Query:
    """The page as arrays. One list and no keys is the common case, and then ARRAY(SELECT …) costs a third less.

    ``again``: it is looked at more than once. PostgreSQL would pull it up and read the page as often; ``offset 0``
    keeps it from that.
    """
    if lists == 1 and not keys:
        only = rows.with_only_columns(rows.selected_columns[0], maintain_column_froms=True)
        page = sa.select(sa.func.array(only.scalar_subquery(), type_=ARRAY(TEXT)).label("c0"))
        return page.offset(sa.literal_column("0")) if again else page
    whole = rows.subquery(f"{row.table.name}_rows")
    arrays = [sa.func.array_agg(whole.c[f"c{at}"], type_=ARRAY(TEXT)).label(f"c{at}") for at in range(lists)]
    return sa.select(*arrays, sa.func.array_agg(whole.c.key, type_=ARRAY(TEXT)).label("keys"))
