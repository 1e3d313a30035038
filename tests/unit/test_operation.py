"""Step 2 on ordinary documents: shapes, arguments, paging, directives, introspection, caching."""

import json

import pytest
from graphql import GraphQLSchema, get_introspection_query

from gateway.errors import BadInput, Fault, GatewayError, InvalidOperation, LimitExceeded
from gateway.operation.limits import Limits
from gateway.operation.lru import Lru
from gateway.operation.operations import Operations
from gateway.schema.build import build
from gateway.values import Access, Arguments, By, ByPerson, Matter, MatterKind, Purpose, RootName, Selected, Selection

USCC = "91110000600037341L"
ID_NUMBER = "220802188001010011"  # invented; born 1880


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """Everything there is."""
    return build(frozenset())


def read(
    schema: GraphQLSchema,
    query: str,
    variables: dict[str, object] | None = None,
    name: str | None = None,
    operations: Operations | None = None,
) -> Selection:
    return (operations or Operations(Limits(), 100)).read(query, name, variables, "public", schema)


def refused(schema: GraphQLSchema, query: str, variables: dict[str, object] | None = None) -> tuple[Fault, ...]:
    with pytest.raises(BadInput) as caught:
        read(schema, query, variables)
    return caught.value.faults


def leaf(key: str, on: str, name: str = "") -> Selected:
    return Selected(key, name or key, on)


def test_a_look_up_by_code(schema: GraphQLSchema) -> None:
    query = """query One($code: String!, $access: Access) {
        e: enterprise(by: {uscc: $code}, access: $access) { full: name legalRepresentative { name } }
    }"""
    got = read(schema, query, {"code": f" {USCC[:9].lower()}-{USCC[9:]} ", "access": {"purpose": "AUDIT"}})
    (root,) = got.shape.roots
    assert (root.key, root.name, root.slot) == ("e", RootName.ENTERPRISE, None)
    representative = Selected(
        "legalRepresentative", "legalRepresentative", "Enterprise", (leaf("name", "EnterpriseLegalRepresentative"),)
    )
    assert root.children == (leaf("full", "Enterprise", "name"), representative)
    assert got.roots[0].by == By("USCC", USCC)
    assert got.roots[0].access == Access(Purpose.AUDIT)
    assert got.shape.operation == "One" and got.shape.taken == () and not got.shape.introspection
    assert got.introspection is None and len(got.shape.document) == 64


def test_a_person_by_number_and_name(schema: GraphQLSchema) -> None:
    query = """query($id: String!) {
        person(by: {idNumber: $id, name: "  e\\u0301 "}, access: {purpose: PUBLIC_DUTY, consent: " C-1 ",
               matter: {number: "N-1", kind: LICENSING, basis: "ALL art. 1"}}) { name }
    }"""
    got = read(schema, query, {"id": ID_NUMBER})
    assert got.roots[0].by == ByPerson(ID_NUMBER, "é")
    matter = Matter("N-1", MatterKind.LICENSING, "ALL art. 1")
    assert got.roots[0].access == Access(Purpose.PUBLIC_DUTY, "C-1", matter)


def test_every_fault_of_the_arguments_at_once(schema: GraphQLSchema) -> None:
    query = """query($id: String!, $n: Int) {
        e: enterprise(by: {uscc: "91110000600037341M"}) { licenses(first: 0) { nodes { organ } } }
        person(by: {idNumber: $id, name: " "}, access: {purpose: AUDIT, consent: ""}) {
            penalties(first: $n) { nodes { fine } }
        }
        enterprises(filter: {region: "22", industry: "Z1", name: ""}, first: 101) { nodes { name } }
        node(id: "x", access: {purpose: AUDIT, matter: {number: "", kind: OTHER, basis: " "}}) { id }
    }"""  # fmt: skip
    faults = refused(schema, query, {"id": "220802188001010019", "n": -1})
    assert {item.path for item in faults} == {
        ("e", "by", "uscc"),
        ("e", "licenses", "first"),
        ("person", "by", "idNumber"),
        ("person", "by", "name"),
        ("person", "access", "consent"),
        ("person", "penalties", "first"),
        ("enterprises", "filter", "region"),
        ("enterprises", "filter", "industry"),
        ("enterprises", "filter", "name"),
        ("enterprises", "first"),
        ("node", "access", "matter", "number"),
        ("node", "access", "matter", "basis"),
    }
    assert any("position 18" in item.rule for item in faults if item.path == ("e", "by", "uscc"))
    assert not any("220802188001010019" in item.rule for item in faults)


