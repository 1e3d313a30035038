"""Closing a month of the log, and what a person is shown of it; what is proved is in ``gateway.audit.chains``."""

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime

import orjson
import psycopg
import sqlalchemy as sa
from psycopg.types.json import Jsonb

from gateway.audit.account import housekeeping
from gateway.audit.chains import Element, Place, elements, head, length, person
from gateway.audit.log import Log
from gateway.audit.retirement import Sort
from gateway.audit.tree import Edge, extend, leaf_hash
from gateway.catalogue.kinds import BY_NAME
from gateway.clock import statutory_day
from gateway.errors import BadInput, Fault
from gateway.ledger.accesses import follow
from gateway.store.core import Connection, execute, stored_bytes
from gateway.store.log_tables import (
    ACCESS,
    LOG_CHAIN,
    LOG_CHAIN_NODE,
    LOG_CLOSE,
    LOG_ENTRY,
    LOG_MONTH,
    LOG_RETIREMENT,
    LOG_SHARD,
    TOGETHER,
)
from gateway.store.tables import table
from gateway.vault.vault import Vault

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")
_PERSON = table(BY_NAME["person"])
_BATCH = 10_000


class Closing:
    """One month while it is closed: every list, from the entries as they stand in one snapshot."""

    def __init__(self, connection: Connection, origin: str, vault: Vault, month: str) -> None:
        """``connection`` is of the owner, in a transaction that sees one state of everything."""
        self._connection = connection
        self._origin = origin
        self._vault = vault
        self.month = month

    def ranges(self) -> dict[int, tuple[int, int]]:
        """Shard → the entries that belong to the month: up to where the next began, and in no month closed before."""
        before: dict[int, int] = {}
        closed = sa.select(LOG_CLOSE.c.ranges).where(LOG_CLOSE.c.month < self.month)
        for (ranges,) in execute(self._connection, closed):
            assert isinstance(ranges, dict)
            for shard, (_, end) in ranges.items():
                before[int(shard)] = max(before.get(int(shard), 0), end)
        sizes = execute(self._connection, sa.select(LOG_SHARD.c.shard, LOG_SHARD.c.size))
        found = {int(str(shard)): int(str(size)) for shard, size in sizes}
        later = sa.select(LOG_MONTH.c.shard, sa.func.min(LOG_MONTH.c.first)).group_by(LOG_MONTH.c.shard)
        month = date.fromisoformat(f"{self.month}-01")
        for shard, first in execute(self._connection, later.where(LOG_MONTH.c.month > month)):
            found[int(str(shard))] = int(str(first))
        return {shard: (before.get(shard, 0), max(end, before.get(shard, 0))) for shard, end in sorted(found.items())}

    def persons(self) -> list[tuple[str, str]]:
        """Of every person of the library the pseudonym, and that by which others ask; in the order of pseudonyms."""
        rows = execute(self._connection, sa.select(_PERSON.c.subject_id, _PERSON.c.id_number_index))
        names = self._vault.pseudonyms(int(str(subject)) for subject, _ in rows)
        asked = (self._vault.asked_person(stored_bytes(index)) for _, index in rows)
        return sorted(zip(names, asked, strict=True))

    def places(self, ranges: Mapping[int, tuple[int, int]]) -> dict[str, list[Place]]:
        """Pseudonym, of either sort → the entries of the month that are about it, in their order."""
        found: dict[str, list[Place]] = {}
        for shard, (first, end) in ranges.items():
            rows = (
                sa.select(ACCESS.c.subject, ACCESS.c.number, LOG_ENTRY.c.commitment)
                .join(LOG_ENTRY, TOGETHER)
                .where(ACCESS.c.shard == shard, ACCESS.c.number >= first, ACCESS.c.number < end)
                .where(ACCESS.c.subject.is_not(None))
                .order_by(ACCESS.c.number)
            )
            for name, number, commitment in execute(self._connection, rows):
                place = Place(f"{self._origin}/{shard}", int(str(number)), stored_bytes(commitment))
                found.setdefault(str(name), []).append(place)
        return found

    def lists(self, ranges: Mapping[int, tuple[int, int]]) -> Iterator[tuple[str, list[Element]]]:
        """Pseudonym and list of every person."""
        places = self.places(ranges)
        for name, asked in self.persons():
            yield name, self.list(name, _merged(places.get(name, []), places.get(asked, [])))

    def list(self, name: str, places: list[Place]) -> list[Element]:
        """The list of one person."""
        count = length(len(places))
        return elements(places, [self._vault.chain_blind(self.month, name, number) for number in range(count)])


def _merged(one: list[Place], other: list[Place]) -> list[Place]:
    """An entry may be about somebody under both names; it is one entry."""
    return sorted(dict.fromkeys([*one, *other]), key=lambda place: (place.origin, place.index))


