"""Keys of subjects, wrapped: version (1) ‖ domain key id (4) ‖ subject key id (4) ‖ nonce (12) ‖ AES-256-GCM (48).

GCM and not RFC 3394 key wrap: both unwrap in about a microsecond, but only GCM binds the subject's id, so that a
wrapped key copied onto another subject does not open. Destroying these 69 bytes erases the subject's sealed values.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.clock import Random
from gateway.errors import SealBroken
from gateway.vault.keys import ID_SIZE, SECRET_SIZE, DomainKeys, Use
from gateway.vault.seal import NONCE_SIZE, TAG_SIZE, SubjectKey
from gateway.vault.secret import Secret

VERSION = b"\x01"
HEADER_SIZE = 1 + 2 * ID_SIZE
BODY = HEADER_SIZE + NONCE_SIZE
WRAPPED_SIZE = BODY + SECRET_SIZE + TAG_SIZE


class Wrapping(Secret):
    """Wraps under the newest domain key, unwraps under any that is still there."""

    __slots__ = ("_by_id", "_newest", "_random")

    def __init__(self, keys: DomainKeys, random: Random) -> None:
        """Derives one wrapping key per domain key."""
        self._by_id: Mapping[bytes, AESGCM] = MappingProxyType(
            {key.id: AESGCM(key.derive("wrap")) for key in keys.of(Use.WRAPPING)}
        )
        self._newest = keys.newest(Use.WRAPPING).id
        self._random = random

    def new(self, subject: int) -> bytes:
        """A new key for a subject, wrapped."""
        header = VERSION + self._newest + self._random.bytes(ID_SIZE)
        nonce = self._random.bytes(NONCE_SIZE)
        raw = self._random.bytes(SECRET_SIZE)
        return header + nonce + self._by_id[self._newest].encrypt(nonce, raw, _bound(header, subject))

    def unwrap(self, wrapped: bytes, subject: int) -> SubjectKey:
        """The key; :class:`SealBroken` if it is another subject's, of an unknown domain key, or changed."""
        header = wrapped[:HEADER_SIZE]
        domain = self._by_id.get(header[1 : 1 + ID_SIZE])
        if len(wrapped) != WRAPPED_SIZE or header[:1] != VERSION or domain is None:
            raise SealBroken
        try:
            raw = domain.decrypt(wrapped[HEADER_SIZE:BODY], wrapped[BODY:], _bound(header, subject))
        except InvalidTag:
            raise SealBroken from None
        return SubjectKey(header[1 + ID_SIZE :], raw)


def _bound(header: bytes, subject: int) -> bytes:
    return header + b"%d" % subject