@pytest.mark.parametrize("code", ["91110000600037341M", "9111-0000 600037341ｍ", "9111"])
def test_a_code_as_it_is_written(schema: GraphQLSchema, code: str) -> None:
    """Its spelling is settled like any other's; its digits are not looked at."""
    query = "query($by: SubjectBy!, $so: Boolean) { enterprise(by: $by, asWritten: $so) { name } }"
    got = read(schema, query, {"by": {"uscc": code}, "so": True})
    assert got.roots[0].by == By("USCC", "91110000600037341M"[: len(code)])
    for so in (False, None):
        faults = refused(schema, query, {"by": {"uscc": code}, "so": so})
        assert {item.path for item in faults} == {("enterprise", "by", "uscc")}
        assert all(item.rule.endswith("ask with asWritten: true") for item in faults)


def test_a_code_as_it_is_written_is_still_a_code(schema: GraphQLSchema) -> None:
    query = "query($by: SubjectBy!) { organization(by: $by, asWritten: true) { name } }"
    for kind, value, rule in (
        ("uscc", " - ", "must not be empty"),
        ("taxNumber", "1" * 51, "is longer than 50 characters"),
    ):
        assert refused(schema, query, {"by": {kind: value}}) == (Fault(("organization", "by", kind), rule),)


@pytest.mark.parametrize(
    ("code", "key"), [("F", "industry.1"), ("F52", "industry.3"), ("F521", "industry.4"), ("F5211", "industry")]
)
def test_an_industry_is_asked_by_its_level(schema: GraphQLSchema, code: str, key: str) -> None:
    got = read(schema, "query($c: String) { enterprises(filter: {industry: $c}) { nodes { name } } }", {"c": code})
    assert got.roots[0].filter == ((key, code),)


def test_lists_are_numbered_in_document_order(schema: GraphQLSchema) -> None:
    query = """query($n: Int, $after: String) {
        enterprises(first: 7, filter: {region: "220802", status: ACTIVE}) {
            nodes {
                penalties(first: $n, after: $after) { nodes { fine } }
                licenses(first: null) { pageInfo { endCursor } }
            }
        }
    }"""  # fmt: skip
    got = read(schema, query, {"n": 3, "after": "abc"})
    assert got.paging == (Arguments(7), Arguments(3, "abc"), Arguments(20))
    (root,) = got.shape.roots
    assert root.slot == 0
    penalties, licenses = root.children[0].children
    assert (penalties.slot, licenses.slot) == (1, 2)
    assert got.roots[0].filter == (("status", "ACTIVE"), ("region", "220802"))
    assert read(schema, query).paging == (Arguments(7), Arguments(20), Arguments(20))


def test_fragments_are_flattened_and_equal_keys_merged(schema: GraphQLSchema) -> None:
    query = """query { enterprise(by: {uscc: "CODE"}) { ...A name legalRepresentative { phone } ... { status } } }
        fragment A on Enterprise { name legalRepresentative { name ...B } ... on Node { id } ...A2 }
        fragment A2 on Enterprise { region }
        fragment B on EnterpriseLegalRepresentative { name }""".replace("CODE", USCC)
    (root,) = read(schema, query).shape.roots
    assert [item.key for item in root.children] == ["name", "legalRepresentative", "id", "region", "status"]
    assert [item.key for item in root.children[1].children] == ["name", "phone"]
    assert {item.on for item in root.children} == {"Enterprise"}


def test_node_keeps_the_type_of_each_field(schema: GraphQLSchema) -> None:
    query = """{ node(id: "x") {
            __typename ... on Person { id name x: sex } ...N ... on Enterprise { name ... on Node { y: id } }
        } }
        fragment N on Node { id }"""
    (root,) = read(schema, query).shape.roots
    assert root.name is RootName.NODE
    assert [(item.key, item.name, item.on) for item in root.children] == [
        ("__typename", "__typename", "Node"),
        ("name", "name", "Person"),
        ("x", "sex", "Person"),
        ("id", "id", "Node"),
        ("name", "name", "Enterprise"),
        ("y", "id", "Enterprise"),
    ]
    assert read(schema, query).roots[0].node == "x"


