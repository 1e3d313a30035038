"""The fault table of evidence: wherever an upload breaks nothing of it is left; a file that was changed is noticed."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from gateway.evidence.spool import PIECE
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from gateway.web.uploads import MOST_AT_ONCE
from tests.flow.evidence_bench import FILE_TYPE, case_of, code, fetch, flow, kept, made, send, where
from tests.flow.fault_bench import Held, until_blocked
from tests.harness import House, opened, stored, unlimited, until

pytestmark = pytest.mark.anyio

LARGEST = 20 << 20
IDLE = """SELECT count(*) FROM pg_stat_activity WHERE usename IN ('gateway_writer', 'gateway_reader', 'gateway_log')
  AND datname = current_database() AND state LIKE 'idle in transaction%%'"""


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(unlimited(database), tmp_path_factory.mktemp("home")) as made_:
        yield made_


@pytest.fixture
async def case(house: House) -> AsyncIterator[str]:
    """A case of the enterprise without any file; afterwards the log's trees are those of its entries."""
    await house.whole()
    yield await case_of(house)
    await house.whole()
    await stored(house.connections)
    await house.sql("TRUNCATE evidence, evidence_piece")


def sending(house: House, case: str) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(send(house, "enterprise-rep", case, made(size=3 * PIECE)))


async def refused(house: House, response: httpx.Response, status: int, told: str) -> None:
    """Nothing is left but the entry of the refusal."""
    assert (response.status_code, code(response)) == (status, told), response.text
    assert await kept(house) == (0, 0)
    await house.accepting()
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["code"], entry["rows"], entry.get("sha256")) == ("REFUSED", told, {}, None)


async def raw(house: House, case: str, headers: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which the head of an upload was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    token = house.headers("enterprise-rep")["authorization"]
    head = f"POST /evidence/{case} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: {FILE_TYPE}\r\n"
    writer.write(f"{head}{headers}\r\n\r\n".encode())
    return reader, writer


async def test_a_declared_length_is_refused_before_a_byte_is_sent(house: House, case: str) -> None:
    reader, writer = await raw(house, case, f"content-length: {LARGEST + 1}")
    assert (await reader.readline()).split()[1] == b"413"
    assert b'"CONTENT_TOO_LARGE"' in await reader.read()
    writer.close()
    assert await kept(house) == (0, 0)


async def test_of_an_endless_file_no_more_is_read_than_may_be(house: House, case: str) -> None:
    """The server stops taking it a little beyond the limit, whatever still comes."""
    taken: list[int] = []
    try:
        response = await send(house, "enterprise-rep", case, flow(10 * LARGEST, taken))
        assert response.status_code == 413
    except httpx.HTTPError:  # the connection was closed on a client that reads no answer before it has sent all
        pass
    assert LARGEST < sum(taken) < 2 * LARGEST
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["code"]) == ("REFUSED", "CONTENT_TOO_LARGE")
    assert await kept(house) == (0, 0)


async def test_a_cut_upload_leaves_nothing_and_a_slow_one_holds_no_transaction(house: House, case: str) -> None:
    before = await house.entry_count()
    _, writer = await raw(house, case, f"content-length: {3 * PIECE}")
    writer.write(made(size=3 * PIECE)[: 2 * PIECE])
    await writer.drain()
    for _ in range(20):
        assert await house.sql(IDLE) == [(0,)]
        await asyncio.sleep(0.01)
    writer.close()

    async def noticed() -> bool:
        return await house.entry_count() > before

    await until("the refusal is written down", noticed)
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["code"]) == ("REFUSED", "BAD_REQUEST")
    assert await kept(house) == (0, 0)


async def test_so_many_files_may_come_at_once(house: House, case: str) -> None:
    """Who comes then is sent away at once; when the others are gone there is room again."""
    writers = [(await raw(house, case, "content-length: 2000"))[1] for _ in range(MOST_AT_ONCE)]

    async def full() -> bool:
        told = code(await send(house, "enterprise-rep", case, b"no file"))
        assert told in ("OVERLOADED", "UNSUPPORTED_MEDIA_TYPE")
        return told == "OVERLOADED"

    await until("nobody else may send", full)
    for writer in writers:
        writer.close()

    async def free() -> bool:
        return not await full()

    await until("there is room again", free)


async def test_the_database_goes_while_it_is_written(house: House, case: str, kill: Callable[[int], None]) -> None:
    async with Held(house, "LOCK TABLE evidence_piece IN SHARE MODE"):
        task = sending(house, case)
        kill(await until_blocked(house, "gateway_writer"))
        response = await task
    await refused(house, response, 503, "DATABASE_UNAVAILABLE")


async def test_the_database_goes_while_it_is_written_down(house: House, case: str, kill: Callable[[int], None]) -> None:
    """Row and pieces are there; the append waits for the tail of the shard when the connection breaks."""
    async with Held(house, "SELECT 1 FROM log_shard FOR UPDATE"):
        task = sending(house, case)
        kill(await until_blocked(house, "gateway_writer"))
    await refused(house, await task, 503, "DATABASE_UNAVAILABLE")


