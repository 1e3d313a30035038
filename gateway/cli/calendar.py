"""``gateway calendar``: the statutory calendar, and its next version. A version is never changed.

Open cases are counted anew by whichever process keeps time (``gateway.timekeeping``): a version cannot be taken back,
only followed by another one, so what would make the calendar known for longer than anybody can know it is refused.
"""

import argparse
import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeAlias

import psycopg
import sqlalchemy as sa

from gateway.assemble import migrated
from gateway.audit.account import housekeeping
from gateway.audit.destruction import people
from gateway.cli.audit_tools import log_of
from gateway.clock import SystemClock, statutory_day
from gateway.errors import BadInput, Fault
from gateway.rights.calendar import SATURDAY
from gateway.settings import Settings
from gateway.store.case_tables import CALENDAR, DAY_ADJUSTMENT
from gateway.store.core import Connection, execute
from gateway.store.database import Connections
from gateway.store.sessions import Sessions

try:
    from chinese_calendar import constants
except ImportError:  # the package chinesecalendar is wanted by --installed alone
    constants = None

FIRST = date(2018, 1, 1)  # what is older is nobody's deadline
AHEAD = 2  # years after this one whose notice may have come
LOCK = 0x6361_6C65  # "cale": one version after the other
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Day(NamedTuple):
    """What is said of one day: REST or WORK, and for which holiday."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the calendar, whole."""

    number: int
    known_until: date
    source: str
    days: Mapping[date, Day]


def declare(verbs: _Verbs) -> None:
    """Add ``calendar`` to the command line."""
    command = verbs.add_parser("calendar", help="show the statutory calendar, or make its next version")
    ways = command.add_subparsers(dest="way", required=True, metavar="WAY")
    shown = ways.add_parser("show", help="the newest version: what differs from the week")
    shown.add_argument("--year", type=int, help="only this year")
    new = ways.add_parser("set", help="make the next version: the newest with these days")
    new.add_argument("--rest", action="append", default=[], metavar="DATE=NAME", help="a holiday or its substitute")
    new.add_argument("--work", action="append", default=[], metavar="DATE=NAME", help="a weekend day that is worked")
    new.add_argument("--plain", action="append", default=[], metavar="DATE", help="a day as the week has it, after all")
    new.add_argument(
        "--installed", action="store_true", help="begin with all days of the installed package chinesecalendar"
    )
    new.add_argument("--known-until", metavar="DATE", help="last day of the last year that has its notice")
    new.add_argument("--source", default="", help="the notice: who, number, date")
    new.add_argument("--approved-by", action="append", default=[], metavar="WHO", help="who decided it; two people")


def calendar(settings: Settings, options: argparse.Namespace) -> int:
    """Show, or make a version."""
    with migrated(settings) as connections:
        with psycopg.connect(connections.owner) as connection:
            newest = _newest(connection)
        if options.way == "show":
            for line in _lines(newest, options.year):
                print(line)
            return 0
        made = changed(newest, options, statutory_day(SystemClock().now()))
        asyncio.run(_write(settings, connections, newest, made, options.approved_by))
        print(f"version {made.number}, known until {made.known_until} ({made.source})")
    return 0


def changed(newest: Version, options: argparse.Namespace, today: date) -> Version:
    """The version after ``newest``, made ``today``. Raises BadInput with everything that is wrong."""
    faults: list[Fault] = []
    days = dict(newest.days)
    if options.installed:
        days = dict(installed() or days)
        if constants is None:
            faults.append(Fault(("--installed",), "the package chinesecalendar is not installed"))
    until = newest.known_until
    if options.installed and days:
        until = max(until, date(max(days).year, 12, 31))
    if options.known_until is not None:
        until = _day(options.known_until, "--known-until", faults) or until
        if until < newest.known_until or (until.month, until.day) != (12, 31):
            rule = f"must be the last day of a year, not before {newest.known_until}"
            faults.append(Fault(("--known-until",), rule))
        elif until.year > today.year + AHEAD:
            faults.append(Fault(("--known-until",), f"must not lie after {today.year + AHEAD}: no notice says so much"))
    for day in _plain(options.plain, days, faults):
        del days[day]
    named = [*_named(options.rest, "--rest", "REST", faults), *_named(options.work, "--work", "WORK", faults)]
    if len({day for day, _ in named}) < len(named):
        faults.append(Fault(("--rest", "--work"), "name a day twice"))
    for day, said in named:
        if day < FIRST:
            faults.append(Fault((str(day),), f"lies before {FIRST}, where the calendar begins"))
        if day > until:
            faults.append(Fault((str(day),), f"lies after {until}: say --known-until"))
        if said.kind == "WORK" and day.weekday() < SATURDAY:
            faults.append(Fault((str(day),), "is a working day anyway; --plain takes a rest day back"))
        days[day] = said
    if (days, until) == (dict(newest.days), newest.known_until):
        faults.append(Fault((), "nothing would change"))
    faults += _formal(options.source, options.approved_by)
    if faults:
        raise BadInput(*faults)
    return Version(newest.number + 1, until, options.source, days)


