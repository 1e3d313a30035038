"""requestErasure (删除): the subject of a record asks that it be deleted (PIPL art. 47); its provider decides.

What must still be kept is restricted instead: nothing is done with it but keeping it.
"""

from gateway.actions import records
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, departments, opened
from gateway.actions.text import CLAIM_LENGTH, written
from gateway.errors import BadInput, Fault
from gateway.rights import routing
from gateway.rights.states import CaseKind
from gateway.store.sessions import Session
from gateway.values import ActionName

OPEN = "is asked to be deleted already; read its case"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    named = records.named(scene, given, "record", path, faults)
    reason = written(given, "reason", CLAIM_LENGTH, path, faults)
    if faults or named is None:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        record = await records.own(session, scene, named, path)
        if await records.pending(session, CaseKind.ERASURE, named):
            raise BadInput(Fault((*path, "record"), OPEN))
        route = routing.of_record(record.provider, "erasure", await departments(session), scene.today)
        return await opened(session, scene, Opening(CaseKind.ERASURE, record.party, route, reason, record.reference))

    return apply


REQUEST_ERASURE = Action(
    ActionName.REQUEST_ERASURE,
    "Ask that a record about oneself be deleted, or restricted while it must be kept",
    "申请删除",
    (
        Input("record", InputType.ID, "The record", "删除对象", required=True),
        Input("reason", InputType.STRING, "Why it should be deleted", "删除理由", required=True),
    ),
    _begin,
)
