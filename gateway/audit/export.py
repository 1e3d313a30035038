"""Entries of one shard and month in a file of their own, which proves itself: they are those of the log, all of them.

A file is a line of JSON (:class:`Head`) and, behind it, parts: 4 bytes of length, then as many bytes sealed under the
audit key, compressed JSON within. The first part holds the signed reasons for bodies that are gone, the others hold
entries in their order. The head proves what they are: the edge of the tree before them; a checkpoint that the log
signed; the proof that its tree began as the one that ends with them (RFC 9162 §2.1.4). So nobody has to believe the
file, and without the audit key it says no more than the tree does.
"""

import base64
import binascii
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import BinaryIO, NamedTuple

import orjson

from gateway.audit import checkpoint
from gateway.audit.destruction import destroyed
from gateway.audit.proof import ProofInvalid, check_consistency
from gateway.audit.retirement import Retired, retired
from gateway.audit.tree import HASH_SIZE, Edge, extend, leaf_hash
from gateway.signing import NoteInvalid, NoteVerifier

FORMAT = "credit-gateway log export v1"
_LENGTH = 4
_LONGEST_HEAD, _LONGEST_PART = 1 << 20, 1 << 28


class ExportInvalid(ValueError):
    """The file is no export, or does not prove what it says. Carries none of its entries."""


class Exported(NamedTuple):
    """One entry with all that the log holds of it; without its body if that was gone already."""

    number: int  # its index
    body: bytes | None
    salt: bytes
    commitment: bytes
    sealed: bytes | None


class Reason(NamedTuple):
    """A signed reason for which bodies are gone: of one entry, or of a sort of entries of the month (``indexes``)."""

    note: str
    sort: str = ""
    indexes: bytes = b""


@dataclass(frozen=True, slots=True)
class Head:
    """Which entries: ``first`` up to but without ``edge.size + count``, and what proves that they are."""

    origin: str
    month: date
    edge: Edge  # of the tree before them
    count: int
    consistency: tuple[bytes, ...]  # from the tree that ends with them to that of the checkpoint
    checkpoint: str

    @property
    def end(self) -> int:
        """The index behind the last of them."""
        return self.edge.size + self.count


def write(
    file: BinaryIO,
    head: Head,
    reasons: Sequence[Reason],
    entries: Iterable[Sequence[Exported]],
    seal: Callable[[bytes], bytes],
) -> None:
    """Write a file; ``entries`` come in parts."""
    told = {
        "format": FORMAT,
        "origin": head.origin,
        "month": f"{head.month:%Y-%m}",
        "first": head.edge.size,
        "count": head.count,
        "edge": [_text(one) for one in head.edge.hashes],
        "consistency": [_text(one) for one in head.consistency],
        "checkpoint": head.checkpoint,
    }
    file.write(orjson.dumps(told) + b"\n")
    _put(file, [[one.note, one.sort, _text(one.indexes)] for one in reasons], seal)
    for some in entries:
        _put(file, [_row(one) for one in some], seal)


