"""No side doors: every surface that could tell of a value is derived from what the role may see of it.

| surface   | derives from                                                                                         |
|-----------|------------------------------------------------------------------------------------------------------|
| places    | a field, part, link, root or mutation is there if some row may show it, or the role may perform it   |
| filters   | there only if all they tell of is clear in every row that the list may hold, whatever the ties       |
| sort keys | no argument chooses one; that of each list is clear wherever its rows are admitted                   |
| totals    | there are none: a page has its rows, their cursors and where it stands                               |
| cursors   | kind and id of a row, sealed for the reader: no value, whatever the list is ordered by               |
| `node`    | the interface of exactly the kinds with an id that the role may see; of none, it is not there        |

Worked out here from the catalogue and the column, without the code that makes schemas or closes filters.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import KINDS
from gateway.catalogue.lists import LISTS, RootList
from gateway.errors import GatewayError
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.policy import compile, files
from gateway.policy.files import Rule
from gateway.schema.build import of
from gateway.values import ELSEWHERE, Level, Relation, Role, RootName, Visibility
from tests.harness import shipped

POLICIES = Path(__file__).parents[2] / "policies"
HELD = range(int(max(Relation)) * 2)
FEEDS = tuple(name for name, one in LISTS.items() if one.feed)
PAGE = {"nodes", "edges", "pageInfo"}
PAGE_INFO = {"hasNextPage", "hasPreviousPage", "startCursor", "endCursor"}


@cache
def schema_of(role: Role) -> GraphQLSchema:
    return of(shipped().visibility(role))


def fields(schema: GraphQLSchema, name: str) -> set[str]:
    found = schema.type_map.get(name)
    assert found is None or isinstance(found, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
    return set() if found is None else set(found.fields)


def shown(visibility: Visibility, coordinate: str) -> bool:
    """Whether some row may show it some time."""
    rows, cells = visibility.cells[coordinate.partition(".")[0]], visibility.cells[coordinate]
    return any(cells[one].grants and rows[one].grants for one in cells)


def clear(visibility: Visibility, coordinate: str, row_class: str, held: int) -> bool:
    """Whether a cell is clear when exactly these relations hold."""
    grants = visibility.cells[coordinate][row_class].grants
    return any(one.level is Level.CLEAR and one.condition.value & held == one.condition.value for one in grants)


# --- places ---


def members(kind: Kind, visibility: Visibility) -> Iterator[str]:
    """The fields of a kind's type."""
    yield from ("id",) if kind.node else ()
    yield from (one.name for one in kind.fields if shown(visibility, f"{kind.name}.{one.name}"))
    for part in kind.parts:
        if any(shown(visibility, f"{kind.name}.{part.name}.{one.name}") for one in part.fields):
            yield part.name
    for link in kind.links:
        if shown(visibility, link.kind) and (link.many or shown(visibility, f"{kind.name}.{link.name}")):
            yield link.name
    looked_up = kind.name in ("enterprise", "organization") and shown(visibility, "identifier")
    if looked_up and any(shown(visibility, f"identifier.{one}") for one in ("kind", "historical", "conflicting")):
        yield "matched"


@pytest.mark.parametrize("role", Role)
def test_every_type_has_exactly_what_the_role_may_see(role: Role) -> None:
    """Type by type: what one kind shows must not stand on another that does not."""
    visibility, schema = shipped().visibility(role), schema_of(role)
    for kind in KINDS:
        seen = reached(kind, visibility)
        assert fields(schema, kind.type_name) == (set(members(kind, visibility)) if seen else set()), kind.name
        for part in kind.parts:
            inner = {one.name for one in part.fields if shown(visibility, f"{kind.name}.{part.name}.{one.name}")}
            assert fields(schema, part.type_name(kind)) == inner
    lists = {one.name for one in LISTS.values() if holds_something(one, visibility)}
    single = {name for name in ("enterprise", "organization", "person") if shown(visibility, name)}
    node = {"node"} & fields(schema, "Query")  # see below
    chains = {"chains"} if role is Role.SUBJECT else set()
    assert fields(schema, "Query") == {*lists, *single, *node, "viewer", "explain", "receipt", *chains}
    assert fields(schema, "Mutation") == {action.value for action in visibility.permits if action not in ELSEWHERE}


def reached(kind: Kind, visibility: Visibility) -> bool:
    """Whether the role may see the kind and something leads to it: its id, its list, or a link that it may see."""
    if not shown(visibility, kind.name):
        return False
    listed = any(one.kind is kind and holds_something(one, visibility) for one in LISTS.values())
    return kind.node or listed or any(led(other, kind, visibility) for other in KINDS)


