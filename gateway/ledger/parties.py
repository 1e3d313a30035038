"""What happens to those whom consents tie: somebody dies or loses capacity, an institution is taken over by another.

Registries tell it; it is entered here by two people who say where it stands, and is an entry of the log. Consents are
looked at when they are used (``consent_standing``): from then on those of the subject have ended, those given to the
institution are suspended; they do not pass on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.audit.account import housekeeping
from gateway.audit.destruction import people
from gateway.audit.log import Log
from gateway.clock import statutory_day
from gateway.errors import BadInput, Fault
from gateway.ledger.archive import UNKNOWN, subjects_of
from gateway.store.core import execute
from gateway.store.tables import CONSUMER, SUBJECT_RELATION
from gateway.vault.vault import Vault

RELATIONS = ("DEAD", "INCAPABLE")


@dataclass(frozen=True, slots=True)
class Word:
    """Who says so, and where it stands."""

    source: str
    by: Sequence[str]

    def faults(self) -> Iterator[Fault]:
        """What is wrong with it."""
        if people(self.by) < 2:
            yield Fault(("by",), "two different people must say so")
        if not self.source.strip() or not self.source.isprintable():
            yield Fault(("source",), "must be said, on one line of printable text")


async def end(owner: str, log: Log, vault: Vault, what: tuple[str, str, date], word: Word, now: datetime) -> None:
    """Somebody is dead or without capacity: ``what`` is the relation, the ID number or code, and since when.

    Raises BadInput with everything that is wrong, Unavailable.
    """
    relation, about, since = what
    with psycopg.connect(owner) as connection:
        faults = list(word.faults())
        subjects = subjects_of(connection, vault, about)
        if len(subjects) != 1:
            faults.append(Fault(("about",), UNKNOWN))
        if since > statutory_day(now):
            faults.append(Fault(("since",), "lies in the future"))
        if faults:
            raise BadInput(*faults)
        row = {"subject_id": subjects[0], "related_id": subjects[0], "relation": relation, "since": since}
        made = insert(SUBJECT_RELATION).values(row).on_conflict_do_nothing()
        if not execute(connection, made.returning(SUBJECT_RELATION.c.since)):
            raise BadInput(Fault(("about",), "is entered as that already"))
        said = {"relation": relation, "since": since.isoformat(), "source": word.source, "by": list(word.by)}
        await log.append(housekeeping(now, party=said, subjects=vault.pseudonyms(subjects)))


async def merge(owner: str, log: Log, pair: tuple[str, str], word: Word, now: datetime) -> None:
    """One institution was taken over by another. Raises BadInput with everything that is wrong, Unavailable."""
    old, new = pair
    with psycopg.connect(owner) as connection:
        known = {str(one) for (one,) in execute(connection, sa.select(CONSUMER.c.id))}
        faults = list(word.faults())
        named = zip(("old", "new"), pair, strict=True)
        faults += [Fault((name,), "is no registered client") for name, one in named if one not in known]
        if old == new:
            faults.append(Fault(("new",), "is the institution itself"))
        if faults:
            raise BadInput(*faults)
        merged = sa.update(CONSUMER).where(CONSUMER.c.id == old, CONSUMER.c.merged_into.is_(None))
        if not execute(connection, merged.values(merged_into=new).returning(CONSUMER.c.id)):
            raise BadInput(Fault(("old",), "was taken over already"))
        said = {"merged": old, "into": new, "source": word.source, "by": list(word.by)}
        await log.append(housekeeping(now, party=said))
