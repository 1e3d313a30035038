"""decideRepair (修复决定): the department approves or refuses a repair; approved, three things stop, each at its time.

Publication and sharing stop in the transaction of the approval: the record is shown to its subject only (Order 36
art. 3). Measures are lifted by those who took them: the department says when that is done, and the case is closed. A
repair that rested on false statements is reversed as long as it is not closed; then the record is disclosed again,
unless something else than the repair has ended it since.
"""

from gateway.actions import casework, effects
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.text import written
from gateway.errors import BadInput, Fault
from gateway.rights.states import CaseKind, Outcome, Step
from gateway.store.sessions import Session
from gateway.values import ActionName

_STEPS = (
    ("APPROVE", Step.APPROVE, Outcome.APPROVED),
    ("REFUSE", Step.DECIDE, Outcome.REFUSED),
    ("CONFIRM_LIFTED", Step.LIFT, None),
    ("REVERSE", Step.REVERSE, Outcome.REVERSED),
)


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)
    reason = written(given, "reason", casework.TEXT_LENGTH, path, faults)
    step, outcome = next((step, outcome) for word, step, outcome in _STEPS if word == given["decision"])

    async def apply(session: Session) -> Done:
        held = await casework.of_officer(session, scene, number, path)
        if held.kind is not CaseKind.REPAIR:
            raise BadInput(Fault((*path, "case"), "is no repair: it is decided by decideCase"))
        values: dict[str, object] = {}
        if outcome is not None:
            values = {**casework.sealed(scene, held, decision=reason), "outcome": outcome.value}
        if step is Step.APPROVE:
            values |= {"publication_ended_at": scene.now, "sharing_ended_at": scene.now}
        if step is Step.LIFT:
            values |= {**casework.sealed(scene, held, answer=reason), "measures_ended_at": scene.now}
        done = await casework.moved(session, scene, held, step, path, values)
        if outcome in effects.STATUS_OF and outcome is not None:
            await effects.ended(session, scene, held, outcome, path)
        return done

    return casework.begun(faults, apply)


DECIDE_REPAIR = Action(
    ActionName.DECIDE_REPAIR,
    "Approve or refuse a repair; say that measures are lifted; or reverse it for false statements",
    "作出修复决定",
    (
        casework.CASE_INPUT,
        Input(
            "decision",
            InputType.WORD,
            "What is decided",
            "修复决定",
            required=True,
            words=tuple(word for word, _, _ in _STEPS),
            words_type="RepairDecision",
        ),
        Input("reason", InputType.STRING, "Why", "理由", required=True),
    ),
    _begin,
)
