"""Whose a row is: found by its codes, old and new, or by ID number; doubtful where they lead elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gateway.catalogue.checks import Checked
from gateway.catalogue.codes import CITIZEN_ID, normalize
from gateway.catalogue.fields import SubjectClass
from gateway.catalogue.grams import searchable
from gateway.store.core import Connection
from gateway.vault.seal import SubjectKey
from gateway.vault.vault import Vault

# Columns by which a body is found, and the kind of identifier each is.
CODES: Mapping[str, str] = MappingProxyType(
    {
        "subjectUscc": "USCC",
        "subjectRegistrationNumber": "REGISTRATION_NUMBER",
        "subjectOrganizationCode": "ORGANIZATION_CODE",
        "subjectTaxNumber": "TAX_NUMBER",
        "subjectInstitutionCertificate": "CERTIFICATE_NUMBER",
        "subjectSocialCertificate": "CERTIFICATE_NUMBER",
    }
)

_BY_CODE = """
SELECT i.kind, i.value_index, array_agg(DISTINCT i.subject_id) FROM identifier AS i
JOIN unnest(%s::text[], %s::text[]) AS w (kind, value_index) ON w.kind = i.kind AND w.value_index = i.value_index
GROUP BY 1, 2
"""
_BY_NUMBER = "SELECT id_number_index, subject_id, name_index FROM person WHERE id_number_index = ANY(%s)"
_ABOUT = """
SELECT s.subject_id, s.subject_class, s.name_search, s.region, k.wrapped FROM (
    SELECT subject_id, subject_class, name_search, region FROM enterprise WHERE subject_id = ANY(%(ids)s)
    UNION ALL SELECT subject_id, subject_class, name_search, region FROM organization WHERE subject_id = ANY(%(ids)s)
    UNION ALL SELECT subject_id, subject_class, NULL, NULL FROM person WHERE subject_id = ANY(%(ids)s)
) AS s JOIN subject_key AS k ON k.subject_id = s.subject_id
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A subject as intake needs it: its id, class, the name to compare with, its region and its key."""

    id: int
    subject_class: SubjectClass
    name: str | None
    region: str | None
    key: SubjectKey


class Finder:
    """Finds the subjects of many rows by a few statements. Owned by one intake."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """``connection`` as a role that may read the libraries."""
        self._connection = connection
        self._vault = vault

    def of(self, rows: Sequence[Checked]) -> list[Found | None]:
        """The subject of each row, or None with a doubt noted on the row."""
        bodies = self._bodies(rows)
        persons = self._persons(rows)
        chosen = [self._choose(row, bodies, persons) for row in rows]
        about = self._about({one for one in chosen if one is not None})
        found = [None if one is None else about.get(one) for one in chosen]
        for row, subject in zip(rows, found, strict=True):
            if subject is not None:
                self._compare(row, subject)
            elif not row.doubts:
                row.doubts.append("SUBJECT_UNKNOWN")
        return [None if row.doubts else subject for row, subject in zip(rows, found, strict=True)]

    def _bodies(self, rows: Iterable[Checked]) -> dict[tuple[str, str], list[int]]:
        wanted = {pair for row in rows for pair in codes_of(row)}
        if not wanted:
            return {}
        kinds, values = zip(*wanted, strict=True)
        rows_ = self._connection.execute(_BY_CODE, (list(kinds), list(values))).fetchall()
        return {(str(kind), str(value)): list(ids) for kind, value, ids in rows_ if isinstance(ids, list)}

    def _persons(self, rows: Iterable[Checked]) -> dict[bytes, tuple[int, bytes]]:
        wanted = [self._number_index(row) for row in rows if _number(row)]
        if not wanted:
            return {}
        found = self._connection.execute(_BY_NUMBER, (wanted,)).fetchall()
        return {
            bytes(number): (subject, bytes(name))
            for number, subject, name in found
            if isinstance(number, bytes) and isinstance(subject, int) and isinstance(name, bytes)
        }

    def _number_index(self, row: Checked) -> bytes:
        return self._vault.blind_index("person", "id_number", normalize(CITIZEN_ID, _number(row)))

    def _choose(
        self, row: Checked, bodies: Mapping[tuple[str, str], list[int]], persons: Mapping[bytes, tuple[int, bytes]]
    ) -> int | None:
        if row.doubts:
            return None
        if _number(row):
            known = persons.get(self._number_index(row))
            if known is None:
                return None
            name = self._vault.blind_index("person", "name", str(row.item.get("subjectName") or ""))
            if name != known[1]:
                row.doubts.append("NAME_MISMATCH")
                return None
            return known[0]
        hits = [set(bodies[pair]) for pair in codes_of(row) if pair in bodies]
        if not hits:
            return None
        common = set.intersection(*hits)
        if len(common) == 1:
            return common.pop()
        row.doubts.append("SEVERAL_SUBJECTS")
        return None

    def _about(self, ids: Iterable[int]) -> dict[int, Found]:
        wanted = list(ids)
        if not wanted:
            return {}
        found: dict[int, Found] = {}
        for number, owned, name, region, wrapped in self._connection.execute(_ABOUT, {"ids": wanted}).fetchall():
            assert isinstance(number, int) and isinstance(wrapped, bytes)
            key = self._vault.unwrap(wrapped, number)
            texts = (None if name is None else str(name), None if region is None else str(region))
            found[number] = Found(number, SubjectClass(str(owned)), *texts, key)
        return found

    def _compare(self, row: Checked, subject: Found) -> None:
        name = row.item.get("subjectName")
        if subject.name is not None and isinstance(name, str) and searchable(name) != subject.name:
            row.doubts.append("NAME_MISMATCH")
        said = row.item.get("subjectKind")
        person = subject.subject_class is SubjectClass.PERSON
        if said is not None and (said == "NATURAL_PERSON") is not person:
            row.doubts.append("KIND_MISMATCH")


def codes_of(row: Checked) -> list[tuple[str, str]]:
    """The codes a row names its subject by; normalized once."""
    if row.codes is None:
        given = [(kind, row.item.get(name)) for name, kind in CODES.items()]
        row.codes = [(kind, normalize(kind, str(value))) for kind, value in given if value is not None]
    return row.codes


def _number(row: Checked) -> str:
    """The ID number of a row about a natural person; "" for others."""
    number = row.item.get("subjectIdNumber")
    body = row.item.get("subjectKind") in ("ORGANIZATION", "INDIVIDUAL_BUSINESS") or row.item.get("subjectUscc")
    return "" if body or not isinstance(number, str) else number
