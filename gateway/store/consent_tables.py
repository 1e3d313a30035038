"""Consents, their uses, and files in which no new consent may be put."""

import sqlalchemy as sa

from gateway.catalogue.kinds import BY_NAME
from gateway.store.tables import METADATA, _text, table

# The columns of the catalogue. A consent that was registered for somebody whom the platform does not know stands here
# like any other, under the number of a subject that nobody is.
CONSENT = table(BY_NAME["consent"])
# Beside them what was signed, sealed and told nobody, and the keyed digest by which it is found again: of the text of
# an authorization, or of a scan and its institution. What stands there once is never registered again.
CONSENT.append_column(sa.Column("proof_sealed", sa.LargeBinary))
CONSENT.append_column(sa.Column("proof_index", sa.LargeBinary))
for _constraint in (
    sa.UniqueConstraint("proof_index", name="uq_consent_proof_index"),
    sa.UniqueConstraint("number", name="uq_consent_number"),
    sa.ForeignKeyConstraint(["consumer"], ["consumer.id"], name="fk_consent_consumer_consumer"),
):
    CONSENT.append_constraint(_constraint)
sa.Index("ix_consent_consumer", CONSENT.c.consumer, CONSENT.c.given_at)

# One use of a consent: written by log_append alone, in the statement that writes the entry of the access. ``use_key``
# is the caller's, or begins with @ and names the one request; ``document`` is the hash of what was asked.
CONSENT_USE = sa.Table(
    "consent_use",
    METADATA,
    sa.Column("consent_id", sa.BigInteger, primary_key=True, autoincrement=False),
    *_text("consent_use", "use_key", primary_key=True),
    *_text("consent_use", "document"),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

# A file in which no new consent may be put, since ``from_at``; those that were given before go on.
FILE_FREEZE = sa.Table(
    "file_freeze",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("subject_id", sa.BigInteger, nullable=False),
    *_text("file_freeze", "principal"),  # who froze it
    sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
)
sa.Index(
    "ix_file_freeze_frozen",
    FILE_FREEZE.c.subject_id,
    unique=True,
    postgresql_where=FILE_FREEZE.c.ended_at.is_(None),
)
