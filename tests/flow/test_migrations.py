"""The migrated database is the one that the catalogue describes, and each role may do what it needs and no more."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg import sql

from gateway.store import archive_tables, case_tables, figure_tables, intake_tables, log_tables, policy_tables
from gateway.store.database import Connections, provision
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from gateway.store.migrate import config, current, engine, head, migrate
from gateway.store.tables import METADATA

ROOT = Path(__file__).parents[2]
LOG_TABLES = {name for name in METADATA.tables if name.startswith(("log_", "access"))}
assert log_tables.LOG_ENTRY.name in LOG_TABLES
POSITIONED = {'"case"', "consent", "consumer", "mandate", "sharing_scope"}
ALL = set(METADATA.tables)
# The tables of other files are among them.
OTHERS = (
    archive_tables.ARCHIVE_REQUEST,
    case_tables.CASE,
    figure_tables.FIGURE_MONTH,
    intake_tables.BATCH,
    policy_tables.POLICY_BUNDLE,
)
assert {one.metadata for one in OTHERS} == {METADATA}

# Everything a table is made of, as PostgreSQL itself prints it. Order of columns does not matter, nor do triggers.
CATALOG = """
    SELECT 'column', c.relname, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.attidentity, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    UNION ALL
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype <> 'n'
    UNION ALL
    SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'sequence', '', sequencename, concat_ws(' ', data_type, start_value, increment_by) FROM pg_sequences
    WHERE schemaname = 'public'
"""


def catalog(conninfo: str) -> set[tuple[object, ...]]:
    """What the schema holds, Alembic's own table left out."""
    with psycopg.connect(conninfo) as connection:
        return {row for row in connection.execute(CATALOG) if row[1] != "alembic_version"}


def test_alembic_finds_nothing_to_do(database: Connections) -> None:
    """The usual drift check."""
    with engine(database.owner).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_migrated_equals_described(server: EmbeddedServer, new_database: Callable[[], Connections]) -> None:
    """What Alembic does not look at: the words of checks, names, expressions of indexes, sequences."""
    described = provision(server.conninfo(SUPERUSER, "postgres"), "described")
    with engine(described.owner).begin() as connection:
        METADATA.create_all(connection)
    migrated = new_database()
    assert catalog(migrated.owner) == catalog(described.owner)
    with psycopg.connect(migrated.owner) as owner:
        owner.execute("ALTER TABLE consent DROP CONSTRAINT ck_consent_assurance_word")
    assert len(catalog(described.owner) - catalog(migrated.owner)) == 1  # the comparison sees a missing check


def test_revisions_stand_at_head(database: Connections) -> None:
    """Every role may ask where the schema stands; migrating again changes nothing."""
    before = catalog(database.owner)
    migrate(database.owner)
    assert {current(one) for one in (database.owner, database.reader, database.writer, database.log)} == {head()}
    assert catalog(database.owner) == before


