"""From plain items to table rows: checked, sealed, masked, indexed. One ``Shape`` per kind, from the catalogue."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from gateway.catalogue.codes import CITIZEN_ID, holds_citizen_number, normalize
from gateway.catalogue.fields import Field, Kind, Owner, Sealing, Standing, SubjectClass, Type, snake
from gateway.catalogue.free_text import folded
from gateway.catalogue.grams import grams, searchable
from gateway.catalogue.kinds import KINDS
from gateway.errors import BadInput, Fault
from gateway.rights.windows import minor
from gateway.vault.masks import masked
from gateway.vault.seal import SubjectKey
from gateway.vault.vault import Vault

Value: TypeAlias = bytes | str | bool | int | date | datetime | Decimal | None
Item: TypeAlias = Mapping[str, Value]
Cell: TypeAlias = Value | list[str]
BASE = ("version", "subject_class", "provider", "batch", "row_hash")
WINDOWS = ("disclosure", "status", "minor", "retained_until")

# What no text may hold: control characters (tab and line ends may stand in texts) and lone surrogates.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]").search


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item is going: its subject, and its own id (the subject's for subjects)."""

    subject: int
    subject_class: SubjectClass
    key: SubjectKey
    row: int
    region: str | None = None  # of the subject


@dataclass(frozen=True, slots=True)
class Slot:
    """One stored field: its name in items, its base column, and how its columns are filled."""

    name: str
    column: str
    field: Field
    fill: Callable[["Shape", "Slot", Place, Item, Value], tuple[Cell, ...]]


class Shape:
    """How items of one kind become rows of its table; ``columns`` is the order of the cells."""

    def __init__(self, kind: Kind, vault: Vault) -> None:
        """Derive the columns from the catalogue."""
        self.kind = kind
        self.vault = vault
        self.slots = tuple(_slots(kind))
        self.ending = Standing.ENDED in kind.standings
        key = ("subject_id", "id") if kind.owner is Owner.RECORD else ("subject_id",)
        self.references = tuple(link.name for link in kind.links if not link.many and link.name not in BASE)
        self.searched = kind.named_by
        base = (
            key
            + BASE
            + (("subject_region",) if kind.feed else ())
            + tuple(map(snake, self.references))
            + (WINDOWS if self.ending else ())
        )
        name = snake(self.searched)
        search = (f"{name}_search", f"{name}_grams") if name else ()
        self.columns = base + tuple(column for slot in self.slots for column in _columns(slot)) + search
        self.known = frozenset(_item_keys(self))
        self._rules = tuple(_rule(slot) for slot in self.slots)

    def row(self, place: Place, item: Item) -> list[Cell]:
        """The cells of one row. :class:`BadInput` names every field that breaks a rule, never its value."""
        if faults := tuple(self._faults(item)):
            raise BadInput(*faults)
        return self.cells(place, item)

    def cells(self, place: Place, item: Item) -> list[Cell]:
        """The cells of a row that was checked already."""
        cells: list[Cell] = [place.subject]
        if self.kind.owner is Owner.RECORD:
            cells.append(place.row)
        cells += (item.get("version", 1), place.subject_class.value, item["provider"], item["batch"])
        cells.append(item.get("row_hash"))
        if self.kind.feed:
            cells.append(place.region)
        cells += (item[name] for name in self.references)
        if self.ending:
            cells += (item["disclosure"], item["status"], minor(item), item.get("retained_until"))
        for slot in self.slots:
            cells += slot.fill(self, slot, place, item, item.get(slot.name))
        if self.searched:
            name = item.get(self.searched)
            spelled = None if name is None else searchable(str(name))
            cells += (spelled, None if spelled is None else list(grams(spelled)))
        return cells

    def one(self, place: Place, name: str, value: Value) -> Mapping[str, Cell]:
        """The columns of one field, and of a name also those by which it is found."""
        slot = next(one for one in self.slots if one.name == name)
        found = dict(zip(_columns(slot), slot.fill(self, slot, place, {}, value), strict=True))
        if slot.field.free_text:  # of another text nothing is released
            for part in ("released", "released_at", "released_by"):
                found[f"{slot.column}_{part}"] = None
        return found

    def seal(self, slot: Slot, place: Place, value: Value) -> bytes | None:
        """The sealed form of a value, bound to its column and row."""
        if value is None:
            return None
        return self.vault.seal(place.key, self.kind.name, slot.column, place.row, str(value))

    def _faults(self, item: Item) -> Iterator[Fault]:
        for name in sorted(item.keys() - self.known):
            yield Fault((self.kind.name, name), "is not in the catalogue")
        for name, value in item.items():
            if isinstance(value, str) and _UNFIT(value):
                yield Fault((self.kind.name, name), "holds a control character or is not valid Unicode")
        if self.kind.name == "identifier" and holds_citizen_number(str(item.get("kind")), _code_of(item)):
            yield Fault((self.kind.name, "value"), "is made of an ID number and is not kept as an identifier")
        for name, required, words, length in self._rules:
            value = item.get(name)
            if value is None:
                if required:
                    yield Fault((self.kind.name, name), "is required")
            elif words is not None and value not in words:
                yield Fault((self.kind.name, name), f"must be one of {', '.join(words)}")
            elif length is not None and len(str(value)) > length:
                yield Fault((self.kind.name, name), f"is longer than {length} characters")


