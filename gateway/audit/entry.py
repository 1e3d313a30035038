"""One group of entries: what is hashed, and the parameters with which the append function writes it."""

import base64
from asyncio import Future
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256

from gateway.audit.canonical import NotCanonical, canonical
from gateway.audit.tree import HASH_SIZE, Edge, Node, extend, leaf_hash
from gateway.values import Check, Entry, Receipt

SALT_SIZE = 32


class Lost(Enum):
    """How a check is lost."""

    BASIS = "lost"  # the consent or mandate does not hold
    USE = "conflict"  # the key of the use stands for another one


class Waiting:
    """An entry between ``append`` and its commit. Owned by the log; everything that can fail was done when it was made.

    ``body`` becomes ``refusal`` (or ``conflict``) and ``checks`` empty when a check is lost, which is then ``lost``;
    ``tries`` counts how often a check was busy.
    """

    __slots__ = ("body", "checks", "conflict", "future", "lost", "refusal", "sealed", "size", "tries")

    def __init__(self, entry: Entry, sealed: bytes | None, future: "Future[Receipt]") -> None:
        """Raises NotCanonical, here and not in a group: one bad entry must not take others along."""
        self.body = canonical(entry.body)
        self.checks = tuple(map(_encode, entry.checks))
        self.refusal = canonical(entry.refusal) if entry.checks else self.body
        self.conflict = self.refusal if entry.conflict is None else canonical(entry.conflict)
        self.sealed = sealed or b""
        self.size = len(self.body) + len(self.sealed)  # as admitted; a refusal is shorter or nearly so
        self.future = future
        self.lost: Lost | None = None
        self.tries = 0

    def refuse(self, lost: Lost) -> None:
        """A check is lost: what will be written is the refusal."""
        self.body, self.checks, self.lost = self.refusal if lost is Lost.BASIS else self.conflict, (), lost


EncodedCheck = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes]


def _encode(check: Check) -> EncodedCheck:
    if check.kind not in ("consent", "use", "mandate"):
        raise NotCanonical
    return (
        check.kind.encode(),
        _element(check.number),
        b"%d" % check.subject,
        _element(check.consumer),
        _element(check.purpose),
        _element(check.use),
        _element(check.document),
    )


def _element(text: str) -> bytes:
    """A text as an element of a PostgreSQL array literal."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise NotCanonical from None
    if b"\0" in data:
        raise NotCanonical
    return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


@dataclass(frozen=True, slots=True)
class Group:
    """Entries with their places in the tree: the edge they lead to and what the append function is called with."""

    entries: list[Waiting]
    leaves: list[bytes]
    before: int
    edge: Edge
    parameters: tuple[bytes | None, ...]

    def receipts(self, origin: str) -> list[Receipt]:
        """One receipt per entry, true once the group is committed."""
        encode = base64.b64encode
        return [
            Receipt(origin, index, encode(leaf).decode("ascii")) for index, leaf in enumerate(self.leaves, self.before)
        ]

    def owners(self, ordinals: list[int]) -> list[Waiting]:
        """The entries whose checks have these ordinals (from 1, counted through the group)."""
        holders = [entry for entry in self.entries for _ in entry.checks]
        return [holders[ordinal - 1] for ordinal in ordinals]


def commit_salted(salt: bytes, body: bytes) -> bytes:
    """The commitment: SHA-256(salt ‖ body). It alone is the leaf's data, so the tree can be public, the body not."""
    return sha256(salt + body).digest()


def build(shard: bytes, epoch: bytes, edge: Edge, entries: list[Waiting], salts: bytes, now: datetime) -> Group:
    """Place ``entries`` behind ``edge``.

    ``salts`` are 32 fresh random bytes for each; ``now`` is the moment at which the checks must hold.
    """
    commitments = [
        sha256(salts[at : at + SALT_SIZE] + entry.body).digest()
        for at, entry in zip(range(0, len(salts), SALT_SIZE), entries, strict=True)
    ]
    leaves = list(map(leaf_hash, commitments))
    after, nodes = extend(edge, leaves)
    sealed = b"".join([entry.sealed for entry in entries])
    parameters = (
        shard,
        epoch,
        b"%d" % edge.size,
        b"%d" % after.size,
        _bytea(b"".join(after.hashes)),
        b"".join([entry.body for entry in entries]),
        _numbers([len(entry.body) for entry in entries]),
        _bytea(salts),
        _bytea(b"".join(commitments)),
        _bytea(sealed) if sealed else None,
        _numbers([len(entry.sealed) for entry in entries]),
        *_nodes(nodes),
        *_checks([check for entry in entries for check in entry.checks]),
        now.isoformat().encode(),
    )
    return Group(entries, leaves, edge.size, after, parameters)


def _nodes(nodes: list[Node]) -> tuple[bytes | None, ...]:
    if not nodes:
        return (None, None, None)
    return (
        _numbers([node.level for node in nodes]),
        _numbers([node.index for node in nodes]),
        _bytea(b"".join([node.hash for node in nodes])),
    )


def _checks(checks: list[EncodedCheck]) -> tuple[bytes | None, ...]:
    if not checks:
        return (None, None, None, None, None, None, None)
    return tuple(b"{" + b",".join(column) + b"}" for column in zip(*checks, strict=True))


def _numbers(numbers: list[int]) -> bytes:
    return b"{" + ",".join(map(str, numbers)).encode() + b"}"


def _bytea(data: bytes) -> bytes:
    return b"\\x" + data.hex().encode()


def parse_edge(size: bytes, edge: bytes) -> Edge:
    """An edge as the database's text protocol gives it. Raises ValueError if it does not fit its size."""
    if not edge.startswith(b"\\x") or len(edge) % (2 * HASH_SIZE) != 2:
        raise ValueError("not an edge")
    return Edge.parse(int(size), bytes.fromhex(edge[2:].decode("ascii")))
