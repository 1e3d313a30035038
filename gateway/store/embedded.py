"""A PostgreSQL of our own, for demo and tests: made on first start, found again on the next, reached by a socket only.

Files, all of the server's account and nobody else's::

    <home>/postgres/data/         the cluster
    <home>/postgres/run/          its socket (in /tmp where this path is too long for one)
    <home>/postgres/server.log    what it says
    <home>/postgres/start.lock    held while somebody starts or stops it
    <home>/postgres/use.lock      shared by every process that uses it; the last one out stops it

Authentication is ``peer``: the kernel says who connects, and only our own account and the server's may, as any role.
"""

import fcntl
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from gateway.store.embedded_host import (
    Account,
    EmbeddedError,
    Programs,
    choose_account,
    command_line,
    find_programs,
    open_way,
    own_folder,
    run_as,
)

LOG = logging.getLogger(__name__)

SUPERUSER = "postgres"
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET = 107  # bytes of sockaddr_un.sun_path, less the closing NUL
SILENCE = 20  # times 0.1 s that a running server may leave its socket unanswered
PATIENCE = 20  # times 0.5 s until the children of a killed server have gone

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "shared_buffers": "256MB",
        "jit": "off",
        "fsync": "on",  # an access is disclosed only after its log entry is on the disk
        "synchronous_commit": "on",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "update_process_title": "off",
        # No value of a row may stand in the server's log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
)


