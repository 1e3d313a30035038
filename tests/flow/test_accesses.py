"""Who looked: the log as rows for subjects, institutions and auditors, and the proof of each entry."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from gateway.audit.verify import State, Wrong, verify
from gateway.cli.main import main
from gateway.intake.sample_codes import citizen_number
from gateway.intake.sample_demo import DEMO
from gateway.signing import NoteVerifier
from gateway.store.database import Connections
from tests.harness import PUBLIC, Body, House, Variables, audit, consented, opened

pytestmark = pytest.mark.anyio

PERSON = """query($id: String!, $name: String!, $access: Access) {
  person(by: {idNumber: $id, name: $name}, access: $access) { name } }"""
CITIZEN = {"id": DEMO.citizen_id_number, "name": DEMO.citizen_name}
MINE = """{ viewer { principal accesses(first: 50) { nodes {
  role institution institutionName unit unitName officer purposes consents matters roots kinds clear masked withheld
  outcome code index } } } }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
async def house(database: Connections, home: Path) -> AsyncIterator[House]:
    async with opened(database, home) as made:
        yield made


async def mine(house: House, persona: str = "citizen") -> list[dict[str, Any]]:
    """What a subject reads of those who looked, the newest first; its own reading is the newest the next time."""
    data = await house.data(persona, MINE)
    found: list[dict[str, Any]] = data["viewer"]["accesses"]["nodes"]
    return [one for one in found if "accesses" not in one["roots"]]


async def test_a_subject_reads_who_looked_on_what_ground_and_at_what(house: House) -> None:
    before = await mine(house)
    access = consented(DEMO.consent_citizen)
    assert (await house.data("bank", PERSON, {**CITIZEN, "access": access}))["person"] is not None
    (found, *older) = await mine(house)
    assert older == before
    assert found["institution"] == "bank-demo" and found["institutionName"]
    assert (found["role"], found["outcome"], found["code"]) == ("financial", "DISCLOSED", None)
    assert (found["purposes"], found["consents"]) == ([access["purpose"]], [DEMO.consent_citizen])
    assert (found["roots"], found["kinds"], found["clear"]) == (["person"], ["person"], ["person.name"])
    assert found["officer"]


async def test_refused_and_empty_attempts_are_there_too(house: House) -> None:
    """Without a ground, with a wrong name, refused whole: whoever asked for this ID number is told to its holder."""
    seen = len(await mine(house))
    for variables in (CITIZEN, {**CITIZEN, "name": "无名氏"}):
        assert (await house.data("agency", PERSON, variables))["person"] is None
    content = orjson.dumps({"query": PERSON, "variables": CITIZEN, "extensions": {"redaction": "refuse"}})
    refused = await house.post(content, house.headers("bank"))
    assert orjson.loads(refused.content)["errors"][0]["extensions"]["code"] == "REDACTION_REFUSED"
    last, second, first, *older = await mine(house)
    assert len(older) == seen
    assert [(one["institution"], one["outcome"], one["code"]) for one in (first, second, last)] == [
        ("agency-demo", "EMPTY", None),
        ("agency-demo", "EMPTY", None),
        ("bank-demo", "REFUSED", "REDACTION_REFUSED"),
    ]
    assert not any(one["kinds"] or one["clear"] for one in (first, second, last))


async def test_an_attempt_tells_nobody_else_whether_there_is_a_file(house: House) -> None:
    """Of somebody who has a file and of somebody who has none, the log holds the same but for the pseudonym."""
    other = {"id": citizen_number("110101", 7, 400), "name": "无名氏"}
    bodies = []
    for variables in (CITIZEN, other):
        await house.data("agency", PERSON, variables)
        (body,) = await house.entries(1)
        assert len(body["asked"]) == 1 and body["subjects"] == []
        bodies.append({**body, "asked": 1, "request": "", "at": 0, "who": {**body["who"], "token": ""}})
    assert bodies[0] == bodies[1]


async def test_a_representative_reads_what_concerns_the_enterprise(house: House) -> None:
    query = f'{{ enterprise(by: {{uscc: "{DEMO.enterprise_uscc}"}}) {{ name }} }}'
    seen = len(await mine(house, "enterprise-rep"))
    await house.data(PUBLIC, query)
    await house.data("bank", query)
    await house.data("bank", '{ enterprise(by: {uscc: "91100000100003962T"}) { name } }')  # another's
    newest, before, *older = await mine(house, "enterprise-rep")
    assert len(older) == seen
    assert (before["role"], before["institution"], before["officer"]) == ("public", None, None)
    assert (newest["role"], newest["institution"], newest["clear"]) == ("financial", "bank-demo", ["enterprise.name"])


