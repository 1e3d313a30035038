"""The Merkle tree of RFC 6962, kept as its right edge only.

The *edge* of a tree of n leaves is the list of its complete subtrees, largest first: one hash for each bit set in n.
It is all one needs to append leaves and to compute the root. While appending, the hashes of complete tiles come by;
they are returned for storage (C2SP tlog-tiles: node ``index`` of ``level`` covers 256**level leaves).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

HASH_SIZE = 32
TILE_HEIGHT = 8

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf (RFC 6962 §2.1)."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962 §2.1)."""
    return sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """The hash of a complete tile: it covers leaves ``index * 256**level`` up to the next multiple."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """The complete subtrees of a tree of ``size`` leaves, largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, size: int, data: bytes) -> "Edge":
        """From the form in which it is stored, hashes joined. Raises ValueError if size and hashes do not fit."""
        if size < 0 or len(data) != HASH_SIZE * size.bit_count():
            raise ValueError("the edge does not fit the size")
        return cls(size, tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)))

    def root(self) -> bytes:
        """The tree head (RFC 6962 §2.1); of the empty tree SHA-256 of nothing."""
        if not self.hashes:
            return sha256().digest()
        *rest, root = self.hashes
        for left in reversed(rest):
            root = node_hash(left, root)
        return root


def extend(edge: Edge, leaves: Iterable[bytes]) -> tuple[Edge, list[Node]]:
    """The edge after ``leaves`` (leaf hashes, in order) were appended, and the tiles completed by them."""
    stack = list(edge.hashes)
    size = edge.size
    nodes: list[Node] = []
    for leaf in leaves:
        size += 1
        whole, position, height = leaf, size, 0
        while not position & 1:  # each factor of two in the size completes one more subtree
            whole = sha256(_NODE + stack.pop() + whole).digest()
            position >>= 1
            height += 1
            if not height % TILE_HEIGHT:
                nodes.append(Node(height // TILE_HEIGHT, position - 1, whole))
        stack.append(whole)
    return Edge(size, tuple(stack)), nodes
