"""withdrawCase (撤回): the party does not pursue its case any further; an objection's mark goes."""

from gateway.actions import casework, effects
from gateway.actions.model import Action, Apply, Done, Given, Path, Scene
from gateway.errors import Fault
from gateway.rights.states import Step
from gateway.store.sessions import Session
from gateway.values import ActionName


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)

    async def apply(session: Session) -> Done:
        held = await casework.of_party(session, scene, number, path)
        done = await casework.moved(session, scene, held, Step.WITHDRAW, path)
        await effects.unmarked(session, held)
        return done

    return casework.begun(faults, apply)


WITHDRAW_CASE = Action(
    ActionName.WITHDRAW_CASE, "Withdraw a case of one's own", "撤回案件", (casework.CASE_INPUT,), _begin
)
