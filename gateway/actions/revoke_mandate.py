"""revokeMandate: a mandate ends, for the next disclosure in every process.

The subject, or who represents it, takes it away; the agent gives it back; the desk turns a proposal down that waits for
it. A principal that gives its own binding back represents nobody by it any more.
"""

from gateway.actions import acting
from gateway.actions.acting import Row
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import tied
from gateway.errors import BadInput, Fault
from gateway.rights.states import MandateState
from gateway.store.sessions import Session
from gateway.store.tables import MANDATE
from gateway.values import ActionName, Check, Relation, Role

# One answer for an id that cannot be read, one of nothing, one of somebody else's, and one that has ended.
NOT_REVOCABLE = "is not a mandate in force, or proposed, that is the caller's to revoke"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    id = acting.named(scene, given, path, faults)
    if id is None:
        faults.append(Fault((*path, "mandate"), NOT_REVOCABLE))
    if faults or id is None:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        row = await acting.row(session, scene, id)
        found = None if row is None or not (row.waiting or row.in_force) else await _reason(session, scene, row)
        if row is None or found is None:
            raise BadInput(Fault((*path, "mandate"), NOT_REVOCABLE))
        why, held, checks = found
        this = MANDATE.c.subject_id == row.subject, MANDATE.c.id == row.id
        ended = await acting.revoke(session, scene, why, *this)
        if row.basis == "PERSON":
            derived = MANDATE.c.person_id == row.subject, MANDATE.c.principal == row.principal
            ended += await acting.revoke(session, scene, "UNBOUND", *derived)
        rows = {"mandate": tuple(ended)}
        return Done(row.id, row.personal, MandateState.REVOKED, None, (row.subject,), rows, held, checks)

    return apply


async def _reason(session: Session, scene: Scene, row: Row) -> tuple[str, int, tuple[Check, ...]] | None:
    """Why it ends, on what that rests and what must still hold; None: it is not the caller's to revoke."""
    if row.principal == scene.caller.acts_as:
        return "GIVEN_BACK", int(Relation.SELF) if row.in_force else 0, ()
    if scene.caller.role is Role.DESK:
        return ("REJECTED", 0, ()) if row.waiting and row.recorded_by in ("AGENT", "DESK") else None
    if scene.caller.role is Role.SUBJECT and row.subject in await acting.whole(session, scene):
        return "WITHDRAWN", int(Relation.SELF), (tied(scene, row.subject, ""),)
    return None


REVOKE_MANDATE = Action(
    ActionName.REVOKE_MANDATE,
    "End a mandate: by the subject, by the agent who gives it back, by the desk that turns a proposal down",
    "撤销授权代理",
    (Input("mandate", InputType.ID, "The mandate", "授权代理", required=True),),
    _begin,
    Gives.MANDATE,
)
