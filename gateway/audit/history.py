"""What the log holds, read back: checkpoints, tiles, proofs. Any process reads every shard.

Everything is read as of a size that a checkpoint was signed for: beyond it nothing is there.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from gateway.audit import proof
from gateway.audit.proof import Span, subtrees
from gateway.audit.statements import argument, statement
from gateway.audit.tiles import WIDTH, Tile, holding, span_hash, width
from gateway.audit.tree import HASH_SIZE, Edge, leaf_hash
from gateway.errors import NotFound
from gateway.signing import NoteSigner
from gateway.store.lanes import Lanes, Row
from gateway.store.log_tables import (
    ACCESS_DELAY,
    DELAY_RECEIVER,
    LOG_CHECKPOINT,
    LOG_ENTRY,
    LOG_MONTH,
    LOG_NODE,
    LOG_PUBLICATION,
    LOG_SHARD,
)
from gateway.values import Statement

_SHARD = argument("shard", sa.Integer())
_LEVEL = argument("level", sa.Integer())
_FIRST, _END = argument("first", sa.BigInteger()), argument("end", sa.BigInteger())
_ONE: sa.ColumnElement[int] = sa.literal_column("1")


class Delays(NamedTuple):
    """How often a department held something back in a year on one basis, and how much of it is held back now."""

    department: str
    source: str  # by whose decision it may
    year: str
    basis: str
    delays: int
    running: int


class Published(NamedTuple):
    """A checkpoint as everybody sees it: its size, and the note with every signature on it."""

    size: int
    note: str


class _Months(NamedTuple):
    """With which entry each month of a shard began, as it was known when entry ``end - 1`` was read."""

    began: tuple[tuple[int, bytes], ...]
    end: int


_NO_MONTHS = _Months((), 0)


def _joined(column: sa.Column[bytes], index: sa.Column[int]) -> sa.ColumnElement[str]:
    hexadecimal = sa.func.encode(column, sa.literal_column("'hex'"))
    return sa.func.string_agg(hexadecimal, aggregate_order_by(sa.literal_column("''"), index))


_SHARDS = statement(sa.select(LOG_SHARD.c.shard).order_by(LOG_SHARD.c.shard))
_SIGNED = statement(
    sa.select(LOG_CHECKPOINT.c.size, LOG_CHECKPOINT.c.note)
    .where(LOG_CHECKPOINT.c.shard == _SHARD)
    .order_by(LOG_CHECKPOINT.c.size.desc())
    .limit(_ONE)
)
_SHOWN = statement(
    sa.select(LOG_CHECKPOINT.c.size, LOG_CHECKPOINT.c.note.concat(LOG_PUBLICATION.c.cosignatures))
    .join(
        LOG_PUBLICATION,
        sa.and_(LOG_PUBLICATION.c.shard == LOG_CHECKPOINT.c.shard, LOG_PUBLICATION.c.size == LOG_CHECKPOINT.c.size),
    )
    .where(LOG_CHECKPOINT.c.shard == _SHARD)
    .order_by(LOG_CHECKPOINT.c.size.desc())
    .limit(_ONE)
)
_DELAY, _NOW = ACCESS_DELAY.c, argument("now", sa.DateTime(timezone=True))
_YEAR = sa.func.to_char(
    sa.func.timezone(sa.literal_column("'Asia/Shanghai'"), _DELAY.valid_from), sa.literal_column("'YYYY'")
)
_RENEWED = ACCESS_DELAY.alias("renewed").c
_RUNNING = sa.and_(  # a renewed one is counted once, by its last renewal
    _DELAY.ended_at.is_(None),
    _DELAY.until > _NOW,
    sa.not_(sa.exists(sa.select(_ONE).where(_RENEWED.renews == _DELAY.number)).correlate(ACCESS_DELAY)),
)
_DELAYS = statement(
    sa.select(
        _DELAY.department,
        DELAY_RECEIVER.c.source,
        _YEAR.label("year"),
        _DELAY.basis,
        sa.func.count(),
        sa.func.count().filter(_RUNNING),
    )
    .join(DELAY_RECEIVER, DELAY_RECEIVER.c.department == _DELAY.department)
    .group_by(_DELAY.department, DELAY_RECEIVER.c.source, _YEAR, _DELAY.basis)
    .order_by(_YEAR.desc(), _DELAY.department, _DELAY.basis)
)
_MONTHS = statement(
    sa.select(LOG_MONTH.c.first, LOG_MONTH.c.month).where(LOG_MONTH.c.shard == _SHARD).order_by(LOG_MONTH.c.first)
)
# The hashes of one tile, joined; leaves come as their commitments. The months are told so that no other is looked into.
_LEAVES = statement(
    sa.select(_joined(LOG_ENTRY.c.commitment, LOG_ENTRY.c.index)).where(
        LOG_ENTRY.c.shard == _SHARD,
        LOG_ENTRY.c.index >= _FIRST,
        LOG_ENTRY.c.index < _END,
        LOG_ENTRY.c.month >= argument("from", sa.Date()),
        LOG_ENTRY.c.month <= argument("to", sa.Date()),
    )
)
_NODES = statement(
    sa.select(_joined(LOG_NODE.c.hash, LOG_NODE.c.index)).where(
        LOG_NODE.c.shard == _SHARD,
        LOG_NODE.c.level == _LEVEL,
        LOG_NODE.c.index >= _FIRST,
        LOG_NODE.c.index < _END,
    )
)


class History:
    """Reads the log. ``witnessed``: what is published is what the witnesses were shown; otherwise all that is signed.

    Its methods raise NotFound for what is not there (yet), DatabaseUnavailable, Overloaded.
    """

    def __init__(self, lanes: Lanes, origin: str, signer: NoteSigner, *, witnessed: bool = False) -> None:
        """``signer`` signs for every shard, under the name of each: ``<origin>/<shard>``."""
        self._lanes = lanes
        self._origin = origin
        self._signer = signer
        self._newest = _SHOWN if witnessed else _SIGNED
        self._months: dict[int, _Months] = {}  # by shard; what was there does not change

    def origin(self, shard: int) -> str:
        """The name of a shard on its checkpoints: its address without the scheme."""
        return f"{self._origin}/{shard}"

    def shard_of(self, origin: str) -> int | None:
        """The shard of this name; None for what is none of ours."""
        head, slash, number = origin.rpartition("/")
        known = bool(slash) and head == self._origin and number.isascii() and number.isdigit() and len(number) < 6
        return int(number) if known and number == str(int(number)) else None

    def vkey(self, shard: int) -> str:
        """The key by which its checkpoints are verified (C2SP signed-note)."""
        return self._signer.named(self.origin(shard)).vkey

    async def close(self) -> None:
        """Let go of the connections."""
        await self._lanes.close()

    async def shards(self) -> list[int]:
        """Every shard that ever was."""
        return [int(_found(row[0])) for row in await self._lanes.fetch(_SHARDS, ())]

    async def delays(self, now: datetime) -> list[Delays]:
        """How many accesses departments held back from those whom they were about: by year and by basis."""
        rows = await self._lanes.fetch(_DELAYS, (now.isoformat().encode(),))
        told = [[_found(value).decode() for value in row] for row in rows]
        return [Delays(one[0], one[1], one[2], one[3], int(one[4]), int(one[5])) for one in told]

    async def published(self, shard: int) -> Published:
        """The newest checkpoint that everybody may see."""
        return await self._checkpoint(self._newest, shard)

    async def signed(self, shard: int) -> Published:
        """The newest checkpoint, whether witnesses were shown it or not."""
        return await self._checkpoint(_SIGNED, shard)

    async def tile(self, shard: int, tile: Tile, size: int) -> bytes:
        """A tile of a tree of ``size`` leaves, as it is served; a partial one may be narrower than it could be."""
        level = tile.level or 0
        if tile.width > width(level, tile.index, size):
            raise NotFound
        hashes = await self._hashes(shard, level, tile.index, tile.width, leaves=tile.level is not None)
        if tile.level is not None:
            return hashes
        return b"".join(len(entry).to_bytes(2) + entry for entry in _parted(hashes))

    async def commitment(self, shard: int, index: int) -> bytes:
        """The data of a leaf, as soon as it is there."""
        text = await self._leaves(shard, index, index + 1)
        if not text:
            raise NotFound
        return bytes.fromhex(text)

    async def inclusion(self, shard: int, index: int, size: int) -> list[bytes]:
        """The proof that the leaf is in the tree of ``size`` leaves (RFC 6962 §2.1.1)."""
        if not 0 <= index < size:
            raise NotFound
        return await self._proof(shard, proof.inclusion(index, size), size)

    async def consistency(self, shard: int, old: int, new: int) -> list[bytes]:
        """The proof that the tree of ``new`` leaves began as that of ``old`` (RFC 6962 §2.1.2)."""
        if not 0 <= old <= new:
            raise NotFound
        return await self._proof(shard, proof.consistency(old, new), new)

    async def root(self, shard: int, size: int) -> bytes:
        """The tree head, from the stored hashes."""
        return (await self._proof(shard, [Span(0, size)], size))[0]

    async def edge(self, shard: int, size: int) -> Edge:
        """The edge of the tree as it was at ``size`` leaves, from the stored hashes."""
        spans = [Span(one.start, one.start + (1 << one.height)) for one in subtrees(Span(0, size))]
        return Edge(size, tuple(await self._proof(shard, spans, size)))

    async def _proof(self, shard: int, spans: Sequence[Span], size: int) -> list[bytes]:
        needed = sorted(holding(spans))
        read = await asyncio.gather(
            *(self._hashes(shard, level, index, width(level, index, size)) for level, index in needed)
        )
        tiles = dict(zip(needed, read, strict=True))
        return [span_hash(span, tiles) for span in spans]

    async def _hashes(self, shard: int, level: int, index: int, count: int, *, leaves: bool = True) -> bytes:
        """The first ``count`` hashes of a tile; of the lowest level commitments, unless ``leaves`` are wanted."""
        first = index * WIDTH
        if level:
            bounds = b"%d" % first, b"%d" % (first + count)
            ((found,),) = await self._lanes.fetch(_NODES, (b"%d" % shard, b"%d" % level, *bounds))
            hashes = bytes.fromhex((found or b"").decode("ascii"))
        else:
            hashes = bytes.fromhex(await self._leaves(shard, first, first + count))
        if len(hashes) != count * HASH_SIZE:
            raise NotFound
        if level or not leaves:
            return hashes
        return b"".join(leaf_hash(one) for one in _parted(hashes))

    async def _leaves(self, shard: int, first: int, end: int) -> str:
        """Commitments in hexadecimal, joined; those that are there."""
        seen = self._months.get(shard, _NO_MONTHS)
        if end > seen.end:
            rows = await self._lanes.fetch(_MONTHS, (b"%d" % shard,))
            seen = _Months(tuple((int(_found(at)), _found(month)) for at, month in rows), seen.end)
        within = [(at, month) for at, month in seen.began if at < end]
        earlier = [month for at, month in within if at <= first]
        if not earlier:
            return ""
        bounds = b"%d" % first, b"%d" % end, earlier[-1], within[-1][1]
        ((text,),) = await self._lanes.fetch(_LEAVES, (b"%d" % shard, *bounds))
        found = (text or b"").decode("ascii")
        if len(found) == 2 * HASH_SIZE * (end - first):
            self._months[shard] = seen._replace(end=max(seen.end, end))
        return found

    async def _checkpoint(self, newest: Statement, shard: int) -> Published:
        rows: list[Row] = await self._lanes.fetch(newest, (b"%d" % shard,))
        if not rows:
            raise NotFound
        return Published(int(_found(rows[0][0])), _found(rows[0][1]).decode())


def _parted(hashes: bytes) -> Iterable[bytes]:
    return (hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE))


def _found(value: bytes | None) -> bytes:
    assert value is not None
    return value
