"""Service figures: how departments answer cases. Frozen with the other figures of a month, in the same transaction.

Counted are the cases that were closed in the month, whenever they were filed, but those that their filer withdrew and
those that nobody answered, since they were closed as they were filed (copies, statements, objections that say nothing
new): by the department that had to answer, by kind, and by both, with all totals. On time is who closed on the day of
the deadline in Beijing or before; overturned, what changed the record or the decision. Months hold different cases, so
no two months can be subtracted from each other.

A line of fewer than ten cases, and one by which such a line could be worked out, is kept for the department itself (its
standing is MINOR) and told to nobody else: neither its number nor that there is one. Shares are whole percents.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from gateway.catalogue.fields import SubjectClass
from gateway.catalogue.figure import PLATFORM
from gateway.catalogue.kinds import BY_NAME
from gateway.figures.cubes import Cell, Cube, sums
from gateway.figures.suppress import untold
from gateway.rights.routing import PLATFORM as DESK
from gateway.rights.states import CaseKind, Outcome, State
from gateway.store.case_tables import CASE
from gateway.store.core import Connection, execute
from gateway.store.tables import RECORD_IDS, table

K = 10
# Outcomes that change the record or the decision that was complained of.
OVERTURNED = tuple(
    outcome.value
    for outcome in (
        *(Outcome.CORRECTED, Outcome.SUPPLEMENTED, Outcome.DISCLOSURE_ENDED, Outcome.REVOKED),
        *(Outcome.UPHELD, Outcome.DELETED),
    )
)
AT_ONCE = (CaseKind.COPY.value, CaseKind.STATEMENT.value)  # closed as they are filed
ZONE = "Asia/Shanghai"

_CUBE = Cube("service", SubjectClass.LEGAL, ("department", "caseKind"), K)
_TABLE = table(BY_NAME["rights_figure"])


class Line(NamedTuple):
    """What is counted of one cell."""

    closed: int
    on_time: int
    overturned: int
    median_days: int


def freeze_service(connection: Connection, month: str, start: datetime, end: datetime) -> int:
    """Write the lines of a month; how many. In the caller's transaction."""
    lines = _counted(connection, start, end)
    hidden = minor(lines)
    columns = {"subject_id": PLATFORM, "subject_class": SubjectClass.LEGAL.value, "batch": f"figures {month}"}
    rows = [
        {
            **columns,
            "id": RECORD_IDS.next_value(),
            "month": month,
            "provider": dict(cell).get("department", DESK),  # whose own figures they are
            "department": dict(cell).get("department"),
            "case_kind": dict(cell).get("caseKind"),
            "minor": cell in hidden,
            "closed": line.closed,
            "on_time_percent": percent(line.on_time, line.closed),
            "overturned_percent": percent(line.overturned, line.closed),
            "median_days": line.median_days,
        }
        for cell, line in sorted(lines.items(), reverse=True)  # the last one first: lists are newest first
    ]
    for row in rows:
        execute(connection, sa.insert(_TABLE).values(row))
    return len(rows)


def minor(lines: Mapping[Cell, Line]) -> frozenset[Cell]:
    """The cells that would tell of few: by themselves, or by what is left of a sum."""
    counts = {cell: line.closed for cell, line in lines.items()}
    return untold(counts, sums((_CUBE,), counts), {}, K)


def percent(part: int, whole: int) -> int:
    """A share in whole percents, halves upward."""
    return (200 * part + whole) // (2 * whole)


def _counted(connection: Connection, start: datetime, end: datetime) -> dict[Cell, Line]:
    department, kind = sa.func.coalesce(CASE.c.department, DESK), CASE.c.kind
    closed_on = sa.cast(sa.func.timezone(ZONE, CASE.c.closed_at), sa.Date)
    on_time = sa.func.count().filter(closed_on <= CASE.c.deadline_on)
    overturned = sa.func.count().filter(CASE.c.outcome.in_(OVERTURNED))
    median = sa.func.percentile_disc(sa.literal_column("0.5")).within_group(closed_on - CASE.c.filed_on)
    asked = (
        sa.select(department, kind, sa.func.count(), on_time, overturned, median)
        .where(
            CASE.c.closed_at >= start,
            CASE.c.closed_at < end,
            CASE.c.closed_at != CASE.c.filed_at,
            CASE.c.state != State.WITHDRAWN.value,
            kind.not_in(AT_ONCE),
        )
        .group_by(sa.func.cube(sa.literal_column("1"), sa.literal_column("2")))
        .having(sa.func.count() > 0)
    )
    return dict(_lines(execute(connection, asked)))


def _lines(rows: Iterable[tuple[object, ...]]) -> Iterable[tuple[Cell, Line]]:
    for department, kind, *counts in rows:
        named = (("department", department), ("caseKind", kind))
        cell = tuple((name, str(value)) for name, value in named if value is not None)
        yield cell, Line(*(int(str(count)) for count in counts))
