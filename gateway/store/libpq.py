"""One call of libpq that psycopg does not expose: PQsendPipelineSync (PostgreSQL 17).

psycopg's ``pipeline_sync`` is PQpipelineSync, which sends at once: one system call per statement. A lane wants one sync
per statement and one flush per turn of the loop. Measured with 64 callers: a fifth of the gateway's CPU. The function
is looked up in the very library that psycopg has loaded; failing that, ``pipeline_sync`` serves, only slower.
"""

import ctypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import psycopg
from psycopg.pq.abc import PGconn

_LIBRARY = re.compile(r"(/\S*libpq[^/\s]*\.so\S*)$", re.MULTILINE)
_SINCE = 170000


class _Pointed(Protocol):
    """What both of psycopg's connections have, in C and in Python, and its own protocol leaves out."""

    pgconn_ptr: int | None


def find_sync() -> Callable[[PGconn], None]:
    """What ends a statement in a pipeline without sending it yet. The callable raises ``psycopg.OperationalError``."""
    try:
        found = _LIBRARY.search(Path("/proc/self/maps").read_text())
        function = ctypes.CDLL(found[1]).PQsendPipelineSync if found and psycopg.pq.version() >= _SINCE else None
    except (OSError, AttributeError):
        function = None
    if function is None:
        return lambda pg: pg.pipeline_sync()
    function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_int

    def sync(pg: PGconn) -> None:
        if not function(cast(_Pointed, pg).pgconn_ptr):
            raise psycopg.OperationalError("the pipeline cannot be synchronized")

    return sync
