"""The gateway as a process of its own, as an operator runs it: started, asked, stopped or killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx
import psycopg

from gateway.assemble import vault_of
from gateway.clock import BEIJING, SystemClock, SystemRandom
from gateway.identity.development import development_key
from gateway.intake.load import seed_demo
from gateway.settings import PREFIX, read
from gateway.store.database import Connections
from tests.harness import JSON, PATIENCE, PUBLIC

ROOT = Path(__file__).resolve().parents[1]


class Process:
    """``gateway VERB`` with a home of its own, on a free port; leaving the block kills what is left of it."""

    def __init__(self, verb: str, home: Path, **settings: str) -> None:
        self.home = home
        self._reserved = reserved_port()
        self.port: int = self._reserved.getsockname()[1]
        self._verb = verb
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
            "PYTHONPATH": str(ROOT),
            "GATEWAY_HOME": str(home),
            "GATEWAY_PORT": str(self.port),
            **settings,
        }

    def __enter__(self) -> "Process":
        self._said = (self.home / "said.txt").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", self._verb],
            env=self._environ,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._said.close()
        self._reserved.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """What it printed so far, in all its lives."""
        return (self.home / "said.txt").read_text()

    def ready(self) -> "Process":
        """Wait until it answers and every part is well."""
        return self.until_readiness(200)

    def until_readiness(self, status: int) -> "Process":
        """Wait until ``/readyz`` answers with this status."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self._process.poll() is None, self.said
            try:
                if httpx.get(f"{self.url}/readyz", timeout=PATIENCE).status_code == status:
                    return self
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"/readyz did not answer {status} within {PATIENCE:.0f} seconds:\n{self.said}")

    def post(self, persona: str, content: bytes) -> httpx.Response:
        """Ask as a persona."""
        headers = JSON if persona == PUBLIC else self.headers(persona)
        return httpx.post(f"{self.url}/graphql", content=content, headers=headers, timeout=PATIENCE)

    def headers(self, persona: str) -> Mapping[str, str]:
        """The headers of a persona, with a token by the development key of this home."""
        key = development_key(read({"GATEWAY_HOME": str(self.home)}), SystemRandom())
        token = key.issue(persona, SystemClock().now(), SystemRandom())
        return {**JSON, "authorization": f"Bearer {token}"}

    def terminate(self) -> int:
        """Ask it to stop, as a service manager does; its exit status."""
        self._process.terminate()
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE)


def reserved_port() -> socket.socket:
    """Holds a port that the system gives to nobody else, and on which a server may listen that asks for it by number.

    A connection to it is refused until one does.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


def seeded(database: Connections, home: Path) -> Path:
    """The same folder, with the keys under which the database now holds the demonstration set."""
    with psycopg.connect(database.writer) as connection:
        vault = vault_of(read({"GATEWAY_HOME": str(home)}), SystemRandom())
        seed_demo(connection, vault, SystemClock().now().astimezone(BEIJING).date())
    return home


def worker(database: Connections, home: Path) -> Process:
    """A gateway over that database alone, not started yet."""
    return Process(
        "serve",
        home,
        GATEWAY_DATABASE_URL=database.owner,
        GATEWAY_READER_URL=database.reader,
        GATEWAY_WRITER_URL=database.writer,
        GATEWAY_LOG_URL=database.log,
        GATEWAY_SHARDS="0-3",
    )
