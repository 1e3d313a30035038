"""What freezing a file and opening it again share: whose file, and the receipt."""

import sqlalchemy as sa

from gateway.actions import consenting, whose
from gateway.actions.model import Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import tied
from gateway.errors import BadInput, Fault
from gateway.rights.mandates import CONSENT_WORD
from gateway.rights.states import FreezeState
from gateway.store.consent_tables import FILE_FREEZE
from gateway.store.sessions import Session
from gateway.values import Relation

BASES = frozenset({"PERSON", "REPRESENTATIVE", "MANDATE"})
INPUTS = (Input("subject", InputType.ID, "Whose file, for who acts for several subjects", "信息主体"),)


def begin(scene: Scene, given: Given, path: Path, wanted: FreezeState) -> Apply:
    """Bring the file into a state; without effect if it is in it."""
    faults: list[Fault] = []
    subject = whose.named(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        number = await consenting.own(session, scene, subject, path, BASES)
        if await consenting.frozen(session, number) != (wanted is FreezeState.FROZEN):
            await session.execute(_change(scene, number, wanted))
        checks = (tied(scene, number, CONSENT_WORD),)
        held = int(Relation.SELF | Relation.STEP_UP)
        return Done(None, False, wanted, None, (number,), {}, held, checks)

    return apply


def _change(scene: Scene, subject: int, wanted: FreezeState) -> "sa.Insert | sa.Update":
    if wanted is FreezeState.FROZEN:
        values = {"subject_id": subject, "principal": scene.caller.principal, "from_at": scene.now}
        return sa.insert(FILE_FREEZE).values(values)
    running = FILE_FREEZE.c.subject_id == subject, FILE_FREEZE.c.ended_at.is_(None)
    return sa.update(FILE_FREEZE).where(*running).values(ended_at=scene.now)
