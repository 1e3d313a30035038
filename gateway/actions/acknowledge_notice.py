"""acknowledgeNotice: the recipient of a notice confirms that it has it. As often as one likes: the first time counts.

The recipient is the institution, whoever of it confirms; of the subject's own notice the subject, or who acts for it.
"""

import sqlalchemy as sa

from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import own_bases, tied
from gateway.actions.text import OPAQUE_LENGTH, bounded
from gateway.catalogue.notice import NOTICE as KIND
from gateway.errors import BadInput, Fault
from gateway.notices import deliveries
from gateway.notices.states import NoticeState
from gateway.rights.mandates import READ
from gateway.store.notice_tables import NOTICE
from gateway.store.sessions import Session
from gateway.values import ActionName, Relation, Role

NOT_OWN = "is not a notice to the caller"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    found = scene.keys.read_id(bounded(str(given["notice"]), "notice", OPAQUE_LENGTH, path, faults))
    if found is None or found[0] is not KIND:
        faults = faults or [Fault((*path, "notice"), NOT_OWN)]
    if faults or found is None:
        raise BadInput(*faults)
    number = found[1]

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, number, path)

    return apply


async def _apply(session: Session, scene: Scene, number: int, path: Path) -> Done:
    columns = NOTICE.c.subject_id, NOTICE.c.subject_class, NOTICE.c.institution, NOTICE.c.version, NOTICE.c.state
    rows = await session.execute(sa.select(*columns).where(NOTICE.c.id == number).with_for_update())
    subject_role = scene.caller.role is Role.SUBJECT
    bases = await own_bases(session, scene, READ) if subject_role else {}
    for subject, subject_class, institution, version, state in rows:
        assert isinstance(subject, int) and isinstance(version, int)
        own = institution is None and subject in bases if subject_role else institution == scene.caller.consumer
        if not own:
            break
        if state != NoticeState.ACKNOWLEDGED:
            version += 1
            await deliveries.acknowledge(session, number, version, scene.now)
        held = Relation.SELF if subject_role else Relation.OWN
        checks = (tied(scene, subject, READ),) if subject_role else ()
        personal = subject_class == "person"
        touched = {KIND.name: ((number, version),)}
        return Done(number, personal, NoticeState.ACKNOWLEDGED, None, (subject,), touched, int(held), checks)
    raise BadInput(Fault((*path, "notice"), NOT_OWN))


ACKNOWLEDGE_NOTICE = Action(
    ActionName.ACKNOWLEDGE_NOTICE,
    "Confirm that a notice has been received; without effect if it was confirmed before",
    "确认收到通知",
    (Input("notice", InputType.ID, "The notice", "通知", required=True),),
    _begin,
    Gives.NOTICE,
)
