"""What time does to cases and publications: each step once, with its event and its entry, or not at all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.assemble import timekeeper_of
from gateway.errors import GatewayError
from gateway.rights import deadlines
from gateway.store.database import Connections
from gateway.timekeeping import worker
from gateway.timekeeping.publication import KINDS_THAT_END
from gateway.timekeeping.worker import Timekeeper
from tests.flow.documents import LEGAL
from tests.flow.dying import DyingSessions, Failing, Killed
from tests.flow.objections import filed, penalties
from tests.harness import NOW, Body, House, opened, stored, until

pytestmark = pytest.mark.anyio

STEPS = "SELECT step, principal, department, note FROM case_event WHERE case_id = %s AND number > 2 ORDER BY number"
CASES = "query { cases(first: 50) { nodes { deadlineOn escalatedAt overdueAt } } }"


FRESH = """
    UPDATE "case" SET filed_at = %s, filed_on = '2026-11-23', deadline_on = '2026-12-02',
        deadline_provisional = false, rule = 'objection.provider', rule_version = 1, calendar = 1, department = %s,
        closed_at = NULL, reminded_at = NULL, escalated_at = NULL, overdue_at = NULL WHERE id = %s
"""


@pytest.fixture(scope="module")
async def opened_house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway where nothing of the sample is ever due, and one case: filed at NOW, a Monday."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        await made.sql('UPDATE "case" SET closed_at = now()')
        for kind in KINDS_THAT_END:
            await made.sql(f"UPDATE {kind.name} SET published_until = NULL")
        (record, *_) = await penalties(made, "enterprise-rep", LEGAL)
        await filed(made, "enterprise-rep", record)
        yield made


@pytest.fixture
async def house(opened_house: House) -> House:
    """The same, as it was in the beginning."""
    opened_house.clock.at = NOW
    await fresh(opened_house)
    for statement in (
        "DELETE FROM day_adjustment WHERE version > 1",
        "DELETE FROM calendar WHERE version > 1",
        "DELETE FROM case_pause",
        "UPDATE penalty SET published_until = NULL",
        "UPDATE rule SET value = 1 WHERE name = 'case.escalate'",
    ):
        await opened_house.sql(statement)
    return opened_house


@pytest.fixture
async def case(house: House) -> int:
    """The one case there is: its seven working days end on Wednesday, December 2."""
    ((number, due),) = await house.sql('SELECT id, deadline_on FROM "case" WHERE closed_at IS NULL')
    assert due == date(2026, 12, 2)
    return int(number)


async def fresh(house: House) -> None:
    """Let the case be as it was filed."""
    ((number, department),) = await house.sql(
        "SELECT case_id, department FROM case_event WHERE number = 2 ORDER BY case_id DESC LIMIT 1"
    )
    await house.sql(FRESH, NOW, department, number)
    await house.sql("DELETE FROM case_event WHERE case_id = %s AND number > 2", number)


async def said(house: House) -> list[Body]:
    """What the entries of the log say that time did, in their order."""
    return [entry["clock"] for entry in await house.entries(100_000) if "clock" in entry]


async def steps(house: House, case: int) -> list[str]:
    return [row[0] for row in await house.sql(STEPS, case)]


def at(day: int, month: int = 12, year: int = 2026, hour: int = 2) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


async def test_a_case_is_reminded_of_escalated_and_overdue(house: House, case: int) -> None:
    keeper = timekeeper_of(house.gateway)
    days = [(at(day, month), await_) for day, month, await_ in (
        (27, 11, 0), (29, 11, 0), (30, 11, 1), (30, 11, 0), (1, 12, 1), (2, 12, 0), (3, 12, 1), (4, 12, 0), (30, 12, 0)
    )]  # fmt: skip
    for now, expected in days:
        house.clock.at = now
        assert await keeper.work() == expected, now
    assert await house.sql(STEPS, case) == [
        ("REMIND", "clock", None, "deadline 2026-12-02"),
        ("ESCALATE", "clock", "CREDIT", "deadline 2026-12-02"),
        ("OVERDUE", "clock", None, "deadline 2026-12-02"),
    ]
    assert (await said(house))[-3:] == [
        {"step": step, "case": case, "deadline": "2026-12-02"} for step in ("REMIND", "ESCALATE", "OVERDUE")
    ]
    assert await house.sql('SELECT reminded_at, escalated_at, overdue_at, state FROM "case" WHERE id = %s', case) == [
        (at(30, 11), at(1), at(3), "ROUTED")
    ]
    for persona in ("enterprise-rep", "desk"):
        nodes = (await house.data(persona, CASES))["cases"]["nodes"]
        times = ("2026-12-02", "2026-12-01T02:00:00.000000Z", "2026-12-03T02:00:00.000000Z")
        assert times in [tuple(one.values()) for one in nodes]
    await stored(house.connections)


async def test_the_day_is_that_of_beijing(house: House, case: int) -> None:
    """Sixteen o'clock in UTC is the next day there: the last second of the deadline is still in time."""
    keeper = timekeeper_of(house.gateway)
    house.clock.at = at(2).replace(hour=15, minute=59)
    assert await keeper.work() == 2
    house.clock.at = at(2).replace(hour=16)
    assert await keeper.work() == 1
    assert (await steps(house, case))[-1] == "OVERDUE"


