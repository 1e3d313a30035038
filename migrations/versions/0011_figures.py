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
NAMED = ("subjects", "kind", "region", "industry", "department", "year")


def _text(table: str, column: str) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=False)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))


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
        sa.Column("month", sa.Text(), nullable=False),
        *(item for column in NAMED for item in _text("figure", column)),
        sa.Column("count", sa.Integer()),
        sa.CheckConstraint("subjects IN ('legal', 'person')", name=op.f("ck_figure_subjects_word")),
        sa.ForeignKeyConstraint(["month"], ["figure_month.month"], name=op.f("fk_figure_month_figure_month")),
        sa.PrimaryKeyConstraint("month", *NAMED, name=op.f("pk_figure")),
    )
    op.execute("GRANT SELECT ON figure_month, figure TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT ON figure_month, figure TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
