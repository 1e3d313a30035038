"""XAES-256-GCM (C2SP): AES-256-GCM under a key derived from the first half of a 24-byte nonce.

One audit key seals every log entry of an installation. Plain GCM with random nonces may do so 2**32 times, which a busy
gateway reaches within weeks. Here the first half of the nonce is drawn at random for a run of messages, so that
their key is derived once, and the second half for each: within a run of 2**20, two alike have a probability of 2**-57.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.clock import Random
from gateway.vault.secret import Secret

NONCE_SIZE = 24
_HALF = 12
_SMALLEST = NONCE_SIZE + 16
_RUN = 1 << 20  # messages under one derived key


class Xaes(Secret):
    """Sealing under one long-lived key. Not for use by two threads at once."""

    __slots__ = ("_block", "_first", "_gcm", "_left", "_mask")

    def __init__(self, key: bytes) -> None:
        """Of 32 bytes."""
        self._block = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update
        doubled = int.from_bytes(self._block(bytes(16))) << 1
        self._mask = doubled ^ (1 << 128 | 0x87) if doubled >> 128 else doubled  # the CMAC subkey K1 (SP 800-38B)
        self._left = 0  # messages that may still be sealed under ``_gcm``
        self._first = b""
        self._gcm = AESGCM(key)  # replaced before its first use

    def encrypt(self, random: Random, clear: bytes, bound: bytes) -> bytes:
        """Nonce, ciphertext and tag."""
        if self._left == 0:
            self._first = random.bytes(_HALF)
            self._gcm = AESGCM(self._derive(self._first))
            self._left = _RUN
        self._left -= 1
        second = random.bytes(_HALF)
        return self._first + second + self._gcm.encrypt(second, clear, bound)

    def decrypt(self, sealed: bytes, bound: bytes) -> bytes:
        """The clear bytes; ``InvalidTag`` if anything was changed."""
        if len(sealed) < _SMALLEST:
            raise InvalidTag
        nonce = sealed[:NONCE_SIZE]
        return AESGCM(self._derive(nonce)).decrypt(nonce[_HALF:], sealed[NONCE_SIZE:], bound)

    def _derive(self, nonce: bytes) -> bytes:
        blocks = (b"\x00" + bytes((counter,)) + b"X\x00" + nonce[:_HALF] for counter in (1, 2))
        return self._block(b"".join((int.from_bytes(block) ^ self._mask).to_bytes(16) for block in blocks))
