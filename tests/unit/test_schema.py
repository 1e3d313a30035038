"""The schema of a role: complete, described, and without a trace of what the role may not know."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    assert_valid_schema,
    build_schema,
)

from gateway.catalogue.fields import Type
from gateway.catalogue.kinds import KINDS
from gateway.policy.compile import Policy, load
from gateway.schema.build import build, sdl
from gateway.schema.vocabulary import enum_names
from gateway.schema.words import OWN, WORDS
from gateway.values import ActionName, Role

POLICIES = Path(__file__).parents[2] / "policies"
OWN_RULES = (
    *("Query", "Viewer", "VisibleCoordinate", "Mutation", "CaseReceipt", "WatchReceipt", "Deadline", "Receipt"),
    *("NoticeReceipt", "Subscription"),
    "ReleaseReceipt",
    *("ConsentReceipt", "FreezeReceipt"),
    *("BindingReceipt", "MandateReceipt"),
    *("Explanation", "ExplainedField", "Remedy", "Change", "EntryReceipt", "Chain", "ChainElement", "ClosingEntry"),
    "ReportReceipt",
)
ALL = tuple(coordinate for kind in KINDS for coordinate, _ in kind.coordinates())


@cache
def policy() -> Policy:
    """The shipped policy."""
    return load(POLICIES)


@pytest.fixture(scope="module")
def full() -> GraphQLSchema:
    """The schema of somebody from whom nothing is kept."""
    return build(frozenset(), frozenset(ActionName))


def own_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType]:
    for item in schema.type_map.values():
        if item.name.startswith("__"):
            continue
        if isinstance(item, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield item


def fields_of(schema: GraphQLSchema, name: str) -> set[str]:
    kind = schema.type_map[name]
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
    return set(kind.fields)


def arguments(schema: GraphQLSchema, root: str) -> dict[str, str]:
    assert schema.query_type is not None
    return {name: str(item.type) for name, item in schema.query_type.fields[root].args.items()}


def test_every_catalogue_field_has_its_place(full: GraphQLSchema) -> None:
    for kind in KINDS:
        wanted = {item.name for item in kind.fields} | {p.name for p in kind.parts} | {x.name for x in kind.links}
        assert wanted <= fields_of(full, kind.type_name)
        assert ("id" in fields_of(full, kind.type_name)) is kind.node
        for part in kind.parts:
            assert fields_of(full, part.type_name(kind)) == {item.name for item in part.fields}


def test_roots_and_their_arguments(full: GraphQLSchema) -> None:
    assert full.query_type is not None
    roots = {name: str(item.type) for name, item in full.query_type.fields.items()}
    assert roots == {
        "enterprise": "Enterprise",
        "organization": "Organization",
        "person": "Person",
        "node": "Node",
        "enterprises": "EnterpriseConnection",
        "organizations": "OrganizationConnection",
        "cases": "CaseConnection",
        "notices": "NoticeConnection",
        "licenses": "LicenseConnection",
        "penalties": "PenaltyConnection",
        "listings": "ListingConnection",
        "withdrawals": "WithdrawalConnection",
        "figures": "FigureConnection",
        "rightsFigures": "RightsFigureConnection",
        "accesses": "AccessEntryConnection",
        "supersededVersions": "SupersededVersionConnection",
        "consents": "ConsentConnection",
        "mandates": "MandateConnection",
        "receipt": "EntryReceipt",
        "chains": "[Chain!]",
        "explain": "Explanation!",
        "viewer": "Viewer!",
    }
    assert arguments(full, "explain") == {"query": "String!", "operationName": "String", "variables": "String"}
    assert arguments(full, "enterprise") == {"by": "SubjectBy!", "asWritten": "Boolean", "access": "Access"}
    assert arguments(full, "person") == {"by": "PersonBy!", "access": "Access"}
    assert arguments(full, "node") == {"id": "ID!", "access": "Access"}
    listed = {"filter": "EnterpriseFilter", "first": "Int", "after": "String", "access": "Access"}
    assert arguments(full, "enterprises") == listed
    assert fields_of(full, "EnterpriseFilter") == {"name", "nameContains", "status", "region", "industry"}
    assert arguments(full, "penalties") == {"filter": "PenaltyFilter", "first": "Int", "after": "String"}
    assert fields_of(full, "PenaltyFilter") == {"region", "department"}
    assert fields_of(full, "CaseFilter") == {"kind", "state", "department"}
    assert fields_of(full, "ConsentFilter") == {"number", "consumer", "assurance"}


def test_only_structure_is_never_null(full: GraphQLSchema) -> None:
    structure = {"id", "nodes", "edges", "pageInfo", "cursor", "node", "hasNextPage", "hasPreviousPage"}
    for kind in own_types(full):
        if isinstance(kind, GraphQLInputObjectType) or kind.name in OWN_RULES:
            continue
        for name, item in kind.fields.items():
            assert isinstance(item.type, GraphQLNonNull) is (name in structure), f"{kind.name}.{name}"


def test_everything_is_described_with_its_chinese_term(full: GraphQLSchema) -> None:
    for kind in own_types(full):
        assert kind.description and "(" in kind.description, kind.name
        for name, item in kind.fields.items():
            assert item.description and any("一" <= one <= "鿿" for one in item.description), f"{kind.name}.{name}"
    for enum in full.type_map.values():
        if isinstance(enum, GraphQLEnumType) and not enum.name.startswith("__"):
            for word, value in enum.values.items():
                assert value.description and "(" in value.description, f"{enum.name}.{word}"


def test_standard_codes_and_legal_bases_stand_in_the_descriptions(full: GraphQLSchema) -> None:
    penalty = full.type_map["Penalty"]
    assert isinstance(penalty, GraphQLObjectType)
    description = penalty.fields["documentNumber"].description or ""
    assert "行政处罚决定书文号" in description and "CF_WSH" in description and "APL art. 48" in description


def test_no_word_is_explained_in_vain(full: GraphQLSchema) -> None:
    used = {
        (item.name, word)
        for item in full.type_map.values()
        if isinstance(item, GraphQLEnumType)
        for word in item.values
    }
    assert set(WORDS) <= {word for _, word in used}
    assert set(OWN) <= used


def test_enums_are_shared_and_named_from_the_catalogue() -> None:
    names = enum_names()
    assert set(names) == {
        item.values
        for kind in KINDS
        for item in (*kind.fields, *(inner for part in kind.parts for inner in part.fields))
        if item.type is Type.CODE
    }
    assert {"CodeStatus", "EnterpriseStatus", "OrganizationStatus", "IdentifierKind", "IdType", "Standing"} <= set(
        names.values()
    )


def test_one_of_is_told_to_clients_and_to_validation(full: GraphQLSchema) -> None:
    assert "input SubjectBy @oneOf {" in sdl(full)
    assert "input PersonBy {" in sdl(full)
    by = full.type_map["SubjectBy"]
    assert isinstance(by, GraphQLInputObjectType) and by.is_one_of


def test_the_same_set_gives_the_same_schema(full: GraphQLSchema) -> None:
    assert sdl(build(frozenset(), frozenset(ActionName))) == sdl(full)
    some = ("person", "penalty.remark", "license.provider", "enterprise.phone")
    assert sdl(build(frozenset(some))) == sdl(build(frozenset(reversed(some))))


def test_the_text_is_a_valid_schema(full: GraphQLSchema) -> None:
    assert_valid_schema(full)
    assert set(build_schema(sdl(full)).type_map) >= {item.name for item in own_types(full)}


def test_a_field_that_is_never_seen_does_not_exist() -> None:
    schema = build(frozenset({"enterprise.phone", "penalty.remark", "license.provider"}))
    assert "phone" not in fields_of(schema, "Enterprise") and "phone" in fields_of(schema, "Organization")
    assert "remark" not in fields_of(schema, "Penalty") and "remark" in fields_of(schema, "License")
    assert "provider" not in fields_of(schema, "License") and "provider" in fields_of(schema, "Penalty")


def test_a_kind_that_is_never_seen_leaves_no_trace() -> None:
    schema = build(frozenset({"person"}))
    assert not {"Person", "PersonBy", "PersonSex"} & set(schema.type_map)
    assert "person" not in fields_of(schema, "Query")
    schema = build(frozenset({"penalty", "department"}))
    gone = {"Penalty", "PenaltyConnection", "PenaltyEdge", "PenaltySeverity", "PenaltyProcedure", "Department"}
    assert not gone & set(schema.type_map)
    for kind in ("Enterprise", "Organization", "Person", "License"):
        assert not {"penalties", "provider"} & fields_of(schema, kind)


def test_matched_goes_with_the_identifiers() -> None:
    schema = build(frozenset({"identifier"}))
    assert not {"matched", "identifiers"} & fields_of(schema, "Enterprise")
    assert not {"MatchedIdentifier", "Identifier", "IdentifierKind"} & set(schema.type_map)
    partly = build(frozenset({"identifier.conflicting"}))
    assert fields_of(partly, "MatchedIdentifier") == {"kind", "historical"}


def test_a_part_without_fields_is_gone() -> None:
    inner = {f"enterprise.legalRepresentative.{name}" for name in ("name", "idNumber", "phone")}
    schema = build(frozenset(inner))
    assert "legalRepresentative" not in fields_of(schema, "Enterprise")
    assert "EnterpriseLegalRepresentative" not in schema.type_map
    assert fields_of(schema, "OrganizationLegalRepresentative") == {"name", "idNumber", "phone"}


def test_the_part_of_each_kind_has_a_type_of_its_own() -> None:
    schema = build(frozenset({"enterprise.legalRepresentative.idNumber"}))
    assert fields_of(schema, "EnterpriseLegalRepresentative") == {"name", "phone"}
    assert fields_of(schema, "OrganizationLegalRepresentative") == {"name", "idNumber", "phone"}


@pytest.mark.parametrize("role", Role)
def test_a_field_has_the_same_type_for_every_role(full: GraphQLSchema, role: Role) -> None:
    """Clients make code from a schema; it must not have to be made anew for another role."""
    schema = build(policy().visibility(role).never)
    for kind in own_types(schema):
        whole = full.type_map[kind.name]
        assert type(whole) is type(kind)
        assert isinstance(whole, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
        for name, item in kind.fields.items():
            assert str(item.type) == str(whole.fields[name].type), f"{kind.name}.{name}"
            if not isinstance(kind, GraphQLInputObjectType):
                known = whole.fields[name].args
                assert {one: str(found.type) for one, found in item.args.items()}.items() <= {
                    one: str(found.type) for one, found in known.items()
                }.items()


def test_a_filter_follows_its_field() -> None:
    schema = build(frozenset({"enterprise.industry", "enterprise.status"}))
    assert fields_of(schema, "EnterpriseFilter") == {"name", "nameContains", "region"}
    gone = build(frozenset(f"enterprise.{name}" for name in ("name", "status", "region", "industry")))
    assert "filter" not in arguments(gone, "enterprises") and "EnterpriseFilter" not in gone.type_map


def test_administrators_have_only_the_viewer() -> None:
    schema = build(frozenset(ALL))
    assert schema.query_type is not None and set(schema.query_type.fields) == {"explain", "receipt", "viewer"}
    told = {"Explanation", "ExplainedField", "Remedy", "Change", "EntryReceipt"}
    assert {item.name for item in own_types(schema)} == {"Query", "Viewer", "VisibleCoordinate"} | told
    assert_valid_schema(schema)


# One by one: kinds, links, parts and their fields, and every field of two kinds; the fields of the others by halves.
_PLAIN = frozenset(f"{kind.name}.{item.name}" for kind in KINDS for item in kind.fields)
ALONE = tuple(one for one in ALL if one not in _PLAIN or one.split(".")[0] in ("penalty", "case"))
HALVES = tuple((kind.name, half) for kind in KINDS for half in (0, 1) if len(kind.fields) > 1)


@pytest.mark.parametrize(("kind", "half"), HALVES)
def test_half_of_the_fields_of_a_kind_can_be_taken_away(kind: str, half: int) -> None:
    """Every other one, and then the others."""
    fields = [f"{kind}.{item.name}" for one in KINDS if one.name == kind for item in one.fields]
    schema = build(frozenset(fields[half::2]))
    assert_valid_schema(schema)
    left = fields_of(schema, next(one.type_name for one in KINDS if one.name == kind))
    assert not left & {one.split(".")[1] for one in fields[half::2]}
    assert left >= {one.split(".")[1] for one in fields[1 - half :: 2]}


@pytest.mark.parametrize("coordinate", ALONE)
def test_each_coordinate_can_be_taken_away(coordinate: str) -> None:
    schema = build(frozenset({coordinate}))
    assert_valid_schema(schema)
    kind = next(item for item in KINDS if item.name == coordinate.split(".")[0])
    if "." not in coordinate:
        assert kind.type_name not in schema.type_map
    elif coordinate.count(".") == 1:
        assert coordinate.split(".")[1] not in fields_of(schema, kind.type_name)