def read_head(file: BinaryIO) -> Head:
    """The head; the file then stands before its parts. Raises ExportInvalid."""
    line = file.readline(_LONGEST_HEAD)
    try:
        told = orjson.loads(line)
        if told["format"] != FORMAT or not line.endswith(b"\n"):
            raise ExportInvalid("it is no export of a log")
        return Head(
            str(told["origin"]),
            date.fromisoformat(f"{told['month']}-01"),
            Edge.parse(int(told["first"]), b"".join(_hash(one) for one in told["edge"])),
            int(told["count"]),
            tuple(_hash(one) for one in told["consistency"]),
            str(told["checkpoint"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ExportInvalid):
            raise
        raise ExportInvalid("its head is not that of an export") from None


class Proof(NamedTuple):
    """What a file was found to hold."""

    entries: int
    gone: int  # bodies that were gone when it was written, each for a reason that the log signed


def verify(
    file: BinaryIO, verifier: NoteVerifier, unseal: Callable[[bytes], bytes], each: Callable[[Exported], None]
) -> Proof:
    """Verify a whole file; ``each`` is called with every entry, of which nothing is proved before this returns.

    ``unseal`` raises what it likes for a part that is not sealed under its key. Raises ExportInvalid.
    """
    head = read_head(file)
    if head.origin != verifier.name:
        raise ExportInvalid("it is of another log than the key")
    parts = _parts(file, unseal)
    notes, retirements = _reasons(next(parts, None), head, verifier)
    edge, gone = head.edge, 0
    for part in parts:
        leaves: list[bytes] = []
        for row in part:
            one = _entry(row)
            if one.number != edge.size + len(leaves):
                raise ExportInvalid(f"entry {edge.size + len(leaves)} is not there")
            if one.body is None:
                reasoned = any(destroyed(note, verifier, one.number, one.commitment) for note in notes)
                if not reasoned and not any(one.number in some for some in retirements):
                    raise ExportInvalid(f"entry {one.number} has no body, and nobody signed a reason")
                gone += 1
            elif sha256(one.salt + one.body).digest() != one.commitment:
                raise ExportInvalid(f"entry {one.number}: body, salt and commitment do not belong together")
            leaves.append(leaf_hash(one.commitment))
            each(one)
        edge, _ = extend(edge, leaves)
    if edge.size != head.end:
        raise ExportInvalid(f"it ends before entry {edge.size}, and should before entry {head.end}")
    try:
        signed = checkpoint.verify(head.checkpoint, verifier)
        check_consistency(edge.size, edge.root(), signed.size, signed.root, head.consistency)
    except NoteInvalid as error:
        raise ExportInvalid(f"the checkpoint: {error}") from None
    except ProofInvalid as error:
        raise ExportInvalid(f"its entries are not those of the log: {error}") from None
    return Proof(head.count, gone)


def _reasons(part: Sequence[object] | None, head: Head, verifier: NoteVerifier) -> tuple[list[str], list[Retired]]:
    if part is None:
        raise ExportInvalid("it ends behind its head")
    notes, found = [], []
    for row in part:
        if not isinstance(row, list) or len(row) != 3 or not all(isinstance(one, str) for one in row):
            raise ExportInvalid("its reasons are not reasons")
        note, sort, indexes = row
        if not sort:
            notes.append(note)
            continue
        one = retired(note, verifier, head.month, sort, _bytes(indexes))
        if one is None:
            raise ExportInvalid("a reason for which bodies are gone is not one that was signed")
        found.append(one)
    return notes, found


def _put(file: BinaryIO, part: object, seal: Callable[[bytes], bytes]) -> None:
    sealed = seal(zlib.compress(orjson.dumps(part)))
    file.write(len(sealed).to_bytes(_LENGTH) + sealed)


def _parts(file: BinaryIO, unseal: Callable[[bytes], bytes]) -> Iterator[Sequence[object]]:
    while length := file.read(_LENGTH):
        size = int.from_bytes(length)
        sealed = file.read(min(size, _LONGEST_PART))
        if len(length) != _LENGTH or len(sealed) != size:
            raise ExportInvalid("it was cut off")
        try:
            part = orjson.loads(zlib.decompress(unseal(sealed)))
        except (zlib.error, orjson.JSONDecodeError):
            part = None
        if not isinstance(part, list):
            raise ExportInvalid("a part is not one of an export")
        yield part


def _row(one: Exported) -> list[object]:
    body = None if one.body is None else one.body.decode()
    return [one.number, body, _text(one.salt), _text(one.commitment), None if one.sealed is None else _text(one.sealed)]


def _entry(row: object) -> Exported:
    if not isinstance(row, list) or len(row) != 5 or not isinstance(row[0], int):
        raise ExportInvalid("an entry is not one of an export")
    index, body, salt, commitment, sealed = row
    kept = body.encode() if isinstance(body, str) else None
    return Exported(index, kept, _bytes(salt), _hash(commitment), None if sealed is None else _bytes(sealed))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raise ExportInvalid("not base64") from None


def _hash(text: object) -> bytes:
    found = _bytes(text)
    if len(found) != HASH_SIZE:
        raise ExportInvalid("not a hash")
    return found
