"""watchNotices: an institution has its notices posted to an address, as they are made, by webhook.

There is one address of an institution: another wish gives another, and what has not been taken yet goes there.
Address and secret are sealed under the key of a party of its own, so that they can be destroyed apart. What is told is
decided at delivery, as for the officer who wished it.
"""

import sqlalchemy as sa

from gateway.actions import webhook_address
from gateway.actions.model import Action, Apply, Done, Given, Gives, Path, Scene
from gateway.errors import BadInput, Fault, InternalError
from gateway.notices import deliveries
from gateway.rights.states import WatchState
from gateway.store.notice_tables import NOTICE_WATCH
from gateway.store.sessions import Session
from gateway.store.tables import CONSUMER, RECORD_IDS, SUBJECT_IDS, SUBJECT_KEY
from gateway.values import ActionName

NOBODY = "the institution is not registered"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    address = webhook_address.named(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        consumer = scene.caller.consumer
        # The row is locked: of two wishes of one institution the second sees the first.
        known = sa.select(CONSUMER.c.id).where(CONSUMER.c.id == consumer).with_for_update()
        if not await session.execute(known):
            raise BadInput(Fault(path, NOBODY))
        await deliveries.end(session, consumer, "REPLACED", scene.now)
        ((id, party),) = await session.execute(sa.select(RECORD_IDS.next_value(), SUBJECT_IDS.next_value()))
        if not isinstance(id, int) or not isinstance(party, int):
            raise InternalError
        wrapped = scene.keys.new_key(party)
        await session.execute(sa.insert(SUBJECT_KEY).values(subject_id=party, wrapped=wrapped))
        sealed = address.sealed(scene, wrapped, party, (deliveries.SEALED, id))
        who = {
            "consumer": consumer,
            "role": scene.caller.role.value,
            "principal": scene.caller.principal,
            "department": scene.caller.department,
        }
        await session.execute(sa.insert(NOTICE_WATCH).values(id=id, party=party, since=scene.now, **who, **sealed))
        await deliveries.anew(session, consumer, scene.now)
        return Done(None, False, WatchState.ACTIVE, None, (), {}, 0, ())

    return apply


WATCH_NOTICES = Action(
    ActionName.WATCH_NOTICES,
    "Have the institution's notices posted by a webhook (Standard Webhooks); replaces what was wished before",
    "订阅更正通知",
    webhook_address.INPUTS,
    _begin,
    Gives.WATCH,
)
