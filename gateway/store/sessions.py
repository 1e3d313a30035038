"""Ordinary pooled connections, for mutations, intake and jobs. The hot path uses ``lanes``.

``async with sessions.begin() as session`` is one transaction: it commits at the end, an exception rolls it back.
Statements are SQLAlchemy Core expressions, compiled here; driver errors are converted here.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

from gateway.errors import DatabaseUnavailable, Overloaded
from gateway.store.database import convert, failed

Connection: TypeAlias = psycopg.AsyncConnection[tuple[object, ...]]

DIALECT = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its constructor untyped


class Session:
    """One transaction. ``connection`` is psycopg's own, for COPY."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def execute(
        self, statement: ClauseElement, parameters: Mapping[str, object] | None = None
    ) -> list[tuple[object, ...]]:
        """Run one Core statement and return its rows; ``parameters`` override values of its bind parameters."""
        compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        values = compiled.construct_params(dict(parameters or {}))
        cursor = await self.connection.execute(compiled.string.encode(), values)
        return await cursor.fetchall() if cursor.description else []


class Sessions:
    """A small pool of connections of one role; make it with :meth:`open`."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, conninfo: str, *, size: int = 4, patience: float = 5.0) -> "Sessions":
        """Open ``size`` connections at most; a session waits ``patience`` seconds for one.

        Raises DatabaseUnavailable.
        """
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            conninfo, min_size=1, max_size=size, timeout=patience, max_waiting=64, open=False
        )
        try:
            await pool.open(wait=True, timeout=patience)
        except PoolTimeout:
            await pool.close()
        else:
            return cls(pool)
        raise DatabaseUnavailable

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Session]:
        """One transaction. Raises Overloaded, DatabaseUnavailable, BadInput or InternalError."""
        try:
            async with self._pool.connection() as connection:
                yield Session(connection)
                return
        except psycopg.Error as error:
            failure = Overloaded() if isinstance(error, PoolTimeout | TooManyRequests) else convert(error)
        except UnicodeEncodeError:
            failure = failed("22021")  # a lone surrogate, which the driver cannot even send
        raise failure from failure.__cause__

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
