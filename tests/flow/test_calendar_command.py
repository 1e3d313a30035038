"""``gateway calendar``: the next version of the calendar, by two people, with its entry; no version ever changes."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import pytest

from gateway.cli.calendar import Day, Version, changed, installed
from gateway.cli.main import main, parser
from gateway.errors import BadInput
from gateway.store.database import Connections
from tests.harness import House, opened
from tests.property.test_calendar import ADJUSTED

pytestmark = pytest.mark.anyio

BY = ("--approved-by", "anna", "--approved-by", "boris")
SOURCE = ("--source", "国办发明电〔2026〕7号")
TODAY = date(2026, 11, 23)
BEFORE = Version(
    1,
    date(2026, 12, 31),
    "a test",
    {date(2026, 10, 1): Day("REST", "National Day"), date(2026, 10, 10): Day("WORK", "National Day")},
)


def options(*words: str) -> argparse.Namespace:
    return parser().parse_args(["calendar", "set", *words])


def refused(*words: str) -> list[str]:
    with pytest.raises(BadInput) as error:
        changed(BEFORE, options(*words), TODAY)
    return [f"{':'.join(map(str, one.path))}: {one.rule}" for one in error.value.faults]


def test_a_version_is_the_last_one_and_what_is_new() -> None:
    words = (
        "--known-until",
        "2027-12-31",
        "--rest",
        "2027-01-01=元旦",
        "--work",
        "2027-01-03=元旦",
        "--plain",
        "2026-10-10",
    )
    assert changed(BEFORE, options(*words, *SOURCE, *BY), TODAY) == Version(
        2,
        date(2027, 12, 31),
        SOURCE[1],
        {
            date(2026, 10, 1): Day("REST", "National Day"),
            date(2027, 1, 1): Day("REST", "元旦"),
            date(2027, 1, 3): Day("WORK", "元旦"),
        },
    )


WRONG = (
    ((*SOURCE, *BY), [": nothing would change"]),
    (("--rest", "2026-10-02=x", *BY), ["--source: must be said, on one line"]),
    (("--rest", "2026-10-02=x", *SOURCE), ["--approved-by: two different people must decide it"]),
    (
        ("--rest", "2026-10-02=x", *SOURCE, "--approved-by", "anna", "--approved-by", " Anna"),
        ["--approved-by: two different people must decide it"],
    ),
    (("--rest", "2026-10-02", *SOURCE, *BY), [
        "--rest: 2026-10-02: the holiday must be named, as 2027-01-01=New Year's Day", ": nothing would change"]),
    (("--rest", "2026-02-30=x", "--known-until", "2027-06-30", *SOURCE, *BY), [
        "--known-until: must be the last day of a year, not before 2026-12-31",
        "--rest: 2026-02-30 is no day, as 2027-01-01"]),
    (("--rest", "2027-01-01=x", *SOURCE, *BY), ["2027-01-01: lies after 2026-12-31: say --known-until"]),
    (("--work", "2026-10-05=x", *SOURCE, *BY), ["2026-10-05: is a working day anyway; --plain takes a rest day back"]),
    (("--rest", "2026-10-02=x", "--rest", "2026-10-02=y", *SOURCE, *BY), ["--rest:--work: name a day twice"]),
    (("--known-until", "2029-12-31", *SOURCE, *BY), ["--known-until: must not lie after 2028: no notice says so much"]),
    (("--known-until", "9999-12-31", *SOURCE, *BY), ["--known-until: must not lie after 2028: no notice says so much"]),
    (("--rest", "2017-12-29=x", "--work", "1900-01-06=y", *SOURCE, *BY), [
        "2017-12-29: lies before 2018-01-01, where the calendar begins",
        "1900-01-06: lies before 2018-01-01, where the calendar begins"]),
    (("--plain", "2026-10-02", *SOURCE, *BY), ["--plain: 2026-10-02 is as the week has it", ": nothing would change"]),
)  # fmt: skip


@pytest.mark.parametrize(("words", "faults"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_what_is_wrong_is_told_at_once(words: tuple[str, ...], faults: list[str]) -> None:
    assert refused(*words) == faults


def test_it_may_be_known_until_the_end_of_the_next_year_but_one() -> None:
    assert changed(BEFORE, options("--known-until", "2028-12-31", *SOURCE, *BY), TODAY).known_until.year == 2028


def test_the_calendar_was_seeded_from_the_library() -> None:
    """The package is one of those that tests are installed with: without it this fails."""
    words = {"holiday_or_substitute_rest": "REST", "makeup_workday": "WORK"}
    known = {day: said.kind for day, said in installed().items() if day.year <= 2026}
    assert known == {day: words[kind] for day, kind in ADJUSTED.items()}


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        yield made


async def test_it_is_made_and_written_down(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connections = house.connections
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for name, url in (
        ("DATABASE", connections.owner),
        ("READER", connections.reader),
        ("WRITER", connections.writer),
        ("LOG", connections.log),
    ):
        monkeypatch.setenv(f"GATEWAY_{name}_URL", url)

    async def command(*words: str) -> int:
        return await asyncio.to_thread(main, ["calendar", *words])

    assert await command("show", "--year", "2026") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("version 1, known until 2026-12-31 (Yearly notices")
    assert "2026-10-10 Sat  work  National Day" in told and not [one for one in told if one.startswith("2025")]
    assert await command("set", "--rest", "2027-01-01=元旦", *SOURCE, *BY) == 1
    assert "lies after 2026-12-31" in capsys.readouterr().err
    words = ("--known-until", "2027-12-31", "--rest", "2027-01-01=元旦", "--plain", "2026-10-10")
    assert await command("set", *words, *SOURCE, *BY) == 0
    assert capsys.readouterr().out == f"version 2, known until 2027-12-31 ({SOURCE[1]})\n"
    assert (await house.entries(1))[0]["calendar"] == {
        "version": 2,
        "known_until": "2027-12-31",
        "source": SOURCE[1],
        "by": ["anna", "boris"],
        "days": {"2027-01-01": "REST 元旦"},
        "plain": ["2026-10-10"],
    }
    counts = "SELECT version, count(*) FROM day_adjustment GROUP BY 1 ORDER BY 1"
    assert await house.sql(counts) == [(1, len(ADJUSTED)), (2, len(ADJUSTED))]
    assert await command("show", "--year", "2027") == 0
    assert "2027-01-01 Fri  rest  元旦" in capsys.readouterr().out
