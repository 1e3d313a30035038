"""A record that somebody acts on because it is their own: named by its opaque id, locked in the transaction."""

from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from gateway.actions.effects import disputable
from gateway.actions.model import Given, Path, Scene
from gateway.actions.opening import Party, own_subjects
from gateway.actions.text import OPAQUE_LENGTH, bounded
from gateway.catalogue.fields import Kind
from gateway.errors import BadInput, Fault, InternalError
from gateway.rights.mandates import FILE
from gateway.rights.states import CaseKind
from gateway.store.case_tables import CASE
from gateway.store.sessions import Session
from gateway.store.tables import SUBJECT_KEY, table

# One answer for an id that cannot be read, one of nothing, and one of somebody else's record.
NOT_OWN = "is not a record of a subject that the caller is or acts for"


class Named(NamedTuple):
    """What an id says: a kind and a row."""

    kind: Kind
    row: int


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A record of a subject that the caller is or acts for, locked."""

    kind: Kind
    row: int
    version: int
    status: str
    provider: str
    party: Party

    @property
    def reference(self) -> tuple[str, int, int]:
        """As a case names it: kind, row, version."""
        return self.kind.name, self.row, self.version


def named(scene: Scene, given: Given, name: str, path: Path, faults: list[Fault]) -> Named | None:
    """The record that an argument names; None and a fault if the text is no id of one."""
    found = scene.keys.read_id(bounded(str(given[name]), name, OPAQUE_LENGTH, path, faults))
    if found is None or not disputable(found[0]):
        faults.append(Fault((*path, name), NOT_OWN))
        return None
    return Named(*found)


async def pending(session: Session, kind: CaseKind, which: Named) -> bool:
    """Whether a case of this kind about the record is open."""
    rows = sa.select(CASE.c.id).where(
        CASE.c.kind == kind.value, CASE.c.record_id == which.row, CASE.c.closed_at.is_(None)
    )
    return bool(await session.execute(rows.limit(1)))


async def own(session: Session, scene: Scene, which: Named, path: Path, name: str = "record") -> OwnRecord:
    """Lock it: two steps about one record take turns. Raises BadInput unless it is the caller's own."""
    rows = table(which.kind)
    columns = rows.c.subject_id, rows.c.subject_class, rows.c.provider, rows.c.version, rows.c.status
    mine = sa.select(*columns, SUBJECT_KEY.c.wrapped).where(
        rows.c.id == which.row,
        rows.c.subject_id.in_(own_subjects(scene, FILE)),
        rows.c.disclosure != "INTERNAL",  # what is shown to nobody is nobody's to dispute by its id
        SUBJECT_KEY.c.subject_id == rows.c.subject_id,
    )
    found = await session.execute(mine.with_for_update(of=rows))
    if not found:
        raise BadInput(Fault((*path, name), NOT_OWN))
    subject, owned, provider, version, status, wrapped = found[0]
    if not isinstance(subject, int) or not isinstance(version, int) or not isinstance(wrapped, bytes):
        raise InternalError
    party = Party(subject, str(owned), wrapped, own=True)
    return OwnRecord(which.kind, which.row, version, str(status), str(provider), party)