LOOKED = """query($first: Int, $after: String, $filter: AccessEntryFilter, $access: Access) {
  accesses(first: $first, after: $after, filter: $filter, access: $access) {
    nodes { institution outcome roots clear } pageInfo { hasNextPage endCursor } } }"""


async def looked(house: House, persona: str, **filters: str) -> list[Body]:
    given = {"first": 100, "filter": filters or None, "access": audit() if persona == "auditor" else None}
    found: list[Body] = (await house.data(persona, LOOKED, given))["accesses"]["nodes"]
    return found


async def test_an_institution_reads_its_own_and_no_other(house: House) -> None:
    await house.data("bank", "{ viewer { role } }")
    await house.data("agency", "{ viewer { role } }")
    for persona, client in (("bank", "bank-demo"), ("agency", "agency-demo"), ("tax-officer", "gov-tax")):
        found = await looked(house, persona)
        assert {one["institution"] for one in found} <= {client}
        assert persona == "tax-officer" or found
        assert await looked(house, persona, institution="agency-demo" if persona == "bank" else "bank-demo") == []
    schema = (await house.http.get(f"http://127.0.0.1:{house.port}/schema/financial.graphql",
                                   headers=house.headers("bank"))).text  # fmt: skip
    entry = schema[schema.index("type AccessEntry ") :].partition("\n}")[0]
    assert "  officer:" not in entry and "  subject:" not in entry and "  body:" in entry
    assert "officer" not in schema[schema.index("input AccessEntryFilter") :].partition("\n}")[0]


async def test_an_auditor_reads_all_and_looks_for_anything(house: House) -> None:
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    await house.data("agency", PERSON, CITIZEN)
    await house.ask("bank", "{ nothing }")
    everything = await looked(house, "auditor")
    assert {one["institution"] for one in everything} >= {"bank-demo", "agency-demo"}
    assert {one["outcome"] for one in everything} >= {"DISCLOSED", "EMPTY", "REFUSED"}
    for filters, expected in (
        ({"institution": "bank-demo", "clear": "person.name"}, {("bank-demo", "DISCLOSED")}),
        ({"outcome": "REFUSED", "code": "GRAPHQL_VALIDATION_FAILED"}, {("bank-demo", "REFUSED")}),
        ({"role": "agency", "kinds": "person"}, set()),
        ({"consents": DEMO.consent_citizen, "purposes": "LOAN_APPROVAL"}, {("bank-demo", "DISCLOSED")}),
    ):
        found = await looked(house, "auditor", **filters)
        assert {(one["institution"], one["outcome"]) for one in found} == expected, filters
    query = """query($access: Access) {
      accesses(first: 1, access: $access) { nodes { day policy officer subject document } } }"""
    one = (await house.data("auditor", query, {"access": audit()}))["accesses"]["nodes"][0]
    assert one["officer"] == "auditor-1" and len(one["document"]) == 64
    assert await looked(house, "auditor", day=one["day"], policy=one["policy"], officer="auditor-1")
    (entry,) = await house.entries(1)
    assert entry["operation"]["roots"] == ["accesses"]  # who audits is logged like everybody
    _, body = await house.ask("auditor", LOOKED, {"filter": {"day": "2026-02-30"}})
    assert body["errors"][0]["message"] == "accesses.filter.day: must be a day, as 2026-10-31"


async def subjects(house: House, access: Variables, **filters: str) -> list[Body]:
    """The newest rows about a person, as an auditor sees them."""
    query = """query($access: Access, $filter: AccessEntryFilter) {
      accesses(first: 2, filter: $filter, access: $access) { nodes { subject institution } } }"""
    given = {"access": access, "filter": {"kinds": "person", **filters}}
    found: list[Body] = (await house.data("auditor", query, given))["accesses"]["nodes"]
    return found


async def test_subjects_are_pseudonyms_that_an_auditor_can_follow(house: House) -> None:
    for _ in range(2):
        await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    first, second = await subjects(house, audit())
    assert first["subject"] == second["subject"] and len(first["subject"]) == 32
    given = {"filter": {"subject": first["subject"]}, "first": 50, "access": audit()}
    found = await house.data("auditor", LOOKED, given)
    assert len(found["accesses"]["nodes"]) >= 2
    assert DEMO.citizen_name not in orjson.dumps(found).decode()


@pytest.mark.parametrize("persona", [PUBLIC, "system-admin", "security-admin", "audit-admin"])
async def test_for_others_there_are_no_accesses(house: House, persona: str) -> None:
    for query in ("{ accesses { nodes { at } } }", "{ viewer { accesses { nodes { at } } } }"):
        _, body = await house.ask(persona, query)
        told = orjson.dumps(body["errors"]).decode().replace("accesses", "…")
        _, invented = await house.ask(persona, query.replace("accesses", "acceeses"))
        assert told == orjson.dumps(invented["errors"]).decode().replace("acceeses", "…")


