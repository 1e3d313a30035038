"""How long the log keeps what: months in files of their own, and bodies taken out when their term is over.

An entry is kept for the years that the rule ``log.keep.<sort>`` gives, counted from the end of its month. Then its body
goes, with its salt, its sealed variables and the rows by which it is read; its leaf stays, so that the tree and every
proof ever given go on to hold. Nothing is taken out that does not lie, verified, in a file (``gateway.audit.export``).
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import psycopg
import sqlalchemy as sa
from psycopg import sql

from gateway.audit import export
from gateway.audit.account import housekeeping
from gateway.audit.export import Exported, ExportInvalid, Head, Reason
from gateway.audit.history import History
from gateway.audit.log import Log
from gateway.audit.retirement import Sort, packed, sign
from gateway.clock import statutory_day
from gateway.errors import BadInput, Fault, InternalError
from gateway.ledger.accesses import follow
from gateway.rights.clocks import Rule
from gateway.rights.rows import rules_of, rules_on
from gateway.signing import NoteSigner, NoteVerifier
from gateway.store.core import Connection, execute, stored_bytes
from gateway.store.log_tables import (
    ACCESS,
    LOG_CHAIN,
    LOG_CHAIN_NODE,
    LOG_CLOSE,
    LOG_DESTRUCTION,
    LOG_ENTRY,
    LOG_MONTH,
    LOG_PARTITION,
    LOG_RETIREMENT,
    LOG_SHARD,
    PARTITIONS,
)

PART = 1_000  # entries of a file sealed together

_body = sa.func.convert_from(LOG_ENTRY.c.body, "UTF8").cast(sa.dialects.postgresql.JSONB)
_sort = sa.case(
    (_body.has_key("counted"), Sort.TRAFFIC.value), (_body.has_key("who"), Sort.ACCESS.value), else_=Sort.HOUSE.value
)


class Month(NamedTuple):
    """The entries of one shard that are kept under one month: ``first`` up to but without ``end``."""

    shard: int
    month: date
    first: int
    end: int

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.month:%Y-%m}.{self.shard}.log"


class Due(NamedTuple):
    """A sort of entries of a month whose term is over."""

    month: date
    sort: Sort
    rule: Rule


def months(connection: Connection, now: datetime) -> list[Month]:
    """Every month that is over, shard by shard."""
    following = sa.func.lead(LOG_MONTH.c.first).over(partition_by=LOG_MONTH.c.shard, order_by=LOG_MONTH.c.month)
    rows = (
        sa.select(*LOG_MONTH.columns, sa.func.coalesce(following, LOG_SHARD.c.size))
        .join(LOG_SHARD, LOG_SHARD.c.shard == LOG_MONTH.c.shard)
        .order_by(LOG_MONTH.c.month, LOG_MONTH.c.shard)
    )
    running = statutory_day(now).replace(day=1)
    found = []
    for shard, month, first, end in execute(connection, rows):
        assert isinstance(month, date)
        found.append(Month(int(str(shard)), month, int(str(first)), int(str(end))))
    return [one for one in found if one.month < running and one.first < one.end]


def due(connection: Connection, rules: Mapping[str, Rule], now: datetime) -> list[Due]:
    """What may be taken out, month by month."""
    taken = {
        (shard, month, sort)
        for shard, month, sort in execute(
            connection, sa.select(LOG_RETIREMENT.c.shard, LOG_RETIREMENT.c.month, LOG_RETIREMENT.c.sort)
        )
    }
    found: dict[tuple[date, Sort], Due] = {}
    for one in months(connection, now):
        for sort in Sort:
            rule = rules[f"log.keep.{sort.value}"]
            over = _following(one.month).replace(year=_following(one.month).year + rule.value)
            if over <= statutory_day(now) and (one.shard, one.month, sort.value) not in taken:
                found[one.month, sort] = Due(one.month, sort, rule)
    return list(found.values())


def rules(connection: Connection, now: datetime) -> Mapping[str, Rule]:
    """The rules in force; ``connection`` is the owner's."""
    return rules_of(execute(connection, rules_on(statutory_day(now))))


def _following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