def _code_of(item: Item) -> str:
    return normalize(str(item.get("kind")), str(item.get("value") or ""))


def normalized(kind: str, name: str, value: str, item: Item) -> str:
    """The spelling under which a look-up field is indexed."""
    if kind == "identifier":
        return normalize(str(item["kind"]), value)
    if name == "idNumber":
        return normalize(CITIZEN_ID, value)
    return unicodedata.normalize("NFC", value).strip()  # as ``operation`` spells the name it is asked for


def guard_of(vault: Vault, kind: str, field: str, value: Value) -> bytes:
    """The keyed form in which a guard keeps a value that was refused; equal for a number, however it is written.

    None: that there is no value is what was refused.
    """
    if value is None:
        return vault.blind_index(kind, f"absent.{field}", "")
    text = f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
    return vault.blind_index(kind, f"guard.{field}", text)


def tombstone_of(vault: Vault, kind: str, subject: int, natural: Iterable[str]) -> bytes:
    """The keyed form in which a record that was erased is known again: whose it was, and its natural key."""
    return vault.blind_index(kind, "erased", "\x1f".join((str(subject), *map(folded, natural))))


def shapes(vault: Vault) -> Mapping[str, Shape]:
    """A shape per kind that belongs to a subject."""
    return MappingProxyType(
        {kind.name: Shape(kind, vault) for kind in KINDS if kind.owner is not Owner.NONE and not kind.filed}
    )


def _slots(kind: Kind) -> Iterator[Slot]:
    for field in kind.fields:
        if not field.derived and not field.platform:
            yield Slot(field.name, field.column, field, _fill(field))
    for part in kind.parts:
        for field in part.fields:
            yield Slot(f"{part.name}.{field.name}", part.column(field), field, _fill(field))


def _rule(slot: Slot) -> tuple[str, bool, tuple[str, ...] | None, int | None]:
    """What is asked of a value: its name, whether it is required, its words, its greatest length."""
    field = slot.field
    words = field.values if field.type is Type.CODE else None
    return slot.name, field.required, words, field.length if field.type is Type.TEXT else None


def _fill(field: Field) -> Callable[[Shape, Slot, Place, Item, Value], tuple[Cell, ...]]:
    if field.free_text:
        return _free_text
    match field.sealing:
        case Sealing.ALWAYS:
            return _sealed
        case Sealing.PERSONS:
            return _sealed_for_persons
        case Sealing.NEVER:
            return _plain if field.mask or field.lookup else _bare


def _columns(slot: Slot) -> tuple[str, ...]:
    """The columns of a slot, in the order its ``fill`` gives them; see ``store.tables``."""
    field, column = slot.field, slot.column
    if field.free_text:
        return (f"{column}_sealed", f"{column}_released", f"{column}_released_at", f"{column}_released_by")
    head: tuple[str, ...] = (column,)
    if field.sealing is Sealing.ALWAYS:
        head = (f"{column}_sealed",)
    elif field.sealing is Sealing.PERSONS:
        head = (column, f"{column}_sealed")
    return head + ((f"{column}_masked",) if field.mask else ()) + ((f"{column}_index",) if field.lookup else ())


def _item_keys(shape: Shape) -> Iterator[str]:
    yield from ("version", "provider", "batch", "row_hash", *shape.references)
    if Standing.MINOR in shape.kind.standings:
        yield "minor"
    if shape.ending:
        yield from ("disclosure", "status", "retained_until")
    for slot in shape.slots:
        yield slot.name
        if slot.field.free_text:
            yield from (f"{slot.name}.released", f"{slot.name}.released_at", f"{slot.name}.released_by")


def _bare(shape: Shape, slot: Slot, place: Place, item: Item, value: Value) -> tuple[Cell, ...]:
    return (value,)


def _plain(shape: Shape, slot: Slot, place: Place, item: Item, value: Value) -> tuple[Cell, ...]:
    cells: tuple[Cell, ...] = (value,)
    if slot.field.mask:
        cells += (masked(slot.field.mask, str(value)) if value is not None else None,)
    if slot.field.lookup:
        cells += (normalized(shape.kind.name, slot.name, str(value), item),)
    return cells


def _sealed(shape: Shape, slot: Slot, place: Place, item: Item, value: Value) -> tuple[Cell, ...]:
    cells: tuple[Cell, ...] = (shape.seal(slot, place, value),)
    if slot.field.mask:
        cells += (masked(slot.field.mask, str(value)) if value is not None else None,)
    if slot.field.lookup:
        spelled = normalized(shape.kind.name, slot.name, str(value), item)
        cells += (shape.vault.blind_index(shape.kind.name, slot.column, spelled),)
    return cells


def _sealed_for_persons(shape: Shape, slot: Slot, place: Place, item: Item, value: Value) -> tuple[Cell, ...]:
    if place.subject_class is not SubjectClass.PERSON:
        return (value, None, None)[: 3 if slot.field.mask else 2]
    return (None, *_sealed(shape, slot, place, item, value))


def _free_text(shape: Shape, slot: Slot, place: Place, item: Item, value: Value) -> tuple[Cell, ...]:
    name = slot.name
    return (
        shape.seal(slot, place, value),
        item.get(f"{name}.released"),
        item.get(f"{name}.released_at"),
        item.get(f"{name}.released_by"),
    )
