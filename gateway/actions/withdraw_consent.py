"""withdrawConsent (撤回授权): by its subject, or given back by the institution that it was given to (PIPL art. 15).

It holds for the next disclosure in every process: each looks again in the statement that writes its entry. A scan that
an institution asserts wrongly is contested the same way: withdrawn, and complained of (``fileComplaint``).
"""

import sqlalchemy as sa

from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import own_subjects, tied
from gateway.actions.text import OPAQUE_LENGTH, bounded
from gateway.catalogue.consent import CONSENT as KIND
from gateway.errors import BadInput, Fault
from gateway.rights.mandates import CONSENT_WORD
from gateway.rights.states import ConsentState
from gateway.store.consent_tables import CONSENT
from gateway.store.sessions import Session
from gateway.values import ActionName, Relation, Role

NOT_OWN = "is not a consent that the caller gave or was given"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    found = scene.keys.read_id(bounded(str(given["consent"]), "consent", OPAQUE_LENGTH, path, faults))
    if found is None or found[0] is not KIND:
        raise BadInput(*faults, Fault((*path, "consent"), NOT_OWN))
    row = found[1]

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, row, path)

    return apply


async def _apply(session: Session, scene: Scene, row: int, path: Path) -> Done:
    by_subject = scene.caller.role is Role.SUBJECT
    mine = CONSENT.c.consumer == scene.caller.consumer
    if by_subject:
        mine = CONSENT.c.subject_id.in_(own_subjects(scene, CONSENT_WORD))
    columns = CONSENT.c.subject_id, CONSENT.c.subject_class, CONSENT.c.version, CONSENT.c.withdrawn_at
    # Waits for whoever is disclosing something on it.
    found = await session.execute(sa.select(*columns).where(CONSENT.c.id == row, mine).with_for_update(key_share=True))
    if not found:
        raise BadInput(Fault((*path, "consent"), NOT_OWN))
    subject, subject_class, version, withdrawn = found[0]
    assert isinstance(subject, int) and isinstance(version, int)
    if withdrawn is None:  # a second time it stays as it is
        version += 1
        values = {
            "withdrawn_at": scene.now,
            "withdrawn_by": "SUBJECT" if by_subject else "CONSUMER",
            "version": version,
        }
        here = CONSENT.c.subject_id == subject, CONSENT.c.id == row
        await session.execute(sa.update(CONSENT).where(*here).values(values))
    return Done(
        row,
        subject_class == "person",
        ConsentState.WITHDRAWN,
        None,
        (subject,),
        {KIND.name: ((row, version),)},
        int(Relation.SELF if by_subject else Relation.OWN),
        (tied(scene, subject, CONSENT_WORD),) if by_subject else (),
    )


WITHDRAW_CONSENT = Action(
    ActionName.WITHDRAW_CONSENT,
    "Withdraw a consent, or give it back: it opens nothing from now on",
    "撤回授权",
    (Input("consent", InputType.ID, "The consent", "授权", required=True),),
    _begin,
    Gives.CONSENT,
)
