"""fileComplaint (投诉): anybody who has proven who they are complains of a department or an institution.

Who acts for a subject complains in its name; an institution, or a person of whom the platform holds nothing, is a
party of its own: the case gets a key of its own, so that its facts can be destroyed apart from everything else. A
complaint goes to the platform's desk and never to whom it is about (``rights.routing``). Each complaint is a case of
its own, also of the same: it is about what happened, and that may happen again.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, OneOf, Path, Scene
from gateway.actions.opening import Opening, Party, departments, likely, opened, own_bases
from gateway.actions.text import CLAIM_LENGTH, OPAQUE_LENGTH, bounded, written
from gateway.catalogue.fields import Owner
from gateway.catalogue.kinds import KINDS
from gateway.errors import BadInput, Fault, InternalError
from gateway.rights import routing
from gateway.rights.states import CaseKind
from gateway.store.sessions import Session
from gateway.store.tables import CONSUMER, SUBJECT_IDS, SUBJECT_KEY, table
from gateway.values import ActionName, Role

CODE_LENGTH = 128
NOT_OWN = "is not a subject that the caller is or acts for"
WHOSE = "is required: the caller acts for several subjects"
NO_TARGET = "is not known"


@dataclass(frozen=True, slots=True)
class _Complaint:
    target: str  # "department" or "consumer"
    code: str
    facts: str
    subject: int | None
    path: Path


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    facts = written(given, "facts", CLAIM_LENGTH, path, faults)
    against = given["against"]
    assert isinstance(against, dict)  # exactly one member, as the schema has checked
    (target,) = against
    code = written(against, target, CODE_LENGTH, (*path, "against"), faults)
    subject: int | None = None
    if given.get("subject") is not None:
        found = scene.keys.read_id(bounded(str(given["subject"]), "subject", OPAQUE_LENGTH, path, faults))
        if found is None or found[0].owner is not Owner.SUBJECT:
            faults.append(Fault((*path, "subject"), NOT_OWN))
        else:
            subject = found[1]
    if faults:
        raise BadInput(*faults)
    complaint = _Complaint(target, code, facts, subject, path)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, complaint)

    return apply


async def _apply(session: Session, scene: Scene, complaint: _Complaint) -> Done:
    known = await departments(session)
    about_department = complaint.target == "department"
    if about_department:
        there = complaint.code in known
    else:
        there = bool(await session.execute(sa.select(CONSUMER.c.id).where(CONSUMER.c.id == complaint.code)))
    if not there:
        raise BadInput(Fault((*complaint.path, "against", complaint.target), NO_TARGET))
    party = await _party(session, scene, complaint)
    route = routing.complaint(complaint.code if about_department else None, known, scene.today)
    against = f"{complaint.target} {complaint.code}"
    return await opened(session, scene, Opening(CaseKind.COMPLAINT, party, route, complaint.facts, against=against))


async def _party(session: Session, scene: Scene, complaint: _Complaint) -> Party:
    """In whose name: the subject that is named, the only one, the person itself; otherwise a party of its own."""
    bases = await own_bases(session, scene) if scene.caller.role is Role.SUBJECT else {}
    if complaint.subject is not None:
        if complaint.subject not in bases:
            raise BadInput(Fault((*complaint.path, "subject"), NOT_OWN))
        return await _subject(session, complaint.subject)
    if not bases:
        return await _stranger(session, scene)
    meant = likely(bases)
    if len(meant) > 1:
        raise BadInput(Fault((*complaint.path, "subject"), WHOSE))
    return await _subject(session, meant[0])


async def _subject(session: Session, subject: int) -> Party:
    tables = [table(kind) for kind in KINDS if kind.owner is Owner.SUBJECT]
    rows = sa.union_all(
        *[
            sa.select(one.c.subject_class, SUBJECT_KEY.c.wrapped).where(
                one.c.subject_id == subject, SUBJECT_KEY.c.subject_id == subject
            )
            for one in tables
        ]
    )
    found = await session.execute(rows)
    if not found or not isinstance(found[0][1], bytes):
        raise InternalError
    return Party(subject, str(found[0][0]), found[0][1], own=True)


async def _stranger(session: Session, scene: Scene) -> Party:
    ((subject,),) = await session.execute(sa.select(SUBJECT_IDS.next_value()))
    assert isinstance(subject, int)
    wrapped = scene.keys.new_key(subject)
    await session.execute(sa.insert(SUBJECT_KEY).values(subject_id=subject, wrapped=wrapped))
    return Party(subject, "legal", wrapped, own=False)


FILE_COMPLAINT = Action(
    ActionName.FILE_COMPLAINT,
    "Complain of a department or an institution; whom it is about is never whom it goes to",
    "提出投诉",
    (
        OneOf(
            "against",
            "ComplaintTarget",
            "Whom the complaint is about, exactly one",
            "被投诉方",
            (
                Input("department", InputType.STRING, "A department, by its code on the platform", "部门代码"),
                Input("consumer", InputType.STRING, "An institution, by its registered client", "接入机构"),
            ),
        ),
        Input("facts", InputType.STRING, "What happened", "投诉事实", required=True),
        Input(
            "subject",
            InputType.ID,
            "In whose name, for who acts for several subjects; none: the person itself, or the only one",
            "投诉主体",
        ),
    ),
    _begin,
)
