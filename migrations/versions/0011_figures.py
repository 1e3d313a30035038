"""Frozen figures.

Revision ID: 0011
Revises: 0010
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
# Column -> greatest length; the first two are required.
TEXTS = {"month": 7, "record_kind": 32, "region": 6, "industry": 1, "department": 32, "year": 4}


def _text(table: str, column: str, length: int | None = None, *, required: bool = True) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))
    if length is not None:
        yield sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"ck_{table}_{column}_length"))


def upgrade() -> None:
    """Make both tables; nobody but their owner may change or delete a row."""
    op.create_table(
        "figure_month",
        *_text("figure_month", "month"),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_figure_month")),
    )
    op.create_table(
        "figure",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("subject_class", sa.Text(), nullable=False),
        sa.CheckConstraint("subject_class IN ('legal', 'person')", name=op.f("ck_figure_subject_class_word")),
        sa.Column("provider", sa.Text(), nullable=False),
        *_text("figure", "batch"),
        *(
            item
            for column, length in TEXTS.items()
            for item in _text("figure", column, length, required=column in ("month", "record_kind"))
        ),
        sa.Column("records", sa.Integer()),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_figure_provider_department")),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_figure")),
    )
    newest = [sa.text("month DESC"), sa.text("id DESC")]
    op.create_index("ix_figure_id", "figure", ["id"], unique=True)
    op.create_index("ix_figure_newest", "figure", ["subject_id", *newest])
    op.create_index("ix_figure_filed", "figure", newest)
    op.execute("GRANT SELECT ON figure_month, figure TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT ON figure_month, figure TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
