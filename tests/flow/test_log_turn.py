"""The turn in a mutation's own transaction, and who may write the log at all."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from gateway.audit.log import Log
from gateway.errors import BasisLost, LogUnavailable
from gateway.store.database import Connections
from tests.flow.log_bench import Bench, accepting, entry, in_transaction, query

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bench(database: Connections) -> AsyncIterator[Bench]:
    """A shard of its own."""
    made = Bench(database)
    yield made
    await made.close()


async def reads(log: Log, *names: str) -> list["asyncio.Task[int]"]:
    """Entries that wait while somebody holds the turn."""

    async def index(name: str) -> int:
        return (await log.append(entry(name))).index

    tasks = [asyncio.create_task(index(name)) for name in names]
    await asyncio.sleep(0)
    return tasks


async def test_a_mutation_carries_the_waiting_reads_along(bench: Bench) -> None:
    log = await bench.open()
    async with await psycopg.AsyncConnection.connect(bench.database.writer) as session, log.turn() as turn:
        tasks = await reads(log, "r1", "r2")
        receipt = await turn.carry(in_transaction(session), entry("mutation"), b"sealed")
        assert await bench.names() == []
        assert not any(task.done() for task in tasks)
        await session.commit()
        turn.committed()
    assert receipt.index == 0
    assert await asyncio.gather(*tasks) == [1, 2]
    assert (await log.append(entry("next"))).index == 3
    assert await bench.names() == ["mutation", "r1", "r2", "next"]
    assert log.health.epoch == 1
    await log.close()


async def test_after_a_rollback_the_reads_go_on(bench: Bench) -> None:
    log = await bench.open()
    async with await psycopg.AsyncConnection.connect(bench.database.writer) as session, log.turn() as turn:
        tasks = await reads(log, "r1", "r2")
        await turn.carry(in_transaction(session), entry("mutation"))
        await session.rollback()
        turn.rolled_back()
    assert await asyncio.gather(*tasks) == [0, 1]
    assert await bench.names() == ["r1", "r2"]
    assert log.health.epoch == 1
    await log.close()


@pytest.mark.parametrize("persisted", [True, False])
async def test_an_unknown_end_closes_the_shard(bench: Bench, persisted: bool) -> None:
    log = await bench.open()
    with pytest.raises(ConnectionError):
        async with await psycopg.AsyncConnection.connect(bench.database.writer) as session, log.turn() as turn:
            tasks = await reads(log, "r1")
            await turn.carry(in_transaction(session), entry("mutation"))
            await (session.commit() if persisted else session.rollback())
            raise ConnectionError
    assert [type(result) for result in await asyncio.gather(*tasks, return_exceptions=True)] == [LogUnavailable]
    await accepting(log)
    await log.append(entry("after"))
    assert await bench.names() == (["mutation", "r1", "after"] if persisted else ["after"])
    assert log.health.epoch == 2
    await log.close()


async def test_a_lost_check_of_the_mutation_writes_nothing(bench: Bench) -> None:
    log = await bench.open()
    check = await bench.consent(f"C-{bench.shard}")
    await bench.owner("UPDATE consent SET withdrawn_at = now() WHERE number = %s", check.number)
    with pytest.raises(BasisLost):
        async with await psycopg.AsyncConnection.connect(bench.database.writer) as session, log.turn() as turn:
            tasks = await reads(log, "r1")
            await turn.carry(in_transaction(session), entry("mutation", check))
    assert await asyncio.gather(*tasks) == [0]
    assert await bench.names() == ["r1"]
    await log.close()


async def test_a_checked_consent_cannot_change_before_the_commit(bench: Bench) -> None:
    log = await bench.open()
    check = await bench.consent(f"C-{bench.shard}")
    async with await psycopg.AsyncConnection.connect(bench.database.writer) as session, log.turn() as turn:
        await turn.carry(in_transaction(session), entry("uses the consent", check))
        withdraw = "UPDATE consent SET withdrawn_at = now() WHERE number = %s"
        async with await psycopg.AsyncConnection.connect(bench.database.owner) as other:
            await other.execute("SET lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                await other.execute(withdraw, (check.number,))
        await session.commit()
        turn.committed()
        await bench.owner(withdraw, check.number)
    await log.close()


FORBIDDEN = (
    "UPDATE log_entry SET body = NULL",
    "DELETE FROM log_entry",
    "TRUNCATE log_entry",
    "INSERT INTO log_entry VALUES (1, 0, '', '', '', NULL, '2026-11-01')",
    "INSERT INTO log_node VALUES (1, 1, 0, '')",
    "DELETE FROM log_node",
    "UPDATE log_shard SET size = 0",
    "INSERT INTO log_shard VALUES (1, 0, '', 1)",
    "DELETE FROM log_shard",
    "UPDATE log_checkpoint SET note = ''",
    "DELETE FROM log_checkpoint",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
@pytest.mark.parametrize("role", ["reader", "writer", "log"])
async def test_nobody_writes_the_log_past_the_append_function(bench: Bench, role: str, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        await query(getattr(bench.database, role), statement)


@pytest.mark.parametrize(
    ("function", "roles"), [("log_append", {"writer", "log"}), ("claim_shard", {"log"}), ("log_checks", set())]
)
async def test_who_may_call_the_functions(bench: Bench, function: str, roles: set[str]) -> None:
    allowed = "SELECT has_function_privilege(oid, 'EXECUTE') FROM pg_proc WHERE proname = %s"
    for role in ("reader", "writer", "log"):
        assert await query(getattr(bench.database, role), allowed, function) == [(role in roles,)]
