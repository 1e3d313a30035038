"""Months that are closed: for every natural person one list of all that was asked about them, nothing left out.

When a month is closed, a range of every shard belongs to it. For each person of the library, whether anybody looked or
not, the entries about them become elements of a list: each is the hash of a blind and of the entry's place and
commitment. The list is filled up with elements that are no entries (*pads*) to a power of two, eight at least, and
sorted: how many entries there are, and whether one is not shown yet, cannot be told from it. Its head (the root of a
Merkle tree over it) and length are a leaf of one tree over all persons, in the order of their pseudonyms; the root of
that tree stands in an entry of the log.

Who is shown an entry is given its blind, hence sees which element it is. Pads are opened, too, once no entry of the
month can be held back any more: then every element is an entry that was shown or a proven pad.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

from gateway.audit.proof import ProofInvalid, root_of_inclusion
from gateway.audit.receipt import Proven, ReceiptInvalid
from gateway.audit.receipt import verify as verify_receipt
from gateway.audit.tree import Edge, extend, leaf_hash
from gateway.signing import NoteVerifier

LEAST = 8  # elements of a list
_ENTRY, _PAD, _PERSON = b"\x10", b"\x11", b"\x12"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry about somebody: where it stands and what it commits to."""

    origin: str
    index: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Element:
    """One element; ``place`` is None for a pad."""

    hash: bytes
    blind: bytes
    place: Place | None


class ChainInvalid(ValueError):
    """A list does not prove what it says. Carries nothing of it."""


def element(blind: bytes, place: Place | None) -> bytes:
    """The hash of an element."""
    if place is None:
        return sha256(_PAD + blind).digest()
    told = f"{place.origin}\n{place.index}\n".encode()
    return sha256(_ENTRY + blind + told + place.commitment).digest()


def elements(places: Sequence[Place], blinds: Sequence[bytes]) -> list[Element]:
    """The list of one person, sorted; there are :func:`length` blinds, those of the pads last."""
    filled: list[Place | None] = [*places, *[None] * (len(blinds) - len(places))]
    made = [Element(element(blind, place), blind, place) for blind, place in zip(blinds, filled, strict=True)]
    return sorted(made, key=lambda one: one.hash)


def length(entries: int) -> int:
    """How many elements a list of so many entries has."""
    return max(LEAST, 1 << (entries - 1).bit_length() if entries else 0)


def head(hashes: Iterable[bytes]) -> bytes:
    """The head of a list: the root of the tree over its elements (RFC 6962)."""
    return extend(Edge(), map(leaf_hash, hashes))[0].root()


def person(pseudonym: str, size: int, head: bytes) -> bytes:
    """The data of a person's leaf."""
    return sha256(_PERSON + bytes.fromhex(pseudonym) + size.to_bytes(4) + head).digest()


def parse(text: str) -> list[dict[str, object]]:
    """The lists in an answer of ``chains``, or in part of one. Raises ChainInvalid."""
    try:
        found = _within(orjson.loads(text))
    except orjson.JSONDecodeError:
        found = []
    if not found:
        raise ChainInvalid("there is no list in it")
    return found


def _within(value: object) -> list[dict[str, object]]:
    if isinstance(value, dict):
        if "elements" in value and "close" in value:
            return [value]
        return [one for inner in value.values() for one in _within(inner)]
    return [one for inner in value for one in _within(inner)] if isinstance(value, list) else []


def verify(chain: dict[str, object], verifier: NoteVerifier) -> tuple[int, int, int]:
    """Verify one answer of ``chains``: how many entries it shows, how many pads it opens, how many it leaves closed.

    The elements lead to the head, the head to the root over all persons, the root stands in the entry that closed the
    month, and that is in the log. Raises ChainInvalid.
    """
    try:
        return _verified(chain, verifier)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error, ProofInvalid, ReceiptInvalid) as error:
        if isinstance(error, ChainInvalid):
            raise
        raise ChainInvalid(f"it is not whole: {type(error).__name__}") from None


def _verified(chain: dict[str, object], verifier: NoteVerifier) -> tuple[int, int, int]:
    given = chain["elements"]
    close = chain["close"]
    if not isinstance(given, list) or not isinstance(close, dict):
        raise ChainInvalid("elements are a list, and the entry that closed the month is an object")
    hashes = [_bytes(one["hash"]) for one in given]
    if hashes != sorted(hashes) or len(hashes) != length(len(hashes)):
        raise ChainInvalid("the elements are not a sorted list of a power of two")
    shown = pads = 0
    for one, hash in zip(given, hashes, strict=True):
        if one["blind"] is None:
            continue
        pad = one["origin"] is None
        place = None if pad else Place(one["origin"], int(one["index"]), _bytes(one["commitment"]))
        if element(_bytes(one["blind"]), place) != hash:
            raise ChainInvalid("an element is not what its blind says")
        shown, pads = shown + (not pad), pads + pad
    leaf = leaf_hash(person(str(chain["pseudonym"]), len(hashes), head(hashes)))
    proof = [_bytes(one) for one in _list(chain["proof"])]
    root = root_of_inclusion(leaf, int(str(chain["place"])), int(str(chain["persons"])), proof)
    body = str(close["body"])
    said = orjson.loads(body)["close"]
    if said["month"] != chain["month"] or said["persons"] != int(str(chain["persons"])):
        raise ChainInvalid("the entry closed another month")
    if _bytes(said["root"]) != root:
        raise ChainInvalid("the list is not among those that were closed")
    receipt = Proven(
        int(str(close["index"])),
        _bytes(close["commitment"]),
        tuple(_bytes(one) for one in _list(close["proof"])),
        str(close["checkpoint"]),
        body.encode(),
        _bytes(close["salt"]),
    )
    verify_receipt(receipt, verifier)
    return shown, pads, len(hashes) - shown - pads


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ChainInvalid("a proof is a list")
    return value


def _bytes(text: object) -> bytes:
    return base64.b64decode(str(text), validate=True)
