"""Bundles of the policy, and what a candidate would have decided otherwise.

Revision ID: 0010
Revises: 0009
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
KEY = ("version", "role", "coordinate", "row_class", "live", "candidate")

NOTIFY = """
CREATE FUNCTION policy_published() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $body$
BEGIN
    PERFORM pg_notify('gateway_policy', NEW.number::text);
    RETURN NULL;
END
$body$
"""


def _text(table: str, column: str, *, primary_key: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=False, primary_key=primary_key)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))


def upgrade() -> None:
    """Make both tables; a bundle is added and never changed, and every process is told of it."""
    op.create_table(
        "policy_bundle",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_text("policy_bundle", "version"),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_bundle")),
    )
    op.create_table(
        "policy_difference",
        *(item for column in KEY for item in _text("policy_difference", column)),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_policy_difference")),
    )
    op.execute(NOTIFY)
    op.execute(
        "CREATE TRIGGER policy_published AFTER INSERT ON policy_bundle FOR EACH ROW EXECUTE FUNCTION policy_published()"
    )
    op.execute("REVOKE ALL ON FUNCTION policy_published() FROM PUBLIC")
    op.execute("GRANT SELECT ON policy_bundle TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT ON policy_bundle TO gateway_writer")
    op.execute("GRANT SELECT ON policy_difference TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT, UPDATE ON policy_difference TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
