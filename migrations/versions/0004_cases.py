"""Cases and their events, the statutory calendar, the rules of clocks; the cases of the first program become cases.

``open_case`` goes at once and not one release later: no release has ever read it.

Revision ID: 0004
Revises: 0003
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
TABLES = ("case", "case_event", "calendar", "day_adjustment", "rule")

# From the package chinesecalendar 1.11.0 (MIT), which agrees with `holidays` 0.109 on every day from 2015 to 2026.
DAYS = Path(__file__).parents[1] / "data" / "day_adjustments_1.csv"
DAYS_SOURCE = "Yearly notices of the State Council on holidays, 2018-2026, as collected by chinesecalendar 1.11.0"
KNOWN_UNTIL = date(2026, 12, 31)
WORDS = {"holiday_or_substitute_rest": "REST", "makeup_workday": "WORK"}

DEFAULT = "product default, awaiting the text of the Jilin regulation; after"
RULES = (
    ("objection.provider", 7, "WORKING_DAYS", f"{DEFAULT} Shandong 2020 arts 38-40, Henan 2019 arts 41-44", False),
    ("objection.platform", 3, "WORKING_DAYS", f"{DEFAULT} Shandong 2020 arts 38-40, Henan 2019 arts 41-44", False),
    ("objection.cap", 20, "CALENDAR_DAYS", "征信业管理条例 (Reg. 631) art. 25, applied as the stricter standard", True),
    ("complaint", 30, "CALENDAR_DAYS", "征信业管理条例 (Reg. 631) art. 26, applied as a model", False),
)
IN_FORCE = date(2018, 1, 1)

# What was open stays open with its handler; what was claimed then is not known.
MOVED = """
INSERT INTO "case" (subject_id, id, subject_class, provider, batch, kind, state, record_kind, record_id, filed_at,
    filed_on, deadline_on, deadline_provisional, rule, rule_version, calendar, department, handler, filer, closed_at)
SELECT o.subject_id, nextval('record_ids'), r.subject_class, r.provider, 'case', 'OBJECTION', 'ROUTED', r.kind,
    o.record_id, o.opened_at, (o.opened_at AT TIME ZONE 'Asia/Shanghai')::date,
    (o.opened_at AT TIME ZONE 'Asia/Shanghai')::date + 20, false, 'objection.cap', 1, 1, r.provider, o.handler,
    'unknown', o.closed_at
FROM open_case AS o JOIN (
    SELECT 'penalty' AS kind, id, subject_class, provider FROM penalty
    UNION ALL SELECT 'license', id, subject_class, provider FROM license
) AS r ON r.id = o.record_id
"""


def _text(table: str, column: str, length: int | None = None, *, required: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))
    if length is not None:
        yield sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"ck_{table}_{column}_length"))


def _word(table: str, column: str, words: str) -> Iterator[SchemaItem]:
    listed = ", ".join(f"'{word}'" for word in words.split())
    yield sa.Column(column, sa.Text(), nullable=False)
    yield sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_word"))


def _clocks() -> None:
    op.create_table(
        "calendar",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("known_until", sa.Date(), nullable=False),
        *_text("calendar", "source", required=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calendar")),
    )
    op.create_table(
        "day_adjustment",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *_word("day_adjustment", "kind", "REST WORK"),
        *_text("day_adjustment", "name", required=True),
        sa.PrimaryKeyConstraint("version", "day", name=op.f("pk_day_adjustment")),
        sa.ForeignKeyConstraint(["version"], ["calendar.version"], name=op.f("fk_day_adjustment_version_calendar")),
    )
    op.create_table(
        "rule",
        *_text("rule", "name", required=True),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        *_word("rule", "unit", "WORKING_DAYS CALENDAR_DAYS"),
        *_text("rule", "source", required=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_rule")),
    )


def _cases() -> None:
    op.create_table(
        "case",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *_word("case", "subject_class", "legal individual person"),
        *_word("case", "kind", "OBJECTION COMPLAINT"),
        *_word("case", "state", "FILED ROUTED"),
        sa.Column("provider", sa.Text(), nullable=False),
        *_text("case", "batch", required=True),
        *_text("case", "record_kind", 32),
        sa.Column("record_id", sa.BigInteger()),
        *_text("case", "field", 64),
        *_text("case", "against", 200),
        sa.Column("claim_sealed", sa.LargeBinary()),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("deadline_on", sa.Date(), nullable=False),
        sa.Column("deadline_provisional", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("calendar", sa.Integer(), nullable=False),
        *_text("case", "department", 32),
        *_text("case", "handler"),
        *_text("case", "filer", required=True),
        *_text("case", "consumer"),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_case")),
        sa.ForeignKeyConstraint(["calendar"], ["calendar.version"], name=op.f("fk_case_calendar_calendar")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_case_provider_department")),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name=op.f("fk_case_department_department")),
        sa.ForeignKeyConstraint(["rule", "rule_version"], ["rule.name", "rule.version"], name=op.f("fk_case_rule")),
    )
    op.create_index("ix_case_id", "case", ["id"], unique=True)
    op.create_index("ix_case_newest", "case", ["subject_id", sa.text("filed_on DESC"), sa.text("id DESC")])
    op.create_index("ix_case_department", "case", ["department"])
    op.create_index(
        "ix_case_open_objection",
        "case",
        ["record_id", sa.text("coalesce(field, '')"), "filer"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL AND kind = 'OBJECTION'"),
    )
    op.create_table(
        "case_event",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_text("case_event", "step", required=True),
        *_text("case_event", "state", required=True),
        *_text("case_event", "principal", required=True),
        *_text("case_event", "department"),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_event")),
    )


def _fill() -> None:
    calendar = sa.table("calendar", sa.column("version"), sa.column("known_until", sa.Date()), sa.column("source"))
    op.bulk_insert(calendar, [{"version": 1, "known_until": KNOWN_UNTIL, "source": DAYS_SOURCE}])
    day = sa.table(
        "day_adjustment", sa.column("version"), sa.column("day", sa.Date()), sa.column("kind"), sa.column("name")
    )
    with DAYS.open(encoding="utf-8", newline="") as file:
        rows = [
            {"version": 1, "day": date.fromisoformat(row["date"]), "kind": WORDS[row["kind"]], "name": row["name"]}
            for row in csv.DictReader(file)
        ]
    op.bulk_insert(day, rows)
    columns = ("name", "value", "unit", "source", "verified")
    rule = sa.table("rule", *map(sa.column, (*columns, "version")), sa.column("valid_from", sa.Date()))
    op.bulk_insert(
        rule, [{**dict(zip(columns, row, strict=True)), "version": 1, "valid_from": IN_FORCE} for row in RULES]
    )


def upgrade() -> None:
    """Make the tables, fill what is law, move the cases, say who may do what."""
    _clocks()
    _cases()
    _fill()
    op.execute(MOVED)
    op.drop_table("open_case")
    op.execute(
        'CREATE TRIGGER move_rights_position AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "case" '
        "FOR EACH STATEMENT EXECUTE FUNCTION move_rights_position()"
    )
    names = ", ".join(f'"{name}"' for name in TABLES)
    op.execute(f"REVOKE ALL ON {names} FROM PUBLIC")
    op.execute(f"GRANT SELECT ON {names} TO gateway_reader, gateway_writer")
    op.execute(f"GRANT INSERT, UPDATE ON {names} TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
