"""Several lanes together: who is asked, what is repeated, how lost ones come back; on both kinds of event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.errors import DatabaseUnavailable
from gateway.store.database import Connections
from gateway.store.lanes import Lane, Lanes
from gateway.values import Statement
from tests.flow.lane_bench import WAIT, gone, held_up
from tests.harness import unlimited, until, with_options

pytestmark = pytest.mark.anyio

ECHO = Statement("echo", "SELECT $1::text")
BACKEND = Statement("backend", "SELECT pg_backend_pid()")
SLOW_BACKEND = Statement("slow_backend", "SELECT pg_backend_pid() + 0", slow=True)


@pytest.fixture(scope="module", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: their ways with sockets differ."""
    return "asyncio", {"use_uvloop": bool(request.param)}


@pytest.fixture
async def lanes(database: Connections) -> AsyncIterator[Lanes]:
    """Two fast lanes and a slow one, as the reader, without limits of time."""
    opened = await Lanes.open(unlimited(database).reader, fast=2, slow=1)
    yield opened
    await opened.close()


async def busy(lanes: Lanes) -> Lane:
    """The lane that has something to do, once one has."""
    await until("a lane is busy", lambda: any(one.alive and one.load for one in lanes._fast))
    return next(one for one in lanes._fast if one.alive and one.load)


async def test_reads_are_repeated_once(database: Connections, lanes: Lanes, kill: Callable[[int], None]) -> None:
    """The second of two lanes answers when the first dies with the statement under way."""
    async with held_up(database):
        asked = asyncio.ensure_future(lanes.fetch(WAIT, ()))
        victim = await busy(lanes)
        await until("it is sent", lambda: lanes.sent == 1)
        kill(victim.backend)
        await until("it is sent again", lambda: lanes.sent == 2)
        assert not asked.done()
    assert await asked == [(b"",)]
    assert lanes.sent == 2


async def test_reads_are_not_repeated_twice(database: Connections, lanes: Lanes, kill: Callable[[int], None]) -> None:
    """When the second lane dies as well the caller is told."""
    async with held_up(database):
        asked = asyncio.ensure_future(lanes.fetch(WAIT, ()))
        for _ in range(2):
            assert not asked.done()
            victim = await busy(lanes)
            kill(victim.backend)
            await gone(victim)
        with pytest.raises(DatabaseUnavailable):
            await asked


async def test_a_timeout_is_not_repeated(database: Connections) -> None:
    """Asking a second lane would only double the load."""
    lanes = await Lanes.open(with_options(database.reader, lock_timeout="50ms"), fast=2, slow=1)
    async with held_up(database):
        with pytest.raises(DatabaseUnavailable):
            await lanes.fetch(WAIT, ())
    assert lanes.sent == 1
    await lanes.close()


async def test_slow_statements_have_their_own_lanes(database: Connections, lanes: Lanes) -> None:
    """However many slow ones wait, a fast one is answered at once, and from another connection."""
    searching = Statement("searching", WAIT.sql, slow=True)
    async with held_up(database):
        waiting = [asyncio.ensure_future(lanes.fetch(searching, ())) for _ in range(5)]
        await until("all are sent", lambda: lanes.sent == 5)
        fast = {(await lanes.fetch(BACKEND, ()))[0][0] for _ in range(4)}
        assert not any(one.done() for one in waiting)
    await asyncio.gather(*waiting)
    assert (await lanes.fetch(SLOW_BACKEND, ()))[0][0] not in fast


async def test_the_least_busy_lane_is_taken(database: Connections, lanes: Lanes) -> None:
    """With one of two lanes busy the other answers everything."""
    async with held_up(database):
        waiting = asyncio.ensure_future(lanes.fetch(WAIT, ()))
        blocked = await busy(lanes)
        for _ in range(5):
            assert (await lanes.fetch(BACKEND, ()))[0][0] != str(blocked.backend).encode()
        assert not waiting.done()
    await waiting


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
