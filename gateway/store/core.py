"""SQLAlchemy Core statements as they are sent: with numbers for the lanes, with names for ordinary connections.

SQLAlchemy gives types to its ``Dialect`` and not to the constructors of each; as callables they have one.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import psycopg
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from gateway.store.database import convert

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]

_numbered: Callable[..., Dialect] = PGDialect
_named: Callable[..., Dialect] = postgresql.psycopg.dialect

NUMBERED = _numbered(paramstyle="numeric_dollar")  # $1, $2
NAMED = _named()  # %(name)s


def named(
    statement: ClauseElement, parameters: Mapping[str, object] | None = None
) -> tuple[bytes, Mapping[str, object]]:
    """A Core statement as psycopg takes it; ``parameters`` override values of its bind parameters."""
    compiled = statement.compile(dialect=NAMED, compile_kwargs={"render_postcompile": True})
    return compiled.string.encode(), compiled.construct_params(dict(parameters or {})) or {}


def stored_bytes(value: object) -> bytes:
    """A bytea of a row, as bytes."""
    assert isinstance(value, bytes | memoryview)
    return bytes(value)


def execute(
    connection: Connection, statement: ClauseElement, parameters: Mapping[str, object] | None = None
) -> list[tuple[object, ...]]:
    """Run one Core statement on an ordinary connection; its rows, if it returns any. Driver errors are converted."""
    try:
        cursor = connection.execute(*named(statement, parameters))
        return cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        failure = convert(error)
        raise failure from failure.__cause__
