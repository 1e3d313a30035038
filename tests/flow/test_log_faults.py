"""The fault table of the log, which says for each failure whether the entry was persisted.

In both kinds the caller is told LogUnavailable, nobody is told otherwise, and afterwards the log goes on without a gap.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from gateway.audit import log as log_module
from gateway.audit.log import Log
from gateway.audit.verify import State, verify
from gateway.errors import LogUnavailable
from gateway.signing import NoteVerifier
from gateway.store.database import Connections
from tests.flow.log_bench import SIGNER, Bench, Proxy, accepting, entry, query
from tests.harness import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bench(database: Connections) -> AsyncIterator[Bench]:
    """A shard of its own."""
    made = Bench(database)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def no_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but appends is under way when a fault strikes."""
    monkeypatch.setattr(log_module, "CHECKPOINT_PERIOD", 3600.0)


Kill = Callable[[int], None]
Heal = Callable[[], Awaitable[None]]


async def raising(bench: Bench, when: str, sqlstate: str) -> Heal:
    name = f"fault_{bench.shard}"
    await bench.owner(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '{sqlstate}'; END $$"
    )
    await bench.owner(
        f"CREATE {when} ON log_entry {'DEFERRABLE INITIALLY DEFERRED' if 'CONSTRAINT' in when else ''} "
        f"FOR EACH ROW WHEN (NEW.shard = {bench.shard}) EXECUTE FUNCTION {name}()".replace(
            "TRIGGER", f"TRIGGER {name}", 1
        )
    )

    async def heal() -> None:
        await bench.owner(f"DROP FUNCTION {name} CASCADE")

    return heal


async def disk_full(bench: Bench, log: Log, proxy: Proxy, kill: Kill) -> Heal:
    return await raising(bench, "TRIGGER BEFORE INSERT", "53100")


async def our_own_mistake(bench: Bench, log: Log, proxy: Proxy, kill: Kill) -> Heal:
    return await raising(bench, "TRIGGER AFTER INSERT", "P0001")


async def refused_at_the_very_commit(bench: Bench, log: Log, proxy: Proxy, kill: Kill) -> Heal:
    return await raising(bench, "CONSTRAINT TRIGGER AFTER INSERT", "53100")


async def killed_before(bench: Bench, log: Log, proxy: Proxy, kill: Kill) -> Heal:
    assert log.shard is not None
    kill(log.shard.backend)
    return nothing


async def killed_under_way(bench: Bench, log: Log, proxy: Proxy, kill: Kill) -> Heal:
    assert log.shard is not None
    backend = log.shard.backend
    holder = await psycopg.AsyncConnection.connect(bench.database.owner)
    await holder.execute("SELECT 1 FROM log_shard WHERE shard = %s FOR UPDATE", (bench.shard,))

    async def waits() -> bool:
        return bool(await bench.owner("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", backend))

    async def kill_it() -> None:
        await until("the append waits for the lock", waits)
        kill(backend)
        await holder.close()

    task = asyncio.create_task(kill_it())

    async def heal() -> None:
        await task

    return heal


async def answer_lost(bench: Bench, log: Log, proxy: Proxy, kill: Kill) -> Heal:
    proxy.deaf = True

    async def heal() -> None:
        proxy.deaf = False

    return heal


async def claimed_by_another(bench: Bench, log: Log, proxy: Proxy, kill: Kill) -> Heal:
    await query(bench.database.log, "SELECT claim_shard(%s)", bench.shard)
    return nothing


async def nothing() -> None:
    return None


FAULTS = (
    (disk_full, False, 1),
    (our_own_mistake, False, 1),
    (refused_at_the_very_commit, False, 1),
    (killed_before, False, 2),
    (killed_under_way, False, 2),
    (answer_lost, True, 2),
    (claimed_by_another, False, 3),
)


