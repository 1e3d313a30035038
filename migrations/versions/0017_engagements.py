"""Engagements of auditors.

Revision ID: 0017
Revises: 0016
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import SchemaItem

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"


def _text(column: str) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=False)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_log_engagement_{column}_text"))


def upgrade() -> None:
    """Make the table; the owner writes it, the log's role reads it."""
    op.create_table(
        "log_engagement",
        *_text("number"),
        *_text("reason"),
        sa.Column("auditors", ARRAY(sa.Text()), nullable=False),
        sa.Column("opened_by", ARRAY(sa.Text()), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_engagement")),
    )
    op.execute("REVOKE ALL ON log_engagement FROM PUBLIC")
    op.execute("GRANT SELECT ON log_engagement TO gateway_log")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
