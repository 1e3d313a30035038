"""Files in: receipts, versions, quarantine, guards, the catalogue's items, the hash of the row a record came from.

Revision ID: 0007
Revises: 0006
"""

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
RECORDS = ("license", "penalty", "listing", "irregularity", "rating", "commitment", "honor", "judgment", "repair")
HASHED = ("enterprise", "organization", "person", "identifier", *RECORDS)
TABLES = ("batch", "record_version", "quarantine", "unmatched_code", "correction_guard", "catalogue_item")
COUNTS = ("rows", "accepted", "unchanged", "replaced", "rejected", "quarantined", "timely", "late")

EDITION = "全国公共信用信息基础目录（2025年版）"
SOURCE = "国家发展改革委; editions since 2021, the newest from memory (domain.md §2.5)"
ITEMS = {
    "enterprise": "登记注册基本信息",
    "organization": "登记注册基本信息",
    "person": "登记注册基本信息",
    "identifier": "登记注册基本信息：代码映射",
    "license": "行政管理信息：行政许可",
    "penalty": "行政管理信息：行政处罚",
    "listing": "严重失信主体名单信息",
    "irregularity": "经营（活动）异常名录（状态）信息",
    "rating": "信用评价结果信息",
    "commitment": "信用承诺及履行情况信息",
    "honor": "诚实守信相关荣誉信息",
    "judgment": "司法裁判及执行信息",
    "repair": "信用修复信息",
}
SINCE = date(1949, 10, 1)


def _text(table: str, column: str, *, required: bool = True) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))


def _texts(table: str, *columns: str) -> list[SchemaItem]:
    return [item for column in columns for item in _text(table, column)]


def _receipts() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("batch_ids")))
    op.create_table(
        "batch",
        *_texts("batch", "id", "file", "encoding", "kind"),
        *_text("batch", "department", required=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calendar", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.ForeignKeyConstraint(["calendar"], ["calendar.version"], name=op.f("fk_batch_calendar_calendar")),
    )


def _versions() -> None:
    op.create_table(
        "record_version",
        *_texts("record_version", "kind", "batch"),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "record_id", "version", name=op.f("pk_record_version")),
    )
    op.create_index("ix_record_version_subject_id", "record_version", ["subject_id"])
    op.create_table(
        "correction_guard",
        *_texts("correction_guard", "kind", "field"),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "record_id", "field", "value_index", name=op.f("pk_correction_guard")),
    )


def _doubts() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("quarantine", "batch", "kind"),
        *_text("quarantine", "department", required=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.Column("cells_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index("ix_quarantine_row_hash", "quarantine", ["row_hash"], unique=True)
    op.create_table(
        "unmatched_code",
        *_texts("unmatched_code", "kind", "value_index", "reason", "batch"),
        *_text("unmatched_code", "name", required=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value_index", name=op.f("pk_unmatched_code")),
    )


def _items() -> None:
    op.create_table(
        "catalogue_item",
        *_texts("catalogue_item", "kind", "name", "edition", "source"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "valid_from", name=op.f("pk_catalogue_item")),
    )
    columns: list[sa.ColumnClause[object]] = [
        sa.column(name) for name in ("kind", "name", "edition", "source", "verified")
    ]
    item = sa.table("catalogue_item", *columns, sa.column("valid_from", sa.Date()))
    given = {"edition": EDITION, "source": SOURCE, "verified": False, "valid_from": SINCE}
    op.bulk_insert(item, [{"kind": kind, "name": name, **given} for kind, name in ITEMS.items()])


def upgrade() -> None:
    """Make the tables and columns, fill the catalogue, say who may do what."""
    for table in HASHED:
        op.add_column(table, sa.Column("row_hash", sa.LargeBinary()))
    _receipts()
    _versions()
    _doubts()
    _items()
    names = ", ".join(TABLES)
    op.execute(f"REVOKE ALL ON {names} FROM PUBLIC")
    op.execute(f"GRANT SELECT ON {names} TO gateway_reader, gateway_writer")
    op.execute(f"GRANT INSERT, UPDATE ON {names} TO gateway_writer")
    op.execute("GRANT USAGE ON SEQUENCE batch_ids TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
