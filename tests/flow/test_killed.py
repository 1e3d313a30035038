"""A worker killed with -9 at each point of a query: whoever received data finds their entry in the log."""

import asyncio
from pathlib import Path

import httpx
import orjson
import psycopg
import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import COMMON, INDIVIDUAL
from tests.harness import PATIENCE, consented, sql, stored, unlimited, until
from tests.processes import Process, seeded, worker

pytestmark = pytest.mark.anyio

CLIENTS = 8
ENOUGH = 100  # answers before the worker is killed
QUESTION = orjson.dumps({"query": COMMON, "variables": {**INDIVIDUAL, "access": consented(DEMO.consent_individual)}})
BLOCKED = """
    SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND usename = %s AND datname = current_database()
"""


@pytest.fixture(scope="module")
def database(database: Connections) -> Connections:
    """Without limits of time: a worker that is kept waiting is killed waiting."""
    return unlimited(database)


@pytest.fixture(scope="module")
def home(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of this module's worker; the database holds the demonstration set sealed under them."""
    return seeded(database, tmp_path_factory.mktemp("home"))


async def client(process: Process, received: list[bytes]) -> None:
    """Ask again and again until the worker is gone; keep every complete answer."""
    async with httpx.AsyncClient(headers=process.headers("bank"), timeout=PATIENCE) as http:
        while True:
            try:
                response = await http.post(f"{process.url}/graphql", content=QUESTION)
            except httpx.TransportError:
                return
            received.append(response.content)


async def blocked(database: Connections, user: str) -> None:
    async def waits() -> bool:
        return bool(await sql(database.owner, BLOCKED, user))

    await until(f"{user} waits for a lock", waits)


async def test_killed(database: Connections, home: Path) -> None:
    """Killed, started on what was left, killed again at the next point; the last one is stopped."""
    received: list[bytes] = []
    for when in ("at once", "under load", "while it reads", "while it appends"):
        await killed(database, home, when, received)
        await told_is_logged(database, received)
    with worker(database, home) as process:
        await asyncio.to_thread(process.ready)
        async with httpx.AsyncClient(headers=process.headers("bank"), timeout=PATIENCE) as http:
            received.append((await http.post(f"{process.url}/graphql", content=QUESTION)).content)
        assert process.terminate() == 0
    await told_is_logged(database, received)


async def killed(database: Connections, home: Path, when: str, received: list[bytes]) -> None:
    """A worker's life under load, until it is killed at a point."""
    before = len(received)
    with worker(database, home) as process:
        await asyncio.to_thread(process.ready)
        clients = [asyncio.create_task(client(process, received)) for _ in range(CLIENTS)]
        if when != "at once":
            await until("enough was answered", lambda: len(received) >= before + ENOUGH)
        async with await psycopg.AsyncConnection.connect(database.owner) as holder:
            if when == "while it reads":
                await holder.execute("LOCK TABLE penalty")  # which the log does not look at when it asks about consents
                await blocked(database, "gateway_reader")
            elif when == "while it appends":
                await holder.execute("SELECT 1 FROM log_shard FOR UPDATE")
                await blocked(database, "gateway_log")
            process.kill()
            await holder.rollback()
        await asyncio.gather(*clients)


async def told_is_logged(database: Connections, received: list[bytes]) -> None:
    """Every answer with data has its entry at its place, which says that data were disclosed, and to whom."""
    entries = {(shard, index): (leaf, orjson.loads(body)) for shard, index, body, leaf in await stored(database)}
    for content in received:
        answer = orjson.loads(content)
        assert answer["data"]["enterprise"]["legalRepresentative"]["name"] == DEMO.citizen_name
        receipt = answer["extensions"]["receipt"]
        leaf, entry = entries[int(receipt["origin"].rpartition("/")[2]), receipt["index"]]
        assert leaf == receipt["leaf"]
        assert (entry["outcome"], entry["who"]["principal"]) == ("DISCLOSED", "bank-officer-1")
