"""Tiles (C2SP tlog-tiles): where they are, which of them a proof needs, and what subtrees they hold.

A tile of level L has 256 hashes, each over ``256**L`` leaves; one at the right edge of the tree is partial.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.audit.proof import Span, Subtree, fold, subtrees
from gateway.audit.tree import HASH_SIZE, TILE_HEIGHT, node_hash

WIDTH = 1 << TILE_HEIGHT
ENTRIES = "entries"  # stands in a path where the level of a hash tile stands
_LARGEST = 1 << 62  # leaves; beyond it there is no tile
_PATH = re.compile(r"(?:x[0-9]{3}/)*[0-9]{3}", re.ASCII).fullmatch
_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile; ``level`` is None for the entries under a tile of level 0."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its place below the log's prefix: ``tile/0/x001/x234/067.p/3``."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{ENTRIES if self.level is None else self.level}/{name}{partial}"


def parse(path: str) -> Tile | None:
    """The tile at a place below ``tile/``; None for what is no such place, in the one spelling that there is."""
    level, _, rest = path.partition("/")
    name, partial, width = rest.partition(".p/")
    if not (level == ENTRIES or _NUMBER(level)) or not _PATH(name) or (partial and not _NUMBER(width)):
        return None
    digits = name.replace("x", "").replace("/", "")
    found = Tile(None if level == ENTRIES else int(level), int(digits), int(width) if partial else WIDTH)
    good = found.path == f"tile/{path}" and found.width > 0 and (found.level or 0) < 64
    return found if good else None


def width(level: int, index: int, size: int) -> int:
    """How many hashes the tile has in a tree of ``size`` leaves; 0: it is not there."""
    if level * TILE_HEIGHT > _LARGEST.bit_length():
        return 0
    return max(0, min(WIDTH, (size >> level * TILE_HEIGHT) - index * WIDTH))


def holding(spans: Iterable[Span]) -> set[tuple[int, int]]:
    """Level and index of every tile that is needed for the hashes of these spans."""
    return {_place(one)[:2] for span in spans for one in subtrees(span)}


def span_hash(span: Span, tiles: Mapping[tuple[int, int], bytes]) -> bytes:
    """The hash of a span, from the tiles that hold its parts. Raises KeyError or ValueError if they do not."""
    return fold([_subtree_hash(one, tiles) for one in subtrees(span)])


def _place(one: Subtree) -> tuple[int, int, int]:
    """Level and index of the tile in which a subtree lies, and the first of its hashes there."""
    level = one.height // TILE_HEIGHT
    first = one.start >> level * TILE_HEIGHT
    return level, first // WIDTH, first % WIDTH


def _subtree_hash(one: Subtree, tiles: Mapping[tuple[int, int], bytes]) -> bytes:
    level, index, first = _place(one)
    tile, count = tiles[level, index], 1 << one.height % TILE_HEIGHT
    hashes = [tile[at * HASH_SIZE : (at + 1) * HASH_SIZE] for at in range(first, first + count)]
    if any(len(hash) != HASH_SIZE for hash in hashes):
        raise ValueError("the tile is too narrow")
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
