"""The files that were added to cases: what is told of each, and its sealed pieces.

Revision ID: 0023
Revises: 0022
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"


def _text(column: str, length: int | None = None, *, nullable: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=nullable)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_evidence_{column}_text"))
    if length is not None:
        yield sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"ck_evidence_{column}_length"))


def _word(column: str, words: str) -> Iterator[SchemaItem]:
    listed = ", ".join(f"'{word}'" for word in words.split())
    yield sa.Column(column, sa.Text(), nullable=False)
    yield sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_evidence_{column}_word"))


def upgrade() -> None:
    """Make both tables. What is sealed cannot be compressed, so nobody tries to."""
    op.create_table(
        "evidence",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *_word("subject_class", "legal individual person"),
        sa.Column("provider", sa.Text(), nullable=False),
        *_text("batch"),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name_sealed", sa.LargeBinary()),
        *_word("format", "PDF PNG JPEG"),
        sa.Column("size", sa.Integer(), nullable=False),
        *_text("sha256", 64),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        *_word("added_by", "PARTY HANDLER DESK"),
        *_word("state", "KEPT"),
        *_text("principal"),
        *_text("consumer", nullable=True),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_evidence_provider_department")),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_id", "evidence", ["id"], unique=True)
    newest: list[str | sa.TextClause | sa.ColumnElement[object]] = [
        "subject_id",
        sa.text("added_at DESC"),
        sa.text("id DESC"),
    ]
    op.create_index("ix_evidence_newest", "evidence", newest)
    op.create_index("ix_evidence_case", "evidence", ["subject_id", "case_id"])
    op.create_table(
        "evidence_piece",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id", "evidence_id"],
            ["evidence.subject_id", "evidence.id"],
            name=op.f("fk_evidence_piece_subject_id_evidence"),
        ),
        sa.PrimaryKeyConstraint("subject_id", "evidence_id", "number", name=op.f("pk_evidence_piece")),
    )
    op.execute("ALTER TABLE evidence_piece ALTER sealed SET STORAGE EXTERNAL")
    op.execute("REVOKE ALL ON evidence, evidence_piece FROM PUBLIC")
    op.execute("GRANT SELECT ON evidence, evidence_piece TO gateway_reader, gateway_writer")
    op.execute("GRANT INSERT, UPDATE ON evidence, evidence_piece TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
