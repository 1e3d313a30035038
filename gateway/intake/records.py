"""Checked rows → records: new ones copied, known ones left alone or replaced, their old version kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import sqlalchemy as sa
from psycopg import sql

from gateway.catalogue.checks import Checked
from gateway.catalogue.fields import Kind, snake
from gateway.catalogue.free_text import folded
from gateway.intake.changes import Changes
from gateway.intake.house import House
from gateway.intake.load_copy import copy_rows, numbers
from gateway.intake.receipt import Receipt
from gateway.intake.subjects import Finder, Found
from gateway.rights.superseded import Why, kept, present, read
from gateway.store.archive_tables import SUPERSEDED
from gateway.store.core import Connection, execute
from gateway.store.intake_tables import WHOLE
from gateway.store.tables import CURRENT_STATUSES, RECORD_IDS
from gateway.vault.keeper import hands
from gateway.vault.rows import Cell, Item, Place, Shape, Value, guard_of, shapes, tombstone_of
from gateway.vault.vault import Vault

Key: TypeAlias = tuple[int, tuple[str, ...]]  # subject and natural key, as it is spelled or folded

LOCK = 0x1A7E  # advisory, with what is locked

# What the platform adds to a row: no news if it differs.
_ADDED = frozenset({"receivedAt", "status", "batch", "row_hash", "version"})


@dataclass(slots=True)
class _Known:
    """A record that is there, or was written a moment ago."""

    id: int
    version: int
    status: str
    disputed_on: date | None
    mark: bytes | None


def mark_of(vault: Vault, kind: str, item: Mapping[str, Value]) -> bytes:
    """The keyed hash of what a row says: equal rows, equal marks; nothing can be read from it."""
    said = [f"{name}\x1f{value!s}" for name, value in item.items() if value is not None and name not in _ADDED]
    said.sort()
    return vault.blind_index(kind, "row", "\x1e".join(said))  # no value holds a control character


def keep_version(
    connection: Connection, vault: Vault, kind: Kind, subject: int, row: int, receipt: Receipt, house: House
) -> None:
    """Keep the present version of a row, which another one of this batch takes the place of."""
    old = read(kind, row, execute(connection, present(kind, subject, row)))
    made = kept(old, Why.REPLACED, receipt.batch, house.now, *hands(vault, old))
    execute(connection, sa.insert(SUPERSEDED).values(made))


def overwrite(connection: Connection, shape: Shape, key: str, cells: Sequence[Cell]) -> None:
    """Write all cells of a row over the one that is there."""
    values = dict(zip(shape.columns, cells, strict=True))
    row = values.pop(key)
    values.pop("subject_id", None)
    assigned = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
    statement = sql.SQL("UPDATE {} SET {} WHERE {} = %s").format(
        sql.Identifier(shape.kind.name), assigned, sql.Identifier(key)
    )
    connection.execute(statement, (*values.values(), row))


def _folded(key: Key) -> Key:
    return key[0], tuple(map(folded, key[1]))


class Records:
    """Writes the records of one kind; owned by one intake."""

    def __init__(self, connection: Connection, vault: Vault, kind: Kind, house: House, receipt: Receipt) -> None:
        """``connection`` as the writer, in the transaction of the file."""
        self._connection = connection
        self._vault = vault
        self._kind = kind
        self._house = house
        self._receipt = receipt
        self._shape = shapes(vault)[kind.name]
        self._finder = Finder(connection, vault)
        self._ids = numbers(connection, RECORD_IDS)
        self._locked: set[str] = set()
        self._named: set[int] = set()  # records that this file has named already: some 60 bytes a row

    def take(self, rows: Sequence[Checked]) -> None:
        """Write what has neither fault nor doubt; doubts are noted on the rows."""
        self._lock({str(row.item["provider"]) for row in rows} - self._locked)
        found = self._finder.of(rows)
        pairs = [(row, subject) for row, subject in zip(rows, found, strict=True) if subject is not None]
        known = self._read({(subject.id, self._natural(row)) for row, subject in pairs})
        ids = list({one.id for one in known.values()})
        guards = self._guards(ids)
        changed = Changes(self._connection, self._vault, self._kind, self._house.now, ids)
        erased = self._erased()
        new: list[list[Cell]] = []
        for row, subject in pairs:
            key = (subject.id, self._natural(row))
            mark = mark_of(self._vault, self._kind.name, row.item)
            other = _folded(key)
            old = known.get(key) or known.get(other)
            if old is None and erased and tombstone_of(self._vault, self._kind.name, *key) in erased:
                row.doubts.append("RECORD_ERASED")
                continue
            if old is None:
                old = known[key] = known[other] = _Known(next(self._ids), 1, "ACTIVE", None, mark)
                new.append(self._cells(row, subject, old.id, mark, 1))
                self._receipt.accepted += 1
            elif old.mark == mark:
                self._receipt.unchanged += 1
            elif old.id in self._named:  # the same key twice in one file: both cannot be right
                row.doubts.append("DUPLICATE_KEY")
            elif old.status not in CURRENT_STATUSES and not changed.certified(old.id):
                row.doubts.append("RECORD_ENDED")
            elif self._guarded(row, old, guards):
                row.doubts.append("CORRECTION_GUARD")
            else:
                self._replace(row, subject, old, mark)
                changed.note(subject, old.id, old.version - 1, row.item)
            self._named.add(old.id)
        with self._connection.cursor() as cursor:
            copy_rows(cursor, self._kind.name, self._shape, new)

    def _lock(self, providers: set[str]) -> None:
        """One file of a kind and department after the other, so that none of two misses what the other writes."""
        for provider in sorted(providers):
            name = f"{self._kind.name} {provider}"
            self._connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK, name))
        self._locked |= providers

    def _replace(self, row: Checked, subject: Found, old: _Known, mark: bytes) -> None:
        keep_version(self._connection, self._vault, self._kind, subject.id, old.id, self._receipt, self._house)
        status = old.status if old.status in CURRENT_STATUSES else "ACTIVE"  # its source answers for it anew
        row.item |= {"disputedOn": old.disputed_on, "status": status}
        overwrite(self._connection, self._shape, "id", self._cells(row, subject, old.id, mark, old.version + 1))
        old.version, old.mark = old.version + 1, mark
        self._receipt.replaced += 1

    def _cells(self, row: Checked, subject: Found, number: int, mark: bytes, version: int) -> list[Cell]:
        taken = self._shape.known
        item: Item = {
            **{name: value for name, value in row.item.items() if name in taken},
            "batch": self._receipt.batch,
            "row_hash": mark,
            "version": version,
        }
        place = Place(subject.id, subject.subject_class, subject.key, number, subject.region)
        return self._shape.cells(place, item)

    def _natural(self, row: Checked) -> tuple[str, ...]:
        return tuple(str(row.item[name]) for name in self._kind.natural_key)

    def _read(self, wanted: Collection[Key]) -> dict[Key, _Known]:
        """The records with one of the wanted keys, however they are spelled: by their own spelling, and folded.

        All records of these subjects are looked at: a number that is spelled otherwise is the same number.
        """
        if not wanted:
            return {}
        columns = [sql.Identifier(snake(name)) for name in self._kind.natural_key]
        statement = sql.SQL(
            "SELECT subject_id, id, version, status, disputed_on, row_hash, {} FROM {} "
            "WHERE subject_id = ANY(%s) ORDER BY id"
        ).format(sql.SQL(", ").join(columns), sql.Identifier(self._kind.name))
        alike = {_folded(key) for key in wanted}
        known: dict[Key, _Known] = {}
        spelled: dict[Key, _Known] = {}
        for subject, number, version, status, disputed, mark, *natural in self._connection.execute(
            statement, (list({subject for subject, _ in wanted}),)
        ).fetchall():
            assert isinstance(subject, int) and isinstance(number, int) and isinstance(version, int)
            key = subject, tuple(map(str, natural))
            if _folded(key) not in alike:
                continue
            spelled[key] = _Known(
                number,
                version,
                str(status),
                disputed if isinstance(disputed, date) else None,
                mark if isinstance(mark, bytes) else None,
            )
            known.setdefault(_folded(key), spelled[key])
        return known | spelled  # of two that differ by their spelling alone each keeps its own

    def _guards(self, ids: list[int]) -> dict[tuple[int, str], set[bytes]]:
        if not ids:
            return {}
        found = self._connection.execute(
            "SELECT record_id, field, value_index FROM correction_guard "
            "WHERE kind = %s AND record_id = ANY(%s) AND field <> %s AND lifted_at IS NULL",
            (self._kind.name, ids, WHOLE),
        ).fetchall()
        guards: dict[tuple[int, str], set[bytes]] = {}
        for number, name, value in found:
            assert isinstance(number, int) and isinstance(value, bytes)
            guards.setdefault((number, str(name)), set()).add(value)
        return guards

    def _erased(self) -> set[object]:
        """What is left of the records of this kind that were erased."""
        found = self._connection.execute(
            "SELECT value_index FROM correction_guard WHERE kind = %s AND field = %s AND lifted_at IS NULL",
            (self._kind.name, WHOLE),
        ).fetchall()
        return {value for (value,) in found if value}

    def _guarded(self, row: Checked, old: _Known, guards: Mapping[tuple[int, str], set[bytes]]) -> bool:
        """Whether it says what was refused, or leaves a field empty that a decision has filled or corrected."""
        return any(
            number == old.id
            and (row.item.get(name) is None or guard_of(self._vault, self._kind.name, name, row.item[name]) in refused)
            for (number, name), refused in guards.items()
        )
