"""The tables of the access log. Only the append function writes them; nobody may update or delete an entry."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gateway.catalogue.kinds import BY_NAME
from gateway.store.tables import METADATA, _text, table

# One row per shard: its size, the right edge of its tree and the epoch of the process that owns it.
LOG_SHARD = sa.Table(
    "log_shard",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("edge", sa.LargeBinary, nullable=False),  # hashes of the complete subtrees, largest first, 32 bytes each
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("closed_at", sa.DateTime(timezone=True)),  # nobody continues it: it has lost entries
    sa.Column("closed_for", sa.Text),
    sa.Column("month", sa.Date),  # first day of the one that it writes in; null: nobody has opened one
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
    sa.Column("month", sa.Date, primary_key=True),  # its partition; index and shard alone are unique by the fence
    postgresql_partition_by="RANGE (month)",
)

# The partitions, which lie in a schema of their own; ``after`` is the first day that is not in it.
LOG_PARTITION = sa.Table(
    "log_partition",
    METADATA,
    sa.Column("first", sa.Date, primary_key=True),
    sa.Column("after", sa.Date, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)
PARTITIONS = "log_months"  # the schema

# With which entry a shard began a month; the next month of the shard begins where it ends.
LOG_MONTH = sa.Table(
    "log_month",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("first", sa.BigInteger, nullable=False),
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

# Bodies that were taken out when their term was over: a note that the log signed, and of which entries (8 bytes each).
LOG_RETIREMENT = sa.Table(
    "log_retirement",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("sort", sa.Text, primary_key=True),  # which sort of entries (``gateway.audit.retirement``)
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("indexes", sa.LargeBinary, nullable=False),
    sa.CheckConstraint("sort IN ('access', 'traffic', 'house')", name="sort_word"),
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

# The entries as rows, made by ``access_follow``: nothing here that is not in the log, and all of it can be made again.
# Keyed by the subject's pseudonym (``values.log_key``); one row for each subject, one for an entry about nobody.
ACCESS = table(BY_NAME["access"])
ACCESS.append_column(sa.Column("shard", sa.Integer, nullable=False))
ACCESS.append_column(sa.Column("number", sa.BigInteger, nullable=False))  # the index of the entry
ACCESS.append_column(sa.Column("matter_numbers", ARRAY(sa.Text)))
ACCESS.append_column(sa.Column("month", sa.Date, nullable=False))  # where the entry is kept
# What a row says of its entry, beside that there is one, when, and about whom.
SAID = (
    *("role", "institution", "institution_name", "unit", "unit_name", "officer", "purposes", "consents", "matters"),
    *("roots", "document", "kinds", "clear", "masked", "withheld", "outcome", "code", "policy", "matter_numbers"),
)
TOGETHER = sa.and_(
    LOG_ENTRY.c.shard == ACCESS.c.shard, LOG_ENTRY.c.index == ACCESS.c.number, LOG_ENTRY.c.month == ACCESS.c.month
)
sa.Index("ix_access_place", ACCESS.c.number, ACCESS.c.shard)
sa.Index("ix_access_institution", ACCESS.c.institution, ACCESS.c.at.desc(), ACCESS.c.id.desc())
ACCESS_IDS = sa.Sequence("access_ids", metadata=METADATA)

# How far the entries of a shard are rows.
ACCESS_MARK = sa.Table(
    "access_mark",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
)

# Departments that may hold accesses back, and what is held back (``gateway.ledger.delays``).
DELAY_RECEIVER = sa.Table(
    "access_delay_receiver",
    METADATA,
    sa.Column("department", sa.Text, sa.ForeignKey("department.code"), primary_key=True),
    sa.Column("source", sa.Text, nullable=False),  # by whose decision
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
)

ACCESS_DELAY = sa.Table(
    "access_delay",
    METADATA,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("department", sa.Text, sa.ForeignKey("access_delay_receiver.department"), nullable=False),
    sa.Column("matter", sa.Text, nullable=False),  # its number
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),  # of the first: what was asked before is shown
    sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("renewal", sa.Integer, nullable=False),
    sa.Column("renews", sa.BigInteger, sa.ForeignKey("access_delay.number"), unique=True),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("basis IN ('SECRET_BY_LAW', 'OBSTRUCTS_DUTY')", name="basis_word"),
    sa.CheckConstraint("approved_by <> asked_by", name="approver"),
    sa.CheckConstraint("renewal BETWEEN 0 AND 2 AND (renewal = 0) = (renews IS NULL)", name="renewal"),
    sa.CheckConstraint("until <= since + (renewal + 1) * interval '90 days'", name="term"),
    sa.Index("ix_access_delay_department", "department", "matter"),
)

# Who audits what, and for how long (``gateway.ledger.engagements``).
ENGAGEMENT = sa.Table(
    "log_engagement",
    METADATA,
    *_text("log_engagement", "number", primary_key=True),
    *_text("log_engagement", "reason"),
    sa.Column("auditors", ARRAY(sa.Text), nullable=False),  # principals
    sa.Column("opened_by", ARRAY(sa.Text), nullable=False),  # two people
    sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
)

# Months that are closed (``gateway.audit.chains``): which entries belong to each, and the entry that says so.
LOG_CLOSE = sa.Table(
    "log_close",
    METADATA,
    sa.Column("month", sa.Text, primary_key=True),  # as 2026-10
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("index", sa.BigInteger, nullable=False),
    sa.Column("persons", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("ranges", JSONB, nullable=False),  # shard -> [first, end]
    sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
)

# The leaf of each person, in the order of pseudonyms, and the hashes of tiles over them.
LOG_CHAIN = sa.Table(
    "log_chain",
    METADATA,
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),  # pseudonym
    sa.Column("place", sa.BigInteger, nullable=False),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("month", "place"),
)

LOG_CHAIN_NODE = sa.Table(
    "log_chain_node",
    METADATA,
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)
