"""Opaque ids and cursors: what they lead to, for whom, and that a walk over pages sees each row once."""

from collections.abc import AsyncIterator

import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, LEGAL, PERSON
from tests.harness import PUBLIC, TAX_MATTER, Body, House, Variables, consented, opened, without_receipt

pytestmark = pytest.mark.anyio

NODE = """query Node($id: ID!, $access: Access) { node(id: $id, access: $access) {
  __typename id ... on Enterprise { name } ... on Person { name } ... on Penalty { documentNumber facts }
} }"""
PENALTIES = """query($uscc: String!, $first: Int!, $after: String) { enterprise(by: {uscc: $uscc}) {
  penalties(first: $first, after: $after) {
    nodes { id documentNumber } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } } }"""
ENTERPRISES = """query($first: Int!, $after: String, $filter: EnterpriseFilter) {
  enterprises(first: $first, after: $after, filter: $filter) {
    nodes { id name uscc } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
CONSENT = consented(DEMO.consent_citizen)


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


async def code(house: House, query: str, variables: Variables, persona: str = PUBLIC) -> tuple[str, object]:
    _, body = await house.ask(persona, query, variables)
    return body["errors"][0]["extensions"]["code"], body["errors"][0].get("path")


async def test_the_id_of_an_enterprise_is_everybodys(house: House) -> None:
    query = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { id } }"
    ids = {(await house.data(who, query, LEGAL))["enterprise"]["id"] for who in (PUBLIC, "bank", "citizen")}
    (only,) = ids
    found = (await house.data(PUBLIC, NODE.replace("... on Person { name }", ""), {"id": only}))["node"]
    assert found == {"__typename": "Enterprise", "id": only, "name": DEMO.enterprise_name}


async def test_the_ids_of_a_person_are_one_consumers(house: House) -> None:
    bank = (await house.data("bank", PERSON, {**CITIZEN, "access": CONSENT}))["person"]
    tax = (await house.data("tax-officer", PERSON, {**CITIZEN, "access": TAX_MATTER}))["person"]
    penalty = bank["penalties"]["nodes"][0]
    assert bank["id"] != tax["id"]
    assert penalty["id"] not in {node["id"] for node in tax["penalties"]["nodes"]}

    async def node(persona: str, number: str, access: object) -> Body | None:
        found: Body | None = (await house.data(persona, NODE, {"id": number, "access": access}))["node"]
        return found

    assert await node("bank", bank["id"], CONSENT) == {
        "__typename": "Person",
        "id": bank["id"],
        "name": DEMO.citizen_name,
    }
    shown = await node("bank", penalty["id"], CONSENT)
    assert shown == {"__typename": "Penalty", **{key: penalty[key] for key in ("id", "documentNumber", "facts")}}
    assert await node("bank", bank["id"], None) is None  # the basis is asked for every time
    assert await node("bank", penalty["id"], consented(DEMO.consent_withdrawn)) is None
    for foreign in (bank["id"], penalty["id"]):
        assert await node("tax-officer", foreign, TAX_MATTER) is None
        assert await node("agency", foreign, consented(DEMO.consent_agency)) is None


async def test_an_id_of_a_kind_that_is_not_asked_for(house: House) -> None:
    query = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { id penalties(first: 1) { nodes { id } } } }"
    enterprise = (await house.data(PUBLIC, query, LEGAL))["enterprise"]
    only_license = "query($id: ID!) { node(id: $id) { ... on License { documentNumber } } }"
    for number in (enterprise["id"], enterprise["penalties"]["nodes"][0]["id"]):
        assert await house.data(PUBLIC, only_license, {"id": number}) == {"node": None}


@pytest.mark.parametrize("first", [1, 2, 3, 100])
async def test_a_walk_over_the_penalties_of_a_subject(house: House, first: int) -> None:
    whole = (await house.data("enterprise-rep", PENALTIES, {**LEGAL, "first": 100}))["enterprise"]["penalties"]["nodes"]
    walked: list[Body] = []
    after: str | None = None
    while True:
        page = (await house.data("enterprise-rep", PENALTIES, {**LEGAL, "first": first, "after": after}))["enterprise"]
        nodes, info = page["penalties"]["nodes"], page["penalties"]["pageInfo"]
        edges = page["penalties"]["edges"]
        assert [edge["node"]["id"] for edge in edges] == [node["id"] for node in nodes]
        assert (info["startCursor"], info["endCursor"]) == (edges[0]["cursor"], edges[-1]["cursor"])
        assert info["hasPreviousPage"] is (after is not None)
        walked += nodes
        if not info["hasNextPage"]:
            break
        after = info["endCursor"]
    assert walked == whole
    assert len(whole) > 10


@pytest.mark.parametrize("first", [1, 3, 100])
async def test_a_walk_over_all_enterprises(house: House, first: int) -> None:
    walked = await walk(house, PUBLIC, first)
    ((count,),) = await house.sql("SELECT count(*) FROM enterprise WHERE subject_class = 'legal'")
    assert (len(walked), len({node["id"] for node in walked})) == (count, count)
    chosen = await house.data(PUBLIC, ENTERPRISES, {"first": 100, "filter": {"name": DEMO.enterprise_name}})
    assert [node["name"] for node in chosen["enterprises"]["nodes"]] == [DEMO.enterprise_name]


async def walk(house: House, persona: str, first: int, chosen: object = None) -> list[Body]:
    """Every row of the list, page by page; each page is full but the last."""
    after, walked = None, list[Body]()
    while True:
        asked = {"first": first, "after": after, "filter": chosen}
        page = (await house.data(persona, ENTERPRISES, asked))["enterprises"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        walked += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return walked
        assert len(page["nodes"]) == len(page["edges"]) == first
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize(
    "persona", [PUBLIC, "bank", "agency", "tax-officer", "citizen", "enterprise-rep", "handler", "auditor"]
)
async def test_individual_businesses_are_in_no_list(house: House, persona: str) -> None:
    """Row 7: they are found by code or exact name; not even their own operator finds them in a list."""
    ((region,),) = await house.sql("SELECT region FROM enterprise WHERE name = %s", DEMO.individual_name)
    for chosen in (None, {"region": region}, {"status": "ACTIVE"}, {"region": region, "status": "ACTIVE"}):
        codes = [node["uscc"] for node in await walk(house, persona, 2 if chosen else 50, chosen)]
        assert codes
        assert not [code for code in codes if code is None or code.startswith("92")]


async def test_an_individual_business_is_found_by_its_exact_name(house: House) -> None:
    found = {"name": DEMO.individual_name}
    for persona in (PUBLIC, "bank", "citizen"):
        assert [node["uscc"] for node in await walk(house, persona, 5, found)] == [DEMO.individual_uscc]
    assert await walk(house, PUBLIC, 5, {**found, "region": "110000"}) == []
    assert await walk(house, PUBLIC, 5, {"name": DEMO.individual_name[:-1]}) == []
    assert await walk(house, "auditor", 5, found) == []
    # Its cursor is one of the same list: what follows it is not a business either.
    page = await house.data(PUBLIC, ENTERPRISES, {"first": 5, "filter": found})
    after = page["enterprises"]["pageInfo"]["endCursor"]
    behind = await house.data(PUBLIC, ENTERPRISES, {"first": 5, "after": after})
    assert not [node for node in behind["enterprises"]["nodes"] if node["uscc"].startswith("92")]


async def test_an_empty_page(house: House) -> None:
    page = (await house.data(PUBLIC, ENTERPRISES, {"first": 5, "filter": {"name": "无此企业"}}))["enterprises"]
    assert page == {
        "nodes": [],
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "endCursor": None},
    }


async def test_a_cursor_belongs_to_one_list(house: House) -> None:
    page = (await house.data(PUBLIC, ENTERPRISES, {"first": 1}))["enterprises"]
    cursor = page["pageInfo"]["endCursor"]
    refused = ("BAD_USER_INPUT", ["enterprise", "penalties", "after"])
    for after in (cursor, page["nodes"][0]["id"], "x", "", "A" * 22, "名" * 50):
        assert await code(house, PENALTIES, {**LEGAL, "first": 1, "after": after}) == refused
    assert await code(house, ENTERPRISES, {"first": 1, "after": "A" * 22}) == (
        "BAD_USER_INPUT",
        ["enterprises", "after"],
    )
    foreign = (await house.data(PUBLIC, PENALTIES, {"uscc": DEMO.individual_uscc, "first": 1}))["enterprise"]
    after = foreign["penalties"]["pageInfo"]["endCursor"]
    elsewhere = (await house.data(PUBLIC, PENALTIES, {**LEGAL, "first": 5, "after": after}))["enterprise"]["penalties"]
    assert elsewhere["nodes"] == []


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_pages_are_capped(house: House, first: int) -> None:
    assert (await code(house, PENALTIES, {**LEGAL, "first": first}))[0] in ("BAD_USER_INPUT", "LIMIT_EXCEEDED")


async def test_aliases_of_any_length(house: House) -> None:
    """PostgreSQL cuts identifiers at 63 bytes; response keys are text."""
    long, longer = "a" * 200, "a" * 201
    query = f'{{ {long}: enterprise(by: {{uscc: "{DEMO.enterprise_uscc}"}}) {{ {longer}: name {long}: uscc '
    query += f"{long}b: penalties(first: 1) {{ {longer}: nodes {{ {long}: documentNumber }} }} }} }}"
    found = (await house.data(PUBLIC, query))[long]
    assert (found[longer], found[long]) == (DEMO.enterprise_name, DEMO.enterprise_uscc)
    assert len(found[long + "b"][longer]) == 1


async def test_one_list_asked_twice_under_other_arguments(house: House) -> None:
    query = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) {
      one: penalties(first: 1) { nodes { documentNumber } } two: penalties(first: 2) { nodes { documentNumber } } } }"""
    found = (await house.data(PUBLIC, query, LEGAL))["enterprise"]
    assert [len(found[name]["nodes"]) for name in ("one", "two")] == [1, 2]
    assert found["one"]["nodes"] == found["two"]["nodes"][:1]


async def test_more_than_fifty_members(house: House) -> None:
    """A function takes a hundred arguments; an object may have more members."""
    members = " ".join(f"n{number}: name" for number in range(20)) + " " + " ".join(f"u{n}: uscc" for n in range(20))
    members += " region status kind industry address"
    query = f"query($uscc: String!) {{ enterprise(by: {{uscc: $uscc}}) {{ {members} }} }}"
    _, body = await house.ask(PUBLIC, query, LEGAL)
    assert len(without_receipt(body)["data"]["enterprise"]) == 45
