"""Every kind of case, its steps and its outcomes; statements of subjects; guards that may be lifted.

Revision ID: 0020
Revises: 0019
"""

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
KINDS = "OBJECTION REVIEW COMPLAINT REPORT REPAIR ERASURE COPY STATEMENT"
STATES = "FILED ROUTED SUPPLEMENT_REQUESTED ACCEPTED ANSWERED APPROVED DECLINED DECIDED EXECUTED WITHDRAWN REVERSED"
OUTCOMES = (
    "CORRECTED SUPPLEMENTED DISCLOSURE_ENDED REVOKED KEPT UNVERIFIABLE UPHELD NOT_UPHELD REFERRED SETTLED APPROVED "
    "REFUSED REVERSED DELETED RESTRICTED GIVEN ATTACHED"
)
UNITS = "WORKING_DAYS CALENDAR_DAYS MONTHS YEARS"
RECORDS = ("license", "penalty", "listing", "irregularity", "rating", "commitment", "honor", "judgment", "repair")

DEFAULT = "product default, awaiting the text of the Jilin regulation; after"
RULES = (
    ("review", 7, "WORKING_DAYS", f"{DEFAULT} Zhejiang 2017 art. 31 (the times of the objection)", False),
    ("review.cap", 20, "CALENDAR_DAYS", "征信业管理条例 (Reg. 631) art. 25, applied as the stricter standard", False),
    (
        "objection.revoked",
        3,
        "WORKING_DAYS",
        "APL arts 48, 85: what was revoked is withdrawn within 3 working days",
        True,
    ),
    ("report", 30, "CALENDAR_DAYS", "as complaints: 征信业管理条例 (Reg. 631) art. 26, applied as a model", False),
    ("repair.result", 10, "WORKING_DAYS", "国办发〔2025〕22号: the applicant is answered within 10 working days", True),
    ("repair.minimum.minor", 0, "MONTHS", "NDRC Order 36: as soon as the duties are fulfilled", True),
    ("repair.minimum.general", 3, "MONTHS", "NDRC Order 36: minimum publication period", True),
    ("repair.minimum.serious", 12, "MONTHS", "NDRC Order 36: minimum publication period", True),
    ("repair.maximum.minor", 3, "MONTHS", "NDRC Order 36: maximum publication period", True),
    ("repair.maximum.general", 12, "MONTHS", "NDRC Order 36: maximum publication period", True),
    ("repair.maximum.serious", 36, "MONTHS", "NDRC Order 36: maximum publication period", True),
    ("erasure", 15, "WORKING_DAYS", "PIPL art. 47 says promptly; product default", False),
    ("copy", 15, "WORKING_DAYS", "PIPL art. 45 says in time; product default", False),
    ("statement", 0, "WORKING_DAYS", "征信业管理条例 (Reg. 631) art. 16: recorded at once", True),
)
IN_FORCE = date(2018, 1, 1)

# A record whose deletion was decided goes with its old versions; what remains is the case and the log. Whoever may not
# delete may delete by this and nothing else: it looks at the case itself. What has no term of keeping (as the records
# of bodies have none) may go once it is not disclosed any more.
ERASE = """
CREATE FUNCTION erase_record(decided bigint) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
    v_subject bigint; v_kind text; v_record bigint; v_gone bigint;
BEGIN
    SELECT c.subject_id, c.record_kind, c.record_id INTO v_subject, v_kind, v_record FROM public."case" AS c
    WHERE c.id = decided AND c.kind = 'ERASURE' AND c.outcome = 'DELETED';
    IF v_record IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DELETE FROM public.%I WHERE subject_id = $1 AND id = $2 AND CASE WHEN retained_until IS NULL '
        'THEN status NOT IN (''ACTIVE'', ''CORRECTED'') OR published_until < $3 ELSE retained_until < $3 END', v_kind)
        USING v_subject, v_record, (now() AT TIME ZONE 'Asia/Shanghai')::date;
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    IF v_gone = 1 THEN
        DELETE FROM public.record_version AS v WHERE v.kind = v_kind AND v.record_id = v_record;
        DELETE FROM public.superseded AS s WHERE s.record_kind = v_kind AND s.record_id = v_record;
    END IF;
    RETURN v_gone = 1;
END $$
"""


