"""Reading the log as rows: what is the caller's own there, and rows that are as new as the log itself.

Rows of a logged kind are made from the entries by the database (``access_follow``), off the path of those who are being
logged: whoever reads them first has the rest made. They are read by the log's role, and nothing else is in their
statements: the reader of the catalogue sees nothing of the log, the log's role nothing of the catalogue.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from gateway.audit.statements import argument, statement
from gateway.catalogue.kinds import BY_NAME
from gateway.errors import DatabaseUnavailable, GatewayError
from gateway.plan.ground import held_back
from gateway.rights.mandates import in_force
from gateway.store.core import Connection, execute, stored_bytes
from gateway.store.lanes import Lanes, Row
from gateway.store.log_tables import ACCESS
from gateway.store.sessions import Session
from gateway.store.tables import MANDATE, table
from gateway.values import By, ByPerson, ByPlace, Caller, Opened, Own, RootArguments, Statement
from gateway.vault.vault import Vault

FOLLOWED = 5_000  # entries made into rows by one statement
MOST_STATEMENTS = 200  # for one reader: a million entries; then it is the background's work
PERIOD = 30.0  # seconds between looks in the background
NOBODY = b"0"  # the subject of rows that are not the caller's own

_logger = logging.getLogger("gateway.ledger.accesses")

_PERSON, _IDENTIFIER = table(BY_NAME["person"]), table(BY_NAME["identifier"])
_NOW = argument("now", sa.DateTime(timezone=True))
_EMPTY: sa.ColumnElement[str] = sa.literal_column("''")

# Goes to the slow lane: who asks for a checkpoint does not wait for rows.
_FOLLOW = replace(
    statement(
        sa.select(sa.func.access_follow(argument("origin", sa.Text()), argument("most", sa.Integer())).label("left"))
    ),
    slow=True,
)


def _names() -> "sa.ScalarSelect[str]":
    """The identifiers of a subject, as ``kind:value`` and one a line."""
    one = _IDENTIFIER.c.kind + sa.literal_column("':'") + _IDENTIFIER.c.value_index
    listed = sa.func.string_agg(one, aggregate_order_by(sa.literal_column("E'\\n'"), one))
    return sa.select(listed).where(_IDENTIFIER.c.subject_id == MANDATE.c.subject_id).scalar_subquery()


# The subjects that somebody acts for so far, and by what others may have asked for them.
_OWN = statement(
    sa.select(
        MANDATE.c.subject_id,
        sa.func.coalesce(sa.func.encode(_PERSON.c.id_number_index, sa.literal_column("'hex'")), _EMPTY),
        sa.func.coalesce(_names(), _EMPTY),
    )
    .select_from(MANDATE.outerjoin(_PERSON, _PERSON.c.subject_id == MANDATE.c.subject_id))
    .where(
        MANDATE.c.principal == argument("principal", sa.Text()),
        *in_force(_NOW),
        # who looked is told to an agent only where its mandate says so
        sa.or_(
            MANDATE.c.basis.in_((sa.literal_column("'PERSON'"), sa.literal_column("'REPRESENTATIVE'"))),
            sa.literal_column("'ACCESSES'") == sa.any_(MANDATE.c.scope),
        ),
    )
    .distinct()
)


# The same of subjects, whoever asks: number, kind and value; a person has the index of its ID number as a value.
_SUBJECTS = sa.any_(argument("subjects", ARRAY(sa.BigInteger())))
_PERSONS = sa.select(_PERSON.c.subject_id, _PERSON.c.id_number_index).where(_PERSON.c.subject_id == _SUBJECTS)
_CODES = sa.select(_IDENTIFIER.c.subject_id, _IDENTIFIER.c.kind, _IDENTIFIER.c.value_index).where(
    _IDENTIFIER.c.subject_id == _SUBJECTS
)


# An entry by its place, unless it is held back.
_ENTRY = statement(
    sa.select(
        *(ACCESS.c[name] for name in ("shard", "number", "subject_id", "subject", "institution", "unit", "officer"))
    )
    .where(ACCESS.c.origin == argument("origin", sa.Text()), ACCESS.c.number == argument("number", sa.BigInteger()))
    .where(sa.not_(held_back(ACCESS, _NOW)))
)


class Accesses:
    """The rows of the log, for one gateway. ``lanes`` are of the log's role."""

    def __init__(self, lanes: Lanes, origin: str, vault: Vault) -> None:
        self._log = lanes
        self._origin = origin.encode()
        self._vault = vault

    async def own(self, catalogue: Lanes, caller: Caller, now: datetime) -> Own:
        """What of the log is about subjects that the caller acts for; nothing if it acts for nobody."""
        if not caller.principal:
            return Own()
        rows = await catalogue.fetch(_OWN, (caller.acts_as.encode(), now.isoformat().encode()))
        found: dict[str, int] = {}
        for subject, person, names in rows:
            number = int(subject or b"0")
            found[self._vault.pseudonyms([number])[0]] = number
            if person:
                found[self._vault.asked_person(bytes.fromhex(person.decode("ascii")))] = number
            for name in (names or b"").decode().split("\n") if names else ():
                found[self._vault.asked(*name.split(":", 1))] = number
        return Own(found)

    async def entry(
        self, catalogue: Lanes, caller: Caller, now: datetime, place: tuple[str, int]
    ) -> tuple[int, int, int, str, str, str] | None:
        """Shard, number, subject, institution, unit and officer of an entry about the caller's own that it sees."""
        own = await self.own(catalogue, caller, now)
        origin, index = place
        wanted = origin.encode(), b"%d" % index, now.isoformat().encode()
        for shard, number, key, pseudonym, institution, unit, officer in await self.fetch(_ENTRY, wanted):
            subject = own.subjects.get((pseudonym or b"").decode())
            if subject is not None and own.keys.get(int(key or b"0")) == subject:
                who = (institution or b"").decode(), (unit or b"").decode(), (officer or b"").decode()
                return int(shard or b"0"), int(number or b"0"), subject, *who
        return None

    def origin(self, shard: int) -> str:
        """The name of a shard."""
        return f"{self._origin.decode()}/{shard}"

    async def names(self, session: Session, subjects: Sequence[int]) -> dict[int, list[str]]:
        """Subject → every pseudonym by which the log may name it."""
        found = {subject: self._vault.pseudonyms([subject]) for subject in subjects}
        for subject, index in await session.execute(_PERSONS, {"subjects": list(subjects)}):
            if index is not None:
                found[int(str(subject))].append(self._vault.asked_person(stored_bytes(index)))
        for subject, kind, value in await session.execute(_CODES, {"subjects": list(subjects)}):
            found[int(str(subject))].append(self._vault.asked(str(kind), str(value)))
        return found

    async def fetch(self, statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        """Run a statement over rows that hold every entry there was when it was asked for."""
        await self.follow()
        return await self._log.fetch(statement, parameters)

    async def follow(self) -> None:
        """Make rows of entries until all are made. Raises DatabaseUnavailable if that takes too many statements."""
        for _ in range(MOST_STATEMENTS):
            ((left,),) = await self._log.fetch(_FOLLOW, (self._origin, b"%d" % FOLLOWED))
            if left == b"0":
                return
        raise DatabaseUnavailable

    async def keep(self) -> None:
        """Until canceled, make rows of new entries now and then, so that nobody who reads them waits long."""
        while True:
            try:
                await self.follow()
            except GatewayError as error:
                _logger.warning("no rows could be made of the log: %s", error.code)
            await asyncio.sleep(PERIOD)


def follow(connection: Connection, origin: str) -> None:
    """The same for a command: make rows of every entry there is, on a connection of the log's role or the owner."""
    while execute(connection, sa.select(sa.func.access_follow(origin, FOLLOWED))) != [(0,)]:
        pass


class Named(NamedTuple):
    """A person of the library, and the blind index of its name."""

    subject: int
    name: bytes


def names_of(connection: Connection, vault: Vault, pseudonyms: Iterable[str]) -> dict[str, Named]:
    """Pseudonym, of either sort → the person; others are left out. Opens nothing."""
    wanted = set(pseudonyms)
    found: dict[str, Named] = {}
    columns = _PERSON.c.subject_id, _PERSON.c.id_number_index, _PERSON.c.name_index
    for subject, number, name in execute(connection, sa.select(*columns).where(_PERSON.c.name_index.is_not(None))):
        own = vault.pseudonyms([int(str(subject))])
        own += [] if number is None else [vault.asked_person(stored_bytes(number))]
        found |= {one: Named(int(str(subject)), stored_bytes(name)) for one in own if one in wanted}
    return found


def asked_for(vault: Vault, roots: Iterable[RootArguments]) -> list[str]:
    """The pseudonyms of whom these roots ask for, whether there is such a subject or not."""
    found = (_asked_for(vault, arguments.by) for arguments in roots)
    return list(dict.fromkeys(one for one in found if one is not None))


def _asked_for(vault: Vault, by: By | ByPerson | ByPlace | None) -> str | None:
    match by:
        case By():
            return vault.asked(by.kind, by.value)
        case ByPerson():
            return vault.asked_person(vault.blind_index("person", "id_number", by.id_number))
        case _:
            return None


def of_subjects(opened: Opened, own: Own) -> Opened:
    """The rows under the subjects that the caller acts for; whose the others are is not known here."""
    ids: Mapping[bytes, bytes] = {b"%d" % key: b"%d" % subject for key, subject in own.keys.items()}
    subjects = [ids.get(key, NOBODY) for key in opened.rows.subjects]
    return opened._replace(rows=opened.rows._replace(subjects=subjects))
