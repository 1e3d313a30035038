"""Frozen figures by GraphQL: the same cells for everybody who has them, and no others."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from gateway.figures.freeze import Figure, freeze
from gateway.store.database import Connections
from tests.flow.figures_bench import MONTH, NOW, fill, frozen
from tests.harness import PUBLIC, House, opened

pytestmark = pytest.mark.anyio

FIGURES = """query($filter: FigureFilter, $after: String, $access: Access) {
  figures(first: 100, filter: $filter, after: $after, access: $access) { pageInfo { hasNextPage endCursor }
    nodes { month recordKind subjects region industry department year records told } } }"""


async def asked(house: House, persona: str, **variables: object) -> list[dict[str, Any]]:
    """Every page of what a persona is told."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await house.data(persona, FIGURES, {**variables, "after": after}))["figures"]
        if page is None:
            return found
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway on a month that is frozen."""
    home = tmp_path_factory.mktemp("home")
    fill(database, home)
    with psycopg.connect(database.writer) as writer:
        freeze(writer, MONTH, NOW)
    async with opened(database, home, seeded=False) as made:
        yield made


@pytest.fixture(scope="module")
def figures(house: House) -> list[Figure]:
    return frozen(house.connections, MONTH)


async def test_everybody_is_told_the_same(house: House, figures: list[Figure]) -> None:
    """Cell by cell what was frozen, in its order; handlers, auditors and administrators have no such root."""
    wanted = [
        {
            "month": MONTH,
            "recordKind": one.kind,
            "subjects": "legal",
            **{name: getattr(one, name) or None for name in ("region", "industry", "department", "year")},
            "records": one.records,
            "told": one.records is not None,
        }
        for one in figures
        if one.subjects == "legal"
    ]
    for persona in (PUBLIC, "bank", "agency", "tax-officer", "citizen", "desk"):
        assert await asked(house, persona, filter={"month": MONTH}) == wanted, persona
    some = await asked(house, PUBLIC, filter={"month": MONTH, "recordKind": "honor"})
    assert some == [one for one in wanted if one["recordKind"] == "honor"]
    assert await asked(house, PUBLIC, filter={"month": "1890-01"}) == []
    for persona in ("handler", "auditor", "system-admin"):
        _, body = await house.ask(persona, "{ figures { nodes { month } } }")
        assert "data" not in body and "figures" in body["errors"][0]["message"]


async def test_figures_of_persons_take_a_matter(house: House, figures: list[Figure]) -> None:
    matter = {"kind": "SUPERVISION", "basis": "统计法样例条"}
    await house.sql(
        "INSERT INTO sharing_scope (kind, provider, receiver, matter_kind, basis, valid_from) "
        "VALUES ('figure', 'CREDIT', 'TAX', 'SUPERVISION', %s, '1890-01-01')",
        matter["basis"],
    )
    access = {"purpose": "PUBLIC_DUTY", "matter": {**matter, "number": "样例1号"}}
    told = await asked(house, "tax-officer", filter={"month": MONTH}, access=access)
    persons = [one for one in told if one["subjects"] == "person"]
    assert len(persons) == sum(one.subjects == "person" for one in figures) > 0
    assert all(one["records"] is None or one["records"] >= 10 for one in persons)
    assert not [one for one in await asked(house, "market-officer", access=access) if one["subjects"] == "person"]