async def close(owner: str, log: Log, origin: str, vault: Vault, month: str, now: datetime) -> tuple[int, bytes] | None:
    """Close a month: how many persons there are, and the root; None: it is closed. Raises BadInput, Unavailable.

    The entry that says so is written before the lists are kept: a crash in between leaves an entry that nobody refers
    to, and the month open.
    """
    if not _MONTH.match(month) or month >= statutory_day(now).isoformat()[:7]:
        raise BadInput(Fault(("month",), "must be a month that is over, as 2026-10"))
    with psycopg.connect(owner) as connection:
        connection.execute("LOCK TABLE log_close IN EXCLUSIVE MODE")
        known = [str(found) for (found,) in execute(connection, sa.select(LOG_CLOSE.c.month))]
        if month in known:
            return None
        if any(one > month for one in known):
            raise BadInput(Fault(("month",), "a later month is closed already: months are closed in their order"))
        follow(connection, origin)
        closing = Closing(connection, origin, vault, month)
        ranges = closing.ranges()
        persons, root = _keep(connection, closing, ranges)
        told = {str(shard): list(range_) for shard, range_ in ranges.items()}
        said = {"month": month, "persons": persons, "root": base64.b64encode(root).decode(), "ranges": told}
        receipt = await log.append(housekeeping(now, close=said))
        values = {"month": month, "origin": receipt.origin, "index": receipt.index, "persons": persons, "root": root}
        execute(connection, LOG_CLOSE.insert().values(**values, ranges=Jsonb(told), closed_at=now))
    return persons, root


def _keep(connection: Connection, closing: Closing, ranges: Mapping[int, tuple[int, int]]) -> tuple[int, bytes]:
    """Write the leaf of every person and the hashes of tiles over them; how many, and the root."""
    edge, rows = Edge(), []
    for place, (name, made) in enumerate(closing.lists(ranges)):
        top = head(one.hash for one in made)
        rows.append({"month": closing.month, "place": place, "subject": name, "length": len(made), "head": top})
        edge, nodes = extend(edge, [leaf_hash(person(name, len(made), top))])
        for node in nodes:
            values = {"month": closing.month, "level": node.level, "index": node.index, "hash": node.hash}
            execute(connection, LOG_CHAIN_NODE.insert().values(**values))
        if len(rows) == _BATCH:
            execute(connection, LOG_CHAIN.insert().values(rows))
            rows = []
    if rows:
        execute(connection, LOG_CHAIN.insert().values(rows))
    return edge.size, edge.root()


def check(connection: Connection, origin: str, vault: Vault) -> Iterator[tuple[str, str]]:
    """Month by month what is wrong with a closed month; empty: it is what the entries say.

    Months whose lists are gone, the term of their entries being over, are passed over.
    """
    gone = _retired(connection)
    for month, ranges, root, at_origin, index in execute(
        connection,
        sa.select(
            LOG_CLOSE.c.month, LOG_CLOSE.c.ranges, LOG_CLOSE.c.root, LOG_CLOSE.c.origin, LOG_CLOSE.c.index
        ).order_by(LOG_CLOSE.c.month),
    ):
        assert isinstance(ranges, dict)
        told = ((gone.get(int(shard), ()), least, end) for shard, (least, end) in ranges.items())
        if any(least <= last and first < end for spans, least, end in told for first, last in spans):
            continue
        closing = Closing(connection, origin, vault, str(month))
        kept = {
            str(name): (int(str(size)), stored_bytes(top))
            for name, size, top in execute(
                connection,
                sa.select(LOG_CHAIN.c.subject, LOG_CHAIN.c.length, LOG_CHAIN.c.head).where(LOG_CHAIN.c.month == month),
            )
        }
        places, asked = (
            closing.places({int(shard): (first, end) for shard, (first, end) in ranges.items()}),
            dict(closing.persons()),
        )
        wrong = [
            name
            for name, (size, top) in kept.items()
            if (made := closing.list(name, _merged(places.get(name, []), places.get(asked.get(name, ""), []))))
            and (len(made), head(one.hash for one in made)) != (size, top)
        ]
        leaves = [leaf_hash(person(name, *kept[name])) for name in sorted(kept)]
        text = f"{len(wrong)} lists are not those of the entries" if wrong else ""
        if extend(Edge(), leaves)[0].root() != stored_bytes(root):
            text = "the lists are not those whose root was closed"
        elif not _said(connection, str(at_origin), int(str(index)), str(month), stored_bytes(root)):
            text = "the entry that closed it says something else"
        yield str(month), text


def _retired(connection: Connection) -> dict[int, list[tuple[int, int]]]:
    """Shard → the first and the last entry of each month whose accesses were taken out."""
    indexes = LOG_RETIREMENT.c.indexes
    ends = sa.func.substr(indexes, 1, 8), sa.func.substr(indexes, sa.func.octet_length(indexes) - 7)
    some = LOG_RETIREMENT.c.sort == Sort.ACCESS.value, sa.func.octet_length(indexes) > 0
    found: dict[int, list[tuple[int, int]]] = {}
    for shard, first, last in execute(connection, sa.select(LOG_RETIREMENT.c.shard, *ends).where(*some)):
        span = int.from_bytes(stored_bytes(first)), int.from_bytes(stored_bytes(last))
        found.setdefault(int(str(shard)), []).append(span)
    return found


def _said(connection: Connection, origin: str, index: int, month: str, root: bytes) -> bool:
    shard = int(origin.rpartition("/")[2])
    rows = execute(
        connection, sa.select(LOG_ENTRY.c.body).where(LOG_ENTRY.c.shard == shard, LOG_ENTRY.c.index == index)
    )
    if not rows or rows[0][0] is None:
        return False
    said = orjson.loads(stored_bytes(rows[0][0])).get("close", {})
    return bool(said.get("month") == month and said.get("root") == base64.b64encode(root).decode())
