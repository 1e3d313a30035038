"""answerCase (答复): whoever has accepted a case says what was found; the party may add to it before it is decided."""

from gateway.actions import casework
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.text import written
from gateway.errors import Fault
from gateway.rights.states import Step
from gateway.store.sessions import Session
from gateway.values import ActionName


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)
    answer = written(given, "answer", casework.TEXT_LENGTH, path, faults)

    async def apply(session: Session) -> Done:
        held = await casework.of_officer(session, scene, number, path)
        return await casework.moved(
            session, scene, held, Step.ANSWER, path, casework.sealed(scene, held, answer=answer)
        )

    return casework.begun(faults, apply)


ANSWER_CASE = Action(
    ActionName.ANSWER_CASE,
    "Say what was found, before it is decided",
    "答复案件",
    (casework.CASE_INPUT, Input("answer", InputType.STRING, "What was found", "答复意见", required=True)),
    _begin,
)
