"""A monitor of the log: verifies what is new, again and again, and now and then everything anew.

It keeps what it verified in a file of its own, best on another machine: whoever rewrites the database, every hash and
checkpoint of it, does not rewrite that. A shard in which something is wrong is not passed over: it is told at every
look until somebody has settled it and taken the file away.
"""

import contextlib
import json
import logging
import math
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from gateway.audit.checkpoint import Checkpoint
from gateway.audit.tree import Edge
from gateway.audit.verify import Finding, State, shards, verify
from gateway.clock import Clock
from gateway.errors import BadInput, Fault, GatewayError
from gateway.signing import NoteVerifier
from gateway.store.database import convert

FULL = timedelta(hours=24)  # between two looks at everything

_logger = logging.getLogger("gateway.audit.monitor")


class Monitor:
    """Looks at every shard; owns its file and its metrics."""

    def __init__(
        self,
        conninfo: str,
        keys: Callable[[int], NoteVerifier],
        file: Path,
        clock: Clock,
        room: Callable[[int], float | None] = lambda size: None,
    ) -> None:
        """``keys`` gives the key of a shard; ``room`` what share of its room a database of so many bytes has left.

        Raises BadInput for a file that is not a monitor's.
        """
        self._conninfo = conninfo
        self._keys = keys
        self._file = file
        self._clock = clock
        self._room = room
        self._states, self._full = _read(file)
        self._stop = threading.Event()
        self.wrong: dict[int, list[Finding]] = {}
        self.registry = CollectorRegistry()
        self._verified = Gauge("credit_log_verified_entries", "Entries verified.", ["shard"], registry=self.registry)
        self._findings = Gauge("credit_log_findings", "What is wrong now.", ["shard"], registry=self.registry)
        self._looked = Gauge("credit_log_last_look_timestamp_seconds", "When it last looked.", registry=self.registry)
        self._whole = Gauge("credit_log_last_full_timestamp_seconds", "At everything.", registry=self.registry)
        self._left = Gauge("credit_database_room_left_ratio", "Room the database has left.", registry=self.registry)
        self._left.set(math.nan)  # as long as nobody knows
        self._failures = Counter("credit_log_look_failures", "Looks that could not be made.", registry=self.registry)

    def look(self) -> list[Finding]:
        """One look; what is wrong now. Raises DatabaseUnavailable."""
        now = self._clock.now()
        full = self._full is None or now - self._full >= FULL
        try:
            with psycopg.connect(self._conninfo, autocommit=True) as connection:
                present = shards(connection)
                for shard in sorted({*present, *self._states}):
                    self._shard(connection, shard, full=full)
                ((size,),) = connection.execute("SELECT pg_database_size(current_database())").fetchall()
                left = self._room(int(str(size)))
                self._left.set(math.nan if left is None else left)
        except psycopg.Error as error:
            raise convert(error) from None
        self._looked.set(now.timestamp())
        if full:
            self._full = now
            self._whole.set(now.timestamp())
        self._write()
        return [finding for found in self.wrong.values() for finding in found]

    def run(self, every: float) -> None:
        """Look every so many seconds until :meth:`stop`; a look that fails is counted, and made again."""
        while not self._stop.is_set():
            try:
                for finding in self.look():
                    _logger.error("%s", finding)
            except GatewayError as error:
                self._failures.inc()
                _logger.warning("the log could not be looked at: %s", error.code)
            self._stop.wait(every)

    def stop(self) -> None:
        """Let ``run`` return."""
        self._stop.set()

    def _shard(self, connection: "psycopg.Connection[tuple[object, ...]]", shard: int, *, full: bool) -> None:
        kept = self._states.get(shard, State(shard))
        verifier = self._keys(shard)
        seen = Checkpoint(verifier.name, kept.edge.size, kept.edge.root())
        known = [seen] if full and kept.edge.size else []
        report = verify(connection, verifier, State(shard) if full else kept, known)
        if report.findings:
            self.wrong[shard] = report.findings
        else:
            self.wrong.pop(shard, None)
            self._states[shard] = report.state
        self._verified.labels(shard).set(self._states.get(shard, kept).edge.size)
        self._findings.labels(shard).set(len(report.findings))

    def _write(self) -> None:
        """Whole or not at all: written aside, flushed, put in place."""
        states = {
            str(shard): {"size": one.edge.size, "edge": b"".join(one.edge.hashes).hex(), "sound": one.sound}
            for shard, one in self._states.items()
        }
        text = json.dumps({"full": None if self._full is None else self._full.isoformat(), "shards": states}, indent=1)
        aside = self._file.with_name(f"{self._file.name}.new")
        with aside.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._file)


@contextlib.contextmanager
def serve_metrics(monitor: Monitor, port: int | None) -> Iterator[None]:
    """Its metrics for Prometheus on 127.0.0.1, as long as the block lasts; ``port`` None: nowhere."""
    if port is None:
        yield
        return
    server, thread = start_http_server(port, addr="127.0.0.1", registry=monitor.registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _read(file: Path) -> tuple[dict[int, State], datetime | None]:
    if not file.exists():
        return {}, None
    try:
        found = json.loads(file.read_text("utf-8"))
        states = {
            int(shard): State(int(shard), Edge.parse(one["size"], bytes.fromhex(one["edge"])), one["sound"])
            for shard, one in found["shards"].items()
        }
        full = None if found["full"] is None else datetime.fromisoformat(found["full"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput(Fault((str(file),), "is not the file of a monitor")) from None
    return states, full
