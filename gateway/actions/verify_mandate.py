"""verifyMandate: a mandate that was proposed counts from now on.

The subject, or who represents it, verifies by its own step-up; at the desk two persons do, neither of whom is the
agent: the first leaves it proposed, the second makes it count. Whoever verifies at the desk has the document before
them and says its number, which must be that of the proposal. A guardianship is for the desk alone, what the subject
itself has proposed for the subject alone.
"""

import sqlalchemy as sa

from gateway.actions import acting
from gateway.actions.acting import Row
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import tied
from gateway.errors import BadInput, Fault
from gateway.rights.states import MandateState
from gateway.store.sessions import Session
from gateway.store.tables import MANDATE
from gateway.values import ActionName, Check, Relation, Role

# One answer for an id that cannot be read, one of nothing, one of somebody else's, and one that does not wait any more.
NOT_WAITING = "is not a mandate that waits for the caller to verify it"
AGAIN = "was verified by the caller already; another person at the desk completes it"
OTHER_DOCUMENT = "is not the number of the document of this mandate"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    desk = scene.caller.role is Role.DESK
    document: str | None = None
    if (given.get("document") is not None) != desk:
        faults.append(Fault((*path, "document"), "is required at the desk" if desk else "is for the desk"))
    elif desk:
        document = acting.one_line(given, "document", acting.DOCUMENT_LENGTH, path, faults)
    id = acting.named(scene, given, path, faults)
    if id is None:
        faults.append(Fault((*path, "mandate"), NOT_WAITING))
    if faults or id is None:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        row = await acting.row(session, scene, id)
        if row is None or not row.waiting or row.principal == scene.caller.principal:
            raise BadInput(Fault((*path, "mandate"), NOT_WAITING))
        if document is not None:
            return await _at_desk(session, scene, row, document, path)
        return await _by_subject(session, scene, row, path)

    return apply


async def _by_subject(session: Session, scene: Scene, row: Row, path: Path) -> Done:
    if row.subject not in await acting.whole(session, scene) or row.basis == "GUARDIAN":
        raise BadInput(Fault((*path, "mandate"), NOT_WAITING))
    return await _verified(session, scene, row, int(Relation.SELF), (tied(scene, row.subject, ""),))


async def _at_desk(session: Session, scene: Scene, row: Row, document: str, path: Path) -> Done:
    if row.recorded_by not in ("AGENT", "DESK") or row.document is None:
        raise BadInput(Fault((*path, "mandate"), NOT_WAITING))
    place = ("mandate", "document", row.id)
    if scene.keys.open(row.wrapped, row.subject, place, row.document) != document:
        raise BadInput(Fault((*path, "document"), OTHER_DOCUMENT))
    if row.first_by == scene.caller.principal:
        raise BadInput(Fault((*path, "mandate"), AGAIN))
    if row.first_by is not None:
        return await _verified(session, scene, row, 0, ())
    await _set(session, row, {"first_by": scene.caller.principal})
    return _done(row, MandateState.PROPOSED, 0, ())


async def _verified(session: Session, scene: Scene, row: Row, held: int, checks: tuple[Check, ...]) -> Done:
    await _set(session, row, {"valid_from": scene.now, "verified_by": scene.caller.principal})
    return _done(row, MandateState.VERIFIED, held, checks)


async def _set(session: Session, row: Row, values: dict[str, object]) -> None:
    here = MANDATE.c.subject_id == row.subject, MANDATE.c.id == row.id
    await session.execute(sa.update(MANDATE).where(*here).values(**values, version=row.version + 1))


def _done(row: Row, state: MandateState, held: int, checks: tuple[Check, ...]) -> Done:
    rows = {"mandate": ((row.id, row.version + 1),)}
    return Done(row.id, row.personal, state, None, (row.subject,), rows, held, checks)


VERIFY_MANDATE = Action(
    ActionName.VERIFY_MANDATE,
    "Verify a mandate that was proposed: by the subject itself, or by two persons at the desk",
    "核验授权代理",
    (
        Input("mandate", InputType.ID, "The mandate", "授权代理", required=True),
        Input(
            "document", InputType.STRING, "At the desk: the number on the document that was presented", "证明文件编号"
        ),
    ),
    _begin,
    Gives.MANDATE,
)
