"""Checked rows of the three libraries → subjects: new ones with their key and code, known ones in a new version."""

from collections.abc import Sequence
from datetime import date

from gateway.catalogue.checks import Checked
from gateway.catalogue.codes import CITIZEN_ID, normalize, status
from gateway.catalogue.fields import Kind, SubjectClass
from gateway.intake.house import House
from gateway.intake.load_copy import Loader
from gateway.intake.receipt import Receipt
from gateway.intake.records import keep_version, mark_of, overwrite
from gateway.intake.representatives import end_former
from gateway.intake.sample_rows import Subject
from gateway.store.core import Connection
from gateway.vault.rows import Item, Place, Value, shapes
from gateway.vault.vault import Vault

_BODIES = """
SELECT i.value_index, s.subject_id, s.version, s.row_hash, k.wrapped
FROM identifier AS i JOIN {} AS s ON s.subject_id = i.subject_id JOIN subject_key AS k ON k.subject_id = s.subject_id
WHERE i.kind = 'USCC' AND i.value_index = ANY(%s)
"""
_PERSONS = """
SELECT s.id_number_index, s.subject_id, s.version, s.row_hash, k.wrapped
FROM person AS s JOIN subject_key AS k ON k.subject_id = s.subject_id WHERE s.id_number_index = ANY(%s)
"""


class Subjects:
    """Writes the subjects of one library; owned by one intake."""

    def __init__(self, connection: Connection, vault: Vault, kind: Kind, house: House, receipt: Receipt) -> None:
        """``connection`` as the writer, in the transaction of the file."""
        self._connection = connection
        self._vault = vault
        self._kind = kind
        self._house = house
        self._receipt = receipt
        self._shape = shapes(vault)[kind.name]
        self._loader = Loader(connection, vault)

    def take(self, rows: Sequence[Checked]) -> None:
        """Write them; doubts are noted on the rows."""
        for row in rows:
            self._complete(row)
        keyed = [(row, self._key(row)) for row in rows if not row.doubts]
        known = self._known([key for _, key in keyed])
        fresh: dict[object, bytes] = {}
        for row, key in keyed:
            mark = mark_of(self._vault, self._kind.name, row.item)
            if key in fresh:
                if fresh[key] == mark:
                    self._receipt.unchanged += 1
                else:
                    row.doubts.append("DUPLICATE_KEY")
                continue
            found = known.get(key, [])
            if len(found) > 1:
                row.doubts.append("SEVERAL_SUBJECTS")
            elif not found:
                self._loader.add(self._subject(row, mark))
                self._receipt.accepted += 1
            elif found[0][2] == mark:
                self._receipt.unchanged += 1
            else:
                self._replace(row, mark, *found[0])
            fresh[key] = mark
        self._loader.flush()

    def _complete(self, row: Checked) -> None:
        item = row.item
        if self._kind.name == "person":
            number = str(item["idNumber"])
            item.setdefault("birthDate", date(int(number[6:10]), int(number[10:12]), int(number[12:14])))
            return
        item["codeStatus"] = status("USCC", str(item.get("uscc") or ""))
        if item.get("uscc") is None:
            row.doubts.append("CODE_MISSING")

    def _key(self, row: Checked) -> object:
        if self._kind.name == "person":
            return self._vault.blind_index("person", "id_number", normalize(CITIZEN_ID, str(row.item["idNumber"])))
        return normalize("USCC", str(row.item["uscc"]))

    def _known(self, keys: list[object]) -> dict[object, list[tuple[int, int, bytes | None, bytes]]]:
        if not keys:
            return {}
        statement = _PERSONS if self._kind.name == "person" else _BODIES.format(self._kind.name)
        found: dict[object, list[tuple[int, int, bytes | None, bytes]]] = {}
        for key, subject, version, mark, wrapped in self._connection.execute(statement.encode(), (keys,)).fetchall():
            assert isinstance(subject, int) and isinstance(version, int) and isinstance(wrapped, bytes)
            one = (subject, version, mark if isinstance(mark, bytes) else None, wrapped)
            found.setdefault(key, []).append(one)
        return found

    def _item(self, row: Checked, mark: bytes, version: int) -> dict[str, Value]:
        taken = {name: value for name, value in row.item.items() if name in self._shape.known}
        return {**taken, "batch": self._receipt.batch, "row_hash": mark, "version": version}

    def _class(self, row: Checked) -> SubjectClass:
        if self._kind.name == "person":
            return SubjectClass.PERSON
        return SubjectClass.INDIVIDUAL if row.item.get("kind") == "INDIVIDUAL_BUSINESS" else SubjectClass.LEGAL

    def _subject(self, row: Checked, mark: bytes) -> Subject:
        codes: tuple[Item, ...] = ()
        if self._kind.name != "person":
            code = str(row.item["uscc"])
            codes = (
                {
                    "kind": "USCC",
                    "value": code,
                    "codeStatus": status("USCC", code),
                    "conflicting": False,
                    "validFrom": row.item.get("establishedOn"),
                },
            )
        return Subject(self._kind.name, self._class(row), self._item(row, mark, 1), codes)

    def _replace(
        self, row: Checked, mark: bytes, subject: int, version: int, old: bytes | None, wrapped: bytes
    ) -> None:
        keep_version(self._connection, self._vault, self._kind, subject, subject, self._receipt, self._house)
        place = Place(subject, self._class(row), self._vault.unwrap(wrapped, subject), subject)
        cells = self._shape.row(place, self._item(row, mark, version + 1))
        overwrite(self._connection, self._shape, "subject_id", cells)
        if self._kind.name != "person":
            end_former(self._connection, self._vault, subject, row.item, self._house.now)
        self._receipt.replaced += 1
