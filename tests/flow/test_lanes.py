"""Several lanes together: who is asked, what is repeated, how lost ones come back; on both kinds of event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.errors import DatabaseUnavailable
from gateway.store.database import Connections
from gateway.store.lanes import Lanes
from gateway.values import Statement
from tests.harness import until

pytestmark = pytest.mark.anyio

ECHO = Statement("echo", "SELECT $1::text")
SLEEP = Statement("sleep", "SELECT pg_sleep($1::float8)::text")
BACKEND = Statement("backend", "SELECT pg_backend_pid()")
SLOW_BACKEND = Statement("slow_backend", "SELECT pg_backend_pid() + 0", slow=True)


@pytest.fixture(scope="module", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: their ways with sockets differ."""
    return "asyncio", {"use_uvloop": bool(request.param)}


@pytest.fixture
async def lanes(database: Connections) -> AsyncIterator[Lanes]:
    """Two fast lanes and a slow one, as the reader."""
    opened = await Lanes.open(database.reader, fast=2, slow=1)
    yield opened
    await opened.close()


async def test_reads_are_repeated_once(lanes: Lanes, kill: Callable[[int], None]) -> None:
    """The second of two lanes answers when the first dies with the statement under way."""
    victim = lanes._fast[0]
    while min(lanes._fast, key=lambda one: one.load) is not victim:  # the least busy is asked first
        lanes._fast.reverse()
    asked = asyncio.ensure_future(lanes.fetch(SLEEP, (b"0.5",)))
    await asyncio.sleep(0.1)
    assert victim.load == 1
    sent = lanes.sent
    kill(victim.backend)
    assert await asked == [(b"",)]
    assert lanes.sent == sent + 1


async def test_reads_are_not_repeated_twice(lanes: Lanes, kill: Callable[[int], None]) -> None:
    """When the second lane dies as well the caller is told."""
    asked = asyncio.ensure_future(lanes.fetch(SLEEP, (b"30",)))
    for _ in range(2):
        await until("a lane is busy", lambda: any(one.load for one in lanes._fast))
        kill(next(one for one in lanes._fast if one.load).backend)
        await asyncio.sleep(0.02)
    with pytest.raises(DatabaseUnavailable):
        await asked


async def test_a_timeout_is_not_repeated(database: Connections) -> None:
    """Asking a second lane would only double the load."""
    lanes = await Lanes.open(database.reader + " options='-c statement_timeout=50ms'", fast=2, slow=1)
    with pytest.raises(DatabaseUnavailable):
        await lanes.fetch(SLEEP, (b"10",))
    assert lanes.sent == 1
    await lanes.close()


async def test_slow_statements_have_their_own_lanes(lanes: Lanes) -> None:
    """However many slow ones wait, a fast one is answered at once, and from another connection."""
    searching = Statement("searching", SLEEP.sql, slow=True)
    waiting = [asyncio.ensure_future(lanes.fetch(searching, (b"0.2",))) for _ in range(5)]
    await asyncio.sleep(0.05)
    fast = {(await lanes.fetch(BACKEND, ()))[0][0] for _ in range(4)}
    assert not any(one.done() for one in waiting)
    await asyncio.gather(*waiting)
    assert (await lanes.fetch(SLOW_BACKEND, ()))[0][0] not in fast


async def test_the_least_busy_lane_is_taken(lanes: Lanes) -> None:
    """With one of two lanes busy the other answers everything."""
    busy = asyncio.ensure_future(lanes.fetch(SLEEP, (b"0.3",)))
    await asyncio.sleep(0.05)
    blocked = next(one for one in lanes._fast if one.load)
    for _ in range(5):
        assert (await lanes.fetch(BACKEND, ()))[0][0] != str(blocked.backend).encode()
    assert not busy.done()
    await busy


async def test_lost_lanes_are_opened_again(lanes: Lanes, kill: Callable[[int], None]) -> None:
    """In the background; meanwhile whoever asks is told at once, and afterwards everything is as before."""
    old = (*lanes._fast, *lanes._slow)
    for lane in old:
        kill(lane.backend)
    await until("all deaths are noticed", lambda: not any(lane.alive for lane in old))
    with pytest.raises(DatabaseUnavailable):
        await lanes.fetch(ECHO, (b"too early",))
    await until("all are open again", lambda: len(lanes._fast) == 2 and len(lanes._slow) == 1)
    assert await lanes.fetch(ECHO, (b"again",)) == [(b"again",)]
    assert lanes.sent == 1


async def test_no_lane_is_an_error(lanes: Lanes) -> None:
    """After closing, and while every lane of a kind is lost."""
    await lanes.close()
    with pytest.raises(DatabaseUnavailable):
        await lanes.fetch(ECHO, (b"x",))


async def test_no_server_is_an_error() -> None:
    """Without the driver's words about it."""
    with pytest.raises(DatabaseUnavailable) as refused:
        await Lanes.open("host=/nonexistent user=nobody dbname=nothing")
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