async def test_who_comes_late_does_all_of_it_in_its_order(house: House, case: int) -> None:
    house.clock.at = at(20)
    assert await timekeeper_of(house.gateway).work() == 3
    assert await steps(house, case) == ["REMIND", "ESCALATE", "OVERDUE"]


async def test_nothing_is_reminded_of_after_it_was_escalated(house: House, case: int) -> None:
    """A rule that wants an escalation before the reminder gets the reminder with it."""
    await house.sql("UPDATE rule SET value = 5 WHERE name = 'case.escalate'")
    house.clock.at = at(25, 11)
    assert await timekeeper_of(house.gateway).work() == 2
    assert await steps(house, case) == ["REMIND", "ESCALATE"]


async def test_the_platforms_own_case_is_put_before_who_leads_the_work(house: House, case: int) -> None:
    await house.sql('UPDATE "case" SET department = %s WHERE id = %s', "CREDIT", case)
    house.clock.at = at(2)
    await timekeeper_of(house.gateway).work()
    assert [row[2] for row in await house.sql(STEPS, case)] == [None, "REFORM"]


async def test_closed_and_locked_cases_are_left_alone(house: House, case: int) -> None:
    keeper = timekeeper_of(house.gateway)
    house.clock.at = at(20)
    async with house.gateway.sessions.begin() as session:
        await session.connection.execute('SELECT 1 FROM "case" WHERE id = %s FOR UPDATE', (case,))
        assert await keeper.work() == 0
    await house.sql('UPDATE "case" SET closed_at = now() WHERE id = %s', case)
    assert await keeper.work() == 0
    await house.sql('UPDATE "case" SET closed_at = NULL WHERE id = %s', case)
    assert await keeper.work() == 3


async def test_while_the_clocks_stand_nothing_happens(house: House, case: int) -> None:
    """From Wednesday noon to the Tuesday after: Wednesday to Monday do not count, four working days."""
    keeper = timekeeper_of(house.gateway)
    async with house.gateway.sessions.begin() as session:
        await deadlines.pause(session, case, at(25, 11), "an expert is asked")
    with pytest.raises(GatewayError):
        async with house.gateway.sessions.begin() as session:
            await deadlines.pause(session, case, at(26, 11), "a second one")
    house.clock.at = at(20)
    assert await keeper.work() == 0
    async with house.gateway.sessions.begin() as session:
        moved = await deadlines.resume(session, case, at(1))
    assert moved.note == "LATER: 2026-12-08, was 2026-12-02; calendar 1"
    with pytest.raises(GatewayError):
        async with house.gateway.sessions.begin() as session:
            await deadlines.resume(session, case, at(2))
    house.clock.at = at(3)
    assert await keeper.work() == 0
    house.clock.at = at(9)
    assert await keeper.work() == 3
    assert await house.sql('SELECT deadline_on FROM "case" WHERE id = %s', case) == [(date(2026, 12, 8),)]


async def test_the_cap_of_an_objection_stands_too_and_still_holds(house: House, case: int) -> None:
    """Whichever rule comes first gives the deadline: by a mended calendar it is the cap of twenty days."""
    assert await house.sql('SELECT rule, clocks FROM "case" WHERE id = %s', case) == [
        ("objection.provider", ["objection.provider/1", "objection.cap/1"])
    ]
    rest = [date(2026, 11, 24) + timedelta(days=number) for number in range(18)]
    await new_calendar(house, date(2026, 12, 31), {day: "REST" for day in rest})
    async with house.gateway.sessions.begin() as session:
        moved = await deadlines.recount(session, case, house.clock.now())
    assert (moved.deadline.rule.name, moved.deadline.on) == ("objection.cap", date(2026, 12, 14))
    assert await house.sql('SELECT rule, calendar FROM "case" WHERE id = %s', case) == [("objection.cap", 2)]


async def new_calendar(house: House, known_until: date, days: dict[date, str]) -> None:
    """The next version: the days of the last one, and these."""
    await house.sql("INSERT INTO calendar SELECT max(version) + 1, %s, 'a test' FROM calendar", known_until)
    await house.sql(
        "INSERT INTO day_adjustment SELECT version + 1, day, kind, name FROM day_adjustment "
        "WHERE version = (SELECT max(version) - 1 FROM calendar) AND NOT day = ANY(%s)",
        list(days),
    )
    for day, kind in days.items():
        await house.sql("INSERT INTO day_adjustment SELECT max(version), %s, %s, 'a test' FROM calendar", day, kind)


