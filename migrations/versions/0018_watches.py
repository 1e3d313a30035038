"""Who wants to be told of what is asked about them, and what has been told.

Revision ID: 0018
Revises: 0017
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"


def _text(table: str, column: str, *, nullable: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=nullable)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        *_text("watch", "principal"),
        *_text("watch", "consumer"),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        *_text("watch", "ended_for", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch")),
    )
    running = sa.text("ended_at IS NULL")
    op.create_index("ix_watch_running", "watch", ["subject_id", "principal"], unique=True, postgresql_where=running)
    op.create_table(
        "watch_mark",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shard", name=op.f("pk_watch_mark")),
    )
    op.create_table(
        "watch_notice",
        sa.Column("watch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        *_text("watch_notice", "failure", nullable=True),
        sa.CheckConstraint("state IN ('WAITING', 'TOLD', 'DEAD')", name=op.f("ck_watch_notice_state_word")),
        sa.ForeignKeyConstraint(["watch"], ["watch.id"], name=op.f("fk_watch_notice_watch_watch")),
        sa.PrimaryKeyConstraint("watch", "shard", "number", name=op.f("pk_watch_notice")),
    )
    waiting = sa.text("state = 'WAITING'")
    op.create_index("ix_watch_notice_waiting", "watch_notice", ["next_at"], postgresql_where=waiting)
    op.execute("REVOKE ALL ON watch, watch_mark, watch_notice FROM PUBLIC")
    op.execute("GRANT SELECT ON watch, watch_mark, watch_notice TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT, UPDATE ON watch, watch_mark, watch_notice TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
