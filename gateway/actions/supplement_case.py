"""supplementCase (补充材料): the party adds to its case; what it was asked to add sets the clock going again."""

import sqlalchemy as sa

from gateway.actions import casework
from gateway.actions.casework import Held
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.text import written
from gateway.errors import BadInput, Fault
from gateway.rights.states import Step
from gateway.store.case_tables import CASE
from gateway.store.core import stored_bytes
from gateway.store.sessions import Session
from gateway.values import ActionName

MOST = 50_000  # characters of all supplements to one case


async def supplemented(session: Session, scene: Scene, held: Held, text: str, path: Path) -> Done:
    """Add a text to those that were added before, under its day."""
    here = CASE.c.subject_id == held.subject, CASE.c.id == held.number
    ((sealed,),) = await session.execute(sa.select(CASE.c.supplement_sealed).where(*here))
    before = ""
    if sealed is not None:
        before = scene.keys.open(held.wrapped, held.subject, held.place("supplement"), stored_bytes(sealed)) + "\n\n"
    whole = f"{before}{scene.today.isoformat()}\n{text}"
    if len(whole) > MOST:
        raise BadInput(Fault((*path, "text"), f"would make more than {MOST} characters of supplements"))
    return await casework.moved(
        session, scene, held, Step.SUPPLEMENT, path, casework.sealed(scene, held, supplement=whole)
    )


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)
    text = written(given, "text", casework.TEXT_LENGTH, path, faults)

    async def apply(session: Session) -> Done:
        held = await casework.of_party(session, scene, number, path)
        return await supplemented(session, scene, held, text, path)

    return casework.begun(faults, apply)


SUPPLEMENT_CASE = Action(
    ActionName.SUPPLEMENT_CASE,
    "Add to a case of one's own",
    "补充材料",
    (casework.CASE_INPUT, Input("text", InputType.STRING, "What is added", "补充内容", required=True)),
    _begin,
)
