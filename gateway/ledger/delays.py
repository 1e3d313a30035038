"""Accesses that their subject is shown later: for departments marked so, on one of two grounds, for a time that ends.

A state organ need not tell the person where a law demands secrecy or telling would keep it from its duty (PIPL arts 18
para. 1 and 35). Then an approver who is not among those who ask holds the accesses of one matter back, for 90 days at
most and twice more; after that they are shown by themselves. It holds what was asked while it runs and nothing earlier,
and never what the approver asked. Each is an entry of the log, and how many a department has is published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import psycopg
import sqlalchemy as sa

from gateway.audit.account import housekeeping
from gateway.audit.destruction import people
from gateway.audit.log import Log
from gateway.catalogue.kinds import BY_NAME
from gateway.errors import BadInput, Fault
from gateway.store.core import Connection, execute
from gateway.store.log_tables import ACCESS_DELAY, DELAY_RECEIVER
from gateway.store.tables import table

DEPARTMENT = table(BY_NAME["department"])
LONGEST = timedelta(days=90)
RENEWALS = 2
BEFORE_END = timedelta(days=14)  # so long before the end of a term it is asked whether the ground holds still
BASES: Mapping[str, str] = MappingProxyType(
    {
        "SECRET_BY_LAW": "PIPL art. 18 para. 1: a law or regulation demands secrecy or that nobody is told",
        "OBSTRUCTS_DUTY": "PIPL art. 35: telling would keep a state organ from performing its statutory duty",
    }
)


@dataclass(frozen=True, slots=True)
class Delay:
    """What is held back: the accesses of a department for one matter."""

    department: str
    matter: str
    basis: str
    asked_by: str
    approved_by: str
    days: int


def mark(connection: Connection, department: str, source: str, now: datetime) -> None:
    """Mark a department as one that may hold accesses back; ``source`` says by whose decision. Raises BadInput."""
    code = DEPARTMENT.c.code
    faults = [] if source.strip() else [Fault(("source",), "must say by whose decision")]
    if not execute(connection, sa.select(code).where(code == department)):
        faults.append(Fault(("department",), "is none that is known"))
    if execute(connection, sa.select(DELAY_RECEIVER).where(DELAY_RECEIVER.c.department == department)):
        faults.append(Fault(("department",), "is marked already"))
    if faults:
        raise BadInput(*faults)
    execute(connection, DELAY_RECEIVER.insert().values(department=department, source=source, since=now))


async def begin(owner: str, log: Log, delay: Delay, now: datetime) -> int:
    """Hold back from now on; its number. Raises BadInput with everything that is wrong, Unavailable."""
    with psycopg.connect(owner) as connection:
        marked = sa.select(DELAY_RECEIVER.c.department).where(DELAY_RECEIVER.c.department == delay.department)
        faults = list(_faults(delay))
        if not execute(connection, marked):
            faults.append(Fault(("department",), "is not marked as one that may hold accesses back"))
        if faults:
            raise BadInput(*faults)
        return await _write(connection, log, delay, now, now, now + timedelta(days=delay.days), 0, None)


async def renew(owner: str, log: Log, number: int, asked_by: str, approved_by: str, days: int, now: datetime) -> int:
    """Hold back longer what is held back still; the number of the renewal. Raises BadInput, Unavailable."""
    with psycopg.connect(owner) as connection:
        rows = execute(connection, sa.select(ACCESS_DELAY).where(ACCESS_DELAY.c.number == number).with_for_update())
        if not rows:
            raise BadInput(Fault(("number",), "there is none of this number"))
        before = dict(zip(ACCESS_DELAY.columns.keys(), rows[0], strict=True))
        delay = Delay(
            str(before["department"]), str(before["matter"]), str(before["basis"]), asked_by, approved_by, days
        )
        faults = list(_faults(delay))
        since, until, renewal = before["since"], before["until"], before["renewal"]
        assert isinstance(since, datetime) and isinstance(until, datetime) and isinstance(renewal, int)
        if before["ended_at"] is not None or until <= now:
            faults.append(Fault(("number",), "it has ended, and what it held back is shown"))
        if until - now > BEFORE_END:
            faults.append(Fault(("number",), f"it can be renewed in its last {BEFORE_END.days} days"))
        if renewal >= RENEWALS:
            faults.append(Fault(("number",), "it was renewed twice, which is the most"))
        if execute(connection, sa.select(ACCESS_DELAY.c.number).where(ACCESS_DELAY.c.renews == number)):
            faults.append(Fault(("number",), "it was renewed already"))
        if faults:
            raise BadInput(*faults)
        return await _write(connection, log, delay, now, since, until + timedelta(days=days), renewal + 1, number)


def end(connection: Connection, number: int, now: datetime) -> bool:
    """Show what is held back at once, with all that it renews or is renewed by; whether there was anything to end."""
    one = ACCESS_DELAY.alias("one")
    alike = ("department", "matter", "since")  # a delay and its renewals
    ending = (
        ACCESS_DELAY.update()
        .where(one.c.number == number, *(ACCESS_DELAY.c[name] == one.c[name] for name in alike))
        .where(ACCESS_DELAY.c.ended_at.is_(None))
        .values(ended_at=now)
        .returning(ACCESS_DELAY.c.number)
    )
    return bool(execute(connection, ending))


def _faults(delay: Delay) -> "list[Fault]":
    found = []
    if delay.basis not in BASES:
        found.append(Fault(("basis",), f"is one of {', '.join(BASES)}"))
    if not delay.matter.strip():
        found.append(Fault(("matter",), "must be the number of a matter"))
    if not delay.asked_by.strip() or people([delay.asked_by, delay.approved_by]) < 2:
        found.append(Fault(("approved_by",), "must be named, and is not who asks"))
    if not 1 <= delay.days <= LONGEST.days:
        found.append(Fault(("days",), f"must be from 1 to {LONGEST.days}"))
    return found


async def _write(
    connection: Connection,
    log: Log,
    delay: Delay,
    now: datetime,
    since: datetime,
    until: datetime,
    renewal: int,
    renews: int | None,
) -> int:
    """The row and its entry: a crash in between leaves an entry of something that never held."""
    row = {
        "department": delay.department,
        "matter": delay.matter,
        "basis": delay.basis,
        "asked_by": delay.asked_by.strip(),
        "approved_by": delay.approved_by.strip(),  # compared with whoever asks
        "since": since,
        "valid_from": now,
        "until": until,
        "renewal": renewal,
        "renews": renews,
    }
    ((number,),) = execute(connection, ACCESS_DELAY.insert().values(**row).returning(ACCESS_DELAY.c.number))
    assert isinstance(number, int)
    told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    await log.append(housekeeping(now, delay=told))
    return number
