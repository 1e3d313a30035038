"""The tables of the access log. Only the append function writes them; nobody may update or delete an entry."""

import sqlalchemy as sa

from gateway.store.tables import METADATA

# One row per shard: its size, the right edge of its tree and the epoch of the process that owns it.
LOG_SHARD = sa.Table(
    "log_shard",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("edge", sa.LargeBinary, nullable=False),  # hashes of the complete subtrees, largest first, 32 bytes each
    sa.Column("epoch", sa.BigInteger, nullable=False),
)

LOG_ENTRY = sa.Table(
    "log_entry",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary),  # canonical JSON; null once lawfully destroyed
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("commitment", sa.LargeBinary, nullable=False),  # SHA-256(salt || body): the public leaf data
    sa.Column("sealed", sa.LargeBinary),  # variables under the audit key
)

# Hashes of complete tiles, level 1 upwards (C2SP tlog-tiles): node ``index`` at ``level`` covers 256**level leaves.
LOG_NODE = sa.Table(
    "log_node",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)

LOG_CHECKPOINT = sa.Table(
    "log_checkpoint",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False),  # C2SP signed note
    sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
)

# Why the body of an entry is no longer there: a note that the log signed.
LOG_DESTRUCTION = sa.Table(
    "log_destruction",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False),
)

# Checkpoints that were shown to the witnesses: with what they answered, the checkpoint is what is published.
LOG_PUBLICATION = sa.Table(
    "log_publication",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("cosignatures", sa.Text, nullable=False),  # signature lines (C2SP tlog-cosignature); may be none
    sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
)
