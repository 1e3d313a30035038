"""A wrong row comes by file, is objected to, corrected, told to who read it, and stopped when it comes again."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from gateway.assemble import teller_of
from gateway.cli.guards import lifted
from gateway.errors import BadInput
from gateway.intake.run import Order, take
from gateway.intake.sample_demo import DEMO
from gateway.ledger.telling import Teller
from gateway.store.database import Connections
from gateway.store.lanes import Lanes
from tests.flow.casework import newest, seen, step
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


def file(house: House, path: Path, row: dict[str, str]) -> dict[str, int]:
    """Take a file of one row; what became of it."""
    with psycopg.connect(house.connections.writer) as connection:
        receipt = take(connection, house.vault, written(path, "penalty", row), Order(house.clock.now()))
        connection.commit()
    named = ("accepted", "unchanged", "replaced", "quarantined", "rejected")
    assert receipt.rejected == 0, receipt.reasons
    return {name: value for name in named if (value := getattr(receipt, name))}


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
    assert "BROUGHT_BACK" in {one["what"] for one in await notices(house, "enterprise-rep")}
    file(house, tmp_path / "c.csv", WRONG | {"fine": "0.99"})
    assert file(house, tmp_path / "d.csv", WRONG) == {"quarantined": 1}  # the guard holds again
    with pytest.raises(BadInput):
        lift(house, "conduct")


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
