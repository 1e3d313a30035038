"""Verifies a whole log from its entries: every hash is made again, every signature checked, nothing is believed.

Found is whatever somebody with all rights in the database can do: change an entry, take one out, put one in, exchange
two, rewrite hashes to fit, drop or fake checkpoints. Who rewrites everything, hashes and all, cannot sign it anew: it
differs from the checkpoints that are kept, here or by somebody else (``known``). Where the change stands is told as
closely as it can be: the entry, or the entries between two checkpoints.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from gateway.audit import checkpoint
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.destruction import destroyed
from gateway.audit.retirement import Retired, retired
from gateway.audit.tree import Edge, Node, extend, leaf_hash
from gateway.signing import NoteInvalid, NoteVerifier
from gateway.store.core import Connection, execute, stored_bytes
from gateway.store.log_tables import (
    ACCESS,
    ACCESS_MARK,
    LOG_CHECKPOINT,
    LOG_DESTRUCTION,
    LOG_ENTRY,
    LOG_NODE,
    LOG_RETIREMENT,
    LOG_SHARD,
)

_CONTROL = re.compile(r"[\x01-\x1f\x7f]")
CHUNK = 10_000  # entries looked at in one go


class Wrong(StrEnum):
    """What can be wrong with a log."""

    MISSING = "MISSING"  # an entry is not there
    CHANGED = "CHANGED"  # body, salt and commitment do not belong together
    EXTRA = "EXTRA"  # an entry stands beyond the size of the tree
    GONE = "GONE"  # a body was taken out, and nobody signed a reason
    TREE = "TREE"  # a stored hash of the tree is not that of the entries
    SIGNATURE = "SIGNATURE"  # a checkpoint is not signed by the key of the log
    ROWS = "ROWS"  # the rows by which entries are read are not those of the entry
    FORK = "FORK"  # the entries are not those for which a checkpoint was signed


class Finding(NamedTuple):
    """One thing that is wrong: the entries ``first`` up to but without ``end``."""

    shard: int
    what: Wrong
    first: int
    end: int
    text: str

    def __str__(self) -> str:
        where = f"entry {self.first}" if self.end == self.first + 1 else f"entries {self.first} to {self.end - 1}"
        return f"shard {self.shard}: {where}: {self.what}: {self.text}"


@dataclass(frozen=True, slots=True)
class State:
    """How far a shard was verified: what follows goes on from here. ``sound``: the last size that was signed for."""

    shard: int
    edge: Edge = field(default_factory=Edge)
    sound: int = 0


@dataclass(slots=True)
class Report:
    """What one look at a shard found."""

    state: State
    entries: int = 0
    destroyed: int = 0
    retired: int = 0  # bodies taken out when their term was over
    checkpoints: int = 0
    lost: int = 0  # entries that a closed shard has lost, by the checkpoints that were kept
    findings: list[Finding] = field(default_factory=list)


def shards(connection: Connection) -> list[int]:
    """Every shard there is an entry or a tail of."""
    tails, entries = sa.select(LOG_SHARD.c.shard), sa.select(LOG_ENTRY.c.shard).distinct()
    return sorted(int(str(shard)) for (shard,) in execute(connection, tails.union(entries)))


def shut(connection: Connection, shard: int, why: str, now: datetime) -> None:
    """Close a shard for good: whoever owns it is fenced off, and nobody may claim it. ``connection`` is the owner's."""
    closing = LOG_SHARD.update().where(LOG_SHARD.c.shard == shard, LOG_SHARD.c.closed_at.is_(None))
    execute(connection, closing.values(closed_at=now, closed_for=why, epoch=LOG_SHARD.c.epoch + 1))


