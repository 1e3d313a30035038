"""watchAccesses: somebody is told of every access to a subject that they are or act for, as it comes up, by webhook.

There is one watch of a caller about a subject: another wish gives it another address, and what waits goes there.
Address and secret are sealed under the subject's key; the secret is the caller's own, so that no answer has to carry
it.
"""

import sqlalchemy as sa

from gateway.actions import webhook_address, whose
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import own_bases, tied
from gateway.errors import BadInput, Fault
from gateway.notices import outbox
from gateway.rights.mandates import ACCESSES
from gateway.rights.states import WatchState
from gateway.store.notice_tables import WATCH
from gateway.store.sessions import Session
from gateway.store.tables import RECORD_IDS
from gateway.values import ActionName, Relation


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    address = webhook_address.named(scene, given, path, faults)
    subject = whose.named(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        number = whose.meant(await own_bases(session, scene, ACCESSES), subject, path)
        wrapped = await whose.locked(session, number, path)
        mine = WATCH.c.subject_id == number, WATCH.c.principal == scene.caller.principal, WATCH.c.ended_at.is_(None)
        known = await session.execute(sa.select(WATCH.c.id).where(*mine))
        ((id,),) = known or await session.execute(sa.select(RECORD_IDS.next_value()))
        assert isinstance(id, int)
        sealed = address.sealed(scene, wrapped, number, ("watch", id))
        who = {"subject_id": number, "principal": scene.caller.principal, "consumer": scene.caller.consumer}
        if known:  # what waits is told at the new address
            await session.execute(sa.update(WATCH).where(WATCH.c.id == id).values(sealed))
            await outbox.anew(session, id, scene.now)
        else:
            await session.execute(sa.insert(WATCH).values(id=id, since=scene.now, **who, **sealed))
        checks = (tied(scene, number, ACCESSES),)
        return Done(None, False, WatchState.ACTIVE, None, (number,), {}, int(Relation.SELF), checks)

    return apply


WATCH_ACCESSES = Action(
    ActionName.WATCH_ACCESSES,
    "Be told of every access by somebody else, by a webhook (Standard Webhooks); replaces what was wished before",
    "订阅查询通知",
    (
        *webhook_address.INPUTS,
        Input("subject", InputType.ID, "About whom, for who acts for several subjects", "信息主体"),
    ),
    _begin,
    Gives.WATCH,
)
