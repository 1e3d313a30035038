"""Which policies were put in force, one after the other, and what a candidate would have decided otherwise."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store.tables import METADATA, _text

CHANNEL = "gateway_policy"  # notified of every new bundle

# Rows are only ever added. The newest that is no candidate is in force; a candidate newer still stands beside it.
POLICY_BUNDLE = sa.Table(
    "policy_bundle",
    METADATA,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    *_text("policy_bundle", "version"),  # 12 hex digits
    sa.Column("content", JSONB, nullable=False),  # {"files": path -> text, "note": its signatures or null}
    sa.Column("shadow", sa.Boolean, nullable=False),  # a candidate: decides beside the one in force, enforces nothing
    sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
)

# How often a cell was asked for of which the candidate says something else; ways as the policy table writes them.
POLICY_DIFFERENCE = sa.Table(
    "policy_difference",
    METADATA,
    *_text("policy_difference", "version", primary_key=True),  # of the candidate
    *_text("policy_difference", "role", primary_key=True),
    *_text("policy_difference", "coordinate", primary_key=True),
    *_text("policy_difference", "row_class", primary_key=True),
    *_text("policy_difference", "live", primary_key=True),
    *_text("policy_difference", "candidate", primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
)