class EmbeddedServer:
    """A running server that this process uses; make it with :meth:`start`."""

    def __init__(
        self,
        programs: Programs,
        account: Account,
        folder: Path,
        sockets: Path,
        using: IO[bytes],
        settings: Mapping[str, str],
    ) -> None:
        self._programs = programs
        self._account = account
        self._folder = folder
        self._sockets = sockets
        self._using = using
        self._settings = settings

    @staticmethod
    def made(home: Path) -> bool:
        """Whether there is a cluster under ``home``; nothing is made to know it."""
        return (home.resolve() / "postgres" / "data").exists()

    @classmethod
    def start(cls, home: Path, *, settings: Mapping[str, str] = MappingProxyType({})) -> "EmbeddedServer":
        """Start the server under ``home``, or attach to the one that runs there; make the cluster at first.

        ``settings`` are server parameters on top of SETTINGS; an attached server keeps its own. Raises EmbeddedError.
        """
        folder = home.resolve() / "postgres"
        programs = find_programs()
        account = choose_account(folder)
        own_folder(folder, account)
        open_way(folder, account)
        open_way(programs.folder / "postgres", account)
        sockets = own_folder(_socket_folder(folder), account)
        with _locked(folder / "start.lock"):
            using = (folder / "use.lock").open("wb")
            fcntl.flock(using, fcntl.LOCK_SH)
            server = cls(programs, account, folder, sockets, using, {**SETTINGS, **settings})
            try:
                server._prepare()
                server._run()
            except BaseException:
                using.close()
                raise
        return server

    @property
    def running(self) -> bool:
        """Whether the process of the server is there; it may be starting, or recovering."""
        return _running(self._data) is not None

    def revive(self) -> None:
        """Start the server again if it has died; without effect after :meth:`stop`. Raises EmbeddedError, OSError."""
        with _locked(self._folder / "start.lock"):
            if not self._using.closed:
                self._run()

    @property
    def pid(self) -> int:
        """Process id of the server; raises EmbeddedError when it does not run."""
        pid = _running(self._data)
        if pid is None:
            raise EmbeddedError("the embedded server does not run")
        return pid

    @property
    def sockets(self) -> Path:
        """The directory of the socket."""
        return self._sockets

    def conninfo(self, user: str, dbname: str) -> str:
        """The libpq connection string for a role and a database."""
        return make_conninfo(host=str(self._sockets), port=5432, user=user, dbname=dbname)

    def stop(self) -> None:
        """Leave the server, and stop it unless another process still uses it. Doing it twice is no harm."""
        if self._using.closed:
            return
        with _locked(self._folder / "start.lock"):
            try:
                fcntl.flock(self._using, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                LOG.info("the embedded server is still in use and goes on")
            else:
                self._halt()
            self._using.close()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _prepare(self) -> None:
        """Make the cluster beside its place and move it there when it is whole."""
        if self._data.exists():
            return
        half = self._folder / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        command: list[str | Path] = [self._programs.folder / "initdb", "-D", half, "-U", SUPERUSER, "-E", "UTF8"]
        command += ["--data-checksums", "--auth-local=peer", "--auth-host=reject", "--no-instructions"]
        if self._programs.major >= 17:
            command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            command += ["--locale=C.UTF-8"]
        made = run_as(self._account, command, self._folder)
        if made.returncode != 0:
            raise EmbeddedError(f"initdb failed: {made.stderr.strip()}")
        half.rename(self._data)

    def _run(self) -> None:
        if self._attach():
            LOG.info("attached to the embedded server, process %d", self.pid)
            return
        self._halt()  # what still runs cannot be reached: somebody removed its socket
        # PostgreSQL does not start while the process id in one of its lock files is alive, whatever process that is.
        for stale in (self._data / "postmaster.pid", self._sockets / SOCKET, self._sockets / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)
        self._configure()
        program, log = self._programs.folder / "pg_ctl", self._folder / "server.log"
        for _ in range(PATIENCE):
            command = (program, "start", "-w", "-t", "120", "-s", "-D", self._data, "-l", log)
            started = run_as(self._account, command, self._folder)
            if started.returncode == 0:
                return
            if "pre-existing shared memory block" not in self._last_words():
                break  # otherwise children of a killed server are still there, and end by themselves
            time.sleep(0.5)
        raise EmbeddedError(f"PostgreSQL did not start: {self._last_words() or started.stderr}")

    def _configure(self) -> None:
        names = {self._account.name, _own_name(self._account)}
        lines = [f"{name} = '{_quoted(value)}'" for name, value in self._settings.items()]
        lines.append(f"unix_socket_directories = '{_quoted(str(self._sockets))}'")
        self._write("postgresql.conf", lines)
        self._write("pg_hba.conf", ["local all all peer map=gateway"])
        self._write("pg_ident.conf", [f'gateway "{name}" all' for name in sorted(names)])

    def _write(self, name: str, lines: list[str]) -> None:
        path = self._data / name
        path.write_text("# Written at every start.\n" + "\n".join(lines) + "\n", encoding="utf-8")
        os.chown(path, self._account.uid, self._account.gid)

    def _attach(self) -> bool:
        """Whether a server runs and can be reached; waits for one that is starting or ending."""
        conninfo = self.conninfo(SUPERUSER, "postgres").encode()
        silent = 0
        while _running(self._data) is not None and silent < SILENCE:
            answer = PGconn.ping(conninfo)
            if answer == Ping.OK:
                return True
            silent += answer != Ping.REJECT
            time.sleep(0.1)
        return False

    def _halt(self) -> None:
        if _running(self._data) is None:
            return
        command = (self._programs.folder / "pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", self._data)
        stopped = run_as(self._account, command, self._folder)
        if stopped.returncode != 0 and _running(self._data) is not None:
            raise EmbeddedError(f"PostgreSQL did not stop: {stopped.stderr.strip()}")

    def _last_words(self) -> str:
        try:
            log = (self._folder / "server.log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(log.splitlines()[-5:])


def _running(data: Path) -> int | None:
    """The process id of the server of ``data``, if that process is alive and is this server, by its command line."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    words = command_line(pid)
    ours = b" ".join(words).endswith(b"/postgres -D " + os.fsencode(data))
    return pid if ours else None


def _socket_folder(folder: Path) -> Path:
    sockets = folder / "run"
    if len(os.fsencode(sockets / SOCKET)) <= LONGEST_SOCKET:
        return sockets
    return Path("/tmp") / f"gateway-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def _own_name(account: Account) -> str:
    return "root" if account.other else account.name


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
