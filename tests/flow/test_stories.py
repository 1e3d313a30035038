"""A story for each kind of case, over HTTP, each step by a different caller."""

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.casework import cases, document, more_penalties, newest, of_market, refused, seen, step
from tests.flow.documents import CITIZEN, LEGAL, PERSON
from tests.harness import TODAY, Body, House, consented, opened, stored

pytestmark = pytest.mark.anyio

REASON = "经核查，原记录有误。"
ENTERPRISE = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) {
  licenses(first: 50) { nodes { id documentNumber disputed } } } }"""


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        await more_penalties(made)
        yield made
        await stored(made.connections)


async def objected(house: House, **more: object) -> tuple[Body, Body, str]:
    """An objection to the fine of a penalty: the record, the receipt, and the case as its handler knows it."""
    record = (await of_market(house))[0]
    given = {"record": record["id"], "field": "fine", "claim": "罚款金额写错了。", **more}
    receipt = await step(house, "enterprise-rep", "fileObjection", **given)
    assert receipt["state"] == "ROUTED"
    return record, receipt, str((await newest(house, "handler", "OBJECTION"))["id"])


async def test_an_objection_is_upheld_and_the_record_corrected(house: House) -> None:
    record, receipt, case = await objected(house)
    number = str(record["documentNumber"])
    assert receipt["rule"] == "objection.provider/1"
    assert (await seen(house, "public", number) or {})["disputed"] is True
    assert (await step(house, "handler", "acceptCase", case=case))["state"] == "ACCEPTED"
    assert (await step(house, "handler", "answerCase", case=case, answer="原件为 0.35 万元。"))["state"] == "ANSWERED"
    mine = await newest(house, "enterprise-rep", "OBJECTION")
    assert (mine["state"], mine["answer"]) == ("ANSWERED", "原件为 0.35 万元。")
    assert (await step(house, "enterprise-rep", "supplementCase", case=mine["id"], text="同意。"))[
        "state"
    ] == "ACCEPTED"
    decision = {"case": case, "outcome": "CORRECTED", "decision": REASON, "value": "0.35"}
    done = await step(house, "handler", "decideCase", **decision)
    assert (done["state"], done["deadline"]) == ("DECIDED", None)
    now = await seen(house, "public", number) or {}
    assert (now["fine"], now["disputed"]) == ("0.350000", False)
    told = await newest(house, "enterprise-rep", "OBJECTION")
    assert (told["state"], told["outcome"], told["decision"]) == ("DECIDED", "CORRECTED", REASON)
    steps = [one.partition(" ")[2] for one in told["history"]]
    assert steps == ["FILE", "ROUTE", "ACCEPT", "ANSWER", "SUPPLEMENT", "DECIDE"]
    assert all(one["id"] != case for one in await cases(house, "handler"))  # a file is closed with its case
    versions = "{ supersededVersions(first: 1) { nodes { recordKind recordVersion why content } } }"
    (old,) = (await house.data("enterprise-rep", versions))["supersededVersions"]["nodes"]
    assert (old["recordKind"], old["recordVersion"], old["why"]) == ("penalty", 1, "CORRECTED")
    assert float(orjson.loads(old["content"])["fine"]) == float(str(record["fine"]))
    (guard,) = await house.sql("SELECT value_index FROM correction_guard WHERE field = 'fine'")
    assert guard[0] == house.vault.blind_index("penalty", "guard.fine", f"{float(str(record['fine'])):g}")


async def test_an_objection_is_refused_and_reviewed_by_somebody_else(house: House) -> None:
    record, _, case = await objected(house)
    await step(house, "handler", "acceptCase", case=case)
    await step(house, "handler", "decideCase", case=case, outcome="KEPT", decision="原记录无误。")
    assert (await seen(house, "public", str(record["documentNumber"])) or {})["disputed"] is False
    mine = str((await newest(house, "enterprise-rep", "OBJECTION"))["id"])
    receipt = await step(house, "enterprise-rep", "requestReview", case=mine, reason="证据未被采纳。")
    assert (receipt["state"], receipt["rule"]) == ("ROUTED", "review/1")
    assert (await seen(house, "public", str(record["documentNumber"])) or {})["disputed"] is True
    again = await refused(house, "enterprise-rep", "requestReview", case=mine, reason="再次。")
    assert again[:2] == (200, "BAD_USER_INPUT")
    review = await newest(house, "reviewer", "REVIEW")
    assert review["record"] is not None
    assert any(
        one["kind"] == "OBJECTION" and one["decision"] == "原记录无误。" for one in await cases(house, "reviewer")
    )
    assert all(one["kind"] != "REVIEW" for one in await cases(house, "handler"))
    await step(house, "reviewer", "acceptCase", case=review["id"])
    await step(house, "reviewer", "decideCase", case=review["id"], outcome="CORRECTED", decision=REASON, value="0.01")
    assert (await seen(house, "public", str(record["documentNumber"])) or {})["fine"] == "0.010000"


async def test_the_same_objection_with_nothing_new_is_declined_at_once(house: House) -> None:
    record, _, case = await objected(house)
    await step(house, "handler", "declineCase", case=case, reason="缺少依据。")
    given = {"record": record["id"], "field": "fine", "claim": "还是错的。"}
    again = await step(house, "enterprise-rep", "fileObjection", **given)
    assert (again["state"], again["deadline"]) == ("DECLINED", None)
    assert (await seen(house, "public", str(record["documentNumber"])) or {})["disputed"] is False
    told = await newest(house, "enterprise-rep", "OBJECTION")
    assert "nothing new" in told["decision"]
    anew = await step(house, "enterprise-rep", "fileObjection", **given, newEvidence="附银行回单。")
    assert anew["state"] == "ROUTED"
    await step(house, "enterprise-rep", "withdrawCase", case=anew["id"])
    assert (await seen(house, "public", str(record["documentNumber"])) or {})["disputed"] is False


async def test_what_is_missing_is_asked_for_and_added(house: House) -> None:
    _, receipt, case = await objected(house)
    asked = await step(house, "handler", "requestSupplement", case=case, request="请提供缴款凭证。")
    assert asked["state"] == "SUPPLEMENT_REQUESTED"
    conflict = await refused(house, "handler", "acceptCase", case=case)
    assert conflict[:2] == (409, "CASE_STATE_CONFLICT")
    assert "SUPPLEMENT_REQUESTED" in conflict[2] and "supplementCase" in conflict[2]
    mine = await newest(house, "enterprise-rep", "OBJECTION")
    assert mine["request"] == "请提供缴款凭证。"
    added = await step(house, "enterprise-rep", "supplementCase", case=receipt["id"], text="见附件。")
    assert added["state"] == "ROUTED"
    assert (await newest(house, "handler", "OBJECTION"))["supplement"] == f"{TODAY.isoformat()}\n见附件。"
    await step(house, "enterprise-rep", "withdrawCase", case=receipt["id"])


async def test_a_complaint_from_the_list_of_accesses(house: House) -> None:
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    mine = "{ viewer { accesses(first: 5) { nodes { origin index institution } } } }"
    entries = (await house.data("citizen", mine))["viewer"]["accesses"]["nodes"]
    entry = next(one for one in entries if one["institution"] == "bank-demo")
    place = f"{entry['origin']}/{entry['index']}"
    receipt = await step(house, "citizen", "fileComplaint", against={"entry": place}, facts="我没有申请贷款。")
    assert (receipt["state"], receipt["rule"]) == ("ROUTED", "complaint/1")
    told = await newest(house, "desk", "COMPLAINT")
    assert (told["against"], told["department"]) == ("consumer bank-demo", "CREDIT")
    foreign = await refused(house, "enterprise-rep", "fileComplaint", against={"entry": place}, facts="不是我的。")
    absent = await refused(house, "enterprise-rep", "fileComplaint", against={"entry": f"{place}99"}, facts="没有。")
    assert foreign == absent
    await step(house, "desk", "acceptCase", case=told["id"])
    await step(house, "desk", "routeCase", case=told["id"], department="REFORM")
    taken = await newest(house, "reviewer", "COMPLAINT")
    seen_ = await house.data("reviewer", "{ accesses(first: 50) { nodes { origin index institution officer } } }")
    assert [(one["index"], one["officer"]) for one in seen_["accesses"]["nodes"]] == [
        (entry["index"], "bank-officer-1")
    ]
    await step(house, "reviewer", "acceptCase", case=taken["id"])
    await step(house, "reviewer", "decideCase", case=taken["id"], outcome="UPHELD", decision="查询无依据。")
    assert (await house.data("reviewer", "{ accesses(first: 50) { nodes { index } } }"))["accesses"]["nodes"] == []
    assert (await newest(house, "citizen", "COMPLAINT"))["outcome"] == "UPHELD"


async def test_a_complaint_is_never_routed_to_whom_it_is_about(house: House) -> None:
    await step(house, "citizen", "fileComplaint", against={"department": "MARKET"}, facts="久拖不决。")
    told = await newest(house, "desk", "COMPLAINT")
    status, code, message = await refused(house, "desk", "routeCase", case=told["id"], department="MARKET")
    assert (status, code) == (200, "BAD_USER_INPUT") and "about" in message


async def test_a_report_without_a_name(house: House) -> None:
    receipt = await step(house, "public", "fileReport", against={"department": "MARKET"}, facts="收费才修复。")
    code = receipt["claimCode"]
    assert len(code) == 24 and receipt["rule"] == "report/1"
    ((filer, consumer, principals),) = await house.sql(
        """SELECT c.filer, c.consumer, (SELECT array_agg(DISTINCT principal) FROM case_event WHERE case_id = c.id)
           FROM "case" c WHERE c.kind = 'REPORT'"""
    )
    assert (filer, consumer, principals) == ("", None, [""])
    told = await newest(house, "desk", "REPORT")
    await step(house, "desk", "acceptCase", case=told["id"])
    followed = await step(house, "public", "followReport", claimCode=code.lower(), text="补充录音。")
    assert (followed["state"], followed["decision"], followed["claimCode"]) == ("ACCEPTED", None, None)
    await step(house, "desk", "decideCase", case=told["id"], outcome="UPHELD", decision="已移送。")
    followed = await step(house, "public", "followReport", claimCode=code)
    assert (followed["state"], followed["decision"]) == ("DECIDED", "已移送。")
    wrong = await refused(house, "public", "followReport", claimCode="A" * 24)
    assert wrong[1] == "BAD_USER_INPUT"
    for persona in ("citizen", "enterprise-rep"):
        assert all(one["kind"] != "REPORT" for one in await cases(house, persona))


async def test_a_repair_too_early_and_in_time(house: House) -> None:
    record = next(one for one in await of_market(house) if one["severity"] != "MINOR")
    number = str(record["documentNumber"])
    early = TODAY - timedelta(days=20)
    dated = "UPDATE penalty SET decided_on = %s WHERE document_number = %s"
    await house.sql(dated, early, number)
    given = {"record": record["id"], "commitment": "已缴清罚款并整改，所述属实。"}
    status, code, message = await refused(house, "enterprise-rep", "requestRepair", **given)
    assert (status, code) == (200, "BAD_USER_INPUT")
    assert "2027-02-04" in message and "repair.minimum.general/1" in message
    late = TODAY - timedelta(days=120)
    await house.sql(dated, late, number)
    receipt = await step(house, "enterprise-rep", "requestRepair", **given)
    assert (receipt["state"], receipt["rule"], receipt["deadline"]["verified"]) == ("ROUTED", "repair.result/1", True)
    case = await newest(house, "handler", "REPAIR")
    await step(house, "handler", "acceptCase", case=case["id"])
    wrong = await refused(house, "handler", "decideCase", case=case["id"], outcome="KEPT", decision="不对。")
    assert "decideRepair" in wrong[2]
    done = await step(house, "handler", "decideRepair", case=case["id"], decision="APPROVE", reason="符合条件。")
    assert done["state"] == "APPROVED"
    assert await seen(house, "public", number) is None
    assert (await seen(house, "enterprise-rep", number) or {})["standing"] == "NO_LONGER_DISCLOSED"
    mine = await newest(house, "enterprise-rep", "REPAIR")
    assert mine["publicationEndedAt"] and mine["sharingEndedAt"] and not mine["measuresEndedAt"]
    lifted = await step(house, "handler", "decideRepair", case=case["id"], decision="CONFIRM_LIFTED", reason="已解除。")
    assert lifted["state"] == "EXECUTED"
    mine = await newest(house, "enterprise-rep", "REPAIR")
    assert mine["measuresEndedAt"] and mine["outcome"] == "APPROVED" and mine["decision"] == "符合条件。"


async def test_a_statement_is_recorded_at_once_and_its_words_are_not_shown(house: House) -> None:
    record = (await of_market(house))[0]
    receipt = await step(house, "enterprise-rep", "addStatement", record=record["id"], text="已于次日改正。")
    assert receipt["state"] == "DECIDED"
    number = str(record["documentNumber"])
    mine, others = await seen(house, "enterprise-rep", number) or {}, await seen(house, "public", number) or {}
    assert (mine["statement"], mine["statementOn"]) == ("已于次日改正。", TODAY.isoformat())
    assert (others["statement"], others["statementOn"]) == (None, TODAY.isoformat())


async def test_an_erasure_is_restricted_while_the_record_must_be_kept(house: House) -> None:
    record = (await of_market(house))[0]
    number = str(record["documentNumber"])
    await house.sql("UPDATE penalty SET retained_until = %s WHERE document_number = %s", TODAY + timedelta(9), number)
    await step(house, "enterprise-rep", "requestErasure", record=record["id"], reason="已过期。")
    case = await newest(house, "handler", "ERASURE")
    await step(house, "handler", "acceptCase", case=case["id"])
    kept = await refused(house, "handler", "decideCase", case=case["id"], outcome="DELETED", decision="同意。")
    assert "RESTRICTED" in kept[2]
    await step(house, "handler", "decideCase", case=case["id"], outcome="RESTRICTED", decision="限制处理。")
    assert await seen(house, "public", number) is None
    assert (await seen(house, "enterprise-rep", number) or {})["standing"] == "NO_LONGER_DISCLOSED"


async def test_an_erasure_deletes_what_need_not_be_kept(house: House) -> None:
    record = (await of_market(house))[0]
    number = str(record["documentNumber"])
    await house.sql("UPDATE penalty SET retained_until = '2020-01-01' WHERE document_number = %s", number)
    await step(house, "enterprise-rep", "requestErasure", record=record["id"], reason="已过期。")
    case = await newest(house, "handler", "ERASURE")
    await step(house, "handler", "acceptCase", case=case["id"])
    await step(house, "handler", "decideCase", case=case["id"], outcome="DELETED", decision="予以删除。")
    assert await house.sql("SELECT 1 FROM penalty WHERE document_number = %s", number) == []


async def test_a_copy_of_the_own_file(house: House) -> None:
    receipt = await step(house, "citizen", "requestCopy")
    assert receipt["state"] == "DECIDED"
    query = "{ cases(first: 1, filter: {kind: COPY}) { nodes { outcome copy } } }"
    (case,) = (await house.data("citizen", query))["cases"]["nodes"]
    copy = orjson.loads(case["copy"])
    assert case["outcome"] == "GIVEN"
    assert copy["name"] == CITIZEN["name"] and copy["penalties"]["nodes"]


async def test_two_records_that_contradict_each_other_are_both_marked(house: House) -> None:
    record = (await of_market(house))[0]
    rows = (await house.data("enterprise-rep", ENTERPRISE, LEGAL))["enterprise"]
    other = next(one for one in rows["licenses"]["nodes"] if not one["disputed"])
    await step(
        house, "enterprise-rep", "fileObjection", record=record["id"], claim="互相矛盾。", contradicts=other["id"]
    )
    both = await house.sql("""SELECT a.record_kind, b.record_kind FROM "case" a JOIN "case" b ON b.id = a.of_case
        AND a.id = b.of_case ORDER BY 1 DESC""")
    assert both == [("penalty", "license"), ("license", "penalty")]
    again = (await house.data("public", ENTERPRISE, LEGAL))["enterprise"]
    marked = {one["documentNumber"] for one in again["licenses"]["nodes"] if one["disputed"]}
    assert other["documentNumber"] in marked


async def test_a_revoked_penalty_has_three_working_days(house: House) -> None:
    record = (await of_market(house))[0]
    given = {"record": record["id"], "claim": "处罚已被撤销。", "revokedBy": "白政复决〔2026〕7号"}
    receipt = await step(house, "enterprise-rep", "fileObjection", **given)
    assert (receipt["rule"], receipt["deadline"]["workingDays"]) == ("objection.revoked/1", 3)
    case = (await newest(house, "handler", "OBJECTION"))["id"]
    await step(house, "handler", "acceptCase", case=case)
    await step(house, "handler", "decideCase", case=case, outcome="REVOKED", decision="已撤销，予以撤下。")
    assert await seen(house, "public", str(record["documentNumber"])) is None
    ((told,),) = await house.sql("SELECT what FROM record_change ORDER BY id DESC LIMIT 1")
    assert told == "REVOKED"


MINE = """query($idNumber: String!, $name: String!) { person(by: {idNumber: $idNumber, name: $name}) {
  penalties(first: 9) { nodes {
    id documentNumber subjectName decidedOn severity facts fine publishedUntil disputed } } } }"""


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("subjectName", "甲子改", None),
        ("facts", "事实已更正。", None),
        ("decidedOn", "2026-03-01", "2026-02-30"),
        ("severity", "SERIOUS", "GRAVE"),
        ("fine", "0.125", "0.1234567"),
        ("publishedUntil", "2027-01-31", "bald"),
    ],
)
async def test_fields_of_a_persons_record_are_corrected(
    house: House, field: str, value: str, wrong: str | None
) -> None:
    """Sealed ones are sealed again, masked anew; a value that its field cannot hold changes nothing."""
    await house.sql("UPDATE penalty SET provider = 'MARKET' WHERE subject_class = 'person'")
    record = (await house.data("citizen", MINE, CITIZEN))["person"]["penalties"]["nodes"][0]
    await step(house, "citizen", "fileObjection", record=record["id"], field=field, claim="有误。")
    case = (await newest(house, "handler", "OBJECTION"))["id"]
    await step(house, "handler", "acceptCase", case=case)
    decision = {"case": case, "outcome": "CORRECTED", "decision": REASON}
    if wrong is not None:
        status, code, _ = await refused(house, "handler", "decideCase", **decision, value=wrong)
        assert (status, code) == (200, "BAD_USER_INPUT")
    await step(house, "handler", "decideCase", **decision, value=value)
    now = (await house.data("citizen", MINE, CITIZEN))["person"]["penalties"]["nodes"]
    changed = next(one for one in now if one["documentNumber"] == record["documentNumber"])
    # The words of a free text are shown once they are released; those of the value before are not any more.
    assert changed[field] == {"fine": "0.125000", "facts": None}.get(field, value)
    assert {name: changed[name] for name in record if name not in (field, "id")} == {
        name: record[name] for name in record if name not in (field, "id")
    }


async def test_what_names_a_record_is_not_corrected(house: House) -> None:
    record = (await house.data("citizen", MINE, CITIZEN))["person"]["penalties"]["nodes"][0]
    given = {"record": record["id"], "claim": "文号有误。", "newEvidence": "附决定书。"}
    await step(house, "citizen", "fileObjection", **given)
    case = (await newest(house, "handler", "OBJECTION"))["id"]
    await step(house, "handler", "acceptCase", case=case)
    decision = {"case": case, "outcome": "CORRECTED", "decision": REASON, "value": "x"}
    for field in ("documentNumber", "organCode", "disputedOn", "statement", "standing", "nothing"):
        assert (await refused(house, "handler", "decideCase", **decision, field=field))[1] == "BAD_USER_INPUT"
    none = await refused(house, "handler", "decideCase", **decision)
    assert "is required" in none[2]


async def test_nobody_has_an_idempotency_key_of_its_own(house: House) -> None:
    """Or the claim code of a report would be told to whoever sends the same under the same key."""
    given = {"against": {"department": "MARKET"}, "facts": "匿名。"}
    content = orjson.dumps({"query": document("fileReport"), "variables": given})
    response = await house.post(content, {**house.headers("public"), "Idempotency-Key": "1"})
    (error,) = orjson.loads(response.content)["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", ["Idempotency-Key"])
    assert "claimCode" not in response.text


async def test_nobody_handles_what_they_have_a_part_in(house: House) -> None:
    """Neither what they filed, nor a case of a subject that they act for, nor what they did themselves."""
    _, _, case = await objected(house)
    ((subject,),) = await house.sql('SELECT subject_id FROM "case" ORDER BY id DESC LIMIT 1')
    await house.sql(
        """INSERT INTO mandate (id, subject_class, provider, batch, recorded_by, recorded_on, scope, principal, agent,
           subject_id, basis, valid_from, revoked_at) VALUES (nextval('record_ids'), 'legal', 'CREDIT', 'x', 'PLATFORM',
           '2020-01-01', '{READ,FILE}', %s, %s, %s, 'MANDATE', '2020-01-01', '2021-01-01')""",
        DEMO.handler, DEMO.handler, subject,
    )  # fmt: skip
    for name, given in (
        ("acceptCase", {}),
        ("requestSupplement", {"request": "？"}),
        ("routeCase", {"department": "TAX"}),
    ):
        status, code, message = await refused(house, "handler", name, case=case, **given)
        assert (status, code) == (200, "BAD_USER_INPUT") and "acted for" in message
    await house.sql("DELETE FROM mandate WHERE agent = %s", DEMO.handler)
    assert (await step(house, "handler", "acceptCase", case=case))["state"] == "ACCEPTED"


async def test_a_review_never_goes_to_who_had_the_case(house: House) -> None:
    _, _, case = await objected(house)
    await step(house, "handler", "acceptCase", case=case)
    await step(house, "handler", "decideCase", case=case, outcome="KEPT", decision="原记录无误。")
    mine = str((await newest(house, "enterprise-rep", "OBJECTION"))["id"])
    await step(house, "enterprise-rep", "requestReview", case=mine, reason="不服。")
    review = (await newest(house, "desk", "REVIEW"))["id"]
    _, code, message = await refused(house, "desk", "routeCase", case=review, department="MARKET")
    assert code == "BAD_USER_INPUT" and "decided" in message


async def test_what_was_declined_at_once_is_not_reviewed(house: House) -> None:
    record, _, case = await objected(house)
    await step(house, "handler", "declineCase", case=case, reason="缺少依据。")
    again = await step(house, "enterprise-rep", "fileObjection", record=record["id"], claim="仍然不服。")
    assert again["state"] == "DECLINED"  # the whole record, after one of its fields was answered
    _, code, message = await refused(house, "enterprise-rep", "requestReview", case=again["id"], reason="不服。")
    assert code == "BAD_USER_INPUT" and "nothing new" in message


async def test_a_complaint_never_goes_to_the_department_whose_client_it_is_about(house: House) -> None:
    await step(house, "citizen", "fileComplaint", against={"consumer": "gov-market"}, facts="越权查询。")
    told = await newest(house, "desk", "COMPLAINT")
    _, code, message = await refused(house, "desk", "routeCase", case=told["id"], department="MARKET")
    assert code == "BAD_USER_INPUT" and "about" in message


async def test_the_desk_sees_the_entry_that_it_answers_for(house: House) -> None:
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    mine = "{ viewer { accesses(first: 9) { nodes { origin index institution } } } }"
    entries = (await house.data("citizen", mine))["viewer"]["accesses"]["nodes"]
    entry = next(one for one in entries if one["institution"] == "bank-demo")
    place = f"{entry['origin']}/{entry['index']}"
    await step(house, "citizen", "fileComplaint", against={"entry": place}, facts="非本人申请。")
    seen_ = (await house.data("desk", "{ accesses(first: 9) { nodes { index officer } } }"))["accesses"]["nodes"]
    assert {"index": entry["index"], "officer": "bank-officer-1"} in seen_
