"""Ordinary pooled connections, for mutations, intake and jobs. The hot path uses ``lanes``.

``async with sessions.begin() as session`` is one transaction: it commits at the end, an exception rolls it back.
Statements are SQLAlchemy Core expressions, compiled here; driver errors are converted here.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests
from sqlalchemy.sql import ClauseElement

from gateway.errors import CommitUnknown, DatabaseUnavailable, GatewayError, Overloaded
from gateway.store.core import named
from gateway.store.database import convert, failed
from gateway.store.lane_protocol import Row
from gateway.values import Statement

Connection: TypeAlias = psycopg.AsyncConnection[tuple[object, ...]]

_logger = logging.getLogger("gateway.store.sessions")


class Session:
    """One transaction. ``connection`` is psycopg's own, for COPY."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def execute(
        self, statement: ClauseElement, parameters: Mapping[str, object] | None = None
    ) -> list[tuple[object, ...]]:
        """Run one Core statement and return its rows; ``parameters`` override values of its bind parameters."""
        text, values = named(statement, parameters)
        _logger.debug("%s", text.decode())  # without any value: those are parameters
        cursor = await self.connection.execute(text, values)
        return await cursor.fetchall() if cursor.description else []

    async def run(self, statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        """Run a statement of the lanes in this transaction; parameters and rows are in text format."""
        values = [None if value is None else value.decode() for value in parameters]
        cursor = psycopg.AsyncRawCursor(self.connection)
        await cursor.execute(statement.sql.encode(), values)
        result = cursor.pgresult
        if result is None:
            return []
        return [
            tuple(result.get_value(row, column) for column in range(result.nfields)) for row in range(result.ntuples)
        ]

    async def commit(self) -> None:
        """Commit now. Raises CommitUnknown if the connection broke meanwhile: it may or may not have been done."""
        try:
            await self.connection.commit()
        except psycopg.Error as error:
            failure = CommitUnknown() if self.connection.closed else convert(error)
        else:
            return
        raise failure


class Sessions:
    """A small pool of connections of one role; make it with :meth:`open`."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self._open = 0  # sessions that hold a connection now

    @classmethod
    async def open(cls, conninfo: str, *, size: int = 4, patience: float = 5.0) -> "Sessions":
        """Open ``size`` connections at most; a session waits ``patience`` seconds for one.

        Raises DatabaseUnavailable.
        """
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            conninfo,
            min_size=1,
            max_size=size,
            timeout=patience,
            max_waiting=64,
            open=False,
            check=AsyncConnectionPool.check_connection,  # one that has died in the pool is nobody's error
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
        failure: GatewayError
        try:
            async with self._pool.connection() as connection:
                self._open += 1
                try:
                    yield Session(connection)
                finally:
                    self._open -= 1
                return
        except TooManyRequests:
            failure = Overloaded()
        except PoolTimeout:  # either all connections are in use, or there are none to be had
            failure = Overloaded() if self._open >= self._pool.max_size else DatabaseUnavailable()
        except psycopg.Error as error:
            failure = convert(error)
        except UnicodeEncodeError:
            failure = failed("22021")  # a lone surrogate, which the driver cannot even send
        raise failure from failure.__cause__

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