async def write(
    connection: Connection, history: History, one: Month, folder: Path, seal: Callable[[bytes], bytes]
) -> Path:
    """Write a month of a shard to its file, whole or not at all. Raises BadInput, DatabaseUnavailable, OSError."""
    path = folder / one.file
    if path.exists():
        raise BadInput(Fault((str(path),), "is there already"))
    signed = await history.signed(one.shard)
    if signed.size < one.end:
        raise BadInput(Fault((one.file,), "no checkpoint holds its last entries yet: a process that serves signs one"))
    proof = await history.consistency(one.shard, one.end, signed.size)
    edge = await history.edge(one.shard, one.first)
    head = Head(history.origin(one.shard), one.month, edge, one.end - one.first, tuple(proof), signed.note)
    aside = path.with_suffix(".part")
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            with aside.open("wb") as file:
                export.write(file, head, _reasons(connection, one), _entries(connection, one), seal)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
            place = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(place)  # the name too: what is taken out of the log later lies here alone
            finally:
                os.close(place)
        finally:
            aside.unlink(missing_ok=True)
    return path


def _reasons(connection: Connection, one: Month) -> list[Reason]:
    within = LOG_DESTRUCTION.c.shard == one.shard, LOG_DESTRUCTION.c.index.between(one.first, one.end - 1)
    found = [Reason(str(note)) for (note,) in execute(connection, sa.select(LOG_DESTRUCTION.c.note).where(*within))]
    taken = sa.select(LOG_RETIREMENT.c.note, LOG_RETIREMENT.c.sort, LOG_RETIREMENT.c.indexes)
    alike = LOG_RETIREMENT.c.shard == one.shard, LOG_RETIREMENT.c.month == one.month
    for note, sort, indexes in execute(connection, taken.where(*alike)):
        found.append(Reason(str(note), str(sort), stored_bytes(indexes)))
    return found


def _entries(connection: Connection, one: Month) -> Iterator[list[Exported]]:
    names = LOG_ENTRY.c.index, LOG_ENTRY.c.body, LOG_ENTRY.c.salt, LOG_ENTRY.c.commitment, LOG_ENTRY.c.sealed
    first = one.first
    while first < one.end:
        part = sa.select(*names).where(*_within(one), LOG_ENTRY.c.index >= first, LOG_ENTRY.c.index < first + PART)
        rows = execute(connection, part.order_by(LOG_ENTRY.c.index))
        first += PART
        yield [
            Exported(int(str(index)), _kept(body), stored_bytes(salt), stored_bytes(commitment), _kept(sealed))
            for index, body, salt, commitment, sealed in rows
        ]


def _kept(value: object) -> bytes | None:
    return None if value is None else stored_bytes(value)


def _within(one: Month) -> tuple[sa.ColumnElement[bool], ...]:
    return LOG_ENTRY.c.shard == one.shard, LOG_ENTRY.c.month == one.month


