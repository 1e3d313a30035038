"""The fault table of a mutation: wherever it breaks, what is done and its entry are both there, or neither."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import psycopg
import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from gateway.store.sessions import Session
from tests.flow.documents import COMMON, LEGAL
from tests.flow.fault_bench import Held, until_blocked
from tests.flow.objections import FILE, counts, filed, penalties
from tests.harness import Body, House, opened, sql, stored, unlimited, until

pytestmark = pytest.mark.anyio

WRITERS = "SELECT pid FROM pg_stat_activity WHERE usename = 'gateway_writer' AND datname = current_database()"


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module; nothing that fails leaves a trace, so the tests do not meet."""
    async with opened(unlimited(database), tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
async def record(house: House) -> AsyncIterator[Body]:
    """A record that may be objected to; afterwards it still may, and the log's trees are those of its entries."""
    await house.whole()
    (found, *_) = await penalties(house, "enterprise-rep", LEGAL)
    before = await counts(house)
    yield found
    await house.whole()
    assert await counts(house) == before
    await stored(house.connections)


def filing(house: House, record: Body) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(house.raw("enterprise-rep", FILE, {"record": record["id"], "claim": "内容有误。"}))


async def nothing_done(house: House, response: httpx.Response, status: int, code: str, entries: list[str]) -> None:
    """A refusal with this status and code, and these entries newly in the log."""
    body = response.json()
    assert (response.status_code, body["errors"][0]["extensions"]["code"]) == (status, code), body
    assert "CaseReceipt" not in response.text and '"data":{' not in response.text
    assert not [word for word in ("psycopg", "SQLSTATE", "terminat", "relation") if word in response.text]
    await house.accepting()
    found = await house.entries(len(entries)) if entries else []
    assert [f"{entry['outcome']} {entry['code']}" for entry in found] == entries
    assert all(entry["rows"] == {} for entry in found)


async def test_a_writer_that_died_in_the_pool_is_nobodys_error(house: House, kill: Callable[[int], None]) -> None:
    rows = await penalties(house, "enterprise-rep", LEGAL)
    for (pid,) in await house.sql(WRITERS):
        kill(int(pid))
    await filed(house, "enterprise-rep", rows[-1])


async def test_the_database_is_gone_before(
    house: House, record: Body, server: EmbeddedServer, kill: Callable[[int], None]
) -> None:
    name = str(psycopg.conninfo.conninfo_to_dict(house.connections.owner)["dbname"])
    place = server.conninfo(SUPERUSER, "postgres")
    await sql(place, f"REVOKE CONNECT ON DATABASE {name} FROM gateway_writer")
    try:
        for (pid,) in await house.sql(WRITERS):
            kill(int(pid))
        response = await filing(house, record)
    finally:
        await sql(place, f"GRANT CONNECT ON DATABASE {name} TO gateway_writer")
    await nothing_done(house, response, 503, "DATABASE_UNAVAILABLE", ["REFUSED DATABASE_UNAVAILABLE"])


async def test_the_database_goes_while_it_is_done(house: House, record: Body, kill: Callable[[int], None]) -> None:
    """After the case was written, before its event."""
    async with Held(house, "LOCK TABLE case_event"):
        task = filing(house, record)
        kill(await until_blocked(house, "gateway_writer"))
        response = await task
    await nothing_done(house, response, 503, "DATABASE_UNAVAILABLE", ["REFUSED DATABASE_UNAVAILABLE"])


async def test_the_database_goes_while_it_is_written_down(
    house: House, record: Body, kill: Callable[[int], None]
) -> None:
    """All is done, the mark set; the append waits for the tail of the shard when the connection breaks."""
    async with Held(house, "SELECT 1 FROM log_shard FOR UPDATE"):
        task = filing(house, record)
        kill(await until_blocked(house, "gateway_writer"))
    await nothing_done(house, await task, 503, "DATABASE_UNAVAILABLE", ["REFUSED DATABASE_UNAVAILABLE"])


async def test_the_log_refuses_the_writer(house: House, record: Body) -> None:
    """A fault of ours, told as one; reads that waited with it are answered."""
    ((signature,),) = await house.sql("SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'log_append'")
    await house.sql(f"REVOKE EXECUTE ON FUNCTION {signature} FROM gateway_writer")
    try:
        reads = [asyncio.create_task(house.data("bank", COMMON, LEGAL)) for _ in range(8)]
        response = await filing(house, record)
        names = {data["enterprise"]["name"] for data in await asyncio.gather(*reads)}
    finally:
        await house.sql(f"GRANT EXECUTE ON FUNCTION {signature} TO gateway_writer")
    assert names == {DEMO.enterprise_name}
    body = response.json()
    assert (response.status_code, body["errors"][0]["extensions"]["code"]) == (500, "INTERNAL")


async def test_the_shard_is_claimed_by_another(house: House, record: Body) -> None:
    shard = house.gateway.log.shard
    assert shard is not None
    await sql(house.connections.log, "SELECT claim_shard(%s)", shard.number)
    before = await house.entry_count()
    await nothing_done(house, await filing(house, record), 503, "LOG_UNAVAILABLE", [])
    assert await house.entry_count() == before


async def test_the_mandate_ends_between_the_deed_and_the_entry(house: House, record: Body) -> None:
    change = "UPDATE mandate SET revoked_at = %s WHERE principal = %s"
    async with Held(house, "LOCK TABLE case_event"):
        task = filing(house, record)
        await until_blocked(house, "gateway_writer")
        # The trigger of rights would wait for the case, which has moved the position: the owner passes it by.
        await house.sql("ALTER TABLE mandate DISABLE TRIGGER move_rights_position")
        await house.sql(change, "2026-11-23T00:00Z", DEMO.representative)
    response = await task
    await house.sql("ALTER TABLE mandate ENABLE TRIGGER move_rights_position")
    await house.sql(change, None, DEMO.representative)
    assert response.json()["data"] is None
    await nothing_done(house, response, 200, "BASIS_LOST", ["REFUSED BASIS_LOST"])


async def test_the_commit_is_cut_off(house: House, record: Body, kill: Callable[[int], None]) -> None:
    """Nobody knows how it ended, so that is what is said, and no entry claims to know; here it was not done."""
    await house.sql(
        "CREATE FUNCTION wait_for_it() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN NULL; END'"
    )
    await house.sql(
        'CREATE CONSTRAINT TRIGGER wait_for_it AFTER INSERT ON "case" DEFERRABLE INITIALLY DEFERRED'
        " FOR EACH ROW EXECUTE FUNCTION wait_for_it()"
    )
    before = await house.entry_count()
    try:
        async with Held(house, "SELECT pg_advisory_xact_lock(77)"):
            task = filing(house, record)
            kill(await until_blocked(house, "gateway_writer"))
            response = await task
    finally:
        await house.sql('DROP TRIGGER wait_for_it ON "case"')
        await house.sql("DROP FUNCTION wait_for_it")
    await nothing_done(house, response, 503, "OUTCOME_UNKNOWN", [])
    assert await house.entry_count() == before


async def test_the_commit_is_done_and_its_answer_lost(
    new_database: Callable[[], Connections], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is done, with its entry; the log takes its shard anew, and who asks again is told that there is a case."""
    async with opened(new_database(), tmp_path_factory.mktemp("home")) as house:
        (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
        cases, _ = await counts(house)
        commit = Session.commit

        async def cut_off(session: Session) -> None:
            await session.connection.commit()
            await session.connection.close()
            await commit(session)

        monkeypatch.setattr(Session, "commit", cut_off)
        response = await filing(house, record)
        monkeypatch.setattr(Session, "commit", commit)
        await nothing_done(house, response, 503, "OUTCOME_UNKNOWN", [])
        (entry,) = await house.entries(1)
        assert (entry["outcome"], (await counts(house))[0]) == ("PERFORMED", cases + 1)
        await nothing_done(house, await filing(house, record), 200, "BAD_USER_INPUT", ["REFUSED BAD_USER_INPUT"])
        await stored(house.connections)


async def test_who_does_not_wait_has_filed_all_the_same(
    new_database: Callable[[], Connections], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with opened(unlimited(new_database()), tmp_path_factory.mktemp("home")) as house:
        (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
        cases, _ = await counts(house)
        async with Held(house, "LOCK TABLE case_event"):
            task = filing(house, record)
            await until_blocked(house, "gateway_writer")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        async def done() -> bool:
            return (await counts(house))[0] == cases + 1

        await until("the case is there", done)
        (entry,) = await house.entries(1)
        assert entry["outcome"] == "PERFORMED"
