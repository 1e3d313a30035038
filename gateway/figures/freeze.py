"""Freezing a month: everything is counted, what must not be told is left out, the rest is written down, once."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

import psycopg
import sqlalchemy as sa

from gateway.catalogue.fields import Kind, Standing, SubjectClass
from gateway.catalogue.figure import PLATFORM
from gateway.catalogue.kinds import KINDS
from gateway.clock import BEIJING, statutory_day
from gateway.errors import BadInput, Fault
from gateway.figures.cubes import CUBES, DIMENSIONS, Cell, Counts, Cube, cells_of, sums
from gateway.figures.service import freeze_service
from gateway.figures.suppress import untold
from gateway.plan.cells import Row, in_class
from gateway.plan.fragment import Expression
from gateway.rights.routing import PLATFORM as DESK
from gateway.store.core import Connection, execute
from gateway.store.database import convert
from gateway.store.tables import METADATA, table

NOT_KNOWN = "-"  # the value of a dimension that a record does not have
# Kinds of records that are published as such. Ratings and repairs are not counted: their lists are no public register.
FIGURED = tuple(
    kind for kind in KINDS if kind.name in ("license", "penalty", "listing", "irregularity", "honor", "judgment")
)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")


class Figure(NamedTuple):
    """One cell of a frozen month; ``records`` is None where their number is not told."""

    subjects: str
    kind: str
    region: str
    industry: str
    department: str
    year: str
    records: int | None


_ADDED = """
    INSERT INTO figure (subject_id, id, version, provider, batch, month, subject_class, record_kind, region, industry,
        department, year, records)
    VALUES (%s, nextval('record_ids'), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def _stored(figure: Figure) -> Iterator[object]:
    """As columns: a dimension that is summed over is null."""
    yield from (value or None for value in figure[:-1])
    yield figure.records


def last_month(now: datetime) -> str:
    """The last month that is over, in Beijing."""
    day = statutory_day(now)
    return f"{day.year - (day.month == 1)}-{(day.month - 2) % 12 + 1:02}"


def ends(month: str, now: datetime) -> datetime:
    """The moment at which a month is over. Raises BadInput for one that is not, or is none."""
    if not _MONTH.match(month):
        raise BadInput(Fault(("month",), "must be a year and a month, as 2026-10"))
    year, number = int(month[:4]), int(month[5:])
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=BEIJING)
    if end > now:
        raise BadInput(Fault(("month",), "is not over yet"))
    return end


def begins(month: str) -> datetime:
    """The moment at which a month begins."""
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=BEIJING)


def freeze(connection: Connection, month: str, now: datetime) -> int | None:
    """Freeze a month, in one transaction; how many cells there are. None: it was frozen before, and stays as it is.

    Counted are the records that came before the month was over, as they stand now. Raises BadInput, also for a month
    before one that is frozen: it could be compared with what was told of the later one. psycopg's errors are converted.
    """
    end = ends(month, now)
    try:
        with connection.transaction():
            added = "INSERT INTO figure_month VALUES (%s, %s) ON CONFLICT DO NOTHING"
            if connection.execute(added, (month, now)).rowcount == 0:
                return None
            if connection.execute("SELECT 1 FROM figure_month WHERE month > %s", (month,)).fetchone():
                raise BadInput(Fault(("month",), "is before one that is frozen"))
            figures = [
                figure
                for subjects in (SubjectClass.LEGAL, SubjectClass.PERSON)
                for kind in FIGURED
                if subjects in kind.classes
                for figure in _figures(connection, kind, subjects, end, statutory_day(now))
            ]
            columns = (PLATFORM, 1, DESK, f"figures {month}", month)
            with connection.cursor() as cursor:  # the last one first: lists are newest first
                cursor.executemany(_ADDED, [(*columns, *_stored(figure)) for figure in reversed(figures)])
            return len(figures) + freeze_service(connection, month, begins(month), end)
    except psycopg.Error as error:
        failure = convert(error)
    raise failure


def _figures(
    connection: Connection,
    kind: Kind,
    subjects: SubjectClass,
    end: datetime,
    today: date,
) -> Iterator[Figure]:
    cubes = tuple(cube for cube in CUBES if cube.subjects is subjects)
    counts = _counts(connection, kind, cubes, subjects, end, today)
    before = _before(connection, kind.name, subjects)
    hidden = untold(counts, sums(cubes, counts), before, max(cube.k for cube in cubes))
    for cell, count in sorted(counts.items()):
        named = dict(cell)
        told = None if cell in hidden else count
        region, industry, department, year = (named.get(name, "") for name in DIMENSIONS)
        yield Figure(subjects.value, kind.name, region, industry, department, year, told)


def _counts(
    connection: Connection,
    kind: Kind,
    cubes: tuple[Cube, ...],
    subjects: SubjectClass,
    end: datetime,
    today: date,
) -> Counts:
    found: dict[Cell, int] = {}
    for *values, many in _grouped(connection, kind, subjects, end, today):
        record = {name: str(value) for name, value in zip(DIMENSIONS, values, strict=True)}
        for cell in {cell for cube in cubes for cell in cells_of(cube, record)}:
            found[cell] = found.get(cell, 0) + int(str(many))
    return found


def _grouped(
    connection: Connection, kind: Kind, subjects: SubjectClass, end: datetime, today: date
) -> list[tuple[object, ...]]:
    """Region, industry section, department and year of decision, with the number of records that have them."""
    record = table(kind).alias("r")
    enterprise, organization = (METADATA.tables[name].alias(name[0]) for name in ("enterprise", "organization"))
    classes = tuple(f"{one.value}/{standing.value}" for one in kind.classes for standing in kind.standings)
    ordinary = in_class(Row(kind, record, classes), frozenset({f"{subjects.value}/{Standing.ORDINARY.value}"}))
    values = (
        sa.func.coalesce(enterprise.c.region, organization.c.region, NOT_KNOWN),
        sa.func.coalesce(sa.func.left(enterprise.c.industry, 1), NOT_KNOWN),
        record.c.provider,
        sa.func.coalesce(sa.func.to_char(record.c.decided_on, "YYYY"), NOT_KNOWN),
    )
    joined = record.outerjoin(enterprise, enterprise.c.subject_id == record.c.subject_id).outerjoin(
        organization, organization.c.subject_id == record.c.subject_id
    )
    where: list[Expression] = [record.c.received_at < end, *([] if ordinary is None else [ordinary])]
    if subjects is SubjectClass.LEGAL:
        where.append(record.c.disclosure == "PUBLIC")
    numbers: list[Expression] = [sa.literal_column(str(at)) for at in range(1, len(values) + 1)]
    asked = sa.select(*values, sa.func.count()).select_from(joined).where(*where).group_by(*numbers)
    return execute(connection, asked, {"today": today})


def _before(connection: Connection, kind: str, subjects: SubjectClass) -> Counts:
    """What was told last of each cell of the kind, in whichever month that was."""
    rows = connection.execute(
        "SELECT DISTINCT ON (region, industry, department, year) region, industry, department, year, records "
        "FROM figure WHERE record_kind = %s AND subject_class = %s AND records IS NOT NULL "
        "ORDER BY region, industry, department, year, month DESC",
        (kind, subjects.value),
    )
    return {
        tuple((name, str(value)) for name, value in zip(DIMENSIONS, values, strict=True) if value): int(str(count))
        for *values, count in rows
    }
