"""Step 2 against graphql-core: coercion accepts the same values and gives the same; flattening is its collecting."""

from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    get_variable_values,
    parse,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Fault, GatewayError
from gateway.operation.inputs import Variables
from gateway.operation.limits import Limits
from gateway.operation.literals import MISSING, reader
from gateway.operation.operations import Operations
from gateway.schema.build import build, sdl
from gateway.values import Selected

SCHEMA = build(frozenset())
PLAIN = build_schema(sdl(SCHEMA))  # without Strawberry's classes: inputs coerce to dicts, enums to their names
TYPES = (
    "String", "String!", "Int", "Int!", "ID", "ID!", "Boolean", "Boolean!", "Purpose", "Purpose!",
    "SubjectBy", "SubjectBy!", "PersonBy", "PersonBy!", "Access", "Access!",
    "EnterpriseFilter", "[Int]", "[Int!]!", "[[String!]]", "[SubjectBy!]",
)  # fmt: skip
NAMES = (
    "uscc", "taxNumber", "idNumber", "name", "purpose", "consent", "matter", "number", "kind", "basis", "status",
    "region", "stranger",
)  # fmt: skip
texts = st.sampled_from(["", "a", "LOAN_APPROVAL", "AUDIT", "ACTIVE", "PENALTY", "企业"])
leaves = st.none() | st.booleans() | st.integers(-(2**33), 2**33) | texts | st.sampled_from([1.0, 1.5, -0.0])
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
)
purposes = st.sampled_from(["AUDIT", "LOAN_APPROVAL"])
matters = st.fixed_dictionaries({"number": texts, "kind": st.just("PENALTY"), "basis": texts})
fitting = st.one_of(
    st.fixed_dictionaries({"uscc": texts}),
    st.fixed_dictionaries({"idNumber": texts, "name": texts}),
    st.fixed_dictionaries(
        {"purpose": purposes}, optional={"consent": st.none() | texts, "matter": st.none() | matters}
    ),
    st.fixed_dictionaries({}, optional={"status": st.just("ACTIVE"), "name": texts}),
    st.lists(st.integers(0, 9), max_size=3),
)  # fmt: skip


def declared(kind: str) -> OperationDefinitionNode:
    node = parse(f"query($v: {kind}) {{ viewer {{ role }} }}").definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    return node


@settings(max_examples=1_500, deadline=None)
@given(st.sampled_from(TYPES), st.just(MISSING) | fitting | values)
def test_variables_coerce_as_in_graphql_core(kind: str, value: object) -> None:
    given_values: dict[str, Any] = {} if value is MISSING else {"v": value}
    node = declared(kind)
    faults: list[Fault] = []
    ours = Variables(SCHEMA, node).coerce(given_values, faults)
    theirs = get_variable_values(PLAIN, node.variable_definitions or (), given_values)
    if "ID" in kind and any(item.rule == "is beyond 32 bits" for item in faults):
        return  # narrower on purpose: the ids of the gateway are no numbers
    assert bool(faults) == isinstance(theirs, list)
    if not isinstance(theirs, list):
        assert ours == theirs.coerced
    assert all(item.path[:2] == ("variables", "v") for item in faults)


