"""Receipts that prove themselves: an entry's place in a signed tree, in a file that is verified offline.

As C2SP tlog-proof the ``extra`` line is the commitment, the data of the leaf. As JSON, an answer to ``receipt``, it may
also hold what the parties of an entry are entitled to: its body and salt, of which the commitment is the hash.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

from gateway.audit import checkpoint
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.proof import ProofInvalid, root_of_inclusion
from gateway.audit.tree import HASH_SIZE, leaf_hash
from gateway.signing import NoteInvalid, NoteVerifier

HEAD = "c2sp.org/tlog-proof@v1"
_MOST_HASHES = 63


class ReceiptInvalid(ValueError):
    """The receipt does not prove what it says, or is none. Carries none of its text."""


@dataclass(frozen=True, slots=True)
class Proven:
    """One entry with its proof. ``checkpoint`` is the signed note; body and salt are there for those entitled."""

    index: int
    commitment: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str
    body: bytes | None = None
    salt: bytes | None = None

    def tlog_proof(self) -> str:
        """C2SP tlog-proof."""
        lines = [HEAD, f"extra {_base64(self.commitment)}", f"index {self.index}", *map(_base64, self.hashes), "", ""]
        return "\n".join(lines) + self.checkpoint

    def json(self) -> dict[str, object]:
        """The proof as JSON; bytes in base64."""
        origin, size, _ = self.checkpoint.split("\n", 2)
        return {
            "origin": origin,
            "index": str(self.index),
            "size": size,
            "commitment": _base64(self.commitment),
            "leaf": _base64(leaf_hash(self.commitment)),
            "proof": [_base64(one) for one in self.hashes],
            "checkpoint": self.checkpoint,
        }


def verify(proven: Proven, verifier: NoteVerifier) -> Checkpoint:
    """The checkpoint in whose tree the entry is. Raises ReceiptInvalid."""
    try:
        signed = checkpoint.verify(proven.checkpoint, verifier)
        root = root_of_inclusion(leaf_hash(proven.commitment), proven.index, signed.size, proven.hashes)
    except NoteInvalid as error:
        raise ReceiptInvalid(f"the checkpoint: {error}") from None
    except ProofInvalid as error:
        raise ReceiptInvalid(f"the proof: {error}") from None
    if root != signed.root:
        raise ReceiptInvalid("the proof: it does not lead to the root that was signed")
    if proven.body is not None and sha256((proven.salt or b"") + proven.body).digest() != proven.commitment:
        raise ReceiptInvalid("the body: it is not what the entry commits to")
    return signed


def parse(text: str) -> Proven:
    """Read either form; JSON may also be a whole answer that holds one. Raises ReceiptInvalid."""
    if text.startswith(f"{HEAD}\n"):
        return _of_proof(text.rstrip("\n") + "\n")  # who wrote it to a file may have ended it once more
    return _of_json(text)


def _of_proof(text: str) -> Proven:
    head, found, note = text.partition("\n\n")
    lines = head.split("\n")[1:]
    if not found or len(lines) < 2 or not lines[0].startswith("extra ") or not lines[1].startswith("index "):
        raise ReceiptInvalid("a proof has the commitment, the index, the hashes, an empty line and a checkpoint")
    return _made(lines[1].removeprefix("index "), lines[0].removeprefix("extra "), lines[2:], note)


def _of_json(text: str) -> Proven:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ReceiptInvalid("it is neither a proof nor JSON") from None
    found = _within(found)
    if found is None:
        raise ReceiptInvalid("there is no receipt in it, which has index, commitment, proof and checkpoint")
    index, commitment, hashes, note = (found.get(name) for name in ("index", "commitment", "proof", "checkpoint"))
    if not isinstance(hashes, list) or not all(isinstance(one, str) for one in (index, commitment, note, *hashes)):
        raise ReceiptInvalid("index, commitment, proof and checkpoint are texts and a list of texts")
    entry = found.get("entry")
    body, salt = (entry.get("body"), entry.get("salt")) if isinstance(entry, dict) else (None, None)
    if not isinstance(body, str | None) or not isinstance(salt, str | None):
        raise ReceiptInvalid("body and salt are texts")
    return _made(str(index), str(commitment), hashes, str(note), body, salt)


def _within(value: object) -> dict[str, object] | None:
    """The first object that has the members of a receipt, however deep."""
    if isinstance(value, dict):
        if value.keys() >= {"index", "commitment", "proof", "checkpoint"}:
            return value
        return next((found for one in value.values() if (found := _within(one)) is not None), None)
    return None


def _made(
    index: str, commitment: str, hashes: Sequence[str], note: str, body: str | None = None, salt: str | None = None
) -> Proven:
    if not (index.isascii() and index.isdigit() and len(index) < 20 and index == str(int(index))):
        raise ReceiptInvalid("the index is not a decimal number")
    if len(hashes) > _MOST_HASHES:
        raise ReceiptInvalid("the proof has too many hashes")
    return Proven(
        int(index),
        _bytes(commitment, HASH_SIZE),
        tuple(_bytes(one, HASH_SIZE) for one in hashes),
        note,
        None if body is None else body.encode(),
        None if salt is None else _bytes(salt),
    )


def _bytes(text: str, size: int | None = None) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ReceiptInvalid("not base64") from None
    if size is not None and len(found) != size:
        raise ReceiptInvalid("not a hash")
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
