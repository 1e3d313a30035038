"""What a decision does to a record: its old version is kept, the refused value guarded, its readers are to be told.

A corrected value is a value of the catalogue like any that intake brings: of the type of its field, sealed and masked
alike. What names a record (its natural key) is not corrected: next month's file would bring it as another record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.actions.casework import Held
from gateway.actions.model import Cells, Path, Scene, Value
from gateway.actions.superseding import supersede
from gateway.catalogue.fields import Field, Kind, Sealing, Standing, Type, snake
from gateway.catalogue.kinds import BY_NAME
from gateway.errors import BadInput, Fault, InternalError
from gateway.notices import changes
from gateway.rights.states import CaseKind, Outcome
from gateway.rights.superseded import Why
from gateway.store.case_tables import CASE
from gateway.store.intake_tables import CORRECTION_GUARD
from gateway.store.sessions import Session
from gateway.store.tables import CURRENT_STATUSES, table

MARK = "disputedOn"
_MARKING = (CaseKind.OBJECTION.value, CaseKind.REVIEW.value)
PLATFORM_OWN = frozenset({MARK, "receivedAt"})  # of the platform
# As what those who read the record before are told of it.
_TOLD_AS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.CORRECTED: "CORRECTED",
        Outcome.SUPPLEMENTED: "SUPPLEMENTED",
        Outcome.DISCLOSURE_ENDED: "DISCLOSURE_ENDED",
        Outcome.REVOKED: "REVOKED",
        Outcome.RESTRICTED: "DISCLOSURE_ENDED",
        Outcome.APPROVED: "REPAIRED",
        Outcome.REVERSED: "BROUGHT_BACK",
    }
)
_WHY: Mapping[Outcome, Why] = MappingProxyType(
    {
        Outcome.CORRECTED: Why.CORRECTED,
        Outcome.SUPPLEMENTED: Why.SUPPLEMENTED,
        Outcome.DISCLOSURE_ENDED: Why.DISCLOSURE_ENDED,
        Outcome.REVOKED: Why.REVOKED,
        Outcome.RESTRICTED: Why.DISCLOSURE_ENDED,
        Outcome.APPROVED: Why.REPAIRED,
        Outcome.REVERSED: Why.REPLACED,
    }
)
STATUS_OF: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.CORRECTED: "CORRECTED",
        Outcome.DISCLOSURE_ENDED: "WITHDRAWN",
        Outcome.REVOKED: "REVOKED",
        Outcome.RESTRICTED: "WITHDRAWN",
        Outcome.APPROVED: "REPAIRED",
        Outcome.REVERSED: "ACTIVE",
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """The record of a case, locked."""

    kind: Kind
    table: sa.Table
    row: int
    version: int
    status: str


def disputable(kind: Kind) -> bool:
    """Whether rows of the kind can be marked as disputed."""
    return any(item.name == MARK for item in kind.fields)


async def target(session: Session, held: Held) -> Target:
    """The record that a case is about. Raises InternalError if there is none."""
    if held.record is None:
        raise InternalError
    kind, row = BY_NAME[held.record[0]], held.record[1]
    rows = table(kind)
    here = rows.c.subject_id == held.subject, rows.c.id == row
    ((version, status),) = await session.execute(
        sa.select(rows.c.version, rows.c.status).where(*here).with_for_update()
    )
    if not isinstance(version, int):
        raise InternalError
    return Target(kind, rows, row, version, str(status))


def correctable(kind: Kind, name: str) -> Field | None:
    """The field, if a decision may give it another value."""
    found = next((item for item in kind.fields if item.name == name), None)
    if found is None or found.derived or found.platform or name in PLATFORM_OWN or name in kind.natural_key:
        return None
    return found


def typed(item: Field, text: str) -> Value:
    """A value as it is written, of the type of its field. Raises ValueError with the rule that it breaks."""
    match item.type:
        case Type.DATE:
            return _parsed(date.fromisoformat, text, "must be a day, as 2026-10-31")
        case Type.DECIMAL:
            return _decimal(text)
        case Type.BOOLEAN:
            if text not in ("true", "false"):
                raise ValueError("must be true or false")
            return text == "true"
        case Type.CODE:
            if text not in item.values:
                raise ValueError(f"must be one of {', '.join(item.values)}")
            return text
        case Type.TEXT:
            if len(text) > item.length:
                raise ValueError(f"is longer than {item.length} characters")
            return text
        case _:
            raise ValueError("is of a type that no decision gives another value")


def _parsed(parse: Callable[[str], date], text: str, rule: str) -> date:
    try:
        return parse(text)
    except ValueError:
        raise ValueError(rule) from None


def _decimal(text: str) -> Decimal:
    rule = "must be a number of 12 digits at most, and 6 behind the point"
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(rule) from None
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -6 or abs(found) >= Decimal(10) ** 12:
        raise ValueError(rule)
    return found


async def stored(session: Session, scene: Scene, held: Held, record: Target, item: Field) -> Value:
    """The present value of a field, opened if it is sealed."""
    columns = record.table.c
    seals = f"{item.column}_sealed" in columns
    names = [name for name in (item.column, f"{item.column}_sealed") if name in columns]
    here = columns.subject_id == held.subject, columns.id == record.row
    ((*found,),) = await session.execute(sa.select(*(columns[name] for name in names)).where(*here))
    if seals and isinstance(found[-1], bytes):
        return scene.keys.open(held.wrapped, held.subject, (record.kind.name, item.column, record.row), found[-1])
    first = found[0]
    return None if seals and item.sealing is Sealing.ALWAYS else _value(first)


def _value(found: object) -> Value:
    if found is None or isinstance(found, bytes | str | bool | int | date | Decimal):
        return found
    raise InternalError


async def corrected(
    session: Session, scene: Scene, held: Held, change: tuple[str, str], path: Path, *, add: bool
) -> Target:
    """Give a field of the record another value, or (``add``) the one that was missing. Raises BadInput."""
    name, text = change
    record = await target(session, held)
    item = correctable(record.kind, name)
    if item is None:
        raise BadInput(Fault((*path, "field"), "is not a field that a decision may correct"))
    try:
        value = typed(item, text)
    except ValueError as error:
        raise BadInput(Fault((*path, "value"), str(error))) from None
    before = await stored(session, scene, held, record, item)
    if add and before is not None:
        raise BadInput(Fault((*path, "field"), "has a value already: correct it (CORRECTED)"))
    if before == value:
        raise BadInput(Fault((*path, "value"), "is what the record says already"))
    owner = held.subject, held.subject_class
    cells = scene.keys.cells(held.wrapped, owner, (record.kind, name, record.row), value)
    if before is not None:
        guard = scene.keys.guard(record.kind.name, name, before)
        guarded = insert(CORRECTION_GUARD).values(
            kind=record.kind.name, record_id=record.row, field=name, value_index=guard, since=scene.now
        )
        keys = ["kind", "record_id", "field", "value_index"]
        again = guarded.on_conflict_do_update(
            index_elements=keys, set_={"lifted_at": None, "certificate": None, "since": scene.now}
        )
        await session.execute(again)
    outcome = Outcome.SUPPLEMENTED if add else Outcome.CORRECTED
    # Without the hash of its row the file that brought the old value is no news any more: it meets the guard.
    await _changed(
        session, scene, held, record, outcome, {**cells, "row_hash": None, "received_at": scene.now}, (name,)
    )
    await _reserved(session, held, record)
    return record


async def ended(session: Session, scene: Scene, held: Held, outcome: Outcome) -> Target:
    """Give the record another standing: no longer disclosed, repaired, or (a repair reversed) disclosed again."""
    record = await target(session, held)
    await _changed(session, scene, held, record, outcome, {}, None)
    return record


async def _changed(
    session: Session,
    scene: Scene,
    held: Held,
    record: Target,
    outcome: Outcome,
    cells: Cells,
    fields: tuple[str, ...] | None,
) -> None:
    await supersede(session, scene, record.kind, held.subject, record.row, _WHY[outcome])
    status = STATUS_OF.get(outcome, record.status)
    here = record.table.c.subject_id == held.subject, record.table.c.id == record.row
    await session.execute(
        sa.update(record.table).where(*here).values({**cells, "status": status, "version": record.version + 1})
    )
    row = held.subject, held.subject_class, record.kind.name, record.row
    told = _TOLD_AS[outcome]
    await changes.note(session, row, record.version, told, scene.now, fields=fields, case=held.number)


async def _reserved(session: Session, held: Held, record: Target) -> None:
    """Whether a penalty may be published for what it is, by what it says now (Order 36; APL arts 9, 51)."""
    if Standing.MINOR not in record.kind.standings or "procedure" not in record.table.c:
        return
    columns = record.table.c
    words = sa.func.regexp_replace(columns.penalty_kinds, "(警告|通报批评|[;；]|\\s)", "", "g")
    minor = sa.or_(columns.procedure == "SIMPLE", columns.severity == "MINOR", words == "")
    here = columns.subject_id == held.subject, columns.id == record.row
    await session.execute(sa.update(record.table).where(*here).values(minor=minor))


async def unmarked(session: Session, held: Held) -> None:
    """Take the mark off the record, if no other objection to it is open."""
    if held.record is None or held.kind.value not in _MARKING:
        return
    rows = table(BY_NAME[held.record[0]])
    open_ = sa.exists(
        sa.select(sa.literal_column("1")).where(
            CASE.c.record_id == held.record[1],
            CASE.c.id != held.number,
            CASE.c.kind.in_(_MARKING),
            CASE.c.closed_at.is_(None),
        )
    )
    here = rows.c.subject_id == held.subject, rows.c.id == held.record[1], sa.not_(open_)
    await session.execute(sa.update(rows).where(*here).values({snake(MARK): None}))


async def erased(session: Session, held: Held, path: Path) -> None:
    """Delete the record of an erasure that was decided so. Raises BadInput while it must still be kept."""
    ((gone,),) = await session.execute(sa.select(sa.func.erase_record(held.number)))
    if gone is not True:
        rule = "must still be kept by law: RESTRICTED stops everything but keeping (PIPL art. 47)"
        raise BadInput(Fault((*path, "outcome"), rule))


def current(record: Target) -> bool:
    """Whether the record is disclosed at all."""
    return record.status in CURRENT_STATUSES
