"""Listings, irregularities, ratings with their schemes, commitments, honors, judgments, repairs.

A line of a specification is a column: its name, its form (``!``: required), then the length of a text or the words of
a vocabulary. ``free`` and ``sealed`` are kept encrypted, ``persons`` for natural persons only.

Revision ID: 0005
Revises: 0004
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"

SCHEME = """
    code text! 32
    name text! 200
    version text! 200
    grades text! 200
    disclosure word! PUBLIC GOV_SHARED AUTHORIZED INTERNAL
    source text! 500
    verified flag!
    valid_from date!
    valid_until date
    minor flag!
"""

# What every record has.
SHARED = """
    batch text!
    disclosure word! PUBLIC GOV_SHARED AUTHORIZED INTERNAL
    status word! ACTIVE CORRECTED WITHDRAWN REPAIRED PUBLICATION_ENDED REVOKED
    minor flag!
    retained_until date
    subject_name persons 200
    subject_uscc text 18
    organ text! 200
    organ_code text! 18
    source_unit text! 200
    source_unit_code text! 18
    remark text 512
    disputed_on date
    published_until date
    received_at time!
"""

# Whose they may be, by what they are listed, and what each has of its own.
RECORDS = {
    "listing": (
        "legal individual person",
        "decided_on",
        """
            nature word! SERIOUS_BREACH ATTENTION INCENTIVE
            list_name text! 200
            document_number text! 128
            reason free!
            legal_basis text! 2048
            measures text 4000
            noticed_on date
            hearing free
            decided_on date!
            term_ends_on date
            repair_notice_on date
            exited_on date
            exit_reason word EXPIRED REPAIRED REVOKED CORRECTED
            exit_document_number text 128
            responsible_persons sealed masked
            official_site text 200
        """,
    ),
    "irregularity": (
        "legal individual",
        "decided_on",
        """
            register word! ENTERPRISE INDIVIDUAL_BUSINESS SOCIAL_ORGANIZATION PUBLIC_INSTITUTION
            document_number text! 128
            cause word! ANNUAL_REPORT ORDERED_DISCLOSURE FALSE_DISCLOSURE UNREACHABLE OTHER
            reason free
            legal_basis text! 2048
            decided_on date!
            exited_on date
            exit_reason word FULFILLED REVOKED CORRECTED
            exit_document_number text 128
        """,
    ),
    "rating": (
        "legal individual",
        "decided_on",
        """
            year text! 4
            grade text! 32
            score number
            decided_on date!
            valid_from date
            valid_until date
            appeal word NONE OPEN UPHELD CHANGED
        """,
    ),
    "commitment": (
        "legal individual person",
        "signed_on",
        """
            form word! APPROVAL_SUBSTITUTE DEFERRED_MATERIALS VOLUNTARY SELF_REGULATION PROOF_SUBSTITUTE REPAIR
            document_number text! 128
            matter text! 500
            template text 64
            text sealed
            signed_by sealed masked
            signed_on date!
            term_ends_on date
            performance word! NOT_DUE FULFILLED PARTLY_FULFILLED NOT_FULFILLED
            checked_on date
            consequence text 2000
        """,
    ),
    "honor": (
        "legal individual person",
        "decided_on",
        """
            title text! 200
            level word! NATIONAL PROVINCIAL CITY COUNTY
            document_number text! 128
            merits free
            noticed_from date
            noticed_until date
            decided_on date!
            ends_on date
        """,
    ),
    "judgment": (
        "legal individual person",
        "decided_on",
        """
            document_number text! 128
            title_number text 128
            cause text! 100
            amount number
            decided_on date!
            performance word! NOT_PERFORMED PARTLY_PERFORMED PERFORMED
            closed_on date
            official_site text 200
        """,
    ),
    "repair": (
        "legal individual person",
        "decided_on",
        """
            form word! DELISTING END_OF_PUBLICATION OTHER
            document_number text! 128
            repaired_document_number text! 128
            applied_on date
            accepted_on date
            decided_on date!
            outcome word! GRANTED REFUSED
            reason free
            publication_ended_on date
            sharing_ended_on date
            measures_ended_on date
        """,
    ),
}

TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "date": sa.Date(),
    "time": sa.DateTime(timezone=True),
    "number": sa.Numeric(18, 6),
    "flag": sa.Boolean(),
    "sealed": sa.LargeBinary(),
}


def _text(table: str, column: str, length: str = "", *, required: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))
    if length:
        yield sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"ck_{table}_{column}_length"))


def _word(table: str, column: str, words: list[str], *, required: bool) -> Iterator[SchemaItem]:
    listed = ", ".join(f"'{word}'" for word in words)
    test = f"{column} IN ({listed})" if len(words) > 1 else f"{column} = {listed}"
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(test, name=op.f(f"ck_{table}_{column}_word"))


def _columns(table: str, specification: str) -> Iterator[SchemaItem]:
    for line in filter(None, map(str.strip, specification.splitlines())):
        column, form, *rest = line.split()
        form, required = form.removesuffix("!"), form.endswith("!")
        match form:
            case "text":
                yield from _text(table, column, "".join(rest), required=required)
            case "word":
                yield from _word(table, column, rest, required=required)
            case "persons":
                yield from _text(table, column, "".join(rest))
                yield sa.Column(f"{column}_sealed", sa.LargeBinary())
                yield from _text(table, f"{column}_masked")
            case "sealed":
                yield sa.Column(f"{column}_sealed", sa.LargeBinary(), nullable=not required)
                if rest:
                    yield from _text(table, f"{column}_masked")
            case "free":
                yield sa.Column(f"{column}_sealed", sa.LargeBinary(), nullable=not required)
                yield from _text(table, f"{column}_released")
                yield sa.Column(f"{column}_released_at", sa.DateTime(timezone=True))
                yield from _text(table, f"{column}_released_by")
            case _:
                yield sa.Column(column, TYPES[form], nullable=not required)


def _schemes() -> None:
    op.create_table(
        "scheme",
        *_columns("scheme", SCHEME),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_scheme")),
        sa.UniqueConstraint("code", "minor", name=op.f("uq_scheme_code_minor")),
    )


def _record(table: str, classes: str, order: str, own: str) -> None:
    scheme: tuple[SchemaItem, ...] = ()
    if table == "rating":
        scheme = (
            sa.Column("scheme", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(["scheme"], ["scheme.code"], name=op.f("fk_rating_scheme_scheme")),
            sa.ForeignKeyConstraint(
                ["scheme", "minor"],
                ["scheme.code", "scheme.minor"],
                name=op.f("fk_rating_scheme_minor"),
                onupdate="CASCADE",
            ),
        )
    op.create_table(
        table,
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *_word(table, "subject_class", classes.split(), required=True),
        sa.Column("provider", sa.Text(), nullable=False),
        *_columns(table, SHARED),
        *_columns(table, own),
        *scheme,
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f(f"fk_{table}_provider_department")),
    )
    op.create_index(f"ix_{table}_id", table, ["id"], unique=True)
    op.create_index(f"ix_{table}_newest", table, ["subject_id", sa.text(f"{order} DESC"), sa.text("id DESC")])


def upgrade() -> None:
    """Make the tables and say who may do what."""
    _schemes()
    for table, (classes, order, own) in RECORDS.items():
        _record(table, classes, order, own)
    names = ", ".join(("scheme", *RECORDS))
    op.execute(f"REVOKE ALL ON {names} FROM PUBLIC")
    op.execute(f"GRANT SELECT ON {names} TO gateway_reader, gateway_writer")
    op.execute(f"GRANT INSERT, UPDATE ON {names} TO gateway_writer")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
