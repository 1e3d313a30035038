"""``gateway rules``: the numbers that the law gives, or that stand in its place, each with its source."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import TypeAlias

import psycopg
import sqlalchemy as sa

from gateway.assemble import migrated
from gateway.audit.account import housekeeping
from gateway.audit.destruction import people
from gateway.cli.audit_tools import log_of
from gateway.clock import SystemClock, statutory_day
from gateway.errors import BadInput, Fault
from gateway.rights.clocks import Rule, Unit
from gateway.rights.rows import rules_of, rules_on
from gateway.settings import Settings
from gateway.store.case_tables import RULE
from gateway.store.core import Connection, execute
from gateway.values import Entry

_MOST: Mapping[Unit, int] = MappingProxyType(
    {
        Unit.YEARS: 100,
        Unit.MONTHS: 240,
        Unit.WORKING_DAYS: 250,
        Unit.CALENDAR_DAYS: 366,
        Unit.MINUTES: 1440,
        Unit.TIMES: 10_000,
    }
)
# Numbers that may be 0. No other may: a period of no days would be over before anybody could act.
_NOUGHT = frozenset(
    (
        *("repair.minimum.minor", "statement", "case.remind", "case.escalate"),
        *("binding.attempts", "binding.attempts.counter"),
    )
)
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add ``rules`` to the command line."""
    command = verbs.add_parser("rules", help="list the numbers in force with their sources, or put another in force")
    command.add_argument("--set", nargs=2, metavar=("NAME", "VALUE"), help="from now on; what was before stays written")
    command.add_argument("--source", default="", help="law and article, or who decided")
    command.add_argument("--by", action="append", default=[], metavar="WHO", help="who sets it: twice, two people")
    command.add_argument("--verified", action="store_true", help="somebody has checked that it is the law here")


def rules(settings: Settings, options: argparse.Namespace) -> int:
    """List all, or set one."""
    with migrated(settings) as connections, psycopg.connect(connections.owner) as connection:
        now = SystemClock().now()
        day = statutory_day(now)
        known = rules_of(execute(connection, rules_on(day)))
        if options.set is None:
            for rule in known.values():
                print(_line(rule))
            return 0
        rule = _changed(connection, known, options)
        execute(connection, RULE.insert().values(_row(connection, rule, day)))
        said = {"name": rule.name, "version": rule.version, "value": rule.value, "source": rule.source}
        entry = housekeeping(now, rule={**said, "verified": rule.verified, "by": options.by})

        async def write(entry: Entry) -> None:
            async with log_of(settings, connections) as log:
                await log.append(entry)

        asyncio.run(write(entry))
    print(_line(rule))
    return 0


def _changed(connection: Connection, known: Mapping[str, Rule], options: argparse.Namespace) -> Rule:
    """The next version of a rule. Raises BadInput with everything that is wrong."""
    (name, text), source = options.set, options.source
    before = known.get(name)
    faults = [] if source.strip() and source.isprintable() else [Fault(("--source",), "must be said, on one line")]
    faults += _two(options.by)
    if before is None:
        faults.append(Fault((name,), f"is none of {', '.join(sorted(known))}"))
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        faults.append(Fault(("VALUE",), "must be a whole number"))
    elif before is not None and int(text) > _MOST[before.unit]:
        faults.append(Fault(("VALUE",), f"must be at most {_MOST[before.unit]}"))
    elif before is not None and int(text) < (_least(connection, before) or 0):
        faults.append(Fault(("VALUE",), f"must be at least {_least(connection, before)}: {before.source}"))
    elif before is not None and int(text) == 0 and name not in _NOUGHT:
        faults.append(Fault(("VALUE",), "must be at least 1"))
    if faults or before is None:
        raise BadInput(*faults)
    return Rule(name, before.version + 1, int(text), before.unit, source, options.verified)


def _two(by: Sequence[str]) -> list[Fault]:
    if people(by) < 2 or not all(one.isprintable() for one in by):
        return [Fault(("--by",), "two different people must decide it")]
    return []


def _least(connection: Connection, rule: Rule) -> int | None:
    newest = sa.select(RULE.c.least).where(RULE.c.name == rule.name, RULE.c.version == rule.version)
    ((least,),) = execute(connection, newest)
    return least if isinstance(least, int) else None


def _row(connection: Connection, rule: Rule, day: date) -> dict[str, object]:
    """As it is stored; what the law allows at least stays."""
    before = replace(rule, version=rule.version - 1)
    return {
        "name": rule.name,
        "version": rule.version,
        "value": rule.value,
        "unit": rule.unit.value,
        "source": rule.source,
        "verified": rule.verified,
        "valid_from": day,
        "least": _least(connection, before),
    }


def _line(rule: Rule) -> str:
    unit = rule.unit.value.replace("_", " ").lower()
    return f"{rule.name:24} {rule.value} {unit} ({rule.source}{'' if rule.verified else '; unverified'})"
