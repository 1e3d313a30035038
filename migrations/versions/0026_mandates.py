"""Mandates as a kind: proposed and verified, how far they reach; who is bound to whom; what a clerk may for a session.

What was a mandate before stays in force and reaches as far as before.

Revision ID: 0026
Revises: 0025
"""

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
IN_FORCE = date(2018, 1, 1)
DEFAULT = "product default"

# Those of before are the platform's own; whose they are is looked up, and an unknown one is treated as a person's.
BEFORE = """
UPDATE mandate AS m SET
    id = nextval('record_ids'),
    subject_class = coalesce(
        (SELECT e.subject_class FROM enterprise AS e WHERE e.subject_id = m.subject_id),
        (SELECT o.subject_class FROM organization AS o WHERE o.subject_id = m.subject_id), 'person'),
    provider = 'CREDIT', batch = 'mandate', agent = m.principal, recorded_by = 'PLATFORM',
    scope = '{READ,ACCESSES,FILE,CONSENT}',
    recorded_on = (m.valid_from AT TIME ZONE 'Asia/Shanghai')::date
"""

# Whether somebody may act for a subject now; ``p_word``: a word of the scope that is needed, empty: none beyond READ.
# ``p_lock`` keeps the row from changing until this transaction ends, and passes over one that is being changed.
HOLDS = """
CREATE OR REPLACE FUNCTION mandate_holds(
    p_principal text, p_subject bigint, p_word text, p_now timestamptz, p_lock boolean
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    IF p_lock THEN
        PERFORM FROM public.mandate AS m
        WHERE m.principal = p_principal AND m.subject_id = p_subject AND m.revoked_at IS NULL
            AND m.valid_from <= p_now AND (m.valid_until IS NULL OR p_now < m.valid_until)
            AND (p_word = '' OR m.basis IN ('PERSON', 'REPRESENTATIVE') OR p_word = ANY (m.scope))
        LIMIT 1 FOR SHARE SKIP LOCKED;
    ELSE
        PERFORM FROM public.mandate AS m
        WHERE m.principal = p_principal AND m.subject_id = p_subject AND m.revoked_at IS NULL
            AND m.valid_from <= p_now AND (m.valid_until IS NULL OR p_now < m.valid_until)
            AND (p_word = '' OR m.basis IN ('PERSON', 'REPRESENTATIVE') OR p_word = ANY (m.scope))
        LIMIT 1;
    END IF;
    RETURN FOUND;
END
$body$
"""

RULES = (
    ("binding.attempts", 5, "TIMES", f"{DEFAULT}: so often a day somebody may name a person in vain to be bound to it"),
    ("binding.attempts.counter", 50, "TIMES", f"{DEFAULT}: the same for a clerk at the counter, also to act for it"),
    ("mandate.proposal", 30, "CALENDAR_DAYS", f"{DEFAULT}: within which a proposed mandate must be verified"),
    ("mandate.counter", 30, "MINUTES", f"{DEFAULT}: how long a clerk acts for who is present"),
)


def _text(table: str, column: str, length: int | None = None, *, nullable: bool = True) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=nullable)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))
    if length is not None:
        yield sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"ck_{table}_{column}_length"))


def _word(column: str, words: str) -> Iterator[SchemaItem]:
    listed = ", ".join(f"'{word}'" for word in words.split())
    yield sa.Column(column, sa.Text())
    yield sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_mandate_{column}_word"))


def _columns() -> Iterator[SchemaItem]:
    yield sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    yield from _word("subject_class", "legal individual person")
    yield sa.Column("provider", sa.Text())
    yield from _text("mandate", "batch")
    yield from _text("mandate", "agent", 255)
    yield sa.Column("scope", sa.ARRAY(sa.Text()))
    yield from _word("recorded_by", "SUBJECT AGENT DESK COUNTER PLATFORM")
    yield sa.Column("recorded_on", sa.Date())
    yield sa.Column("verify_by", sa.Date())
    yield from _word("ended_for", "WITHDRAWN GIVEN_BACK REJECTED REGISTRY UNBOUND")
    yield sa.Column("document_sealed", sa.LargeBinary())
    yield sa.Column("subject_name_sealed", sa.LargeBinary())
    yield sa.Column("person_id", sa.BigInteger())
    yield from _text("mandate", "first_by")
    yield from _text("mandate", "verified_by")


def _mandates() -> None:
    for item in _columns():
        if isinstance(item, sa.Column):
            op.add_column("mandate", item)
        elif isinstance(item, sa.CheckConstraint):
            op.create_check_constraint(op.f(str(item.name)), "mandate", item.sqltext)
    op.execute("ALTER TABLE mandate ALTER COLUMN id DROP IDENTITY")
    op.execute("ALTER TABLE mandate DISABLE TRIGGER move_rights_position")  # no right changes
    op.execute(BEFORE)
    op.execute("ALTER TABLE mandate ENABLE TRIGGER move_rights_position")
    for column in ("subject_class", "provider", "batch", "scope", "recorded_by", "recorded_on"):
        op.alter_column("mandate", column, nullable=False)
    op.alter_column("mandate", "valid_from", nullable=True)
    op.drop_constraint("ck_mandate_basis_word", "mandate")
    bases = "basis IN ('PERSON', 'REPRESENTATIVE', 'GUARDIAN', 'MANDATE', 'COUNTER')"
    op.create_check_constraint(op.f("ck_mandate_basis_word"), "mandate", bases)
    reaches = "scope <@ ARRAY['READ', 'ACCESSES', 'FILE', 'CONSENT'] AND 'READ' = ANY (scope)"
    op.create_check_constraint(op.f("ck_mandate_scope"), "mandate", reaches)
    term = "basis <> 'GUARDIAN' OR valid_until IS NOT NULL"
    op.create_check_constraint(op.f("ck_mandate_term"), "mandate", term)
    op.create_foreign_key(op.f("fk_mandate_provider_department"), "mandate", "department", ["provider"], ["code"])
    op.drop_constraint("pk_mandate", "mandate")
    op.create_primary_key(op.f("pk_mandate"), "mandate", ["subject_id", "id"])
    newest = sa.text("recorded_on DESC"), sa.text("id DESC")
    op.create_index("ix_mandate_id", "mandate", ["id"], unique=True)
    op.create_index("ix_mandate_newest", "mandate", ["subject_id", *newest])
    op.create_index("ix_mandate_filed", "mandate", [*newest])


def _rules() -> None:
    op.drop_constraint("ck_rule_unit_word", "rule")
    units = "unit IN ('WORKING_DAYS', 'CALENDAR_DAYS', 'MONTHS', 'YEARS', 'MINUTES', 'TIMES')"
    op.create_check_constraint(op.f("ck_rule_unit_word"), "rule", units)
    columns = ("name", "value", "unit", "source", "version", "verified", "least")
    rule = sa.table("rule", *map(sa.column, columns), sa.column("valid_from", sa.Date()))
    fixed = {"version": 1, "verified": False, "valid_from": IN_FORCE, "least": 1}
    op.bulk_insert(rule, [{**dict(zip(columns, row, strict=False)), **fixed} for row in RULES])


def upgrade() -> None:
    """Widen the table, make the function that asks about it, set the numbers."""
    _mandates()
    op.create_table(
        "binding_attempt",
        *_text("binding_attempt", "principal", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "day", name=op.f("pk_binding_attempt")),
    )
    op.execute("REVOKE ALL ON binding_attempt FROM PUBLIC")
    op.execute("GRANT SELECT ON binding_attempt TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT, UPDATE ON binding_attempt TO gateway_writer")
    _rules()
    op.execute(HOLDS)


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
