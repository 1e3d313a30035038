"""Engagements of auditors: who audits what, for how long; and who stands behind a pseudonym, when two people say so.

An auditor reads the log in an engagement only, and sees subjects by pseudonyms that are others in every engagement:
what one has found cannot be put together with another. Opening and ending one is an entry of the log. To resolve a
pseudonym takes two people and a reason; the entry names the subject, who finds it among its accesses.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import sqlalchemy as sa

from gateway.audit.account import housekeeping
from gateway.audit.destruction import people
from gateway.audit.log import Log
from gateway.catalogue.kinds import BY_NAME
from gateway.errors import BadInput, Fault
from gateway.store.core import Connection, execute, stored_bytes
from gateway.store.log_tables import ENGAGEMENT
from gateway.store.tables import SUBJECT_KEY, table
from gateway.values import MatterKind, Purpose, Role
from gateway.vault.vault import Vault

LONGEST = 366  # days
_NOT_RUNNING = Fault(("number",), "is of no engagement that runs")
_LENGTH = 128  # of numbers, as of matters
_PERSON, _IDENTIFIER = table(BY_NAME["person"]), table(BY_NAME["identifier"])
_LIBRARIES = tuple(table(BY_NAME[name]) for name in ("enterprise", "organization"))


@dataclass(frozen=True, slots=True)
class Engagement:
    """What is opened; ``auditors`` are principals, ``opened_by`` two people who are none of them."""

    number: str
    auditors: Sequence[str]
    reason: str
    opened_by: Sequence[str]
    days: int


async def begin(owner: str, log: Log, engagement: Engagement, now: datetime) -> None:
    """Open an engagement from now on. Raises BadInput with everything that is wrong, Unavailable."""
    with psycopg.connect(owner) as connection:
        faults = list(_faults(engagement))
        known = sa.select(ENGAGEMENT.c.number).where(ENGAGEMENT.c.number == engagement.number)
        if execute(connection, known):
            faults.append(Fault(("number",), "there was one of this number: each is opened once"))
        if faults:
            raise BadInput(*faults)
        until = now + timedelta(days=engagement.days)
        who = {"auditors": list(engagement.auditors), "opened_by": list(engagement.opened_by)}
        row = {"number": engagement.number, "reason": engagement.reason, **who}
        execute(connection, ENGAGEMENT.insert().values(**row, valid_from=now, valid_until=until))
        await log.append(housekeeping(now, engage={**row, "until": until.isoformat()}))


async def end(owner: str, log: Log, number: str, now: datetime) -> None:
    """End an engagement at once. Raises BadInput if none of this number runs, Unavailable."""
    with psycopg.connect(owner) as connection:
        if not running(connection, number, now):
            raise BadInput(_NOT_RUNNING)
        execute(connection, ENGAGEMENT.update().where(ENGAGEMENT.c.number == number).values(ended_at=now))
        await log.append(housekeeping(now, disengage={"number": number}))


async def resolve(
    owner: str, log: Log, vault: Vault, number: str, name: str, reason: str, by: Sequence[str], now: datetime
) -> list[str]:
    """Who is known by this pseudonym in an engagement that runs: name and codes; nothing: nobody any more.

    The entry is written first. Raises BadInput with everything that is wrong, Unavailable.
    """
    faults = [] if people(by) > 1 else [Fault(("by",), "two different people must want it")]
    if not _line(reason):
        faults.append(Fault(("reason",), "must be said, on one line of printable text"))
    if len(name) != 32 or not set(name) <= set("0123456789abcdef"):
        faults.append(Fault(("pseudonym",), "has 32 hex digits"))
    with psycopg.connect(owner) as connection:
        if not running(connection, number, now):
            faults.append(_NOT_RUNNING)
        if faults:
            raise BadInput(*faults)
        pseudonym = vault.engaged_back(number, name)
        entry = housekeeping(
            now,
            who={"role": Role.AUDITOR.value, "principal": ", ".join(by), "consumer": "", "department": "", "token": ""},
            why=[
                {
                    "purpose": Purpose.AUDIT.value,
                    "consent": "",
                    "matter": {"number": number, "kind": MatterKind.AUDIT.value, "basis": reason},
                }
            ],
            operation={"document": "", "name": "", "roots": ["resolve"]},
            subjects=[pseudonym],
        )
        await log.append(entry)
        return list(_known(connection, vault, pseudonym))


def running(connection: Connection, number: str, now: datetime) -> bool:
    """Whether there is such an engagement, and it runs."""
    found = sa.select(ENGAGEMENT.c.number).where(
        ENGAGEMENT.c.number == number,
        ENGAGEMENT.c.valid_from <= now,
        ENGAGEMENT.c.valid_until > now,
        ENGAGEMENT.c.ended_at.is_(None),
    )
    return bool(execute(connection, found))


def _faults(engagement: Engagement) -> Iterator[Fault]:
    if not _line(engagement.number) or len(engagement.number) > _LENGTH:
        yield Fault(("number",), f"must be printable text of at most {_LENGTH} characters")
    elif unicodedata.normalize("NFC", engagement.number).strip() != engagement.number:
        yield Fault(("number",), "must be composed (NFC), without spaces around it: so it is compared")
    if not _line(engagement.reason):
        yield Fault(("reason",), "must be said, on one line of printable text")
    if not engagement.auditors or not all(map(_line, engagement.auditors)):
        yield Fault(("auditors",), "must be named, by the principals of their tokens")
    openers, auditors = set(engagement.opened_by), set(engagement.auditors)
    if people(engagement.opened_by) < 2 or people([*openers, *auditors]) < people([*openers]) + people([*auditors]):
        yield Fault(("by",), "two different people must open it, who do not audit in it")
    if not 1 <= engagement.days <= LONGEST:
        yield Fault(("days",), f"must be from 1 to {LONGEST}")


def _line(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


def _known(connection: Connection, vault: Vault, pseudonym: str) -> Iterator[str]:
    """What the libraries say of whom the log knows by this name, be it as a subject or as somebody asked for."""
    subjects = _subjects(connection, vault, pseudonym)
    for library in _LIBRARIES:
        rows = sa.select(library.c.name).where(library.c.subject_id.in_(subjects), library.c.subject_class == "legal")
        yield from (str(name) for (name,) in execute(connection, rows) if name)
    codes = sa.select(_IDENTIFIER.c.kind, _IDENTIFIER.c.value).where(_IDENTIFIER.c.subject_id.in_(subjects))
    yield from (f"{kind} {value}" for kind, value in execute(connection, codes))
    names = ("name_sealed", "id_number_sealed")
    keys = SUBJECT_KEY.c.subject_id == _PERSON.c.subject_id
    sealed = sa.select(_PERSON.c.subject_id, SUBJECT_KEY.c.wrapped, *(_PERSON.c[name] for name in names))
    for subject, wrapped, *values in execute(
        connection, sealed.join(SUBJECT_KEY, keys).where(_PERSON.c.subject_id.in_(subjects))
    ):
        number = int(str(subject))
        key = vault.unwrap(stored_bytes(wrapped), number)
        for column, value in zip(("name", "id_number"), values, strict=True):
            if value is not None:
                yield vault.open(key, "person", column, number, stored_bytes(value))


def _subjects(connection: Connection, vault: Vault, pseudonym: str) -> list[int]:
    subject = vault.subject_of(pseudonym)
    if subject is not None:
        return [subject]
    persons = sa.select(_PERSON.c.subject_id, _PERSON.c.id_number_index).where(_PERSON.c.id_number_index.is_not(None))
    found = {
        int(str(number))
        for number, index in execute(connection, persons)
        if vault.asked_person(stored_bytes(index)) == pseudonym
    }
    codes = sa.select(_IDENTIFIER.c.subject_id, _IDENTIFIER.c.kind, _IDENTIFIER.c.value_index)
    for number, kind, value in execute(connection, codes):
        if vault.asked(str(kind), str(value)) == pseudonym:
            found.add(int(str(number)))
    return sorted(found)
