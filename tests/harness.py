"""A whole gateway on a test database, asked over HTTP by any persona; lanes, log, vault and server are the real ones.

Time stands still at ``NOW`` unless a test moves it. ``CountingRandom`` gives the same keys, hence the same ids, in
every run. ``PausingLanes`` lets a test stand between two steps of a request; the work is done by the real lanes.

A busy machine is slow, and that must not make a test fail: what happens in the background is waited for by ``until``,
and where a test keeps somebody waiting, ``unlimited`` takes the limits of time of the database away.
"""

import asyncio
import base64
import hashlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import httpx
import orjson
import psycopg
import uvicorn
from psycopg.conninfo import make_conninfo

from gateway.assemble import LISTENING, TELLING, TIMEKEEPING, WATCHING, Running, assemble, vault_of
from gateway.audit.entry import commit_salted
from gateway.audit.tree import Edge, extend, leaf_hash
from gateway.clock import Random, SystemClock
from gateway.events import Events
from gateway.identity.development import DevelopmentKey, development_key
from gateway.intake.load import seed_demo
from gateway.intake.sample_demo import DEMO
from gateway.pipeline import Gateway
from gateway.policy.compile import Policy, load
from gateway.schema.roles import RoleSchemas
from gateway.settings import Settings, read
from gateway.store.database import Connections
from gateway.store.lanes import Lanes, Row
from gateway.values import Statement
from gateway.vault.vault import Vault
from gateway.web.app import Application

Body: TypeAlias = dict[str, Any]
Variables: TypeAlias = Mapping[str, object]
Hook: TypeAlias = Callable[[], Awaitable[None]]

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # ten in the morning in Beijing
PUBLIC = "public"
JSON = {"content-type": "application/json"}
ORIGIN = "credit-gateway.example/log"
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
PATIENCE = 60.0  # seconds; only a fault waits that long, also on a busy machine

LOAN = {"purpose": "LOAN_APPROVAL"}


SCHEMAS = RoleSchemas()  # of the shipped policy; they hold nothing of a house


@cache
def shipped() -> Policy:
    """The shipped policy, loaded once for all houses."""
    return load(read({}).policies)


def consented(number: str) -> dict[str, object]:
    """The access of somebody who names a consent."""
    return {**LOAN, "consent": number}


ENGAGEMENT = "2026-1"


def audit(number: str = ENGAGEMENT) -> dict[str, object]:
    """The access of an auditor in an engagement; auditor-1 works in the one that every house has."""
    return {"purpose": "AUDIT", "matter": {"number": number, "kind": "AUDIT", "basis": "audit plan"}}


def duty(number: str, kind: str, basis: str) -> dict[str, object]:
    """The access of a department with a matter."""
    return {"purpose": "PUBLIC_DUTY", "matter": {"number": number, "kind": kind, "basis": basis}}


TAX_MATTER = duty(DEMO.tax_matter_number, DEMO.tax_matter_kind, DEMO.tax_matter_basis)
MARKET_MATTER = duty(DEMO.market_matter_number, DEMO.market_matter_kind, DEMO.market_matter_basis)


class FixedClock:
    """A clock that stands still, the stop watch too: no minute is ever over in the middle of a test."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, time: timedelta) -> None:
        """Let some time pass at once."""
        self.at += time

    def monotonic(self) -> float:
        return 0.0


class CountingRandom:
    """Bytes that are the same in every run and never the same twice in one."""

    def __init__(self, seed: str = "tests") -> None:
        self._seed = seed.encode()
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            found += hashlib.sha256(b"%b %d" % (self._seed, self._drawn)).digest()
            self._drawn += 1
        return found[:count]


class PausingLanes(Lanes):
    """Lanes that can be told what happens in the world between a read and whatever comes after it."""

    after: Hook | None = None

    async def fetch(self, statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        rows = await super().fetch(statement, parameters)
        if self.after is not None:
            await self.after()
        return rows


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request cost: SQL statements of the reader, entries in the log, sealed values opened."""

    statements: int
    entries: int
    openings: int


