"""Processes that tell: killed with -9 at each point, the next one finds the same; told to end, it ends its streams."""

import asyncio
from functools import partial
from pathlib import Path

import httpx
import orjson
import psycopg
import pytest

from gateway.store.database import Connections
from tests.flow.test_killed import QUESTION, blocked
from tests.harness import PATIENCE, sql, unlimited, until
from tests.processes import seeded, worker

pytestmark = pytest.mark.anyio

# The business that the question reads; not to be looked at yet.
CHANGED = """INSERT INTO record_change
    (id, subject_id, subject_class, record_kind, record_id, version, what, at, looked_at, told_at)
  SELECT nextval('record_ids'), subject_id, 'individual', 'enterprise', subject_id, version, 'CORRECTED',
    now(), now(), now()
  FROM enterprise WHERE subject_class = 'individual' AND subject_id IN (SELECT subject_id FROM consent)
  ORDER BY subject_id LIMIT 1 RETURNING id"""
# A notice to the same recipient: whoever makes one waits for what becomes of this.
IN_THE_WAY = """INSERT INTO notice
    (subject_id, id, subject_class, provider, batch, state, what, record_kind, created_at, change, record_id)
  SELECT subject_id, nextval('record_ids'), subject_class, 'CREDIT', '', 'NEW', what, record_kind, now(), id, record_id
  FROM record_change WHERE id = %s"""
NOW_DUE = "UPDATE record_change SET looked_at = NULL, told_at = NULL WHERE id = %s"
EACH = "SELECT institution, count(*) FROM notice WHERE change = %s GROUP BY 1 ORDER BY 1 NULLS FIRST"


@pytest.fixture(scope="module")
def database(database: Connections) -> Connections:
    """Without limits of time: a worker that is kept waiting is killed waiting."""
    return unlimited(database)


@pytest.fixture(scope="module")
def home(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded(database, tmp_path_factory.mktemp("home"))


async def test_killed_while_it_tells(database: Connections, home: Path) -> None:
    """While it looks back, and while it makes the notices: there is none; the next process makes each once."""
    changes: list[int] = []
    for when in ("looking back", "making notices"):
        with worker(database, home) as process:
            await asyncio.to_thread(process.ready)
            answer = await asyncio.to_thread(process.post, "bank", QUESTION)
            assert "errors" not in orjson.loads(answer.content)
            ((change,),) = await sql(database.owner, CHANGED)
            changes.append(change)
            async with await psycopg.AsyncConnection.connect(database.owner) as holder:
                if when == "looking back":
                    await holder.execute("LOCK TABLE identifier")
                else:
                    await holder.execute(IN_THE_WAY, (change,))
                await sql(database.owner, NOW_DUE, change)
                await blocked(database, "gateway_writer")
                process.kill()
                await holder.rollback()
        assert await sql(database.owner, EACH, change) == []
    with worker(database, home) as process:
        await asyncio.to_thread(process.ready)
        for change in changes:
            await until("each is told", partial(both, database, change))
        assert await asyncio.to_thread(process.terminate) == 0


async def both(database: Connections, change: int) -> bool:
    found = await sql(database.owner, EACH, change)
    assert all(count == 1 for _, count in found)
    return [institution for institution, _ in found] == [None, "bank-demo"]


async def test_a_process_that_ends_ends_its_streams(database: Connections, home: Path) -> None:
    content = orjson.dumps({"query": "subscription { caseChanged { id } }"})
    with worker(database, home) as process:
        await asyncio.to_thread(process.ready)
        headers = {**process.headers("desk"), "accept": "text/event-stream"}
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            async with http.stream("POST", f"{process.url}/graphql", content=content, headers=headers) as response:
                lines = response.aiter_lines()
                assert await anext(lines) == ":"
                ending = asyncio.create_task(asyncio.to_thread(process.terminate))
                assert [line async for line in lines if line] == ["event: complete", "data:"]
            assert await ending == 0
