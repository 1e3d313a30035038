"""What the kinds beside licenses and penalties have of their own: schemes, exits, validity, who else is named."""

from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import LEGAL
from tests.harness import PUBLIC, TODAY, House, opened

pytestmark = pytest.mark.anyio

RATINGS = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) {
  ratings { nodes { id grade scheme { code published } standing } } } }"""
LISTINGS = (
    "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { listings { nodes { listName exitedOn standing } } } }"
)


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module; each test puts back what it changes."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


async def _ratings(house: House, persona: str) -> dict[str, str]:
    nodes = (await house.data(persona, RATINGS, LEGAL))["enterprise"]["ratings"]["nodes"]
    return {node["scheme"]["code"]: node["standing"] for node in nodes}


async def test_a_scheme_says_whether_its_ratings_are_public(house: House) -> None:
    """When its row changes, its ratings change with it, at once and in one statement; ids tell nothing either."""
    assert await _ratings(house, PUBLIC) == {"TAX-A": "CURRENT", "ECOLOGY": "LAPSED"}
    shown = (await house.data(PUBLIC, RATINGS, LEGAL))["enterprise"]["ratings"]["nodes"]
    number = next(node["id"] for node in shown if node["scheme"]["code"] == "TAX-A")
    await house.sql("UPDATE scheme SET minor = true WHERE code = 'TAX-A' RETURNING 1")
    try:
        assert await _ratings(house, PUBLIC) == {"ECOLOGY": "LAPSED"}
        assert (await _ratings(house, "enterprise-rep"))["TAX-A"] == "CURRENT"
        gone = await house.data(PUBLIC, "query($id: ID!) { node(id: $id) { id } }", {"id": number})
        assert gone == {"node": None}
    finally:
        await house.sql("UPDATE scheme SET minor = false WHERE code = 'TAX-A' RETURNING 1")
    assert "TAX-A" in await _ratings(house, PUBLIC)


async def test_a_rating_cannot_contradict_its_scheme(house: House) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await house.sql("UPDATE rating SET minor = NOT minor WHERE scheme = 'TAX-A' RETURNING 1")


async def test_the_risk_class_is_its_deciding_organs(house: House) -> None:
    """Not even the enterprise itself is told (policy table, row 28)."""
    assert "RISK" in await _ratings(house, "market-officer")
    for persona in (PUBLIC, "bank", "agency", "tax-officer", "enterprise-rep"):
        assert "RISK" not in await _ratings(house, persona)


@pytest.mark.parametrize(("days", "there"), [(-1, False), (0, False), (1, True)])
async def test_who_is_off_a_list_is_off_it_from_that_day(house: House, days: int, there: bool) -> None:
    """An exit to come is shown as it is; from its day on the entry is gone for everybody but its subject."""
    name = "重大税收违法失信主体名单"
    on = TODAY + timedelta(days=days)
    changed = "UPDATE listing SET exited_on = %s WHERE list_name = %s AND batch = 'demo' RETURNING 1"
    assert len(await house.sql(changed, on, name)) == 1
    try:
        nodes = (await house.data("bank", LISTINGS, LEGAL))["enterprise"]["listings"]["nodes"]
        assert (name in {node["listName"] for node in nodes}) is there
        own = (await house.data("enterprise-rep", LISTINGS, LEGAL))["enterprise"]["listings"]["nodes"]
        (mine,) = [node for node in own if node["listName"] == name]
        assert mine["exitedOn"] == on.isoformat()
        assert mine["standing"] == ("CURRENT" if there else "NO_LONGER_DISCLOSED")
    finally:
        await house.sql("UPDATE listing SET exited_on = NULL WHERE list_name = %s RETURNING 1", name)


async def test_persons_beside_a_listing_have_their_own_rules(house: House) -> None:
    """Row 6: the public does not know that there are any; an agency with a consent sees their names masked."""
    asked = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { listings { nodes { responsiblePersons } } } }"
    _, body = await house.ask(PUBLIC, asked, LEGAL)
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    agreed = {**LEGAL, "access": {"purpose": "LOAN_APPROVAL", "consent": DEMO.consent_agency_enterprise}}
    with_access = asked.replace("$uscc: String!)", "$uscc: String!, $access: Access)").replace(
        "{uscc: $uscc})", "{uscc: $uscc}, access: $access)"
    )
    nodes = (await house.data("agency", with_access, agreed))["enterprise"]["listings"]["nodes"]
    assert [node["responsiblePersons"] for node in nodes] == [DEMO.representative_name[0] + "**"]