class House:
    """A running gateway and what a test wants to know of it; make it with ``opened``."""

    def __init__(self, settings: Settings, connections: Connections, clock: FixedClock, random: Random) -> None:
        self.settings = settings
        self.connections = connections
        self.clock = clock
        self.random = random
        self.http = httpx.AsyncClient(timeout=PATIENCE)
        self._key: DevelopmentKey = development_key(settings, CountingRandom("issuer"))
        self._application = Application(self._start, settings.max_body)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._application,
                http="httptools",
                ws="websockets-sansio",
                ws_max_size=settings.max_body,
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=int(PATIENCE),
            )
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    @property
    def running(self) -> Running:
        """All of it."""
        return self._application.running

    @property
    def gateway(self) -> Gateway:
        """The gateway that answers."""
        return self.running.gateway

    @property
    def vault(self) -> Vault:
        """Its vault."""
        return self.gateway.vault

    @property
    def lanes(self) -> PausingLanes:
        """Its lanes."""
        lanes = self.gateway.lanes
        assert isinstance(lanes, PausingLanes)
        return lanes

    async def _start(self) -> Running:
        running = await assemble(self.settings, self.connections, self.clock, self.random, policy=shipped())
        own = (WATCHING, TIMEKEEPING, TELLING, LISTENING)
        stopped = [task for task in running.tasks if task.get_name() in own]
        for task in stopped:
            task.cancel()  # tests look, send and keep time themselves
        await running.gateway.lanes.close()
        lanes = await PausingLanes.open(self.connections.reader, fast=2, slow=1)
        gateway = replace(running.gateway, lanes=lanes, schemas=SCHEMAS)
        events = Events(gateway, self.connections.reader)
        tasks = tuple(task for task in running.tasks if task not in stopped)
        return replace(running, gateway=gateway, events=events, tasks=(*tasks, asyncio.create_task(events.run())))

    async def serve(self) -> None:
        """Listen until :meth:`stop`."""
        await self._server.serve([self._socket])

    @property
    def listening(self) -> bool:
        """Whether it answers."""
        return self._server.started

    def stop(self) -> None:
        """Let ``serve`` return."""
        self._server.should_exit = True

    def token(self, persona: str, *, step_up: bool = False) -> str:
        """A token of a persona, by the development key."""
        return self._key.issue(persona, self.clock.now(), self.random, step_up=step_up)

    def headers(self, persona: str, *, step_up: bool = False) -> dict[str, str]:
        """The headers of a request by a persona; the public has no token."""
        return (
            JSON if persona == PUBLIC else {**JSON, "authorization": f"Bearer {self.token(persona, step_up=step_up)}"}
        )

    async def post(self, content: bytes, headers: Mapping[str, str] = JSON, method: str = "POST") -> httpx.Response:
        """Send bytes as they are."""
        return await self.http.request(
            method, f"http://127.0.0.1:{self.port}/graphql", content=content, headers=dict(headers)
        )

    async def ask(
        self, persona: str, query: str, variables: Variables | None = None, *, step_up: bool = False
    ) -> tuple[int, Body]:
        """Ask as a persona: HTTP status and decoded body."""
        response = await self.raw(persona, query, variables, step_up=step_up)
        return response.status_code, orjson.loads(response.content)

    async def raw(
        self, persona: str, query: str, variables: Variables | None = None, *, step_up: bool = False
    ) -> httpx.Response:
        """Ask as a persona: the response itself."""
        content = orjson.dumps({"query": query, "variables": variables})
        return await self.post(content, self.headers(persona, step_up=step_up))

    async def data(
        self, persona: str, query: str, variables: Variables | None = None, *, step_up: bool = False
    ) -> Body:
        """Ask for what must be answered: its ``data``."""
        status, body = await self.ask(persona, query, variables, step_up=step_up)
        assert (status, "errors" in body) == (200, False), body
        found: Body = body["data"]
        return found

    async def cost(
        self, persona: str, query: str, variables: Variables | None = None, *, step_up: bool = False
    ) -> tuple[Body, Cost]:
        """Ask, and what that cost."""
        before = self.lanes.sent, await self.entry_count(), self.vault.openings
        _, body = await self.ask(persona, query, variables, step_up=step_up)
        after = self.lanes.sent, await self.entry_count(), self.vault.openings
        return body, Cost(*(now - then for now, then in zip(after, before, strict=True)))

    async def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement as the owner of the tables."""
        return await sql(self.connections.owner, statement, *parameters)

    async def entry_count(self) -> int:
        """How many entries the log holds."""
        ((count,),) = await self.sql("SELECT count(*) FROM log_entry")
        return int(count)

    async def entries(self, last: int) -> list[Body]:
        """The last entries, oldest first."""
        return [orjson.loads(row[2]) for row in (await stored(self.connections))[-last:]]

    async def accepting(self) -> None:
        """Wait until the log takes entries again."""
        await until("the log takes entries", lambda: self.gateway.log.health.accepting)

    async def whole(self) -> None:
        """Wait until the log takes entries and no lane is missing."""
        await self.accepting()
        await until("every lane is open", lambda: self.lanes.ready and not self.lanes.missing)


@asynccontextmanager
async def opened(
    connections: Connections,
    home: Path,
    *,
    random: Random | None = None,
    seeded: bool = True,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> AsyncIterator[House]:
    """A gateway on ``connections`` that keeps its keys in ``home``, with the demonstration set loaded as of TODAY."""
    chosen = read({"GATEWAY_HOME": str(home), **settings})
    drawn = random or CountingRandom()
    vault_of(chosen, CountingRandom("keys"))  # the same domain keys in every house, hence the same ids
    if seeded:
        seed(chosen, connections, drawn)
        engage(connections)
    house = House(chosen, connections, FixedClock(), drawn)
    serving = asyncio.create_task(house.serve())
    try:
        await until("it listens", lambda: house.listening or serving.done())
        assert house.listening, "it did not start"
        yield house
    finally:
        await house.http.aclose()
        house.stop()
        await serving


def engage(connections: Connections, number: str = ENGAGEMENT, auditor: str = "auditor-1") -> None:
    """An engagement that runs whatever the clock says. No entry: tests count those of their own."""
    with psycopg.connect(connections.owner) as owner:
        owner.execute(
            "INSERT INTO log_engagement VALUES (%s, 'a test', ARRAY[%s], ARRAY['anna', 'boris'], '2000-01-01', "
            "'2100-01-01') ON CONFLICT DO NOTHING",
            (number, auditor),
        )


def seed(settings: Settings, connections: Connections, random: Random) -> None:
    """Load the demonstration set, once."""
    with psycopg.connect(connections.writer) as connection:
        seed_demo(connection, vault_of(settings, random), TODAY)


def with_options(conninfo: str, **options: str) -> str:
    """A connection string whose ``options`` take the place of those of its role; the limits of time: "0" is none."""
    return make_conninfo(conninfo, options=" ".join(f"-c {name}={value}" for name, value in options.items()))


def unlimited(connections: Connections) -> Connections:
    """The same connections, on which nothing ever takes too long: who is kept waiting waits until the test lets go."""
    roles = (connections.owner, connections.reader, connections.writer, connections.log)
    return Connections(*(with_options(role, statement_timeout="0", lock_timeout="0") for role in roles))


async def until(what: str, condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for something that happens in the background; the test fails, saying what, when it does not.

    Its own clock, and no cancellation: a task that is canceled under pytest takes all later tests with it.
    """
    clock = SystemClock()
    started = clock.monotonic()
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        assert clock.monotonic() - started < PATIENCE, f"waited {PATIENCE:.0f} s in vain until {what}"
        await asyncio.sleep(0.005)


