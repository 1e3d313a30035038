"""A department releases the texts of its own records: what everybody then reads, and what is refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.actions.release_text import LONGEST, NO_TEXT, NOT_OWN, OWN_WORDS
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.intake.sample_codes import citizen_number
from gateway.store.database import Connections
from tests.flow.casework import PENALTIES, seen, step
from tests.flow.documents import LEGAL
from tests.harness import PUBLIC, Body, House, opened, stored

pytestmark = pytest.mark.anyio

RELEASE = """mutation Release($record: ID!, $field: String!, $text: String!) {
  releaseText(record: $record, field: $field, text: $text) {
    id state deadline { on } rule receipt { origin index leaf } } }"""
RECORDS = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) {
  penalties(first: 50) { nodes { id documentNumber facts provider { code } } } } }"""
NODE = "query($id: ID!) { node(id: $id) { ... on Penalty { documentNumber facts remark subjectName } } }"
TEXT = "当事人未明码标价，\n经查属实。"


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


async def of(house: House, provider: str, persona: str = "steward") -> list[Body]:
    """The penalties of the enterprise that a department provided."""
    nodes = (await house.data(persona, RECORDS, LEGAL))["enterprise"]["penalties"]["nodes"]
    found = [one for one in nodes if one["provider"]["code"] == provider]
    assert found
    return found


async def refused(house: House, **given: Any) -> list[tuple[str, str]]:
    """What is wrong, as the steward is told: path and rule."""
    status, body = await house.ask("steward", RELEASE, given)
    assert (status, {one["extensions"]["code"] for one in body["errors"]}) == (200, {"BAD_USER_INPUT"}), body
    return [(one["path"][-1], one["message"].partition(": ")[2] or one["message"]) for one in body["errors"]]


def identity(house: House, number: int) -> str:
    """The id of a person's penalty for everybody who comes through the client of the department."""
    return house.vault.node_id(KINDS.index(BY_NAME["penalty"]), number, True, "client gov-market")


async def test_what_is_released_is_what_everybody_reads(house: House) -> None:
    record = (await of(house, "MARKET", PUBLIC))[0]
    columns = "version, facts_released, facts_released_by, facts_sealed"
    query = f"SELECT {columns} FROM penalty WHERE document_number = %s"
    ((version, before, _, original),) = await house.sql(query, record["documentNumber"])
    assert before not in (TEXT, None)
    given = {"record": record["id"], "field": "facts", "text": TEXT}
    receipt = (await house.data("steward", RELEASE, given))["releaseText"]
    assert receipt["id"] == record["id"] and receipt["receipt"]["leaf"]
    assert (receipt["state"], receipt["deadline"], receipt["rule"]) == ("RELEASED", None, None)
    (shown,) = [one for one in await of(house, "MARKET", PUBLIC) if one["id"] == record["id"]]
    assert shown["facts"] == TEXT
    (own,) = [one for one in await of(house, "MARKET") if one["id"] == record["id"]]
    assert own["facts"] not in (TEXT, before, None)  # its department reads the original
    # The record is the version that it was, and the original what it was.
    assert await house.sql(query, record["documentNumber"]) == [(version, TEXT, "steward-demo", original)]
    entry = next(one for one in reversed(await house.entries(10)) if one["outcome"] == "PERFORMED")
    assert entry["operation"]["roots"] == ["releaseText"] and entry["who"]["role"] == "steward"
    assert entry["rows"]["penalty"]["versions"] == [version] and len(entry["subjects"]) == 1


async def test_texts_of_persons_rows_are_released_too(house: House) -> None:
    rows = await house.sql(
        "SELECT id, provider FROM penalty WHERE subject_class = 'person' AND status = 'ACTIVE' ORDER BY id"
    )
    number = int(rows[0][0])
    await house.sql("UPDATE penalty SET provider = 'MARKET' WHERE id = %s", number)
    id = identity(house, number)
    node = (await house.data("steward", NODE, {"id": id}))["node"]
    assert node["subjectName"] and node["facts"]
    given = {"record": id, "field": "facts", "text": TEXT}
    assert (await house.data("steward", RELEASE, given))["releaseText"]["id"] == id
    await house.sql("UPDATE penalty SET provider = 'TAX' WHERE id = %s", number)
    assert (await house.data("steward", NODE, {"id": id}))["node"] is None
    assert await refused(house, **given) == [("record", NOT_OWN)]


async def test_one_answer_for_what_is_no_record_of_ones_own(house: House) -> None:
    mine = (await of(house, "MARKET"))[0]
    nodes = (await house.data("steward", RECORDS, LEGAL))["enterprise"]["penalties"]["nodes"]
    foreign = next(one for one in nodes if one["provider"]["code"] != "MARKET")
    subject = await house.data(
        "steward", "query($u: String!) { enterprise(by: {uscc: $u}) { id } }", {"u": LEGAL["uscc"]}
    )
    for id in (foreign["id"], subject["enterprise"]["id"], mine["id"][::-1], "x"):
        assert ("record", NOT_OWN) in await refused(house, record=id, field="facts", text=TEXT)
    ended = (await of(house, "MARKET"))[-1]
    await house.sql("UPDATE penalty SET status = 'REVOKED' WHERE document_number = %s", ended["documentNumber"])
    assert await refused(house, record=ended["id"], field="facts", text=TEXT) == [("record", NOT_OWN)]
    await house.sql("UPDATE penalty SET status = 'ACTIVE' WHERE document_number = %s", ended["documentNumber"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"身份证{citizen_number('220802', 100, 1)}。", ["holds an ID number at character 4: it may not be released"]),
        ("电话13900000000。", ["holds a phone number at character 3: it may not be released"]),
        ("车牌吉G12345。", ["holds a number plate at character 3: it may not be released"]),
        (
            "住海明路甲小区3号，电话13900000000。",
            [
                "holds a phone number at character 13: it may not be released",
                "holds an address at character 4: it may not be released",
            ],
        ),
        ("电话１３８-００１３-８０００。", ["holds a phone number at character 3: it may not be released"]),
        (
            f"身份证{' '.join(citizen_number('220802', 100, 1))}。",
            ["holds an ID number at character 4: it may not be released"],
        ),
        ("发往 a.b@example.com 。", ["holds an e-mail address at character 4: it may not be released"]),
        ("其指纹如下", ["at character 2 holds what may not be collected or may not enter the platform; report it"]),
        (" \n", ["must not be empty"]),
        ("长" * (LONGEST + 1), ["is longer than 5000 characters"] * 2),
    ],
    ids=["id-number", "phone", "plate", "two", "wide-phone", "parted-id-number", "e-mail", "never", "nothing", "long"],
)
async def test_what_may_not_be_read_is_refused_with_its_place(house: House, text: str, told: list[str]) -> None:
    record = (await of(house, "MARKET"))[0]
    found = await refused(house, record=record["id"], field="facts", text=text)
    assert [rule for _, rule in found] == told and {name for name, _ in found} == {"text"}


