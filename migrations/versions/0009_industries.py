"""Enterprises by section, division and group of their industry (GB/T 4754), in the order of keys.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make an index for each level above the last."""
    listed = sa.text("subject_class = 'legal'")
    for level in (1, 3, 4):
        above = sa.text(f"left(industry, {level})")
        op.create_index(f"ix_enterprise_industry_{level}", "enterprise", [above, "subject_id"], postgresql_where=listed)


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
