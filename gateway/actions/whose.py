"""Whose: the subject that an action's ``subject`` names, or that is meant if it names nobody."""

from collections.abc import Mapping

import sqlalchemy as sa

from gateway.actions.model import Given, Path, Scene
from gateway.actions.text import OPAQUE_LENGTH, bounded
from gateway.catalogue.fields import Owner
from gateway.errors import BadInput, Fault
from gateway.store.sessions import Session
from gateway.store.tables import SUBJECT_KEY

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


def meant(bases: Mapping[int, set[str]], subject: int | None, path: Path, not_own: str = NOT_OWN) -> int:
    """One of those that the caller is or acts for: the named one; none named: the person itself, or the only one.

    ``bases``: as what it acts for each, as ``opening.own_bases`` finds it. Raises BadInput.
    """
    if subject is None:
        persons = [one for one, of in bases.items() if "PERSON" in of]
        likely = persons if len(persons) == 1 else list(bases)
        if len(likely) != 1:
            raise BadInput(Fault((*path, "subject"), WHOSE))
        return likely[0]
    if subject not in bases:
        raise BadInput(Fault((*path, "subject"), not_own))
    return subject


async def locked(session: Session, subject: int, path: Path) -> bytes:
    """The wrapped key of a subject, locked: of two who change something of it the second sees what the first has done.

    Raises BadInput if it has none any more.
    """
    key = sa.select(SUBJECT_KEY.c.wrapped).where(SUBJECT_KEY.c.subject_id == subject).with_for_update()
    found = await session.execute(key)
    if not found or not isinstance(found[0][0], bytes):
        raise BadInput(Fault((*path, "subject"), NOT_OWN))
    return found[0][0]
