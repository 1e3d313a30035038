"""``gateway guards``: values that a correction refused, and lifting a guard once the source certifies the value anew.

A guard keeps next month's file from bringing a refused value back: its row waits in quarantine (``CORRECTION_GUARD``).
It is lifted for one value of one record by two people, with the document by which the source answers for it; the next
file that brings it makes a new version, and subject and recipients are told (BROUGHT_BACK). The same goes for a record
that was withdrawn, revoked or repaired, under ``*`` in place of a field. After that the guard holds again.
"""

import argparse
import asyncio
from datetime import datetime
from typing import TypeAlias

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.assemble import migrated
from gateway.audit.account import housekeeping
from gateway.catalogue.fields import Kind, Standing
from gateway.catalogue.kinds import KINDS
from gateway.cli.audit_tools import log_of
from gateway.clock import SystemClock
from gateway.errors import BadInput, Fault
from gateway.settings import Settings
from gateway.store.core import Connection, execute
from gateway.store.intake_tables import CORRECTION_GUARD, WHOLE
from gateway.store.tables import CURRENT_STATUSES, table

_GUARDED = tuple(kind for kind in KINDS if Standing.ENDED in kind.standings and "documentNumber" in kind.natural_key)
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add ``guards`` to the command line."""
    command = verbs.add_parser("guards", help="list values that may not come back, or lift the guard of one")
    command.add_argument(
        "--lift",
        nargs=3,
        metavar=("KIND", "DOCUMENT", "FIELD"),
        help="of one field of a record, by its document; FIELD *: a record that ended",
    )
    command.add_argument("--certificate", default="", help="the document by which the source answers for the value")
    command.add_argument("--by", action="append", default=[], metavar="NAME", help="who lifts it: twice, two people")


def guards(settings: Settings, options: argparse.Namespace) -> int:
    """List them, or lift one."""
    with migrated(settings) as connections, psycopg.connect(connections.owner) as connection:
        if options.lift is None:
            for line in _listed(connection):
                print(line)
            return 0
        kind, document, field = options.lift
        now, people = SystemClock().now(), _checked(options)
        number = lifted(connection, (kind, document, field), options.certificate, now)
        said = {"kind": kind, "record": number, "field": field, "certificate": options.certificate, "by": people}

        async def write() -> None:
            async with log_of(settings, connections) as log:
                await log.append(housekeeping(now, guard=said))

        asyncio.run(write())  # the entry first; the guard is lifted when this transaction ends
    print(f"{kind} {document} {field}: lifted; the next file that brings the value makes a new version")
    return 0


def _checked(options: argparse.Namespace) -> list[str]:
    """The two people. Raises BadInput with everything that is wrong."""
    people = [" ".join(one.split()) for one in options.by]
    faults: list[Fault] = []
    if len({one.casefold() for one in people}) < 2 or not all(people):
        faults.append(Fault(("--by",), "must name two people"))
    if not options.certificate.strip() or not options.certificate.isprintable():
        faults.append(Fault(("--certificate",), "must be said, on one line"))
    if faults:
        raise BadInput(*faults)
    return people


def lifted(connection: Connection, place: tuple[str, str, str], certificate: str, now: datetime) -> int:
    """Lift the guards of a field; the record. Raises BadInput if there is none."""
    kind, document, field = place
    found = next((one for one in _GUARDED if one.name == kind), None)
    if found is None:
        raise BadInput(Fault(("KIND",), f"is none of {', '.join(one.name for one in _GUARDED)}"))
    rows, guard = table(found), CORRECTION_GUARD.c
    records = sa.select(rows.c.id).where(rows.c.document_number == document)
    if field == WHOLE:
        return _certified(connection, found, document, certificate, now)
    statement = (
        sa.update(CORRECTION_GUARD)
        .where(guard.kind == kind, guard.record_id.in_(records), guard.field == field, guard.lifted_at.is_(None))
        .values(lifted_at=now, certificate=certificate)
        .returning(guard.record_id)
    )
    numbers = execute(connection, statement)
    if not numbers:
        raise BadInput(Fault(("DOCUMENT",), "has no guard of this field"))
    return int(str(numbers[0][0]))


def _certified(connection: Connection, kind: Kind, document: str, certificate: str, now: datetime) -> int:
    """Let a record that ended be brought back by the next file; the record. Raises BadInput if none has ended."""
    rows = table(kind)
    ended = rows.c.document_number == document, rows.c.status.not_in(CURRENT_STATUSES)
    found = execute(connection, sa.select(rows.c.id).where(*ended))
    if not found:
        raise BadInput(Fault(("DOCUMENT",), "names no record that is no longer disclosed"))
    number = int(str(found[0][0]))
    row = {"kind": kind.name, "record_id": number, "field": WHOLE, "value_index": b"", "since": now}
    lifted = {"lifted_at": now, "certificate": certificate}
    keys = ["kind", "record_id", "field", "value_index"]
    made = insert(CORRECTION_GUARD).values(**row, **lifted).on_conflict_do_update(index_elements=keys, set_=lifted)
    execute(connection, made)
    return number


def _listed(connection: Connection) -> list[str]:
    lines: list[str] = []
    for kind in _GUARDED:
        rows, guard = table(kind), CORRECTION_GUARD.c
        told = rows.c.document_number, guard.field, guard.since, guard.lifted_at, guard.certificate
        found = sa.select(*told).where(guard.kind == kind.name, guard.record_id == rows.c.id).order_by(guard.since)
        for document, field, since, lifted, certificate in execute(connection, found):
            state = "guarded" if lifted is None else f"lifted by {certificate}"
            lines.append(f"{kind.name} {document} {field}: since {since}, {state}")
    return lines
