"""Search by parts of names, public feeds, what was withdrawn from them, the list of cases.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
FEEDS = {"license": "'legal', 'individual'", "penalty": "'legal', 'individual'", "listing": "'legal'"}

# What is there already is spelled here; later rows come with their spelling (gateway.catalogue.grams).
SPELL = r"UPDATE {0} SET name_search = regexp_replace(lower(normalize(name, NFKC)), '\s', '', 'g')"
PAIR = """
UPDATE {0} SET name_grams = ARRAY(
    SELECT pair FROM (
        SELECT substr(name_search, at, 2) AS pair, min(at) AS first
        FROM generate_series(1, char_length(name_search) - 1) AS at GROUP BY 1
    ) AS pairs ORDER BY first
) WHERE name_search IS NOT NULL
"""
REGION = """
UPDATE {0} AS r SET subject_region = s.region
FROM (SELECT subject_id, region FROM enterprise UNION ALL SELECT subject_id, region FROM organization) AS s
WHERE s.subject_id = r.subject_id
"""

# A row that everybody could see and that nobody may see any more; in the transaction that takes it down.
WITHDRAW = """
CREATE FUNCTION withdraw_record() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $body$
BEGIN
    INSERT INTO withdrawal (subject_id, id, subject_class, provider, batch, record_kind, record_id, withdrawn_at)
    VALUES (
        OLD.subject_id, nextval('record_ids'), OLD.subject_class, OLD.provider, OLD.batch, TG_TABLE_NAME, OLD.id, now()
    );
    RETURN NULL;
END
$body$
"""
PUBLIC = "{0}.status IN ('ACTIVE', 'CORRECTED') AND {0}.disclosure = 'PUBLIC' AND NOT {0}.minor"


def _search() -> None:
    for table in ("enterprise", "organization"):
        op.add_column(table, sa.Column("name_search", sa.Text()))
        op.add_column(table, sa.Column("name_grams", postgresql.ARRAY(sa.Text())))
        op.execute(SPELL.format(table))
        op.execute(PAIR.format(table))
        only = sa.text("subject_class = 'legal'") if table == "enterprise" else None
        op.create_index(f"ix_{table}_name_grams", table, ["name_grams"], postgresql_using="gin", postgresql_where=only)


def _feed(table: str, classes: str, by: str) -> None:
    newest = [sa.text(f"{by} DESC"), sa.text("id DESC")]
    only = sa.text(f"subject_class IN ({classes})" if "," in classes else f"subject_class = {classes}")
    for suffix, first in (("", []), ("_region", ["subject_region"]), ("_provider", ["provider"])):
        op.create_index(f"ix_{table}_feed{suffix}", table, [*first, *newest], postgresql_where=only)


def _feeds() -> None:
    for table, classes in FEEDS.items():
        op.add_column(table, sa.Column("subject_region", sa.Text()))
        op.execute(REGION.format(table))
        _feed(table, classes, "received_at")
        op.execute(
            f"CREATE TRIGGER withdraw_record AFTER UPDATE ON {table} FOR EACH ROW "
            f"WHEN (OLD.subject_class IN ({classes}) AND {PUBLIC.format('OLD')} AND NOT ({PUBLIC.format('NEW')})) "
            "EXECUTE FUNCTION withdraw_record()"
        )


def _withdrawals() -> None:
    def text(column: str, length: int = 0) -> list[sa.schema.SchemaItem]:
        named = f"ck_withdrawal_{column}"
        checks = [sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"{named}_text"))]
        if length:
            checks.append(sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"{named}_length")))
        return [sa.Column(column, sa.Text(), nullable=False), *checks]

    op.create_table(
        "withdrawal",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("subject_class", sa.Text(), nullable=False),
        sa.CheckConstraint("subject_class IN ('legal', 'individual')", name=op.f("ck_withdrawal_subject_class_word")),
        sa.Column("provider", sa.Text(), nullable=False),
        *text("batch"),
        sa.Column("subject_region", sa.Text()),
        *text("record_kind", 32),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_withdrawal")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_withdrawal_provider_department")),
    )
    op.create_index("ix_withdrawal_id", "withdrawal", ["id"], unique=True)
    op.create_index(
        "ix_withdrawal_newest", "withdrawal", ["subject_id", sa.text("withdrawn_at DESC"), sa.text("id DESC")]
    )
    _feed("withdrawal", "'legal', 'individual'", "withdrawn_at")


def upgrade() -> None:
    """Make columns, indexes, the table and its triggers, and say who may do what."""
    _search()
    _withdrawals()
    op.execute(WITHDRAW)
    op.execute("REVOKE ALL ON FUNCTION withdraw_record() FROM PUBLIC")
    _feeds()
    op.create_index("ix_case_filed", "case", [sa.text("filed_on DESC"), sa.text("id DESC")])
    op.execute("REVOKE ALL ON withdrawal FROM PUBLIC")
    op.execute("GRANT SELECT ON withdrawal TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT, UPDATE ON withdrawal TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
