"""What both actions about watches share: about whom."""

import sqlalchemy as sa

from gateway.actions.model import Given, Path, Scene
from gateway.actions.opening import likely, own_bases
from gateway.actions.text import OPAQUE_LENGTH, bounded
from gateway.catalogue.fields import Owner
from gateway.errors import BadInput, Fault
from gateway.store.sessions import Session
from gateway.store.tables import SUBJECT_KEY

ACCESSES = "ACCESSES"  # the word of the scope of mandates that lets somebody see who looked
NOT_OWN = "is not a subject that the caller is or acts for"
WHOSE = "is required: the caller acts for several subjects, or for none"


def named(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> int | None:
    """The subject that is named, if one is."""
    if given.get("subject") is None:
        return None
    found = scene.keys.read_id(bounded(str(given["subject"]), "subject", OPAQUE_LENGTH, path, faults))
    if found is None or found[0].owner is not Owner.SUBJECT:
        faults.append(Fault((*path, "subject"), NOT_OWN))
        return None
    return found[1]


async def own(session: Session, scene: Scene, subject: int | None, path: Path) -> tuple[int, bytes]:
    """The subject, which is the caller's own, and its wrapped key; none named: the person itself, or the only one.

    Raises BadInput.
    """
    bases = await own_bases(session, scene, ACCESSES)
    meant = likely(bases) if subject is None else [subject]
    if len(meant) != 1:
        raise BadInput(Fault((*path, "subject"), WHOSE))
    # The row is locked: of two wishes about one subject the second sees the first.
    key = sa.select(SUBJECT_KEY.c.wrapped).where(SUBJECT_KEY.c.subject_id == meant[0]).with_for_update()
    found = await session.execute(key) if meant[0] in bases else []
    if not found or not isinstance(found[0][0], bytes):
        raise BadInput(Fault((*path, "subject"), NOT_OWN))
    return meant[0], found[0][0]