def test_never_migrated(server: EmbeddedServer) -> None:
    """A new database stands nowhere; two that migrate it at once wait for each other."""
    fresh = provision(server.conninfo(SUPERUSER, "postgres"), "at_once")
    assert current(fresh.reader) is None
    program = "import sys; from gateway.store.migrate import migrate; migrate(sys.argv[1])"
    running = [subprocess.Popen([sys.executable, "-c", program, fresh.owner], cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert current(fresh.reader) == head()


def test_no_way_back(new_database: Callable[[], Connections]) -> None:
    """Revisions go forward only."""
    alembic = config()
    with engine(new_database().owner).connect() as connection:
        alembic.attributes["connection"] = connection
        with pytest.raises(NotImplementedError):
            command.downgrade(alembic, "base")


def granted(conninfo: str, role: str) -> set[tuple[str, str]]:
    """(table, privilege) pairs that a role has, however it came by them."""
    asked = """
        SELECT c.relname, p FROM pg_class c,
            unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND has_table_privilege(%s, c.oid, p)
    """
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(asked, (role,)).fetchall()
    return {(str(table), str(privilege)) for table, privilege in rows if table != "alembic_version"}


def test_privileges(database: Connections) -> None:
    """Reader reads all but the log; writer writes that; the log role reads the log and adds checkpoints."""
    readable = {(table, "SELECT") for table in ALL - LOG_TABLES}
    writable = {(table, word) for table in ALL - LOG_TABLES - {"rights_position"} for word in ("INSERT", "UPDATE")}
    # What was in force, or was told, stays written down.
    for table in ("policy_bundle", "figure", "figure_month", "rights_figure"):
        writable.remove((table, "UPDATE"))
    writable -= {("consent_use", "INSERT"), ("consent_use", "UPDATE")}  # written by log_append alone
    assert granted(database.owner, "gateway_reader") == readable
    assert granted(database.owner, "gateway_writer") == readable | writable
    assert granted(database.owner, "gateway_log") == {(table, "SELECT") for table in LOG_TABLES} | {
        ("log_checkpoint", "INSERT"),
        ("log_publication", "INSERT"),
    }


def test_functions(database: Connections) -> None:
    """The reader may execute no function of ours but those that say where a consent stands; log and writer append."""
    asked = """
        SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
        AND has_function_privilege(%s, p.oid, 'EXECUTE')
    """
    with psycopg.connect(database.owner) as connection:
        may = {
            role: {str(row[0]) for row in connection.execute(asked, (role,))}
            for role in ("gateway_reader", "gateway_writer", "gateway_log")
        }
    assert may["gateway_reader"] == {"consent_standing", "consent_covers"}
    assert "log_append" in may["gateway_writer"] & may["gateway_log"]
    assert "move_rights_position" not in may["gateway_writer"] | may["gateway_log"]


@pytest.mark.parametrize("table", sorted(LOG_TABLES))
@pytest.mark.parametrize("role", ["reader", "writer", "log"])
def test_nobody_changes_the_log(database: Connections, role: str, table: str) -> None:
    """Not even with a statement that would touch no row."""
    with psycopg.connect(getattr(database, role), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")  # that alone must not be what protects the log
        column = list(METADATA.tables[table].columns)[-1].name
        for statement in ("DELETE FROM {table}", "UPDATE {table} SET {column} = {column}", "TRUNCATE {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    sql.SQL(statement).format(table=sql.Identifier(table), column=sql.Identifier(column))
                )


def test_role_options(database: Connections) -> None:
    """Read-only, UTC and time limits are options of the roles: no client can forget them."""
    asked = "SELECT current_setting(name) FROM unnest(%s::text[]) WITH ORDINALITY AS n(name, o) ORDER BY o"
    names = ["TimeZone", "DateStyle", "default_transaction_read_only", "statement_timeout", "lock_timeout"]
    expected = {
        database.reader: ["UTC", "ISO, YMD", "on", "5s", "2s"],
        database.writer: ["UTC", "ISO, YMD", "off", "30s", "5s"],
        database.log: ["UTC", "ISO, YMD", "off", "5s", "3s"],
    }
    for conninfo, values in expected.items():
        with psycopg.connect(conninfo) as connection:
            assert [row[0] for row in connection.execute(asked, (names,))] == values
    with psycopg.connect(database.reader) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("CREATE TABLE t (a int)")


def test_rights_position_moves(new_database: Callable[[], Connections]) -> None:
    """Once per statement that touches a right, in the same transaction; not for other tables, not by hand."""
    connections = new_database()
    with psycopg.connect(connections.writer) as writer:

        def position() -> int:
            row = writer.execute("SELECT position FROM rights_position").fetchone()
            assert row is not None
            return int(row[0])

        assert position() == 0
        writer.execute("INSERT INTO consumer VALUES ('bank', 'A bank', true), ('other', 'Another', false)")
        assert position() == 1
        writer.execute(
            "INSERT INTO department (code, name, region, valid_from) VALUES ('d', 'Office', '220800', '1890-01-01')"
        )
        writer.execute(
            "INSERT INTO consent (subject_id, id, subject_class, provider, batch, number, consumer, purposes, kinds, "
            "single, assurance, given_at, valid_from, valid_until) VALUES (1, 1, 'legal', 'd', '', 'C1', 'bank', "
            "'{LOAN_APPROVAL}', '{license}', false, 'A', now(), now(), 'infinity')"
        )
        writer.execute("UPDATE consent SET withdrawn_at = now() WHERE number = 'C1'")
        assert position() == 3
        writer.rollback()
        assert position() == 0
        writer.execute(
            "INSERT INTO department (code, name, region, valid_from) VALUES ('d', 'Office', '220800', '1890-01-01')"
        )
        assert position() == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            writer.execute("UPDATE rights_position SET position = 0")
    with psycopg.connect(connections.owner) as owner:
        rows = owner.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'move_rights_position'")
        assert {row[0] for row in rows} == POSITIONED


@pytest.mark.parametrize("bad", ["\x01", "\x08", "\x0b", "\x1b", "\x1f", "\x7f"])
def test_control_characters_are_refused(database: Connections, bad: str) -> None:
    """They delimit markers in answers; no stored text may hold one."""
    with psycopg.connect(database.writer) as writer, pytest.raises(psycopg.errors.CheckViolation):
        writer.execute(
            "INSERT INTO department (code, name, region, valid_from) VALUES ('d', %s, '220800', '1890-01-01')",
            (f"A{bad}b",),
        )