@pytest.mark.parametrize("persona", ["handler", "desk"])
async def test_who_answers_complaints_sees_no_entry_without_one(house: House, persona: str) -> None:
    """And the one that is complained of only: ``test_stories``."""
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    found = await house.data(persona, "{ accesses { nodes { at } } viewer { accesses { nodes { at } } } }")
    assert found == {"accesses": {"nodes": []}, "viewer": {"accesses": {"nodes": []}}}


async def test_pages_hold_every_entry_once(house: House) -> None:
    for _ in range(5):
        await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    query = """query($after: String) { viewer { accesses(first: 2, after: $after, filter: {institution: "bank-demo"}) {
      edges { cursor node { index } } pageInfo { hasNextPage endCursor } } } }"""
    found: list[str] = []
    after = None
    while True:
        page = (await house.data("citizen", query, {"after": after}))["viewer"]["accesses"]
        found += [edge["node"]["index"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(found) == len(set(found)) >= 5
    assert [int(index) for index in found] == sorted(map(int, found), reverse=True)


async def test_what_is_read_of_the_log_rests_on_the_mandate(house: House) -> None:
    """A mandate that ends before the answer is sent: nothing is sent, and the entry says so."""

    async def revoke() -> None:
        house.lanes.after = None
        await house.sql("UPDATE mandate SET revoked_at = now() WHERE principal = 'citizen-demo'")

    house.lanes.after = revoke
    try:
        _, body = await house.ask("citizen", MINE)
        assert body["errors"][0]["extensions"]["code"] == "BASIS_LOST" and body["data"] is None
        assert (await house.data("citizen", MINE))["viewer"]["accesses"]["nodes"] == []
    finally:
        await house.sql("UPDATE mandate SET revoked_at = NULL WHERE principal = 'citizen-demo'")


async def test_rows_are_made_of_every_entry_and_can_be_made_again(house: House) -> None:
    """They are made when they are read; thrown away, they come back the same."""
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    columns = "shard, number, subject, institution, at, outcome, clear, minor"
    await house.data("auditor", LOOKED, {"first": 1, "access": audit()})
    before = await house.sql(f"SELECT {columns} FROM access ORDER BY number, subject")
    await house.sql("TRUNCATE access, access_mark")
    await house.data("auditor", LOOKED, {"first": 1, "access": audit()})
    after = await house.sql(f"SELECT {columns} FROM access ORDER BY number, subject")
    assert after[: len(before)] == before
    ((entries,),) = await house.sql("SELECT count(DISTINCT (shard, number)) FROM access")
    assert entries == await house.entry_count() - 1  # all but that of the reading itself


# --- receipts ---

RECEIPT = """query($origin: String!, $index: String!, $access: Access) {
  receipt(origin: $origin, index: $index, access: $access) {
  origin index size commitment leaf proof checkpoint tlogProof entry { institution body salt commitment } } }"""
PROOF = """query($origin: String!, $index: String!) { receipt(origin: $origin, index: $index) {
  origin index size commitment leaf proof checkpoint tlogProof } }"""


async def receipt_of(house: House, persona: str, query: str, variables: Variables | None) -> Body:
    _, body = await house.ask(persona, query, variables)
    found: Body = body["extensions"]["receipt"]
    return {"origin": found["origin"], "index": str(found["index"])}


async def test_a_receipt_proves_itself_offline(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await receipt_of(house, "bank", "{ viewer { role } }", None)  # in a tree of one leaf there is nothing to prove
    place = await receipt_of(house, "bank", "{ viewer { role } }", None)
    answer = await house.data("bank", RECEIPT, place)
    found = answer["receipt"]
    vkey = house.gateway.history.vkey(int(place["origin"].rsplit("/", 1)[1]))
    for name, text in (("a.json", orjson.dumps({"data": answer}).decode()), ("b.tlog-proof", found["tlogProof"])):
        (tmp_path / name).write_text(text)
        assert main(["audit", "verify-receipt", str(tmp_path / name), "--vkey", vkey]) == 0
        said = capsys.readouterr().out
        assert f"entry {place['index']} is in the tree of {found['size']} entries that {place['origin']} signed" in said
        assert ('"outcome":"DISCLOSED"' in said) == (name == "a.json")
    assert found["entry"]["commitment"] == found["commitment"]
    changes: tuple[Body, ...] = (
        found | {"index": str(int(found["index"]) + 1)}, found | {"proof": found["proof"][:-1]},
        found | {"commitment": base64.b64encode(bytes(32)).decode()}, found | {"checkpoint": "nonsense"},
        found | {"entry": found["entry"] | {"body": "{}"}}, {}, found | {"proof": None},
    )  # fmt: skip
    for change in changes:
        (tmp_path / "c.json").write_text(orjson.dumps(change).decode())
        assert main(["audit", "verify-receipt", str(tmp_path / "c.json"), "--vkey", vkey]) == 1
    (tmp_path / "d").write_text(found["tlogProof"].replace("index ", "index 1"))
    assert main(["audit", "verify-receipt", str(tmp_path / "d"), "--vkey", vkey]) == 1
    other = house.gateway.history.vkey(77)
    assert main(["audit", "verify-receipt", str(tmp_path / "a.json"), "--vkey", other]) == 1


async def test_the_entry_itself_is_for_those_whom_it_concerns(house: House) -> None:
    """The proof is everybody's; body and salt are the institution's, the auditor's, and a single subject's."""
    access = consented(DEMO.consent_citizen)
    place = await receipt_of(house, "bank", PERSON, {**CITIZEN, "access": access})
    for persona in ("bank", "citizen", "auditor", "agency", "enterprise-rep"):
        sees = persona in ("bank", "citizen", "auditor")
        given = {**place, "access": audit() if persona == "auditor" else None}
        found = (await house.data(persona, RECEIPT, given, step_up=True))["receipt"]
        assert found["proof"] is not None
        assert (found["entry"] is not None) == sees, persona
        content = orjson.dumps({"query": RECEIPT, "variables": given, "extensions": {"redaction": "refuse"}})
        strict = orjson.loads((await house.post(content, house.headers(persona, step_up=True))).content)
        if sees:
            assert orjson.loads(found["entry"]["body"])["who"]["consumer"] == "bank-demo"
            assert strict["data"]["receipt"]["entry"] == found["entry"]
        else:
            assert strict["data"] is None and strict["errors"][0]["path"] == ["receipt", "entry"]
    assert (await house.data(PUBLIC, PROOF, place))["receipt"]["index"] == place["index"]
    listed = "{ enterprises(first: 2) { nodes { name } } }"
    place = await receipt_of(house, "bank", listed, None)
    ((subjects,),) = await house.sql(
        "SELECT jsonb_array_length(convert_from(body, 'UTF8')::jsonb -> 'subjects') FROM log_entry WHERE index = %s",
        int(place["index"]),
    )
    assert subjects == 2
    assert (await house.data("bank", RECEIPT, place))["receipt"]["entry"]["body"] is not None


async def test_what_is_not_in_the_log_has_no_receipt(house: House) -> None:
    place = await receipt_of(house, "bank", "{ viewer { role } }", None)
    for wrong in (
        place | {"index": "999999999999"}, place | {"origin": "other.example/log/0"}, place | {"origin": ""},
        place | {"origin": place["origin"] + "0"}, place | {"origin": place["origin"].rsplit("/", 1)[0]},
    ):  # fmt: skip
        if wrong["origin"]:
            assert await house.data("bank", RECEIPT, wrong) == {"receipt": None}
            assert (await house.data("bank", PROOF, wrong))["receipt"] is None
            assert (await house.entries(1))[0]["outcome"] == "EMPTY"
    for index in ("", "-1", "01", "1e3", "x", "9" * 30):
        _, body = await house.ask("bank", PROOF, place | {"index": index})
        assert body["errors"][0]["path"] == ["receipt", "index"], index


async def test_rows_that_are_not_those_of_their_entry_are_found(house: House) -> None:
    """What a subject reads is compared with the log: a row that was hidden, put in or changed."""
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    await house.data("auditor", LOOKED, {"first": 1, "access": audit()})
    shard = house.gateway.log.health.shard
    assert shard is not None
    verifier = NoteVerifier.parse(house.gateway.history.vkey(shard))

    def found() -> list[tuple[Wrong, int]]:
        with psycopg.connect(house.connections.log, autocommit=True) as connection:
            report = verify(connection, verifier, State(shard))
        return [(one.what, one.first) for one in report.findings]

    assert found() == []
    ((number, subject),) = await house.sql(
        "SELECT number, subject FROM access WHERE clear = '{person.name}' ORDER BY number DESC LIMIT 1"
    )
    changes = (
        ("subject = NULL", f"subject = '{subject}'"),
        ("institution = 'x'", "institution = 'bank-demo'"),
        ("outcome = 'EMPTY'", "outcome = 'DISCLOSED'"),
        ("shard = -1 - shard", "shard = -1 - shard"),
    )
    for change, back in changes:
        await house.sql(f"UPDATE access SET {change} WHERE number = %s", number)
        assert found() == [(Wrong.ROWS, number)], change
        await house.sql(f"UPDATE access SET {back} WHERE number = %s", number)
        assert found() == []