@dataclass(frozen=True, slots=True)
class Keeper:
    """Takes bodies out whose term is over."""

    owner: str  # connection string
    log: Log
    origin: str
    signer: NoteSigner
    unseal: Callable[[bytes], bytes]

    async def retire(self, month: date, sorts: Sequence[Due], folder: Path, now: datetime) -> dict[Sort, int]:
        """Take the bodies of these sorts of one month out, in every shard; how many of each.

        Raises BadInput for files that are not there or do not hold the entries as the log does; Unavailable. The entry
        that says so is written before it is done: a crash in between leaves an entry, and the month as it was.
        """
        with psycopg.connect(self.owner) as connection:
            follow(connection, self.origin)  # what is taken out must not be made into rows later
        with psycopg.connect(self.owner) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute("SET LOCAL statement_timeout = 0")
            parts = [one for one in months(connection, now) if one.month == month]
            faults = [fault for one in parts for fault in self._unproved(connection, one, folder)]
            if faults:
                raise BadInput(*faults)
            counts = dict.fromkeys((one.sort for one in sorts), 0)
            for part in parts:
                for one in sorts:
                    counts[one.sort] += self._take(connection, part, one, now)
                _forget(connection, part)
            if Sort.ACCESS in counts:
                _drop_lists(connection, parts)
            told = {sort.value: count for sort, count in counts.items()}
            await self.log.append(housekeeping(now, retire={"month": f"{month:%Y-%m}", "entries": told}))
        self._give_back(month, now)
        return counts

    def _unproved(self, connection: Connection, one: Month, folder: Path) -> Iterator[Fault]:
        """What is wrong with the file of a part; nothing: it holds what the log holds."""
        digest, seen = sha256(), 0
        stored, count = _commitments(connection, one)

        def each(entry: Exported) -> None:
            nonlocal seen
            digest.update(entry.commitment)
            seen += 1

        verifier = NoteVerifier.parse(self.signer.named(f"{self.origin}/{one.shard}").vkey)
        path = folder / one.file
        try:
            with path.open("rb") as file:
                export.verify(file, verifier, self.unseal, each)
        except FileNotFoundError:
            yield Fault((str(path),), "is not there: write it with `gateway audit export`")
        except ExportInvalid as error:
            yield Fault((str(path),), str(error))
        else:
            if (seen, digest.digest()) != (count, stored):
                yield Fault((str(path),), f"holds {seen} entries, and the log has others, {count}")

    def _take(self, connection: Connection, part: Month, one: Due, now: datetime) -> int:
        """Take one sort out of a part, with the note that says so."""
        sort: list[sa.ColumnElement[bool]] = [*_within(part), LOG_ENTRY.c.body.is_not(None), _sort == one.sort.value]
        found = execute(connection, sa.select(LOG_ENTRY.c.index).where(*sort).order_by(LOG_ENTRY.c.index))
        indexes = packed(int(str(index)) for (index,) in found)
        source = f"{one.rule.value} years: {one.rule.source}"
        note = sign(self.signer.named(f"{self.origin}/{part.shard}"), part.month, one.sort, indexes, source, now)
        row = {"shard": part.shard, "month": part.month, "sort": one.sort.value, "note": note, "indexes": indexes}
        execute(connection, LOG_RETIREMENT.insert().values(row))
        empty = {"body": None, "salt": b"", "sealed": None}
        done = execute(connection, LOG_ENTRY.update().where(*sort).values(empty).returning(LOG_ENTRY.c.index))
        if len(done) != len(found):
            raise InternalError
        return len(found)

    def _give_back(self, month: date, now: datetime) -> None:
        """Give the room on the disk back; without it what is left would keep the place of what was there."""
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute("SET statement_timeout = 0")
            rows = execute(
                connection,
                sa.select(LOG_PARTITION.c.name, LOG_PARTITION.c.after).where(
                    LOG_PARTITION.c.first <= month, LOG_PARTITION.c.after > month
                ),
            )
            for name, after in rows:
                assert isinstance(after, date)
                full = sql.SQL("FULL" if after <= statutory_day(now) else "")  # nobody writes there any more
                connection.execute(sql.SQL("VACUUM {} {}").format(full, sql.Identifier(PARTITIONS, str(name))))
            connection.execute("VACUUM access")


def _commitments(connection: Connection, one: Month) -> tuple[bytes, int]:
    """SHA-256 of all commitments of a part in their order, and how many they are."""
    digest, count = sha256(), 0
    for entries in _entries(connection, one):
        for entry in entries:
            digest.update(entry.commitment)
            count += 1
    return digest.digest(), count


def _forget(connection: Connection, part: Month) -> None:
    """Delete the rows by which entries are read that have no body any more."""
    gone = (
        ACCESS.delete()
        .where(ACCESS.c.shard == part.shard, ACCESS.c.month == part.month)
        .where(ACCESS.c.number == LOG_ENTRY.c.index, *_within(part), LOG_ENTRY.c.body.is_(None))
    )
    execute(connection, gone)


def _drop_lists(connection: Connection, parts: Sequence[Month]) -> None:
    """The lists of closed months prove accesses by their entries: with those they go."""
    for month, ranges in execute(connection, sa.select(LOG_CLOSE.c.month, LOG_CLOSE.c.ranges)):
        assert isinstance(ranges, dict)
        for part in parts:
            with suppress(KeyError):
                first, end = ranges[str(part.shard)]
                if first < part.end and part.first < end:
                    for table in (LOG_CHAIN, LOG_CHAIN_NODE):
                        execute(connection, table.delete().where(table.c.month == month))
