"""Sealed values: version (1) ‖ suite (1) ‖ key id (4) ‖ nonce (12) ‖ ciphertext and tag (16).

Suite 1 is AES-256-GCM (NIST SP 800-38D), suite 2 SM4-GCM (GB/T 32907, RFC 8998). The associated data bind the header,
kind, column and row, so that a value moved to another place, or relabelled, does not open. The subject is bound by
its key. A subject's key seals some thousands of values at most, far below the 2**32 that random 96-bit nonces allow.
"""

from enum import IntEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.clock import Random
from gateway.errors import Fault, InternalError, SealBroken
from gateway.vault.secret import Secret

VERSION = 1
HEADER_SIZE = 6
NONCE_SIZE = 12
TAG_SIZE = 16
BODY = HEADER_SIZE + NONCE_SIZE
OVERHEAD = BODY + TAG_SIZE  # by how much what is sealed is longer


class Suite(IntEnum):
    """Which cipher sealed a value; the number stands in the value."""

    AES_256_GCM = 1
    SM4_GCM = 2


class SubjectKey(Secret):
    """The unwrapped key of one subject, with its 4-byte id."""

    __slots__ = ("_aes", "_raw", "_sm4", "id")

    def __init__(self, key_id: bytes, raw: bytes) -> None:
        """Of 32 random bytes."""
        self.id = key_id
        self._raw = raw
        self._aes = AESGCM(raw)
        self._sm4: algorithms.SM4 | None = None

    def encrypt(self, suite: Suite, nonce: bytes, clear: bytes, bound: bytes) -> bytes:
        """Ciphertext and tag."""
        if suite is Suite.AES_256_GCM:
            return self._aes.encrypt(nonce, clear, bound)
        context = Cipher(self._sm4_key(), modes.GCM(nonce)).encryptor()
        context.authenticate_additional_data(bound)
        return context.update(clear) + context.finalize() + context.tag

    def decrypt(self, suite: int, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        """The clear bytes, only after the tag was found right; ``InvalidTag`` or :class:`SealBroken` otherwise."""
        if suite == Suite.AES_256_GCM:
            return self._aes.decrypt(nonce, sealed, bound)
        if suite == Suite.SM4_GCM:
            context = Cipher(self._sm4_key(), modes.GCM(nonce, sealed[-TAG_SIZE:])).decryptor()
            context.authenticate_additional_data(bound)
            return context.update(sealed[:-TAG_SIZE]) + context.finalize()
        raise SealBroken

    def _sm4_key(self) -> algorithms.SM4:
        """SM4 takes 16 bytes: the first half of a key derived for it, never a part of the AES key itself."""
        if self._sm4 is None:
            expand = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"credit-gateway/1/sm4")
            self._sm4 = algorithms.SM4(expand.derive(self._raw)[:16])
        return self._sm4


def _place(kind: str, column: str, row: int) -> bytes:
    """What a value is bound to. Words of the catalogue hold no NUL, so no two places have the same bytes."""
    return f"{kind}\0{column}\0{row}".encode()


def _piece(kind: str, row: int, number: int, last: bool) -> bytes:
    """What a piece of a file is bound to: one part more than a value has."""
    return f"{kind}\0piece\0{row}\0{number}{'.' if last else ','}".encode()


def seal(key: SubjectKey, suite: Suite, random: Random, kind: str, column: str, row: int, text: str) -> bytes:
    """Seal ``text`` for one column of one row (its record id, or the subject's id for subjects).

    Raises :class:`InternalError` for text that is not Unicode (lone surrogates), which intake must have refused.
    """
    try:
        clear = text.encode()
    except UnicodeEncodeError:
        raise InternalError(Fault((kind, column), "the text to seal is not valid Unicode")) from None
    return _seal(key, suite, random, _place(kind, column, row), clear)


def unseal(key: SubjectKey, kind: str, column: str, row: int, sealed: bytes) -> str:
    """The text; :class:`SealBroken`, and no part of it, for any wrong key, place, version, suite or changed byte."""
    try:
        return _unseal(key, _place(kind, column, row), sealed).decode()
    except UnicodeDecodeError:
        raise SealBroken from None


def seal_piece(
    key: SubjectKey, suite: Suite, random: Random, kind: str, row: int, number: int, last: bool, clear: bytes
) -> bytes:
    """Seal one piece of the file of a row, bound to its number and to whether it is the last.

    So no piece can be left out, put elsewhere or cut off without being noticed.
    """
    return _seal(key, suite, random, _piece(kind, row, number, last), clear)


def unseal_piece(key: SubjectKey, kind: str, row: int, number: int, last: bool, sealed: bytes) -> bytes:
    """One piece of a file; :class:`SealBroken`, and no part of it, if anything does not fit."""
    return _unseal(key, _piece(kind, row, number, last), sealed)


def _seal(key: SubjectKey, suite: Suite, random: Random, place: bytes, clear: bytes) -> bytes:
    header = bytes((VERSION, suite)) + key.id
    nonce = random.bytes(NONCE_SIZE)
    return header + nonce + key.encrypt(suite, nonce, clear, header + place)


def _unseal(key: SubjectKey, place: bytes, sealed: bytes) -> bytes:
    header = sealed[:HEADER_SIZE]
    if len(sealed) < OVERHEAD or header[0] != VERSION or header[2:] != key.id:
        raise SealBroken
    try:
        return key.decrypt(header[1], sealed[HEADER_SIZE:BODY], sealed[BODY:], header + place)
    except InvalidTag:
        raise SealBroken from None
