"""Opaque node ids and cursors: one AES-256 block, kind (1) ‖ row (7) ‖ zero (8), as 22 characters of base64url.

A block cipher is a pseudo-random permutation: ids are not sequential, the same row always has the same id, and a
made-up one decodes to eight zero bytes with probability 2**-64. Rows of natural persons are encrypted under a key of
the consumer, so two consumers cannot compare what they were given, and a foreign id reads like no id at all. No mode is
needed: each id is exactly one block, so the ECB contexts below are the bare cipher, and ``update`` may be called again
and again.
"""

import binascii
import re
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.errors import Fault, InternalError
from gateway.vault.keys import DomainKeys, Use
from gateway.vault.secret import Secret

ROW_LIMIT = 1 << 56
CACHED_CONSUMERS = 512

# The last of 22 characters carries two bits; any other letter there would be a second spelling of the same id.
_SPELLING = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]").fullmatch
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_ZEROS = bytes(8)


class Permutation(Secret):
    """(kind, row) ↔ 22 characters under one key. Not for use by two threads at once."""

    __slots__ = ("_decrypt", "_encrypt")

    def __init__(self, key: bytes) -> None:
        """Of 32 bytes."""
        cipher = Cipher(algorithms.AES(key), modes.ECB())
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update

    def write(self, kind: int, row: int) -> str:
        """The id of a row; ``kind`` < 256, ``row`` < 2**56."""
        if not (0 <= row < ROW_LIMIT and 0 <= kind < 256):
            raise InternalError(Fault((), "a row cannot be given an id"))
        block = self._encrypt((kind << 56 | row).to_bytes(8) + _ZEROS)
        return binascii.b2a_base64(block, newline=False)[:22].translate(_TO_URL).decode("ascii")

    def read(self, text: str) -> tuple[int, int] | None:
        """(kind, row) of what :meth:`write` made, None for anything else; never raises."""
        if not _SPELLING(text):
            return None
        block = self._decrypt(binascii.a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"=="))
        return (block[0], int.from_bytes(block[1:8])) if block[8:] == _ZEROS else None


class Ids(Secret):
    """The ids of one use, nodes or cursors: one permutation for everybody, one per consumer for persons."""

    __slots__ = ("_common", "_of_consumer")

    def __init__(self, keys: DomainKeys, use: str) -> None:
        """``use`` keeps nodes and cursors apart: the one never reads as the other."""
        key = keys.newest(Use.IDS)
        self._common = Permutation(key.derive(f"{use}/common"))

        def of_consumer(consumer: str) -> Permutation:
            return Permutation(key.derive(f"{use}/consumer", consumer.encode(errors="surrogatepass")))

        self._of_consumer = lru_cache(maxsize=CACHED_CONSUMERS)(of_consumer)

    def write(self, kind: int, row: int, personal: bool, consumer: str) -> str:
        """The id; of a person's row for this consumer only."""
        return self.under(personal, consumer).write(kind, row)

    def under(self, personal: bool, consumer: str) -> Permutation:
        """What writes ids of such rows for this consumer; InternalError if persons' ids are wanted for nobody."""
        if not personal:
            return self._common
        if not consumer:
            raise InternalError(Fault((), "a person's row has no id for nobody"))
        return self._of_consumer(consumer)

    def read(self, text: str, consumer: str) -> tuple[int, int, bool] | None:
        """(kind, row, personal); None for what is not an id, or not one for this consumer. Never raises."""
        found = self._common.read(text)
        if found is not None:
            return *found, False
        mine = self._of_consumer(consumer).read(text) if consumer else None
        return None if mine is None else (*mine, True)
