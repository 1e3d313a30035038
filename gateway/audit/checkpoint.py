"""C2SP checkpoints: what a log of this origin, at this size, looks like, signed."""

import base64
import binascii
from dataclasses import dataclass

from gateway.audit.tree import HASH_SIZE, Edge
from gateway.signing import NoteInvalid, NoteSigner, NoteVerifier


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: origin, number of leaves, RFC 6962 root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text: three lines, each with its newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign(edge: Edge, signer: NoteSigner) -> str:
    """The signed checkpoint of a tree; its origin is the signer's name."""
    return signer.sign(Checkpoint(signer.name, edge.size, edge.root()).text())


def verify(note: str, verifier: NoteVerifier) -> Checkpoint:
    """The checkpoint in a note that ``verifier`` signed for its own origin. Raises NoteInvalid."""
    lines = verifier.verify(note).split("\n")
    if len(lines) < 4 or lines[0] != verifier.name:
        raise NoteInvalid("not a checkpoint of this log")
    digits, encoded = lines[1:3]
    if not (digits.isascii() and digits.isdigit()) or digits != str(int(digits)):
        raise NoteInvalid("the size is not a decimal number")
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("the root is not base64") from None
    if len(root) != HASH_SIZE:
        raise NoteInvalid("the root is not a hash")
    return Checkpoint(lines[0], int(digits), root)
