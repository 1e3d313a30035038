"""Months that are closed: a leaf for every person.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the owner closes months, the log's role reads them."""
    op.create_table(
        "log_close",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("ranges", JSONB(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_log_close")),
    )
    op.create_table(
        "log_chain",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("month", "subject", name=op.f("pk_log_chain")),
        sa.UniqueConstraint("month", "place", name=op.f("uq_log_chain_month_place")),
    )
    op.create_table(
        "log_chain_node",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("month", "level", "index", name=op.f("pk_log_chain_node")),
    )
    op.execute("REVOKE ALL ON log_close, log_chain, log_chain_node FROM PUBLIC")
    op.execute("GRANT SELECT ON log_close, log_chain, log_chain_node TO gateway_log")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
