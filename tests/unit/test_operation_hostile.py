"""Step 2 on hostile documents: refused with the right class and a place, in linear work, without an echo."""

import pytest
from graphql import GraphQLSchema

from gateway.errors import BadInput, GatewayError, InvalidOperation, LimitExceeded
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.operation.validation import _literal_message
from gateway.schema.build import build

SECRET = "SecretName220802188001010012"
BY = '(by: {uscc: "91110000600037341L"})'


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """Everything there is."""
    return build(frozenset())


def refusal(schema: GraphQLSchema, query: str, variables: dict[str, object] | None = None) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        Operations(Limits(), 10).read(query, None, variables, "public", schema)
    assert caught.value.faults
    return caught.value


def exponential(levels: int, leaf: str) -> str:
    parts = [f"fragment F{n} on Enterprise {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return f"{{ enterprise{BY} {{ ...F0 }} }} " + " ".join(parts) + f" fragment F{levels} on Enterprise {{ {leaf} }}"


LARGE = {
    "aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(10_000)) + " }",
    "few aliases": f"{{ enterprise{BY} {{ " + " ".join(f"a{n}: name" for n in range(51)) + " } }",
    "aliases in fragments": exponential(6, "a: name"),
    "spreads": exponential(24, "name"),
    "depth": "{ " + "viewer { " * 16 + "role" + " }" * 16 + " }",
    "fields": f"{{ enterprise{BY} {{ "
    + " ".join(f"... {{ {' '.join(['name status region'] * 1)} }}" for _ in range(170))
    + " } }",
    "repeats": f"{{ enterprise{BY} {{ " + "name " * 22 + "} }",
    "directives": f"{{ enterprise{BY} {{ name " + "@include(if: true) " * 51 + "} }",
    "directives on the operation": "query " + "@a " * 51 + "{ viewer { role } }",
    "roots": "{ " + " ".join(f"r{n}: viewer {{ role }}" for n in range(9)) + " }",
    "roots in fragments": "{ ...A ...B } "
    + " ".join(
        f"fragment {f} on Query {{ " + " ".join(f"{f}{n}: viewer {{ role }}" for n in range(5)) + " }" for f in "AB"
    ),
    "bytes": "{ viewer { role } } #" + "企" * 22_000,
    "characters": "{ viewer { role } } #" + "x" * 65_536,
    "comments": "{ viewer { role } }\n" + "#\n" * 600,
    "tokens": "{ viewer { " + "role " * 5_000 + "} }",
    "introspection": "{ __schema { types { " + "fields { type { " * 10 + "name" + " } }" * 10 + " } } }",
}


@pytest.mark.parametrize("name", LARGE)
def test_large_documents_exceed_a_limit(schema: GraphQLSchema, name: str) -> None:
    assert type(refusal(schema, LARGE[name])) is LimitExceeded


def in_fragments(inner: str) -> str:
    """Four spreads of 15 fields each: over the limit only together."""
    spreads = " ".join(f"a{n}: legalRepresentative {{ ...F }}" for n in range(4))
    return f"{{ enterprise{BY} {{ {spreads} }} }} fragment F on EnterpriseLegalRepresentative {{ {inner} }}"


@pytest.mark.parametrize(
    ("inner", "rule"),
    [
        (" ".join(f"a{n}: name" for n in range(15)), "more than 50 aliases"),
        ("name " * 7, "more than 20 repeated fields"),
        ("name @include(if: true) phone @include(if: true) " * 7, "more than 50 directives"),
    ],
)
def test_fragments_count_each_time_they_are_spread(schema: GraphQLSchema, inner: str, rule: str) -> None:
    error = refusal(schema, in_fragments(inner))
    assert type(error) is LimitExceeded
    assert rule in {fault.rule for fault in error.faults}


