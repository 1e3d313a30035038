"""The tables of the archive: which row an old version is of, and the requests that open it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.catalogue.superseded import SUPERSEDED as KIND
from gateway.store.tables import METADATA, _one_of, _text, table

# Which row it is of: a record's id, or of a subject its own number; told as an opaque id only.
SUPERSEDED = table(KIND)
SUPERSEDED.append_column(sa.Column("record_id", sa.BigInteger, nullable=False))
sa.Index("ix_superseded_record", SUPERSEDED.c.record_id, SUPERSEDED.c.record_kind)

# Who may see the old versions of one subject, why and for how long: opened by one person, approved by another.
ARCHIVE_REQUEST = sa.Table(
    "archive_request",
    METADATA,
    *_text("archive_request", "number", primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    _one_of("kind", ("LITIGATION", "COMPLAINT")),
    *_text("archive_request", "basis"),
    sa.Column("subject_id", sa.BigInteger, nullable=False),
    sa.Column("archivists", ARRAY(sa.Text), nullable=False),  # principals
    *_text("archive_request", "opened_by"),
    *_text("archive_request", "approved_by"),
    sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("approved_by <> opened_by", name="approver"),
    sa.CheckConstraint("valid_until > valid_from", name="term"),
)
