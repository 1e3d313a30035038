"""Frozen figures, month by month. Rows are only ever added: what was told once stays told."""

import sqlalchemy as sa

from gateway.store.tables import METADATA, _one_of, _text

FIGURE_MONTH = sa.Table(
    "figure_month",
    METADATA,
    *_text("figure_month", "month", primary_key=True),  # 2026-10
    sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
)

# One cell that holds something; a dimension that it is summed over is empty. What is in no row is 0.
FIGURE = sa.Table(
    "figure",
    METADATA,
    sa.Column("month", sa.Text, sa.ForeignKey("figure_month.month"), primary_key=True),
    *_text("figure", "subjects", primary_key=True),
    _one_of("subjects", ("legal", "person")),
    *_text("figure", "kind", primary_key=True),
    *_text("figure", "region", primary_key=True),
    *_text("figure", "industry", primary_key=True),
    *_text("figure", "department", primary_key=True),
    *_text("figure", "year", primary_key=True),
    sa.Column("count", sa.Integer),  # null: not told
)
