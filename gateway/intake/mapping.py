"""The exchange table of codes (新旧代码映射): old codes put to the subject of the new one, conflicts kept and flagged.

One old code may stand on two subjects (split, error): both keep it, and both rows say so. What belongs to nobody who is
known here goes to the list of unmatched codes, for a steward to look at.
"""

from collections.abc import Sequence
from datetime import date

from gateway.catalogue.checks import Checked
from gateway.catalogue.codes import holds_citizen_number, normalize, status
from gateway.catalogue.fields import Kind
from gateway.intake.house import House
from gateway.intake.load_copy import copy_rows, numbers
from gateway.intake.receipt import Receipt
from gateway.intake.subjects import CODES, Finder, Found
from gateway.store.core import Connection
from gateway.store.tables import RECORD_IDS
from gateway.vault.rows import Cell, Place, shapes
from gateway.vault.vault import Vault

UNIFIED = date(2015, 10, 1)  # 三证合一: since then the unified code alone is given out
_HOLDERS = """
SELECT i.kind, i.value_index, array_agg(i.subject_id) FROM identifier AS i
JOIN unnest(%s::text[], %s::text[]) AS w (kind, value_index) ON w.kind = i.kind AND w.value_index = i.value_index
GROUP BY 1, 2
"""
_FLAG = """
UPDATE identifier SET conflicting = true, version = version + 1
WHERE kind = %s AND value_index = %s AND NOT conflicting
"""
_UNMATCHED = """
INSERT INTO unmatched_code (kind, value_index, name, reason, batch, line) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (kind, value_index) DO NOTHING
"""


class Mapping:
    """Writes identifiers; owned by one intake."""

    def __init__(self, connection: Connection, vault: Vault, kind: Kind, house: House, receipt: Receipt) -> None:
        """``connection`` as the writer, in the transaction of the file."""
        self._connection = connection
        self._receipt = receipt
        self._house = house
        self._shape = shapes(vault)[kind.name]
        self._finder = Finder(connection, vault)
        self._ids = numbers(connection, RECORD_IDS)
        self._conflicts: set[tuple[str, str]] = set()

    def take(self, rows: Sequence[Checked]) -> None:
        """Put every code where it belongs; doubts are noted on the rows."""
        by_new = [Checked(row.line, {name: row.item[name] for name in _NEW if name in row.item}) for row in rows]
        found = self._finder.of(by_new)
        for row, one in zip(rows, by_new, strict=True):
            row.doubts += one.doubts
        wanted = {pair for row in rows for pair in _old(row)}
        holders = self._holders(wanted)
        new: list[list[Cell]] = []
        for row, subject in zip(rows, found, strict=True):
            if subject is None:
                self._unmatched(row)
            else:
                self._row(row, subject, holders, new)
        with self._connection.cursor() as cursor:
            copy_rows(cursor, self._shape.kind.name, self._shape, new)
            cursor.executemany(_FLAG, sorted(self._conflicts))
        self._conflicts.clear()

    def _row(
        self, row: Checked, subject: Found, holders: dict[tuple[str, str], set[int]], new: list[list[Cell]]
    ) -> None:
        added = 0
        for kind, value in _old(row):
            known = holders.setdefault((kind, value), set())
            if subject.id in known:
                continue
            if known:
                self._conflicts.add((kind, value))
                self._receipt.reasons["CONFLICT"] += 1
            new.append(self._cells(subject, kind, value, conflicting=bool(known)))
            known.add(subject.id)
            added += 1
        if added:
            self._receipt.accepted += 1
        else:
            self._receipt.unchanged += 1

    def _cells(self, subject: Found, kind: str, value: str, *, conflicting: bool) -> list[Cell]:
        place = Place(subject.id, subject.subject_class, subject.key, next(self._ids))
        return self._shape.row(
            place,
            {
                "kind": kind,
                "value": value,
                "codeStatus": status(kind, value),
                "conflicting": conflicting,
                "validUntil": UNIFIED,
                "provider": self._house.department or "CREDIT",
                "batch": self._receipt.batch,
            },
        )

    def _holders(self, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], set[int]]:
        if not wanted:
            return {}
        kinds, values = zip(*wanted, strict=True)
        rows = self._connection.execute(_HOLDERS, (list(kinds), list(values))).fetchall()
        return {(str(kind), str(value)): set(ids) for kind, value, ids in rows if isinstance(ids, list)}

    def _unmatched(self, row: Checked) -> None:
        reason = row.doubts[0] if row.doubts else "SUBJECT_UNKNOWN"
        name = str(row.item.get("subjectName") or "") or None
        for column, kind in CODES.items():
            if row.item.get(column) is not None:
                value = normalize(kind, str(row.item[column]))
                self._connection.execute(_UNMATCHED, (kind, value, name, reason, self._receipt.batch, row.line))


_NEW = ("subjectName", "subjectUscc")


def _old(row: Checked) -> list[tuple[str, str]]:
    """The old codes of a row; none that is made of somebody's ID number."""
    found = [
        (kind, normalize(kind, str(row.item[name])))
        for name, kind in CODES.items()
        if kind != "USCC" and row.item.get(name) is not None
    ]
    return [(kind, value) for kind, value in found if not holds_citizen_number(kind, value)]
