"""Bring a database to the newest revision, or say where it stands. The revisions are in ``migrations/``."""

from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.errors import InternalError
from gateway.store.database import convert

# A checkout has the folder beside the package; a built wheel carries it inside.
PLACES = (Path(__file__).resolve().parents[2] / "migrations", Path(__file__).resolve().parents[1] / "migrations")


def engine(conninfo: str) -> sa.Engine:
    """A SQLAlchemy engine without a pool on a libpq connection string."""
    return sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=sa.pool.NullPool
    )


def config() -> Config:
    """Alembic's configuration, made here so that there is no file to find. Raises InternalError."""
    for place in PLACES:
        if (place / "env.py").exists():
            made = Config()
            made.set_main_option("script_location", str(place).replace("%", "%%"))
            made.set_main_option("path_separator", "os")
            made.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            return made
    raise InternalError


def migrate(owner: str, revision: str = "head") -> None:
    """Apply what is missing, each revision in its own transaction; ``owner`` is the owner's connection string.

    Two at once wait for each other. Raises DatabaseUnavailable, InternalError.
    """
    alembic = config()
    try:
        with engine(owner).connect() as connection:
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, revision)
    except sa.exc.DBAPIError as error:
        failure = convert(error.orig) if isinstance(error.orig, psycopg.Error) else InternalError()
    else:
        return
    raise failure


def head() -> str | None:
    """The newest revision of this program; None: there is none."""
    return ScriptDirectory.from_config(config()).get_current_head()


def current(conninfo: str) -> str | None:
    """The revision of a database, as any role may see it; None: never migrated. Raises DatabaseUnavailable."""
    try:
        with engine(conninfo).connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except sa.exc.DBAPIError as error:
        failure = convert(error.orig) if isinstance(error.orig, psycopg.Error) else InternalError()
    raise failure
