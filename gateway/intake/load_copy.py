"""The loader: plain rows into tables, sealed on the way, by COPY; a batch is written whole or not at all.

Values are sealed before they leave the process, so the database and its write-ahead log never hold a sealed field in
clear. Ids come from the sequences in blocks. The connection and its transaction belong to the caller.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import psycopg
import sqlalchemy as sa
from psycopg import sql

from gateway.catalogue.fields import Owner
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.errors import InternalError
from gateway.intake.sample_rows import Record, Subject
from gateway.store.core import Connection, execute
from gateway.store.database import convert
from gateway.store.tables import RECORD_IDS, SUBJECT_IDS, SUBJECT_KEY
from gateway.vault.rows import Cell, Place, Shape, shapes
from gateway.vault.vault import Vault

ID_BLOCK = 5_000
# Subjects before their records.
ORDER = tuple(
    kind.name for owner in (Owner.SUBJECT, Owner.RECORD) for kind in KINDS if kind.owner is owner and not kind.filed
)


class Loader:
    """Gathers rows and copies them in batches. Owned by one thread; ``flush`` before letting go of it."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """``connection`` as a role that may insert."""
        self._connection = connection
        self._vault = vault
        self._shapes = shapes(vault)
        self._keys: list[tuple[int, bytes]] = []
        self._rows: dict[str, list[list[Cell]]] = {name: [] for name in ORDER}
        self._subject_ids = numbers(connection, SUBJECT_IDS)
        self._record_ids = numbers(connection, RECORD_IDS)
        self.pending = 0

    def add(self, subject: Subject, records: Iterable[Record] = ()) -> tuple[int, tuple[int, ...]]:
        """Seal one subject with its records; their ids. :class:`BadInput` if a row breaks a rule of the catalogue.

        Nothing is in the database before ``flush``; after an error the loader must not be used any more.
        """
        number = next(self._subject_ids)
        wrapped = self._vault.new_subject_key(number)
        key, region = self._vault.unwrap(wrapped, number), subject.text("region") or None
        place = Place(number, subject.subject_class, key, number, region)
        self._rows[subject.kind].append(self._shapes[subject.kind].row(place, subject.item))
        self._keys.append((number, wrapped))
        provenance = {"provider": subject.item["provider"], "batch": subject.item["batch"]}
        for identifier in subject.identifiers:
            self._record(place, Record("identifier", {**provenance, **identifier}))
        made = tuple(self._record(place, record) for record in records)
        self.pending += 2 + len(subject.identifiers) + len(made)
        return number, made

    def flush(self) -> None:
        """Write everything gathered; the caller commits. A ``GatewayError`` means that nothing of it was written."""
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                for name in ORDER:
                    copy_rows(cursor, BY_NAME[name].name, self._shapes[name], self._rows[name])
                with cursor.copy(_statement(SUBJECT_KEY.name, ("subject_id", "wrapped"))) as copy:
                    for key in self._keys:
                        copy.write_row(key)
        except psycopg.Error as error:
            failure = convert(error)
            raise failure from failure.__cause__
        for rows in self._rows.values():
            rows.clear()
        self._keys.clear()
        self.pending = 0

    def _record(self, place: Place, record: Record) -> int:
        number = next(self._record_ids)
        at = replace(place, row=number)
        self._rows[record.kind].append(self._shapes[record.kind].row(at, record.item))
        return number


def numbers(connection: Connection, sequence: sa.Sequence) -> Iterator[int]:
    """Ids of a sequence, fetched in blocks; those of a block that are not used are gaps."""
    block = sa.select(sequence.next_value()).select_from(sa.func.generate_series(1, ID_BLOCK))
    while True:
        for (number,) in execute(connection, block):
            if not isinstance(number, int):
                raise InternalError
            yield number


def copy_rows(cursor: psycopg.Cursor[tuple[object, ...]], table: str, shape: Shape, rows: list[list[Cell]]) -> None:
    """Copy rows whose cells stand in the order of the shape's columns."""
    if not rows:
        return
    with cursor.copy(_statement(table, shape.columns)) as copy:
        for row in rows:
            copy.write_row(row)


def _statement(table: str, columns: tuple[str, ...]) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
