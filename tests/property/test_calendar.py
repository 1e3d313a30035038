"""Statutory days: the calendar against a naive count over the published list, and the dates that lawyers compute."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import BEIJING
from gateway.errors import InternalError
from gateway.rights.calendar import Calendar
from gateway.rights.clocks import Rule, Unit, deadline
from gateway.rights.rows import pauses_in

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


@st.composite
def stops(draw: st.DrawFn, start: date) -> list[tuple[datetime, datetime]]:
    """Pauses as they are stored: one after the other, some within a day, some for weeks, from around a day on."""
    at = datetime.combine(start, time(), UTC) + draw(st.timedeltas(timedelta(days=-3), timedelta(days=10)))
    found = []
    for _ in range(draw(st.integers(0, 4))):
        length = draw(st.sampled_from((timedelta(hours=1), timedelta(days=1), timedelta(days=30))))
        until = at + draw(st.timedeltas(timedelta(0), length))
        found.append((at, until))
        at = until + draw(st.timedeltas(timedelta(0), timedelta(days=8)))
    return found


def counted(start: date, stopped: list[tuple[datetime, datetime]]) -> Iterator[date]:
    """Day by day what is counted: every day after the first at whose midnight, in Beijing, no pause is running."""
    day = start
    while True:
        day += DAY
        midnight = datetime.combine(day + DAY, time(), BEIJING)
        if not any(begun < midnight <= until for begun, until in stopped):
            yield day


@given(st.data(), DAYS, st.integers(1, 40))
def test_deadlines_with_pauses_equal_a_naive_count(data: st.DataObject, start: date, count: int) -> None:
    stopped = data.draw(stops(start))
    pauses = pauses_in(list(stopped))
    working = (day for day in counted(start, stopped) if naive(day))
    wanted = [next(working) for _ in range(count)][-1]
    assert calendar().working_days(start, count, pauses).on == wanted
    days = counted(start, stopped)
    last = [next(days) for _ in range(count)][-1]
    wanted = next(day for day in counted(last - DAY, stopped) if naive(day))
    assert calendar().calendar_days(start, count, pauses).on == wanted


PAUSED = (  # seven working days from 2026-09-29, which without a pause end on 2026-10-14
    ((), "2026-10-14"),
    ((("2026-10-08T01:00Z", "2026-10-08T15:59Z"),), "2026-10-14"),  # within one day in Beijing: costs none
    ((("2026-10-08T01:00Z", "2026-10-08T16:00Z"),), "2026-10-15"),  # to midnight: it stands at the end of the day
    ((("2026-10-08T01:00Z", "2026-10-12T04:00Z"),), "2026-10-19"),
    ((("2026-10-01T01:00Z", "2026-10-07T04:00Z"),), "2026-10-14"),  # nothing is counted then anyway
    ((("2026-10-14T01:00Z", "2026-10-15T01:00Z"),), "2026-10-15"),  # on the last day itself
    ((("2026-10-15T01:00Z", "2026-10-25T01:00Z"),), "2026-10-14"),  # after it
    ((("2026-09-29T01:00Z", "2026-09-30T01:00Z"),), "2026-10-14"),  # on the day that is not counted
)


@pytest.mark.parametrize(("stopped", "end"), PAUSED)
def test_a_day_at_whose_end_the_clock_stands_is_not_counted(stopped: tuple[tuple[str, str], ...], end: str) -> None:
    pauses = pauses_in([tuple(map(datetime.fromisoformat, one)) for one in stopped])
    on = calendar().working_days(date(2026, 9, 29), 7, pauses).on
    assert on == date.fromisoformat(end)


def test_a_pause_that_runs_gives_no_deadline() -> None:
    with pytest.raises(InternalError):
        pauses_in([(datetime(2026, 10, 8, tzinfo=UTC), None)])


@given(DAYS, st.integers(0, 10), st.integers(1, 400))
def test_a_deadline_is_near_when_so_many_working_days_are_left(today: date, count: int, ahead: int) -> None:
    due = today + DAY * ahead
    left = sum(naive(today + DAY * (number + 1)) for number in range(ahead))
    assert (due <= calendar().within(today, count)) is (left <= count)


@given(DAYS, st.integers(1, 30), st.integers(1, 40), st.data())
def test_a_pause_never_brings_a_deadline_forward(start: date, working: int, days: int, data: st.DataObject) -> None:
    """The cap stands too: the time of tests is nobody's delay."""
    rules = (
        Rule("clock", 1, working, Unit.WORKING_DAYS, "a statute", False),
        Rule("cap", 2, days, Unit.CALENDAR_DAYS, "another", True),
    )
    stopped = data.draw(stops(start))
    pauses = pauses_in(list(stopped))
    found = deadline(start, rules, calendar(), pauses)
    assert found.on >= deadline(start, rules, calendar()).on
    assert not any(one.first <= found.on < one.end for one in pauses)
