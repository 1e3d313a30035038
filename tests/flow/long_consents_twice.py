"""Consents in two gateways at once: what is single is used once, also when one of them is killed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import orjson
import psycopg
import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.consents import CITIZEN, PERSON, access
from tests.harness import PATIENCE, Body, sql, stored, unlimited, until
from tests.processes import seeded, worker

pytestmark = pytest.mark.anyio

CONSENTS, ATTEMPTS = 100, 10  # single consents, and requests that want each: half of them to either process
AT_ONCE = 64  # requests on their way to one process
MAKE = """
    INSERT INTO consent (subject_id, id, subject_class, provider, batch, number, consumer, purposes, kinds, single,
        assurance, given_at, valid_from, valid_until)
    SELECT c.subject_id, nextval('record_ids'), 'person', 'CREDIT', 'consent', %s || n, 'bank-demo', '{LOAN_APPROVAL}',
        '{person}', true, 'A', now(), now() - interval '1 day', now() + interval '1 day'
    FROM consent AS c, generate_series(1, %s::integer) AS n WHERE c.number = %s
"""
USES = """
    SELECT c.number, count(u.consent_id), count(DISTINCT u.use_key) FROM consent AS c
    LEFT JOIN consent_use AS u ON u.consent_id = c.id WHERE c.number LIKE %s GROUP BY c.number
"""
BLOCKED = """
    SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND usename = 'gateway_log' AND datname = current_database()
"""


@pytest.fixture(scope="module")
def database(database: Connections) -> Connections:
    """Without limits of time: a worker that is kept waiting is killed waiting."""
    return unlimited(database)


@pytest.fixture(scope="module")
def home(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of this module's workers; the database holds the demonstration set sealed under them."""
    return seeded(database, tmp_path_factory.mktemp("home"))


def question(number: str, key: str) -> bytes:
    return orjson.dumps({"query": PERSON, "variables": {**CITIZEN, "access": access(number, key)}})


def shown(content: bytes) -> bool:
    """Whether an answer shows the person; a loser reads nothing, or is told that its basis was lost."""
    body: Body = orjson.loads(content)
    if "errors" in body:
        assert body["errors"][0]["extensions"]["code"] == "BASIS_LOST", body
        return False
    assert body["data"]["person"] in (None, {"name": DEMO.citizen_name})
    return body["data"]["person"] is not None


async def test_a_thousand_uses_in_two_processes(database: Connections, home: Path) -> None:
    """Each consent is used exactly once, whichever of its ten requests has it, and that one was answered."""
    await sql(database.owner, MAKE, "S-", CONSENTS, DEMO.consent_citizen)
    won: dict[str, int] = {}
    with worker(database, home) as one, worker(database, home) as two:
        await asyncio.to_thread(one.ready)
        await asyncio.to_thread(two.ready)
        limits = httpx.Limits(max_connections=AT_ONCE)
        async with (
            httpx.AsyncClient(headers=one.headers("bank"), timeout=PATIENCE, limits=limits) as first,
            httpx.AsyncClient(headers=two.headers("bank"), timeout=PATIENCE, limits=limits) as second,
        ):

            async def want(at: int, attempt: int) -> None:
                number, process = f"S-{at}", (one, two)[attempt % 2]
                client = (first, second)[attempt % 2]
                response = await client.post(f"{process.url}/graphql", content=question(number, f"k-{attempt}"))
                won[number] = won.get(number, 0) + shown(response.content)

            wanted = [want(at, attempt) for attempt in range(ATTEMPTS) for at in range(1, CONSENTS + 1)]
            await asyncio.gather(*wanted)
    assert won == {f"S-{at}": 1 for at in range(1, CONSENTS + 1)}
    assert {row[1:] for row in await sql(database.owner, USES, "S-%")} == {(1, 1)}
    entries = [orjson.loads(body) for _, _, body, _ in await stored(database)]
    disclosed = [one["why"][0]["consent"] for one in entries if one["outcome"] == "DISCLOSED"]
    assert sorted(disclosed) == sorted(won)


async def test_killed_before_the_entry(database: Connections, home: Path, kill: Callable[[int], None]) -> None:
    """Nothing was used; the process that is started again has the use under the same key, twice."""
    await sql(database.owner, MAKE, "K-", 1, DEMO.consent_citizen)
    with worker(database, home) as process:
        await asyncio.to_thread(process.ready)
        async with (
            await psycopg.AsyncConnection.connect(database.owner) as holder,
            httpx.AsyncClient(headers=process.headers("bank"), timeout=PATIENCE) as http,
        ):
            await holder.execute("SELECT 1 FROM log_shard FOR UPDATE")
            asking = asyncio.create_task(http.post(f"{process.url}/graphql", content=question("K-1", "k")))

            async def waits() -> bool:
                return bool(await sql(database.owner, BLOCKED))

            await until("the append waits", waits)
            process.kill()
            with pytest.raises(httpx.TransportError):
                await asking
            for (backend,) in await sql(database.owner, BLOCKED):
                kill(int(backend))  # the machine is gone, and its connections with it
            await holder.rollback()
    used = "SELECT count(*) FROM consent_use JOIN consent ON id = consent_id WHERE number = 'K-1'"
    assert await sql(database.owner, used) == [(0,)]
    with worker(database, home) as process:
        await asyncio.to_thread(process.ready)
        async with httpx.AsyncClient(headers=process.headers("bank"), timeout=PATIENCE) as http:
            for _ in range(2):
                response = await http.post(f"{process.url}/graphql", content=question("K-1", "k"))
                assert shown(response.content)
    assert await sql(database.owner, used) == [(1,)]
