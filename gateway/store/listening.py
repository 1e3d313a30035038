"""What the database tells at the moment (LISTEN), on a connection of its own, never through a pooler."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import sql

from gateway.errors import DatabaseUnavailable

CHANNEL = "gateway_events"


@asynccontextmanager
async def listening(conninfo: str) -> AsyncIterator[AsyncIterator[str]]:
    """Everything that is told from now on, in the order of commits. Raises DatabaseUnavailable, also while it runs."""
    try:
        connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    except psycopg.Error:
        raise DatabaseUnavailable from None
    try:
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        yield _told(connection)
    except psycopg.Error:
        raise DatabaseUnavailable from None
    finally:
        await connection.close()


async def _told(connection: "psycopg.AsyncConnection[tuple[object, ...]]") -> AsyncIterator[str]:
    async for note in connection.notifies():
        yield note.payload
