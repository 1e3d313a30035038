"""The platform's desk: case files of everybody, claims of its own, no person; and lines in what somebody files."""

from collections.abc import AsyncIterator

import pytest

from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, COMMON, LEGAL, PERSON
from tests.flow.objections import FILE as OBJECT
from tests.flow.objections import filed, penalties
from tests.flow.test_cases import CLAIM, NODE, OF_ENTERPRISE
from tests.flow.test_complaint import FILE as COMPLAIN
from tests.harness import House, opened, stored

pytestmark = pytest.mark.anyio

LINES = '第一行\r\n\t第二行\r第三行\n"完"'
KEPT = '第一行\n\t第二行\n第三行\n"完"'


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


async def test_a_complaint_is_read_at_the_desk_and_not_by_whom_it_is_about(house: House) -> None:
    variables = {"against": {"department": "MARKET"}, "facts": LINES}
    await house.data("enterprise-rep", COMPLAIN, variables)
    read = {
        persona: (await house.data(persona, OF_ENTERPRISE, LEGAL))["enterprise"]["cases"]["nodes"]
        for persona in ("enterprise-rep", "desk", "handler")
    }
    (own,) = [one for one in read["enterprise-rep"] if one["kind"] == "COMPLAINT"]
    assert own["claim"] == KEPT
    (seen,) = [one for one in read["desk"] if one["kind"] == "COMPLAINT"]
    assert (seen["claim"], seen["department"], seen["against"]) == (KEPT, "CREDIT", "department MARKET")
    assert all(one["kind"] != "COMPLAINT" for one in read["handler"])


async def test_of_a_departments_case_the_desk_sees_the_clocks_and_not_the_claim(house: House) -> None:
    market = {row[0] for row in await house.sql("SELECT document_number FROM penalty WHERE provider = 'MARKET'")}
    rows = await penalties(house, "enterprise-rep", LEGAL)
    record = next(one for one in rows if one["documentNumber"] in market)
    await filed(house, "enterprise-rep", record, claim=CLAIM)
    cases = (await house.data("desk", OF_ENTERPRISE, LEGAL))["enterprise"]["cases"]["nodes"]
    elsewhere = [one for one in cases if one["department"] != "CREDIT"]
    assert elsewhere and all(one["claim"] is None and one["deadlineOn"] for one in elsewhere)


async def test_the_desk_sees_no_person(house: House) -> None:
    _, body = await house.ask("desk", PERSON, CITIZEN)
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_an_objection_keeps_its_lines(house: House) -> None:
    record = (await house.data("citizen", PERSON, CITIZEN))["person"]["penalties"]["nodes"][0]
    made = (await house.data("citizen", OBJECT, {"record": record["id"], "claim": LINES}))["fileObjection"]
    assert (await house.data("citizen", NODE, {"id": made["id"]}))["node"]["claim"] == KEPT


@pytest.mark.parametrize("bad", ["\n", "\t\r\n", "a\u0000b", "a\u000bb", "a\u0085b"])
async def test_other_control_characters_and_nothing_but_lines_are_refused(house: House, bad: str) -> None:
    _, body = await house.ask("citizen", COMPLAIN, {"against": {"department": "MARKET"}, "facts": bad})
    assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_lines_are_counted_once_and_stand_nowhere_else(house: House) -> None:
    full = "长\r\n" * 2500
    assert (await house.data("citizen", COMPLAIN, {"against": {"department": "MARKET"}, "facts": full}))[
        "fileComplaint"
    ]
    _, body = await house.ask("citizen", COMPLAIN, {"against": {"department": "MAR\nKET"}, "facts": "事实。"})
    assert body["errors"][0]["path"] == ["variables", "against", "department"]
    _, body = await house.ask("citizen", COMMON, {"uscc": "a\nb"})
    assert body["errors"][0]["path"] == ["variables", "uscc"]


async def test_lines_do_not_tell_a_mutation_from_an_invented_name(house: House) -> None:
    query = 'mutation { NAME(against: {department: "MARKET"}, facts: "a\\nb") { id } }'
    told = [await house.ask("handler", query.replace("NAME", name)) for name in ("fileComplaint", "feliComplaint")]
    assert told[0][1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert str(told[0][1]["errors"]).replace("fileC", "C") == str(told[1][1]["errors"]).replace("feliC", "C")
