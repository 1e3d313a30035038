"""Shards that are closed: nobody continues a log that has lost entries.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# As before, but a closed shard is nobody's: the answer is a row of nulls.
CLAIM = """
CREATE OR REPLACE FUNCTION claim_shard(p_shard integer, OUT epoch bigint, OUT size bigint, OUT edge bytea)
RETURNS record
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
    INSERT INTO public.log_shard AS s (shard, size, edge, epoch) VALUES (p_shard, 0, '', 1)
    ON CONFLICT (shard) DO UPDATE SET epoch = s.epoch + 1 WHERE s.closed_at IS NULL
    RETURNING s.epoch, s.size, s.edge
$body$
"""


def upgrade() -> None:
    """Add when a shard was closed, and what for."""
    op.add_column("log_shard", sa.Column("closed_at", sa.DateTime(timezone=True)))
    op.add_column("log_shard", sa.Column("closed_for", sa.Text()))
    op.execute(CLAIM)


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
