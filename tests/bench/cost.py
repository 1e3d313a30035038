"""What a process has cost so far, from ``/proc``: CPU time of all its threads, resident memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

TICK = 100  # clock ticks a second in /proc/<pid>/stat


def cpu(pid: int) -> float:
    """Seconds of CPU, user and system, of a process: exact where the kernel keeps schedstat, else in ticks."""
    total = 0
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    except OSError:
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(words[11]) + int(words[12])) / TICK
    return total / 1e9


def memory(pid: int) -> int:
    """Resident bytes of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """CPU seconds: of the server's process, and of PostgreSQL by what its processes are for."""

    server: float
    readers: float  # backends that read, whoever they read for
    log: float  # backends of the log's role
    shared: float  # writers, checkpointer and the like

    def since(self, before: "Snapshot") -> "Snapshot":
        """The difference."""
        return Snapshot(
            self.server - before.server,
            self.readers - before.readers,
            self.log - before.log,
            self.shared - before.shared,
        )


class Postgres:
    """Looks at the processes of one PostgreSQL server."""

    def __init__(self, superuser: str, pid: int) -> None:
        """``pid`` of the postmaster; ``superuser`` its connection string."""
        self._connection = psycopg.connect(superuser, autocommit=True)
        self._own = self._connection.info.backend_pid
        self._pid = pid

    def snapshot(self, server: int, kinds: Mapping[int, str]) -> Snapshot:
        """What everybody has cost so far; ``kinds`` from :meth:`kinds`."""
        sums = {"readers": 0.0, "log": 0.0, "shared": 0.0}
        for child in _children(self._pid):
            if child != self._own:
                sums[kinds.get(child, "shared")] += cpu(child)
        return Snapshot(cpu(server), sums["readers"], sums["log"], sums["shared"])

    def kinds(self) -> Mapping[int, str]:
        """Process id → what it is for."""
        rows = self._connection.execute(
            "SELECT pid, usename FROM pg_stat_activity WHERE backend_type = 'client backend'"
        )
        return {int(pid): "log" if user == "gateway_log" else "readers" for pid, user in rows}

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (thread / "children").read_text().split())
    return found
