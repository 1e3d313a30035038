"""One document, asked by everybody: visibly different answers, each right."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, COMMON, INDIVIDUAL, LEGAL, PERSON
from tests.harness import MARKET_MATTER, PUBLIC, TAX_MATTER, House, consented, opened

pytestmark = pytest.mark.anyio

FULL = "吉林省白城市洮北区新华西路21号样例小区2号楼1门"
STREET = "吉林省白城市洮北区新华西路****"
RELEASED = "证人某人到场作证"
ORIGINAL = "证人戊辰五到场作证"
ASKERS = (
    # persona, access, address, operator's name, what the facts of the first ordinary penalty hold
    (PUBLIC, None, STREET, "甲**", RELEASED),
    ("bank", None, None, None, RELEASED),
    ("bank", consented(DEMO.consent_individual), FULL, DEMO.citizen_name, RELEASED),
    ("bank", consented(DEMO.consent_enterprise), None, None, RELEASED),
    ("tax-officer", None, None, None, None),
    ("tax-officer", TAX_MATTER, FULL, DEMO.citizen_name, ORIGINAL),
    ("market-officer", MARKET_MATTER, FULL, DEMO.citizen_name, ORIGINAL),
    ("market-officer", TAX_MATTER, None, None, None),  # the basis is another department's
    ("enterprise-rep", None, STREET, "甲**", RELEASED),
    ("citizen", None, FULL, DEMO.citizen_name, RELEASED),
)


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


def numbers(enterprise: dict[str, Any]) -> list[str]:
    return [node["documentNumber"].removeprefix("样例罚字") for node in enterprise["penalties"]["nodes"]]


@pytest.mark.parametrize(("persona", "access", "address", "operator", "facts"), ASKERS)
async def test_an_individual_business(
    house: House, persona: str, access: object, address: str | None, operator: str | None, facts: str | None
) -> None:
    enterprise = (await house.data(persona, COMMON, {**INDIVIDUAL, "access": access}))["enterprise"]
    assert (enterprise["name"], enterprise["uscc"]) == (DEMO.individual_name, DEMO.individual_uscc)
    assert (enterprise["address"], enterprise["legalRepresentative"]["name"]) == (address, operator)
    first = next(node for node in enterprise["penalties"]["nodes"] if node["documentNumber"].endswith("IND-1号"))
    assert first["facts"] is None if facts is None else facts in first["facts"]


async def test_minor_penalties_are_for_a_duty_and_for_the_subject(house: House) -> None:
    async def seen(persona: str, access: object = None) -> set[str]:
        return set(numbers((await house.data(persona, COMMON, {**LEGAL, "access": access}))["enterprise"]))

    published = {f"〔2026〕演示ENT-{number}号" for number in (1, 2, 3)} | {"〔2025〕演示ENT-4号", "〔演示〕11号"}
    minor = {f"〔2026〕演示ENT-{number}号" for number in (5, 6, 7)}
    ended = {"〔2026〕演示ENT-8号", "〔2025〕演示ENT-9号", "〔2026〕演示ENT-10号"}
    assert await seen(PUBLIC) == published
    assert await seen("bank") == published
    assert await seen("bank", consented(DEMO.consent_enterprise)) == published
    assert await seen("tax-officer") == published
    assert published | minor <= await seen("tax-officer", TAX_MATTER)
    assert not ended & await seen("tax-officer", TAX_MATTER)
    assert published | minor | ended <= await seen("enterprise-rep")
    assert await seen("citizen") == published  # a stranger to this enterprise


async def test_what_the_subject_sees_of_itself_has_no_gap(house: House) -> None:
    """Whatever level a record is disclosed at, its subject sees it."""
    found = await house.data("enterprise-rep", COMMON, LEGAL)
    ((count,),) = await house.sql(
        "SELECT count(*) FROM penalty JOIN enterprise USING (subject_id) "
        "WHERE uscc = %s AND penalty.disclosure <> 'INTERNAL'",
        DEMO.enterprise_uscc,
    )
    assert len(found["enterprise"]["penalties"]["nodes"]) == count


async def test_a_duty_sees_what_is_shared(house: House) -> None:
    found = await house.data("tax-officer", COMMON, {**LEGAL, "access": TAX_MATTER})
    assert "〔2026〕演示ENT-12号" in numbers(found["enterprise"])  # GOV_SHARED, ordinary procedure


@pytest.mark.parametrize(
    ("persona", "access", "number"),
    [
        ("bank", consented(DEMO.consent_citizen), "22**************17"),
        ("agency", consented(DEMO.consent_agency), "22**************17"),
        ("tax-officer", TAX_MATTER, "22**************17"),
        ("citizen", None, None),
    ],
)
async def test_a_person_with_a_basis(house: House, persona: str, access: object, number: str | None) -> None:
    person = (await house.data(persona, PERSON, {**CITIZEN, "access": access}))["person"]
    assert (person["name"], person["idNumber"]) == (DEMO.citizen_name, number)
    assert person["penalties"]["nodes"]


@pytest.mark.parametrize(
    ("persona", "access"),
    [
        ("bank", None),
        ("bank", consented(DEMO.consent_enterprise)),
        ("bank", consented(DEMO.consent_withdrawn)),
        ("bank", consented(DEMO.consent_expired)),
        ("bank", consented(DEMO.consent_scan)),
        ("bank", consented(DEMO.consent_agency)),
        ("bank", {**consented(DEMO.consent_citizen), "purpose": "GUARANTEE_REVIEW"}),
        ("agency", consented(DEMO.consent_citizen)),
        ("tax-officer", None),
        ("tax-officer", MARKET_MATTER),
        ("market-officer", TAX_MATTER),
        ("enterprise-rep", None),
        ("handler", None),
    ],
)
async def test_a_person_without_a_basis(house: House, persona: str, access: object) -> None:
    assert await house.data(persona, PERSON, {**CITIZEN, "access": access}) == {"person": None}


async def test_a_consent_opens_the_kinds_it_names(house: House) -> None:
    query = "query($uscc: String!, $access: Access) { enterprise(by: {uscc: $uscc}, access: $access) { phone } }"
    for number, phone in ((DEMO.consent_without_penalties, "10000000001"), (DEMO.consent_individual, None)):
        found = await house.data("bank", query, {**LEGAL, "access": consented(number)})
        assert found["enterprise"]["phone"] == phone


@pytest.mark.parametrize(("step_up", "number"), [(False, "22**************17"), (True, DEMO.citizen_id_number)])
async def test_the_operators_own_id_number_is_clear_only_when_proven_anew(
    house: House, step_up: bool, number: str
) -> None:
    """As a person's own: rows 10 and 13."""
    query = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { legalRepresentative { idNumber } } }"
    found = await house.data("citizen", query, INDIVIDUAL, step_up=step_up)
    assert found == {"enterprise": {"legalRepresentative": {"idNumber": number}}}
    stranger = await house.data("enterprise-rep", query, INDIVIDUAL, step_up=step_up)
    assert stranger == {"enterprise": {"legalRepresentative": {"idNumber": None}}}


async def test_proven_anew_shows_the_own_id_number(house: House) -> None:
    found = await house.data("citizen", PERSON, CITIZEN, step_up=True)
    assert found["person"]["idNumber"] == DEMO.citizen_id_number
