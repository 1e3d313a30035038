"""What the tests of lanes share: a statement that lasts until the test lets it end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from gateway.store.database import Connections
from gateway.store.lanes import Lane
from gateway.values import Statement
from tests.harness import sql, until

WAIT = Statement("wait", "SELECT pg_advisory_xact_lock_shared(1)::text")  # ends when nobody is ``held_up`` any more
WAITING = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"


@asynccontextmanager
async def held_up(database: Connections) -> AsyncIterator[None]:
    """As long as this is open, ``WAIT`` does not end."""
    async with await psycopg.AsyncConnection.connect(database.owner) as holder:
        await holder.execute("SELECT pg_advisory_xact_lock(1)")
        yield
        await holder.rollback()


async def under_way(database: Connections, lane: Lane) -> None:
    """Wait until the server executes ``WAIT`` for this lane."""

    async def waits() -> bool:
        return bool(await sql(database.owner, WAITING, lane.backend))

    await until("the statement is under way", waits)


async def gone(lane: Lane) -> None:
    """Wait until the process has noticed that a lane has died."""
    await until("it is noticed", lambda: not lane.alive)
