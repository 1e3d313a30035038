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

from gateway.clock import SystemClock, SystemRandom
from gateway.identity.development import development_key
from gateway.settings import PREFIX, read
from tests.harness import JSON

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # seconds


class Process:
    """``gateway VERB`` with a home of its own, on a free port; leaving the block kills what is left of it."""

    def __init__(self, verb: str, home: Path, **settings: str) -> None:
        self.home = home
        self.port = free_port()
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
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self._process.poll() is None, self.said
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return self
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready after {PATIENCE} seconds:\n{self.said}")

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


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
