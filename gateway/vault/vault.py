"""The vault: everything that needs a key, behind one object built at start."""

import base64
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

from gateway.clock import Random
from gateway.errors import SealBroken
from gateway.vault.ids import Ids
from gateway.vault.keys import DomainKeys, Use
from gateway.vault.seal import SubjectKey, Suite, seal, seal_piece, unseal, unseal_piece
from gateway.vault.secret import Secret
from gateway.vault.wrap import Wrapping
from gateway.vault.xaes import Xaes

CACHED_KEYS = 4096
ENGAGEMENTS = 64  # whose keys are kept
MAC_SIZE = 16
AUDIT_VERSION = b"\x01"


class Mac(Secret):
    """HMAC-SHA256 (FIPS 198-1) cut to 16 bytes; the keyed state is computed once."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        """Of 32 bytes."""
        self._keyed = HMAC(key, hashes.SHA256())

    def of(self, message: bytes) -> bytes:
        """16 bytes."""
        mac = self._keyed.copy()
        mac.update(message)
        return mac.finalize()[:MAC_SIZE]


class Block(Secret):
    """Blocks of 16 bytes ↔ others of the same size, AES-256 under one key: a permutation, alike for nobody else."""

    __slots__ = ("back", "forth")

    def __init__(self, key: bytes) -> None:
        """Of 32 bytes. ``forth`` and ``back`` take any number of blocks, joined."""
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # no mode is needed: each name is exactly one block
        self.forth = cipher.encryptor().update
        self.back = cipher.decryptor().update


class Vault(Secret):
    """Keys of subjects, sealed values, blind indexes, pseudonyms, opaque ids, the audit seal.

    Owned by one event loop; no method waits. ``openings`` counts every attempt to open a sealed value, so that a test
    can show that none was opened which is not shown. Unwrapped keys are kept by (wrapped bytes, subject), a bounded
    number of them: a destroyed wrapped key is never presented again and falls out.
    """

    __slots__ = (
        "_asked",
        "_audit",
        "_audit_keys",
        "_blinds",
        "_engaged",
        "_epoch",
        "_index",
        "_pseudonyms",
        "_random",
        "_response",
        "_suite",
        "_unwrapped",
        "_wrapping",
        "cursors",
        "nodes",
        "openings",
    )

    def __init__(
        self, keys: DomainKeys, random: Random, *, suite: Suite = Suite.AES_256_GCM, cached_keys: int = CACHED_KEYS
    ) -> None:
        """``suite`` seals new values; both suites are always opened."""
        self.openings = 0
        self._random = random
        self._suite = suite
        self._wrapping = Wrapping(keys, random)
        self._unwrapped = lru_cache(maxsize=cached_keys)(self._wrapping.unwrap)
        self._epoch = bytes((len(keys.of(Use.INDEX)),))
        self._index = Mac(keys.newest(Use.INDEX).derive("index", self._epoch))
        self.nodes = Ids(keys, "node")
        self.cursors = Ids(keys, "cursor")
        self._audit_keys = {key.id: Xaes(key.derive("audit")) for key in keys.of(Use.AUDIT)}
        self._audit = keys.newest(Use.AUDIT).id
        first = keys.of(Use.AUDIT)[0]  # a pseudonym must stay the same for as long as the log is read
        self._pseudonyms = Block(first.derive("pseudonym"))
        self._engaged = lru_cache(maxsize=ENGAGEMENTS)(
            lambda number: Block(first.derive("engagement", number.encode()))
        )
        self._response = Mac(first.derive("response"))
        self._blinds = Mac(first.derive("chain"))
        self._asked = Mac(first.derive("asked"))

    # --- keys of subjects ---

    def new_subject_key(self, subject: int) -> bytes:
        """A new wrapped key (69 bytes) for ``subject_key.wrapped``; it opens for this subject id only."""
        return self._wrapping.new(subject)

    def unwrap(self, wrapped: bytes, subject: int) -> SubjectKey:
        """The subject's key; :class:`SealBroken` if the wrapped key is not this subject's."""
        return self._unwrapped(wrapped, subject)

    # --- sealed values ---

    def seal(self, key: SubjectKey, kind: str, column: str, row: int, text: str) -> bytes:
        """Seal one value; ``row`` = record id, or the subject's id for rows that are subjects. See ``seal.seal``."""
        return seal(key, self._suite, self._random, kind, column, row, text)

    def open(self, key: SubjectKey, kind: str, column: str, row: int, sealed: bytes) -> str:
        """Open one value; :class:`SealBroken` and nothing else when anything does not fit."""
        self.openings += 1
        return unseal(key, kind, column, row, sealed)

    def seal_piece(self, key: SubjectKey, row: tuple[str, int], number: int, last: bool, clear: bytes) -> bytes:
        """Seal piece ``number`` of the file of a row (kind, id). See ``seal.seal_piece``."""
        return seal_piece(key, self._suite, self._random, *row, number, last, clear)

    def open_piece(self, key: SubjectKey, row: tuple[str, int], number: int, last: bool, sealed: bytes) -> bytes:
        """Open one piece; :class:`SealBroken` and nothing else when anything does not fit."""
        self.openings += 1
        return unseal_piece(key, *row, number, last, sealed)

    # --- looked up without being opened ---

    def blind_index(self, kind: str, column: str, normalized: str) -> bytes:
        """17 bytes: epoch ‖ MAC, equal for equal texts of one column and unrelated between columns.

        Takes any text, lone surrogates too: what nobody stored finds nothing.
        """
        message = f"{kind}\0{column}\0{normalized}".encode(errors="surrogatepass")
        return self._epoch + self._index.of(message)

    def pseudonyms(self, subjects: Iterable[int]) -> list[str]:
        """32 hex digits for each, by which the log names a subject; they never change for an installation.

        One AES-256 block each, a permutation under a key of the vault: alike for nobody else, and all in one call.
        """
        blocks = b"".join([subject.to_bytes(16) for subject in subjects])
        names = self._pseudonyms.forth(blocks).hex()
        return [names[at : at + 32] for at in range(0, len(names), 32)]

    def subject_of(self, pseudonym: str) -> int | None:
        """The subject of a pseudonym of :meth:`pseudonyms`; None: it is none of those."""
        number = int.from_bytes(self._pseudonyms.back(bytes.fromhex(pseudonym)))
        return number if number < 1 << 63 else None

    def engaged(self, engagement: str, pseudonym: str) -> str:
        """By what the auditors of an engagement know a pseudonym of the log: another one in every engagement."""
        block: Block = self._engaged(engagement)
        return block.forth(bytes.fromhex(pseudonym)).hex()

    def engaged_back(self, engagement: str, name: str) -> str:
        """The pseudonym of the log behind that of an engagement, both 32 hex digits."""
        block: Block = self._engaged(engagement)
        return block.back(bytes.fromhex(name)).hex()

    def asked(self, kind: str, value: str) -> str:
        """32 hex digits, by which the log names whom somebody asked for, whether there is such a subject or not."""
        return self._asked.of(f"{kind}\0{value}".encode(errors="surrogatepass")).hex()

    def asked_person(self, index: bytes) -> str:
        """The same of a person, by the blind index of the ID number that was asked for."""
        return self._asked.of(b"person\0" + index).hex()

    def chain_blind(self, month: str, pseudonym: str, number: int) -> bytes:
        """16 bytes: what hides one element of a person's list for a month (``audit.chains``)."""
        return self._blinds.of(f"{month}\0{pseudonym}\0{number}".encode())

    def claim_code(self) -> str:
        """24 characters, 120 random bits: by which somebody without a name finds a report again."""
        return base64.b32encode(self._random.bytes(15)).decode("ascii")

    def draw(self, count: int) -> bytes:
        """So many bytes that nobody can foresee."""
        return self._random.bytes(count)

    # --- opaque ids ---

    def node_id(self, kind: int, row: int, personal: bool, consumer: str) -> str:
        """22 characters; ``kind`` = position in KINDS, ``personal`` = the row's subject is a natural person.

        ``consumer`` = ``Caller.consumer``, or the principal if there is none; InternalError if personal for nobody.
        """
        return self.nodes.write(kind, row, personal, consumer)

    def read_node_id(self, text: str, consumer: str) -> tuple[int, int, bool] | None:
        """(kind, row, personal) of an id this consumer may hold, None for any other text. Never raises."""
        return self.nodes.read(text, consumer)

    def cursor(self, kind: int, row: int, personal: bool, consumer: str) -> str:
        """Like :meth:`node_id`, under another key: no cursor reads as an id or the other way round."""
        return self.cursors.write(kind, row, personal, consumer)

    def read_cursor(self, text: str, consumer: str) -> tuple[int, int, bool] | None:
        """See :meth:`read_node_id`."""
        return self.cursors.read(text, consumer)

    # --- the log ---

    def seal_audit(self, clear: bytes) -> bytes:
        """Seal what a log entry keeps confidential: version (1) ‖ key id (4) ‖ nonce (24) ‖ ciphertext and tag."""
        header = AUDIT_VERSION + self._audit
        return header + self._audit_keys[self._audit].encrypt(self._random, clear, header)

    def open_audit(self, sealed: bytes) -> bytes:
        """What :meth:`seal_audit` sealed; :class:`SealBroken` otherwise."""
        header = sealed[:5]
        key = self._audit_keys.get(header[1:])
        if key is None or header[:1] != AUDIT_VERSION:
            raise SealBroken
        try:
            return key.decrypt(sealed[5:], header)
        except InvalidTag:
            raise SealBroken from None

    def response_mac(self, response: bytes) -> str:
        """22 characters of base64url: proves later which bytes were sent, without keeping them."""
        return base64.urlsafe_b64encode(self._response.of(response))[:22].decode("ascii")