@pytest.mark.parametrize(("inject", "persisted", "epoch"), FAULTS, ids=[fault[0].__name__ for fault in FAULTS])
async def test_faults(
    bench: Bench,
    tmp_path: Path,
    kill: Kill,
    inject: Callable[[Bench, Log, Proxy, Kill], Awaitable[Heal]],
    persisted: bool,
    epoch: int,
) -> None:
    """Persisted or not: the caller hears LogUnavailable, retrying works, nothing is lost or doubled, also on reload."""
    proxy = await bench.proxy(tmp_path)
    log = await bench.open()
    await log.append(entry("before"))
    heal = await inject(bench, log, proxy, kill)
    results = await asyncio.gather(*[log.append(entry(f"f{n}")) for n in range(3)], return_exceptions=True)
    assert [type(result) for result in results] == [LogUnavailable] * 3
    await heal()
    await accepting(log)
    assert log.health.epoch == epoch
    receipt = await log.append(entry("after"))
    expected = ["before", *(["f0", "f1", "f2"] if persisted else []), "after"]
    assert await bench.names() == expected
    assert receipt.index == len(expected) - 1
    await log.close()
    again = await bench.open()
    assert (await again.append(entry("reloaded"))).index == len(expected)
    assert await bench.names() == [*expected, "reloaded"]
    await again.close()
    assert sound(bench) == len(expected) + 1


@pytest.mark.parametrize(
    ("inject", "persisted"), [(killed_before, False), (answer_lost, True)], ids=["before", "after"]
)
async def test_a_checkpoint_that_fails(
    bench: Bench,
    tmp_path: Path,
    kill: Kill,
    inject: Callable[[Bench, Log, Proxy, Kill], Awaitable[Heal]],
    persisted: bool,
) -> None:
    """Stored or not, it is not given to anybody; afterwards there is one, and the log verifies from its entries."""
    proxy = await bench.proxy(tmp_path)
    log = await bench.open()
    await log.append(entry("before"))
    heal = await inject(bench, log, proxy, kill)
    with pytest.raises(LogUnavailable):
        await log.checkpoint()
    await heal()
    stored = await bench.owner("SELECT size FROM log_checkpoint WHERE shard = %s", bench.shard)
    assert stored == ([(1,)] if persisted else [])
    await log_again(log)
    await log.append(entry("after"))
    await log.checkpoint()
    await log.close()
    assert sound(bench) == 2


async def log_again(log: Log) -> None:
    """The log finds out by itself that its connection is gone."""
    with pytest.raises(LogUnavailable):
        await log.append(entry("lost"))
    await accepting(log)


def sound(bench: Bench) -> int:
    """How many entries there are, in a log in which nothing is wrong."""
    verifier = NoteVerifier.parse(SIGNER.named(bench.origin).vkey)
    with psycopg.connect(bench.database.log, autocommit=True) as connection:
        report = verify(connection, verifier, State(bench.shard))
    assert report.findings == [] and report.checkpoints > 0
    return report.entries


async def test_who_lost_the_lock_never_appends_again(bench: Bench, kill: Kill) -> None:
    log = await bench.open()
    await log.append(entry("first"))
    assert log.shard is not None
    bench.reachable = False
    kill(log.shard.backend)
    other = Bench(bench.database)
    other.shard = bench.shard
    second = await other.open()
    await second.append(entry("second"))
    for _ in range(3):
        with pytest.raises(LogUnavailable):
            await log.append(entry("stale"))
    before = len(bench.lanes)
    bench.reachable = True  # it may connect now, but the lock is the other's
    await until("it was turned away", lambda: len(bench.lanes) > before and not bench.lanes[-1].alive)
    with pytest.raises(LogUnavailable):
        await log.append(entry("stale"))
    assert await bench.names() == ["first", "second"]
    await second.close()
    await accepting(log)
    await log.append(entry("third"))
    assert await bench.names() == ["first", "second", "third"]
    await log.close()
    assert sound(bench) == 3
