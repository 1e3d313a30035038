"""A wrong row comes by file, is objected to, corrected, told to who read it, and stopped when it comes again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.assemble import teller_of
from gateway.cli.guards import lifted
from gateway.cli.main import main
from gateway.errors import BadInput
from gateway.intake.run import Order, take
from gateway.intake.sample_demo import DEMO
from gateway.ledger.telling import Teller
from gateway.store.database import Connections
from gateway.store.lanes import Lanes
from tests.flow.casework import brought, counted, newest, seen, step
from tests.flow.changes import ACKNOWLEDGE, notices, told
from tests.flow.documents import COMMON, LEGAL
from tests.flow.intake_bench import penalty, written
from tests.harness import House, opened

pytestmark = pytest.mark.anyio

NUMBER = "样例罚字〔2026〕990号"
WRONG = penalty(subjectUscc=DEMO.enterprise_uscc, subjectName=DEMO.enterprise_name, documentNumber=NUMBER, fine="9.9")


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        yield made


@pytest.fixture
async def teller(house: House) -> AsyncIterator[Teller]:
    lanes = await Lanes.open(house.connections.log, fast=1, slow=1)
    yield teller_of(house.gateway, lanes)
    await lanes.close()


@pytest.fixture
def command(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[int]]:
    """``gateway guards`` on the database of the house."""
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for name in ("owner", "reader", "writer", "log"):
        variable = "GATEWAY_DATABASE_URL" if name == "owner" else f"GATEWAY_{name.upper()}_URL"
        monkeypatch.setenv(variable, getattr(house.connections, name))

    async def run(*words: str) -> int:
        return await asyncio.to_thread(main, ["guards", *words])

    return run


def file(house: House, path: Path, row: dict[str, str]) -> dict[str, int]:
    """Take a file of one row; what became of it."""
    return counted(brought(house, path, row))


def lift(house: House, field: str) -> None:
    """Lift the guard of the row, as the command does."""
    with psycopg.connect(house.connections.owner) as connection:
        lifted(connection, ("penalty", NUMBER, field), "白城市监更〔2026〕1号", house.clock.now())


async def objected(house: House) -> str:
    """An objection to the fine: the case as its handler knows it."""
    rows = await seen(house, "enterprise-rep", NUMBER)
    assert rows is not None
    await step(house, "enterprise-rep", "fileObjection", record=rows["id"], field="fine", claim="多写了一位。")
    case = str((await newest(house, "handler", "OBJECTION"))["id"])
    await step(house, "handler", "acceptCase", case=case)
    return case


async def test_upheld_told_acknowledged_and_the_same_row_is_stopped(
    house: House, teller: Teller, tmp_path: Path
) -> None:
    assert file(house, tmp_path / "a.csv", WRONG) == {"accepted": 1}
    for persona in ("bank", "agency"):
        await house.data(persona, COMMON, LEGAL)
    case = await objected(house)
    await step(house, "handler", "decideCase", case=case, outcome="CORRECTED", decision="更正。", value="0.99")
    assert (await seen(house, "public", NUMBER) or {})["fine"] == "0.990000"
    await told(house, teller)
    for persona in ("bank", "agency"):
        (notice,) = await notices(house, persona)
        assert (notice["what"], notice["changed"], notice["state"]) == ("CORRECTED", ["fine"], "NEW")
        done = (await house.data(persona, ACKNOWLEDGE, {"notice": notice["id"]}))["acknowledgeNotice"]
        assert done["state"] == "ACKNOWLEDGED"
    mine = {one["institution"]: one["state"] for one in await notices(house, "enterprise-rep")}
    assert mine["bank-demo"] == mine["agency-demo"] == "ACKNOWLEDGED"
    house.clock.advance(timedelta(days=30))
    assert file(house, tmp_path / "b.csv", WRONG) == {"quarantined": 1}
    assert (await seen(house, "public", NUMBER) or {})["fine"] == "0.990000"
    right = file(house, tmp_path / "c.csv", WRONG | {"fine": "0.99"})
    assert right in ({"replaced": 1}, {"unchanged": 1})
    assert file(house, tmp_path / "d.csv", WRONG) == {"quarantined": 1}


async def test_a_change_of_the_source_while_a_case_is_open(house: House, teller: Teller, tmp_path: Path) -> None:
    file(house, tmp_path / "a.csv", WRONG)
    await house.data("bank", COMMON, LEGAL)
    await objected(house)
    assert file(house, tmp_path / "b.csv", WRONG | {"fine": "8.8"}) == {"replaced": 1}
    now = await seen(house, "public", NUMBER) or {}
    assert (now["fine"], now["disputed"]) == ("8.800000", True)
    case = await newest(house, "handler", "OBJECTION")
    assert (case["state"], case["history"][-1].partition(" ")[2]) == ("ACCEPTED", "UPSTREAM_CHANGE")
    await house.data("agency", COMMON, LEGAL)
    await told(house, teller)
    for persona in ("bank", "agency"):  # of the old version, of the new one
        assert {one["what"] for one in await notices(house, persona)} == {"UPSTREAM_CHANGED"}
    file(house, tmp_path / "c.csv", WRONG | {"fine": "7.7"})
    steps = [one.partition(" ")[2] for one in (await newest(house, "handler", "OBJECTION"))["history"]]
    assert steps.count("UPSTREAM_CHANGE") == 2


async def test_what_its_source_certifies_anew_comes_back_once(house: House, teller: Teller, tmp_path: Path) -> None:
    file(house, tmp_path / "a.csv", WRONG)
    await house.data("bank", COMMON, LEGAL)
    case = await objected(house)
    await step(house, "handler", "decideCase", case=case, outcome="CORRECTED", decision="更正。", value="0.99")
    lift(house, "fine")
    assert file(house, tmp_path / "b.csv", WRONG) == {"replaced": 1}
    assert (await seen(house, "public", NUMBER) or {})["fine"] == "9.900000"
    await told(house, teller)
    (back,) = [one for one in await notices(house, "bank") if one["what"] == "BROUGHT_BACK"]
    assert back["changed"] == ["fine"]
    assert "BROUGHT_BACK" in {one["what"] for one in await notices(house, "enterprise-rep")}
    file(house, tmp_path / "c.csv", WRONG | {"fine": "0.99"})
    assert file(house, tmp_path / "d.csv", WRONG) == {"quarantined": 1}  # the guard holds again
    with pytest.raises(BadInput):
        lift(house, "conduct")


SPELLED = (
    "样例罚字[2026]990号",
    "样例罚字（2026）990号",
    "样例罚字【２０２６】９９０号",
    "样例罚字 〔2026〕 990 号",
    "样例罚字﹝2026﹞990号",
)


@pytest.mark.parametrize("number", SPELLED, ids=[str(at) for at in range(len(SPELLED))])
async def test_a_number_that_is_spelled_otherwise_is_the_same_record(house: House, tmp_path: Path, number: str) -> None:
    file(house, tmp_path / "a.csv", WRONG)
    many = await house.sql("SELECT count(*) FROM penalty")
    case = await objected(house)
    await step(house, "handler", "decideCase", case=case, outcome="CORRECTED", decision="更正。", value="0.99")
    assert file(house, tmp_path / "b.csv", WRONG | {"documentNumber": number}) == {"quarantined": 1}
    assert await seen(house, "public", number) is None
    ((id, version),) = await house.sql("SELECT id, version FROM penalty WHERE document_number = %s", NUMBER)
    right = WRONG | {"documentNumber": number, "fine": "0.99"}
    assert file(house, tmp_path / "c.csv", right) == {"replaced": 1}
    assert file(house, tmp_path / "d.csv", right) == {"unchanged": 1}
    assert await house.sql("SELECT document_number, version FROM penalty WHERE id = %s", id) == [(number, version + 1)]
    assert await house.sql("SELECT count(*) FROM penalty") == many


async def test_two_spellings_in_one_file_and_a_record_that_ended(house: House, tmp_path: Path) -> None:
    with psycopg.connect(house.connections.writer) as connection:
        path = written(tmp_path / "a.csv", "penalty", WRONG, WRONG | {"documentNumber": SPELLED[0]})
        receipt = take(connection, house.vault, path, Order(house.clock.now()))
        connection.commit()
    assert (receipt.accepted, receipt.quarantined, receipt.reasons["DUPLICATE_KEY"]) == (1, 1, 1)
    case = await objected(house)
    await step(house, "handler", "decideCase", case=case, outcome="DISCLOSURE_ENDED", decision="撤下。")
    assert file(house, tmp_path / "b.csv", WRONG | {"documentNumber": SPELLED[1]}) == {"quarantined": 1}


async def test_twins_of_before_keep_their_own_rows(house: House, tmp_path: Path) -> None:
    """Files of earlier releases could make two records of two spellings: each row is known by its own."""
    file(house, tmp_path / "a.csv", WRONG | {"documentNumber": "甲1"})
    file(house, tmp_path / "b.csv", WRONG)
    await house.sql("UPDATE penalty SET document_number = %s WHERE document_number = '甲1'", SPELLED[0])
    assert file(house, tmp_path / "c.csv", WRONG) == {"unchanged": 1}
    changed = WRONG | {"documentNumber": SPELLED[0], "fine": "1"}
    assert file(house, tmp_path / "d.csv", changed) == {"replaced": 1}
    fines = await house.sql("SELECT document_number, fine FROM penalty WHERE document_number LIKE '样例罚字%%990号'")
    assert {str(number): float(fine) for number, fine in fines} == {NUMBER: 9.9, SPELLED[0]: 1.0}


@pytest.mark.parametrize("field", ["documentNumber", "conduct", "facts", "subjectName", "organCode"])
async def test_what_nobody_can_see_in_a_text_is_a_fault(house: House, tmp_path: Path, field: str) -> None:
    for one in ("\u200b", "\u00ad", "\u2060", "\u202e", "\ufeff"):
        row = WRONG | {field: f"{WRONG[field][:2]}{one}{WRONG[field][2:]}"}
        with psycopg.connect(house.connections.writer) as connection:
            path = written(tmp_path / f"{ord(one)}.csv", "penalty", row)
            receipt = take(connection, house.vault, path, Order(house.clock.now()))
            connection.commit()
        assert (receipt.rejected, receipt.accepted) == (1, 0)
        assert receipt.reasons[f"{field}: holds an invisible character"] == 1


async def test_a_record_that_ended_comes_back_only_when_certified(house: House, tmp_path: Path) -> None:
    file(house, tmp_path / "a.csv", WRONG)
    case = await objected(house)
    await step(house, "handler", "decideCase", case=case, outcome="DISCLOSURE_ENDED", decision="撤下。")
    again = WRONG | {"fine": "9.8"}
    assert file(house, tmp_path / "b.csv", again) == {"quarantined": 1}
    assert await seen(house, "public", NUMBER) is None
    lift(house, "*")
    assert file(house, tmp_path / "c.csv", again | {"fine": "9.7"}) == {"replaced": 1}
    assert (await seen(house, "public", NUMBER) or {})["fine"] == "9.700000"


async def test_the_very_row_of_a_record_that_ended_comes_back_when_certified(house: House, tmp_path: Path) -> None:
    file(house, tmp_path / "a.csv", WRONG)
    case = await objected(house)
    await step(house, "handler", "decideCase", case=case, outcome="DISCLOSURE_ENDED", decision="撤下。")
    lift(house, "*")
    assert file(house, tmp_path / "b.csv", WRONG) == {"replaced": 1}
    assert (await seen(house, "public", NUMBER) or {})["fine"] == "9.900000"
    assert file(house, tmp_path / "c.csv", WRONG) == {"unchanged": 1}
    with pytest.raises(BadInput):
        lift(house, "*")  # it is disclosed


async def test_a_guard_is_lifted_for_one_record_and_no_other(
    house: House, tmp_path: Path, command: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """One document punished two: the number alone does not say whose record is meant."""
    file(house, tmp_path / "a.csv", WRONG)
    ((mine, subject),) = await house.sql("SELECT id, subject_id FROM penalty WHERE document_number = %s", NUMBER)
    ((other, code),) = await house.sql(
        "SELECT p.id, i.value_index FROM penalty p JOIN identifier i USING (subject_id) WHERE i.kind = 'USCC' "
        "AND p.subject_id <> %s AND p.subject_class = 'legal' ORDER BY 1 LIMIT 1", subject,
    )  # fmt: skip
    await house.sql("UPDATE penalty SET document_number = %s WHERE id = %s", NUMBER, other)
    for number in (mine, other):
        await house.sql(
            "INSERT INTO correction_guard (kind, record_id, field, value_index, since) "
            "VALUES ('penalty', %s, 'fine', 'x', now())", number,
        )  # fmt: skip
    state = "SELECT record_id FROM correction_guard WHERE lifted_at IS NOT NULL ORDER BY 1"
    words = ("--lift", "penalty", NUMBER, "fine", "--certificate", "证〔2026〕1号", "--by", "anna", "--by", "boris")
    assert await command(*words) == 1
    both = ", ".join(map(str, sorted((mine, other))))
    refused = f"DOCUMENT: is the number of 2 records ({both}): say --subject or --record"
    assert refused in capsys.readouterr().err
    assert await house.sql(state) == []
    assert await command(*words, "--subject", "91220802MA00000000") == 1
    assert await command(*words, "--subject", str(code)) == 0
    assert await house.sql(state) == [(other,)]
    assert (await house.entries(1))[0]["guard"] == {
        "kind": "penalty", "record": other, "document": NUMBER, "field": "fine", "certificate": "证〔2026〕1号",
        "by": ["anna", "boris"],
    }  # fmt: skip
    capsys.readouterr()
    assert await command() == 0
    assert f"penalty {NUMBER} (record {mine}) fine: since" in capsys.readouterr().out
    await house.sql("UPDATE penalty SET status = 'WITHDRAWN' WHERE document_number = %s", NUMBER)
    whole = ("--lift", "penalty", NUMBER, "*", *words[4:])
    assert await command(*whole) == 1
    assert await command(*whole, "--record", str(mine)) == 0
    assert await house.sql("SELECT record_id FROM correction_guard WHERE field = '*'") == [(mine,)]
