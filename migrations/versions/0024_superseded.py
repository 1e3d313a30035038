"""Old versions of rows, sealed anew for three circles; the requests that open the archive.

What intake replaced before this is in ``record_version``, sealed value by sealed value; ``gateway archive adopt`` has
the keys and makes old versions of those rows.

Revision ID: 0024
Revises: 0023
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import SchemaItem

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
WORDS = {
    "subject_class": "'legal', 'individual', 'person'",
    "why": "'CORRECTED', 'SUPPLEMENTED', 'REPAIRED', 'REVOKED', 'DISCLOSURE_ENDED', 'REPLACED'",
    "kind": "'LITIGATION', 'COMPLAINT'",
}


def _text(table: str, column: str) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=False)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))


def _word(table: str, column: str) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=False)
    yield sa.CheckConstraint(f"{column} IN ({WORDS[column]})", name=op.f(f"ck_{table}_{column}_word"))


def upgrade() -> None:
    """Make the tables; a request is for so many days at most."""
    op.create_table(
        "superseded",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_word("superseded", "subject_class"),
        sa.Column("provider", sa.Text(), nullable=False),
        *_text("superseded", "batch"),
        sa.Column("minor", sa.Boolean(), nullable=False),
        *_text("superseded", "record_kind"),
        sa.CheckConstraint("char_length(record_kind) <= 32", name=op.f("ck_superseded_record_kind_length")),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        *_word("superseded", "why"),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("texts_sealed", sa.LargeBinary()),
        sa.Column("reserved_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_superseded_provider_department")),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_superseded")),
    )
    newest = [sa.text("superseded_at DESC"), sa.text("id DESC")]
    op.create_index("ix_superseded_id", "superseded", ["id"], unique=True)
    op.create_index("ix_superseded_newest", "superseded", ["subject_id", *newest])
    op.create_index("ix_superseded_filed", "superseded", newest)
    op.create_index("ix_superseded_record", "superseded", ["record_id", "record_kind"])
    op.create_table(
        "archive_request",
        *_text("archive_request", "number"),
        *_word("archive_request", "kind"),
        *_text("archive_request", "basis"),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("archivists", ARRAY(sa.Text()), nullable=False),
        *_text("archive_request", "opened_by"),
        *_text("archive_request", "approved_by"),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("approved_by <> opened_by", name=op.f("ck_archive_request_approver")),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_archive_request_term")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_archive_request")),
    )
    op.execute("REVOKE ALL ON superseded, archive_request FROM PUBLIC")
    op.execute("GRANT SELECT ON superseded, archive_request TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT, UPDATE ON superseded, archive_request TO gateway_writer")
    op.execute(
        "INSERT INTO rule (name, version, value, unit, source, verified, valid_from, least) VALUES "
        "('archive.request', 1, 90, 'CALENDAR_DAYS', 'default of the product, no source', false, '2026-01-01', 1)"
    )


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
