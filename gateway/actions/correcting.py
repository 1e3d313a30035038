"""The value that a decision gives a field: checked as intake checks it, and everything that follows from it.

The record as it would stand is looked at whole. What was wrong with it before is not held against a decision; what
would be wrong by it is, at once and with every reason. Of values that its handler sees masked or not at all no more is
told than that they do not go together.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

import sqlalchemy as sa

from gateway.actions.casework import Held
from gateway.actions.model import Path, Scene, Value
from gateway.catalogue.checks import Checked, Together, cell
from gateway.catalogue.fields import Field, Kind, Type
from gateway.catalogue.kinds import BY_NAME
from gateway.errors import BadInput, Fault, InternalError
from gateway.rights.windows import KEEPING, SHAPING, TIMING, windows
from gateway.store.intake_tables import CATALOGUE_ITEM
from gateway.store.sessions import Session
from gateway.store.tables import table

Said: TypeAlias = Mapping[str, Value]
Broken: TypeAlias = tuple[str, str]  # field and rule

# Groups of the policy whose values a handler sees masked or not at all: no answer may tell whether a guess is right.
HIDDEN = frozenset({"person.idNumber", "representative.idNumber", "representative.phone"})
_NUMBERS = ("subjectIdNumber", "subjectIdType")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII).match
_FORMS: Mapping[Type, tuple[Callable[[str], object], str]] = MappingProxyType(
    {
        Type.DATE: (_DAY, "must be a day, as 2026-10-31"),
        Type.BOOLEAN: (("true", "false").__contains__, "must be true or false"),
        Type.DECIMAL: (str.isascii, "must be a number of 12 digits at most, and 6 behind the point"),
        Type.TEXT: (str, "must not be empty"),
    }
)


def typed(kind: Kind, item: Field, text: str, said: Said, today: date) -> tuple[dict[str, Value], list[Broken]]:
    """The record with a value as it is written, and what is wrong with it by the rules of intake: (field, rule)."""
    name = item.name
    found = Checked(0, {other: value for other, value in said.items() if other != name and value is not None})
    form = _FORMS.get(item.type)
    if item.type is Type.CODE:
        form = item.values.__contains__, f"must be one of {', '.join(item.values)}"
    if form is None:
        return found.item, [(name, "is of a type that no decision gives another value")]
    fits, rule = form
    if not fits(text):
        return found.item, [(name, rule)]
    cell(found, name, item, {word: word for word in item.values}, text)
    if not found.faults and found.item.get(name) in (None, ""):
        found.faults.append((name, "is a code of another kind"))
    if found.faults:
        return found.item, found.faults
    before = _together(kind, {other: value for other, value in said.items() if value is not None}, today)
    rules = [one for one in _together(kind, found.item, today) if one[0] == name or one not in before]
    # Whether an age fits is asked of the number alone: asked of days it would tell of a birth date that is sealed.
    return found.item, [one for one in rules if one[0] != "subjectIdNumber" or name in _NUMBERS or "18" not in one[1]]


def _together(kind: Kind, item: dict[str, Value], today: date) -> list[Broken]:
    found = Checked(0, item)
    together = Together(kind, today)
    for look in (together.penalty, together.persons, together.days):
        look(found)
    return found.faults


async def checked(
    session: Session, scene: Scene, held: Held, change: tuple[Kind, Field, str], said: Said, path: Path
) -> dict[str, Value]:
    """The record as it would stand with another value of a field. Raises BadInput with everything that is wrong."""
    kind, item, text = change
    name, person = item.name, held.subject_class == "person"
    after, rules = typed(kind, item, text, said, scene.today)
    value = after.get(name)
    if not rules:
        if name == "subjectKind" and (value == "NATURAL_PERSON") is not person:
            rules.append((name, "contradicts whose record it is"))
        until = windows(kind, after, person=person).published_until
        if name == "publishedUntil" and until is not None and isinstance(value, date) and value > until:
            rules.append((name, f"lies after {until.isoformat()}, the last day of publication that the law allows"))
        rules += [(name, rule) for rule in await _catalogued(session, held, change, value)]
    if rules:
        raise BadInput(*dict.fromkeys(_faults(kind, name, rules, path)))
    return after


def _faults(kind: Kind, name: str, rules: list[Broken], path: Path) -> Iterator[Fault]:
    hidden = {item.name for item in kind.fields if item.group in HIDDEN}
    for place, rule in rules:
        if place == name:
            yield Fault((*path, "value"), rule)
        else:
            yield Fault((*path, "value", place), "does not go with it" if place in hidden else rule)


async def _catalogued(session: Session, held: Held, change: tuple[Kind, Field, str], value: Value) -> list[str]:
    """What tables of the platform say to it: the items of the catalogue, the grades of a scheme."""
    kind, item, _ = change
    if item.name in kind.order:
        column = CATALOGUE_ITEM.c
        over = sa.or_(column.valid_until.is_(None), column.valid_until >= value)
        span = sa.select(column.kind).where(column.kind == kind.name, column.valid_from <= value, over)
        return [] if await session.execute(span.limit(1)) else ["no item of the catalogue held this on that day"]
    if item.name == "grade" and kind.reserved_by and held.record is not None:
        rows, scheme = table(kind), table(BY_NAME["scheme"])
        here = rows.c.subject_id == held.subject, rows.c.id == held.record[1], scheme.c.code == rows.c.scheme
        ((grades,),) = await session.execute(sa.select(scheme.c.grades).where(*here))
        return [] if value in str(grades).split() else ["is no grade of its scheme"]
    return []


async def said_by(session: Session, scene: Scene, held: Held, kind: Kind, row: int) -> dict[str, Value]:
    """What a record says, by field; what is sealed is opened."""
    rows = table(kind)
    places = [
        (item, column, sealed)
        for item in kind.fields
        if not item.derived and not item.platform
        for column, sealed in ((item.column, False), (f"{item.column}_sealed", True))
        if column in rows.c
    ]
    here = rows.c.subject_id == held.subject, rows.c.id == row
    ((*found,),) = await session.execute(sa.select(*(rows.c[column] for _, column, _ in places)).where(*here))
    said: dict[str, Value] = {}
    for (item, _, sealed), value in zip(places, found, strict=True):
        if sealed and isinstance(value, bytes):
            said[item.name] = scene.keys.open(held.wrapped, held.subject, (kind.name, item.column, row), value)
        elif not sealed and value is not None:
            said[item.name] = _value(value)
    return said


def _value(found: object) -> Value:
    if isinstance(found, bytes | str | bool | int | date | datetime | Decimal):
        return found
    raise InternalError


def following(kind: Kind, name: str, said: Said, after: Said, *, person: bool) -> Mapping[str, Value]:
    """The columns that follow from a field of a record that is given another value, as intake derives them.

    A last day of publication that was set apart from what the law allows at most stays, unless it would lie after that.
    """
    before, now = windows(kind, said, person=person), windows(kind, after, person=person)
    cells: dict[str, Value] = {}
    if kind.name == "penalty" and name in SHAPING:
        cells |= {"minor": now.minor, "disclosure": now.disclosure}
    if now.published_until is not None and name in (*TIMING, *kind.order):
        until = said.get("publishedUntil")
        apart = isinstance(until, date) and until != before.published_until and until < now.published_until
        cells["published_until"] = until if apart else now.published_until
    if name in (*KEEPING, *kind.order):
        cells["retained_until"] = now.retained_until
    return cells