def led(other: Kind, kind: Kind, visibility: Visibility) -> bool:
    links = {link.name for link in other.links if link.kind == kind.name}
    return shown(visibility, other.name) and bool(links & set(members(other, visibility)))


def holds_something(one: RootList, visibility: Visibility) -> bool:
    """A feed holds what is shown without any tie."""
    rows = [f"{subject.value}/{standing.value}" for subject in one.kind.feed for standing in one.kind.standings]
    public = any(clear(visibility, one.kind.name, row, 0) for row in rows)
    return public if one.feed else shown(visibility, one.kind.name)


# --- filters ---


def classes(one: RootList) -> set[str]:
    """Every row class that the list may hold under some choice of its filters."""
    chosen = [names for count in range(len(one.filters) + 1) for names in combinations(one.filters, count)]
    subjects = {subject for names in chosen for subject in one.classes(names)}
    return {f"{subject.value}/{standing.value}" for subject in subjects for standing in one.kind.standings}


# What a filter tells of, where that is not the field of its own name.
TELLS: Mapping[tuple[str, str], tuple[str, ...]] = {
    **{(name, "nameContains"): (f"{LISTS[name].kind.name}.name",) for name in ("enterprises", "organizations")},
    **{(name, "region"): ("enterprise.region", "organization.region") for name in FEEDS},
    **{(name, "department"): (f"{LISTS[name].kind.name}.provider",) for name in FEEDS},
    ("withdrawals", "department"): ("withdrawal",),  # a takedown shows no provider; by whose it is one may ask (README)
}


def open_filters(one: RootList, visibility: Visibility) -> set[str]:
    """The filters by which nobody can learn what is not shown."""
    tells = {name: TELLS.get((one.name, name), (f"{one.kind.name}.{name}",)) for name in one.filters}
    return {name for name, told in tells.items() if all(safe(one, coordinate, visibility) for coordinate in told)}


def safe(one: RootList, coordinate: str, visibility: Visibility) -> bool:
    """Whether the coordinate is clear whenever the list holds the row."""
    own = coordinate.partition(".")[0] == one.kind.name
    for row in classes(one):
        other = row if own else f"{row.partition('/')[0]}/ordinary"
        if other not in visibility.cells[coordinate]:
            continue
        for held in (0,) if one.feed else HELD:
            if clear(visibility, one.kind.name, row, held) and not (
                clear(visibility, coordinate, other, held)
                and clear(visibility, coordinate.partition(".")[0], other, held)
            ):
                return False
    return True


def check_filters(visibility: Visibility) -> None:
    schema = of(visibility)
    for one in LISTS.values():
        if one.name in fields(schema, "Query"):
            assert fields(schema, f"{one.kind.type_name}Filter") == open_filters(one, visibility), one.name


@pytest.mark.parametrize("role", Role)
def test_filters_are_of_what_every_row_of_the_list_shows(role: Role) -> None:
    check_filters(shipped().visibility(role))


@pytest.mark.parametrize(
    ("object", "row_class", "shut"),
    [
        ("license.provider", "*/*", {("licenses", "department")}),
        ("enterprise.region", "legal/*", {("enterprises", "region"), *((one, "region") for one in FEEDS)}),
        ("organization.region", "*/*", {("organizations", "region"), *((one, "region") for one in FEEDS)}),
        # An individual business is in no list but by its exact name, and beside that by any other filter.
        ("enterprise.industry", "individual/*", {("enterprises", "industry")}),
        ("organization.name", "*/*", {("organizations", "name"), ("organizations", "nameContains")}),
    ],
)  # fmt: skip
def test_what_is_denied_cannot_be_asked_by(object: str, row_class: str, shut: set[tuple[str, str]]) -> None:
    """Each line shuts the filters that would tell of it, and no other."""
    before, after = under(), under(Rule("public", row_class, object, "*", "*", "deny", "drawn", 1))
    assert filters(before) - filters(after) == shut
    check_filters(after)


def under(*more: Rule) -> Visibility:
    """The column of the public with some lines more."""
    sources = files.read(POLICIES)
    made = replace(sources, rules=(*sources.rules, *more))
    return compile.column(made, Role.PUBLIC, compile.enforcer_of(made, Role.PUBLIC))


def filters(visibility: Visibility) -> set[tuple[str, str]]:
    schema = of(visibility)
    return {(one.name, name) for one in LISTS.values() for name in fields(schema, f"{one.kind.type_name}Filter")}


# --- sort keys, totals, cursors, node ---


