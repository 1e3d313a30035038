"""What the verbs of ``gateway audit`` share: the key of the log, the keys of its shards, a shard to write in."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from gateway.audit.log import Log
from gateway.clock import SystemClock, SystemRandom
from gateway.errors import BadInput, Fault
from gateway.settings import Settings
from gateway.signing import NoteInvalid, NoteSigner, NoteVerifier, load_or_create
from gateway.store.database import Connections
from gateway.store.lanes import Lane


def signer_of(settings: Settings) -> NoteSigner:
    """The key by which every shard signs, under its own name."""
    return load_or_create(settings.home / "keys" / "log.key", settings.log_origin, SystemRandom().bytes)


def keys_of(settings: Settings, given: Sequence[str]) -> Callable[[int], NoteVerifier]:
    """Shard → its key: as given, else our own."""
    try:
        named = {one.name: one for one in map(NoteVerifier.parse, given)}
    except NoteInvalid as error:
        raise BadInput(Fault(("--vkey",), str(error))) from None
    if not named and not (settings.home / "keys" / "log.key").exists():  # who verifies makes no key
        raise BadInput(Fault(("--vkey",), "is required: the key of the log is not in GATEWAY_HOME"))
    signer = None if named else signer_of(settings)

    def key(shard: int) -> NoteVerifier:
        name = f"{settings.log_origin}/{shard}"
        if name in named:
            return named[name]
        if signer is None:
            raise BadInput(Fault(("--vkey",), f"there is none for {name}"))
        return NoteVerifier.parse(signer.named(name).vkey)

    return key


@contextlib.asynccontextmanager
async def log_of(settings: Settings, connections: Connections) -> AsyncIterator[Log]:
    """A shard of the log for this command, beside those of the processes that serve."""

    async def lane() -> Lane:
        return await Lane.connect(connections.log)

    signer, clock, random = signer_of(settings), SystemClock(), SystemRandom()
    log = await Log.open(lane, settings.shards, settings.log_origin, signer, clock, random)
    try:
        yield log
    finally:
        await log.close()
