"""Whose the embedded server is: run by root it becomes somebody else, run by anybody it is nobody else's."""

import os
import pwd
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.store.embedded import SOCKET, SUPERUSER, EmbeddedServer
from gateway.store.embedded_host import EmbeddedError, choose_account, find_programs, open_way, own_folder
from tests.flow.embedded_bench import SMALL, alive, ask

# Run by .ci/run, which is root. Nobody else can become another account, so nothing is left that could be tested.
as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="a second account is what is tested, and the kernel lets only root take one on"
)


def as_account(name: str, action: Callable[[], str]) -> str:
    """What ``action`` returns, or its error, in a child that has become ``name`` for good."""
    account = pwd.getpwnam(name)
    return as_user(account.pw_uid, account.pw_gid, action)


def as_user(uid: int, gid: int, action: Callable[[], str]) -> str:
    """The same by number."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: the child has this thread only, as it needs
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            os.write(writing, action().encode())
        except BaseException as error:  # the child must not go on as a second test run
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


@as_root
def test_as_an_ordinary_user(home: Path) -> None:
    """The server is the user's own; nothing is handed to another account."""
    nobody = pwd.getpwnam("nobody")
    open_way(home / "own", choose_account(home / "nothing"))
    own = home / "own"
    own.mkdir(mode=0o700)
    os.chown(own, nobody.pw_uid, nobody.pw_gid)
    open_way(find_programs().folder / "postgres", choose_account(home / "nothing"))

    def work() -> str:
        server = EmbeddedServer.start(own, settings=SMALL)
        seen = f"{Path(f'/proc/{server.pid}').stat().st_uid} {ask(server, 'SELECT current_user')}"
        pid = server.pid
        server.stop()
        return f"{seen} {alive(pid)}"

    assert as_account("nobody", work) == f"{nobody.pw_uid} {SUPERUSER} False"
    assert (own / "postgres" / "data").stat().st_uid == nobody.pw_uid


@as_root
def test_a_user_without_a_name(tmp_path: Path) -> None:
    """As in a container that is run under any number: PostgreSQL cannot, and the error says so and what to do."""
    uid = next(uid for uid in range(54_321, 60_000) if uid not in {entry.pw_uid for entry in pwd.getpwall()})
    told = as_user(uid, uid, lambda: str(choose_account(Path("/nonexistent"))))
    assert f"We run as user id {uid}, which has no name on this machine" in told
    os.chown(tmp_path, uid, uid)
    with pytest.raises(EmbeddedError, match=f"belongs to user id {uid}, which has no name .* GATEWAY_DATABASE_URL"):
        choose_account(tmp_path)


@as_root
def test_others_cannot_connect(home: Path) -> None:
    """Neither through the directory nor, were it open, past the kernel's word on who they are."""
    server = EmbeddedServer.start(home, settings=SMALL)

    def attempt() -> str:
        return as_account("daemon", lambda: str(ask(server, "SELECT 1")))

    assert "Permission denied" in attempt()
    for folder in (server.sockets, *server.sockets.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o001)
    (server.sockets / SOCKET).chmod(0o777)
    assert "Peer authentication failed" in attempt()
    server.stop()


def test_only_search_permission_is_given(tmp_path: Path) -> None:
    """On the way, and nothing on what is reached; an ordinary user changes nothing."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    folder.chmod(0o700)
    account = choose_account(tmp_path / "nothing")
    open_way(folder, account)
    assert folder.parent.stat().st_mode & 0o777 == (0o701 if account.other else 0o700)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_trap_in_a_public_place(tmp_path: Path) -> None:
    """A link, or a directory of somebody else, is not used for the socket."""
    account = choose_account(tmp_path / "nothing")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(EmbeddedError):
        own_folder(tmp_path / "link", account)