@pytest.mark.parametrize("role", Role)
def test_lists_are_in_the_order_of_what_their_rows_show(role: Role) -> None:
    """Nobody chooses an order, so what a row stands before or after tells only of a field that it shows."""
    visibility = shipped().visibility(role)
    orders = [(kind, key, False) for kind in KINDS for key in kind.order]
    orders += [(one.kind, key, one.feed) for one in LISTS.values() for key in one.order]
    for kind, key, feed in orders:
        for row in visibility.cells[kind.name]:
            for held in (0,) if feed else HELD:
                shows = clear(visibility, kind.name, row, held)
                assert not shows or clear(visibility, f"{kind.name}.{key}", row, held), (kind.name, key, row)


@pytest.mark.parametrize("role", Role)
def test_a_page_tells_no_total_and_takes_a_place_only(role: Role) -> None:
    schema = schema_of(role)
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        if kind.name.endswith("Connection"):
            assert set(kind.fields) == PAGE
        if kind.name == "PageInfo":
            assert set(kind.fields) == PAGE_INFO
        for name, field in kind.fields.items():
            if "first" in field.args:
                allowed = {"first", "after"} | ({"filter", "access"} if kind.name in ("Query", "Viewer") else set())
                assert set(field.args) <= allowed, (kind.name, name)


@pytest.mark.parametrize("role", Role)
def test_node_stands_for_exactly_the_kinds_with_an_id_that_are_seen(role: Role) -> None:
    visibility, schema = shipped().visibility(role), schema_of(role)
    seen = {kind.type_name for kind in KINDS if kind.node and shown(visibility, kind.name)}
    node = schema.type_map.get("Node")
    assert (RootName.NODE.value in fields(schema, "Query")) is bool(seen) is (node is not None)
    if isinstance(node, GraphQLInterfaceType):
        assert {one.name for one in schema.get_possible_types(node)} == seen


# --- what is not there fails like what never was ---


def answered(role: Role, text: str, name: str) -> object:
    """Every byte that the operation's text decides: faults and their places, or what introspection answers."""
    operations = Operations(Limits(), 1)
    try:
        selection = operations.read(text, None, None, role.value, schema_of(role))
    except GatewayError as error:
        told = [(fault.path, fault.rule.replace(f"'{name}'", "'…'"), fault.locations) for fault in error.faults]
        return error.code, told
    return str(selection.introspection).replace(name, "…")


def invented(name: str) -> str:
    """As long as the name, and nobody's."""
    return ("Zq" if name[0].isupper() else "zq")[: len(name)] + "q" * (len(name) - 2)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)])
def test_a_hidden_field_fails_like_an_invented_one_on_the_type_that_lacks_it(role: Role) -> None:
    """Also where another type has a field of the name; parts, links, filters and arguments likewise."""
    visibility, schema = shipped().visibility(role), schema_of(role)
    for kind in KINDS:
        whole = {one.name for one in kind.fields} | {one.name for one in kind.parts} | {one.name for one in kind.links}
        for name in sorted(whole - fields(schema, kind.type_name)):
            for text in tried(kind.type_name, name):
                other = re.sub(rf"\b{name}\b", invented(name), text)
                assert answered(role, text, name) == answered(role, other, invented(name)), text
    for one in LISTS.values():
        for name in sorted(set(one.filters) - fields(schema, f"{one.kind.type_name}Filter")):
            for text in (
                f'{{ {one.name}(filter: {{{name}: "1"}}) {{ nodes {{ __typename }} }} }}',
                f"query ($it: {one.kind.type_name}Filter) {{ {one.name}(filter: $it) {{ nodes {{ __typename }} }} }}",
            ):
                other = text.replace(f"{{{name}:", f"{{{invented(name)}:")
                assert answered(role, text, name) == answered(role, other, invented(name)), text
    assert visibility.never or role is Role.SUBJECT


def tried(on: str, name: str) -> tuple[str, ...]:
    return (
        f"query {{ viewer {{ __typename }} ...F }} fragment F on {on} {{ {name} }}",
        f"query {{ viewer {{ __typename }} ...F }} fragment F on {on} {{ {name} {{ id }} }}",
        f'{{ node(id: "x") {{ ... on {on} {{ {name} }} }} }}',
        f'{{ node(id: "x") {{ {name} }} }}',
    )


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)])
def test_introspection_answers_of_a_hidden_type_as_of_none(role: Role) -> None:
    known = of(replace(shipped().visibility(Role.SUBJECT), never=frozenset()))
    for name in sorted(set(known.type_map) - set(schema_of(role).type_map)):
        for text in (
            f'{{ __type(name: "{name}") {{ name kind fields {{ name }} enumValues {{ name }} }} }}',
            f"fragment F on {name} {{ __typename }} query {{ viewer {{ role }} ...F }}",
            f"query ($it: {name}) {{ viewer {{ role }} }}",
        ):
            other = text.replace(name, invented(name))
            assert answered(role, text, name) == answered(role, other, invented(name)), text
