"""The contract of one lane, clause by clause, each with the fault it is about; on both kinds of event loop."""

import asyncio
import gc
import json
import os
import socket
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from gateway.errors import BadInput, DatabaseUnavailable, InternalError, Overloaded
from gateway.store.database import Connections, StatementFailed
from gateway.store.lanes import Lane, OutcomeUnknown
from gateway.values import Statement
from tests.flow.lane_bench import WAIT, gone, held_up, under_way
from tests.harness import unlimited, until

pytestmark = pytest.mark.anyio

ECHO = Statement("echo", "SELECT $1::text")


@pytest.fixture(scope="module", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: their ways with sockets differ."""
    return "asyncio", {"use_uvloop": bool(request.param)}


@pytest.fixture(scope="module")
def database(database: Connections) -> Connections:
    """Without limits of time: what is to last, lasts until the test ends it."""
    return unlimited(database)


@pytest.fixture
async def lane(database: Connections) -> AsyncIterator[Lane]:
    """One lane as the writer."""
    opened = await Lane.connect(database.writer)
    yield opened
    opened.close()


async def prepared(lane: Lane) -> list[str]:
    """The SQL of what the connection has prepared."""
    rows = await lane.execute("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time, statement")
    return [(row[0] or b"").decode() for row in rows]


async def table(database: Connections, ddl: str) -> None:
    """Make a table as its owner; the writer may use it."""
    async with await psycopg.AsyncConnection.connect(database.owner, autocommit=True) as owner:
        await owner.execute(ddl.encode())


async def test_rows_in_text_format(lane: Lane) -> None:
    """Values are the bytes of PostgreSQL's text format; null is None; no row is no row."""
    sql = Statement(
        "mixed", "SELECT $1::int + 1, $2::text, true, NULL::int, $3::bytea FROM generate_series(1, $4::int)"
    )
    rows = await lane.execute(sql, (b"41", "名称".encode(), b"\\x00ff", b"2"))
    assert rows == [(b"42", "名称".encode(), b"t", None, b"\\x00ff")] * 2
    assert await lane.execute(sql, (None, None, None, b"0")) == []
    assert await lane.execute("SET LOCAL enable_sort = on") == []


async def test_many_share_one(lane: Lane) -> None:
    """Each gets its own answer, in whatever order they ask, with one error among them."""
    asked = [lane.submit(ECHO, (str(number).encode(),)) for number in range(100)]
    broken = lane.submit("SELECT 1 / 0")
    asked += [lane.submit(ECHO, (str(number).encode(),)) for number in range(100, 200)]
    assert [(await one)[0][0] for one in asked] == [str(number).encode() for number in range(200)]
    with pytest.raises(InternalError):
        await broken


async def test_partial_writes_continue(lane: Lane) -> None:
    """A parameter of 8 MB does not fit into the socket's buffer; others go before and behind it."""
    large = b"x" * (8 << 20)
    answers = await asyncio.gather(
        lane.execute(ECHO, (b"before",)),
        lane.execute("SELECT length($1::text), md5($1::text)", (large,)),
        lane.execute(ECHO, (large,)),
        lane.execute(ECHO, (b"behind",)),
    )
    assert answers[1][0][0] == str(8 << 20).encode()
    assert answers[2][0][0] == large
    assert (answers[0], answers[3]) == ([(b"before",)], [(b"behind",)])


async def test_the_loop_lets_go_before_the_socket_closes(database: Connections, kill: Callable[[int], None]) -> None:
    """Another socket that inherits the number of a lane's must be left alone, and the loop must not complain."""
    complaints: list[dict[str, object]] = []
    before = asyncio.get_running_loop().get_exception_handler()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    for _ in range(20):
        lane = await Lane.connect(database.writer)
        large = lane.submit(ECHO, (b"x" * (8 << 20),))  # reader and writer are both registered
        await asyncio.sleep(0)
        kill(lane.backend)
        with pytest.raises(DatabaseUnavailable):
            await large
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        loop = asyncio.get_running_loop()
        receiving = loop.create_task(loop.sock_recv(ours, 10))
        await asyncio.sleep(0)
        await loop.sock_sendall(theirs, b"hello")
        assert await receiving == b"hello"
        ours.close()
        theirs.close()
    asyncio.get_running_loop().set_exception_handler(before)
    assert complaints == []


async def test_no_descriptor_is_lost(database: Connections, kill: Callable[[int], None]) -> None:
    """Neither a closed lane nor a killed one leaves a descriptor behind."""

    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    (await Lane.connect(database.writer)).close()  # what is opened once and for all
    gc.collect()  # what earlier tests left behind
    before = count()
    for _ in range(3):
        closed = await Lane.connect(database.writer)
        killed = await Lane.connect(database.writer)
        closed.close()
        closed.close()
        kill(killed.backend)
        await gone(killed)
    assert count() == before


async def test_a_dead_lane_fails_everybody(database: Connections, lane: Lane, kill: Callable[[int], None]) -> None:
    """What was sent has an unknown outcome, what was not has failed; later ones fail at once."""
    async with held_up(database):
        flying = [lane.submit(WAIT) for _ in range(5)]
        await under_way(database, lane)
        kill(lane.backend)
        waiting = lane.submit(ECHO, (b"late",))
        for future in flying:
            with pytest.raises(OutcomeUnknown):
                await future
        with pytest.raises(DatabaseUnavailable):
            await waiting
    assert not lane.alive
    with pytest.raises(DatabaseUnavailable) as refused:
        await lane.execute(ECHO, (b"later",))
    assert not isinstance(refused.value, OutcomeUnknown)


async def test_a_death_with_something_unread(database: Connections, lane: Lane, kill: Callable[[int], None]) -> None:
    """The kernel then reports an error on the socket, after which uvloop's libuv stops watching it."""
    async with held_up(database):
        read = lane.submit(WAIT)
        await under_way(database, lane)
        unread = lane.submit(ECHO, (b"the server has not looked at this",))
        await until("it is sent", lambda: lane.sent == 2)
        kill(lane.backend)
        for future in (read, unread):
            with pytest.raises(OutcomeUnknown):
                await future
    assert not lane.alive


async def test_closing_fails_everybody(database: Connections, lane: Lane) -> None:
    """Unsent statements have certainly failed, sent ones perhaps not."""
    async with held_up(database):
        flying = lane.submit(WAIT)
        await until("it is sent", lambda: lane.sent == 1)
        unsent = lane.submit(ECHO, (b"x",))
        lane.close()
        with pytest.raises(OutcomeUnknown):
            await flying
        with pytest.raises(DatabaseUnavailable) as known:
            await unsent
    assert not isinstance(known.value, OutcomeUnknown)


async def test_writes_are_never_repeated(database: Connections, kill: Callable[[int], None]) -> None:
    """A log commit that dies under way is told as unknown, and it is there at most once."""
    await table(
        database, "CREATE TABLE IF NOT EXISTS once (a int); TRUNCATE once; GRANT INSERT, SELECT ON once TO PUBLIC"
    )
    lane = await Lane.connect(database.writer)
    async with held_up(database):
        commit = lane.submit("INSERT INTO once SELECT 1 FROM pg_advisory_xact_lock(1)")
        await under_way(database, lane)
        kill(lane.backend)
        with pytest.raises(OutcomeUnknown):
            await commit
    other = await Lane.connect(database.writer)
    assert await other.execute("SELECT count(*) FROM once") == [(b"0",)]
    other.close()


async def test_canceled_are_skipped(database: Connections, lane: Lane) -> None:
    """A canceled statement is not sent any more; one under way is left to end, and its neighbors are unharmed."""
    sent = lane.sent
    unsent = lane.submit(ECHO, (b"never",))
    unsent.cancel()
    await asyncio.sleep(0)
    assert (lane.sent, lane.load) == (sent, 0)
    async with held_up(database):
        waiting = asyncio.ensure_future(lane.execute(WAIT))
        neighbor = lane.submit(ECHO, (b"mine",))
        await under_way(database, lane)
        waiting.cancel()
    assert await neighbor == [(b"mine",)]
    assert await lane.execute(ECHO, (b"next",)) == [(b"next",)]
    assert lane.load == 0


async def test_only_the_timeout_of_the_role_ends_a_statement(database: Connections, lane: Lane) -> None:
    """The statement that takes too long fails; the one behind it on the same lane succeeds, and the lane lives."""
    await lane.execute("SET statement_timeout = '500ms'")
    async with held_up(database):
        late, next_one = lane.submit(WAIT), lane.submit(ECHO, (b"next",))
        with pytest.raises(DatabaseUnavailable) as refused:
            await late
    assert not isinstance(refused.value, OutcomeUnknown)
    assert isinstance(refused.value.__cause__, StatementFailed)
    assert refused.value.__cause__.state == "57014"
    assert await next_one == [(b"next",)]
    assert lane.alive


async def test_the_first_error_wins(lane: Lane) -> None:
    """A statement that cannot be prepared fails twice, by itself and as aborted: the first says why."""
    nonsense = Statement("nonsense", "SELECT nothing FROM nowhere")
    for _ in range(3):
        with pytest.raises(InternalError) as refused:
            await lane.execute(nonsense)
        assert isinstance(refused.value.__cause__, StatementFailed)
        assert refused.value.__cause__.state == "42P01"


async def test_an_error_at_commit_is_an_error(database: Connections, lane: Lane) -> None:
    """Rows that came before a deferred constraint fails at the commit are not an answer."""
    await table(
        database,
        "CREATE TABLE IF NOT EXISTS deferred (a int UNIQUE DEFERRABLE INITIALLY DEFERRED);"
        "GRANT INSERT, SELECT ON deferred TO PUBLIC",
    )
    with pytest.raises(InternalError) as refused:
        await lane.execute("INSERT INTO deferred VALUES (1), (1) RETURNING a")
    assert isinstance(refused.value.__cause__, StatementFailed)
    assert refused.value.__cause__.state == "23505"
    assert await lane.execute("SELECT count(*) FROM deferred") == [(b"0",)]


async def test_depth_is_bounded(database: Connections) -> None:
    """One more than ``depth`` is refused at once; when the others have ended there is room again."""
    lane = await Lane.connect(database.writer, depth=3)
    asked = [lane.submit(ECHO, (b"x",)) for _ in range(3)]
    with pytest.raises(Overloaded):
        lane.submit(ECHO, (b"x",))
    await asyncio.gather(*asked)
    assert await lane.execute(ECHO, (b"y",)) == [(b"y",)]
    lane.close()


async def test_bytes_are_bounded(database: Connections) -> None:
    """Parameters beyond ``max_bytes`` are refused; what has ended, failed or been canceled counts no more."""
    lane = await Lane.connect(database.writer, max_bytes=1000)
    for _ in range(3):
        first = lane.submit(ECHO, (b"x" * 600,))
        with pytest.raises(Overloaded):
            lane.submit(ECHO, (b"x" * 600,))
        await first
        canceled = lane.submit(ECHO, (b"x" * 600,))
        canceled.cancel()
        await asyncio.sleep(0)
        with pytest.raises(InternalError):
            await lane.execute(Statement("number", "SELECT $1::text, 1 / 0"), (b"x" * 600,))
    with pytest.raises(Overloaded):
        lane.submit(ECHO, (b"x" * 1001,))
    lane.close()


async def test_prepared_at_the_second_use(lane: Lane) -> None:
    """Once is not worth it; from the second use on there is one plan."""
    await lane.execute(ECHO, (b"1",))
    assert ECHO.sql not in await prepared(lane)
    await asyncio.gather(*(lane.execute(ECHO, (b"2",)) for _ in range(5)))
    assert (await prepared(lane)).count(ECHO.sql) == 1


async def test_prepared_statements_are_bounded(database: Connections) -> None:
    """The least used is forgotten; many statements used once push out nothing."""
    lane = await Lane.connect(database.writer, prepared=3)
    shapes = [Statement(f"shape{number}", f"SELECT {number}") for number in range(6)]
    for shape in (*shapes[:3], *shapes[:3], shapes[0]):
        await lane.execute(shape)
    for number in range(50):
        await lane.execute(f"SELECT -{number}")
    assert set(await prepared(lane)) >= {"SELECT 0", "SELECT 1", "SELECT 2"}
    for shape in (shapes[3], shapes[3]):
        assert await lane.execute(shape) == [(b"3",)]
    kept = await prepared(lane)
    assert "SELECT 1" not in kept  # the least used
    assert {"SELECT 0", "SELECT 3"} <= set(kept)
    assert len(kept) <= 3 + 1
    assert await lane.execute(shapes[1]) == [(b"1",)]
    lane.close()


async def test_schema_change_prepares_anew(database: Connections, lane: Lane) -> None:
    """``SELECT *`` after ALTER TABLE: everybody under way gets the new shape, and there is one plan in the end."""
    await table(
        database,
        "DROP TABLE IF EXISTS shape; CREATE TABLE shape AS SELECT 1 AS a; GRANT SELECT ON shape TO PUBLIC",
    )
    star = Statement("star", "SELECT * FROM shape")
    for _ in range(3):
        assert await lane.execute(star) == [(b"1",)]
    for column in ("b", "c"):
        await table(database, f"ALTER TABLE shape ADD COLUMN {column} int")
        width = {"b": 2, "c": 3}[column]
        answers = await asyncio.gather(*(lane.execute(star) for _ in range(5)))
        assert [len(rows[0]) for rows in answers] == [width] * 5
    assert (await prepared(lane)).count(star.sql) == 1


async def test_forgotten_plans_are_prepared_anew(lane: Lane) -> None:
    """Somebody else's DISCARD or DEALLOCATE (26000) is mended unseen."""
    for _ in range(3):
        await lane.execute(ECHO, (b"x",))
    await lane.execute("DEALLOCATE ALL")
    assert await asyncio.gather(*(lane.execute(ECHO, (b"y",)) for _ in range(3))) == [[(b"y",)]] * 3


async def test_anew_only_once(database: Connections, lane: Lane) -> None:
    """A statement that always fails with 0A000 is not sent for ever."""
    await table(
        database,
        "CREATE OR REPLACE FUNCTION unsupported() RETURNS int LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '' USING ERRCODE = '0A000'; END $$; GRANT EXECUTE ON FUNCTION unsupported TO PUBLIC",
    )
    sent = lane.sent
    for _ in range(3):
        with pytest.raises(InternalError):
            await lane.execute(Statement("unsupported", "SELECT unsupported()"))
    assert lane.sent - sent == 1 + 2 + 2  # unprepared, then twice prepared and prepared anew


async def test_nul_is_a_fault_of_the_input(lane: Lane) -> None:
    """The driver would cut the text at the NUL in silence. Broken UTF-8 is found by the server."""
    for text in (b"a\0b", b"\xed\xa0\x80", b"\xff"):
        with pytest.raises(BadInput):
            await lane.execute(ECHO, (text,))
    assert await lane.execute(ECHO, (b"fine",)) == [(b"fine",)]


async def test_too_many_parameters_do_not_harm_the_lane(lane: Lane) -> None:
    """The protocol counts them in 16 bits."""
    with pytest.raises(InternalError):
        await lane.execute(ECHO, (b"x",) * 65_536)
    assert lane.alive


async def test_errors_tell_nothing_of_values(lane: Lane) -> None:
    """Neither the error nor its causes quote what the server quotes."""
    for sql in ("SELECT 'secret'::int", "SELECT 1 / 0 AS secret", "SELECT ('{\"secret\"')::json"):
        with pytest.raises(InternalError) as refused:
            await lane.execute(Statement(sql, sql))
        error: BaseException | None = refused.value
        while error is not None:
            assert "secret" not in str(error)
            error = error.__cause__ or error.__context__


async def test_large_answers(lane: Lane) -> None:
    """An answer of many reads arrives whole, and those behind it as well."""
    large = lane.submit("SELECT json_agg(n) FROM generate_series(1, 1000000) AS n")
    small = lane.submit(ECHO, (b"behind",))
    numbers = json.loads((await large)[0][0] or b"")
    assert (len(numbers), numbers[-1]) == (1_000_000, 1_000_000)
    assert await small == [(b"behind",)]
