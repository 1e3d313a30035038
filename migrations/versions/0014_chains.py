"""Months that are closed, a leaf for every person; accesses that are shown later.

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

TEXTS = ("department", "matter", "basis", "asked_by", "approved_by")


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
    op.create_table(
        "access_delay_receiver",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["department"], ["department.code"], name=op.f("fk_access_delay_receiver_department_department")
        ),
        sa.PrimaryKeyConstraint("department", name=op.f("pk_access_delay_receiver")),
    )
    op.create_table(
        "access_delay",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("since", "valid_from", "until")),
        sa.Column("renewal", sa.Integer(), nullable=False),
        sa.Column("renews", sa.BigInteger()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("basis IN ('SECRET_BY_LAW', 'OBSTRUCTS_DUTY')", name=op.f("ck_access_delay_basis_word")),
        sa.CheckConstraint("approved_by <> asked_by", name=op.f("ck_access_delay_approver")),
        sa.CheckConstraint(
            "renewal BETWEEN 0 AND 2 AND (renewal = 0) = (renews IS NULL)", name=op.f("ck_access_delay_renewal")
        ),
        sa.CheckConstraint("until <= since + (renewal + 1) * interval '90 days'", name=op.f("ck_access_delay_term")),
        sa.ForeignKeyConstraint(
            ["department"],
            ["access_delay_receiver.department"],
            name=op.f("fk_access_delay_department_access_delay_receiver"),
        ),
        sa.ForeignKeyConstraint(["renews"], ["access_delay.number"], name=op.f("fk_access_delay_renews_access_delay")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_access_delay")),
        sa.UniqueConstraint("renews", name=op.f("uq_access_delay_renews")),
    )
    op.create_index("ix_access_delay_department", "access_delay", ["department", "matter"])
    op.execute("REVOKE ALL ON access_delay, access_delay_receiver FROM PUBLIC")
    op.execute("GRANT SELECT ON access_delay, access_delay_receiver TO gateway_log")
    op.execute("REVOKE ALL ON log_close, log_chain, log_chain_node FROM PUBLIC")
    op.execute("GRANT SELECT ON log_close, log_chain, log_chain_node TO gateway_log")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
