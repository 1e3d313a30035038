"""A sealed value is opened if it is shown in clear, once for each time it is shown, and else never."""

from collections.abc import AsyncIterator

import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, COMMON, INDIVIDUAL, LEGAL, PERSON
from tests.harness import MARKET_MATTER, PUBLIC, TAX_MATTER, House, consented, opened

pytestmark = pytest.mark.anyio

OWN = "query($idNumber: String!, $name: String!) { person(by: {idNumber: $idNumber, name: $name}) { %s } }"
SEALED = "query($uscc: String!, $access: Access) { enterprise(by: {uscc: $uscc}, access: $access) { %s } }"
EVERYTHING = "name phone email legalRepresentative { name idNumber }"


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.mark.parametrize(
    ("persona", "query", "variables", "step_up", "openings"),
    [
        ("citizen", OWN % "name phone", CITIZEN, False, 2),
        ("citizen", OWN % "name phone idNumber", CITIZEN, False, 2),  # the number is withheld until proven anew
        ("citizen", OWN % "name phone idNumber", CITIZEN, True, 3),
        ("citizen", OWN % "a: name b: name", CITIZEN, False, 2),
        ("citizen", OWN % "id licenses { nodes { documentNumber } }", CITIZEN, False, 0),
        ("enterprise-rep", OWN % "name phone idNumber", CITIZEN, False, 0),
        ("bank", PERSON, CITIZEN, False, 0),
        ("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_withdrawn)}, False, 0),
        ("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)}, False, 1),  # the name
        ("tax-officer", PERSON, {**CITIZEN, "access": TAX_MATTER}, False, 4),  # the name, and three facts
        (PUBLIC, SEALED % "name legalRepresentative { name }", INDIVIDUAL, False, 0),  # masked
        (PUBLIC, SEALED % "name legalRepresentative { name }", LEGAL, False, 1),
        (PUBLIC, SEALED % "name address uscc", LEGAL, False, 0),
        ("bank", SEALED % EVERYTHING.replace("idNumber", ""), LEGAL, False, 1),
        (
            "bank",
            SEALED % EVERYTHING.replace("idNumber", ""),
            {**LEGAL, "access": consented(DEMO.consent_enterprise)},
            False,
            3,
        ),
        (
            "market-officer",
            SEALED % EVERYTHING,
            {**LEGAL, "access": MARKET_MATTER},
            False,
            3,
        ),  # the number stays masked
        ("market-officer", SEALED % EVERYTHING, LEGAL, False, 1),
        (PUBLIC, COMMON, INDIVIDUAL, False, 0),  # released texts are not sealed
        ("bank", COMMON, {**INDIVIDUAL, "access": consented(DEMO.consent_individual)}, False, 1),
        ("auditor", "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { name address } }", LEGAL, False, 0),
    ],
)
async def test_openings(
    house: House, persona: str, query: str, variables: dict[str, object], step_up: bool, openings: int
) -> None:
    body, cost = await house.cost(persona, query, variables, step_up=step_up)
    assert "errors" not in body, body
    assert cost.openings == openings, body["data"]


async def test_withheld_values_may_be_broken_without_anybody_noticing(house: House) -> None:
    """A value that is not shown is not even looked at: destroying it changes no byte."""
    before = await house.data(PUBLIC, COMMON, INDIVIDUAL)
    await house.sql(
        "UPDATE enterprise SET phone_sealed = '\\x00', legal_representative_name_sealed = '\\x00', "
        "legal_representative_id_number_sealed = '\\x00' WHERE uscc = %s",
        DEMO.individual_uscc,
    )
    await house.sql("UPDATE penalty SET facts_sealed = '\\x00', content_sealed = '\\x00'")
    assert await house.data(PUBLIC, COMMON, INDIVIDUAL) == before
    status, body = await house.ask("citizen", COMMON, INDIVIDUAL)  # who may see it learns that it is broken, not how
    assert (status, body["errors"][0]["extensions"]["code"]) == (500, "INTERNAL")
    assert body["errors"][0]["message"] == "The gateway failed. Nothing was disclosed."
