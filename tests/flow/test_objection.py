"""fileObjection over HTTP: who may, what becomes of the record, the case, the entry; what is refused leaves nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import KINDS
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, COMMON, LEGAL, PERSON
from tests.flow.objections import FILE, NOT_OWN, counts, filed, penalties
from tests.harness import TODAY, Body, House, opened, stored

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(
    new_database: Callable[[], Connections], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A gateway for each test: what is filed stays."""
    async with opened(new_database(), tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


async def test_every_caller_sees_the_mark_at_once(house: House) -> None:
    """The brief of the whole matter: a bank that asks right after is told that the value is disputed."""
    before = await house.data("bank", COMMON, LEGAL)
    seen = {one["documentNumber"] for one in before["enterprise"]["penalties"]["nodes"]}
    own = await penalties(house, "enterprise-rep", LEGAL)
    record = next(one for one in own if one["documentNumber"] in seen)
    body = await filed(house, "enterprise-rep", record, field="fine", claim="罚款金额有误，应为一万元。")
    after = await house.data("bank", COMMON, LEGAL)
    marked = {one["documentNumber"] for one in after["enterprise"]["penalties"]["nodes"] if one["disputed"]}
    unmarked = {one["documentNumber"] for one in before["enterprise"]["penalties"]["nodes"] if one["disputed"]}
    assert marked - unmarked == {record["documentNumber"]}
    assert body["data"]["fileObjection"]["state"] == "ROUTED"
    changed = "SELECT disputed_on, version FROM penalty WHERE document_number = %s"
    assert await house.sql(changed, record["documentNumber"]) == [(TODAY, 1)]


async def test_the_receipt_says_by_when_and_by_which_rule(house: House) -> None:
    (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
    body = await filed(house, "enterprise-rep", record)
    receipt = body["data"]["fileObjection"]
    assert receipt["deadline"] == {
        "on": "2026-12-02",  # seven working days after Monday, 2026-11-23
        "workingDays": 7,
        "calendarDays": None,
        "source": receipt["deadline"]["source"],
        "verified": False,
        "provisional": False,
    }
    assert "Shandong" in receipt["deadline"]["source"]
    told = body["extensions"]["receipt"]
    assert receipt["receipt"] == {"origin": told["origin"], "index": str(told["index"]), "leaf": told["leaf"]}


async def test_the_case_is_kept_with_its_file_and_its_claim_sealed(house: House) -> None:
    (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
    claim = "与事实不符，决定书所载地址不是本单位。"
    await filed(house, "enterprise-rep", record, field="organ", claim=claim)
    (row,) = await house.sql(
        """SELECT c.subject_id, c.id, c.claim_sealed, k.wrapped, c.department = p.provider, c.rule, c.rule_version,
               c.calendar, c.field, c.filer, c.handler, p.document_number
           FROM "case" c JOIN penalty p ON p.id = c.record_id JOIN subject_key k ON k.subject_id = c.subject_id
           WHERE c.filed_on = %s""",
        TODAY,
    )
    subject, number, sealed, wrapped, *rest = row
    assert house.vault.open(house.vault.unwrap(wrapped, subject), "case", "claim", number, sealed) == claim
    assert rest == [
        True, "objection.provider", 1, 1, "organ", DEMO.representative, None, record["documentNumber"],
    ]  # fmt: skip
    events = await house.sql("SELECT step, state, principal FROM case_event WHERE case_id = %s ORDER BY number", number)
    assert events == [("FILE", "FILED", DEMO.representative), ("ROUTE", "ROUTED", DEMO.representative)]


async def test_the_entry_says_what_was_done_and_nothing_of_the_claim(house: House) -> None:
    (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
    await filed(house, "enterprise-rep", record, claim="这是一段不应写入日志的陈述。")
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["code"], entry["operation"]["roots"]) == ("PERFORMED", "", ["fileObjection"])
    assert set(entry["rows"]) == {"case", "penalty"} and len(entry["subjects"]) == 1 and entry["held"] == 1
    (raw,) = (await stored(house.connections))[-1:]
    assert "陈述".encode() not in raw[2]


async def test_the_handler_of_the_department_comes_to_see_the_record(house: House) -> None:
    """A case opens what it is about, to the department it was routed to: the relation CASE."""
    rows = await penalties(house, "enterprise-rep", LEGAL)
    seen = await house.data("handler", COMMON, LEGAL)
    known = {one["documentNumber"] for one in seen["enterprise"]["penalties"]["nodes"]}
    market = await house.sql("SELECT document_number FROM penalty WHERE provider = 'MARKET'")
    mine = {row[0] for row in market}
    record = next(one for one in rows if one["documentNumber"] in mine - known)
    await filed(house, "enterprise-rep", record)
    seen = await house.data("handler", COMMON, LEGAL)
    now = {one["documentNumber"] for one in seen["enterprise"]["penalties"]["nodes"]}
    assert now - known == {record["documentNumber"]}


async def test_a_person_objects_to_a_penalty_of_its_own(house: House) -> None:
    data = await house.data("citizen", PERSON, CITIZEN)
    (record, *_) = data["person"]["penalties"]["nodes"]
    body = await filed(house, "citizen", record)
    assert body["data"]["fileObjection"]["id"]


async def test_a_second_one_while_the_first_is_open_is_refused(house: House) -> None:
    """By the same filer, to the same field of the same record; to another field, or to the whole, it is another."""
    (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
    await filed(house, "enterprise-rep", record, field="fine")
    before = await counts(house)
    status, body = await house.ask(
        "enterprise-rep", FILE, {"record": record["id"], "field": "fine", "claim": "再次异议"}
    )
    assert (status, body["data"], body["errors"][0]["extensions"]["code"]) == (200, None, "BAD_USER_INPUT")
    assert body["errors"][0]["path"] == ["fileObjection", "record"]
    assert await counts(house) == before
    await filed(house, "enterprise-rep", record, field="organ")
    await filed(house, "enterprise-rep", record)


async def test_of_many_at_once_one_is_filed(house: House) -> None:
    (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
    cases, _ = await counts(house)
    answers = await asyncio.gather(
        *[house.ask("enterprise-rep", FILE, {"record": record["id"], "claim": "同时"}) for _ in range(8)]
    )
    assert sorted("errors" in body for _, body in answers) == [False, *[True] * 7]
    assert (await counts(house))[0] == cases + 1


async def wrong(house: House, persona: str, variables: Mapping[str, object]) -> Body:
    """Refused as an operation, with an entry and without a trace in the tables."""
    before = await counts(house)
    status, body = await house.ask(persona, FILE, variables)
    assert (status, body["data"], body["errors"][0]["extensions"]["code"]) == (200, None, "BAD_USER_INPUT")
    assert await counts(house) == before
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["code"], entry["rows"]) == ("REFUSED", "BAD_USER_INPUT", {})
    return body


async def test_every_fault_of_the_input_is_told_at_once(house: House) -> None:
    body = await wrong(house, "enterprise-rep", {"record": "x" * 600, "field": "nothing", "claim": "   "})
    assert {(one["path"][1], one["message"].split(": ", 1)[1]) for one in body["errors"]} == {
        ("claim", "must not be empty"),
        ("record", "is longer than 512 characters"),
        ("record", NOT_OWN),
        ("field", "is not a field of the record"),
    }


async def test_what_is_not_the_callers_own_is_refused_in_one_way(house: House) -> None:
    """Somebody else's record, one that is not there, an id of something else, of another consumer, of nobody."""
    (own, *_) = await penalties(house, "enterprise-rep", LEGAL)
    person = await house.data("citizen", PERSON, CITIZEN)
    enterprise = await house.data("enterprise-rep", COMMON, LEGAL)
    await house.sql("UPDATE mandate SET revoked_at = '2026-11-20T00:00Z' WHERE principal = %s", DEMO.representative)
    told = [
        (await wrong(house, "enterprise-rep", {"record": named, "claim": "异议"}))["errors"]
        for named in (
            own["id"],  # its mandate has ended
            person["person"]["penalties"]["nodes"][0]["id"],
            enterprise["enterprise"]["id"],
            "AAAAAAAAAAAAAAAAAAAAAA",
            "",
        )
    ]
    assert all(one == told[0] for one in told)
    assert (told[0][0]["path"], told[0][0]["message"]) == (
        ["fileObjection", "record"],
        f"fileObjection.record: {NOT_OWN}",
    )


async def test_a_field_that_the_role_may_not_know_is_like_an_invented_one(house: House) -> None:
    (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
    told = [
        (await wrong(house, "enterprise-rep", {"record": record["id"], "field": field, "claim": "异议"}))["errors"]
        for field in ("remark", "noSuchField", "certificateName")
    ]
    assert told[0] == told[1] == told[2]


def without(body: Body, name: str) -> str:
    """A refusal with the name that was asked for taken out."""
    return str(body["errors"]).replace(name, "N")


ROLES = (
    "public",
    "bank",
    "agency",
    "tax-officer",
    "handler",
    "auditor",
    "system-admin",
    "security-admin",
    "audit-admin",
)


@pytest.mark.parametrize("persona", ROLES)
async def test_for_everybody_else_it_does_not_exist(house: House, persona: str) -> None:
    """Byte for byte like an invented name; introspection knows nothing of it either."""
    before = await counts(house)
    named = 'mutation { fileObjection(record: "x", claim: "y") { id } }'
    there, invented = [
        await house.ask(persona, named.replace("fileObjection", name)) for name in ("fileObjection", "feliObjection")
    ]
    assert there[0] == invented[0] == 200 and there[1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert without(there[1], "fileObjection") == without(invented[1], "feliObjection")
    told = await house.data(persona, "{ __schema { types { name fields { name } } } }")
    assert "fileObjection" not in str(told)
    assert await counts(house) == before


async def test_the_schema_of_the_subject_shows_it(house: House) -> None:
    told = await house.data(
        "citizen", "{ __schema { mutationType { name fields { name args { name type { kind } } type { name } } } } }"
    )
    fields = {one["name"]: one for one in told["__schema"]["mutationType"]["fields"]}
    assert [one["name"] for one in fields["fileObjection"]["args"]] == [
        "record",
        "field",
        "claim",
        "newEvidence",
        "revokedBy",
        "contradicts",
    ]
    assert fields["fileObjection"]["type"] == {"name": "CaseReceipt"}
    assert await house.data("citizen", "mutation { __typename }") == {"__typename": "Mutation"}


async def test_a_mutation_has_one_field(house: House) -> None:
    before = await counts(house)
    named = 'fileObjection(record: "x", claim: "y") { id }'
    _, body = await house.ask("citizen", f"mutation {{ a: {named} b: {named} }}")
    assert [one["extensions"]["code"] for one in body["errors"]] == ["LIMIT_EXCEEDED"]
    assert await counts(house) == before


async def test_aliases_fragments_and_directives_work(house: House) -> None:
    (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
    query = """mutation M($record: ID!, $no: Boolean!) {
      mine: fileObjection(record: $record, claim: "有误") { ...case skipped: id @skip(if: true) __typename }
      other: fileObjection(record: $record, claim: "另") @include(if: $no) { id }
      __typename
    }
    fragment case on CaseReceipt { key: id by: deadline { on __typename } }"""
    body = await house.data("enterprise-rep", query, {"record": record["id"], "no": False})
    assert list(body) == ["mine", "__typename"]
    assert list(body["mine"]) == ["key", "by", "__typename"]
    assert body["mine"]["by"] == {"on": "2026-12-02", "__typename": "Deadline"}


_OBJECTED = [kind for kind in KINDS if any(item.name == "disputedOn" for item in kind.fields)]


@pytest.mark.parametrize("kind", _OBJECTED, ids=lambda kind: kind.name)
async def test_every_kind_of_record_can_be_objected_to(house: House, kind: Kind) -> None:
    """Whatever it is about: marked for whoever sees it, in the same transaction, and never twice by the same person."""
    asked = (
        f"query($uscc: String!) {{ enterprise(by: {{uscc: $uscc}}) {{ {kind.plural} {{ nodes {{ id disputed }} }} }} }}"
    )

    async def rows(persona: str) -> dict[str, bool]:
        nodes = (await house.data(persona, asked, LEGAL))["enterprise"][kind.plural]["nodes"]
        return {node["id"]: node["disputed"] for node in nodes}

    record = next(number for number, disputed in (await rows("enterprise-rep")).items() if not disputed)
    body = await filed(house, "enterprise-rep", {"id": record})
    assert body["data"]["fileObjection"]["state"] == "ROUTED"
    assert (await rows("enterprise-rep"))[record] is True
    if kind.name != "repair":  # of which nobody but its subject and its handler may know
        assert (await rows("bank")).get(record, True) is True
    _, again = await house.ask("enterprise-rep", FILE, {"record": record, "field": None, "claim": "再次提出。"})
    assert again["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
