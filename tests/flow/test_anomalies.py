"""What stands out in the log, rule by rule: at the edge, just below it, and in real entries."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from gateway.asking import log_key
from gateway.cli.main import main
from gateway.clock import statutory_day
from gateway.intake.sample_codes import citizen_number
from gateway.intake.sample_demo import DEMO
from gateway.ledger import anomalies
from gateway.ledger.accesses import Named, names_of
from gateway.ledger.anomalies import (
    Anomaly,
    Consents,
    Day,
    Person,
    Reason,
    Repeated,
    found,
    of_consents,
    of_days,
    of_names,
    of_subjects,
)
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

    def names(pseudonyms: Iterable[str]) -> Mapping[str, Named]:
        with psycopg.connect(house.connections.reader) as reader:
            return names_of(reader, house.vault, pseudonyms)

    def looked() -> list[Anomaly]:
        with psycopg.connect(house.connections.log) as connection:
            return found(connection, today, today, str, names)

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


@pytest.mark.parametrize(
    ("persons", "expected"),
    [
        ((("o", "p1"), ("o", "p2"), ("o", "p3")), ["3 persons who have one name"]),
        ((("o", "p1"), ("o", "p2")), []),
        ((("o", "p1"), ("o", "p2"), ("o", "again")), []),  # in vain and on good ground: one person
        ((("o", "p1"), ("o", "p2"), ("other", "p3")), []),
        ((("o", "p1"), ("o", "p2"), ("o", "q1")), []),
        ((("o", "p1"), ("o", "p2"), ("o", "unknown")), []),
    ],
)
def test_rule_over_names(persons: tuple[tuple[str, str], ...], expected: list[str]) -> None:
    names = {
        "p1": Named(1, b"wang"),
        "p2": Named(2, b"wang"),
        "p3": Named(3, b"wang"),
        "q1": Named(4, b"li"),
        "again": Named(1, b"wang"),
    }
    looked = [Person("bank", "", officer, TODAY, subject) for officer, subject in persons]
    assert [one.text for one in of_names(looked, names)] == expected


@pytest.mark.parametrize(("consents", "unfollowed", "expected"), [(20, 19, 1), (19, 19, 0), (20, 18, 0), (40, 37, 1)])
def test_rule_over_consents(consents: int, unfollowed: int, expected: int) -> None:
    one = Consents("bank", "", "officer", TODAY, consents, unfollowed)
    assert [anomaly.reason for anomaly in of_consents([one])] == [Reason.UNFOLLOWED] * expected


async def test_persons_of_one_name_are_told_by_the_library(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both persons of the demonstration get one name; one was asked for in vain, the other a day before."""
    monkeypatch.setattr(anomalies, "LEAST_NAMESAKES", 2)
    ((index, name, wrapped, sealed),) = await house.sql(
        "SELECT p.name_index, p.name_masked, k.wrapped, p.name_sealed FROM person AS p JOIN subject_key AS k "
        "USING (subject_id) WHERE p.id_number_index = %s",
        house.vault.blind_index("person", "id_number", DEMO.citizen_id_number),
    )
    assert name and wrapped and sealed
    others = await house.sql(
        "UPDATE person SET name_index = %s WHERE subject_id IN (SELECT subject_id FROM person WHERE name_index <> %s "
        "ORDER BY subject_id LIMIT 1) RETURNING subject_id",
        index, index,
    )  # fmt: skip
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    await house.data("agency", PERSON, CITIZEN)
    day = statutory_day(house.clock.now())
    await house.data("auditor", "query($access: Access) { accesses(first: 1, access: $access) { nodes { at } } }",
                     {"access": audit()})  # fmt: skip  # makes the rows
    assert len(others) == 1
    names = house.vault.pseudonyms(int(subject) for (subject,) in others)
    for number, one in enumerate(names, start=1):
        await house.sql(
            "INSERT INTO access (subject_id, id, subject_class, provider, batch, minor, origin, index, at, day, role, "
            "institution, officer, roots, outcome, subject, shard, number, month) SELECT %s, nextval('access_ids'), "
            "'legal', 'CREDIT', '', false, 'o', '0', now(), %s, 'agency', 'agency-demo', 'agency-officer-1', "
            "'{person}', 'EMPTY', %s, 0, 1000000, '2026-11-01'",
            log_key(one), day - timedelta(days=number), one,
        )  # fmt: skip
    with psycopg.connect(house.connections.log) as connection, psycopg.connect(house.connections.reader) as reader:
        told = found(connection, day - timedelta(days=9), day, str, lambda all: names_of(reader, house.vault, all))
    assert [(one.reason, one.officer, one.text) for one in told if one.reason is Reason.NAMESAKES] == [
        (Reason.NAMESAKES, "agency-officer-1", "2 persons who have one name")
    ]


async def test_consents_that_nothing_followed_are_counted(house: House) -> None:
    """Of 40 consents used for approvals 100 days ago two were followed: by a look after the loan, by a new consent."""
    day = statutory_day(house.clock.now())

    async def row(number: int, days: int, purpose: str, consent: str, subject: int) -> None:
        await house.sql(
            "INSERT INTO access (subject_id, id, subject_class, provider, batch, minor, origin, index, at, day, role, "
            "institution, officer, roots, outcome, subject, shard, number, month, purposes, consents) SELECT %s, "
            "nextval('access_ids'), 'legal', 'CREDIT', '', false, 'o', '0', %s, %s, 'financial', 'bank-demo', 'o-1', "
            "'{person}', 'DISCLOSED', %s, 0, %s, '2026-11-01', ARRAY[%s], ARRAY[%s]",
            subject, house.clock.now() - timedelta(days=days), day - timedelta(days=days), f"{subject:032x}", number,
            purpose, consent,
        )  # fmt: skip

    for number in range(40):
        await row(number, 100, "LOAN_APPROVAL", f"C-{number}", number)
        await row(100 + number, 99, "LOAN_APPROVAL", f"C-{number}", number)  # again with the same: no business
    await row(300, 40, "POST_LOAN_MANAGEMENT", "C-0", 0)
    await row(301, 40, "LOAN_APPROVAL", "D-1", 1)
    await row(302, 5, "POST_LOAN_MANAGEMENT", "C-2", 2)  # too late
    with psycopg.connect(house.connections.log) as connection:
        told = found(connection, day - timedelta(days=30), day, str, lambda all: {})
    assert [(one.officer, one.text) for one in told if one.reason is Reason.UNFOLLOWED] == [
        ("o-1", "38 of 40 consents for approvals, no look within 90 days after")
    ]
