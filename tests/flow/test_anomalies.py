"""What stands out in the log, rule by rule: at the edge, just below it, and in real entries."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from gateway.anomalies import Anomaly, Day, Reason, Repeated, found, of_days, of_subjects
from gateway.cli.main import main
from gateway.clock import statutory_day
from gateway.intake.sample_codes import citizen_number
from gateway.store.database import Connections
from tests.flow.test_accesses import CITIZEN, PERSON
from tests.harness import House, audit, consented, opened

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 20)


def day(accesses: int, *, night: int = 0, vain: int = 0, subjects: int = 1, ago: int = 0) -> Day:
    return Day("bank", "", "officer", TODAY - timedelta(days=ago), accesses, night, vain, subjects)


def reasons(*days: Day) -> list[Reason]:
    return [one.reason for one in of_days(days, TODAY)]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([day(50)], [Reason.VOLUME]), ([day(49)], []),
        ([day(90), *(day(30, ago=ago) for ago in range(1, 29))], []),
        ([day(91), *(day(30, ago=ago) for ago in range(1, 29))], [Reason.VOLUME]),
        ([day(50), day(5000, ago=29)], [Reason.VOLUME]),  # longer ago than what it is held against
        ([day(50), day(5000, ago=28)], []),
        ([day(5000, ago=1)], []),  # yesterday is not asked about
        ([day(19, night=10)], [Reason.NIGHT]), ([day(20, night=10)], []), ([day(9, night=9)], []),
        ([day(39, vain=20, subjects=20)], [Reason.ENUMERATION]), ([day(40, vain=20, subjects=20)], []),
        ([day(39, vain=20, subjects=19)], []),
        ([day(60, night=60, vain=60, subjects=60)], [Reason.VOLUME, Reason.NIGHT, Reason.ENUMERATION]),
    ],
)  # fmt: skip
def test_rules_over_days(days: list[Day], expected: list[Reason]) -> None:
    assert reasons(*days) == expected


@pytest.mark.parametrize(
    ("accesses", "vain", "expected"),
    [(5, 0, [Reason.REPEATED]), (4, 0, []), (3, 3, [Reason.GUESSING]), (9, 3, [Reason.GUESSING]), (4, 2, [])],
)
def test_rules_over_subjects(accesses: int, vain: int, expected: list[Reason]) -> None:
    one = Repeated("bank", "", "officer", TODAY, "p", accesses, vain)
    assert [anomaly.reason for anomaly in of_subjects([one], str)] == expected


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path) as made:
        yield made


async def test_in_real_entries(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(21):  # an officer who tries ID numbers
        await house.data("agency", PERSON, {"id": citizen_number("110101", number, 400), "name": "无名氏"})
    for _ in range(5):  # one who looks at the same person again and again, on good ground
        await house.data("bank", PERSON, {**CITIZEN, "access": consented("SQ-2026-0003")})
    for _ in range(9):  # and the person, who may look as often as they like
        await house.data("citizen", PERSON, CITIZEN)
    today = statutory_day(house.clock.now())
    await house.data("auditor", "query($access: Access) { accesses(first: 1, access: $access) { nodes { at } } }",
                     {"access": audit()})  # fmt: skip  # makes the rows

    def looked() -> list[Anomaly]:
        with psycopg.connect(house.connections.log) as connection:
            return found(connection, today, today, str)

    told = {(one.reason, one.institution, one.officer): one.text for one in looked()}
    assert told.keys() == {
        (Reason.ENUMERATION, "agency-demo", "agency-officer-1"),
        (Reason.REPEATED, "bank-demo", "bank-officer-1"),
    }
    assert told[Reason.ENUMERATION, "agency-demo", "agency-officer-1"].startswith("21 subjects asked for, 21 of 21")
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(house.connections, role))
    assert await asyncio.to_thread(main, ["audit", "anomalies", "--days", "3650"]) == 0
    said = capsys.readouterr().out
    assert f"{today} ENUMERATION: agency-demo agency-officer-1: 21 subjects" in said and "2 findings" in said
    assert await asyncio.to_thread(main, ["audit", "anomalies", "--days", "3650", "--json"]) == 0
    assert '"reason": "REPEATED"' in capsys.readouterr().out