async def sql(conninfo: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own."""
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        cursor = await connection.execute(statement.encode(), parameters)
        return await cursor.fetchall() if cursor.description else []


async def stored(connections: Connections) -> list[tuple[int, int, bytes, str]]:
    """Every entry: shard, index, body, leaf (base64); on the way every tree is re-derived and compared."""
    rows = await sql(
        connections.owner, "SELECT shard, index, body, salt, commitment FROM log_entry ORDER BY shard, index"
    )
    found: list[tuple[int, int, bytes, str]] = []
    by_shard: dict[int, list[bytes]] = {}
    for shard, index, body, salt, commitment in rows:
        leaves = by_shard.setdefault(shard, [])
        assert index == len(leaves), "the log has a gap"
        assert commit_salted(salt, body) == commitment, "an entry is not what its leaf says"
        leaves.append(leaf_hash(commitment))
        found.append((shard, index, body, base64.b64encode(leaves[-1]).decode("ascii")))
    tails = await sql(connections.owner, "SELECT shard, size, edge FROM log_shard")
    for shard, size, edge in tails:
        assert Edge.parse(size, edge) == extend(Edge(), by_shard.get(shard, []))[0], (
            "the tree is not that of its entries"
        )
    return found


def without_receipt(body: Body) -> Body:
    """A body without what is different in every answer: where its entry stands."""
    extensions = {name: value for name, value in body.get("extensions", {}).items() if name != "receipt"}
    return {**body, "extensions": extensions}