async def provisional(house: House) -> int:
    """The case as if filed on December 28: four of its working days lie in a year that is not known yet."""
    house.clock.at = at(28)
    await house.sql("UPDATE \"case\" SET filed_on = '2026-12-28' WHERE closed_at IS NULL")
    ((number,),) = await house.sql('SELECT id FROM "case" WHERE closed_at IS NULL')
    async with house.gateway.sessions.begin() as session:
        counted = (await deadlines.recount(session, number, house.clock.now())).deadline
    assert (counted.on, counted.provisional, counted.calendar) == (date(2027, 1, 6), True, 1)
    return int(number)


@pytest.mark.parametrize(
    ("days", "note"),
    [
        ({date(2027, 1, 1): "REST"}, "LATER: 2027-01-07, was 2027-01-06; calendar 2"),
        ({date(2027, 1, 2): "WORK"}, "EARLIER: 2027-01-05, was 2027-01-06; calendar 2"),
        ({date(2027, 5, 1): "REST"}, "SAME: 2027-01-06, was 2027-01-06; calendar 2"),
    ],
    ids=["later", "earlier", "same"],
)
async def test_a_provisional_deadline_is_counted_anew(house: House, days: dict[date, str], note: str) -> None:
    number, keeper = await provisional(house), timekeeper_of(house.gateway)
    assert await keeper.work() == 0
    await new_calendar(house, date(2027, 12, 31), days)
    assert await keeper.work() == 1
    assert await keeper.work() == 0
    assert await house.sql(STEPS, number) == [("RECOMPUTE", "clock", None, note)]
    moved = {"deadline": note.split()[1].strip(","), "was": "2027-01-06", "calendar": 2}
    assert (await said(house))[-1] == {"step": "RECOMPUTE", "case": number, **moved}
    assert await house.sql('SELECT deadline_provisional, calendar FROM "case" WHERE id = %s', number) == [(False, 2)]


async def test_what_was_not_overdue_after_all_is_not_marked(house: House) -> None:
    """The notice comes after the day on which the deadline seemed to be over."""
    number, keeper = await provisional(house), timekeeper_of(house.gateway)
    house.clock.at = at(7, 1, 2027)
    assert await keeper.work() == 3
    await new_calendar(house, date(2027, 12, 31), {date(2027, 1, 1): "REST"})
    assert await keeper.work() == 1
    assert await house.sql('SELECT overdue_at FROM "case" WHERE id = %s', number) == [(None,)]
    house.clock.at = at(8, 1, 2027)
    assert await keeper.work() == 1
    assert await steps(house, number) == ["REMIND", "ESCALATE", "OVERDUE", "RECOMPUTE", "OVERDUE"]


@pytest.mark.parametrize(
    ("days", "note"),
    [
        ({date(2026, 11, 30): "REST"}, "LATER: 2026-12-03, was 2026-12-02; calendar 2"),
        ({date(2026, 11, 28): "WORK"}, "EARLIER: 2026-12-01, was 2026-12-02; calendar 2"),
        ({date(2026, 12, 30): "REST"}, "SAME: 2026-12-02, was 2026-12-02; calendar 2"),
    ],
    ids=["later", "earlier", "same"],
)
async def test_a_known_deadline_is_counted_anew_too(house: House, case: int, days: dict[date, str], note: str) -> None:
    """A day of a year that was known already is mended: it is the law for whoever waits."""
    keeper = timekeeper_of(house.gateway)
    await new_calendar(house, date(2027, 12, 31), days)
    assert await keeper.work() == 1
    assert await keeper.work() == 0
    assert await house.sql(STEPS, case) == [("RECOMPUTE", "clock", None, note)]
    due = date.fromisoformat(note.split()[1].strip(","))
    assert await house.sql('SELECT deadline_on, calendar FROM "case" WHERE id = %s', case) == [(due, 2)]


async def test_closed_cases_and_clocks_that_stand_are_not_counted_anew(house: House, case: int) -> None:
    keeper = timekeeper_of(house.gateway)
    await new_calendar(house, date(2027, 12, 31), {date(2026, 11, 30): "REST"})
    await house.sql('UPDATE "case" SET closed_at = now() WHERE id = %s', case)
    assert await keeper.work() == 0
    await house.sql('UPDATE "case" SET closed_at = NULL WHERE id = %s', case)
    async with house.gateway.sessions.begin() as session:
        await deadlines.pause(session, case, house.clock.now(), "an expert is asked")
    assert await keeper.work() == 0
    assert await house.sql('SELECT deadline_on, calendar FROM "case" WHERE id = %s', case) == [(date(2026, 12, 2), 1)]


