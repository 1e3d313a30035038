"""The case that a file is for, and what ties the caller to it."""

from typing import NamedTuple

import sqlalchemy as sa

from gateway import named
from gateway.actions.opening import acted_for, in_own_name
from gateway.clock import Clock
from gateway.errors import CaseClosed, Fault, InternalError, NotFound
from gateway.rights.mandates import FILE
from gateway.store.case_tables import CASE
from gateway.store.core import stored_bytes
from gateway.store.sessions import Session
from gateway.store.tables import SUBJECT_KEY
from gateway.values import Caller, Check, Condition, Relation, Visibility
from gateway.vault.vault import Vault


class Target(NamedTuple):
    """An open case: whose it is, with the wrapped key, and as what the caller may add to it."""

    subject: int
    subject_class: str
    number: int
    version: int
    wrapped: bytes
    own: bool  # the caller acts for the subject, by a mandate that lets file
    filed: bool  # the caller filed the case, in its own name

    @property
    def party(self) -> bool:
        """Whether the caller is on the side that filed the case; otherwise it has the case to answer."""
        return self.own or self.filed

    @property
    def held(self) -> int:
        """The relation that ties the caller, as the log says it; who filed a case and is nothing else has none."""
        return int(Relation.SELF if self.own else Relation.NONE if self.filed else Relation.CASE)

    def checks(self, caller: Caller) -> tuple[Check, ...]:
        """What must still hold when the file is kept."""
        return (Check("mandate", caller.acts_as, self.subject, purpose=FILE),) if self.own else ()


async def find(
    session: Session, vault: Vault, clock: Clock, caller: Caller, visibility: Visibility, id: str, *, lock: bool = False
) -> Target:
    """The open case that ``id`` names. Raises NotFound, alike for whatever the caller is not tied to, and CaseClosed.

    Who is shown the evidence of a case by a relation may add to it by the same, an agent as far as its mandate lets
    file (FILE); and so may who filed it in its own name. A closed case is with its handler no more, hence not found.
    ``lock``: who adds to the case, or changes it, waits.
    """
    kind, number = named.row(vault, id, named.reader(caller))
    if kind is None or kind.name != "case":
        raise NotFound
    conditions = {grant.condition for cell in visibility.cells["evidence"].values() for grant in cell.grants}
    case, now = CASE.c, clock.now()
    is_open = sa.or_(case.closed_at.is_(None), case.closed_at > now)
    own: sa.ColumnElement[bool] = case.subject_id.in_(acted_for(caller, now, FILE))
    if Condition.SELF not in conditions:
        own = sa.false()
    filed = in_own_name(caller.principal, caller.consumer)
    ties = [own, filed]
    if Condition.CASE in conditions and caller.department:
        free = sa.or_(case.handler.is_(None), case.handler == caller.principal)
        ties.append(sa.and_(case.department == caller.department, free, case.filed_at <= now, is_open))
    told = (case.subject_id, case.subject_class, case.id, case.version, SUBJECT_KEY.c.wrapped, own, filed, is_open)
    asked = sa.select(*[one.label(f"c{at}") for at, one in enumerate(told)]).where(
        case.id == number, SUBJECT_KEY.c.subject_id == case.subject_id, sa.or_(*ties)
    )
    rows = await session.execute(asked.with_for_update(of=CASE) if lock else asked)
    if not rows:
        raise NotFound
    subject, subject_class, row, version, wrapped, is_own, has_filed, still_open = rows[0]
    if not still_open:
        raise CaseClosed(Fault((), "the case is closed: nothing can be added to it"))
    if not isinstance(subject, int) or not isinstance(row, int) or not isinstance(version, int):
        raise InternalError
    return Target(subject, str(subject_class), row, version, stored_bytes(wrapped), bool(is_own), bool(has_filed))