SAID = "我方已改正，\n现场由张三签收。"
FORGED = (
    "我方承认作假，\n现场由张三签收。",
    "我方已改正，\n现场由■■■签收。",
    "我方已改正，\n现场由■签收。",
    "我方已改正。",
    "我方已改正，\n现场由李■签收。",
    "我方已改正，\n现场由张三签收。另有隐瞒。",
    "■" * len(SAID),
    "■■■■■■\n■■■■■■■■■",
)


async def test_of_a_statement_only_the_own_words_of_its_subject_are_released(house: House) -> None:
    number = (await of(house, "MARKET", PUBLIC))[0]["documentNumber"]
    mine = await seen(house, "enterprise-rep", number) or {}
    await step(house, "enterprise-rep", "addStatement", record=mine["id"], text=SAID)
    nodes = (await house.data("steward", PENALTIES, LEGAL))["enterprise"]["penalties"]["nodes"]
    (own,) = [one for one in nodes if one["documentNumber"] == number]
    given = {"record": own["id"], "field": "statement"}
    for text in FORGED:
        assert await refused(house, **given, text=text) == [("text", OWN_WORDS)], text
    assert (await seen(house, PUBLIC, number) or {})["statement"] is None
    for blacked in (SAID, "我方已改正，\r\n现场由■■签收。", "我方已改正，\n现场由*＊■■。"):
        assert (await house.data("steward", RELEASE, {**given, "text": blacked}))["releaseText"]["state"] == "RELEASED"
        assert (await seen(house, PUBLIC, number) or {})["statement"] == blacked.replace("\r", "")
        assert (await seen(house, "enterprise-rep", number) or {})["statement"] == SAID
    # Another statement: what was released of the one before is gone with it, and is nobody's own words any more.
    await step(house, "enterprise-rep", "addStatement", record=mine["id"], text="已于次日改正。")
    assert (await seen(house, PUBLIC, number) or {})["statement"] is None
    assert await refused(house, **given, text=SAID) == [("text", OWN_WORDS)]


async def test_days_amounts_and_document_numbers_are_released(house: House) -> None:
    record = (await of(house, "MARKET"))[0]
    text = "沪市监浦处〔2025〕152025003816号：2026-11-23至2027-01-15，罚款12 345 678 901元。"
    given = {"record": record["id"], "field": "facts", "text": text}
    assert (await house.data("steward", RELEASE, given))["releaseText"]["state"] == "RELEASED"


async def test_everything_that_is_wrong_is_told_at_once(house: House) -> None:
    found = await refused(house, record="x", field="documentNumber", text="电话13900000000")
    assert [name for name, _ in found] == ["record", "field", "text"]
    record = (await of(house, "MARKET"))[0]
    assert await refused(house, record=record["id"], field="remark", text=TEXT) == [("field", NO_TEXT)]


async def test_nobody_else_has_the_mutation(house: House) -> None:
    for persona in ("market-officer", "handler", "desk", "enterprise-rep", "bank", "archivist", PUBLIC):
        _, body = await house.ask(persona, RELEASE, {"record": "x", "field": "facts", "text": TEXT})
        assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_steward_sees_what_everybody_sees_and_what_its_department_supplied(house: House) -> None:
    query = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) {
      penalties(first: 50) { nodes { documentNumber remark facts provider { code } } } } }"""
    nodes = (await house.data("steward", query, LEGAL))["enterprise"]["penalties"]["nodes"]
    own = {one["documentNumber"] for one in nodes if one["provider"]["code"] == "MARKET"}
    rows = await house.sql(
        "SELECT document_number, facts_released FROM penalty WHERE provider <> 'MARKET' AND subject_class = 'legal'"
    )
    released = dict(rows)
    assert all(
        one["remark"] is None and one["facts"] == released[one["documentNumber"]]
        for one in nodes
        if one["documentNumber"] not in own
    )
    await house.sql("UPDATE penalty SET remark = '备注' WHERE document_number = ANY(%s)", list(own))
    nodes = (await house.data("steward", query, LEGAL))["enterprise"]["penalties"]["nodes"]
    assert {one["documentNumber"] for one in nodes if one["remark"] == "备注"} == own
    _, body = await house.ask("steward", query, LEGAL)
    (told,) = [one for one in body["extensions"]["redactions"] if one["path"][-1] == "remark"]
    assert (told["reason"], told["rows"]) == ("SOURCE_ONLY", "SOME")
