"""Bodies of entries whose term is over: the leaves stay, and one signed reason stands in place of many bodies.

Entries are of three sorts, and each has a term of its own (rules ``log.keep.<sort>``). When the term of a sort is over
for a month, the bodies of all its entries in a shard are taken out together. The reason is a note (C2SP signed-note) of
the log: the month, the sort, how many entries and the SHA-256 of their indexes, 8 bytes each, in order. The indexes are
stored beside it.
"""

import base64
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256

from gateway.signing import NoteInvalid, NoteSigner, NoteVerifier

_HEAD = "credit-gateway log retirement"
_SIZE = 8


class Sort(StrEnum):
    """What an entry is about."""

    ACCESS = "access"  # somebody asked or acted, in vain or not
    TRAFFIC = "traffic"  # requests that never became somebody's, counted
    HOUSE = "house"  # what was done with the log itself


def packed(indexes: Iterable[int]) -> bytes:
    """Indexes as they are stored and hashed."""
    return b"".join(index.to_bytes(_SIZE) for index in indexes)


@dataclass(frozen=True, slots=True)
class Retired:
    """The entries of which one note says that their term was over."""

    indexes: "array[int]"

    def __contains__(self, index: int) -> bool:
        at = bisect_left(self.indexes, index)
        return at < len(self.indexes) and self.indexes[at] == index


def sign(signer: NoteSigner, month: date, sort: Sort, indexes: bytes, source: str, at: datetime) -> str:
    """The note about ``indexes`` (packed); ``source`` is one line: the term, and whose it is."""
    lines = [_HEAD, signer.name, f"{month:%Y-%m}", sort.value, *_counted(indexes), at.astimezone(UTC).isoformat()]
    return signer.sign("\n".join([*lines, source]) + "\n")


def retired(note: str, verifier: NoteVerifier, month: date, sort: str, indexes: bytes) -> Retired | None:
    """The entries of a note that the log signed about them; None if it did not."""
    try:
        lines = verifier.verify(note).split("\n")
    except NoteInvalid:
        return None
    if lines[:6] != [_HEAD, verifier.name, f"{month:%Y-%m}", sort, *_counted(indexes)]:
        return None
    numbers = array("Q", indexes)
    numbers.byteswap()  # stored with the highest byte first
    return Retired(numbers)


def _counted(indexes: bytes) -> tuple[str, str]:
    return str(len(indexes) // _SIZE), base64.b64encode(sha256(indexes).digest()).decode()
