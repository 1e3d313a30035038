"""What a decision does to a record: its old version is kept, the refused value guarded, its readers are to be told.

A corrected value is a value of the catalogue like any that intake brings: checked (``correcting``), sealed and masked
alike, and what follows from it is derived anew. A standing that has ended stays ended whatever else is decided; only
what a repair itself has ended comes back when the repair is reversed. What names a record (its natural key) is not
corrected: next month's file would bring it as another record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.actions.casework import Held
from gateway.actions.correcting import HIDDEN, checked, following, said_by
from gateway.actions.model import Cells, Path, Scene, Value
from gateway.actions.superseding import supersede
from gateway.catalogue.fields import Field, Kind, Type, snake
from gateway.catalogue.kinds import BY_NAME
from gateway.errors import BadInput, Fault, InternalError
from gateway.notices import changes
from gateway.rights.states import CaseKind, Outcome
from gateway.rights.superseded import Why
from gateway.store.case_tables import CASE
from gateway.store.intake_tables import CORRECTION_GUARD, WHOLE
from gateway.store.sessions import Session
from gateway.store.tables import CURRENT_STATUSES, table

MARK = "disputedOn"
DELETED = "the record was deleted"
KEPT = (
    "must still be kept by law (a record without a term of keeping: as long as it is disclosed): RESTRICTED stops "
    "everything but keeping (PIPL art. 47)"
)
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
_WITHDRAWING = (Outcome.DISCLOSURE_ENDED, Outcome.RESTRICTED)
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


async def target(session: Session, held: Held, path: Path) -> Target:
    """The record that a case is about, locked. Raises BadInput if it was deleted meanwhile."""
    if held.record is None:
        raise InternalError
    kind, row = BY_NAME[held.record[0]], held.record[1]
    rows = table(kind)
    here = rows.c.subject_id == held.subject, rows.c.id == row
    found = await session.execute(sa.select(rows.c.version, rows.c.status).where(*here).with_for_update())
    if not found:
        raise BadInput(Fault((*path, "case"), DELETED))
    ((version, status),) = found
    if not isinstance(version, int):
        raise InternalError
    return Target(kind, rows, row, version, str(status))


def correctable(kind: Kind, name: str) -> Field | None:
    """The field, if a decision may give it another value."""
    found = next((item for item in kind.fields if item.name == name), None)
    if found is None or found.derived or found.platform or name in PLATFORM_OWN or name in kind.natural_key:
        return None
    return found


async def corrected(
    session: Session, scene: Scene, held: Held, change: tuple[str, str, str], path: Path, *, add: bool
) -> Target:
    """Give a field of the record another value, or (``add``) the one that was missing. Raises BadInput.

    ``change``: the field, and its value as a text, composed and stripped, and as it was given.
    """
    name, text, raw = change
    record = await target(session, held, path)
    item = correctable(record.kind, name)
    if item is None:
        raise BadInput(Fault((*path, "field"), "is not a field that a decision may correct"))
    said = await said_by(session, scene, held, record.kind, record.row)
    before = said.get(name)
    if add and before is not None:
        raise BadInput(Fault((*path, "field"), "has a value already: correct it (CORRECTED)"))
    after = await checked(
        session, scene, held, (record.kind, item, text if item.type is Type.TEXT else raw), said, path
    )
    value = after[name]
    if before == value and item.group not in HIDDEN:
        raise BadInput(Fault((*path, "value"), "is what the record says already"))
    owner = held.subject, held.subject_class
    cells = scene.keys.cells(held.wrapped, owner, (record.kind, name, record.row), value)
    derived = following(record.kind, name, said, after, person=held.subject_class == "person")
    await _guard(session, scene, record, name, (None if before == value else before, value))
    outcome = Outcome.SUPPLEMENTED if add else Outcome.CORRECTED
    # Without the hash of its row the file that brought the old value is no news any more: it meets the guard.
    written = {**cells, **derived, "row_hash": None, "received_at": scene.now}
    await _changed(session, scene, held, record, outcome, written, (name,))
    return record


async def _guard(session: Session, scene: Scene, record: Target, name: str, values: tuple[Value, Value]) -> None:
    """Keep what the record said (or that it said nothing) out; what it says from now on may come, if it was kept out.

    A guard that a decision has lifted names no certificate: it does not hold again when the value comes.
    """
    before, now = (scene.keys.guard(record.kind.name, name, value) for value in values)
    guarded = insert(CORRECTION_GUARD).values(
        kind=record.kind.name, record_id=record.row, field=name, value_index=before, since=scene.now
    )
    again = {"lifted_at": None, "certificate": None, "since": scene.now}
    keys = ["kind", "record_id", "field", "value_index"]
    await session.execute(guarded.on_conflict_do_update(index_elements=keys, set_=again))
    guard = CORRECTION_GUARD.c
    here = guard.kind == record.kind.name, guard.record_id == record.row, guard.field == name
    lifted = sa.update(CORRECTION_GUARD).where(*here, guard.value_index == now)
    await session.execute(lifted.values(lifted_at=scene.now, certificate=None))


async def ended(session: Session, scene: Scene, held: Held, outcome: Outcome, path: Path) -> Target:
    """Give the record another standing: no longer disclosed, repaired, or (a repair reversed) disclosed again.

    Raises BadInput if a repair is reversed and the record is not REPAIRED any more: something else has ended it since.
    """
    record = await target(session, held, path)
    if outcome is Outcome.REVERSED and record.status != STATUS_OF[Outcome.APPROVED]:
        rule = f"cannot be reversed: the record is {record.status}, and that is not what the repair has ended"
        raise BadInput(Fault((*path, "decision"), rule))
    await _changed(session, scene, held, record, outcome, {}, None)
    return record


def _standing(outcome: Outcome, status: str) -> str:
    """The status of a record after a decision; what has ended is not disclosed again by the way."""
    wanted = STATUS_OF.get(outcome, status)
    if outcome in (Outcome.CORRECTED, Outcome.APPROVED) and status not in CURRENT_STATUSES:
        return status
    return status if status == STATUS_OF[Outcome.REVOKED] and outcome in _WITHDRAWING else wanted


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
    status = _standing(outcome, record.status)
    here = record.table.c.subject_id == held.subject, record.table.c.id == record.row
    await session.execute(
        sa.update(record.table).where(*here).values({**cells, "status": status, "version": record.version + 1})
    )
    row = held.subject, held.subject_class, record.kind.name, record.row
    told = _TOLD_AS[outcome]
    await changes.note(session, row, record.version, told, scene.now, fields=fields, case=held.number)


async def unmarked(session: Session, held: Held, *, decided: bool = False) -> None:
    """Take the mark off the record, if no other objection to it is open, and if it does not stay for good.

    It stays as long as the objection or review of it that was decided last is UNVERIFIABLE; ``decided``: that one is
    this case, and is not.
    """
    if held.record is None or held.kind.value not in _MARKING:
        return
    rows = table(BY_NAME[held.record[0]])
    here = rows.c.subject_id == held.subject, rows.c.id == held.record[1]
    await session.execute(sa.select(rows.c.id).where(*here).with_for_update())  # as does whoever marks it
    about = CASE.c.record_id == held.record[1], CASE.c.kind.in_(_MARKING), CASE.c.id != held.number
    open_ = sa.select(CASE.c.id).where(*about, CASE.c.closed_at.is_(None))
    if await session.execute(open_.limit(1)):
        return
    if not decided:
        last = sa.select(CASE.c.outcome).where(*about, CASE.c.outcome.is_not(None))
        found = await session.execute(last.order_by(CASE.c.closed_at.desc(), CASE.c.id.desc()).limit(1))
        if found and found[0][0] == Outcome.UNVERIFIABLE.value:
            return
    await session.execute(sa.update(rows).where(*here).values({snake(MARK): None}))


async def erased(session: Session, scene: Scene, held: Held, path: Path) -> None:
    """Delete the record of an erasure that was decided so, and leave what keeps the next file from bringing it back.

    Raises BadInput while it must still be kept.
    """
    record = await target(session, held, path)
    columns = [record.table.c[snake(name)] for name in record.kind.natural_key]
    here = record.table.c.subject_id == held.subject, record.table.c.id == record.row
    ((*natural,),) = await session.execute(sa.select(*columns).where(*here))
    ((gone,),) = await session.execute(sa.select(sa.func.erase_record(held.number)))
    if gone is not True:
        raise BadInput(Fault((*path, "outcome"), KEPT))
    tombstone = scene.keys.tombstone(record.kind.name, held.subject, tuple(map(str, natural)))
    row = {"kind": record.kind.name, "record_id": record.row, "field": WHOLE, "value_index": tombstone}
    await session.execute(sa.insert(CORRECTION_GUARD).values(**row, since=scene.now))
