"""Entries are kept by month, whatever the clock and other processes do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from gateway.audit.tree import Edge, extend, leaf_hash
from gateway.audit.verify import State, verify
from gateway.errors import LogUnavailable
from gateway.signing import NoteVerifier
from gateway.store.database import Connections, provision
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from gateway.store.migrate import migrate
from tests.flow.log_bench import SIGNER, Bench, accepting, entry
from tests.flow.months_bench import FEBRUARY, JANUARY, LATER, OCTOBER, ask_in_three_months, findings, over, shard_of
from tests.flow.test_accesses import CITIZEN, PERSON
from tests.harness import FixedClock, House, opened, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        await ask_in_three_months(made)
        yield made


async def test_every_month_has_a_place_of_its_own(house: House) -> None:
    shard = shard_of(house)
    rows = await house.sql('SELECT month, min("index"), max("index") FROM log_entry GROUP BY month ORDER BY month')
    assert [month for month, *_ in rows] == [OCTOBER, JANUARY, FEBRUARY]
    found = over(house, house.clock.at)
    assert [(one.shard, one.month, one.first, one.end - 1) for one in found] == [(shard, *row) for row in rows[:2]]
    parts = await house.sql("SELECT tableoid::regclass::text, month FROM log_entry GROUP BY 1, 2 ORDER BY month")
    assert [name for name, _ in parts[1:]] == ["log_months.entry_2027_01", "log_months.entry_2027_02"]
    assert findings(house) == []


async def test_a_clock_that_goes_back_changes_nothing(house: House) -> None:
    house.clock.at = house.clock.at.replace(month=1)
    receipt = await house.gateway.log.append(entry("back"))
    ((month,),) = await house.sql('SELECT month FROM log_entry WHERE "index" = %s', receipt.index)
    assert month == FEBRUARY


async def test_processes_that_begin_a_month_at_once_share_its_place(new_database: Callable[[], Connections]) -> None:
    connections = new_database()
    logs = await asyncio.gather(*(Bench(connections).open() for _ in range(4)))
    for log in logs:
        log._clock = FixedClock(LATER)
    await asyncio.gather(*(log.append(entry(str(number))) for number, log in enumerate(logs * 5)))
    with psycopg.connect(connections.owner) as owner:
        rows = owner.execute("SELECT tableoid::regclass::text, count(*) FROM log_entry GROUP BY 1").fetchall()
    assert rows == [("log_months.entry_2037_03", 20)]
    for log in logs:
        await log.close()


async def test_a_month_that_cannot_begin_closes_the_log(house: House) -> None:
    """Nothing is written, nothing is sent; when the obstacle is gone it goes on."""
    await house.sql("CREATE TABLE log_months.entry_2027_03 ()")
    house.clock.at = house.clock.at.replace(month=3)
    status, body = await house.ask("bank", PERSON, CITIZEN)
    assert (status, body["errors"][0]["extensions"]["code"]) == (503, "LOG_UNAVAILABLE") and "data" not in body
    with pytest.raises(LogUnavailable):
        await house.gateway.log.append(entry("too early"))
    await house.sql("DROP TABLE log_months.entry_2027_03")
    await until("the log accepts", lambda: house.gateway.log.health.accepting)
    receipt = await house.gateway.log.append(entry("now"))
    ((month,),) = await house.sql('SELECT month FROM log_entry WHERE "index" = %s', receipt.index)
    assert month == date(2027, 3, 1) and findings(house) == []


async def test_a_month_of_whose_beginning_nobody_heard(new_database: Callable[[], Connections], tmp_path: Path) -> None:
    """It has begun, and the answer is lost: nothing was written under it, and the log goes on in it."""
    bench = Bench(new_database())
    proxy = await bench.proxy(tmp_path)
    log = await bench.open()
    await log.append(entry("before"))
    log._clock = FixedClock(LATER)
    proxy.deaf = True
    with pytest.raises(LogUnavailable):
        await log.append(entry("lost"))
    proxy.deaf = False
    await accepting(log)
    assert (await log.append(entry("after"))).index == 1
    await log.close()
    months = await bench.owner("SELECT month, first FROM log_month WHERE shard = %s ORDER BY month", bench.shard)
    assert months[1:] == [(date(2037, 3, 1), 1)] and len(months) == 2
    with psycopg.connect(bench.database.log, autocommit=True) as connection:
        verifier = NoteVerifier.parse(SIGNER.named(bench.origin).vkey)
        assert verify(connection, verifier, State(bench.shard)).findings == []
    await bench.close()


async def test_tiles_and_proofs_go_through_months(house: House) -> None:
    history, shard = house.gateway.history, shard_of(house)
    size = (await history.signed(shard)).size
    rows = await house.sql('SELECT "index", commitment FROM log_entry ORDER BY "index"')
    for index, commitment in rows[:size]:
        assert await history.commitment(shard, index) == commitment
        assert await history.inclusion(shard, index, size)
    assert (await history.edge(shard, size)).root() == await history.root(shard, size)


async def test_entries_of_before_stay_where_they_are(server: EmbeddedServer) -> None:
    """A log that was there before months were: it is verified as before, and goes on."""
    connections = provision(server.conninfo(SUPERUSER, "postgres"), "before_months")
    migrate(connections.owner, "0015")
    bench = Bench(connections)
    bodies = [b'{"name":"%d"}' % number for number in range(300)]
    commitments = [sha256(bytes(32) + body).digest() for body in bodies]
    edge, nodes = extend(Edge(), map(leaf_hash, commitments))
    with psycopg.connect(connections.owner) as owner:
        for index, (body, commitment) in enumerate(zip(bodies, commitments, strict=True)):
            row = bench.shard, index, body, bytes(32), commitment
            owner.execute("INSERT INTO log_entry VALUES (%s, %s, %s, %s, %s, NULL)", row)
        for node in nodes:
            owner.execute("INSERT INTO log_node VALUES (%s, %s, %s, %s)",
                          (bench.shard, node.level, node.index, node.hash))  # fmt: skip
        owner.execute("INSERT INTO log_shard VALUES (%s, 300, %s, 1)", (bench.shard, b"".join(edge.hashes)))
        owner.execute("SELECT access_follow('o', 10)")
    migrate(connections.owner)
    log = await bench.open()
    receipt = await log.append(entry("after"))
    await log.close()
    assert receipt.index == 300
    with psycopg.connect(connections.log, autocommit=True) as connection:
        verifier = NoteVerifier.parse(SIGNER.named(bench.origin).vkey)
        report = verify(connection, verifier, State(bench.shard))
    assert (report.findings, report.entries) == ([], 301)
