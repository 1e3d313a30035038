"""Service figures: what was closed in a month, counted naively; what would tell of few is the department's own."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median_low
from typing import Any, NamedTuple

import psycopg
import pytest

from gateway.clock import statutory_day
from gateway.figures.freeze import freeze
from gateway.figures.service import Line, minor, percent
from gateway.store.database import Connections
from tests.harness import PUBLIC, House, opened

pytestmark = pytest.mark.anyio

MONTH = "2026-10"
NOW = datetime(2026, 11, 3, tzinfo=UTC)
DEPARTMENTS, KINDS = ("MARKET", "TAX", "CREDIT"), ("OBJECTION", "COMPLAINT")
CHANGING = ("CORRECTED", "SUPPLEMENTED", "DISCLOSURE_ENDED", "UPHELD", "REVOKED", "DELETED")
OUTCOMES = (*CHANGING, "KEPT", "UNVERIFIABLE", "RESTRICTED", None)
FIGURES = """query($filter: RightsFigureFilter) { rightsFigures(first: 100, filter: $filter) {
  nodes { month department caseKind closed onTimePercent overturnedPercent medianDays } } }"""


ADDED = """
    INSERT INTO "case" (id, subject_id, subject_class, provider, batch, kind, state, claim_sealed, filed_at, filed_on,
        deadline_on, deadline_provisional, rule, rule_version, calendar, department, filer, closed_at, outcome)
    SELECT %s, subject_id, subject_class, provider, batch, %s, %s, claim_sealed, %s, %s, %s, false, rule,
        rule_version, calendar, %s, filer, %s, %s
    FROM "case" WHERE id < 900000 LIMIT 1