def test_directives_choose_the_shape(schema: GraphQLSchema) -> None:
    query = """query($a: Boolean!, $b: Boolean = true) { enterprise(by: {uscc: "CODE"}) {
        name @include(if: $a) status @skip(if: $a) region @include(if: $b) uscc @skip(if: true)
        ... @include(if: $b) @skip(if: $a) { kind }
    } }""".replace("CODE", USCC)
    both = {True: ["name", "region"], False: ["status", "region", "kind"]}
    shapes = set()
    for value, keys in both.items():
        got = read(schema, query, {"a": value})
        assert [item.key for item in got.shape.roots[0].children] == keys
        assert got.shape.taken == (value, True)
        shapes.add(got.shape)
    assert len(shapes) == 2
    assert [item.path for item in refused(schema, query, {"a": True, "b": None})] == [("variables", "b")]


def test_several_operations(schema: GraphQLSchema) -> None:
    query = "query A { viewer { role } } query B { viewer { region } }"
    assert read(schema, query, name="B").shape.roots[0].children == (leaf("region", "Viewer"),)
    for name in (None, "", "C"):
        with pytest.raises(InvalidOperation) as caught:
            read(schema, query, name=name)
        assert caught.value.faults[0].path == ("operationName",)


def test_introspection_of_the_usual_tools(schema: GraphQLSchema) -> None:
    got = read(schema, get_introspection_query(input_value_deprecation=True, specified_by_url=True))
    assert got.introspection is not None and got.shape.introspection and not got.shape.roots
    told = json.loads(b"{" + got.introspection + b"}")
    names = {item["name"] for item in told["__schema"]["types"]}
    assert {"Enterprise", "SubjectBy", "Purpose"} <= names


def test_introspection_stands_beside_data(schema: GraphQLSchema) -> None:
    query = """query($n: String!) {
        viewer { role } __typename t: __type(name: $n) { name kind } __type(name: "Nope") { name }
    }"""
    got = read(schema, query, {"n": "Penalty"})
    assert [root.key for root in got.shape.roots] == ["viewer"]
    wanted = b'"__typename":"Query","t":{"name":"Penalty","kind":"OBJECT"},"__type":null'
    assert got.introspection == wanted
    assert read(schema, query, {"n": "License"}).introspection != wanted


def test_introspection_knows_only_the_schema_of_the_role(schema: GraphQLSchema) -> None:
    query = '{ __type(name: "Person") { name } }'
    operations = Operations(Limits(), 10)
    assert operations.read(query, None, None, "a", schema).introspection == b'"__type":{"name":"Person"}'
    without = build(frozenset({"person"}))
    assert operations.read(query, None, None, "b", without).introspection == b'"__type":null'
    # a new policy brings a new schema for the same role: nothing old may be told
    assert operations.read(query, None, None, "a", without).introspection == b'"__type":null'


def test_a_name_the_role_may_not_know_fails_like_an_invented_one() -> None:
    never = build(frozenset({"person", "penalty.remark", "enterprise.phone"}))
    pairs = (
        ("person", "perzon", '{ NAME(by: {idNumber: "1", name: "a"}) { name } }'),
        ("phone", "phune", '{ enterprise(by: {uscc: "1"}) { NAME } }'),
        ("remark", "remurk", '{ enterprise(by: {uscc: "1"}) { penalties { nodes { NAME } } } }'),
        ("Person", "Perzon", '{ node(id: "1") { ... on NAME { name } } }'),
        ("PersonBy", "PerzonBy", "query($by: NAME!) { viewer { role } x: node(id: $by) { id } }"),
    )
    for known, invented, query in pairs:
        told = []
        for name in (known, invented):
            with pytest.raises(InvalidOperation) as caught:
                read(never, query.replace("NAME", name))
            rules = [Fault(item.path, item.rule.replace(name, "NAME"), item.locations) for item in caught.value.faults]
            told.append(rules)
            assert not any("Did you mean" in item.rule for item in rules)
        assert told[0] == told[1]


