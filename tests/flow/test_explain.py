"""`explain` in GraphQL and on the command line, and requests that want all or nothing."""

import json
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from gateway.cli.main import main
from gateway.intake.sample_demo import DEMO
from gateway.policy.remedies import Reason
from gateway.store.database import Connections
from tests.flow.documents import INDIVIDUAL
from tests.harness import PUBLIC, House, consented, opened

pytestmark = pytest.mark.anyio

EXPLAIN = """query($query: String!, $variables: String) { explain(query: $query, variables: $variables) { policyVersion
  fields { path coordinate level rows reason rule remedy { en zh } change { role needs level en zh } } } }"""
OPERATOR = """query($uscc: String!, $access: Access) {
  enterprise(by: {uscc: $uscc}, access: $access) { name legalRepresentative { name } } }"""
STRICT = {"redaction": "refuse"}


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


async def explained(house: House, persona: str, query: str, variables: object = None) -> dict[str, dict[str, Any]]:
    """Path → what is told of it."""
    given = {"query": query, "variables": None if variables is None else json.dumps(variables)}
    data = await house.data(persona, EXPLAIN, given)
    return {".".join(one["path"]): one for one in data["explain"]["fields"]}


async def strictly(house: House, persona: str, query: str, variables: object = None) -> tuple[int, dict[str, Any]]:
    content = orjson.dumps({"query": query, "variables": variables, "extensions": STRICT})
    response = await house.post(content, house.headers(persona))
    return response.status_code, orjson.loads(response.content)


async def test_every_place_is_told_with_rule_reason_and_the_smallest_change(house: House) -> None:
    told = await explained(house, "bank", OPERATOR, INDIVIDUAL)
    assert list(told) == ["enterprise", "enterprise.name", "enterprise.legalRepresentative.name"]
    name, operator = told["enterprise.name"], told["enterprise.legalRepresentative.name"]
    assert (name["level"], name["rows"], name["reason"], name["change"]) == ("CLEAR", "ALL", None, None)
    assert name["rule"].startswith("roles/financial.csv:")
    assert (operator["level"], operator["rows"], operator["reason"]) == ("WITHHELD", "SOME", "CONSENT_REQUIRED")
    assert "access.consent" in operator["remedy"]["en"] and "授权" in operator["remedy"]["zh"]
    change = operator["change"]
    assert (change["role"], change["needs"], change["level"]) == (None, ["CONSENT"], "CLEAR")
    assert change["en"] == "clear if a consent in force (rows: individual/ordinary)"


async def test_what_no_ground_opens_for_a_role_names_the_role_that_it_opens_for(house: House) -> None:
    told = await explained(house, "bank", "{ penalties { nodes { facts } } }")
    change = told["penalties.nodes.facts"]["change"]
    assert told["penalties.nodes.facts"]["reason"] == Reason.NOT_YET_RELEASED
    assert (change["role"], change["needs"], change["level"]) == ("GOVERNMENT", ["MATTER"], "CLEAR")


async def test_the_reasons_are_those_of_the_redactions(house: House) -> None:
    """Whoever asks, on whatever ground: `explain` and the answer itself tell the same, word for word."""
    for persona in (PUBLIC, "bank", "agency", "tax-officer", "citizen", "handler"):
        for access in (None, consented(DEMO.consent_individual)):
            variables = {**INDIVIDUAL, "access": access}
            _, body = await house.ask(persona, OPERATOR, variables)
            redactions = {".".join(one["path"]): one for one in body["extensions"]["redactions"]}
            told = await explained(house, persona, OPERATOR, variables)
            assert redactions.keys() == {path for path, one in told.items() if one["reason"] is not None}
            for path, one in redactions.items():
                assert {key: told[path][key] for key in one if key != "path"} == {
                    key: value for key, value in one.items() if key != "path"
                }


