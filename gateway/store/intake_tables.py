"""The tables of intake: what came in, what it replaced, what waits for a person, what may not come back."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gateway.store.tables import METADATA, _text

# The receipt of one file that was taken. What was refused whole leaves none.
BATCH = sa.Table(
    "batch",
    METADATA,
    *_text("batch", "id", primary_key=True),
    *_text("batch", "file"),
    sa.Column("digest", sa.LargeBinary, nullable=False),  # SHA-256 of its bytes
    *_text("batch", "encoding"),
    *_text("batch", "kind"),
    *_text("batch", "department", nullable=True),  # whose steward brought it; null: the platform
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("calendar", sa.Integer, sa.ForeignKey("calendar.version"), nullable=False),
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("rows", "accepted", "unchanged", "replaced")),
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("rejected", "quarantined", "timely", "late")),
    sa.Column("reasons", JSONB, nullable=False),  # reason → how often
)
BATCH_IDS = sa.Sequence("batch_ids", metadata=METADATA)

# What intake replaced before there was ``superseded``, as it lay in its table; `gateway archive adopt` empties it.
RECORD_VERSION = sa.Table(
    "record_version",
    METADATA,
    *_text("record_version", "kind", primary_key=True),
    sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("subject_id", sa.BigInteger, nullable=False),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
    *_text("record_version", "batch"),  # the batch that replaced it
    sa.Index("ix_record_version_subject_id", "subject_id"),
)

# A row that somebody must look at. Its cells are sealed under the key of the log, its reasons are of a closed list.
QUARANTINE = sa.Table(
    "quarantine",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    *_text("quarantine", "batch"),
    sa.Column("line", sa.Integer, nullable=False),
    *_text("quarantine", "kind"),
    *_text("quarantine", "department", nullable=True),
    sa.Column("reasons", ARRAY(sa.Text), nullable=False),
    sa.Column("row_hash", sa.LargeBinary, nullable=False),  # a row that waits already does not wait twice
    sa.Column("cells_sealed", sa.LargeBinary, nullable=False),
    sa.Index("ix_quarantine_row_hash", "row_hash", unique=True),
)

# Codes of the exchange table that belong to nobody who is known here. Codes of legal persons are public.
UNMATCHED = sa.Table(
    "unmatched_code",
    METADATA,
    *_text("unmatched_code", "kind", primary_key=True),
    *_text("unmatched_code", "value_index", primary_key=True),
    *_text("unmatched_code", "name", nullable=True),
    *_text("unmatched_code", "reason"),
    *_text("unmatched_code", "batch"),
    sa.Column("line", sa.Integer, nullable=False),
)

WHOLE = "*"  # in place of a field: the record itself, which is not disclosed any more
# What a correction refused: the same value must not come back with next month's file.
CORRECTION_GUARD = sa.Table(
    "correction_guard",
    METADATA,
    *_text("correction_guard", "kind", primary_key=True),
    sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
    *_text("correction_guard", "field", primary_key=True),
    sa.Column("value_index", sa.LargeBinary, primary_key=True),  # keyed: the value itself is gone
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("lifted_at", sa.DateTime(timezone=True)),  # since when the source answers for the value anew
    *_text("correction_guard", "certificate", nullable=True),  # by which document
)

# The catalogue of public credit information: what may be collected, from when to when (domain.md §2.4, §13 R1).
CATALOGUE_ITEM = sa.Table(
    "catalogue_item",
    METADATA,
    *_text("catalogue_item", "kind", primary_key=True),
    sa.Column("valid_from", sa.Date, primary_key=True),
    sa.Column("valid_until", sa.Date),
    *_text("catalogue_item", "name"),
    *_text("catalogue_item", "edition"),
    *_text("catalogue_item", "source"),
    sa.Column("verified", sa.Boolean, nullable=False),
)
