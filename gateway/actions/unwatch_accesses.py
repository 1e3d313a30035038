"""unwatchAccesses: somebody is told of no more accesses; what waits to be sent is not sent."""

import sqlalchemy as sa

from gateway.actions import whose
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import own_bases, tied
from gateway.errors import BadInput, Fault
from gateway.notices import outbox
from gateway.rights.mandates import ACCESSES
from gateway.rights.states import WatchState
from gateway.store.notice_tables import WATCH
from gateway.store.sessions import Session
from gateway.values import ActionName, Relation


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    subject = whose.named(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        number = whose.meant(await own_bases(session, scene, ACCESSES), subject, path)
        await whose.locked(session, number, path)
        mine = WATCH.c.subject_id == number, WATCH.c.principal == scene.caller.principal, WATCH.c.ended_at.is_(None)
        for (id,) in await session.execute(sa.select(WATCH.c.id).where(*mine)):
            await outbox.end(session, int(str(id)), "WISHED", scene.now)
        checks = (tied(scene, number, ACCESSES),)
        return Done(None, False, WatchState.ENDED, None, (number,), {}, int(Relation.SELF), checks)

    return apply


UNWATCH_ACCESSES = Action(
    ActionName.UNWATCH_ACCESSES,
    "Be told of no more accesses; without effect if nothing was wished",
    "取消查询通知",
    (Input("subject", InputType.ID, "About whom, for who acts for several subjects", "信息主体"),),
    _begin,
    Gives.WATCH,
)