@pytest.mark.parametrize(
    "query",
    [
        "{ viewr { role } }",
        "{ viewer { roles } }",
        f"{{ enterprise{BY} {{ licenses(frist: 1) {{ nodes {{ organ }} }} }} }}",
        '{ node(id: "1") { ... on Persons { name } } }',
        "{ enterprises(filter: {status: ACTIV}) { nodes { name } } }",
        "{ enterprises(filter: {statu: ACTIVE}) { nodes { name } } }",
        "query($a: Acces) { enterprises(access: $a) { nodes { name } } }",
        "{ viewer { role @skp(if: true) } }",
    ],
)
def test_nothing_is_suggested(schema: GraphQLSchema, query: str) -> None:
    error = refusal(schema, query)
    assert type(error) is InvalidOperation
    assert not any("mean" in fault.rule for fault in error.faults)


def test_an_unforeseen_message_about_a_literal_is_not_passed_on() -> None:
    assert SECRET not in _literal_message(f"A later version says {SECRET}.")


def test_a_thousand_levels_of_fragments_are_measured_once_each(schema: GraphQLSchema) -> None:
    # 2 ** 700 expanded fields; an expanding limiter would not come back
    assert type(refusal(schema, exponential(300, "name"))) is LimitExceeded


@pytest.mark.parametrize("opening", ["{a", "[", "{a:"])
def test_nesting_is_refused_before_the_stack_ends(schema: GraphQLSchema, opening: str) -> None:
    start = "" if opening == "{a" else "{ enterprise(by: "
    error = refusal(schema, start + opening * 1_900)
    assert type(error) is LimitExceeded


@pytest.mark.parametrize(
    "query",
    [
        f"{{ enterprise{BY} {{ ...A }} }} fragment A on Enterprise {{ ...A }}",
        f"{{ enterprise{BY} {{ ...A }} }} fragment A on Enterprise {{ ...B }}"
        " fragment B on Enterprise { ... { ...A } }",
        "fragment A on Enterprise { licenses { nodes { ...B } } } { viewer { role } }"
        " fragment B on License { ...B organ }",
        f"{{ enterprise{BY} {{ ...Nowhere }} }}",
        f"{{ enterprise{BY} {{ name }} }} fragment Unused on Enterprise {{ name }}",
        f"{{ enterprise{BY} {{ }} }}",
        f"{{ enterprise{BY} }}",
        "{ viewer { role { x } } }",
        "{ viewer { role @unknown } }",
        "{ viewer { role @skip } }",
        "{ viewer { role @skip(if: true) @skip(if: true) } }",
        "{ enterprise { name } }",
        "{ enterprise(by: {}) { name } }",
        "{ enterprise(by: {uscc: null}) { name } }",
        '{ enterprise(by: {uscc: "1", taxNumber: "2"}) { name } }',
        "query($u: Int!) { enterprise(by: {uscc: $u}) { name } }",
        "query($u: [[[String]]]) { viewer { role } }",
        "query($u: Enterprise) { viewer { role } }",
        "query($u: String!, $u: String!) { enterprise(by: {uscc: $u}) { name } }",
        "{ enterprise(by: {uscc: $nowhere}) { name } }",
        f"{{ a: enterprise{BY} {{ name }} a: enterprise(by: {{taxNumber: \"1\"}}) {{ name }} }}",
        "{ viewer { role } } { viewer { role } }",
        "{ node(id: \"1\") { name } }",
        "{ enterprise(by: {uscc: \"\\uD800\"}) { name } }",
        "\ufeff\ufeff{",
        "query { viewer { role } } extend type Query { a: Int }",
    ],
)  # fmt: skip
def test_invalid_documents_are_told_with_their_place(schema: GraphQLSchema, query: str) -> None:
    error = refusal(schema, query, {"u": "1"} if "$u" in query else None)
    assert type(error) is InvalidOperation
    assert all(fault.locations for fault in error.faults)


