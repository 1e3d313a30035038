"""What the tests of the log share: a shard of their own, a look at what is stored, a proxy that loses answers."""

import asyncio
import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gateway.audit.entry import commit_salted
from gateway.audit.log import Log
from gateway.audit.tree import Edge, Node, extend, leaf_hash
from gateway.audit.turn import Execute
from gateway.clock import SystemClock, SystemRandom
from gateway.errors import DatabaseUnavailable
from gateway.signing import NoteSigner
from gateway.store.database import Connections
from gateway.store.lanes import Lane, Row
from gateway.values import Check, Entry, Statement
from tests.harness import unlimited, until

ORIGIN = "log.example/access"
SIGNER = NoteSigner("log.example", bytes(range(32)))
NUMBERS = itertools.count(100)  # a shard of its own for each test


def entry(name: str, *checks: Check) -> Entry:
    """An entry that can be told by its name."""
    return Entry({"name": name, "outcome": "DISCLOSED"}, {"name": name, "outcome": "REFUSED"}, checks)


class Proxy:
    """Stands between the log and PostgreSQL and can lose what the server answers."""

    def __init__(self, conninfo: str, folder: Path) -> None:
        place = conninfo_to_dict(conninfo)
        self._behind = f"{place['host']}/.s.PGSQL.{place['port']}"
        self._path = folder / ".s.PGSQL.5432"
        self.conninfo = make_conninfo(conninfo, host=str(folder), port=5432)
        self.deaf = False
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_unix_connection(self._behind)
        self._writers += (writer, behind_writer)
        self._tasks.append(asyncio.create_task(self._pump(reader, behind_writer)))
        while data := await behind_reader.read(65536):
            if self.deaf:  # PostgreSQL has answered, hence committed; nobody will hear it
                break
            writer.write(data)
        writer.close()
        behind_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def stop(self) -> None:
        """Close every connection and stop."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Bench:
    """One shard, logs upon it, and a look at what is stored. The database has no limits of time here."""

    def __init__(self, database: Connections) -> None:
        self.database = unlimited(database)
        self.shard = next(NUMBERS)
        self.origin = f"{ORIGIN}/{self.shard}"
        self.reachable = True
        self.conninfo = self.database.log
        self.lanes: list[Lane] = []  # every connection a log has opened
        self._logs: list[Log] = []
        self._proxies: list[Proxy] = []

    async def connect(self) -> Lane:
        """What the log connects with; fails while ``reachable`` is off."""
        if not self.reachable:
            raise DatabaseUnavailable
        self.lanes.append(await Lane.connect(self.conninfo))
        return self.lanes[-1]

    async def open(self, *more: int, depth: int = 4096) -> Log:
        """A log on this bench's shard, or one of ``more``."""
        clock, random = SystemClock(), SystemRandom()
        log = await Log.open(self.connect, (self.shard, *more), ORIGIN, SIGNER, clock, random, depth=depth)
        self._logs.append(log)
        return log

    async def proxy(self, folder: Path) -> Proxy:
        """From now on logs connect through a proxy, its socket in ``folder``."""
        proxy = Proxy(self.database.log, folder)
        await proxy.start()
        self.conninfo = proxy.conninfo
        self._proxies.append(proxy)
        return proxy

    async def close(self) -> None:
        """Close whatever a failed test left open; doing it twice is no harm."""
        for proxy in self._proxies:
            await proxy.stop()
        for log in self._logs:
            await log.close()

    async def owner(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement as the owner of the tables."""
        return await query(self.database.owner, statement, *parameters)

    async def names(self) -> list[str]:
        """The stored entries' names, in order; on the way everything is re-derived and compared."""
        rows = await self.owner(
            "SELECT index, body, salt, commitment FROM log_entry WHERE shard = %s ORDER BY index", self.shard
        )
        assert [row[0] for row in rows] == list(range(len(rows)))
        assert all(commit_salted(salt, body) == commitment for _, body, salt, commitment in rows)
        assert len({row[2] for row in rows}) == len(rows)
        edge, nodes = extend(Edge(), [leaf_hash(row[3]) for row in rows])
        ((size, stored),) = await self.owner("SELECT size, edge FROM log_shard WHERE shard = %s", self.shard)
        assert Edge.parse(size, stored) == edge
        tiles = await self.owner("SELECT level, index, hash FROM log_node WHERE shard = %s", self.shard)
        assert {Node(*tile) for tile in tiles} == set(nodes)
        return [orjson.loads(row[1])["name"] for row in rows]

    async def consent(self, number: str, subject: int = 7) -> Check:
        """Store a consent in force and return the check of it."""
        await self.owner("INSERT INTO consumer VALUES ('bank-1', 'Bank', false) ON CONFLICT DO NOTHING")
        await self.owner(
            "INSERT INTO department (code, name, region, valid_from) VALUES ('d', 'Office', '220800', '1890-01-01') "
            "ON CONFLICT DO NOTHING"
        )
        await self.owner(
            "INSERT INTO consent (subject_id, id, subject_class, provider, batch, number, consumer, purposes, kinds, "
            "single, assurance, given_at, valid_from, valid_until) VALUES (%s, nextval('record_ids'), 'person', 'd', "
            "'', %s, 'bank-1', '{LOAN_APPROVAL}', '{license}', false, 'A', now(), now() - interval '1 day', "
            "now() + interval '1 day')",
            subject,
            number,
        )
        return Check("consent", number, subject, "bank-1", "LOAN_APPROVAL")


async def query(conninfo: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own."""
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        cursor = await connection.execute(statement.encode(), parameters)
        return await cursor.fetchall() if cursor.description else []


async def accepting(log: Log) -> None:
    """Wait until the log takes entries."""
    await until("the log takes entries", lambda: log.health.accepting)


def in_transaction(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> Execute:
    """What a mutation hands to ``turn.carry``: runs the append function in its own transaction."""

    async def execute(statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        values = [None if value is None else value.decode() for value in parameters]
        cursor = psycopg.AsyncRawCursor(connection)
        await cursor.execute(statement.sql.encode(), values)
        result = cursor.pgresult
        assert result is not None
        return [tuple(result.get_value(0, column) for column in range(result.nfields))]

    return execute