def installed() -> Mapping[date, Day]:
    """What the installed package chinesecalendar knows, from FIRST on; nothing if it is not there."""
    if constants is None:
        return {}
    found = {day: Day("REST", str(name)) for day, name in constants.holidays.items() if day >= FIRST}
    return found | {day: Day("WORK", str(name)) for day, name in constants.workdays.items() if day >= FIRST}


def _formal(source: str, people_: Sequence[str]) -> Iterator[Fault]:
    if not source.strip() or not source.isprintable():
        yield Fault(("--source",), "must be said, on one line")
    if people(people_) < 2 or not all(one.isprintable() for one in people_):
        yield Fault(("--approved-by",), "two different people must decide it")


def _named(given: Sequence[str], option: str, kind: str, faults: list[Fault]) -> Iterator[tuple[date, Day]]:
    for one in given:
        text, _, name = one.partition("=")
        day = _day(text, option, faults)
        if not name.strip() or not name.isprintable():
            faults.append(Fault((option,), f"{text}: the holiday must be named, as 2027-01-01=New Year's Day"))
        elif day is not None:
            yield day, Day(kind, name.strip())


def _plain(given: Sequence[str], days: Mapping[date, Day], faults: list[Fault]) -> Iterator[date]:
    for text in dict.fromkeys(given):
        day = _day(text, "--plain", faults)
        if day is not None and day not in days:
            faults.append(Fault(("--plain",), f"{text} is as the week has it"))
        elif day is not None:
            yield day


def _day(text: str, option: str, faults: list[Fault]) -> date | None:
    if _ISO.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    faults.append(Fault((option,), f"{text[:20]} is no day, as 2027-01-01"))
    return None


def _newest(connection: Connection) -> Version:
    ((number, until, source),) = execute(connection, sa.select(CALENDAR).order_by(CALENDAR.c.version.desc()).limit(1))
    columns = DAY_ADJUSTMENT.c.day, DAY_ADJUSTMENT.c.kind, DAY_ADJUSTMENT.c.name
    rows = execute(connection, sa.select(*columns).where(DAY_ADJUSTMENT.c.version == number))
    assert isinstance(number, int) and isinstance(until, date)
    days = {day: Day(str(kind), str(name)) for day, kind, name in rows if isinstance(day, date)}
    return Version(number, until, str(source), days)


def _lines(version: Version, year: int | None) -> Iterator[str]:
    yield f"version {version.number}, known until {version.known_until} ({version.source})"
    for day, said in sorted(version.days.items()):
        if year in (None, day.year):
            yield f"{day} {day:%a}  {said.kind.lower()}  {said.name}"


async def _write(
    settings: Settings, connections: Connections, before: Version, made: Version, people_: Sequence[str]
) -> None:
    """The version and its entry, in one transaction. Raises BadInput if somebody else made one meanwhile."""
    new = {str(day): f"{said.kind} {said.name}" for day, said in made.days.items() if before.days.get(day) != said}
    plain = sorted(str(day) for day in before.days.keys() - made.days.keys())
    head = {"version": made.number, "known_until": str(made.known_until), "source": made.source, "by": [*people_]}
    entry = housekeeping(SystemClock().now(), calendar={**head, "days": new, "plain": plain})
    row = {"version": made.number, "known_until": made.known_until, "source": made.source}
    days = [{"version": made.number, "day": day, **said._asdict()} for day, said in sorted(made.days.items())]
    sessions = await Sessions.open(connections.writer, size=1)
    try:
        async with log_of(settings, connections) as log, sessions.begin() as session:
            await session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            if await session.execute(sa.select(CALENDAR.c.version).where(CALENDAR.c.version >= made.number)):
                raise BadInput(Fault((), f"version {made.number} was made meanwhile"))
            await session.execute(sa.insert(CALENDAR).values(row))
            await session.execute(sa.insert(DAY_ADJUSTMENT).values(days))
            async with log.turn() as turn:
                await turn.carry(session.run, entry)
                await session.commit()
                turn.committed()
    finally:
        await sessions.close()
