"""Mutations that are sent again: what they answered the first time.

Revision ID: 0019
Revises: 0018
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"


def _text(column: str) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=False)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_idempotency_{column}_text"))


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "idempotency",
        *(item for column in ("principal", "consumer", "key") for item in _text(column)),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.LargeBinary()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "consumer", "key", name=op.f("pk_idempotency")),
    )
    op.execute("REVOKE ALL ON idempotency FROM PUBLIC")
    op.execute("GRANT SELECT ON idempotency TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT, UPDATE ON idempotency TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