"""


class Closed(NamedTuple):
    """A case that is closed."""

    department: str
    kind: str
    filed_on: date
    deadline_on: date
    closed_at: datetime
    outcome: str | None
    state: str = "DECIDED"
    at_once: bool = False


def invented() -> Iterator[Closed]:
    """Many and few; on the edges of month and deadline; one that was withdrawn."""
    for department, kind, many in (
        ("MARKET", "OBJECTION", 40),
        ("MARKET", "COMPLAINT", 4),
        ("CREDIT", "COMPLAINT", 21),
        ("CREDIT", "OBJECTION", 3),
        ("TAX", "OBJECTION", 14),
    ):
        for number in range(many):
            filed = date(2026, 9, 20) + timedelta(days=number % 7)
            # Beijing's October begins at sixteen o'clock in UTC on September 30, and so it ends.
            closed = datetime(2026, 9, 30, 16, tzinfo=UTC) + timedelta(hours=number * 743 / many)
            due = statutory_day(closed) + timedelta(days=number % 4 - 1)
            yield Closed(department, kind, filed, due, closed, OUTCOMES[number % len(OUTCOMES)])
    for edge in (datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)):
        yield Closed("MARKET", "OBJECTION", date(2026, 9, 1), date(2026, 9, 9), edge, "KEPT")
    days = date(2026, 9, 1), date(2026, 9, 9), NOW - timedelta(days=20)
    yield Closed("MARKET", "OBJECTION", *days, None, "WITHDRAWN")
    for kind, outcome in (("COPY", "GIVEN"), ("STATEMENT", "ATTACHED"), ("OBJECTION", None)):  # closed as filed
        for _ in range(12):
            yield Closed("MARKET", kind, *days, outcome, at_once=True)


def naive(department: str | None, kind: str | None) -> tuple[int, int, int, int] | None:
    """One line, counted case by case."""
    found = [
        one
        for one in invented()
        if department in (None, one.department) and kind in (None, one.kind)
        and statutory_day(one.closed_at).strftime("%Y-%m") == MONTH and one.state != "WITHDRAWN"
        and not one.at_once
    ]  # fmt: skip
    if not found:
        return None
    on_time = sum(statutory_day(one.closed_at) <= one.deadline_on for one in found)
    overturned = sum(one.outcome in CHANGING for one in found)
    days = median_low((statutory_day(one.closed_at) - one.filed_on).days for one in found)
    return len(found), int(100 * on_time / len(found) + 0.5), int(100 * overturned / len(found) + 0.5), days


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway with these cases, the month frozen."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        for number, one in enumerate(invented(), 900_001):
            filed_at = one.closed_at if one.at_once else datetime(2026, 9, 1, 1, tzinfo=UTC)
            told = one.filed_on, one.deadline_on, one.department, one.closed_at, one.outcome
            await made.sql(ADDED, number, one.kind, one.state, filed_at, *told)
        with psycopg.connect(database.writer) as writer:
            assert freeze(writer, MONTH, NOW)
            assert freeze(writer, MONTH, NOW) is None
        yield made


async def lines(house: House, persona: str, **variables: object) -> dict[tuple[Any, Any], tuple[int, ...]]:
    nodes = (await house.data(persona, FIGURES, variables))["rightsFigures"]["nodes"]
    assert {one["month"] for one in nodes} <= {MONTH}
    return {(one["department"], one["caseKind"]): tuple(one.values())[3:] for one in nodes}


EVERYTHING = {
    (department, kind): naive(department, kind)
    for department in (None, *DEPARTMENTS)
    for kind in (None, *KINDS)
    if naive(department, kind)
}


async def test_what_is_counted_is_what_was_closed_in_the_month(house: House) -> None:
    rows = await house.sql(
        "SELECT department, case_kind, closed, on_time_percent, overturned_percent, median_days FROM rights_figure"
    )
    assert {row[:2]: row[2:] for row in rows} == EVERYTHING
    assert len(rows) == len(EVERYTHING) == 11


async def test_no_line_of_few_is_told_or_worked_out(house: House) -> None:
    """MARKET has four complaints and CREDIT three objections: not told, nor what they could be worked out from."""
    told = await lines(house, PUBLIC)
    assert told.items() <= EVERYTHING.items() and len(told) >= 3
    assert all(line[0] >= 10 for line in told.values())
    assert not told.keys() & {("MARKET", "COMPLAINT"), ("CREDIT", "OBJECTION")}
    for kind in (None, *KINDS):
        untold = [one for one in DEPARTMENTS if (one, kind) in EVERYTHING and (one, kind) not in told]
        assert (None, kind) not in told or len(untold) != 1
    for department in (None, *DEPARTMENTS):
        untold = [one for one in KINDS if (department, one) in EVERYTHING and (department, one) not in told]
        assert (department, None) not in told or len(untold) != 1
    for persona in ("bank", "agency", "tax-officer", "citizen", "desk"):
        assert await lines(house, persona) == told, persona
    some = await lines(house, PUBLIC, filter={"department": "MARKET", "month": MONTH})
    assert some == {cell: line for cell, line in told.items() if cell[0] == "MARKET"} != {}
    assert await lines(house, PUBLIC, filter={"month": "2026-09"}) == {}


async def test_a_handler_sees_all_lines_of_its_own_department(house: House) -> None:
    found = await lines(house, "handler")
    assert found == {cell: line for cell, line in EVERYTHING.items() if cell[0] == "MARKET"}
    assert found["MARKET", "COMPLAINT"][0] == 4


async def test_auditors_and_administrators_have_no_such_root(house: House) -> None:
    for persona in ("auditor", "system-admin"):
        _, body = await house.ask(persona, "{ rightsFigures(first: 1) { nodes { month } } }")
        assert "data" not in body and "rightsFigures" in body["errors"][0]["message"]


async def test_nobody_changes_a_line(house: House) -> None:
    with psycopg.connect(house.connections.writer, autocommit=True) as writer:
        for statement in ("UPDATE rights_figure SET closed = 1", "DELETE FROM rights_figure"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                writer.execute(statement.encode())


def test_shares_are_whole_percents() -> None:
    assert [percent(part, 8) for part in range(9)] == [0, 13, 25, 38, 50, 63, 75, 88, 100]


def test_a_line_alone_beside_its_total_hides_another() -> None:
    line = {
        (("department", "A"),): 30,
        (("department", "B"),): 3,
        (("department", "C"),): 12,
        (): 45,
    }
    hidden = minor({cell: Line(count, 0, 0, 1) for cell, count in line.items()})
    assert hidden == {(("department", "B"),), (("department", "C"),)}
