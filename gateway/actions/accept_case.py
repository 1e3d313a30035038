"""acceptCase (受理): the department that has a case takes it up; from then on it is with who has accepted it."""

from gateway.actions import casework
from gateway.actions.model import Action, Apply, Done, Given, Path, Scene
from gateway.errors import Fault
from gateway.rights.states import Step
from gateway.store.sessions import Session
from gateway.values import ActionName


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)

    async def apply(session: Session) -> Done:
        held = await casework.of_officer(session, scene, number, path)
        values = {"handler": scene.caller.principal, "accepted_on": scene.today}
        return await casework.moved(session, scene, held, Step.ACCEPT, path, values)

    return casework.begun(faults, apply)


ACCEPT_CASE = Action(
    ActionName.ACCEPT_CASE,
    "Accept a case that is with one's department; from then on nobody else there has it",
    "受理案件",
    (casework.CASE_INPUT,),
    _begin,
)
