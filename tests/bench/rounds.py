"""Rounds: the servers take turns, A B C A B C, so that whatever else the machine does falls on all of them alike."""

import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.bench.ask import Asker
from tests.bench.cases import Case
from tests.bench.client import Result
from tests.bench.cost import Postgres, Snapshot, memory
from tests.bench.servers import ROOT, Server


@dataclass(frozen=True, slots=True)
class Sample:
    """One server in one round, per request: microseconds of CPU of its process and of PostgreSQL by part."""

    server: float
    readers: float
    log: float
    shared: float
    p50: float
    p99: float
    rate: float
    size: float
    memory: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    requests: int  # of gateway and limit in a round
    warm: int  # before each round


class Bench:
    """Runs rounds of one case after another; request files lie in ``folder``."""

    def __init__(self, folder: Path, asker: Asker, postgres: Postgres) -> None:
        self._folder = folder
        self._asker = asker
        self._postgres = postgres
        self._offset = 0
        self._warmed: set[tuple[Server, str]] = set()

    def file(self, server: Server, case: Case) -> Path:
        """The requests of a case for a server, written once."""
        path = self._folder / f"{server.name}-{case.name}.pickle"
        if not path.exists():
            path.write_bytes(pickle.dumps(self._asker.requests(server, case)))
        return path

    def rounds(self, case: Case, clients: int, servers: Mapping[str, Server], plan: Plan) -> dict[str, list[Sample]]:
        """Samples by server, in the order of the rounds."""
        found: dict[str, list[Sample]] = {name: [] for name in servers}
        for name, server in servers.items():
            if name != "naive":
                self.warm(server, case, clients)
        for _ in range(plan.rounds):
            for name, server in servers.items():
                naive = name == "naive"
                requests = case.naive_requests if naive else plan.requests
                found[name].append(
                    self.sample(
                        server, case, min(clients, requests) if naive else clients, requests, 1 if naive else plan.warm
                    )
                )
            self._offset += plan.requests + plan.warm
        return found

    def warm(self, server: Server, case: Case, clients: int) -> None:
        """Every subject once: tokens are verified, pages are in memory. Keys are not: there are too many of them."""
        if (server, case.name) not in self._warmed:
            self._warmed.add((server, case.name))
            self.sample(server, case, clients, len(case.asked(self._asker.data)), 0)

    def sample(self, server: Server, case: Case, clients: int, requests: int, warm: int) -> Sample:
        """Warm up, look, load, look again. Raises RuntimeError if any response is an error."""
        arguments = [server.port, self.file(server, case), clients, requests, warm, self._offset]
        client = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.client", *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert client.stdin is not None and client.stdout is not None
        with client:
            if client.stdout.readline().strip() != "ready":
                raise RuntimeError(f"{server.name}: the client did not get ready")
            kinds = self._postgres.kinds()
            before = self._postgres.snapshot(server.pid, kinds)
            client.stdin.write("go\n")
            client.stdin.flush()
            result = Result(**orjson.loads(client.stdout.readline()))
            spent = self._postgres.snapshot(server.pid, kinds).since(before)
        if result.errors:
            raise RuntimeError(f"{server.name}, {case.title}: {result.errors} errors, such as {result.example}")
        return _sample(spent, result, requests, memory(server.pid))


def _sample(spent: Snapshot, result: Result, requests: int, resident: int) -> Sample:
    each = 1e6 / requests
    return Sample(
        server=spent.server * each,
        readers=spent.readers * each,
        log=spent.log * each,
        shared=spent.shared * each,
        p50=result.p50,
        p99=result.p99,
        rate=result.rate,
        size=result.size,
        memory=resident,
    )
