"""The servers as processes of their own, one worker each, and the place they share."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.error import URLError

import psycopg
from psycopg import sql

from gateway.clock import SystemClock, SystemRandom
from gateway.store.database import Connections, provision
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from gateway.store.migrate import current, head, migrate
from gateway.vault.keys import FileProvider
from gateway.vault.vault import Vault
from tests.bench.data import Data, prepare
from tests.bench.naive import AUDIT
from tests.bench.tokens import LIFETIME, Issuer

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds until a server must be ready
NAMES = ("gateway", "limit", "lean", "naive")


@dataclass(frozen=True, slots=True)
class Site:
    """Database, keys and data of the benchmark."""

    home: Path
    connections: Connections
    postgres: EmbeddedServer
    data: Data
    issuer: Issuer
    today: date

    @property
    def key_file(self) -> Path:
        """The domain keys: where the gateway looks for them by itself."""
        return self.home / "keys" / "domain.key"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    pid: int


@contextmanager
def site(home: Path, counts: tuple[int, int], today: date) -> Iterator[Site]:
    """Start PostgreSQL under ``home`` with the gateway's own settings, load what is missing, stop it at the end."""
    home.mkdir(parents=True, exist_ok=True)
    server = EmbeddedServer.start(home)
    try:
        connections = provision(server.conninfo(SUPERUSER, "postgres"))
        if current(connections.owner) != head():
            migrate(connections.owner)
        vault = Vault(FileProvider(home / "keys" / "domain.key", SystemRandom(), create=True).unwrap(), SystemRandom())
        data = prepare(home, connections, vault, counts, today)
        with psycopg.connect(connections.owner) as owner:
            owner.execute(
                sql.SQL(
                    "CREATE TABLE IF NOT EXISTS {} (id text PRIMARY KEY, at timestamptz NOT NULL, "
                    "principal text NOT NULL, operation text NOT NULL, subjects json NOT NULL)"
                ).format(sql.Identifier(AUDIT.name))
            )
            owner.execute(sql.SQL("GRANT INSERT ON {} TO gateway_writer").format(sql.Identifier(AUDIT.name)))
            owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO gateway_writer")
        yield Site(home, connections, server, data, Issuer(home), today)
    finally:
        server.stop()


@contextmanager
def serving(place: Site, name: str) -> Iterator[Server]:
    """Start one of NAMES on a free port, wait until it is ready, stop it at the end."""
    port = _free_port()
    command, environment = _command(place, name, port)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GATEWAY_")}
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env={**inherited, **environment})
    try:
        _wait(process, port, name)
        yield Server(name, port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(place: Site, name: str, port: int) -> tuple[list[str], Mapping[str, str]]:
    reader, writer = place.connections.reader, place.connections.writer
    match name:
        case "gateway":
            environment = {
                "GATEWAY_HOME": str(place.home),
                "GATEWAY_PORT": str(port),
                "GATEWAY_JWKS": str(place.issuer.jwks),
                "GATEWAY_TOKEN_LIFETIME": str(LIFETIME),
            }
            return ["gateway.cli", "serve"], environment
        case "limit" | "lean":
            lean = ["--lean"] if name == "lean" else []
            return ["tests.bench.limit", str(port), reader, place.today.isoformat(), *lean], {}
        case _:
            return ["tests.bench.naive", str(port), writer, str(place.key_file), place.today.isoformat()], {}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int, name: str) -> None:
    end = SystemClock().monotonic() + PATIENCE
    while SystemClock().monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode} before it was ready")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"{name} was not ready after {PATIENCE:.0f} s")
