"""The load: a small keep-alive HTTP client of its own, in a process of its own.

``python -m tests.bench.client PORT FILE CLIENTS REQUESTS WARM``: FILE holds a pickled list of whole requests, sent in
turn by CLIENTS connections. It warms up, says ``ready``, waits for a line, sends REQUESTS, and says what happened.
"""

import argparse
import asyncio
import pickle
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import cast

import orjson
import uvloop

MARK = b"content-length: "


@dataclass(frozen=True, slots=True)
class Result:
    """What one run saw: milliseconds, requests a second, bytes of a response, and what went wrong."""

    p50: float
    p99: float
    rate: float
    size: float
    errors: int
    example: str


class Run:
    """A number of requests, shared by all connections."""

    def __init__(self, requests: Iterator[bytes], count: int) -> None:
        self._requests = requests
        self._left = count
        self._pending = count
        self.done = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.size = 0
        self.errors = 0
        self.example = ""

    def take(self) -> bytes | None:
        """The next request, None when all are given out."""
        if not self._left:
            return None
        self._left -= 1
        return next(self._requests)

    def answered(self, started: float, head: bytes, body: bytes) -> None:
        """Count one response."""
        self.latencies.append(time.perf_counter() - started)
        self.size += len(body)
        if not head.startswith(b"HTTP/1.1 200") or body.startswith((b'{"errors"', b"null", b'{"data":null')):
            self.errors += 1
            self.example = (head[:20] + body[:300]).decode("utf-8", "replace")
        self._pending -= 1
        if not self._pending and not self.done.done():
            self.done.set_result(None)


class Connection(asyncio.Protocol):
    """One keep-alive connection: one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._started = 0.0
        self.run: Run | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one in all but name

    def next(self) -> None:
        """Send the next request of the run."""
        assert self.run is not None and self._transport is not None
        request = self.run.take()
        if request is not None:
            self._started = time.perf_counter()
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self.run is None:
            return
        head = self._buffer[:end]
        at = head.lower().index(MARK) + len(MARK)
        whole = end + 4 + int(head[at : (head + b"\r").index(b"\r", at)])
        if len(self._buffer) >= whole:
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self.run.answered(self._started, head, body)
            self.next()

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio."""
        if self.run is not None and not self.run.done.done():
            self.run.done.set_exception(ConnectionError("the server closed a connection"))


async def load(port: int, requests: list[bytes], clients: int, count: int, warm: int) -> None:
    """Warm up, wait for the word, run, tell."""
    loop = asyncio.get_running_loop()
    turn = cycle(requests)
    connections = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(clients)]
    if warm:
        await _run(connections, Run(turn, warm))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    run = Run(turn, count)
    started = time.perf_counter()
    await _run(connections, run)
    elapsed = time.perf_counter() - started
    slow = sorted(run.latencies)
    at = [1000 * slow[min(len(slow) - 1, int(len(slow) * part))] for part in (0.5, 0.99)]
    result = Result(at[0], at[1], count / elapsed, run.size / count, run.errors, run.example)
    print(orjson.dumps(asdict(result)).decode(), flush=True)


async def _run(connections: list[Connection], run: Run) -> None:
    for connection in connections:
        connection.run = run
        connection.next()
    await run.done


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    for name in ("clients", "requests", "warm", "offset"):
        parser.add_argument(name, type=int)
    given = parser.parse_args()
    requests: list[bytes] = pickle.loads(given.file.read_bytes())
    start = given.offset % len(requests)
    uvloop.run(load(given.port, requests[start:] + requests[:start], given.clients, given.requests, given.warm))


if __name__ == "__main__":
    main()
