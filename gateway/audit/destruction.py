"""Bodies of entries that were lawfully destroyed: the leaf stays, and a signed reason stands in place of the body.

The reason is a note (C2SP signed-note) of the log itself: which entry, its commitment, on what legal basis, by whom and
when. It is stored beside the entry, and whoever verifies the log verifies it.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.errors import BadInput, Fault
from gateway.signing import NoteInvalid, NoteSigner, NoteVerifier

_HEAD = "credit-gateway log destruction"


def people(names: Sequence[str]) -> int:
    """How many different people are named; spaces around a name and its case tell nobody apart."""
    return len({" ".join(name.split()).casefold() for name in names} - {""})


def sign(signer: NoteSigner, index: int, commitment: bytes, basis: str, by: Sequence[str], at: datetime) -> str:
    """The note; its origin is the signer's name. Raises BadInput: two people and a basis on one line are needed."""
    faults = [Fault(("by",), "two different people must decide it")] if people(by) < 2 else []
    if not basis.strip() or not (basis.isprintable() and all(one.isprintable() and one for one in by)):
        faults.append(Fault(("basis",), "must be said, on one line of printable text"))
    if faults:
        raise BadInput(*faults)
    lines = [_HEAD, signer.name, str(index), base64.b64encode(commitment).decode(), at.astimezone(UTC).isoformat()]
    return signer.sign("\n".join([*lines, basis, *(f"by {one}" for one in by)]) + "\n")


def destroyed(note: str, verifier: NoteVerifier, index: int, commitment: bytes) -> bool:
    """Whether this note, signed by the log, is about this entry."""
    try:
        lines = verifier.verify(note).split("\n")
    except NoteInvalid:
        return False
    return lines[:4] == [_HEAD, verifier.name, str(index), base64.b64encode(commitment).decode()]