async def test_below_what_is_withheld_whole_everything_is_told(house: House) -> None:
    query = """{ enterprise(by: {uscc: "91100000100003962T"}) { cases { nodes { kind claim } } } }"""
    told = await explained(house, "enterprise-rep", query)
    assert told["enterprise.cases"]["reason"] == "SELF_ONLY"
    query = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) { repairs { nodes { form } } } }"""
    status, body = await house.ask("bank", EXPLAIN, {"query": query, "variables": json.dumps(INDIVIDUAL)})
    assert status == 200 and body["data"] is None  # for a bank there are no repairs: an invented name


async def test_explaining_reads_nothing_and_is_an_entry(house: House) -> None:
    body, cost = await house.cost("bank", EXPLAIN, {"query": OPERATOR, "variables": json.dumps(INDIVIDUAL)})
    assert body["data"]["explain"]["policyVersion"] == house.gateway.policies.current.version
    assert (cost.statements, cost.entries, cost.openings) == (0, 1, 0)
    (entry,) = await house.entries(1)
    assert entry["subjects"] == [] and entry["operation"]["roots"] == ["explain"]


async def test_a_name_that_a_role_may_not_know_fails_inside_as_it_does_outside(house: House) -> None:
    async def refusal(name: str) -> str:
        query = f'{{ enterprise(by: {{uscc: "91100000100003962T"}}) {{ {name} {{ nodes {{ id }} }} }} }}'
        _, body = await house.ask("bank", EXPLAIN, {"query": query})
        return json.dumps(body["errors"]).replace(name, "…")

    assert await refusal("repairs") == await refusal("reparsi")


async def test_a_bad_operation_is_told_where_it_stands(house: House) -> None:
    _, body = await house.ask("bank", EXPLAIN, {"query": "{ enterprise(by: {uscc: 1}) { nam } }"})
    assert [error["path"] for error in body["errors"]] == [["explain", "query"], ["explain", "query"]]
    assert all(error["extensions"]["code"] == "BAD_USER_INPUT" for error in body["errors"])
    _, body = await house.ask("bank", EXPLAIN, {"query": "{ viewer { role } }", "variables": "[1]"})
    assert body["errors"][0]["path"] == ["explain", "variables"]


async def test_all_or_nothing_refuses_before_anything_is_read(house: House) -> None:
    before = house.lanes.sent, house.vault.openings, await house.entry_count()
    status, body = await strictly(house, "bank", OPERATOR.replace("name legal", "name phone legal"), INDIVIDUAL)
    assert (status, body["data"]) == (200, None)
    error = body["errors"][0]
    assert error["extensions"]["code"] == "REDACTION_REFUSED"
    assert error["path"] == ["enterprise", "phone"]
    assert error["message"] == "enterprise.phone: enterprise.phone would be WITHHELD (CONSENT_REQUIRED)"
    assert (house.lanes.sent, house.vault.openings) == before[:2] and await house.entry_count() == before[2] + 1
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["code"], entry["subjects"]) == ("REFUSED", "REDACTION_REFUSED", [])


async def test_all_or_nothing_answers_what_is_shown_whole(house: House) -> None:
    status, body = await strictly(house, "bank", OPERATOR, {**INDIVIDUAL, "access": consented(DEMO.consent_individual)})
    assert status == 200 and "errors" not in body
    assert body["data"]["enterprise"]["legalRepresentative"]["name"] == DEMO.citizen_name


async def test_all_or_nothing_sends_nothing_where_a_ground_does_not_cover(house: House) -> None:
    """Whether a consent covers is a question of rows: it is read, and nothing of it leaves."""
    variables = {**INDIVIDUAL, "access": consented(DEMO.consent_enterprise)}
    status, body = await strictly(house, "bank", OPERATOR, variables)
    assert (status, body["data"]) == (200, None)
    assert body["errors"][0]["path"] == ["enterprise", "legalRepresentative", "name"]
    assert body["errors"][0]["extensions"]["code"] == "REDACTION_REFUSED"
    assert DEMO.individual_name not in json.dumps(body, ensure_ascii=False)
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["subjects"], entry["rows"]) == ("REFUSED", [], {})


LISTED = """query($uscc: String!, $access: Access) {
  enterprise(by: {uscc: $uscc}, access: $access) { listings { nodes { listName } } } }"""
COMPANY = {"uscc": DEMO.enterprise_uscc}


async def test_all_or_nothing_counts_no_rows_that_only_others_could_have(house: House) -> None:
    """Listings of an individual business would need a consent; those of a company need none."""
    status, body = await strictly(house, "bank", LISTED, COMPANY)
    assert status == 200 and "errors" not in body and body["data"]["enterprise"]["listings"]["nodes"]
    status, body = await strictly(house, "bank", LISTED, INDIVIDUAL)
    assert (status, body["data"]) == (200, None)
    assert body["errors"][0]["path"] == ["enterprise", "listings"]


async def test_all_or_nothing_counts_a_list_that_is_null(house: House) -> None:
    """Null where rows could be: nobody is told whether there are none, so nobody gets it as an answer."""
    matter = {"number": "M-1", "kind": "RECRUITMENT", "basis": "none that shares anything"}
    query = """query($uscc: String!, $access: Access) {
      enterprise(by: {uscc: $uscc}, access: $access) { penalties { nodes { facts } } } }"""
    _, body = await strictly(house, "tax-officer", query, {**COMPANY, "access": None})
    assert body["data"] is None and body["errors"][0]["extensions"]["code"] == "REDACTION_REFUSED"
    access = {"purpose": "PUBLIC_DUTY", "matter": matter}
    before = house.lanes.sent
    _, body = await strictly(house, "tax-officer", query, {**COMPANY, "access": access})
    assert body["data"] is None and house.lanes.sent > before  # whether a matter covers is a question of rows
    assert {error["extensions"]["code"] for error in body["errors"]} == {"REDACTION_REFUSED"}


async def test_all_or_nothing_of_a_person_says_nothing_of_files(house: House) -> None:
    """Without a basis the refusal is the same for a person who has a file and for one who has none."""
    query = """query($id: String!, $name: String!) { person(by: {idNumber: $id, name: $name}) { name birthDate } }"""
    someone = {"id": DEMO.citizen_id_number, "name": DEMO.citizen_name}
    nobody = {"id": DEMO.citizen_id_number, "name": "无名氏"}
    answers = [await strictly(house, "agency", query.replace(" birthDate", ""), one) for one in (someone, nobody)]
    assert answers[0][1]["errors"] == answers[1][1]["errors"] and answers[0][1]["data"] is None


async def test_another_word_is_refused(house: House) -> None:
    content = orjson.dumps({"query": "{ viewer { role } }", "extensions": {"redaction": "allow"}})
    response = await house.post(content)
    assert response.status_code in (200, 400)
    (error,) = response.json()["errors"]
    assert error["path"] == ["extensions", "redaction"] and '"refuse"' in error["message"]


LOOK = '{ enterprise(by: {uscc: "91100000100003962T"}) { phone repairs { nodes { form } } } }'


def test_the_command_line_also_tells_what_does_not_exist_for_a_role(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--as", "bank", LOOK]) == 0
    text = capsys.readouterr().out
    assert "enterprise.phone: WITHHELD enterprise.phone by roles/financial.csv:" in text
    assert "    -> clear if a consent in force (rows: legal/ordinary)" in text
    assert "enterprise.repairs.nodes.form: NEVER repair.form by roles/financial.csv:" in text
    assert "    -> clear as subject, if the caller is the subject or acts for it" in text
    assert main(["explain", "--as", "bank", "--consent", "C-1", "--json", LOOK]) == 0
    told = {".".join(one["path"]): one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert told["enterprise.phone"]["reason"] == "CONSENT_MUST_COVER"
    assert told["enterprise.phone"]["change"]["en"] == "clear if what was named covers the row (rows: legal/ordinary)"
    assert main(["explain", "--as", "tax-officer", "--matter", "SUPERVISION", "--chinese", LOOK]) == 0
    assert "所填事项" in capsys.readouterr().out
    assert main(["explain", "--as", "bank", "--matter", "GARDENING", LOOK]) == 1
    assert (
        main(
            ["explain", "--as", "auditor", 'mutation { fileComplaint(against: {department: "A"}, facts: "f") { id } }']
        )
        == 0
    )
    assert "fileComplaint: NEVER" in capsys.readouterr().out
    objection = 'mutation { fileObjection(record: "r", claim: "c") { id } }'
    assert main(["explain", "--as", "citizen", objection]) == 0
    text = capsys.readouterr().out
    assert "fileObjection: CLEAR (some rows) fileObjection by roles/subject.csv:" in text
    assert "    SELF_ONLY: Only the subject" in text and "-> the caller is the subject or acts for it" in text
