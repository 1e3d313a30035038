"""followReport (举报查询): whoever has the claim code learns where a report stands, and may add to it.

A wrong code is answered like one that never was. While something is asked for, the clocks stand and there is no
deadline; what is added sets them going again.
"""

from dataclasses import replace

import sqlalchemy as sa

from gateway.actions import casework
from gateway.actions.casework import Held
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.supplement_case import supplemented
from gateway.actions.text import bounded, written
from gateway.errors import CaseConflict, Fault
from gateway.rights.states import CLOSED, State, Step, after
from gateway.store.case_tables import CASE
from gateway.store.core import stored_bytes
from gateway.store.sessions import Session
from gateway.values import ActionName

_CODE_LENGTH = 64
UNKNOWN = "is not the claim code of a report"
WITHOUT = "followReport without a text tells where it stands"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    code = bounded(str(given["claimCode"]).strip().upper(), "claimCode", _CODE_LENGTH, path, faults)
    text = None if given.get("text") is None else written(given, "text", casework.TEXT_LENGTH, path, faults)
    _, index = scene.keys.claim(code or "-")

    async def apply(session: Session) -> Done:
        held = await casework.of_claim(session, index, Fault((*path, "claimCode"), UNKNOWN))
        if text is not None:
            if after(held.kind, held.state, Step.SUPPLEMENT) is None:
                raise CaseConflict(Fault((*path, "text"), f"a report in state {held.state} takes none; {WITHOUT}"))
            done = await supplemented(session, scene, held, text, path)
        else:
            standing = held.state in CLOSED or held.state is State.SUPPLEMENT_REQUESTED
            rows = {"case": ((held.number, held.version),)}
            deadline = None if standing else held.deadline
            done = Done(held.number, False, held.state, deadline, (held.subject,), rows, 0, ())
        request, decision = await _texts(session, scene, held)
        return replace(done, answer=decision, request=request if done.state is State.SUPPLEMENT_REQUESTED else "")

    return casework.begun(faults, apply)


async def _texts(session: Session, scene: Scene, held: Held) -> tuple[str, str]:
    """What was asked for, and what was decided; empty: nothing."""
    here = CASE.c.subject_id == held.subject, CASE.c.id == held.number
    ((request, decision),) = await session.execute(
        sa.select(CASE.c.request_sealed, CASE.c.decision_sealed).where(*here)
    )

    def opened(column: str, sealed: object) -> str:
        if sealed is None:
            return ""
        return scene.keys.open(held.wrapped, held.subject, held.place(column), stored_bytes(sealed))

    return opened("request", request), opened("decision", decision)


FOLLOW_REPORT = Action(
    ActionName.FOLLOW_REPORT,
    "Learn where a report stands, and add to it",
    "查询举报进展",
    (
        Input("claimCode", InputType.STRING, "The code that fileReport gave", "查询码", required=True),
        Input("text", InputType.STRING, "What is added", "补充内容"),
    ),
    _begin,
    Gives.REPORT,
)
