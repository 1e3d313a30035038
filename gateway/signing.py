"""Ed25519 signed notes (C2SP signed-note): the signatures on checkpoints and, later, on answers and documents.

A note is text that ends in a newline, an empty line, and signature lines ``— <name> <base64(key id ‖ signature)>``.
Keys travel as ``<name>+<hex key id>+<base64(0x01 ‖ public key)>`` (*vkey*); the key id is the first four bytes of
SHA-256(name ‖ newline ‖ 0x01 ‖ public key), so the same key under another name is another identity.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"  # algorithm byte of C2SP signed-note
MARK = "\u2014 "  # em dash and space open a signature line
SEED_SIZE = 32
MOST_SIGNATURES = 100  # a note with more is refused before any is checked


class NoteInvalid(ValueError):
    """The note, key or signature is not well formed, or nobody trusted signed it. Carries none of the text."""


def check_name(name: str) -> None:
    """Raises NoteInvalid for a name that cannot stand in a note."""
    if not name or "+" in name or any(char.isspace() for char in name) or not name.isprintable():
        raise NoteInvalid("a key name is not empty and has neither space nor plus")


def key_id(name: str, public: bytes, algorithm: bytes = ED25519) -> bytes:
    """By what a signature line says whose it is: 4 bytes."""
    return hashlib.sha256(name.encode() + b"\n" + algorithm + public).digest()[:4]


def parse_vkey(vkey: str, algorithm: bytes) -> tuple[str, bytes]:
    """Name and public key of a vkey of this algorithm, all of which have Ed25519 keys. Raises NoteInvalid."""
    parts = vkey.split("+", 2)
    if len(parts) != 3:
        raise NoteInvalid("a vkey has three parts")
    name, id, encoded = parts
    check_name(name)
    key = decode(encoded)
    if key[:1] != algorithm or len(key) != 1 + SEED_SIZE or base64.b64encode(key).decode() != encoded:
        raise NoteInvalid(f"not an Ed25519 key of algorithm {algorithm.hex()}")
    if id != key_id(name, key[1:], algorithm).hex():
        raise NoteInvalid("the key id does not fit the key")
    return name, key[1:]


def decode(text: str) -> bytes:
    """Base64 as notes have it. Raises NoteInvalid."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("not base64") from None


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(char < " " and char != "\n" for char in text):
        raise NoteInvalid("the text ends in a newline and has no other control character")


class NoteSigner:
    """A private key and the name it signs under. Prints only its public part."""

    def __init__(self, name: str, seed: bytes) -> None:
        """``seed`` is the 32-byte Ed25519 private key (RFC 8032). Raises NoteInvalid for a bad name or size."""
        check_name(name)
        if len(seed) != SEED_SIZE:
            raise NoteInvalid("an Ed25519 private key has 32 bytes")
        self.name = name
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key().public_bytes_raw()
        self._id = key_id(name, self._public)

    def __repr__(self) -> str:
        return f"NoteSigner({self.vkey})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not pickled")

    @property
    def vkey(self) -> str:
        """The public key, as verifiers take it."""
        return f"{self.name}+{self._id.hex()}+{base64.b64encode(ED25519 + self._public).decode()}"

    def named(self, name: str) -> "NoteSigner":
        """The same key under another name: every log has its own identity. Raises NoteInvalid for a bad name."""
        return NoteSigner(name, self._seed)

    def sign(self, text: str) -> str:
        """``text`` (ends in a newline) as a note signed by this key. Raises NoteInvalid if it cannot be a note."""
        _check_text(text)
        signature = self._private.sign(text.encode())
        return f"{text}\n{MARK}{self.name} {base64.b64encode(self._id + signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key and the name it must sign under."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> "NoteVerifier":
        """Read a vkey. Raises NoteInvalid if it is malformed, of another algorithm, or its key id is wrong."""
        return cls(*parse_vkey(vkey, ED25519))

    def verify(self, note: str) -> str:
        """The text of a note that this key signed. Raises NoteInvalid in every other case.

        Signatures of other keys are passed over; a wrong one under this name and key id refuses the note.
        """
        text, signatures = split(note)
        id = key_id(self.name, self.public)
        mine = [blob[4:] for name, blob in signatures if name == self.name and blob[:4] == id]
        if not mine:
            raise NoteInvalid("not signed by this key")
        key = Ed25519PublicKey.from_public_bytes(self.public)
        for signature in mine:
            try:
                key.verify(signature, text.encode())
            except InvalidSignature:
                raise NoteInvalid("the signature does not fit the text") from None
        return text


def split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """A note's text and its signatures (name, key id ‖ signature), unchecked. Raises NoteInvalid if malformed."""
    head, found, tail = note.rpartition("\n\n")
    if not found or not tail.endswith("\n"):
        raise NoteInvalid("a note has a text, an empty line and signatures")
    text = head + "\n"
    _check_text(text)
    signatures: list[tuple[str, bytes]] = []
    for line in tail[:-1].split("\n"):
        name, space, encoded = line.removeprefix(MARK).partition(" ")
        blob = decode(encoded)
        if not line.startswith(MARK) or not name or not space or len(blob) < 5:
            raise NoteInvalid("a signature line has a name and a signature")
        signatures.append((name, blob))
    if len(signatures) > MOST_SIGNATURES:
        raise NoteInvalid("too many signatures")
    return text, signatures


def load_or_create(path: Path, name: str, random_bytes: Callable[[int], bytes]) -> NoteSigner:
    """The key in ``path`` (base64 of 32 bytes, mode 0600), made on first use from ``random_bytes``.

    The new file is written aside, flushed and linked into place: two processes that start together end up with one
    key, and a crash leaves none or a whole one. Raises NoteInvalid for a file that is no key or that others may read,
    OSError if it cannot be written.
    """
    if not path.exists():
        _create(path, random_bytes)
    if path.stat().st_mode & 0o077:
        raise NoteInvalid("the key file may be read by its owner only (mode 0600)")
    return NoteSigner(name, decode(path.read_text("ascii").strip()))


def _create(path: Path, random_bytes: Callable[[int], bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{random_bytes(8).hex()}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(random_bytes(SEED_SIZE)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            return  # another process was first; its key is the one
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        aside.unlink(missing_ok=True)
