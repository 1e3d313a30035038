"""``gateway backup`` and ``gateway restore``: PostgreSQL's own dump, and what of it must be kept apart.

The wrapped keys of subjects go into a file of their own: with them gone everywhere, what is sealed in older backups is
gone too. Domain keys and the log's key are files in GATEWAY_HOME and in no backup of the database. A restore ends with
the whole log verified; shards that have lost entries, by checkpoints that were kept elsewhere, are closed.
"""

import argparse
import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gateway.assemble import database
from gateway.cli import audit
from gateway.cli.audit_tools import keys_of
from gateway.errors import BadInput, Fault, InternalError
from gateway.settings import Settings
from gateway.store.core import execute
from gateway.store.embedded_host import find_programs
from gateway.store.log_tables import LOG_CHECKPOINT
from gateway.store.migrate import current, migrate

DUMP, KEYS, CHECKPOINTS = "database.dump", "subject-keys.dump", "checkpoints"
_KEY_TABLE = "public.subject_key"

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add both to the command line."""
    saved = verbs.add_parser("backup", help="write the database into a new folder; keys of subjects in a file apart")
    brought = verbs.add_parser("restore", help="bring a backup into an empty database, and verify the log")
    for one in (saved, brought):
        one.add_argument("folder", type=Path, metavar="DIR")
    brought.add_argument(
        "--known", action="append", default=[], type=Path, metavar="FILE", help="a checkpoint that was kept elsewhere"
    )


def backup(settings: Settings, options: argparse.Namespace) -> int:
    """Write a backup. A folder that is there already is refused."""
    folder: Path = options.folder
    folder.mkdir(parents=True, mode=0o700)
    connections, server = database(settings)
    try:
        # Checkpoints first: none may be of more entries than the dump holds, which takes a while.
        (folder / CHECKPOINTS).mkdir()
        with psycopg.connect(connections.owner) as connection:
            newest = sa.select(LOG_CHECKPOINT.c.shard, sa.func.max(LOG_CHECKPOINT.c.size)).group_by(
                LOG_CHECKPOINT.c.shard
            )
            for shard, size in execute(connection, newest):
                one = sa.select(LOG_CHECKPOINT.c.note).where(
                    LOG_CHECKPOINT.c.shard == shard, LOG_CHECKPOINT.c.size == size
                )
                ((note,),) = execute(connection, one)
                (folder / CHECKPOINTS / str(shard)).write_text(str(note), "utf-8")
        with place(connections.owner) as where:
            common = ("--format=custom", "--no-password", where)
            _run("pg_dump", *common, f"--file={folder / DUMP}", f"--exclude-table-data={_KEY_TABLE}")
            _run("pg_dump", *common, f"--file={folder / KEYS}", "--data-only", f"--table={_KEY_TABLE}")
        for name in (DUMP, KEYS):
            (folder / name).chmod(0o600)
    finally:
        if server is not None:
            server.stop()
    print(f"{folder}: {DUMP}; {KEYS}, which is to be kept apart; {CHECKPOINTS}")
    return 0


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """Bring a backup into an empty database; the exit status says whether the log is sound."""
    folder: Path = options.folder
    missing = [
        Fault((str(folder / name),), "is not there") for name in (DUMP, CHECKPOINTS) if not (folder / name).exists()
    ]
    if missing:
        raise BadInput(*missing)
    known = [*sorted((folder / CHECKPOINTS).iterdir()), *options.known]
    # Before anything is brought: what is wrong is told, and the database is as it was.
    audit.known_of(settings, known, keys_of(settings, ()))
    for name in (DUMP, KEYS):
        if (folder / name).exists():
            _run("pg_restore", f"--file={os.devnull}", str(folder / name))
    connections, server = database(settings)
    try:
        if current(connections.owner) is not None:
            raise BadInput(Fault((), "the database is not empty: a backup is brought into an empty one"))
        with place(connections.owner) as where:
            common = ("--exit-on-error", "--single-transaction", "--no-password", where)
            for name in (DUMP, KEYS):
                if (folder / name).exists():
                    _run("pg_restore", *common, str(folder / name))
        if not (folder / KEYS).exists():
            print(f"{KEYS} is not there: what is sealed stays closed until it is brought")
        migrate(connections.owner)
    finally:
        if server is not None:
            server.stop()
    return audit.audit(settings, argparse.Namespace(verb="verify", known=known, vkey=[], restored=True))


@contextlib.contextmanager
def place(conninfo: str) -> Iterator[str]:
    """A connection string that may stand on a command line: its password goes into a file that only we can read."""
    parts = conninfo_to_dict(conninfo)
    password = parts.pop("password", None)
    if password is None:
        yield f"--dbname={make_conninfo('', **parts)}"
        return
    with tempfile.NamedTemporaryFile("w", prefix="gateway-", suffix=".pgpass") as file:  # mode 0600
        file.write("*:*:*:*:" + str(password).replace("\\", "\\\\").replace(":", "\\:") + "\n")
        file.flush()
        yield f"--dbname={make_conninfo('', **{**parts, 'passfile': file.name})}"


def _run(name: str, *words: str) -> None:
    """Run one of PostgreSQL's programs: beside the embedded server, or of the machine. Raises InternalError."""
    program = find_programs().folder / name
    done = subprocess.run([str(program), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InternalError(Fault((name,), done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "failed"))
