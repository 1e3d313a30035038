"""giveConsent: a subject allows one institution to ask about it, proven anew for this session (assurance A).

By the person itself or by who represents an enterprise or organization; whoever acts by a mandate gives none. While a
file is frozen it takes no new consent, and none is given for the dead, those without capacity and the deregistered. To
any registered client: that one is a financial institution or an agency its tokens say, not the registry.
"""

import sqlalchemy as sa

from gateway.actions import consenting, whose
from gateway.actions.consenting import FROZEN, OVER, Holder, Terms
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import known_party
from gateway.actions.targets import CODE_LENGTH, NO_TARGET
from gateway.actions.text import written
from gateway.errors import BadInput, Fault
from gateway.rights.states import ConsentState
from gateway.store.sessions import Session
from gateway.store.tables import CONSUMER
from gateway.values import ActionName, Relation

GIVERS = frozenset({"PERSON", "REPRESENTATIVE"})


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    subject = whose.named(scene, given, path, faults)
    consumer = written(given, "consumer", CODE_LENGTH, path, faults)
    agreed = consenting.terms(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, subject, consumer, agreed, path)

    return apply


async def _apply(session: Session, scene: Scene, subject: int | None, consumer: str, agreed: Terms, path: Path) -> Done:
    known = CONSUMER.c.id == consumer, CONSUMER.c.merged_into.is_(None)
    if not await session.execute(sa.select(CONSUMER.c.id).where(*known)):
        raise BadInput(Fault((*path, "consumer"), NO_TARGET))
    await consenting.rules(session, scene, agreed, path)
    number = await consenting.own(session, scene, subject, path, GIVERS)
    if await consenting.frozen(session, number):
        raise BadInput(Fault((*path, "subject"), FROZEN))
    party = await known_party(session, number)
    holder = Holder(party.subject, party.subject_class, party.wrapped)
    held = Relation.SELF | Relation.STEP_UP
    done = await consenting.written(session, scene, holder, agreed, consumer=consumer, assurance="A", held=held)
    if done.state is ConsentState.ENDED:  # says the function that would end it
        raise BadInput(Fault((*path, "subject"), OVER))
    return done


GIVE_CONSENT = Action(
    ActionName.GIVE_CONSENT,
    "Allow one institution to ask about oneself, for certain purposes and kinds of data; proven anew for this session",
    "授权查询",
    (
        Input("consumer", InputType.STRING, "The institution, by its registered client", "被授权机构", required=True),
        Input("purposes", InputType.PURPOSES, "What for", "授权用途", required=True),
        Input("kinds", InputType.STRINGS, "Of which kinds of data: license, penalty …", "授权范围", required=True),
        Input("single", InputType.BOOLEAN, "Good for one use only", "是否单次", required=True),
        Input("until", InputType.STRING, "Its last day, as 2026-10-31", "有效期至", required=True),
        Input("subject", InputType.ID, "Whose, for who represents several", "授权主体"),
    ),
    _begin,
    Gives.CONSENT,
)
