"""The embedded server starts, is found again, and gets over every kind of violent end."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.store.embedded import LONGEST_SOCKET, SOCKET, EmbeddedServer
from gateway.store.embedded_host import (
    EmbeddedError,
    choose_account,
    command_line,
    find_programs,
    own_folder,
)
from tests.flow.embedded_bench import SMALL, alive, ask

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, signal, sys
from pathlib import Path
from gateway.store.embedded import EmbeddedServer
server = EmbeddedServer.start(Path(sys.argv[1]), settings={"shared_buffers": "16MB"})
print(server.pid, flush=True)
sys.stdin.readline()
if sys.argv[2] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
server.stop()
"""


def another(home: Path, end: str) -> "subprocess.Popen[str]":
    """Another process that starts the server and waits for a line before it ends."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(home), end],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> int:
    """The process id that it prints."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_what_it_is(home: Path) -> None:
    """UTF-8 with a locale of its own, checksums, durable, no TCP, private socket, not root."""
    server = EmbeddedServer.start(home, settings=SMALL)
    shown = {
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "fsync": "on",
        "listen_addresses": "",
        "jit": "off",
        "TimeZone": "UTC",
        "shared_buffers": "16MB",
        "max_connections": "60",
    }
    assert {name: ask(server, f"SHOW {name}") for name in shown} == shown
    assert ask(server, "SELECT lower('ÄÖ名') COLLATE \"default\"") == "äö名"
    assert server.sockets.stat().st_mode & 0o777 == 0o700
    assert (home / "postgres").stat().st_mode & 0o777 == 0o700
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    listening = {line.split()[9] for file in ("tcp", "tcp6") for line in _lines(f"/proc/{server.pid}/net/{file}")}
    sockets = {os.readlink(entry) for entry in Path(f"/proc/{server.pid}/fd").iterdir()}
    assert not {f"socket:[{inode}]" for inode in listening} & sockets
    server.stop()


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()[1:]
    except FileNotFoundError:  # no IPv6 here
        return []


def test_stops_and_starts_on_what_it_left(home: Path) -> None:
    """A clean stop leaves no process; the next start finds the data. Stopping twice is no harm."""
    first = EmbeddedServer.start(home, settings=SMALL)
    pid = first.pid
    ask(first, "CREATE TABLE kept AS SELECT 42 AS a")
    first.stop()
    first.stop()
    assert not alive(pid)
    with pytest.raises(EmbeddedError):
        _ = first.pid
    second = EmbeddedServer.start(home, settings=SMALL)
    assert ask(second, "SELECT a FROM kept") == 42
    second.stop()


def test_a_second_start_attaches(home: Path) -> None:
    """Whoever stops first does not take the server away from the others."""
    first = EmbeddedServer.start(home, settings=SMALL)
    process = another(home, "stop")
    second = EmbeddedServer.start(home)
    assert said(process) == first.pid == second.pid
    first.stop()
    assert ask(second, "SHOW shared_buffers") == "16MB"
    process.communicate("\n", timeout=60)
    assert process.returncode == 0
    pid = second.pid
    assert ask(second, "SELECT 1") == 1
    second.stop()
    assert not alive(pid)


def test_many_start_at_once(home: Path) -> None:
    """On nothing: one makes and starts the cluster, the others wait and attach."""
    processes = [another(home, "stop") for _ in range(4)]
    assert len({said(process) for process in processes}) == 1
    for process in processes:
        process.communicate("\n", timeout=60)
    assert [process.returncode for process in processes] == [0] * 4
    assert not (home / "postgres" / "data" / "postmaster.pid").exists()


def test_the_gateway_is_killed(home: Path) -> None:
    """The server lives on; the next start attaches, and its stop is the last one's."""
    process = another(home, "die")
    pid = said(process)
    process.communicate("\n", timeout=60)
    assert process.returncode == -signal.SIGKILL
    server = EmbeddedServer.start(home)
    assert server.pid == pid
    server.stop()
    assert not alive(pid)


def test_the_server_is_killed(home: Path) -> None:
    """What was committed is there after the next start, at once and several times over."""
    server = EmbeddedServer.start(home, settings=SMALL)
    ask(server, "CREATE TABLE kept (a int)")
    for number in range(1, 4):
        ask(server, f"INSERT INTO kept VALUES ({number})")
        os.kill(server.pid, signal.SIGKILL)
        killed, server = server, EmbeddedServer.start(home, settings=SMALL)
        killed.stop()
        assert ask(server, "SELECT count(*) FROM kept") == number
    server.stop()


def test_revived_by_who_uses_it(home: Path) -> None:
    """In place, with the settings it had; one that runs is left alone, and one that was stopped stays stopped."""
    server = EmbeddedServer.start(home, settings=SMALL)
    pid = server.pid
    server.revive()
    assert (server.running, server.pid) == (True, pid)
    os.kill(pid, signal.SIGKILL)
    server.revive()
    assert server.pid != pid
    assert ask(server, "SHOW shared_buffers") == "16MB"
    server.stop()
    server.revive()
    assert not server.running


def test_a_cluster_is_known_without_making_one(home: Path) -> None:
    assert not EmbeddedServer.made(home / "none")
    assert [*home.iterdir()] == []
    EmbeddedServer.start(home, settings=SMALL).stop()
    assert EmbeddedServer.made(home)


