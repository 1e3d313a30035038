"""What a request costs the database: one statement for each root field, whatever its nesting, and one entry."""

from collections.abc import AsyncIterator

import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, COMMON, INDIVIDUAL, LEGAL, PERSON
from tests.harness import PUBLIC, House, consented, opened

pytestmark = pytest.mark.anyio

DEEP = """{ enterprises(first: 3) { edges { cursor node {
  name identifiers { kind value } provider { code name }
  licenses(first: 3) { edges { cursor node { documentNumber provider { name } } } pageInfo { endCursor } }
  penalties(first: 3) { nodes { documentNumber provider { name } } edges { cursor } pageInfo { hasNextPage } }
} } pageInfo { hasNextPage endCursor } } }"""
TWO = f"""{{ a: enterprise(by: {{uscc: "{DEMO.enterprise_uscc}"}}) {{ name }}
  b: enterprise(by: {{uscc: "{DEMO.individual_uscc}"}}) {{ name }} viewer {{ role }} }}"""


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.mark.parametrize(
    ("persona", "query", "variables", "statements"),
    [
        (PUBLIC, COMMON, LEGAL, 1),
        ("bank", COMMON, {**INDIVIDUAL, "access": consented(DEMO.consent_individual)}, 1),
        ("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)}, 1),
        ("bank", PERSON, CITIZEN, 1),
        ("citizen", PERSON, CITIZEN, 1),
        (PUBLIC, DEEP, None, 1),
        (PUBLIC, TWO, None, 2),
        (PUBLIC, '{ node(id: "AAAAAAAAAAAAAAAAAAAAAA") { id } }', None, 1),
        (PUBLIC, '{ enterprises(filter: {name: "nobody"}) { nodes { name } } }', None, 1),
        (PUBLIC, "{ viewer { role } }", None, 0),
        (PUBLIC, "{ __typename }", None, 0),
        (PUBLIC, "{ __schema { queryType { name } } }", None, 0),
        (PUBLIC, "{ nothing }", None, 0),
        (PUBLIC, "{ enterprise(", None, 0),
        (PUBLIC, '{ enterprise(by: {uscc: "1"}) { name } }', None, 0),
        (PUBLIC, COMMON, {"uscc": 7}, 0),
        (PUBLIC, '{ enterprises(after: "AAAAAAAAAAAAAAAAAAAAAA") { nodes { name } } }', None, 0),
        ("auditor", "{ enterprises { nodes { penalties { nodes { fine } } } } }", None, 0),
    ],
)
async def test_statements(
    house: House, persona: str, query: str, variables: dict[str, object], statements: int
) -> None:
    for _ in range(3):  # the first is not prepared, the second is, the third is found
        body, cost = await house.cost(persona, query, variables)
        assert (cost.statements, cost.entries) == (statements, 1), body


async def test_every_entry_is_appended_alone_when_nobody_else_waits(house: House) -> None:
    shard = house.gateway.log.shard
    assert shard is not None
    sizes = [shard.edge.size]
    for _ in range(3):
        await house.data(PUBLIC, "{ viewer { role } }")
        sizes.append(shard.edge.size)
    assert [size - sizes[0] for size in sizes] == [0, 1, 2, 3]


async def test_who_is_not_known_costs_nothing(house: House) -> None:
    before = house.lanes.sent, await house.entry_count()
    for headers in ({"authorization": "Bearer nonsense"}, {"authorization": "Basic eDp5"}, {"authorization": ""}):
        response = await house.post(
            b'{"query": "{ viewer { role } }"}', {"content-type": "application/json", **headers}
        )
        assert response.status_code == 401
    assert (await house.post(b"nonsense")).status_code == 400
    assert (house.lanes.sent, await house.entry_count()) == before