def verify(connection: Connection, verifier: NoteVerifier, state: State, known: Iterable[Checkpoint] = ()) -> Report:
    """Verify what follows ``state``. ``verifier`` has the key of this shard; ``known`` are checkpoints kept elsewhere.

    All is read as of one moment. Raises DatabaseUnavailable.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _Look(connection, verifier, state, known).report()


class _Look:
    """One look at one shard."""

    def __init__(
        self, connection: Connection, verifier: NoteVerifier, state: State, known: Iterable[Checkpoint]
    ) -> None:
        self._connection = connection
        self._verifier = verifier
        self._shard = state.shard
        self._report = Report(state)
        self._closed = False
        self._broken = False  # the tree is known to be another: what follows from that is not told again
        self._false: set[tuple[int, int]] = set()  # tiles whose stored hash is not theirs
        self._retired = self._retirements()
        self._roots = self._signed()
        for one in known:
            if one.origin == verifier.name:
                self._roots.setdefault(one.size, []).append(one.root)

    def report(self) -> Report:
        size, stored = self._tail()
        edge, expected = self._report.state.edge, size
        self._settle(edge)
        for rows in self._chunks(edge.size):
            within = [row for row in rows if row[0] < expected]
            edge = self._entries(edge, within)
            self._rows(within)
            for index, *_ in rows[len(within) :]:
                self._found(Wrong.EXTRA, index, index + 1, f"the tree has {size} entries")
        if edge.size < expected:
            self._found(Wrong.MISSING, edge.size, expected, "not there")
        elif stored != edge and not self._broken:
            self._found(Wrong.TREE, 0, size, "the stored edge is not that of the entries")
        lost = sorted(one for one in self._roots if one > edge.size)
        if lost and self._closed:
            self._report.lost, lost = lost[-1] - edge.size, []
        for beyond in lost:
            self._found(Wrong.FORK, edge.size, beyond, "a checkpoint was signed for more entries than there are")
        self._report.state = replace(self._report.state, edge=edge)
        return self._report

    def _entries(self, edge: Edge, rows: Sequence[tuple[int, bytes | None, bytes, bytes]]) -> Edge:
        """Verify some entries in a row, from one signed size to the next."""
        leaves: list[bytes] = []
        at = edge.size
        for index, body, salt, commitment in rows:
            if index < at:
                self._found(Wrong.EXTRA, index, index + 1, "it is there twice")
                continue
            if index > at:
                self._found(Wrong.MISSING, at, index, "not there")
                # What stands behind a gap is verified in itself; the tree can no longer be.
                leaves.extend([bytes(32)] * (index - at))
                at, self._broken = index, True
            if body is None:
                self._destroyed(index, commitment)
            elif sha256(salt + body).digest() != commitment:
                self._found(Wrong.CHANGED, index, index + 1, "body, salt and commitment do not belong together")
            leaves.append(leaf_hash(commitment))
            at += 1
            self._report.entries += 1
        stops = sorted({one for one in self._roots if edge.size < one <= at} | {at})
        for stop in stops:
            count = stop - edge.size
            grown, nodes = extend(edge, leaves[:count])
            leaves = leaves[count:]
            self._nodes(edge.size, grown.size, nodes)
            edge = grown
            self._settle(edge)
        return edge

    def _rows(self, entries: Sequence[tuple[int, bytes | None, bytes, bytes]]) -> None:
        """Compare what subjects and auditors read of these entries with the entries themselves."""
        mark = execute(self._connection, sa.select(ACCESS_MARK.c.size).where(ACCESS_MARK.c.shard == self._shard))
        end = int(str(mark[0][0])) if mark else 0
        bodies = {index: body for index, body, _, _ in entries if index < end}
        if not bodies:
            return
        columns = ACCESS.c.number, ACCESS.c.subject, ACCESS.c.institution, ACCESS.c.outcome
        place = ACCESS.c.shard == self._shard, ACCESS.c.number >= min(bodies), ACCESS.c.number <= max(bodies)
        stored: dict[int, list[tuple[object, ...]]] = {}
        for number, *told in execute(self._connection, sa.select(*columns).where(*place)):
            stored.setdefault(int(str(number)), []).append(tuple(told))
        for index, body in bodies.items():
            there = stored.get(index, [])
            # Of a body that was destroyed it is left that there is one about somebody, and no word.
            expected = rows_of(body) if body is not None else [(told[0], None, None) for told in there]
            if sorted(there, key=str) != sorted(expected, key=str):
                self._found(Wrong.ROWS, index, index + 1, "the rows by which it is read are not those of the entry")

    def _settle(self, edge: Edge) -> None:
        """Compare with every checkpoint of this size."""
        roots = self._roots.pop(edge.size, [])
        if not roots:
            return
        state = self._report.state
        if not self._broken and any(root != edge.root() for root in roots):
            self._broken = True
            text = f"the checkpoint of {edge.size} entries was signed for others"
            self._found(Wrong.FORK, state.sound, edge.size, text)
        self._report.state = replace(state, sound=edge.size)

    def _nodes(self, first: int, end: int, made: list[Node]) -> None:
        """Compare the stored hashes of tiles that these entries complete."""
        levels = range(1, 9)
        stored: dict[tuple[int, int], bytes] = {}
        for level in levels:
            span = 256**level
            if first // span == end // span:
                break
            rows = execute(
                self._connection,
                sa.select(LOG_NODE.c.index, LOG_NODE.c.hash).where(
                    LOG_NODE.c.shard == self._shard,
                    LOG_NODE.c.level == level,
                    LOG_NODE.c.index >= first // span,
                    LOG_NODE.c.index < end // span,
                ),
            )
            stored |= {(level, int(str(index))): stored_bytes(hash) for index, hash in rows}
        for node in made:
            if not self._broken and stored.get((node.level, node.index)) != node.hash:
                self._false.add((node.level, node.index))
                if any((node.level - 1, node.index * 256 + below) in self._false for below in range(256)):
                    continue
                span = 256**node.level
                text = f"the stored hash at level {node.level}, {node.index} is not that of the entries"
                self._found(Wrong.TREE, node.index * span, (node.index + 1) * span, text)

    def _retirements(self) -> list[Retired]:
        stored = sa.select(
            LOG_RETIREMENT.c.month, LOG_RETIREMENT.c.sort, LOG_RETIREMENT.c.note, LOG_RETIREMENT.c.indexes
        )
        found = []
        for month, sort, note, indexes in execute(
            self._connection, stored.where(LOG_RETIREMENT.c.shard == self._shard)
        ):
            assert isinstance(month, date)
            one = retired(str(note), self._verifier, month, str(sort), stored_bytes(indexes))
            if one is None:
                text = f"the reason for which {sort} entries of {month:%Y-%m} were taken out is not one that was signed"
                self._found(Wrong.SIGNATURE, 0, 1, text)
            else:
                found.append(one)
        return found

    def _destroyed(self, index: int, commitment: bytes) -> None:
        if any(index in one for one in self._retired):
            self._report.retired += 1
            return
        notes = execute(
            self._connection,
            sa.select(LOG_DESTRUCTION.c.note).where(
                LOG_DESTRUCTION.c.shard == self._shard, LOG_DESTRUCTION.c.index == index
            ),
        )
        if any(destroyed(str(note), self._verifier, index, commitment) for (note,) in notes):
            self._report.destroyed += 1
        else:
            self._found(Wrong.GONE, index, index + 1, "the body was taken out, and nobody signed a reason")

    def _signed(self) -> dict[int, list[bytes]]:
        """Size → roots, of the stored checkpoints from where we are; those that nobody signed are told."""
        roots: dict[int, list[bytes]] = {}
        stored = sa.select(LOG_CHECKPOINT.c.size, LOG_CHECKPOINT.c.note).where(
            LOG_CHECKPOINT.c.shard == self._shard, LOG_CHECKPOINT.c.size >= self._report.state.edge.size
        )
        for size, note in execute(self._connection, stored.order_by(LOG_CHECKPOINT.c.size)):
            number = int(str(size))
            try:
                one = checkpoint.verify(str(note), self._verifier)
            except NoteInvalid as error:
                self._found(Wrong.SIGNATURE, 0, number, f"the checkpoint of {number} entries: {error}")
                continue
            self._report.checkpoints += 1
            if one.size != number:
                self._found(Wrong.SIGNATURE, 0, number, f"the checkpoint of {number} entries is one of {one.size}")
            roots.setdefault(one.size, []).append(one.root)
        return roots

    def _tail(self) -> tuple[int, Edge | None]:
        """The size as stored, and the edge; None: it does not fit the size."""
        columns = LOG_SHARD.c.size, LOG_SHARD.c.edge, LOG_SHARD.c.closed_at
        tail = sa.select(*columns).where(LOG_SHARD.c.shard == self._shard)
        rows = execute(self._connection, tail)
        if not rows:
            return 0, Edge()
        self._closed = rows[0][2] is not None
        size, edge = int(str(rows[0][0])), stored_bytes(rows[0][1])
        try:
            return size, Edge.parse(size, edge)
        except ValueError:
            return size, None

    def _chunks(self, first: int) -> Iterator[list[tuple[int, bytes | None, bytes, bytes]]]:
        columns = LOG_ENTRY.c.index, LOG_ENTRY.c.body, LOG_ENTRY.c.salt, LOG_ENTRY.c.commitment
        while True:
            wanted = sa.select(*columns).where(LOG_ENTRY.c.shard == self._shard, LOG_ENTRY.c.index >= first)
            rows = execute(self._connection, wanted.order_by(LOG_ENTRY.c.index).limit(CHUNK))
            if not rows:
                return
            yield [_entry(row) for row in rows]
            first = int(str(rows[-1][0])) + 1

    def _found(self, what: Wrong, first: int, end: int, text: str) -> None:
        self._report.findings.append(Finding(self._shard, what, first, end, text))


def _entry(row: tuple[object, ...]) -> tuple[int, bytes | None, bytes, bytes]:
    index, body, salt, commitment = row
    kept = None if body is None else stored_bytes(body)
    return int(str(index)), kept, stored_bytes(salt), stored_bytes(commitment)


def rows_of(body: bytes) -> list[tuple[object, ...]]:
    """Subject, institution and outcome of the rows of an entry, as ``access_follow`` makes them."""
    try:
        entry = orjson.loads(body)
        if "at" not in entry and "since" not in entry:
            return []
        told = _plain(entry.get("who", {}).get("consumer")), entry.get("outcome")
        names = [*entry.get("subjects", ()), *entry.get("asked", ())]
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        return []
    return [(name, *told) for name in names or [None]]


def _plain(text: str | None) -> str | None:
    """What a token says of an institution, as a row holds it."""
    return _CONTROL.sub("", text)[:200] or None if text else None
