"""The domain keys: few, outside the database, unwrapped once at start.

The key file is ``MAGIC`` and then one 37-byte entry per secret: use (1) ‖ key id (4) ‖ random bytes (32). A use may
have several entries, oldest first: the newest seals, wraps, indexes and names; sealed and wrapped bytes open under each
of them, by the key id they carry. The key id is a fingerprint of the secret, so a damaged file is noticed at start and
not when the first value fails to open. Working keys are derived from the secrets by HKDF-SHA256 (RFC 5869), each with
an ``info`` of its own, so that no two uses ever share a key.
"""

import hashlib
import os
import stat
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.clock import Random
from gateway.errors import KeysRefused
from gateway.vault.secret import Secret

MAGIC = b"CGKEYS\x00\x01"
SECRET_SIZE = 32
ID_SIZE = 4
ENTRY_SIZE = 1 + ID_SIZE + SECRET_SIZE
MODE = 0o600


class Use(IntEnum):
    """What a secret is for; each can be renewed without touching the others."""

    WRAPPING = 1  # wraps the keys of subjects
    INDEX = 2  # blind indexes; its entries are the epochs
    IDS = 3  # opaque node ids and cursors; a new one ends every id given out
    AUDIT = 4  # pseudonyms, sealed variables of log entries, response MAC


class DomainKey(Secret):
    """One secret; only :meth:`derive` ever uses it."""

    __slots__ = ("_secret", "id", "use")

    def __init__(self, use: Use, secret: bytes) -> None:
        """Of 32 random bytes."""
        self.use = use
        self.id = fingerprint(use, secret)
        self._secret = secret

    def derive(self, info: str, context: bytes = b"") -> bytes:
        """32 bytes for one purpose; ``info`` is a fixed word of ours, ``context`` may come from outside."""
        label = b"credit-gateway/1/" + info.encode() + b"\x00" + context
        return HKDF(algorithm=hashes.SHA256(), length=SECRET_SIZE, salt=None, info=label).derive(self._secret)


class DomainKeys(Secret):
    """All secrets of one installation."""

    __slots__ = ("_keys",)

    def __init__(self, keys: tuple[DomainKey, ...]) -> None:
        """Refuses (:class:`KeysRefused`) a set in which a use is missing or two keys cannot be told apart."""
        if {key.use for key in keys} != set(Use):
            raise KeysRefused("a domain key is missing")
        if len({(key.use, key.id) for key in keys}) != len(keys):
            raise KeysRefused("two domain keys have the same id")
        self._keys = keys

    def of(self, use: Use) -> tuple[DomainKey, ...]:
        """The keys of one use, oldest first; never empty."""
        return tuple(key for key in self._keys if key.use is use)

    def newest(self, use: Use) -> DomainKey:
        """The key that makes new things."""
        return self.of(use)[-1]


class Provider(Protocol):
    """Where domain keys come from: a file now, PKCS#11 or Vault transit later.

    Called at start and at rotation, never per request. Raises :class:`KeysRefused`: without keys nothing may start.
    """

    def unwrap(self) -> DomainKeys:
        """The domain keys, ready for use."""
        ...


class FileProvider:
    """Domain keys in a file of mode 0600, made on the first run if ``create``.

    Whoever holds the file can open every sealed value it protects: it belongs on another disk than the database and
    its backups. Production installations set ``create=False``, so that a lost file is an error and not a new beginning.
    """

    def __init__(self, path: Path, random: Random, *, create: bool) -> None:
        """Touches nothing yet."""
        self._path = path
        self._random = random
        self._create = create

    def unwrap(self) -> DomainKeys:
        """See :class:`Provider`."""
        if self._create and not self._path.exists():
            self._make()
        return parse(self._read())

    def _make(self) -> None:
        """Write the file whole under another name, then link it: nobody ever reads half of it or overwrites one."""
        data = new_keys(self._random)
        fresh = self._path.with_name(f"{self._path.name}.{self._random.bytes(8).hex()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(fresh, data)
            try:
                os.link(fresh, self._path)
            except FileExistsError:
                pass  # another process was first; its keys are the keys
            finally:
                fresh.unlink()
            _sync_folder(self._path.parent)
        except OSError as error:
            raise KeysRefused(f"the key file cannot be written: {error.strerror}") from None

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode):
                    raise KeysRefused("the key file is not a regular file")
                if stat.S_IMODE(about.st_mode) & 0o077:
                    raise KeysRefused("the key file is accessible to others than its owner; it must have mode 0600")
                return file.read(len(MAGIC) + 1024 * ENTRY_SIZE)
        except OSError as error:
            raise KeysRefused(f"the key file cannot be read: {error.strerror}") from None


def fingerprint(use: Use, secret: bytes) -> bytes:
    """The 4-byte key id of a secret; tells nothing about it."""
    return hashlib.sha256(b"credit-gateway/1/key-id\x00" + bytes((use,)) + secret).digest()[:ID_SIZE]


def new_keys(random: Random) -> bytes:
    """The contents of a new key file: one secret per use."""
    entries = [MAGIC]
    for use in Use:
        secret = random.bytes(SECRET_SIZE)
        entries.append(bytes((use,)) + fingerprint(use, secret) + secret)
    return b"".join(entries)


def parse(data: bytes) -> DomainKeys:
    """Read the contents of a key file; :class:`KeysRefused` says what is wrong with it, never what stands in it."""
    if not data.startswith(MAGIC):
        raise KeysRefused("the key file does not begin as a key file of this version")
    entries = data[len(MAGIC) :]
    if not entries or len(entries) % ENTRY_SIZE:
        raise KeysRefused("the key file has a wrong length")
    return DomainKeys(tuple(_entry(entries[at : at + ENTRY_SIZE]) for at in range(0, len(entries), ENTRY_SIZE)))


def _entry(entry: bytes) -> DomainKey:
    if entry[0] not in tuple(Use):
        raise KeysRefused("the key file names an unknown use")
    key = DomainKey(Use(entry[0]), entry[1 + ID_SIZE :])
    if key.id != entry[1 : 1 + ID_SIZE]:
        raise KeysRefused("the key file is damaged: a key does not fit its id")
    return key


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
