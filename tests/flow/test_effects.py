"""What a decision does to a record: what has ended stays ended, what follows is derived anew, nothing comes back."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest

from gateway.actions.correcting import typed
from gateway.catalogue.checks import Value
from gateway.catalogue.kinds import BY_NAME
from gateway.cli.guards import lifted
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.casework import accepted, brought, counted, newest, refused, seen, step
from tests.flow.documents import CITIZEN
from tests.flow.intake_bench import penalty
from tests.harness import TODAY, House, opened, stored

pytestmark = pytest.mark.anyio

DECIDED = {"decision": "经核查，原记录有误。"}
OWN = """query($idNumber: String!, $name: String!) { person(by: {idNumber: $idNumber, name: $name}) {
  penalties(first: 50) { nodes { id documentNumber } } } }"""
DERIVED = "published_until, retained_until, minor, disclosure"


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


def row(number: str, **change: str) -> dict[str, str]:
    """A penalty of the demonstration enterprise."""
    named = {"subjectUscc": DEMO.enterprise_uscc, "subjectName": DEMO.enterprise_name}
    return penalty(documentNumber=f"样例效字〔2026〕{number}号", **{**named, "decidedOn": "2026/07/01", **change})


def personal(number: str, **change: str) -> dict[str, str]:
    """A penalty of the demonstration citizen."""
    named = {"subjectKind": "自然人", "subjectUscc": "", "subjectName": CITIZEN["name"]}
    return row(number, subjectIdType="身份证", subjectIdNumber=CITIZEN["idNumber"], **named, **change)


async def new(house: House, path: Path, made: dict[str, str]) -> str:
    """Bring a row; the record as its subject knows it."""
    assert counted(brought(house, path / "new.csv", made)) == {"accepted": 1}
    if made["subjectUscc"]:
        return str((await seen(house, "enterprise-rep", made["documentNumber"]) or {})["id"])
    nodes = (await house.data("citizen", OWN, CITIZEN))["person"]["penalties"]["nodes"]
    return next(str(one["id"]) for one in nodes if one["documentNumber"] == made["documentNumber"])


async def objection(
    house: House, record: str, field: str | None = None, *, persona: str = "enterprise-rep", **more: object
) -> str:
    """An objection that its handler has accepted."""
    given = {"record": record, "field": field, "claim": "有误。", **more}
    return (await accepted(house, persona, "fileObjection", **given))[1]


async def decided(house: House, case: str, outcome: str, **given: object) -> None:
    await step(house, "handler", "decideCase", case=case, outcome=outcome, **DECIDED, **given)


async def undecided(house: House, case: str, outcome: str, **given: object) -> str:
    """A decision that must be refused; why."""
    status, code, told = await refused(house, "handler", "decideCase", case=case, outcome=outcome, **DECIDED, **given)
    assert (status, code) == (200, "BAD_USER_INPUT"), told
    return told


async def status_of(house: House, made: dict[str, str]) -> str:
    rows = await house.sql("SELECT status FROM penalty WHERE document_number = %s", made["documentNumber"])
    return str(rows[0][0])


async def give(house: House, made: dict[str, str], status: str) -> None:
    await house.sql("UPDATE penalty SET status = %s WHERE document_number = %s", status, made["documentNumber"])


# --- what has ended stays ended ---


@pytest.mark.parametrize("status", ["REVOKED", "WITHDRAWN", "REPAIRED", "PUBLICATION_ENDED"])
async def test_a_correction_publishes_nothing_again(house: House, tmp_path: Path, status: str) -> None:
    made = row(f"1-{status}")
    case = await objection(house, await new(house, tmp_path, made), "fine")
    await give(house, made, status)
    await decided(house, case, "CORRECTED", value="0.2")
    assert await status_of(house, made) == status
    assert await seen(house, "public", made["documentNumber"]) is None
    assert (await seen(house, "enterprise-rep", made["documentNumber"]) or {})["fine"] == "0.200000"


async def test_what_was_revoked_is_not_merely_withdrawn(house: House, tmp_path: Path) -> None:
    made = row("2")
    case = await objection(house, await new(house, tmp_path, made))
    await give(house, made, "REVOKED")
    await decided(house, case, "DISCLOSURE_ENDED")
    assert await status_of(house, made) == "REVOKED"


async def test_a_repair_reversed_brings_back_what_the_repair_ended(house: House, tmp_path: Path) -> None:
    made = row("3")
    record = await new(house, tmp_path, made)
    _, case = await accepted(house, "enterprise-rep", "requestRepair", record=record, commitment="已整改。")
    await step(house, "handler", "decideRepair", case=case, decision="APPROVE", reason="符合。")
    assert await seen(house, "public", made["documentNumber"]) is None
    await step(house, "handler", "decideRepair", case=case, decision="REVERSE", reason="承诺不实。")
    assert (await seen(house, "public", made["documentNumber"]) or {})["standing"] == "CURRENT"


@pytest.mark.parametrize(("outcome", "after"), [("REVOKED", "REVOKED"), ("DISCLOSURE_ENDED", "WITHDRAWN")])
@pytest.mark.parametrize("first", ["repaired", "ended"])
async def test_a_repair_reversed_brings_nothing_else_back(
    house: House, tmp_path: Path, outcome: str, after: str, first: str
) -> None:
    """Whether an objection has ended the record after the repair was approved, or before."""
    made = row(f"4-{outcome}-{first}")
    record = await new(house, tmp_path, made)
    _, repair = await accepted(house, "enterprise-rep", "requestRepair", record=record, commitment="已整改。")
    approve = {"case": repair, "decision": "APPROVE", "reason": "符合。"}
    if first == "repaired":
        await step(house, "handler", "decideRepair", **approve)
    await decided(house, await objection(house, record), outcome)
    if first == "ended":
        await step(house, "handler", "decideRepair", **approve)
    assert await status_of(house, made) == after
    given = {"case": repair, "decision": "REVERSE", "reason": "承诺不实。"}
    status, code, told = await refused(house, "handler", "decideRepair", **given)
    assert (status, code) == (200, "BAD_USER_INPUT") and after in told
    assert await seen(house, "public", made["documentNumber"]) is None
    done = await step(house, "handler", "decideRepair", case=repair, decision="CONFIRM_LIFTED", reason="已解除。")
    assert done["state"] == "EXECUTED"


# --- what follows from a field ---


@pytest.mark.parametrize("whose", [row, personal], ids=["body", "person"])
@pytest.mark.parametrize(
    ("field", "value", "written"),
    [
        ("severity", "SERIOUS", "严重"),
        ("severity", "MINOR", "轻微"),
        ("procedure", "SIMPLE", "简易程序"),
        ("penaltyKinds", "警告、通报批评", "警告;通报批评"),
        ("decidedOn", "2026-10-01", "2026-10-01"),
        ("conductEndedOn", "2026-03-02", "2026-03-02"),
    ],
)
async def test_a_corrected_record_is_as_if_it_had_come_so(
    house: House, tmp_path: Path, whose: Callable[..., dict[str, str]], field: str, value: str, written: str
) -> None:
    number = f"{'person' if whose is personal else 'body'}-{field}-{value}"
    before, other = whose(f"5-{number}"), whose(f"6-{number}", **{field: written})
    persona = "citizen" if whose is personal else "enterprise-rep"
    case = await objection(house, await new(house, tmp_path, before), field, persona=persona)
    await decided(house, case, "CORRECTED", value=value)
    brought(house, tmp_path / "other.csv", other)
    query = f"SELECT {DERIVED}, penalty_kinds FROM penalty WHERE document_number = %s"
    corrected = await house.sql(query, before["documentNumber"])
    assert corrected == await house.sql(query, other["documentNumber"])
    public = whose is row and (field in ("decidedOn", "conductEndedOn") or value == "SERIOUS")
    assert (await seen(house, "public", before["documentNumber"]) is not None) is public


async def test_publication_may_end_earlier_and_never_later(house: House, tmp_path: Path) -> None:
    made = row("7")
    record = await new(house, tmp_path, made)
    case = await objection(house, record)
    late = await undecided(house, case, "CORRECTED", field="publishedUntil", value="2027-07-02")
    assert "2027-07-01" in late
    await decided(house, case, "CORRECTED", field="publishedUntil", value="2027-01-31")
    case = await objection(house, record, "severity")
    await decided(house, case, "CORRECTED", value="SERIOUS")
    query = "SELECT published_until FROM penalty WHERE document_number = %s"
    assert await house.sql(query, made["documentNumber"]) == [(date(2027, 1, 31),)]
    case = await objection(house, record, "severity", newEvidence="原件。")
    await decided(house, case, "CORRECTED", value="MINOR")
    assert await house.sql(query, made["documentNumber"]) == [(date(2026, 9, 29),)]


# --- what may not come back ---


async def test_what_was_added_is_not_wiped_by_the_next_file(house: House, tmp_path: Path) -> None:
    made = row("8")
    record = await new(house, tmp_path, made)
    await decided(house, await objection(house, record, "confiscated"), "SUPPLEMENTED", value="0.5")
    again = brought(house, tmp_path / "again.csv", made)
    assert counted(again) == {"quarantined": 1} and again.reasons["CORRECTION_GUARD"] == 1
    assert counted(brought(house, tmp_path / "right.csv", made | {"confiscated": "0.5"})) == {"replaced": 1}
    assert counted(brought(house, tmp_path / "empty.csv", made)) == {"quarantined": 1}
    with psycopg.connect(house.connections.owner) as connection:
        lifted(connection, ("penalty", made["documentNumber"], "confiscated"), "市监更〔2026〕1号", house.clock.now())
    assert counted(brought(house, tmp_path / "certified.csv", made | {"conduct": "未明码标价"})) == {"replaced": 1}
    assert counted(brought(house, tmp_path / "right.csv", made | {"confiscated": "0.5"})) == {"replaced": 1}
    assert counted(brought(house, tmp_path / "empty.csv", made)) == {"quarantined": 1}  # the guard holds again


async def test_what_was_corrected_is_not_emptied_and_may_be_corrected_back(house: House, tmp_path: Path) -> None:
    made = row("9", confiscated="0.5")
    record = await new(house, tmp_path, made)
    await decided(house, await objection(house, record, "confiscated"), "CORRECTED", value="0.4")
    assert counted(brought(house, tmp_path / "old.csv", made)) == {"quarantined": 1}
    assert counted(brought(house, tmp_path / "empty.csv", made | {"confiscated": ""})) == {"quarantined": 1}
    anew = await objection(house, record, "confiscated", newEvidence="原件。")
    await decided(house, anew, "CORRECTED", value="0.5")
    assert counted(brought(house, tmp_path / "back.csv", made)) == {"replaced": 1}
    assert counted(brought(house, tmp_path / "once.csv", made | {"confiscated": "0.4"})) == {"quarantined": 1}
    assert counted(brought(house, tmp_path / "still.csv", made | {"remark": "x"})) == {"replaced": 1}


# --- what a value must fulfil ---

WRONG = [
    *(("fine", one) for one in ("-5", "1E+5", "1_000", " 5 ", "５", "٥", "NaN", "1234567890123")),
    *(("decidedOn", one) for one in ("20260101", "2026-W01-1", "0001-01-01", "9999-12-31", "2026-02-30", "2026/01/01")),
    ("conductEndedOn", "9999-12-31"),
    ("validUntil", "2026-01-01"),
    ("subjectUscc", "BAD"),
    ("subjectUscc", "220802000000015"),
    ("representativeIdNumber", "notanid"),
    ("penaltyKinds", "流放"),
    ("subjectKind", "NATURAL_PERSON"),
    ("severity", "轻微"),
    *(("conduct", one) for one in ("a\u202eb", "=1+1", "持有绝密★文件", "x" * 2001)),
]


async def test_a_decision_may_say_what_a_file_may(house: House, tmp_path: Path) -> None:
    made = row("10")
    case = await objection(house, await new(house, tmp_path, made))
    before = await house.sql("SELECT * FROM penalty WHERE document_number = %s", made["documentNumber"])
    for field, value in WRONG:
        assert await undecided(house, case, "CORRECTED", field=field, value=value), (field, value)
    assert await house.sql("SELECT * FROM penalty WHERE document_number = %s", made["documentNumber"]) == before
    await decided(house, case, "CORRECTED", field="fine", value="5")


@pytest.mark.parametrize(
    ("kind", "field", "value", "place"),
    [
        ("listing", "officialSite", "javascript:alert(1)", "officialSite"),
        ("judgment", "officialSite", 'https://example.invalid/"><script>', "officialSite"),
        ("license", "validFrom", "2027-01-01", "validUntil"),
        ("rating", "validUntil", "2026-01-01", "validUntil"),
        ("honor", "noticedFrom", "2027-01-01", "noticedUntil"),
        ("penalty", "subjectIdType", "ID_CARD", "subjectIdNumber"),
        ("penalty", "conduct", "a\x01b", "conduct"),
        ("penalty", "conduct", "a\x9fb", "conduct"),
    ],
)
def test_fields_are_looked_at_together(kind: str, field: str, value: str, place: str) -> None:
    said: dict[str, Value] = {
        "validFrom": date(2026, 5, 1),
        "validUntil": date(2026, 12, 31),
        "noticedUntil": date(2026, 6, 1),
        "subjectIdType": "PASSPORT",
        "subjectIdNumber": "E12345678",
        "subjectKind": "NATURAL_PERSON",
    }
    item = next(one for one in BY_NAME[kind].fields if one.name == field)
    _, rules = typed(BY_NAME[kind], item, value, said, TODAY)
    assert place in {name for name, _ in rules}


@pytest.mark.parametrize("field", ["decidedOn", "conductEndedOn"])
@pytest.mark.parametrize("whose", [row, personal], ids=["body", "person"])
def test_a_file_with_the_last_of_all_days_is_read(
    house: House, tmp_path: Path, whose: Callable[..., dict[str, str]], field: str
) -> None:
    receipt = brought(house, tmp_path / "a.csv", whose("17", **{field: "9999-12-31"}))
    assert receipt.reasons[f"{field}: lies in the future"] == receipt.rejected == 1


async def test_an_objection_to_a_field_corrects_that_field(house: House, tmp_path: Path) -> None:
    case = await objection(house, await new(house, tmp_path, row("11")), "fine")
    told = await undecided(house, case, "CORRECTED", field="confiscated", value="0.3")
    assert "objected to" in told
    await decided(house, case, "CORRECTED", field="fine", value="0.3")


async def test_a_guess_of_a_sealed_number_is_not_answered(house: House, tmp_path: Path) -> None:
    """The number that is there is written anew like any other, and the file that says it is still right."""
    made = personal("12")
    record = await new(house, tmp_path, made)
    case = await objection(house, record, "subjectIdNumber", persona="citizen")
    await decided(house, case, "CORRECTED", value=CITIZEN["idNumber"])
    again = counted(brought(house, tmp_path / "again.csv", made))
    assert again == {"replaced": 1}


# --- what was deleted ---


async def erasure(house: House, record: str) -> str:
    return (await accepted(house, "enterprise-rep", "requestErasure", record=record, reason="已过期。"))[1]


async def test_what_has_no_term_is_deleted_once_it_is_not_disclosed(house: House, tmp_path: Path) -> None:
    made = row("13")
    record = await new(house, tmp_path, made)
    case = await erasure(house, record)
    assert "as long as it is disclosed" in await undecided(house, case, "DELETED")
    await decided(house, case, "RESTRICTED")
    await decided(house, await erasure(house, record), "DELETED")
    assert await house.sql("SELECT 1 FROM penalty WHERE document_number = %s", made["documentNumber"]) == []
    for said in (made, made | {"fine": "0.7"}):
        again = brought(house, tmp_path / "again.csv", said)
        assert counted(again) == {"quarantined": 1} and again.reasons["RECORD_ERASED"] == 1
    assert counted(brought(house, tmp_path / "other.csv", row("14"))) == {"accepted": 1}


async def test_cases_about_a_deleted_record_are_answered(house: House, tmp_path: Path) -> None:
    made = row("15")
    record = await new(house, tmp_path, made)
    mine, first = await accepted(house, "enterprise-rep", "fileObjection", record=record, field="fine", claim="有误。")
    _, second = await accepted(house, "enterprise-rep", "fileObjection", record=record, field="conduct", claim="有误。")
    repair = (await accepted(house, "enterprise-rep", "requestRepair", record=record, commitment="已整改。"))[1]
    case = await erasure(house, record)
    await give(house, made, "WITHDRAWN")
    await decided(house, case, "DELETED")
    assert "was deleted" in await undecided(house, first, "CORRECTED", value="0.3")
    for outcome in ("REVOKED", "DISCLOSURE_ENDED"):
        assert "was deleted" in await undecided(house, first, outcome)
    status, code, told = await refused(house, "handler", "decideRepair", case=repair, decision="APPROVE", reason="是。")
    assert (status, code) == (200, "BAD_USER_INPUT") and "was deleted" in told
    await decided(house, first, "KEPT")
    await decided(house, second, "UNVERIFIABLE")
    status, code, told = await refused(house, "enterprise-rep", "requestReview", case=mine, reason="不服。")
    assert (status, code) == (200, "BAD_USER_INPUT") and "was deleted" in told


# --- the mark ---


async def test_the_mark_of_what_cannot_be_verified_stays(house: House, tmp_path: Path) -> None:
    made = row("16")
    record = await new(house, tmp_path, made)

    async def marked() -> object:
        return (await seen(house, "public", made["documentNumber"]) or {})["disputed"]

    await decided(house, await objection(house, record, "fine"), "UNVERIFIABLE")
    assert await marked() is True
    mine, _ = await accepted(house, "enterprise-rep", "fileObjection", record=record, field="conduct", claim="有误。")
    await step(house, "enterprise-rep", "withdrawCase", case=mine)
    assert await marked() is True
    await step(house, "enterprise-rep", "fileObjection", record=record, field="organ", claim="有误。")
    case = str((await newest(house, "handler", "OBJECTION"))["id"])
    await step(house, "handler", "declineCase", case=case, reason="缺少依据。")
    assert await marked() is True
    await decided(house, await objection(house, record, "legalBasis"), "KEPT")
    assert await marked() is False
