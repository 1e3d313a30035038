"""requestSupplement (补正): the party must add something before its case can be accepted; the clock stands still."""

from dataclasses import replace

from gateway.actions import casework
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.text import written
from gateway.errors import Fault
from gateway.rights import deadlines
from gateway.rights.states import Step
from gateway.store.sessions import Session
from gateway.values import ActionName


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)
    request = written(given, "request", casework.TEXT_LENGTH, path, faults)

    async def apply(session: Session) -> Done:
        held = await casework.of_officer(session, scene, number, path)
        values = {**casework.sealed(scene, held, request=request), "handler": scene.caller.principal}
        done = await casework.moved(session, scene, held, Step.REQUEST_SUPPLEMENT, path, values)
        await deadlines.pause(session, number, scene.now, Step.REQUEST_SUPPLEMENT.value)
        return replace(done, deadline=None)  # while the clocks stand there is none

    return casework.begun(faults, apply)


REQUEST_SUPPLEMENT = Action(
    ActionName.REQUEST_SUPPLEMENT,
    "Ask the party for what is missing before its case can be accepted",
    "要求补正",
    (casework.CASE_INPUT, Input("request", InputType.STRING, "What is missing", "补正要求", required=True)),
    _begin,
)
