"""Everything there is at first: tables, checks, indexes, sequences.

Frozen: the catalogue goes on, this file does not. Checks are spelled as they were, so that nothing here depends on the
program of a later day.

Revision ID: 0001
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CODE_STATUSES = "VALID BAD_CHECK_DIGIT BAD_LENGTH MISSING"
SUBJECTS = "legal individual"
ALL_SUBJECTS = "legal individual person"
DISCLOSURES = "PUBLIC GOV_SHARED AUTHORIZED INTERNAL"
PAPER_TYPES = "ID_CARD PASSPORT HK_MACAO_PERMIT TAIWAN_PERMIT FOREIGN_RESIDENT_ID"
COUNTERPARTIES = "ORGANIZATION NATURAL_PERSON INDIVIDUAL_BUSINESS"
STATUSES = "ACTIVE CORRECTED WITHDRAWN REPAIRED PUBLICATION_ENDED REVOKED"

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"


def _text(table: str, column: str, length: int | None = None, *, required: bool = False) -> Iterator[SchemaItem]:
    """A text column that holds no control characters and at most ``length`` characters."""
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))
    if length is not None:
        yield sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"ck_{table}_{column}_length"))


def _word(table: str, column: str, words: str, *, required: bool = False) -> Iterator[SchemaItem]:
    """A text column that holds one word of a closed list."""
    listed = ", ".join(f"'{word}'" for word in words.split())
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_word"))


def _free_text(table: str, column: str) -> Iterator[SchemaItem]:
    """The original, sealed, and the released form."""
    yield sa.Column(f"{column}_sealed", sa.LargeBinary(), nullable=False)
    yield from _text(table, f"{column}_released")
    yield sa.Column(f"{column}_released_at", sa.DateTime(timezone=True))
    yield from _text(table, f"{column}_released_by")


def _legal_person(table: str) -> Iterator[SchemaItem]:
    """What enterprises and organizations have in common: key, provenance, registration, representative."""
    yield sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False)
    yield sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    yield sa.Column("provider", sa.Text(), nullable=False)
    yield from _text(table, "batch", required=True)
    yield from _text(table, "uscc", 18)
    yield from _word(table, "code_status", CODE_STATUSES, required=True)
    yield from _text(table, "name", 200)
    yield from _text(table, "region", 6, required=True)
    yield sa.Column("established_on", sa.Date())
    yield sa.Column("deregistered_on", sa.Date())
    yield from _text(table, "address", 300)
    yield from _text(table, "address_masked")
    yield sa.Column("phone_sealed", sa.LargeBinary())
    yield sa.Column("email_sealed", sa.LargeBinary())
    yield sa.Column("legal_representative_name_sealed", sa.LargeBinary())
    yield from _text(table, "legal_representative_name_masked")
    yield sa.Column("legal_representative_id_number_sealed", sa.LargeBinary())
    yield from _text(table, "legal_representative_id_number_masked")
    yield sa.Column("legal_representative_phone_sealed", sa.LargeBinary())


def _decision(table: str) -> Iterator[SchemaItem]:
    """What licenses and penalties have in common: key, provenance, counterparty."""
    yield sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False)
    yield sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False)
    yield sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    yield from _word(table, "subject_class", ALL_SUBJECTS, required=True)
    yield sa.Column("provider", sa.Text(), nullable=False)
    yield from _text(table, "batch", required=True)
    yield from _word(table, "disclosure", DISCLOSURES, required=True)
    yield from _word(table, "status", STATUSES, required=True)
    yield sa.Column("minor", sa.Boolean(), nullable=False)
    yield sa.Column("retained_until", sa.Date())
    yield from _text(table, "subject_name", 200)
    yield sa.Column("subject_name_sealed", sa.LargeBinary())
    yield from _text(table, "subject_name_masked")
    yield from _word(table, "subject_kind", COUNTERPARTIES, required=True)
    yield from _text(table, "subject_uscc", 18)
    yield from _text(table, "subject_registration_number", 50)
    yield from _text(table, "subject_organization_code", 9)
    yield from _text(table, "subject_tax_number", 15)
    yield from _text(table, "subject_institution_certificate", 12)
    yield from _text(table, "subject_social_certificate", 50)
    yield sa.Column("representative_name_sealed", sa.LargeBinary())
    yield from _text(table, "representative_name_masked")
    yield from _word(table, "representative_id_type", PAPER_TYPES)
    yield sa.Column("representative_id_number_sealed", sa.LargeBinary())
    yield from _text(table, "representative_id_number_masked")
    yield from _word(table, "subject_id_type", PAPER_TYPES)
    yield sa.Column("subject_id_number_sealed", sa.LargeBinary())
    yield from _text(table, "subject_id_number_masked")


def upgrade() -> None:
    """Create the tables."""
    for sequence in ("subject_ids", "record_ids"):
        op.execute(f"CREATE SEQUENCE {sequence}")
    op.create_table(
        "consumer",
        *_text("consumer", "id", required=True),
        *_text("consumer", "name", required=True),
        sa.Column("licensed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consumer")),
    )
    op.create_table(
        "department",
        *_text("department", "code", 32, required=True),
        *_text("department", "name", 200, required=True),
        *_text("department", "uscc", 18),
        *_text("department", "region", 6, required=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        *_text("department", "successor", 32),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_department")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("shard", "size", name=op.f("pk_log_checkpoint")),
    )
    op.create_table(
        "log_entry",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("shard", "index", name=op.f("pk_log_entry")),
    )
    op.create_table(
        "log_node",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("shard", "level", "index", name=op.f("pk_log_node")),
    )
    op.create_table(
        "log_shard",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shard", name=op.f("pk_log_shard")),
    )
    op.create_table(
        "mandate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_text("mandate", "principal", required=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        *_word("mandate", "basis", "PERSON REPRESENTATIVE MANDATE", required=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
    )
    op.create_index("ix_mandate_principal", "mandate", ["principal"])
    op.create_table(
        "open_case",
        *_text("open_case", "number", required=True),
        *_text("open_case", "handler", required=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_open_case")),
    )
    op.create_index("ix_open_case_handler", "open_case", ["handler"])
    op.create_table(
        "rights_position",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_rights_position_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_position")),
    )
    op.create_table(
        "subject_key",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_subject_key")),
    )
    op.create_table(
        "subject_relation",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("related_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_word("subject_relation", "relation", "RENAMED MERGED_INTO SPLIT_INTO CONVERTED_INTO DEAD", required=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "related_id", "relation", name=op.f("pk_subject_relation")),
    )
    op.create_table(
        "consent",
        *_text("consent", "number", required=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        *_text("consent", "purpose", required=True),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        *_word("consent", "assurance", "A B C", required=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_consent")),
        sa.ForeignKeyConstraint(["consumer"], ["consumer.id"], name=op.f("fk_consent_consumer_consumer")),
    )
    op.create_index("ix_consent_subject", "consent", ["subject_id"])
    op.create_table(
        "enterprise",
        *_legal_person("enterprise"),
        *_word("enterprise", "subject_class", SUBJECTS, required=True),
        *_word("enterprise", "status", "ACTIVE SUSPENDED REVOKED DEREGISTERED MOVED_OUT", required=True),
        *_word(
            "enterprise",
            "kind",
            "COMPANY BRANCH COOPERATIVE SOLE_PROPRIETORSHIP PARTNERSHIP INDIVIDUAL_BUSINESS",
            required=True,
        ),
        *_text("enterprise", "industry", 5),
        sa.Column("registered_capital", sa.Numeric(18, 6)),
        *_text("enterprise", "business_scope", 4000),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_enterprise")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_enterprise_provider_department")),
    )
    listed = sa.text("subject_class = 'legal'")
    op.create_index("ix_enterprise_industry", "enterprise", ["industry", "subject_id"], postgresql_where=listed)
    op.create_index("ix_enterprise_listed", "enterprise", ["subject_id"], postgresql_where=listed)
    op.create_index("ix_enterprise_name", "enterprise", ["name", "subject_id"])
    op.create_index("ix_enterprise_region", "enterprise", ["region", "subject_id"], postgresql_where=listed)
    op.create_index("ix_enterprise_status", "enterprise", ["status", "subject_id"], postgresql_where=listed)
    op.create_table(
        "identifier",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *_word("identifier", "subject_class", SUBJECTS, required=True),
        sa.Column("provider", sa.Text(), nullable=False),
        *_text("identifier", "batch", required=True),
        *_word(
            "identifier",
            "kind",
            "USCC REGISTRATION_NUMBER ORGANIZATION_CODE TAX_NUMBER CERTIFICATE_NUMBER",
            required=True,
        ),
        *_text("identifier", "value", 50, required=True),
        *_text("identifier", "value_index", required=True),
        *_word("identifier", "code_status", CODE_STATUSES, required=True),
        sa.Column("conflicting", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_identifier")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_identifier_provider_department")),
    )
    op.create_index("ix_identifier_id", "identifier", ["id"], unique=True)
    op.create_index(
        "ix_identifier_newest", "identifier", ["subject_id", sa.text("valid_from DESC"), sa.text("id DESC")]
    )
    op.create_index("ix_identifier_value", "identifier", ["kind", "value_index"])
    op.create_table(
        "license",
        *_decision("license"),
        *_free_text("license", "document_name"),
        *_text("license", "document_number", 64, required=True),
        *_text("license", "category", 256, required=True),
        *_text("license", "certificate_name", 64),
        *_text("license", "certificate_number", 64),
        *_free_text("license", "content"),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        *_text("license", "organ", 200, required=True),
        *_text("license", "organ_code", 18, required=True),
        *_word("license", "state", "VALID INVALID", required=True),
        *_text("license", "source_unit", 200, required=True),
        *_text("license", "source_unit_code", 18, required=True),
        *_text("license", "remark", 512),
        sa.Column("disputed_on", sa.Date()),
        sa.Column("published_until", sa.Date()),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_license")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_license_provider_department")),
    )
    op.create_index("ix_license_id", "license", ["id"], unique=True)
    op.create_index("ix_license_newest", "license", ["subject_id", sa.text("decided_on DESC"), sa.text("id DESC")])
    op.create_table(
        "organization",
        *_legal_person("organization"),
        *_word("organization", "subject_class", "legal", required=True),
        *_word("organization", "status", "ACTIVE SUSPENDED REVOKED DEREGISTERED", required=True),
        *_word(
            "organization",
            "category",
            "STATE_ORGAN PUBLIC_INSTITUTION MASS_ORGANIZATION SOCIAL_GROUP PRIVATE_NON_ENTERPRISE FOUNDATION"
            " LAW_PRACTICE RELIGIOUS_VENUE TRADE_UNION RURAL_COLLECTIVE OTHER",
            required=True,
        ),
        *_text("organization", "purpose", 4000),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_organization")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_organization_provider_department")),
    )
    op.create_index("ix_organization_name", "organization", ["name", "subject_id"])
    op.create_index("ix_organization_region", "organization", ["region", "subject_id"])
    op.create_index("ix_organization_status", "organization", ["status", "subject_id"])
    op.create_table(
        "penalty",
        *_decision("penalty"),
        *_text("penalty", "document_number", 128, required=True),
        *_text("penalty", "conduct", 2000, required=True),
        *_free_text("penalty", "facts"),
        *_text("penalty", "legal_basis", 2048, required=True),
        *_text("penalty", "penalty_kinds", 64, required=True),
        *_free_text("penalty", "content"),
        sa.Column("fine", sa.Numeric(18, 6)),
        sa.Column("confiscated", sa.Numeric(18, 6)),
        *_text("penalty", "suspended_license", 200),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        *_text("penalty", "organ", 200, required=True),
        *_text("penalty", "organ_code", 18, required=True),
        *_text("penalty", "source_unit", 200, required=True),
        *_text("penalty", "source_unit_code", 18, required=True),
        *_word("penalty", "procedure", "SIMPLE ORDINARY", required=True),
        *_word("penalty", "severity", "MINOR GENERAL SERIOUS", required=True),
        sa.Column("conduct_ended_on", sa.Date()),
        *_text("penalty", "remark", 512),
        sa.Column("disputed_on", sa.Date()),
        sa.Column("published_until", sa.Date()),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_penalty")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_penalty_provider_department")),
    )
    op.create_index("ix_penalty_id", "penalty", ["id"], unique=True)
    op.create_index("ix_penalty_newest", "penalty", ["subject_id", sa.text("decided_on DESC"), sa.text("id DESC")])
    op.create_table(
        "person",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *_word("person", "subject_class", "person", required=True),
        sa.Column("provider", sa.Text(), nullable=False),
        *_text("person", "batch", required=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        *_text("person", "name_masked"),
        sa.Column("name_index", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=False),
        *_text("person", "id_number_masked"),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=False),
        sa.Column("birth_date_sealed", sa.LargeBinary()),
        sa.Column("sex_sealed", sa.LargeBinary()),
        sa.Column("phone_sealed", sa.LargeBinary()),
        sa.Column("email_sealed", sa.LargeBinary()),
        sa.Column("address_sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_person")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_person_provider_department")),
    )
    op.create_index("ix_person_lookup", "person", ["id_number_index", "name_index"])
    op.create_table(
        "sharing_scope",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_text("sharing_scope", "kind", required=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        *_text("sharing_scope", "matter_kind", required=True),
        *_text("sharing_scope", "basis", required=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_scope")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_sharing_scope_provider_department")),
        sa.ForeignKeyConstraint(["receiver"], ["department.code"], name=op.f("fk_sharing_scope_receiver_department")),
        sa.UniqueConstraint(
            "receiver",
            "kind",
            "matter_kind",
            "basis",
            "provider",
            "valid_from",
            name="uq_sharing_scope_receiver_kind_matter_kind_basis_provid_ff25",
        ),
    )


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
