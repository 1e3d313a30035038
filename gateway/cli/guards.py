"""``gateway guards``: values that a correction refused, and lifting a guard once the source certifies the value anew.

A guard keeps next month's file from bringing a refused value back: its row waits in quarantine (``CORRECTION_GUARD``).
It is lifted for one field of one record by two people, with the document by which the source answers for it; the next
file that brings it makes a new version, and subject and recipients are told (BROUGHT_BACK). The same goes for a record
that was withdrawn, revoked or repaired, under ``*`` in place of a field. After that the guard holds again.

A document may have punished several: where its number alone does not say which record is meant, nothing is lifted.
"""

import argparse
import asyncio
from datetime import datetime
from typing import NamedTuple, TypeAlias

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.assemble import migrated
from gateway.audit.account import housekeeping
from gateway.catalogue.codes import normalize
from gateway.catalogue.fields import Kind, Standing
from gateway.catalogue.kinds import KINDS
from gateway.catalogue.reference import IDENTIFIER
from gateway.cli.audit_tools import log_of
from gateway.clock import SystemClock
from gateway.errors import BadInput, Fault
from gateway.settings import Settings
from gateway.store.core import Connection, execute
from gateway.store.intake_tables import CORRECTION_GUARD, WHOLE
from gateway.store.tables import CURRENT_STATUSES, table

_GUARDED = tuple(kind for kind in KINDS if Standing.ENDED in kind.standings and "documentNumber" in kind.natural_key)
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Only(NamedTuple):
    """Which of the records with one document number is meant: by the code of its subject, by its own number."""

    subject: str = ""
    record: int | None = None


def declare(verbs: _Verbs) -> None:
    """Add ``guards`` to the command line."""
    command = verbs.add_parser("guards", help="list values that may not come back, or lift the guard of one")
    command.add_argument(
        "--lift",
        nargs=3,
        metavar=("KIND", "DOCUMENT", "FIELD"),
        help="of one field of a record, by its document; FIELD *: a record that ended",
    )
    command.add_argument("--subject", default="", metavar="CODE", help="whose record: unified social credit code")
    command.add_argument("--record", type=int, metavar="NUMBER", help="which record, as the list has it")
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
        only = Only(options.subject, options.record)
        number = lifted(connection, (kind, document, field), options.certificate, now, only)
        which = {"kind": kind, "record": number, "document": document, "field": field}
        said = {**which, "certificate": options.certificate, "by": people}

        async def write() -> None:
            async with log_of(settings, connections) as log:
                await log.append(housekeeping(now, guard=said))

        asyncio.run(write())  # the entry first; the guard is lifted when this transaction ends
    print(
        f"{kind} {document} (record {number}) {field}: lifted; the next file that brings the value makes a new version"
    )
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


def lifted(
    connection: Connection, place: tuple[str, str, str], certificate: str, now: datetime, only: Only | None = None
) -> int:
    """Lift the guards of a field of one record; the record. Raises BadInput if there is none, or more than one."""
    kind, document, field = place
    found = next((one for one in _GUARDED if one.name == kind), None)
    if found is None:
        raise BadInput(Fault(("KIND",), f"is none of {', '.join(one.name for one in _GUARDED)}"))
    number = _meant(connection, found, document, field, only or Only())
    if field == WHOLE:
        _certified(connection, found, number, certificate, now)
        return number
    guard = CORRECTION_GUARD.c
    here = guard.kind == kind, guard.record_id == number, guard.field == field, guard.lifted_at.is_(None)
    execute(connection, sa.update(CORRECTION_GUARD).where(*here).values(lifted_at=now, certificate=certificate))
    return number


def _meant(connection: Connection, kind: Kind, document: str, field: str, only: Only) -> int:
    """The one record that ended, or that has a guard of this field. Raises BadInput if none or several are meant."""
    rows, guard, code = table(kind).c, CORRECTION_GUARD.c, table(IDENTIFIER).c
    where = [rows.document_number == document]
    if field == WHOLE:
        where.append(rows.status.not_in(CURRENT_STATUSES))
        nothing = "names no record that is no longer disclosed"
    else:
        here = guard.kind == kind.name, guard.record_id == rows.id, guard.field == field, guard.lifted_at.is_(None)
        where.append(sa.exists(sa.select(sa.literal_column("1")).where(*here)))
        nothing = "has no guard of this field"
    if only.subject:
        whose = code.kind == "USCC", code.value_index == normalize("USCC", only.subject)
        where.append(rows.subject_id.in_(sa.select(code.subject_id).where(*whose)))
    if only.record is not None:
        where.append(rows.id == only.record)
    numbers = [
        int(str(number)) for (number,) in execute(connection, sa.select(rows.id).where(*where).order_by(rows.id))
    ]
    if not numbers:
        raise BadInput(Fault(("DOCUMENT",), nothing))
    if len(numbers) > 1:
        told = ", ".join(map(str, numbers[:10]))
        raise BadInput(
            Fault(("DOCUMENT",), f"is the number of {len(numbers)} records ({told}): say --subject or --record")
        )
    return numbers[0]


def _certified(connection: Connection, kind: Kind, number: int, certificate: str, now: datetime) -> None:
    """Let a record that ended be brought back by the next file.

    Without the hash of its row the very row that it came from is news too.
    """
    row = {"kind": kind.name, "record_id": number, "field": WHOLE, "value_index": b"", "since": now}
    lifted = {"lifted_at": now, "certificate": certificate}
    keys = ["kind", "record_id", "field", "value_index"]
    made = insert(CORRECTION_GUARD).values(**row, **lifted).on_conflict_do_update(index_elements=keys, set_=lifted)
    execute(connection, made)
    rows = table(kind)
    execute(connection, sa.update(rows).where(rows.c.id == number).values(row_hash=None))


def _listed(connection: Connection) -> list[str]:
    lines: list[str] = []
    for kind in _GUARDED:
        rows, guard = table(kind), CORRECTION_GUARD.c
        told = rows.c.document_number, rows.c.id, guard.field, guard.since, guard.lifted_at, guard.certificate
        found = sa.select(*told).where(guard.kind == kind.name, guard.record_id == rows.c.id).order_by(guard.since)
        for document, record, field, since, lifted, certificate in execute(connection, found):
            state = "guarded" if lifted is None else f"lifted by {certificate or 'a decision'}"
            lines.append(f"{kind.name} {document} (record {record}) {field}: since {since}, {state}")
    return lines