def literal(value: object) -> str:
    """A GraphQL literal of a plain value; words in capitals become enum words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if value.isupper() and value.isascii() else f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(item)}" for key, item in value.items()) + "}"
    return str(value)


@settings(max_examples=300, deadline=None)
@given(values)
def test_literals_read_as_they_were_written(value: object) -> None:
    node = parse(f"{{ a(b: {literal(value)}) }}").definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    field: Any = node.selection_set.selections[0]
    assert reader(field.arguments[0].value)({}) == value


# --- flattening: execute a random document with graphql-core and compare the keys of its answer ---

FIELDS = {
    "Enterprise": ("name", "status", "region", "__typename", "id"),
    "EnterpriseLegalRepresentative": ("name", "phone", "__typename"),
    "LicenseConnection": ("__typename",),
    "License": ("organ", "id", "validFrom"),
    "Department": ("code", "name"),
}
OBJECTS = {
    "Enterprise": (
        ("legalRepresentative", "EnterpriseLegalRepresentative"),
        ("licenses", "LicenseConnection"),
        ("provider", "Department"),
    ),
    "LicenseConnection": (("nodes", "License"),),
    "License": (("provider", "Department"),),
}  # fmt: skip
directives = st.sampled_from(["", "", " @include(if: $a)", " @skip(if: $a)", " @skip(if: $b)", " @include(if: true)"])


@st.composite
def selections(draw: st.DrawFn, on: str, depth: int) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        choice = draw(st.integers(0, 5))
        mark = draw(directives)
        if choice == 0 and depth and on in OBJECTS:
            name, kind = draw(st.sampled_from(OBJECTS[on]))
            parts.append(f"{name}{mark} {{ {draw(selections(kind, depth - 1))} }}")
        elif choice == 1 and depth:
            condition = draw(st.sampled_from(["", f"on {on}"]))
            parts.append(f"... {condition}{mark} {{ {draw(selections(on, depth - 1))} }}")
        elif choice == 2 and on == "Enterprise":
            parts.append(f"...{draw(st.sampled_from(['A', 'B']))}{mark}")
        else:
            parts.append(draw(st.sampled_from(FIELDS[on])) + mark)
    return " ".join(parts)


@st.composite
def documents(draw: st.DrawFn) -> str:
    body = draw(selections("Enterprise", 3))
    second = draw(selections("Enterprise", 2)).replace("...A", "id").replace("...B", "name")
    return (
        'query($a: Boolean!, $b: Boolean!) { enterprise(by: {uscc: "91110000600037341L"}) {'
        f" x: name @skip(if: $a) y: name @skip(if: $b) ...A {body} }} }}"
        f" fragment A on Enterprise {{ ...B id }} fragment B on Enterprise {{ {second} }}"
    )


def answer(schema: GraphQLSchema, query: str, variables: dict[str, Any]) -> Any:
    """What graphql-core answers when every object and list has one empty member."""

    def field(source: Any, info: GraphQLResolveInfo[Any], **_: object) -> Any:
        if info.field_name == "nodes":
            return [{}]
        return {} if isinstance(getattr(info.return_type, "of_type", info.return_type), GraphQLObjectType) else "1"

    tree = parse(query)
    return execute_sync(schema, tree, variable_values=variables, field_resolver=field).data


def keys(children: tuple[Selected, ...]) -> list[Any]:
    return [(item.key, keys(item.children)) for item in children]


def keys_of(data: Any) -> list[Any]:
    if isinstance(data, list):
        return keys_of(data[0])
    return [(key, keys_of(item)) for key, item in data.items()] if isinstance(data, dict) else []


@settings(max_examples=300, deadline=None)
@given(documents(), st.booleans(), st.booleans())
def test_flattening_is_what_graphql_core_collects(query: str, a: bool, b: bool) -> None:
    variables: dict[str, Any] = {"a": a, "b": b}
    limits = Limits(fields=100_000, spreads=100_000, repeats=100_000, directives=100_000)
    got = Operations(limits, 1).read(query, None, variables, "public", SCHEMA)
    data = answer(PLAIN, query, variables)
    assert keys(got.shape.roots[0].children) == keys_of(data["enterprise"])


# --- whatever comes in, a Selection or an error of the tree comes out ---

PIECES = st.sampled_from(
    [
        "{", "}", "(", ")", "[", "]", "...", "on", "fragment", "query", "A", "$a", ":", "!", "=", "@skip", "if", "true",
        "null", "enterprise", "person", "node", "viewer", "by", "uscc", "name", "first", "1", "-", "1e9", '"a"', "#c\n",
        '"""b"""', "\ufeff", "&", "|", "licenses", "nodes", "Enterprise", "String", "__typename", "__schema", "types",
        "\x00", "\ud800", "é", ",", "\\",
    ]
)  # fmt: skip
documents_of_pieces = st.lists(PIECES, max_size=30).map(" ".join) | st.text(max_size=60)


@settings(max_examples=800, deadline=None)
@given(
    st.lists(PIECES, max_size=30).map(" ".join) | st.text(max_size=60),
    st.none() | st.dictionaries(texts, values, max_size=2),
)
def test_anything_gives_a_selection_or_an_error_of_the_tree(query: str, variables: dict[str, object] | None) -> None:
    try:
        Operations(Limits(), 1).read(query, None, variables, "public", SCHEMA)
    except GatewayError as error:
        assert error.status < 500 and error.faults


def test_inputs_declare_no_defaults() -> None:
    """Coercion reads defaults in Strawberry's form; none stands in an input type, so none needs to agree."""
    for item in PLAIN.type_map.values():
        if isinstance(item, GraphQLInputObjectType) and not item.name.startswith("__"):
            assert all(field.default is None for field in item.fields.values())
