"""What the tests of the embedded server share: a small one, a question to it, whether a process is there."""

from pathlib import Path

import psycopg

from gateway.store.embedded import SUPERUSER, EmbeddedServer

SMALL = {"shared_buffers": "16MB"}


def ask(server: EmbeddedServer, sql: str) -> object:
    """One value."""
    with psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False
