"""Roles, connection strings, and the one place where driver errors become ours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from gateway.errors import BadInput, DatabaseUnavailable, Fault, GatewayError, InternalError

DATABASE = "credit"

OWNER = "gateway_owner"  # migrations
READER = "gateway_reader"  # reads rows of the catalogue and of rights, never the log
WRITER = "gateway_writer"  # intake, rights; may execute the append function
LOG = "gateway_log"  # executes the append function, reads the log

# The role that provisions is alone with the cluster; two at once would stumble over each other's CREATE ROLE.
PROVISION_LOCK = 0x6372_6564_0001

_COMMON: Mapping[str, str] = MappingProxyType(
    {"TimeZone": "UTC", "DateStyle": "ISO, YMD", "client_encoding": "UTF8", "jit": "off", "search_path": "public"}
)

# Options of each role, so that no client can forget them. Times: nobody is canceled, everybody times out.
ROLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        OWNER: MappingProxyType({**_COMMON}),
        READER: MappingProxyType(
            {
                **_COMMON,
                "default_transaction_read_only": "on",
                "statement_timeout": "5s",
                "lock_timeout": "2s",
                "idle_in_transaction_session_timeout": "10s",
                # The statements of plans take long to plan and short to run; a subject is found by key, whoever it is.
                "plan_cache_mode": "force_generic_plan",
                # What is asked for lies in memory or on flash. At the default PostgreSQL walks all keys rather than
                # read a filtered page, in order, from the filter's own index: all, if nobody has the value.
                "random_page_cost": "1.1",
            }
        ),
        WRITER: MappingProxyType(
            {
                **_COMMON,
                "statement_timeout": "30s",
                "lock_timeout": "5s",
                "idle_in_transaction_session_timeout": "30s",
                "synchronous_commit": "on",  # a mutation carries entries of the log along
            }
        ),
        LOG: MappingProxyType(
            {
                **_COMMON,
                "statement_timeout": "5s",
                "lock_timeout": "3s",
                "idle_in_transaction_session_timeout": "10s",
                "synchronous_commit": "on",
                "random_page_cost": "1.1",  # as of the reader: the log is read too
            }
        ),
    }
)

UNREPRESENTABLE = frozenset({"22021", "22P05"})  # bytes that are no text in UTF-8, or NUL
PASSING = frozenset({"08", "40", "53", "55", "57", "58"})  # connection, conflict, resources, locks, timeouts, I/O


@dataclass(frozen=True, slots=True)
class Connections:
    """One libpq connection string per role."""

    owner: str
    reader: str
    writer: str
    log: str

    @classmethod
    def to(cls, conninfo: str, database: str | None = None) -> "Connections":
        """The four roles at the server of ``conninfo`` (a string or URL), in its database or in ``database``."""
        place = {} if database is None else {"dbname": database}
        owner, reader, writer, log = (make_conninfo(conninfo, user=user, **place) for user in ROLES)
        return cls(owner, reader, writer, log)


class StatementFailed(Exception):
    """Why PostgreSQL refused, for the operator's log: SQLSTATE, and the message where it cannot quote a value."""

    def __init__(self, state: str, message: str = "") -> None:
        super().__init__(f"SQLSTATE {state} {message}".strip())
        self.state = state


def failed(state: str) -> GatewayError:
    """The error of ours for a SQLSTATE ("" = none: the connection itself failed)."""
    if state in UNREPRESENTABLE:
        return BadInput(Fault((), "text holds characters that cannot be stored"))
    if not state or state[:2] in PASSING:
        return DatabaseUnavailable()
    return InternalError()


def convert(error: psycopg.Error) -> GatewayError:
    """The error of ours for one of the driver's; its text stays behind, its SQLSTATE is kept as the cause.

    Having a cause, it hides the driver's error from tracebacks wherever it is raised.
    """
    state = error.sqlstate or ""
    if not state and isinstance(error, psycopg.DataError):
        result = failed("22021")  # NUL in a text: the driver finds it before the server could
    elif not state and not isinstance(error, psycopg.OperationalError):
        result = InternalError()
    else:
        result = failed(state)
    message = (error.diag.message_primary or "") if state.startswith("42") else ""
    result.__cause__ = StatementFailed(state or type(error).__name__, message)
    return result


def provision(superuser: str, database: str = DATABASE) -> Connections:
    """Make the four roles and ``database`` where they are missing, and set the roles' options anew.

    ``superuser`` is the connection string of a superuser. Doing it twice is no harm. Raises DatabaseUnavailable.
    """
    try:
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (PROVISION_LOCK,))
            for statement in _provisioning(connection, database):
                connection.execute(statement)
    except psycopg.Error as error:
        failure = convert(error)
    else:
        return Connections.to(superuser, database)
    raise failure


def _provisioning(connection: psycopg.Connection[tuple[object, ...]], database: str) -> Iterator[sql.Composed]:
    roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
    for name, options in ROLES.items():
        role = sql.Identifier(name)
        if name not in roles:
            yield sql.SQL("CREATE ROLE {}").format(role)
        yield sql.SQL(
            "ALTER ROLE {} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        ).format(role)
        yield sql.SQL("ALTER ROLE {} RESET ALL").format(role)
        for option, value in options.items():
            yield sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(option), sql.Literal(value))
    place = sql.Identifier(database)
    if database not in databases:
        yield sql.SQL("CREATE DATABASE {} OWNER {}").format(place, sql.Identifier(OWNER))
    yield sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(place)
    for name in ROLES:
        yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(place, sql.Identifier(name))
