"""Requests to the archive: who may see what the rows of one subject were before, why, and for how long.

Old versions are nobody's but their subject's and the handler's of its case. For a lawsuit or a complaint an archivist
sees them, of the one subject that the request is about, once one person has opened the request and another has approved
it, neither of whom is an archivist in it; for as many days at most as the rule ``archive.request`` gives. Opening and
ending one is an entry of the log; the first names the subject, who finds it among its accesses, as it finds every look
that is then taken. ``adopt`` makes old versions of what intake replaced before there were any.
"""

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import sqlalchemy as sa

from gateway.audit.account import housekeeping
from gateway.audit.destruction import people
from gateway.audit.log import Log
from gateway.catalogue.codes import CITIZEN_ID, check, normalize
from gateway.catalogue.kinds import BY_NAME
from gateway.clock import statutory_day
from gateway.errors import BadInput, Fault
from gateway.rights.rows import rules_of, rules_on
from gateway.rights.superseded import Present, Why, kept
from gateway.store.archive_tables import ARCHIVE_REQUEST, SUPERSEDED
from gateway.store.core import Connection, execute, stored_bytes
from gateway.store.intake_tables import RECORD_VERSION
from gateway.store.tables import RECORD_IDS, SUBJECT_KEY, table
from gateway.values import MatterKind, Purpose, Role
from gateway.vault.keeper import hands
from gateway.vault.vault import Vault

KINDS = (MatterKind.LITIGATION, MatterKind.COMPLAINT)
RULE = "archive.request"
UNKNOWN = "is the code or ID number of nobody, or of several"
_LENGTH = 128  # of numbers and bases, as of matters
_PERSON, _IDENTIFIER = table(BY_NAME["person"]), table(BY_NAME["identifier"])


@dataclass(frozen=True, slots=True)
class Request:
    """What is opened. ``about``: a unified code or an ID number; ``by``: who opens it and who approves."""

    number: str
    kind: str
    basis: str
    about: str
    archivists: Sequence[str]
    by: Sequence[str]
    days: int


async def begin(owner: str, log: Log, vault: Vault, request: Request, now: datetime) -> None:
    """Open a request from now on. Raises BadInput with everything that is wrong, Unavailable."""
    with psycopg.connect(owner) as connection:
        longest = rules_of(execute(connection, rules_on(statutory_day(now))))[RULE].value
        faults = list(_faults(request, longest))
        known = sa.select(ARCHIVE_REQUEST.c.number).where(ARCHIVE_REQUEST.c.number == request.number)
        if execute(connection, known):
            faults.append(Fault(("number",), "there was one of this number: each is opened once"))
        subjects = subjects_of(connection, vault, request.about)
        if len(subjects) != 1:
            faults.append(Fault(("about",), UNKNOWN))
        if faults:
            raise BadInput(*faults)
        opener, approver = request.by
        row = {
            "number": request.number,
            "kind": request.kind,
            "basis": request.basis,
            "subject_id": subjects[0],
            "archivists": list(request.archivists),
            "opened_by": opener,
            "approved_by": approver,
            "valid_from": now,
            "valid_until": now + timedelta(days=request.days),
        }
        execute(connection, ARCHIVE_REQUEST.insert().values(row))
        entry = housekeeping(
            now,
            who={
                "role": Role.ARCHIVE.value,
                "principal": ", ".join(request.by),
                "consumer": "",
                "department": "",
                "token": "",
            },
            why=[
                {
                    "purpose": Purpose.PUBLIC_DUTY.value,
                    "consent": "",
                    "matter": {"number": request.number, "kind": request.kind, "basis": request.basis},
                }
            ],
            operation={"document": "", "name": "", "roots": ["archive"]},
            subjects=vault.pseudonyms(subjects),
        )
        await log.append(entry)


async def end(owner: str, log: Log, number: str, now: datetime) -> None:
    """End a request at once. Raises BadInput if none of this number runs, Unavailable."""
    request = ARCHIVE_REQUEST.c
    running = request.number == number, request.valid_until > now, request.ended_at.is_(None)
    with psycopg.connect(owner) as connection:
        ended = sa.update(ARCHIVE_REQUEST).where(*running).values(ended_at=now).returning(request.number)
        if not execute(connection, ended):
            raise BadInput(Fault(("number",), "is of no request that runs"))
        await log.append(housekeeping(now, unarchive={"number": number}))


def adopt(owner: str, vault: Vault) -> int:
    """Make old versions of what stands in ``record_version``, and empty it; how many there were."""
    columns = RECORD_VERSION.c
    with psycopg.connect(owner) as connection:
        content = sa.cast(columns.content, sa.Text)
        waiting = sa.select(
            columns.kind, columns.record_id, columns.subject_id, content, columns.superseded_at, columns.batch
        ).order_by(columns.kind, columns.record_id, columns.version)
        found = execute(connection, waiting)
        for kind, record, subject, text, at, batch in found:
            keys = sa.select(SUBJECT_KEY.c.wrapped, RECORD_IDS.next_value()).where(SUBJECT_KEY.c.subject_id == subject)
            for wrapped, number in execute(connection, keys):  # none: the subject was erased, nothing opens any more
                assert isinstance(record, int) and isinstance(subject, int) and isinstance(number, int)
                assert isinstance(at, datetime)
                stored = json.loads(str(text), parse_float=str)
                old = Present(BY_NAME[str(kind)], record, subject, stored, stored_bytes(wrapped), number)
                row = kept(old, Why.REPLACED, str(batch), at, *hands(vault, old))
                execute(connection, sa.insert(SUPERSEDED).values(row))
        execute(connection, sa.delete(RECORD_VERSION))
    return len(found)


def _faults(request: Request, longest: int) -> Iterator[Fault]:
    for name, text in (("number", request.number), ("basis", request.basis)):
        if not _line(text) or len(text) > _LENGTH:
            yield Fault((name,), f"must be printable text of at most {_LENGTH} characters")
        elif unicodedata.normalize("NFC", text).strip() != text:
            yield Fault((name,), "must be composed (NFC), without spaces around it: so it is compared")
    if request.kind not in {kind.value for kind in KINDS}:
        yield Fault(("kind",), f"must be one of {', '.join(kind.value for kind in KINDS)}")
    if not request.archivists or not all(map(_line, request.archivists)):
        yield Fault(("archivists",), "must be named, by the principals of their tokens")
    openers, archivists = set(request.by), set(request.archivists)
    alone = len(request.by) != 2 or people(request.by) != 2 or not all(map(_line, request.by))
    if alone or people([*openers, *archivists]) < people([*openers]) + people([*archivists]):
        yield Fault(("by",), "one person opens it and another approves it, neither of whom sees the rows")
    if not 1 <= request.days <= longest:
        yield Fault(("days",), f"must be from 1 to {longest}")


def _line(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


def subjects_of(connection: Connection, vault: Vault, about: str) -> list[int]:
    """Who has this code, or this ID number."""
    number = normalize(CITIZEN_ID, about)
    if not check(CITIZEN_ID, number):
        index = vault.blind_index("person", "id_number", number)
        found = sa.select(_PERSON.c.subject_id).where(_PERSON.c.id_number_index == index)
    else:
        codes = _IDENTIFIER.c
        found = sa.select(codes.subject_id).where(codes.kind == "USCC", codes.value_index == normalize("USCC", about))
    return sorted({int(str(subject)) for (subject,) in execute(connection, found)})
