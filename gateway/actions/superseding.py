"""An old version kept: what every action does first that changes what a row says, or whether it is disclosed.

    await supersede(session, scene, kind, subject, record, Why.CORRECTED)
    await session.execute(sa.update(…).values(…, version=version + 1))

in the same transaction. The row is read as it is stored, so this comes before the change; that the new state is a
version of its own (``version`` raised by one) is for the action to see to. A row that is not there is a fault of ours.
"""

import sqlalchemy as sa

from gateway.actions.model import Scene
from gateway.catalogue.fields import Kind
from gateway.rights.superseded import Why, kept, present, read
from gateway.store.archive_tables import SUPERSEDED
from gateway.store.sessions import Session

BATCH = "case"  # where a batch of intake would stand


async def supersede(session: Session, scene: Scene, kind: Kind, subject: int, record: int, why: Why) -> int:
    """Keep the present version of a subject's record before it is changed; the number of the old version.

    Raises InternalError if there is no such record, SealBroken if it cannot be opened.
    """
    old = read(kind, record, await session.execute(present(kind, subject, record)))

    def opened(place: tuple[str, str, int], sealed: bytes) -> str:
        return scene.keys.open(old.wrapped, old.subject, place, sealed)

    def sealed(place: tuple[str, str, int], text: str) -> bytes:
        return scene.keys.seal(old.wrapped, old.subject, place, text)

    row = kept(old, why, BATCH, scene.now, opened, sealed)
    await session.execute(sa.insert(SUPERSEDED).values(row))
    return old.number