@pytest.mark.parametrize(
    "query",
    [
        f"{{ person(by: {{idNumber: {SECRET}, name: {SECRET}}}) {{ name }} }}",
        f'{{ person(by: "{SECRET}") {{ name }} }}',
        f'{{ person(by: ["{SECRET}"]) {{ name }} }}',
        f'{{ person(by: {{idNumber: "{SECRET}"}}) {{ name }} }}',
        f'{{ person(by: {{idNumber: "{SECRET}", name: "a", more: "{SECRET}"}}) {{ name }} }}',
        f'{{ person(by: {{idNumber: ["{SECRET}"], name: {{a: "{SECRET}"}}}}) {{ name }} }}',
        f'{{ enterprises(filter: {{status: "{SECRET}"}}) {{ nodes {{ name }} }} }}',
        f"{{ enterprises(filter: {{status: {SECRET}}}) {{ nodes {{ name }} }} }}",
        f'{{ enterprises(first: "{SECRET}") {{ nodes {{ name }} }} }}',
        f'{{ viewer {{ role @skip(if: "{SECRET}") }} }}',
        f'query($a: String! = 5, $b: Int = "{SECRET}") {{ enterprise(by: {{uscc: $a}})'
        " { penalties(first: $b) { nodes { fine } } } }",
        f'{{ person("{SECRET}") {{ name }} }}',
        f'{{ person(by: {{idNumber: "{SECRET}',
        f'{{ person(by: {{idNumber: "{SECRET}\\q"}}) {{ name }} }}',
        f'{{ person(by: {{idNumber: """{SECRET}""" ""}}) {{ name }} }}',
        f"{{ person(by {SECRET}) {{ name }} }}",
        f'"{SECRET}" {{ viewer {{ role }} }} "{SECRET}"',
    ],
)  # fmt: skip
def test_literals_are_never_repeated(schema: GraphQLSchema, query: str) -> None:
    error = refusal(schema, query)
    assert type(error) is InvalidOperation
    assert SECRET not in str(error.faults)


@pytest.mark.parametrize(
    ("literal", "rule"),
    [
        ('"a\\u0000"', "control"),
        ('"a\\n"', "control"),
        ('"a\x00"', "control"),
        ('"""two\nlines"""', "control"),
        ('"\x85"', "control"),
        ("9" * 5_000, "32 bits"),
        ("-" + "9" * 5_000, "32 bits"),
        ("2147483648", "32 bits"),
        ("1." + "9" * 5_000, "number"),
        ("[" * 16 + "1" + "]" * 16, "nested"),
    ],
)
def test_literals_that_nothing_can_be(schema: GraphQLSchema, literal: str, rule: str) -> None:
    for query in (
        f"{{ enterprise(by: {{uscc: {literal}}}) {{ name }} }}",
        f"{{ viewer {{ role @include(if: {literal}) }} }}",
        f"query($a: String = {literal}) {{ viewer {{ role }} }}",
    ):
        error = refusal(schema, query)
        assert type(error) is BadInput
        assert rule in error.faults[0].rule and error.faults[0].locations


def test_integers_of_the_document_stay_within_32_bits(schema: GraphQLSchema) -> None:
    error = refusal(schema, "{ enterprises(first: 99999999999) { nodes { name } } }")
    assert type(error) is BadInput and error.faults[0].locations == ((1, 22),)


@pytest.mark.parametrize(
    "value",
    [
        "a\x00b", "a\nb", "\ud800", "\x7f", "a\u0085", 1, 1.5, True, [], {}, [["a"]], None, int("9" * 4_000),
        [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]], float("nan"), float("inf"),
    ],
)  # fmt: skip
def test_variables_that_are_no_text(schema: GraphQLSchema, value: object) -> None:
    query = "query($u: String!) { enterprise(by: {uscc: $u}) { name } }"
    error = refusal(schema, query, {"u": value})
    assert type(error) is BadInput
    assert error.faults[0].path == ("variables", "u")


