"""A file while it comes: what is written to the temporary file is sealed, whole and in order, however it was cut."""

import hashlib
import io
from collections.abc import AsyncIterator

import pytest

from gateway.clock import SystemRandom
from gateway.errors import ContentTooLarge, UnsupportedFormat
from gateway.evidence.offer import Limits
from gateway.evidence.spool import PIECE, Spool
from gateway.rights.formats import Format
from gateway.vault.keys import new_keys, parse
from gateway.vault.seal import OVERHEAD
from gateway.vault.vault import Vault
from tests.flow.evidence_bench import made

pytestmark = pytest.mark.anyio

ROW = 9


async def cut(content: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def counted(content: bytes, taken: list[int]) -> AsyncIterator[bytes]:
    async for chunk in cut(content, 500):
        taken.append(len(chunk))
        yield chunk


@pytest.mark.parametrize("chunk", [1_000, PIECE, PIECE + 1, 3 * PIECE])
@pytest.mark.parametrize("size", [100, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
async def test_pieces_are_sealed_in_order_and_the_last_says_so(size: int, chunk: int) -> None:
    box = Vault(parse(new_keys(SystemRandom())), SystemRandom())
    key, content, file = box.unwrap(box.new_subject_key(7), 7), made(size=size), io.BytesIO()
    spool = Spool(box, key, ROW, file)
    spooled = await spool.fill(cut(content, chunk), Format.PDF, Limits())
    assert (spooled.size, spooled.sha256) == (size, hashlib.sha256(content).hexdigest())
    pieces = [one async for one in spool.pieces()]
    last = len(pieces) - 1
    opened = [box.open_piece(key, ("evidence", ROW), at, at == last, one) for at, one in enumerate(pieces)]
    assert b"".join(opened) == content and {len(one) for one in opened[:-1]} <= {PIECE} and opened[-1]
    written = file.getvalue()
    assert len(written) == size + len(pieces) * OVERHEAD
    assert not any(content[at : at + 16] in written for at in range(0, size - 16, PIECE // 4))


async def test_what_is_refused_is_refused_before_more_is_taken() -> None:
    box = Vault(parse(new_keys(SystemRandom())), SystemRandom())
    key = box.unwrap(box.new_subject_key(7), 7)
    for content, refusal in ((b"MZ" + made(size=5_000), UnsupportedFormat), (made(size=5_000), ContentTooLarge)):
        taken: list[int] = []
        with pytest.raises(refusal):
            await Spool(box, key, ROW, io.BytesIO()).fill(counted(content, taken), Format.PDF, Limits(size=1_000))
        assert len(taken) == (1 if refusal is UnsupportedFormat else 3)
