"""declineCase (不受理): a case is not accepted, with the reason; an objection's mark goes."""

from gateway.actions import casework, effects
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.text import written
from gateway.errors import Fault
from gateway.rights.states import Step
from gateway.store.sessions import Session
from gateway.values import ActionName


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)
    reason = written(given, "reason", casework.TEXT_LENGTH, path, faults)

    async def apply(session: Session) -> Done:
        held = await casework.of_officer(session, scene, number, path)
        texts = casework.sealed(scene, held, decision=reason)
        done = await casework.moved(session, scene, held, Step.DECLINE, path, texts)
        await effects.unmarked(session, held)
        return done

    return casework.begun(faults, apply)


DECLINE_CASE = Action(
    ActionName.DECLINE_CASE,
    "Decline a case that cannot be accepted, and say why",
    "不予受理",
    (casework.CASE_INPUT, Input("reason", InputType.STRING, "Why", "不予受理理由", required=True)),
    _begin,
)
