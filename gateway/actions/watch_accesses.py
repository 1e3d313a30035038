"""watchAccesses: somebody is told of every access to a subject that they are or act for, as it comes up, by webhook.

There is one watch of a caller about a subject: another wish gives it another address, and what waits goes there.
Address and secret are sealed under the subject's key; the secret is the caller's own, so that no answer has to carry
it.
"""

import sqlalchemy as sa

from gateway.actions import watching
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import tied
from gateway.actions.text import bounded
from gateway.errors import BadInput, Fault
from gateway.notices import outbox, target, webhook
from gateway.rights.states import WatchState
from gateway.store.notice_tables import WATCH
from gateway.store.sessions import Session
from gateway.store.tables import RECORD_IDS
from gateway.values import ActionName, Relation

_SECRET_LENGTH = 128


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    url = bounded(str(given["url"]), "url", target.LENGTH, path, faults)
    secret = bounded(str(given["secret"]), "secret", _SECRET_LENGTH, path, faults)
    rules = {"url": target.fault(url, private=scene.private), "secret": webhook.secret_fault(secret)}
    faults += [Fault((*path, name), rule) for name, rule in rules.items() if rule is not None]
    subject = watching.named(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        number, wrapped = await watching.own(session, scene, subject, path)
        mine = WATCH.c.subject_id == number, WATCH.c.principal == scene.caller.principal, WATCH.c.ended_at.is_(None)
        known = await session.execute(sa.select(WATCH.c.id).where(*mine))
        ((id,),) = known or await session.execute(sa.select(RECORD_IDS.next_value()))
        assert isinstance(id, int)
        sealed = {
            f"{column}_sealed": scene.keys.seal(wrapped, number, ("watch", column, id), text)
            for column, text in (("url", url), ("secret", secret))
        }
        who = {"subject_id": number, "principal": scene.caller.principal, "consumer": scene.caller.consumer}
        if known:  # what waits is told at the new address
            await session.execute(sa.update(WATCH).where(WATCH.c.id == id).values(sealed))
            await outbox.anew(session, id, scene.now)
        else:
            await session.execute(sa.insert(WATCH).values(id=id, since=scene.now, **who, **sealed))
        checks = (tied(scene, number, watching.ACCESSES),)
        return Done(None, False, WatchState.ACTIVE, None, (number,), {}, int(Relation.SELF), checks)

    return apply


WATCH_ACCESSES = Action(
    ActionName.WATCH_ACCESSES,
    "Be told of every access by somebody else, by a webhook (Standard Webhooks); replaces what was wished before",
    "订阅查询通知",
    (
        Input("url", InputType.STRING, "Where it is posted to: https, a public address", "通知地址", required=True),
        Input(
            "secret",
            InputType.STRING,
            "By which it is signed: whsec_ and 24 to 64 random bytes in base64",
            "签名密钥",
            required=True,
        ),
        Input("subject", InputType.ID, "About whom, for who acts for several subjects", "信息主体"),
    ),
    _begin,
    Gives.WATCH,
)
