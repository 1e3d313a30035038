"""What a row was before it was changed: read as it is stored, opened, and sealed anew as an old version of it.

Who changes a row (a decision, a file of its department) asks here first, in the same transaction: ``present`` is the
statement that reads the row, ``kept`` what is to be written to ``superseded``. What the old row said is parted into
three texts, for three circles: ``content`` is what its subject is shown of such a row, released texts included,
``texts`` are the originals of its free texts, ``reserved`` is all else: numbers of papers, the representative's phone,
remarks, where it came from and how far it was disclosed. Each is sealed on its own, in its own place (kind, column and
row are bound), so values are opened and sealed anew and never copied.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa

from gateway.catalogue.fields import Field, Kind, Owner, snake
from gateway.catalogue.superseded import SUPERSEDED
from gateway.errors import InternalError
from gateway.store.tables import RECORD_IDS, SUBJECT_KEY, table

# Groups of the policy whose values nobody is shown in clear with the row itself (rows 4, 5, 10, 13, 23 of the table).
RESERVED = frozenset({"person.idNumber", "representative.idNumber", "representative.phone", "remark"})
# Where it came from and how far it was disclosed, as far as the row has it.
PROVENANCE: Mapping[str, str] = MappingProxyType(
    {
        "batch": "batch",
        "status": "status",
        "disclosure": "disclosure",
        "minor": "minor",
        "retained_until": "retainedUntil",
    }
)

Open = Callable[[tuple[str, str, int], bytes], str]  # kind, column and row; what is sealed there → its text
Seal = Callable[[tuple[str, str, int], str], bytes]


class Why(StrEnum):
    """Why another version took the place of one."""

    CORRECTED = "CORRECTED"
    SUPPLEMENTED = "SUPPLEMENTED"
    REPAIRED = "REPAIRED"
    REVOKED = "REVOKED"
    DISCLOSURE_ENDED = "DISCLOSURE_ENDED"
    REPLACED = "REPLACED"  # by a file of its department


@dataclass(frozen=True, slots=True)
class Present:
    """A row as it is stored now, and the number that its old version will have."""

    kind: Kind
    row: int
    subject: int
    stored: Mapping[str, object]  # by column; sealed values in hex
    wrapped: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a row said, by who may read it: names of the catalogue → values, as JSON has them."""

    content: Mapping[str, object]
    texts: Mapping[str, object]
    reserved: Mapping[str, object]


def present(kind: Kind, subject: int, row: int) -> "sa.Select[str, bytes, int]":
    """The statement that reads a row of a subject whole: one row of text, wrapped key and a new number, or none."""
    own = table(kind)
    key = own.c.subject_id if kind.owner is Owner.SUBJECT else own.c.id
    whole = sa.cast(sa.func.to_jsonb(sa.literal_column(f'"{kind.name}"')), sa.Text)
    own_row = own.c.subject_id == subject, key == row, SUBJECT_KEY.c.subject_id == subject
    return sa.select(whole, SUBJECT_KEY.c.wrapped, RECORD_IDS.next_value()).where(*own_row)


def read(kind: Kind, row: int, found: list[tuple[object, ...]]) -> Present:
    """The row in what ``present`` found. Raises InternalError if there is none: nobody changes what is not there."""
    if not found:
        raise InternalError
    text, wrapped, number = found[0]
    if not isinstance(wrapped, bytes) or not isinstance(number, int):
        raise InternalError
    stored = json.loads(str(text), parse_float=str)  # decimals keep their digits
    return Present(kind, row, int(stored["subject_id"]), stored, wrapped, number)


def kept(old: Present, why: Why, batch: str, at: datetime, open: Open, seal: Seal) -> dict[str, object]:
    """The row of ``superseded``: ``batch`` is what took its place (of intake), or a word for what did."""
    said = contents(old, open)
    stored = old.stored

    def sealed(column: str, values: Mapping[str, object]) -> bytes:
        text = json.dumps(values, ensure_ascii=False, sort_keys=True)
        return seal((SUPERSEDED.name, column, old.number), text)

    return {
        "subject_id": old.subject,
        "id": old.number,
        "subject_class": stored["subject_class"],
        "provider": stored["provider"],
        "batch": batch,
        "minor": stored.get("disclosure") == "INTERNAL",
        "record_id": old.row,
        "record_kind": old.kind.name,
        "record_version": stored["version"],
        "superseded_at": at,
        "why": why.value,
        "content_sealed": sealed("content", said.content),
        "texts_sealed": sealed("texts", said.texts) if said.texts else None,
        "reserved_sealed": sealed("reserved", said.reserved),
    }


def contents(old: Present, open: Open) -> Contents:
    """What the row said, opened; what it did not say is left out."""
    content: dict[str, object] = {"provider": old.stored["provider"]}
    texts: dict[str, object] = {}
    reserved: dict[str, object] = {
        name: old.stored[column] for column, name in PROVENANCE.items() if old.stored.get(column) is not None
    }
    for link in old.kind.links:
        if not link.many and link.name != "provider":
            content[link.name] = old.stored[snake(link.name)]
    for path, column, item in _places(old.kind):
        if item.free_text:
            _put(content, path, old.stored.get(f"{column}_released"))
            _put(texts, path, _value(old, column, open))
        else:
            _put(reserved if item.group in RESERVED else content, path, _value(old, column, open))
    return Contents(content, texts, reserved)


def _places(kind: Kind) -> Iterator[tuple[tuple[str, ...], str, Field]]:
    """Every stored field: where it stands in a JSON object, its column, itself."""
    for item in kind.fields:
        if not item.derived:
            yield (item.name,), item.column, item
    for part in kind.parts:
        for item in part.fields:
            yield (part.name, item.name), part.column(item), item


def _value(old: Present, column: str, open: Open) -> object:
    """The plain value, or the sealed one, opened."""
    plain, sealed = old.stored.get(column), old.stored.get(f"{column}_sealed")
    if sealed is None:
        return plain
    return open((old.kind.name, column, old.row), bytes.fromhex(str(sealed).removeprefix("\\x")))


def _put(into: dict[str, object], path: tuple[str, ...], value: object) -> None:
    if value is None:
        return
    for name in path[:-1]:
        inner = into.setdefault(name, {})
        assert isinstance(inner, dict)
        into = inner
    into[path[-1]] = value
