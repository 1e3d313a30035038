"""unwatchNotices: an institution has no more notices posted; they stay where they can be read and acknowledged."""

from gateway.actions.model import Action, Apply, Done, Given, Gives, Path, Scene
from gateway.notices import deliveries
from gateway.rights.states import WatchState
from gateway.store.sessions import Session
from gateway.values import ActionName


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    async def apply(session: Session) -> Done:
        await deliveries.end(session, scene.caller.consumer, "WISHED", scene.now)
        return Done(None, False, WatchState.ENDED, None, (), {}, 0, ())

    return apply


UNWATCH_NOTICES = Action(
    ActionName.UNWATCH_NOTICES,
    "Have no more notices posted; without effect if none were",
    "取消更正通知订阅",
    (),
    _begin,
    Gives.WATCH,
)