def test_the_same_text_is_prepared_once(schema: GraphQLSchema) -> None:
    operations = Operations(Limits(), 10)
    query = "query($a: Boolean!) { viewer { role region @skip(if: $a) } }"
    first = read(schema, query, {"a": True}, operations=operations)
    assert read(schema, query, {"a": True}, operations=operations).shape is first.shape
    assert read(schema, query, {"a": False}, operations=operations).shape is not first.shape


def test_a_refused_document_is_refused_again_alike(schema: GraphQLSchema) -> None:
    operations = Operations(Limits(), 10)
    told = []
    for _ in range(2):
        with pytest.raises(InvalidOperation) as caught:
            read(schema, "{ nothing nowhere }", operations=operations)
        told.append(caught.value.faults)
    assert told[0] == told[1] and len(told[0]) == 2 and told[0][0].locations == ((1, 3),)


def test_rows_are_estimated_before_any_is_read(schema: GraphQLSchema) -> None:
    query = "query($n: Int) { enterprises(first: 100) { nodes { licenses(first: $n) { nodes { organ } } } } }"
    assert read(schema, query, {"n": 99}).paging[1].first == 99
    with pytest.raises(LimitExceeded) as caught:
        read(schema, query, {"n": 100})
    assert caught.value.faults[0].path == ("enterprises", "nodes", "licenses")


def test_variables_are_refused_with_path_and_without_echo(schema: GraphQLSchema) -> None:
    query = "query($by: PersonBy!, $access: Access) { person(by: $by, access: $access) { name } }"
    secret = "甲某某"
    bad: dict[str, object] = {
        "by": {"idNumber": 220802188001010011, "nane": secret},
        "access": {"purpose": secret, "matter": {"number": [secret], "kind": None}},
        "extra": secret,
        secret: 1,
    }
    faults = refused(schema, query, bad)
    assert {item.path for item in faults} == {
        ("variables", "by", "idNumber"),
        ("variables", "by", "nane"),
        ("variables", "by", "name"),
        ("variables", "access", "purpose"),
        ("variables", "access", "matter", "number"),
        ("variables", "access", "matter", "kind"),
        ("variables", "access", "matter", "basis"),
        ("variables", "extra"),
        ("variables",),
    }
    assert secret not in str(faults) and "220802" not in str(faults)


def test_missing_and_null_variables(schema: GraphQLSchema) -> None:
    query = "query($code: String!) { enterprise(by: {uscc: $code}) { name } }"
    assert refused(schema, query)[0] == Fault(("variables", "code"), "is required")
    assert refused(schema, query, {"code": None})[0] == Fault(("variables", "code"), "must not be null")
    defaulted = 'query($by: SubjectBy = {uscc: "CODE"}) { enterprise(by: $by) { name } }'.replace("CODE", USCC)
    assert read(schema, defaulted).roots[0].by == By("USCC", USCC)
    assert refused(schema, defaulted, {"by": None})[0] == Fault(("enterprise", "by"), "must not be null")
    for by in ({}, {"uscc": None}, {"uscc": USCC, "taxNumber": "1"}):
        assert refused(schema, defaulted, {"by": by})[0].path == ("variables", "by")


def test_lru_holds_its_bounds() -> None:
    kept: Lru[int, str] = Lru(3, 10)
    for key in range(5):
        kept.put(key, str(key), 3)
    assert [kept.get(key) for key in range(5)] == [None, None, "2", "3", "4"]
    kept.get(2)
    kept.put(5, "5", 3)
    assert kept.get(3) is None and kept.get(2) == "2"
    kept.put(6, "6", 9)
    assert len(kept) == 1 and kept.weight == 9
    kept.put(7, "7", 11)
    assert kept.get(7) is None and kept.get(6) == "6"


def test_every_error_is_of_the_tree(schema: GraphQLSchema) -> None:
    for query in (
        "",
        "{",
        "fragment A on Enterprise { name }",
        "mutation { a }",
        "subscription { a }",
        "type A { b: Int }",
    ):
        with pytest.raises(GatewayError) as caught:
            read(schema, query)
        assert type(caught.value) is InvalidOperation