@pytest.mark.parametrize(
    "value", [2**31, -(2**31) - 1, int("9" * 4_000), 1.5, "1", True, [], float("inf"), float("nan")]
)
def test_variables_that_are_no_integer(schema: GraphQLSchema, value: object) -> None:
    query = "query($n: Int) { enterprises(first: $n) { nodes { name } } }"
    error = refusal(schema, query, {"n": value})
    assert type(error) is BadInput
    assert error.faults[0].path == ("variables", "n")


@pytest.mark.parametrize("value", [2**31, int("9" * 4_000), 1.5, True, [], {}, "a\x00"])
def test_variables_that_are_no_id(schema: GraphQLSchema, value: object) -> None:
    error = refusal(schema, "query($i: ID!) { node(id: $i) { id } }", {"i": value})
    assert type(error) is BadInput
    assert error.faults[0].path == ("variables", "i")


def test_a_variable_that_leaves_a_one_of_empty(schema: GraphQLSchema) -> None:
    query = "query($u: String) { enterprise(by: {uscc: $u}) { name } }"
    nothing: dict[str, object] = {"u": None}
    for variables in (None, nothing):
        error = refusal(schema, query, variables)
        assert type(error) is BadInput and error.faults[0].path == ("enterprise", "by")


def test_deeply_nested_variables(schema: GraphQLSchema) -> None:
    deep: object = "a"
    for _ in range(100_000):
        deep = [deep]
    assert type(refusal(schema, "query($i: ID!) { node(id: $i) { id } }", {"i": deep})) is BadInput
    assert type(refusal(schema, "{ viewer { role } }", {"i": deep})) is BadInput
    while isinstance(deep, list):  # freed level by level: the interpreter would recurse
        deep = deep.pop()


def test_a_flood_of_unknown_variables_is_told_within_bounds(schema: GraphQLSchema) -> None:
    error = refusal(schema, "{ viewer { role } }", {f"v{n}": 1 for n in range(10_000)})
    assert type(error) is BadInput and len(error.faults) == Limits().faults


def test_a_flood_of_invalid_fields_is_told_within_bounds(schema: GraphQLSchema) -> None:
    error = refusal(schema, "{ viewer { " + " ".join(f"x{n}" for n in range(400)) + " } }")
    assert type(error) is InvalidOperation and len(error.faults) == Limits().faults
    long = refusal(schema, "{ viewer { " + "x" * 60_000 + " } }")
    assert all(len(fault.rule) <= 300 for fault in long.faults)


def test_text_that_is_no_unicode(schema: GraphQLSchema) -> None:
    error = refusal(schema, '{ enterprise(by: {uscc: "\ud800"}) { name } }')
    assert type(error) is BadInput and error.faults[0].path == ("query",)


def test_a_byte_order_mark_is_no_fault(schema: GraphQLSchema) -> None:
    got = Operations(Limits(), 10).read("\ufeff{ viewer { role } }", None, None, "public", schema)
    assert got.shape.roots[0].key == "viewer"


def test_typename_everywhere(schema: GraphQLSchema) -> None:
    query = f"""{{ __typename enterprise{BY} {{ __typename legalRepresentative {{ __typename }}
        licenses {{ __typename nodes {{ __typename }} edges {{ __typename node {{ __typename }} }}
        pageInfo {{ __typename }} }} }} }}"""
    got = Operations(Limits(), 10).read(query, None, None, "public", schema)
    assert got.introspection == b'"__typename":"Query"'
    assert [item.name for item in got.shape.roots[0].children] == ["__typename", "legalRepresentative", "licenses"]


def test_hostile_documents_do_not_fill_the_cache(schema: GraphQLSchema) -> None:
    limits = Limits(cache_bytes=100_000)
    operations = Operations(limits, 5)
    for n in range(200):
        operations.read(f"{{ viewer {{ role }} }} # {n}", None, None, "public", schema)
        with pytest.raises(InvalidOperation):
            operations.read(f"{{ nothing{n} }}", None, None, "public", schema)
    assert len(operations._documents) <= 5 and operations._documents.weight <= 100_000
    assert len(operations._refused) <= 256