# --- publication ---

PUBLISHED = """
    SELECT id FROM penalty WHERE status = 'ACTIVE' AND disclosure = 'PUBLIC' AND NOT minor AND subject_class = 'legal'
    ORDER BY id
"""


async def test_publication_ends_by_its_day(house: House, case: int) -> None:
    keeper = timekeeper_of(house.gateway)
    (first,), (second,), *_ = await house.sql(PUBLISHED)
    await house.sql("UPDATE penalty SET published_until = '2026-11-23' WHERE id = %s", first)
    await house.sql("UPDATE penalty SET published_until = '2026-11-24' WHERE id = %s", second)
    await house.sql("DELETE FROM withdrawal")
    versions = await house.sql("SELECT id, version FROM penalty ORDER BY id")
    before = len(await said(house))
    assert await keeper.work() == 0  # the last day is a day of publication
    house.clock.advance(timedelta(days=1))
    assert await keeper.work() == 1
    assert (await said(house))[before:] == [{"step": "PUBLICATION_ENDED", "kind": "penalty", "records": [first]}]
    statuses = "SELECT status FROM penalty WHERE id = ANY(%s) ORDER BY id = %s"
    assert await house.sql(statuses, [first, second], second) == [("PUBLICATION_ENDED",), ("ACTIVE",)]
    assert await house.sql("SELECT id, version FROM penalty ORDER BY id") == versions
    assert await house.sql("SELECT count(*) FROM withdrawal") == [(0,)]  # copies knew the day
    assert await keeper.work() == 0


async def test_of_many_records_one_entry_tells_at_most_a_hundred(house: House, case: int) -> None:
    keeper = timekeeper_of(house.gateway)
    before = len(await said(house))
    await house.sql("UPDATE license SET status = 'ACTIVE', published_until = '2026-11-01'")
    ((many,),) = await house.sql("SELECT count(*) FROM license")
    assert await keeper.work() == -(-many // 100)
    found = (await said(house))[before:]
    assert sum(len(one["records"]) for one in found) == many and all(len(one["records"]) <= 100 for one in found)
    assert await house.sql("SELECT DISTINCT status FROM license") == [("PUBLICATION_ENDED",)]


# --- many processes, and death ---


async def test_it_looks_again_and_again_whatever_fails(
    house: House, case: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "PERIOD", 0.01)
    house.clock.at = at(20)
    running = asyncio.create_task(Timekeeper(Failing(house.gateway.sessions), house.gateway.log, house.clock).run())

    async def done() -> bool:
        return len(await steps(house, case)) == 3

    await until("all three steps are done", done)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert caplog.text.count("what is due could not be done: DATABASE_UNAVAILABLE") == 3
    assert await steps(house, case) == ["REMIND", "ESCALATE", "OVERDUE"]


async def test_many_keepers_do_each_step_once(house: House, case: int, tmp_path: Path) -> None:
    """Two processes with their own connections and shards, two keepers in each."""
    async with opened(house.connections, tmp_path / "other", seeded=False) as other:
        for one in (house, other):
            one.clock.at = at(20)
        before = len(await said(house))
        keepers = [timekeeper_of(one.gateway) for one in (house, other) for _ in range(2)]
        done = await asyncio.gather(*(keeper.work() for keeper in keepers))
        done.append(await keepers[0].work())
        assert sum(done) == 3
        assert await steps(house, case) == ["REMIND", "ESCALATE", "OVERDUE"]
        assert len(await said(house)) == before + 3


async def test_wherever_the_worker_dies_no_step_is_lost_or_doubled(house: House, case: int) -> None:
    """It is killed at its first statement, its second, and so on, until it has done all; another one goes on."""
    ((record,), *_) = await house.sql("SELECT id FROM penalty ORDER BY id")
    place, left = 0, 1
    while left:
        house.clock.at = at(20)
        await fresh(house)
        await house.sql(
            "UPDATE penalty SET status = 'ACTIVE', published_until = %s WHERE id = %s", date(2026, 12, 1), record
        )
        before = Counter(one["step"] for one in await said(house))
        dying = DyingSessions(house.gateway.sessions, place)
        with suppress(Killed):
            await Timekeeper(dying, house.gateway.log, house.clock).work()
        await house.accepting()
        left = await timekeeper_of(house.gateway).work()
        assert await steps(house, case) == ["REMIND", "ESCALATE", "OVERDUE"], place
        found = Counter(one["step"] for one in await said(house)) - before  # a shard that was lost may be another now
        assert found == Counter(["REMIND", "ESCALATE", "OVERDUE", "PUBLICATION_ENDED"]), place
        place += 1
    assert place > 40
    await stored(house.connections)
