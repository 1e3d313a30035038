"""fileObjection (异议): the subject of a record, or who acts for it, says that it is wrong.

The record is marked as disputed in the same transaction, for every caller at once (征信业管理条例 (Reg. 631) art. 25);
nothing else of it changes. While an objection of the same filer to the same field is open, another one is refused: it
would start no new clock and say nothing that a supplement to the first could not. Once it was decided or declined, the
same objection with nothing new is declined in one step and marks nothing. Two records that contradict each other are
both marked, and each goes to who provided it: the gateway never picks.
"""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from gateway.actions import records
from gateway.actions.effects import MARK, PLATFORM_OWN, disputable
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, departments, opened
from gateway.actions.records import Named, OwnRecord
from gateway.actions.text import CLAIM_LENGTH, written
from gateway.catalogue.fields import Kind, snake
from gateway.catalogue.kinds import KINDS
from gateway.errors import BadInput, Fault
from gateway.rights import routing
from gateway.rights.states import CaseKind, State, Step
from gateway.store.case_tables import CASE
from gateway.store.sessions import Session
from gateway.store.tables import table
from gateway.values import ActionName

NO_FIELD = "is not a field of the record"
OPEN = "an objection of the caller to this is open already; read its case"
AGAIN = "Declined at once: the same objection was answered before, and nothing new is given (newEvidence)."
SAME = "is the record itself"
DOCUMENT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class _Objection:
    record: Named
    other: Named | None  # that contradicts it
    field: str | None
    claim: str
    evidence: str  # what is new
    revoked: bool  # the decision that the record rests on is gone
    path: Path


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    claim = written(given, "claim", CLAIM_LENGTH, path, faults)
    evidence = "" if given.get("newEvidence") is None else written(given, "newEvidence", CLAIM_LENGTH, path, faults)
    gone = "" if given.get("revokedBy") is None else written(given, "revokedBy", DOCUMENT_LENGTH, path, faults)
    found = records.named(scene, given, "record", path, faults)
    other = None if given.get("contradicts") is None else records.named(scene, given, "contradicts", path, faults)
    if other is not None and other == found:
        faults.append(Fault((*path, "contradicts"), SAME))
    field = given.get("field")
    kinds = KINDS if found is None else (found.kind,)
    if field is not None and not any(_known(scene, kind, str(field)) for kind in kinds if disputable(kind)):
        faults.append(Fault((*path, "field"), NO_FIELD))
    if faults or found is None:
        raise BadInput(*faults)
    name, new = None if field is None else str(field), "\n\n".join(one for one in (gone, evidence) if one)
    objection = _Objection(found, other, name, claim, new, bool(gone), path)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, objection)

    return apply


def _known(scene: Scene, kind: Kind, field: str) -> bool:
    """A field that the role may know; of one it may not, it is not told that it exists."""
    found = next((item for item in kind.fields if item.name == field), None)
    if found is None or found.derived or found.platform or field in PLATFORM_OWN:
        return False  # what the platform adds is no statement of the record
    coordinate = f"{kind.name}.{field}"
    return coordinate in scene.visibility.cells and coordinate not in scene.visibility.never


async def _apply(session: Session, scene: Scene, objection: _Objection) -> Done:
    record = await records.own(session, scene, objection.record, objection.path)
    await _refuse_second(session, scene, objection)
    if not objection.evidence and await _answered(session, record, objection):
        return await _declined(session, scene, record, objection)
    done = await _objected(session, scene, record, objection, objection.field, None)
    if objection.other is not None:
        other = await records.own(session, scene, objection.other, objection.path, "contradicts")
        second = await _objected(session, scene, other, objection, None, done.row)
        await session.execute(sa.update(CASE).where(CASE.c.id == done.row).values(of_case=second.row))
        rows = {kind: (*done.rows.get(kind, ()), *second.rows.get(kind, ())) for kind in {**done.rows, **second.rows}}
        subjects = tuple(dict.fromkeys((*done.subjects, *second.subjects)))
        done = replace(done, rows=rows, subjects=subjects, checks=tuple(dict.fromkeys((*done.checks, *second.checks))))
    return done


async def _objected(
    session: Session, scene: Scene, record: OwnRecord, objection: _Objection, field: str | None, other: int | None
) -> Done:
    """The case of one record, and its mark."""
    route = routing.objection(record.provider, await departments(session), scene.today)
    if objection.revoked:
        route = route._replace(rules=(*route.rules, routing.REVOKED))
    claim = objection.claim if not objection.evidence else f"{objection.claim}\n\n{objection.evidence}"
    values = {} if other is None else {"of_case": other}
    opening = Opening(CaseKind.OBJECTION, record.party, route, claim, record.reference, field, values=values)
    done = await opened(session, scene, opening)
    rows = table(record.kind)
    since = sa.func.coalesce(rows.c[snake(MARK)], scene.today)
    here = rows.c.subject_id == record.party.subject, rows.c.id == record.row
    await session.execute(sa.update(rows).where(*here).values({snake(MARK): since}))
    return done


async def _declined(session: Session, scene: Scene, record: OwnRecord, objection: _Objection) -> Done:
    route = routing.objection(record.provider, await departments(session), scene.today)
    parts = record.party, route, objection.claim, record.reference, objection.field
    done = await opened(session, scene, Opening(CaseKind.OBJECTION, *parts, steps=(Step.DECLINE,)))
    assert done.row is not None
    place = "case", "decision", done.row
    decision = scene.keys.seal(record.party.wrapped, record.party.subject, place, AGAIN)
    await session.execute(sa.update(CASE).where(CASE.c.id == done.row).values(decision_sealed=decision))
    return done


async def _answered(session: Session, record: OwnRecord, objection: _Objection) -> bool:
    """Whether the same was objected to before and answered; what was withdrawn was not."""
    states = (State.DECIDED.value, State.DECLINED.value)
    about = CASE.c.field.is_not_distinct_from(objection.field)  # the whole was answered with any of its fields
    same = sa.select(CASE.c.id).where(
        CASE.c.kind == CaseKind.OBJECTION.value,
        CASE.c.record_id == objection.record.row,
        about if objection.field is not None else sa.true(),
        CASE.c.subject_id == record.party.subject,
        CASE.c.state.in_(states),
    )
    return bool(await session.execute(same.limit(1)))


async def _refuse_second(session: Session, scene: Scene, objection: _Objection) -> None:
    about: list[tuple[str, int, str | None]] = [("record", objection.record.row, objection.field)]
    about += [] if objection.other is None else [("contradicts", objection.other.row, None)]
    for name, row, field in about:
        same = sa.select(CASE.c.id).where(
            CASE.c.kind == CaseKind.OBJECTION.value,
            CASE.c.record_id == row,
            CASE.c.field.is_not_distinct_from(field),
            CASE.c.filer == scene.caller.principal,
            CASE.c.closed_at.is_(None),
        )
        if await session.execute(same):
            raise BadInput(Fault((*objection.path, name), OPEN))


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
        Input(
            "newEvidence",
            InputType.STRING,
            "What is new, if the same was objected to and answered before",
            "新证据",
        ),
        Input(
            "revokedBy",
            InputType.STRING,
            "Number of the decision that changed or revoked what the record rests on: it must go within 3 working days",
            "撤销文书号",
        ),
        Input("contradicts", InputType.ID, "Another record of one's own that says otherwise", "相互矛盾的记录"),
    ),
    _begin,
)
