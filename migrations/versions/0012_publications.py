"""Checkpoints as witnesses were shown them, and why bodies of entries are no longer there.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables; rows are added and never changed."""
    op.create_table(
        "log_destruction",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shard", "index", name=op.f("pk_log_destruction")),
    )
    op.create_table(
        "log_publication",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cosignatures", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shard", "size", name=op.f("pk_log_publication")),
    )
    op.execute("REVOKE ALL ON log_publication, log_destruction FROM PUBLIC")
    op.execute("GRANT SELECT ON log_destruction TO gateway_log")
    op.execute("GRANT SELECT, INSERT ON log_publication TO gateway_log")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