def _text(table: str, column: str, *, required: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))


def _add(table: str, *items: SchemaItem) -> None:
    for item in items:
        if isinstance(item, sa.Column):
            op.add_column(table, item)
        elif isinstance(item, sa.CheckConstraint):
            op.create_check_constraint(op.f(str(item.name)), table, item.sqltext)


def _words(table: str, column: str, words: str) -> None:
    listed = ", ".join(f"'{word}'" for word in words.split())
    name = op.f(f"ck_{table}_{column}_word")
    op.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS {name}')
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def _cases() -> None:
    _words("case", "kind", KINDS)
    _words("case", "state", STATES)
    _add("case", sa.Column("outcome", sa.Text()), sa.Column("accepted_on", sa.Date()))
    _words("case", "outcome", OUTCOMES)
    _add("case", sa.Column("history", sa.ARRAY(sa.Text())))
    for name in ("publication_ended_at", "sharing_ended_at", "measures_ended_at"):
        _add("case", sa.Column(name, sa.DateTime(timezone=True)))
    for name in ("supplement", "request", "answer", "decision", "copy"):
        _add("case", sa.Column(f"{name}_sealed", sa.LargeBinary()))
    _add(
        "case",
        sa.Column("of_case", sa.BigInteger()),
        sa.Column("claim_index", sa.LargeBinary()),
        sa.Column("entry_shard", sa.Integer()),
        sa.Column("entry_number", sa.BigInteger()),
        *_text("case", "accused"),
    )
    about, claimed = sa.text("record_id IS NOT NULL"), sa.text("claim_index IS NOT NULL")
    op.create_index("ix_case_record_id", "case", ["record_id"], postgresql_where=about)
    op.create_index("ix_case_claim_index", "case", ["claim_index"], unique=True, postgresql_where=claimed)
    op.execute('ALTER TABLE "case" DISABLE TRIGGER move_rights_position')  # no right changes
    op.execute(
        """UPDATE "case" SET history = (SELECT array_agg(to_char(e.at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') || ' '
           || e.step ORDER BY e.number) FROM case_event AS e WHERE e.case_id = "case".id)"""
    )
    op.execute('ALTER TABLE "case" ENABLE TRIGGER move_rights_position')
    columns = "id, department, handler, filed_at, closed_at, entry_shard, entry_number"
    op.execute(f'GRANT SELECT ({columns}) ON "case" TO gateway_log')


def _statements() -> None:
    for table in RECORDS:
        _add(
            table,
            sa.Column("statement_sealed", sa.LargeBinary()),
            *_text(table, "statement_released"),
            sa.Column("statement_released_at", sa.DateTime(timezone=True)),
            *_text(table, "statement_released_by"),
            sa.Column("statement_on", sa.Date()),
        )


def _rules() -> None:
    _words("rule", "unit", UNITS)
    columns = ("name", "value", "unit", "source", "verified")
    rule = sa.table("rule", *map(sa.column, (*columns, "version")), sa.column("valid_from", sa.Date()))
    op.bulk_insert(
        rule, [{**dict(zip(columns, row, strict=True)), "version": 1, "valid_from": IN_FORCE} for row in RULES]
    )


def upgrade() -> None:
    """Widen what there is; nothing is taken away."""
    _cases()
    _statements()
    _rules()
    owner = sa.ForeignKey("department.code", name=op.f("fk_consumer_department_department"))
    op.add_column("consumer", sa.Column("department", sa.Text(), owner))
    _add(
        "correction_guard",
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        *_text("correction_guard", "certificate"),
    )
    op.execute(ERASE)
    op.execute("REVOKE ALL ON FUNCTION erase_record(bigint) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION erase_record(bigint) TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
