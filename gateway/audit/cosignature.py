"""Cosignatures of witnesses (C2SP tlog-cosignature, ``cosignature/v1``): who saw a checkpoint, and when.

A witness signs ``cosignature/v1``, the time and the text of the checkpoint; its signature in the note is the time (8
bytes, seconds since 1970) followed by the Ed25519 signature. Its vkey has the algorithm byte 0x04.
"""

import base64
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.signing import MARK, NoteInvalid, key_id, parse_vkey, split

COSIGNATURE = b"\x04"  # algorithm byte of C2SP tlog-cosignature
_ID_SIZE, _TIME_SIZE = 4, 8


@dataclass(frozen=True, slots=True)
class Cosigner:
    """The name and public key of a witness."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> "Cosigner":
        """Read a witness's vkey. Raises NoteInvalid."""
        return cls(*parse_vkey(vkey, COSIGNATURE))

    def cosigned(self, note: str) -> tuple[int, str]:
        """When this witness saw the checkpoint, in seconds since 1970, and its line. Raises NoteInvalid if it did not.

        A signature under its name and key id that is wrong refuses the note.
        """
        text, signatures = split(note)
        id = key_id(self.name, self.public, COSIGNATURE)
        mine = [blob[_ID_SIZE:] for name, blob in signatures if name == self.name and blob[:_ID_SIZE] == id]
        if not mine:
            raise NoteInvalid("not cosigned by this witness")
        newest = 0, b""
        for blob in mine:
            seconds = int.from_bytes(blob[:_TIME_SIZE])
            try:
                key = Ed25519PublicKey.from_public_bytes(self.public)
                key.verify(blob[_TIME_SIZE:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
            except InvalidSignature:
                raise NoteInvalid("the cosignature does not fit the checkpoint") from None
            newest = max(newest, (seconds, blob))
        line = f"{MARK}{self.name} {base64.b64encode(id + newest[1]).decode()}\n"
        return newest[0], line
