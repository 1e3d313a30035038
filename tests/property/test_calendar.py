"""Statutory days: the calendar against a naive count over the published list, and the dates that lawyers compute."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rights.calendar import Calendar
from gateway.rights.clocks import Rule, Unit, deadline

FILE = Path(__file__).parents[2] / "migrations" / "data" / "day_adjustments_1.csv"
ADJUSTED = {
    date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(FILE.read_text("utf-8").splitlines())
}
DAY = timedelta(days=1)
DAYS = st.dates(date(2018, 1, 1), date(2027, 12, 31))


def calendar() -> Calendar:
    rest = frozenset(day for day, kind in ADJUSTED.items() if kind == "holiday_or_substitute_rest")
    return Calendar(1, date(2026, 12, 31), rest, frozenset(ADJUSTED.keys() - rest))


def naive(day: date) -> bool:
    """Straight from the list: what it names is as it says, all else is as the week has it."""
    kind = ADJUSTED.get(day)
    return kind == "makeup_workday" if kind else day.isoweekday() <= 5


WORKING = (
    ("2026-09-29", 7, "2026-10-14"),
    ("2026-02-13", 7, "2026-03-02"),
    ("2018-06-21", 7, "2018-07-02"),
    ("2018-09-28", 7, "2018-10-12"),
    ("2026-04-30", 3, "2026-05-08"),
)
CALENDAR = (("2026-09-17", 20, "2026-10-08"), ("2026-01-27", 20, "2026-02-24"), ("2026-04-01", 30, "2026-05-06"))


@pytest.mark.parametrize(("start", "count", "end"), WORKING)
def test_working_days(start: str, count: int, end: str) -> None:
    assert calendar().working_days(date.fromisoformat(start), count) == (date.fromisoformat(end), False)


@pytest.mark.parametrize(("start", "count", "end"), CALENDAR)
def test_calendar_days_end_on_a_working_day(start: str, count: int, end: str) -> None:
    assert calendar().calendar_days(date.fromisoformat(start), count) == (date.fromisoformat(end), False)


@given(DAYS)
def test_every_day_is_as_the_list_says(day: date) -> None:
    assert calendar().works(day) is naive(day)


@given(DAYS, st.integers(1, 60))
def test_working_days_equal_a_naive_count(start: date, count: int) -> None:
    on, provisional = calendar().working_days(start, count)
    between = [start + DAY * (number + 1) for number in range((on - start).days)]
    assert (sum(map(naive, between)), naive(on)) == (count, True)
    assert provisional is (on.year > 2026)


@given(DAYS, st.integers(1, 60))
def test_calendar_days_equal_a_naive_count(start: date, count: int) -> None:
    on = calendar().calendar_days(start, count).on
    wanted = start + count * DAY
    assert on == next(day for day in (wanted + DAY * more for more in range(30)) if naive(day))


def test_a_calendar_that_begins_later_counts_the_same() -> None:
    """What is read for one deadline is the part of the calendar from its first day on."""
    start = date(2026, 9, 20)
    whole = calendar()
    part = Calendar(
        1, whole.known_until, *(frozenset(day for day in days if day >= start) for days in (whole.rest, whole.work))
    )
    assert [part.working_days(start, count) for count in range(1, 60)] == [
        whole.working_days(start, count) for count in range(1, 60)
    ]


@given(DAYS, st.integers(1, 30), st.integers(1, 40))
def test_of_two_clocks_the_earlier_one_rings(start: date, working: int, days: int) -> None:
    clock = Rule("clock", 1, working, Unit.WORKING_DAYS, "a statute", False)
    cap = Rule("cap", 2, days, Unit.CALENDAR_DAYS, "another", True)
    found = deadline(start, (clock, cap), calendar())
    ends = calendar().working_days(start, working).on, calendar().calendar_days(start, days).on
    assert (found.on, found.calendar) == (min(ends), 1)
    assert found.rule is (clock if ends[0] <= ends[1] else cap)
