"""What time does to cases and to publications: pauses, reminders, what is overdue; service figures.

Revision ID: 0025
Revises: 0024
"""

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
PUBLISHED = ("license", "penalty", "listing", "irregularity", "rating", "commitment", "honor", "judgment", "repair")

DEFAULT = "product default: the statutes name no day for it"
RULES = (("case.remind", 2, DEFAULT), ("case.escalate", 1, DEFAULT))  # working days that are left
IN_FORCE = date(2018, 1, 1)

# As 0008 made them, but for one thing: of a record whose publication was over by its own day nothing more is told. The
# job that writes PUBLICATION_ENDED on it afterwards is no news, nor is whatever becomes of it later.
FEEDS = {"license": "'legal', 'individual'", "penalty": "'legal', 'individual'", "listing": "'legal'"}
ENDS = {"license": ("published_until",), "penalty": ("published_until",), "listing": ("published_until", "exited_on")}
PUBLIC = "{0}.status IN ('ACTIVE', 'CORRECTED') AND {0}.disclosure = 'PUBLIC' AND NOT {0}.minor"
TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"  # as the statutes count days
SOONER = {
    "published_until": "NEW.published_until < coalesce(OLD.published_until, 'infinity') AND NEW.published_until < {0}",
    "exited_on": "NEW.exited_on < coalesce(OLD.exited_on, 'infinity') AND NEW.exited_on <= {0}",
}
STILL = {
    "published_until": "coalesce(OLD.published_until, 'infinity') >= {0}",
    "exited_on": "coalesce(OLD.exited_on, 'infinity') > {0}",
}


def _text(table: str, column: str, *, nullable: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=nullable)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))


def _cases() -> None:
    op.execute('ALTER TABLE "case" ADD COLUMN IF NOT EXISTS outcome text')
    op.add_column("case", sa.Column("clocks", postgresql.ARRAY(sa.Text())))
    op.add_column("case", sa.Column("counted_from", sa.Date()))
    for column in ("reminded_at", "escalated_at", "overdue_at"):
        op.add_column("case", sa.Column(column, sa.DateTime(timezone=True)))
    is_open = sa.text("closed_at IS NULL")
    op.create_index("ix_case_due", "case", ["deadline_on", "id"], postgresql_where=is_open)
    op.add_column("case_event", sa.Column("note", sa.Text()))
    op.create_check_constraint(op.f("ck_case_event_note_text"), "case_event", f"note COLLATE \"C\" !~ '{CONTROL}'")
    op.create_table(
        "case_pause",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        *_text("case_pause", "reason"),
        sa.CheckConstraint("until_at >= from_at", name=op.f("ck_case_pause_order")),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_pause")),
    )
    running = sa.text("until_at IS NULL")
    op.create_index("ix_case_pause_running", "case_pause", ["case_id"], unique=True, postgresql_where=running)
    op.execute("REVOKE ALL ON case_pause FROM PUBLIC")
    op.execute("GRANT SELECT ON case_pause TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT, UPDATE ON case_pause TO gateway_writer")
    names = ("name", "value", "source")
    rule = sa.table(
        "rule", *map(sa.column, (*names, "version", "unit", "verified")), sa.column("valid_from", sa.Date())
    )
    fixed = {"version": 1, "unit": "WORKING_DAYS", "verified": False, "valid_from": IN_FORCE}
    op.bulk_insert(rule, [{**dict(zip(names, row, strict=True)), **fixed} for row in RULES])


def _publications() -> None:
    running = sa.text("published_until IS NOT NULL AND status IN ('ACTIVE', 'CORRECTED')")
    for table in PUBLISHED:
        op.create_index(f"ix_{table}_published_until", table, ["published_until"], postgresql_where=running)
    for table, classes in FEEDS.items():
        over = " OR ".join(f"({SOONER[column].format(TODAY)})" for column in ENDS[table])
        still = " AND ".join(STILL[column].format(TODAY) for column in ENDS[table])
        op.execute(f"DROP TRIGGER withdraw_record ON {table}")
        op.execute(
            f"CREATE TRIGGER withdraw_record AFTER UPDATE ON {table} FOR EACH ROW "
            f"WHEN (OLD.subject_class IN ({classes}) AND {PUBLIC.format('OLD')} AND {still} "
            f"AND (NOT ({PUBLIC.format('NEW')}) OR {over})) EXECUTE FUNCTION withdraw_record()"
        )


def _figures() -> None:
    """Nobody but their owner may change or delete a line."""
    op.create_table(
        "rights_figure",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("subject_class", sa.Text(), nullable=False),
        sa.CheckConstraint("subject_class IN ('legal')", name=op.f("ck_rights_figure_subject_class_word")),
        sa.Column("provider", sa.Text(), nullable=False),
        *_text("rights_figure", "batch"),
        sa.Column("minor", sa.Boolean(), nullable=False),
        *(
            item
            for column, length in (("month", 7), ("department", 32), ("case_kind", 32))
            for item in (
                *_text("rights_figure", column, nullable=column != "month"),
                sa.CheckConstraint(
                    f"char_length({column}) <= {length}", name=op.f(f"ck_rights_figure_{column}_length")
                ),
            )
        ),
        *(
            sa.Column(column, sa.Integer(), nullable=False)
            for column in ("closed", "on_time_percent", "overturned_percent", "median_days")
        ),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_rights_figure_provider_department")),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_rights_figure")),
    )
    newest = [sa.text("month DESC"), sa.text("id DESC")]
    op.create_index("ix_rights_figure_id", "rights_figure", ["id"], unique=True)
    op.create_index("ix_rights_figure_newest", "rights_figure", ["subject_id", *newest])
    op.create_index("ix_rights_figure_filed", "rights_figure", newest)
    op.execute("REVOKE ALL ON rights_figure FROM PUBLIC")
    op.execute("GRANT SELECT ON rights_figure TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT ON rights_figure TO gateway_writer")


def upgrade() -> None:
    """Columns, tables, rules; what ends by its own day is no withdrawal."""
    op.execute("SET LOCAL statement_timeout = '10min'")  # nine indexes over records
    _cases()
    _publications()
    _figures()


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