async def test_the_mandate_ends_between_the_file_and_the_entry(house: House, case: str) -> None:
    change = "UPDATE mandate SET revoked_at = %s WHERE principal = %s"
    async with Held(house, "LOCK TABLE evidence_piece IN SHARE MODE"):
        task = sending(house, case)
        await until_blocked(house, "gateway_writer")
        await house.sql("ALTER TABLE mandate DISABLE TRIGGER move_rights_position")
        await house.sql(change, "2026-11-23T00:00Z", DEMO.representative)
    response = await task
    await house.sql("ALTER TABLE mandate ENABLE TRIGGER move_rights_position")
    await house.sql(change, None, DEMO.representative)
    await refused(house, response, 409, "BASIS_LOST")


async def test_the_case_is_closed_while_the_file_comes(house: House, case: str) -> None:
    """What held when it began is asked again when it is here."""

    async def content() -> AsyncIterator[bytes]:
        whole = made()
        yield whole[:500]
        await house.sql("UPDATE \"case\" SET closed_at = '2026-11-22T00:00Z'")
        yield whole[500:]

    response = await send(house, "enterprise-rep", case, content())
    await house.sql('UPDATE "case" SET closed_at = NULL')
    await refused(house, response, 409, "CASE_CLOSED")


async def test_no_entry_no_file_and_no_bytes(house: House, case: str) -> None:
    file = (await send(house, "enterprise-rep", case, made())).json()["id"]
    await house.sql("ALTER TABLE log_entry RENAME TO log_entry_away")
    added, read = await send(house, "enterprise-rep", case, made()), await fetch(house, "enterprise-rep", file)
    await house.sql("ALTER TABLE log_entry_away RENAME TO log_entry")
    await house.accepting()
    assert (added.status_code, read.status_code) == (503, 503) and b"%PDF" not in read.content
    assert await kept(house) == (1, 1)


CHANGED = "sealed = set_byte(sealed, 900, get_byte(sealed, 900) # 1)"
CHANGES = {
    "the first changed": f"UPDATE evidence_piece SET {CHANGED} WHERE number = 0",
    "a later one changed": f"UPDATE evidence_piece SET {CHANGED} WHERE number = 2",
    "two swapped": "UPDATE evidence_piece AS p SET sealed = o.sealed FROM evidence_piece AS o "
    "WHERE p.number IN (1, 2) AND o.number = 3 - p.number",
    "one missing": "DELETE FROM evidence_piece WHERE number = 1",
    "the last missing": "DELETE FROM evidence_piece WHERE number = 3",
    "cut, and said to be shorter": "WITH cut AS (DELETE FROM evidence_piece WHERE number = 3) "
    f"UPDATE evidence SET size = {3 * PIECE}",
    "of another file": "UPDATE evidence_piece AS p SET sealed = o.sealed FROM evidence_piece AS o "
    "WHERE p.number = o.number AND p.evidence_id < o.evidence_id",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.replace(" ", "-").replace(",", ""))
async def test_a_file_that_was_changed_is_never_handed_out_whole(house: House, case: str, change: str) -> None:
    """Nothing of the piece that does not fit, and no end that could be taken for one."""
    file, _ = [(await send(house, "enterprise-rep", case, made(size=3 * PIECE + 100))).json()["id"] for _ in range(2)]
    assert (await fetch(house, "enterprise-rep", file)).content == made(size=3 * PIECE + 100)
    await house.sql(CHANGES[change])
    try:
        response = await fetch(house, "enterprise-rep", file)
    except httpx.RemoteProtocolError as error:
        assert "complete" in str(error) or "closed" in str(error)
    else:
        assert (response.status_code, code(response)) == (500, "INTERNAL") and b"%PDF" not in response.content


async def test_with_the_key_of_its_subject_a_file_is_gone(house: House, case: str) -> None:
    file = (await send(house, "enterprise-rep", case, made())).json()["id"]
    ((subject, wrapped),) = await house.sql(
        "DELETE FROM subject_key WHERE subject_id = (SELECT subject_id FROM evidence) RETURNING subject_id, wrapped"
    )
    try:
        response = await fetch(house, "enterprise-rep", file)
        assert response.status_code == 500 and b"%PDF" not in response.content
        assert (await send(house, "enterprise-rep", case, made())).status_code == 404
    finally:
        await house.sql("INSERT INTO subject_key VALUES (%s, %s)", subject, wrapped)
    assert (await fetch(house, "enterprise-rep", file)).content == made()


async def test_a_large_file_is_never_in_memory(house: House, case: str) -> None:
    """Measured, in and out, in the process that holds client and server; the log and the lanes have buffers too."""
    await send(house, "enterprise-rep", case, flow(LARGEST // 10))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        file = (await send(house, "enterprise-rep", case, flow(LARGEST))).json()["id"]
        _, up = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        size = 0
        stream = house.http.stream("GET", where(house, file), headers=house.headers("enterprise-rep"))
        async with stream as response:
            async for chunk in response.aiter_raw():
                size += len(chunk)
        _, down = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == LARGEST
    print(f"peak of {LARGEST >> 20} MiB: up {(up - before) >> 10} KiB, down {(down - before) >> 10} KiB")
    assert max(up, down) - before < LARGEST // 4
