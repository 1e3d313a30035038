"""Ending publication: records whose last day of publication is over get the status that says so.

Nobody sees them any more from that day on, whether or not this has run: the window holds in every query. The status is
for whoever reads rows and not days: intake, which sets a file aside that would change an ended record, exports, people.
The version stays, for what the record says stays; nobody was told anything that is wrong now.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from gateway.catalogue.fields import Kind, Standing
from gateway.catalogue.kinds import KINDS
from gateway.clock import statutory_day
from gateway.store.sessions import Session
from gateway.store.tables import CURRENT_STATUSES, table
from gateway.timekeeping.cases import Said, Step

ENDED = "PUBLICATION_ENDED"
AT_ONCE = 100  # records of one entry

KINDS_THAT_END = tuple(kind for kind in KINDS if Standing.ENDED in kind.standings)


def ending(kind: Kind) -> Step:
    """The step that ends the publication of records of one kind, at most AT_ONCE of them."""
    record = table(kind)

    async def step(session: Session, now: datetime) -> Said | None:
        over = (
            sa.select(record.c.id)
            .where(record.c.published_until < statutory_day(now), record.c.status.in_(CURRENT_STATUSES))
            .order_by(record.c.published_until, record.c.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        ids = [int(str(number)) for (number,) in await session.execute(over)]
        if not ids:
            return None
        await session.execute(sa.update(record).where(record.c.id.in_(ids)).values(status=ENDED))
        await changed(session, kind, ids, now)
        return {"step": ENDED, "kind": kind.name, "records": sorted(ids)}

    return step


async def changed(session: Session, kind: Kind, ids: Sequence[int], now: datetime) -> None:
    """What else must happen in the transaction in which publication ends: nothing.

    The place to write rows of ``record_change`` if recipients are ever to be told of an end that they knew beforehand:
    ``publishedUntil`` stood in every answer that held the record.
    """
