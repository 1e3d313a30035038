"""Representatives over HTTP: as the registry names them, until intake brings a row that names somebody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from gateway.identity.development import Persona
from gateway.intake.run import Order, take
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from gateway.values import Role
from tests.flow.acting import AGENT, BIND, OTHER, RECORD, REVOKE, STRANGER, ask, do, forget, mandates, refused
from tests.flow.documents import COMMON
from tests.flow.intake_bench import written
from tests.harness import Body, House, opened, stored

pytestmark = pytest.mark.anyio

LEE = Persona("lee", Role.SUBJECT, "lee-1", "enterprise-app", assurance=2)
REPRESENTED = {"idNumber": DEMO.representative_id_number, "name": DEMO.representative_name}


@pytest.fixture(scope="module")
async def made(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


@pytest.fixture
async def house(made: House) -> AsyncIterator[House]:
    """The same, with no mandate but those of the seed."""
    yield made
    await forget(made)


async def enterprise(house: House, who: str | Persona, code: str = DEMO.enterprise_uscc) -> str:
    body = await ask(house, who, COMMON, {"uscc": code})
    return str(body["data"]["enterprise"]["id"])


@pytest.fixture
async def represented(house: House, tmp_path: Path) -> Body:
    """Somebody whom the registry names, in the library, bound and recorded as the representative: the mandate."""
    row = {**REPRESENTED, "sex": "男"}
    intake(house, written(tmp_path / "person.csv", "person", row))
    await do(house, LEE, BIND, **REPRESENTED)
    id = await enterprise(house, LEE)
    assert (await do(house, LEE, RECORD, basis="REPRESENTATIVE", subject=id))["state"] == "VERIFIED"
    (found,) = [one for one in await mandates(house, LEE) if one["basis"] == "REPRESENTATIVE" and not one["revokedAt"]
                and one["agent"] == LEE.subject]  # fmt: skip
    return found


def intake(house: House, path: Path) -> None:
    """Take a file as the platform does."""
    with psycopg.connect(house.connections.writer, autocommit=True) as connection:
        receipt = take(connection, house.vault, path, Order(house.clock.now()))
    assert (receipt.rejected, receipt.quarantined) == (0, 0), receipt.reasons


async def test_who_is_not_named_by_the_registry_represents_nobody(house: House) -> None:
    await do(house, OTHER, BIND, **STRANGER)
    for code in (DEMO.enterprise_uscc, DEMO.individual_uscc, DEMO.renamed_uscc):
        id = await enterprise(house, OTHER, code)
        assert set(await refused(house, OTHER, RECORD, basis="REPRESENTATIVE", subject=id)) == {"subject"}
    assert set(await refused(house, AGENT, RECORD, basis="REPRESENTATIVE", subject=id)) == {
        "subject"
    }  # bound to nobody


async def test_a_representative_acts_until_the_registry_names_another(
    house: House, represented: Body, tmp_path: Path
) -> None:
    phone = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { phone } }"
    asked = {"uscc": DEMO.enterprise_uscc}
    assert (await ask(house, LEE, phone, asked))["data"]["enterprise"]["phone"]
    assert (represented["state"], represented["scope"]) == ("VERIFIED", ["READ", "ACCESSES", "FILE", "CONSENT"])
    id = await enterprise(house, LEE)
    assert set(await refused(house, LEE, RECORD, basis="REPRESENTATIVE", subject=id)) == {"subject"}  # once is enough
    row = {
        "uscc": DEMO.enterprise_uscc,
        "name": DEMO.enterprise_name,
        "status": "存续",
        "region": "220802",
        "kind": "COMPANY",
        "legalRepresentative.name": DEMO.representative_name,
        "legalRepresentative.idNumber": DEMO.representative_id_number,
        "legalRepresentative.phone": "13000000000",
        "phone": "13000000001",
    }
    intake(house, written(tmp_path / "same.csv", "enterprise", row))
    assert (await ask(house, LEE, phone, asked))["data"]["enterprise"]["phone"] == "13000000001"
    changed = {**row, "legalRepresentative.name": DEMO.stranger_name}
    changed["legalRepresentative.idNumber"] = DEMO.stranger_id_number
    intake(house, written(tmp_path / "changed.csv", "enterprise", changed))
    assert (await ask(house, LEE, phone, asked))["data"]["enterprise"]["phone"] is None
    (ended,) = [one for one in await mandates(house, LEE) if one["basis"] == "REPRESENTATIVE"]
    assert (ended["state"], ended["endedFor"]) == ("REVOKED", "REGISTRY")
    await do(house, OTHER, BIND, **STRANGER)
    assert (await do(house, OTHER, RECORD, basis="REPRESENTATIVE", subject=id))["state"] == "VERIFIED"
    assert (await ask(house, OTHER, phone, asked))["data"]["enterprise"]["phone"] == "13000000001"


async def test_a_binding_given_back_takes_the_representation_along(house: House, tmp_path: Path) -> None:
    await do(house, OTHER, BIND, **STRANGER)
    id = await enterprise(house, OTHER)
    await do(house, OTHER, RECORD, basis="REPRESENTATIVE", subject=id)  # as the registry has it since the test before
    (bound,) = [one for one in await mandates(house, OTHER) if one["basis"] == "PERSON"]
    await do(house, OTHER, REVOKE, mandate=bound["id"])
    assert {one["endedFor"] for one in await mandates(house, OTHER)} == {"GIVEN_BACK", "UNBOUND"}
