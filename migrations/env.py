"""How revisions are applied: forward only, each in one transaction, one migrator at a time, no long wait for a lock.

The connection is handed in by ``gateway.store.migrate``.
"""

import sqlalchemy as sa
from alembic import context

from gateway.store.log_tables import LOG_ENTRY

MIGRATION_LOCK = 0x6372_6564_0002
METADATA = LOG_ENTRY.metadata  # holds every table: the log's file reads the others'


def run(connection: sa.Connection) -> None:
    """Take the lock of migrators, then apply what is missing."""
    # Another process may be applying a long revision: wait for it, but once it is our turn wait for nobody.
    connection.execute(sa.text("SET lock_timeout = '10min'"))
    connection.execute(sa.text("SET statement_timeout = '10min'"))
    connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(sa.text("SET lock_timeout = '4s'"))
    connection.execute(sa.text("SET statement_timeout = '60s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
    connection.commit()


run(context.config.attributes["connection"])
