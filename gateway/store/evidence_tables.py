"""The files that were added to cases, in sealed pieces, and who added them."""

import sqlalchemy as sa

from gateway.catalogue.kinds import BY_NAME
from gateway.store.tables import METADATA, _text, table

# What is told of a file, and beside it who added it.
EVIDENCE = table(BY_NAME["evidence"])
for _item in (*_text("evidence", "principal"), *_text("evidence", "consumer", nullable=True)):
    if isinstance(_item, sa.Column):
        EVIDENCE.append_column(_item)
    elif isinstance(_item, sa.Constraint):
        EVIDENCE.append_constraint(_item)

# The file itself: pieces of one size but for the last, from 0, sealed under the key of the subject (``vault.seal``).
EVIDENCE_PIECE = sa.Table(
    "evidence_piece",
    METADATA,
    sa.Column("subject_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("evidence_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(
        ["subject_id", "evidence_id"],
        ["evidence.subject_id", "evidence.id"],
        name="fk_evidence_piece_subject_id_evidence",
    ),
)
