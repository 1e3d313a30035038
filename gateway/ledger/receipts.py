"""``receipt``: the proof that an entry is in the log. That is public; the entry itself is a row like others."""

import asyncio
import contextlib

from gateway import reply
from gateway.audit.history import History, Published
from gateway.audit.log import Log
from gateway.audit.receipt import Proven
from gateway.errors import NotFound
from gateway.values import ByPlace, Root

LOOKS = 20  # for a checkpoint of another process, which signs one a second
PAUSE = 0.1  # seconds between them


async def answer(history: History, log: Log, root: Root, place: ByPlace) -> bytes | None:
    """The JSON of one ``receipt``; None if there is no such entry. Raises Unavailable."""
    proven = await prove(history, log, place)
    return None if proven is None else reply.shaped(root, _values(proven))


async def prove(history: History, log: Log, place: ByPlace) -> Proven | None:
    """The entry at this place with its proof, under a checkpoint that holds it; None if there is none."""
    shard, index = history.shard_of(place.origin), int(place.index)
    try:
        if shard is None:
            return None
        commitment = await history.commitment(shard, index)
        signed = await _covering(history, log, shard, index)
        hashes = await history.inclusion(shard, index, signed.size)
    except NotFound:
        return None
    return Proven(index, commitment, tuple(hashes), signed.note)


async def _covering(history: History, log: Log, shard: int, index: int) -> Published:
    """The newest published checkpoint, or the newest signed one if the entry is newer than that."""
    with contextlib.suppress(NotFound):
        published = await history.published(shard)
        if index < published.size:
            return published
    if log.shard is not None and log.shard.number == shard:
        await log.checkpoint()
    for _ in range(LOOKS):
        with contextlib.suppress(NotFound):
            signed = await history.signed(shard)
            if index < signed.size:
                return signed
        await asyncio.sleep(PAUSE)
    raise NotFound


def _values(proven: Proven) -> dict[str, object]:
    return {
        "__typename": "EntryReceipt",
        **proven.json(),
        "tlogProof": proven.tlog_proof(),
    }
