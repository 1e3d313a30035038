"""Which months are frozen. The figures themselves are a kind of the catalogue."""

import sqlalchemy as sa

from gateway.store.tables import METADATA, _text

FIGURE_MONTH = sa.Table(
    "figure_month",
    METADATA,
    *_text("figure_month", "month", primary_key=True),  # 2026-10
    sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
)
