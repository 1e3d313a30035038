"""The statements of the log, built once; their text is the same for every group."""

import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, insert
from sqlalchemy.types import TypeEngine

from gateway.store.core import NUMBERED
from gateway.store.log_tables import LOG_CHECKPOINT, LOG_PUBLICATION
from gateway.values import Statement

LOCK_CLASS = 0x6C6F67  # "log": the first key of the advisory lock; the second is the shard

_ARGUMENTS: tuple[tuple[str, TypeEngine[Any]], ...] = (
    ("shard", sa.Integer()),
    ("epoch", sa.BigInteger()),
    ("size", sa.BigInteger()),
    ("size_after", sa.BigInteger()),
    ("edge", BYTEA()),
    ("bodies", sa.Text()),
    ("lengths", ARRAY(sa.Integer())),
    ("salts", BYTEA()),
    ("commitments", BYTEA()),
    ("sealed", BYTEA()),
    ("sealed_lengths", ARRAY(sa.Integer())),
    ("levels", ARRAY(sa.Integer())),
    ("indexes", ARRAY(sa.BigInteger())),
    ("hashes", BYTEA()),
    ("kinds", ARRAY(sa.Text())),
    ("numbers", ARRAY(sa.Text())),
    ("subjects", ARRAY(sa.BigInteger())),
    ("consumers", ARRAY(sa.Text())),
    ("purposes", ARRAY(sa.Text())),
    ("uses", ARRAY(sa.Text())),
    ("documents", ARRAY(sa.Text())),
    ("now", sa.DateTime(timezone=True)),
)


def argument(name: str, kind: TypeEngine[Any]) -> sa.Cast[Any]:
    """A parameter, cast in the text as lanes want it."""
    return sa.cast(sa.bindparam(name, type_=kind), kind)


def statement(expression: sa.ClauseElement, *, literal: bool = False) -> Statement:
    """A statement for a lane; ``literal``: its values stand in its text."""
    sql = str(expression.compile(dialect=NUMBERED, compile_kwargs={"literal_binds": literal}))
    return Statement(hashlib.sha256(sql.encode()).hexdigest()[:16], sql)


_APPENDED = sa.func.log_append(*[argument(name, kind) for name, kind in _ARGUMENTS]).table_valued(
    "outcome", "ordinals", "rights_position"
)
_CLAIMED = sa.func.claim_shard(argument("shard", sa.Integer())).table_valued("epoch", "size", "edge", "month")

# One row: outcome ("appended", "lost", "conflict", "busy", "fenced"), ordinals of checks, rights position.
APPEND = statement(sa.select(*_APPENDED.columns))

# Session settings in one row: no answer before the commit is on disk; checks see what others have committed.
SETTINGS = statement(
    sa.select(
        sa.func.set_config("synchronous_commit", "on", sa.false()),
        sa.func.set_config("default_transaction_isolation", "read committed", sa.false()),
        sa.func.set_config("default_transaction_read_only", "off", sa.false()),
    ),
    literal=True,
)

# One row: "t" if the lock was free. It is held until the connection ends.
LOCK = statement(
    sa.select(sa.func.pg_try_advisory_lock(argument("class", sa.Integer()), argument("shard", sa.Integer())))
)

# One row: "t". Frees the shard at once; when a connection ends the server may take a moment to.
UNLOCK = statement(
    sa.select(sa.func.pg_advisory_unlock(argument("class", sa.Integer()), argument("shard", sa.Integer())))
)

# One row: epoch, size, edge, month.
CLAIM = statement(sa.select(*_CLAIMED.columns))

# One row: "t" if the shard is still ours; it goes on in the month whose first day is given.
OPEN_MONTH = statement(
    sa.select(
        sa.func.log_month_open(
            argument("shard", sa.Integer()), argument("epoch", sa.BigInteger()), argument("month", sa.Date())
        )
    )
)

CHECKPOINT = statement(
    insert(LOG_CHECKPOINT)
    .values({column.name: argument(column.name, column.type) for column in LOG_CHECKPOINT.columns})
    .on_conflict_do_nothing()
    .inline()  # no RETURNING
)

PUBLICATION = statement(
    insert(LOG_PUBLICATION)
    .values({column.name: argument(column.name, column.type) for column in LOG_PUBLICATION.columns})
    .on_conflict_do_nothing()
    .inline()
)
