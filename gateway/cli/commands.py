"""What each verb of the command line does."""

import argparse
import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from datetime import date

import psycopg
import uvicorn

from gateway.assemble import Running, assemble, database, migrated, prepared_database, vault_of
from gateway.cli.audit_tools import log_of
from gateway.cli.try_it import DEMO_ENGAGEMENT, what_to_try
from gateway.clock import BEIJING, SystemClock, SystemRandom
from gateway.errors import BadInput
from gateway.figures.freeze import freeze, last_month
from gateway.identity.development import PERSONAS, development_key
from gateway.intake.department_files import write_files
from gateway.intake.load import SEED, generate, seed_demo
from gateway.intake.sample_words import read_words
from gateway.ledger.engagements import LONGEST, Engagement, begin
from gateway.policy.compile import load
from gateway.schema.build import of, sdl
from gateway.settings import Settings, SettingsError
from gateway.store.database import Connections
from gateway.store.embedded import EmbeddedServer
from gateway.store.migrate import current, head
from gateway.values import Role
from gateway.web.app import Application, Start

GENERATIONS = (10_000, 20, 50)  # of the garbage collector; the interpreter begins with 700, 10, 10

_logger = logging.getLogger("gateway")


def persona_names() -> list[str]:
    """The demo personas, in the order the README tells them."""
    return [persona.name for persona in PERSONAS]


def demo(settings: Settings, options: argparse.Namespace) -> int:
    """Start everything on this machine, seed it once, serve until told to stop, stop everything."""
    if settings.production:
        raise SettingsError(("GATEWAY_MODE", "the demo would seed invented rows: it is refused in production"))
    stop_on_signal()
    connections, server = prepared_database(settings)
    try:
        with psycopg.connect(connections.writer) as connection:
            seed_demo(connection, vault_of(settings, SystemRandom()), _today())
            now = SystemClock().now()
            freeze(connection, last_month(now), now)
        asyncio.run(_engage(settings, connections))
        _serve(settings, connections, server, lambda: print(what_to_try(settings), flush=True))
    finally:
        if server is not None:
            server.stop()
    return 0


async def _engage(settings: Settings, connections: Connections) -> None:
    """An engagement for the auditor among the personas; the next starts find it there."""
    auditors = [persona.subject for persona in PERSONAS if persona.role is Role.AUDITOR]
    asked = Engagement(DEMO_ENGAGEMENT, auditors, "the demonstration", ("somebody", "somebody else"), LONGEST)
    async with log_of(settings, connections) as log:
        with contextlib.suppress(BadInput):
            await begin(connections.owner, log, asked, SystemClock().now())


def serve(settings: Settings, options: argparse.Namespace) -> int:
    """Serve. The database must be there and at the newest migration: serving never changes it."""
    if not settings.database_url and not EmbeddedServer.made(settings.home):
        print("There is no database yet: run `gateway migrate` first.", file=sys.stderr)
        return 1
    stop_on_signal()
    connections, server = database(settings)
    try:
        if current(connections.owner) != head():
            print("The database is not at the newest migration: run `gateway migrate` first.", file=sys.stderr)
            return 1
        _serve(settings, connections, server, lambda: None)
    finally:
        if server is not None:
            server.stop()
    return 0


def migrate_database(settings: Settings, options: argparse.Namespace) -> int:
    """Bring the database to the newest migration."""
    with migrated(settings):
        return 0


def generate_sample(settings: Settings, options: argparse.Namespace) -> int:
    """Load invented subjects and records, or write them as files of departments."""
    if options.files is not None:
        options.files.mkdir(parents=True, exist_ok=True)
        words, counts = read_words(SEED), (options.subjects, options.records)
        for path in write_files(options.files, *counts, options.seed, words, _today(), faults=options.faults):
            print(path)
        return 0
    with migrated(settings) as connections, psycopg.connect(connections.writer) as connection:
        vault = vault_of(settings, SystemRandom())
        generate(connection, vault, options.subjects, options.records, options.seed, _today(), _progress)
    print(file=sys.stderr)
    return 0


def token(settings: Settings, options: argparse.Namespace) -> int:
    """Print a development token."""
    key = development_key(settings, SystemRandom())
    print(key.issue(options.persona, SystemClock().now(), SystemRandom(), step_up=options.step_up))
    return 0


def schema(settings: Settings, options: argparse.Namespace) -> int:
    """Print the schema of a role."""
    print(sdl(of(load(settings.policies).visibility(Role(options.role)))))
    return 0


def stop_on_signal() -> None:
    """Let SIGTERM unwind the stack like Ctrl-C does, so that everything started is stopped."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)


class _Server(uvicorn.Server):
    """Assembles the gateway first, so that what fails then is told like any failure of a command.

    Says that it is ready once it has its port, not before.
    """

    def __init__(self, settings: Settings, start: Start, ready: Callable[[], None]) -> None:
        application = Application(self._assembled, settings.max_body)
        config = uvicorn.Config(
            application,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=settings.max_body,
            lifespan="on",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_level="warning",
        )
        super().__init__(config)
        self._start = start
        self._ready = ready

    async def startup(self, sockets: "list[socket.socket] | None" = None) -> None:
        """See uvicorn."""
        self._running = await self._start()
        await super().startup(sockets)
        if self.started and not self.should_exit:
            _settle()
            self._ready()

    async def shutdown(self, sockets: "list[socket.socket] | None" = None) -> None:
        """See uvicorn, which waits for answers to end; event streams would not."""
        self._running.events.stop()
        await super().shutdown(sockets)

    async def _assembled(self) -> Running:
        return self._running


def _settle() -> None:
    """What was made so far (policy, catalogue) lives as long as the process: the collector need not look at it.

    A request leaves little behind, so the collector also need not come by every few of them. Measured at 64 clients:
    a seventh to a quarter less CPU per request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GENERATIONS)


def _serve(
    settings: Settings, connections: Connections, server: EmbeddedServer | None, ready: Callable[[], None]
) -> None:
    async def start() -> Running:
        return await assemble(settings, connections, server=server)

    _Server(settings, start, ready).run()


def _progress(done: int, whole: int) -> None:
    print(f"\r{done:>12,} of {whole:,} rows", end="", file=sys.stderr, flush=True)


def _today() -> date:
    return SystemClock().now().astimezone(BEIJING).date()
