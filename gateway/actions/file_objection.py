"""fileObjection (异议): the subject of a record, or who acts for it, says that it is wrong.

The record is marked as disputed in the same transaction, for every caller at once (征信业管理条例 (Reg. 631) art. 25);
nothing else of it changes. While an objection of the same filer to the same field is open, another one is refused: it
would start no new clock and say nothing that a supplement to the first could not.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, Party, departments, opened, own_subjects
from gateway.actions.text import CLAIM_LENGTH, OPAQUE_LENGTH, bounded, written
from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import KINDS
from gateway.errors import BadInput, Fault, InternalError
from gateway.rights import routing
from gateway.rights.states import CaseKind
from gateway.store.case_tables import CASE
from gateway.store.sessions import Session
from gateway.store.tables import SUBJECT_KEY, table
from gateway.values import ActionName

# One answer for an id that cannot be read, one of nothing, and one of somebody else's record.
NOT_OWN = "is not a record of a subject that the caller is or acts for"
NO_FIELD = "is not a field of the record"
OPEN = "an objection of the caller to this is open already; read its case"
MARK = "disputedOn"


@dataclass(frozen=True, slots=True)
class _Objection:
    kind: Kind
    record: int
    field: str | None
    claim: str
    path: Path


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    claim = written(given, "claim", CLAIM_LENGTH, path, faults)
    text = bounded(str(given["record"]), "record", OPAQUE_LENGTH, path, faults)
    found = scene.keys.read_id(text)
    if found is None or not _disputable(found[0]):
        found = None
        faults.append(Fault((*path, "record"), NOT_OWN))
    field = given.get("field")
    kinds = KINDS if found is None else (found[0],)
    if field is not None and not any(_known(scene, kind, str(field)) for kind in kinds if _disputable(kind)):
        faults.append(Fault((*path, "field"), NO_FIELD))
    if faults or found is None:
        raise BadInput(*faults)
    objection = _Objection(*found, None if field is None else str(field), claim, path)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, objection)

    return apply


def _disputable(kind: Kind) -> bool:
    return any(item.name == MARK for item in kind.fields)


def _known(scene: Scene, kind: Kind, field: str) -> bool:
    """A field that the role may know; of one it may not, it is not told that it exists."""
    coordinate = f"{kind.name}.{field}"
    return coordinate in scene.visibility.cells and coordinate not in scene.visibility.never


async def _apply(session: Session, scene: Scene, objection: _Objection) -> Done:
    record = table(objection.kind)
    mine = sa.select(
        record.c.subject_id, record.c.subject_class, record.c.provider, record.c.version, SUBJECT_KEY.c.wrapped
    ).where(
        record.c.id == objection.record,
        record.c.subject_id.in_(own_subjects(scene)),
        record.c.disclosure != "INTERNAL",  # what is shown to nobody is nobody's to dispute by its id
        SUBJECT_KEY.c.subject_id == record.c.subject_id,
    )
    rows = await session.execute(mine.with_for_update(of=record))  # two objections to a record take turns
    if not rows:
        raise BadInput(Fault((*objection.path, "record"), NOT_OWN))
    subject, subject_class, provider, version, wrapped = rows[0]
    if not isinstance(subject, int) or not isinstance(version, int) or not isinstance(wrapped, bytes):
        raise InternalError
    await _refuse_second(session, scene, objection)
    done = await opened(
        session,
        scene,
        Opening(
            CaseKind.OBJECTION,
            Party(subject, str(subject_class), wrapped, own=True),
            routing.objection(str(provider), await departments(session), scene.today),
            objection.claim,
            (objection.kind.name, objection.record, version),
            objection.field,
        ),
    )
    since = sa.func.coalesce(record.c.disputed_on, scene.today)
    here = sa.and_(record.c.subject_id == subject, record.c.id == objection.record)
    await session.execute(sa.update(record).where(here).values(disputed_on=since))
    return done


async def _refuse_second(session: Session, scene: Scene, objection: _Objection) -> None:
    same = sa.select(CASE.c.id).where(
        CASE.c.kind == CaseKind.OBJECTION.value,
        CASE.c.record_id == objection.record,
        CASE.c.field.is_not_distinct_from(objection.field),
        CASE.c.filer == scene.caller.principal,
        CASE.c.closed_at.is_(None),
    )
    if await session.execute(same):
        raise BadInput(Fault((*objection.path, "record"), OPEN))


FILE_OBJECTION = Action(
    ActionName.FILE_OBJECTION,
    "Object to a record about oneself: it is marked as disputed at once, and its provider must answer in time",
    "提出异议",
    (
        Input("record", InputType.ID, "The record", "异议记录", required=True),
        Input(
            "field",
            InputType.STRING,
            "The field that is wrong, as the schema names it; none: the whole record",
            "异议数据项",
        ),
        Input("claim", InputType.STRING, "What is wrong, and how it is right", "异议内容", required=True),
    ),
    _begin,
)
