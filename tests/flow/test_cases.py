"""Cases read: by their party and their handler, with what is claimed opened for them alone; by nobody else."""

from collections.abc import AsyncIterator

import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, LEGAL, PERSON
from tests.flow.objections import FILE, filed, penalties
from tests.harness import TODAY, Body, House, opened, stored

pytestmark = pytest.mark.anyio

CASE = "id kind state filedOn deadlineOn deadlineProvisional recordKind field against department closedAt claim"
OF_ENTERPRISE = (
    "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { cases(first: 5) { nodes { "
    + CASE
    + " } pageInfo { hasNextPage } } } }"
)
OF_PERSON = "query($by: PersonBy!) { person(by: $by) { cases { nodes { " + CASE + " } } } }"
NODE = "query($id: ID!) { node(id: $id) { ... on Case { " + CASE + " } } }"
CLAIM = "罚款金额有误。"


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module, with one more objection of the enterprise than the demonstration has."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        rows = await penalties(made, "enterprise-rep", LEGAL)
        market = {row[0] for row in await made.sql("SELECT document_number FROM penalty WHERE provider = 'MARKET'")}
        record = next(one for one in rows if one["documentNumber"] in market)
        await filed(made, "enterprise-rep", record, claim=CLAIM, field="fine")
        yield made
        await stored(made.connections)


async def cases(house: House, persona: str) -> list[Body]:
    data = await house.data(persona, OF_ENTERPRISE, LEGAL)
    found: list[Body] = data["enterprise"]["cases"]["nodes"]
    return found


async def test_the_party_reads_its_own_newest_first(house: House) -> None:
    body, cost = await house.cost("enterprise-rep", OF_ENTERPRISE, LEGAL)
    newest, oldest = body["data"]["enterprise"]["cases"]["nodes"]
    assert {name: value for name, value in newest.items() if name != "id"} == {
        "kind": "OBJECTION",
        "state": "ROUTED",
        "filedOn": TODAY.isoformat(),
        "deadlineOn": "2026-12-02",
        "deadlineProvisional": False,
        "recordKind": "penalty",
        "field": "fine",
        "against": None,
        "department": "MARKET",
        "closedAt": None,
        "claim": CLAIM,
    }
    assert oldest["claim"] == DEMO.claim
    assert (cost.statements, cost.entries, cost.openings) == (1, 1, 2)
    (entry,) = await house.entries(1)
    assert len(entry["rows"]["case"]["ids"]) == 2 and "case.claim" in entry["fields"]["clear"]


async def test_the_receipts_id_finds_the_case(house: House) -> None:
    (newest, *_) = await cases(house, "enterprise-rep")
    assert (await house.data("enterprise-rep", NODE, {"id": newest["id"]}))["node"] == newest
    assert (await house.data("handler", NODE, {"id": newest["id"]}))["node"] == newest
    assert (await house.data("citizen", NODE, {"id": newest["id"]}))["node"] is None


async def test_the_handler_reads_those_of_its_department(house: House) -> None:
    """The one it has taken and the new one that nobody has; none of another handler or department, none closed."""
    assert [one["claim"] for one in await cases(house, "handler")] == [CLAIM, DEMO.claim]
    change = "UPDATE \"case\" SET handler = %s, closed_at = %s, department = %s WHERE field = 'fine'"
    for taken in (("another", None, "MARKET"), (None, "2026-11-22T00:00Z", "MARKET"), (None, None, "TAX")):
        await house.sql(change, *taken)
        assert [one["claim"] for one in await cases(house, "handler")] == [DEMO.claim]
    await house.sql(change, None, None, "MARKET")
    assert len(await cases(house, "handler")) == 2


async def test_a_person_reads_its_own(house: House) -> None:
    data = await house.data("citizen", PERSON, CITIZEN)
    record = data["person"]["penalties"]["nodes"][0]
    body = await house.data("citizen", FILE, {"record": record["id"], "claim": "不是本人。"})
    (case,) = (await house.data("citizen", OF_PERSON, {"by": CITIZEN}))["person"]["cases"]["nodes"]
    assert (case["id"], case["claim"]) == (body["fileObjection"]["id"], "不是本人。")
    assert (await house.data("citizen", NODE, {"id": case["id"]}))["node"] == case


async def test_of_somebody_elses_the_list_is_withheld(house: House) -> None:
    """Null, and not empty: whether there are any is not told."""
    body = (await house.ask("citizen", OF_ENTERPRISE, LEGAL))[1]
    assert body["data"]["enterprise"]["cases"] is None
    assert {one["coordinate"]: one["reason"] for one in body["extensions"]["redactions"]}["case"] == "SELF_ONLY"


async def test_the_auditor_sees_clocks_and_no_claim(house: House) -> None:
    """Of legal persons; what is claimed does not exist for it."""
    query = OF_ENTERPRISE.replace(" claim", "")
    data = await house.data("auditor", query, LEGAL)
    assert data["enterprise"]["cases"]["nodes"][0]["deadlineOn"] == "2026-12-02"
    _, body = await house.ask("auditor", OF_ENTERPRISE, LEGAL)
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("persona", ["public", "bank", "agency", "tax-officer", "system-admin"])
async def test_for_everybody_else_there_are_no_cases(house: House, persona: str) -> None:
    query = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { NAME { nodes { id } } } }"
    told = [await house.ask(persona, query.replace("NAME", name), LEGAL) for name in ("cases", "casks")]
    assert told[0][1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert str(told[0][1]["errors"]).replace("cases", "N") == str(told[1][1]["errors"]).replace("casks", "N")