def test_the_command_line_of_a_process() -> None:
    """The same from /proc and, where there is none, from ps; nothing of a process that is not there."""
    with subprocess.Popen(["cat", "-u", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"\n"  # it is what it is to become
        assert command_line(process.pid) == [b"cat", b"-u", b"-"]
        if shutil.which("ps") is not None:
            assert command_line(process.pid, Path("/nonexistent")) == [b"cat", b"-u", b"-"]
    assert command_line(process.pid) == []


def test_everything_is_killed(home: Path) -> None:
    """Power loss, as far as a test can: gateway and server at once."""
    process = another(home, "die")
    os.kill(said(process), signal.SIGKILL)
    process.communicate("\n", timeout=60)
    server = EmbeddedServer.start(home, settings=SMALL)
    assert ask(server, "SELECT 1") == 1
    server.stop()


def test_a_stale_process_id(home: Path) -> None:
    """A lock file whose number belongs to another process by now, as after a restarted container."""
    server = EmbeddedServer.start(home, settings=SMALL)
    account = choose_account(home / "postgres")
    lock = home / "postgres" / "data" / "postmaster.pid"
    text = lock.read_text(encoding="ascii")
    server.stop()
    stranger = subprocess.Popen(["sleep", "60"], user=account.uid if account.other else None)
    lock.write_text("\n".join([str(stranger.pid), *text.splitlines()[1:]]) + "\n", encoding="ascii")
    os.chown(lock, account.uid, account.gid)
    again = EmbeddedServer.start(home, settings=SMALL)
    assert ask(again, "SELECT 1") == 1
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    again.stop()


@pytest.mark.parametrize("lock", [b"", b"nonsense\n"])
def test_a_broken_lock_file(home: Path, lock: bytes) -> None:
    """The disk was full when it was written."""
    EmbeddedServer.start(home, settings=SMALL).stop()
    (home / "postgres" / "data" / "postmaster.pid").write_bytes(lock)
    server = EmbeddedServer.start(home, settings=SMALL)
    assert ask(server, "SELECT 1") == 1
    server.stop()


def test_a_half_made_cluster(home: Path) -> None:
    """The initdb was killed: what it left is thrown away, and never taken for a cluster."""
    half = home / "postgres" / "data.new"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", encoding="ascii")
    if os.geteuid() == 0:
        own_folder(home / "postgres", choose_account(home / "nothing"))
    server = EmbeddedServer.start(home, settings=SMALL)
    assert ask(server, "SELECT 1") == 1
    assert not half.exists()
    server.stop()


def test_the_socket_is_gone(home: Path) -> None:
    """Somebody cleaned up: a server that nobody can reach is started anew."""
    first = EmbeddedServer.start(home, settings=SMALL)
    pid = first.pid
    shutil.rmtree(first.sockets)
    second = EmbeddedServer.start(home, settings=SMALL)
    assert second.pid != pid
    assert ask(second, "SELECT 1") == 1
    second.stop()
    first.stop()


def test_a_path_too_long_for_a_socket(home: Path) -> None:
    """The socket moves to a private directory; quotes and spaces in the path are no harm either."""
    far = home / ("long " * 15 + "it's") / ("path " * 10)
    server = EmbeddedServer.start(far, settings=SMALL)
    assert len(os.fsencode(server.sockets / SOCKET)) <= LONGEST_SOCKET
    assert server.sockets.stat().st_mode & 0o777 == 0o700
    assert ask(server, "SELECT 1") == 1
    again = EmbeddedServer.start(far)
    assert again.sockets == server.sockets
    server.stop()
    again.stop()
    server.sockets.rmdir()


def test_settings_that_do_not_work(home: Path) -> None:
    """The error says what PostgreSQL said; with better ones it starts."""
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        EmbeddedServer.start(home, settings={"no_such_setting": "1"})
    EmbeddedServer.start(home, settings=SMALL).stop()


def test_programs_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel: PATH, then the newest of the installed ones, none too old; else all places are named."""
    wheel = find_programs()
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EmbeddedError) as refused:
        find_programs("no_such_wheel", tmp_path)
    for place in ("no_such_wheel", "PATH", str(tmp_path), "GATEWAY_DATABASE_URL"):
        assert place in str(refused.value)
    for version, folder in (("9", _old(tmp_path / "old")), ("17", wheel.folder), ("100", _old(tmp_path / "older"))):
        (tmp_path / version).mkdir()
        (tmp_path / version / "bin").symlink_to(folder)
    assert find_programs("no_such_wheel", tmp_path).folder == tmp_path / "17" / "bin"
    (tmp_path / "17" / "bin").unlink()
    with pytest.raises(EmbeddedError, match="version 15, needed 16"):
        find_programs("no_such_wheel", tmp_path)
    monkeypatch.setenv("PATH", str(wheel.folder))
    assert find_programs("no_such_wheel", tmp_path) == wheel


def _old(folder: Path) -> Path:
    folder.mkdir()
    for name in ("postgres", "initdb", "pg_ctl"):
        (folder / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.4'\n", encoding="ascii")
        (folder / name).chmod(0o755)
    return folder
