"""Who wants to be told of accesses and of changed records, what has been told, and what mutations have answered."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.catalogue.kinds import BY_NAME
from gateway.catalogue.notice import CHANGES
from gateway.store.tables import METADATA, _one_of, _text, table

# Somebody's wish about one subject, one at a time; address and secret are sealed under the subject's key.
WATCH = sa.Table(
    "watch",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("subject_id", sa.BigInteger, nullable=False),
    *_text("watch", "principal"),
    *_text("watch", "consumer"),  # through which it was wished; may be empty
    sa.Column("url_sealed", sa.LargeBinary, nullable=False),
    sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    *_text("watch", "ended_for", nullable=True),
)
sa.Index(
    "ix_watch_running",
    WATCH.c.subject_id,
    WATCH.c.principal,
    unique=True,
    postgresql_where=WATCH.c.ended_at.is_(None),
)

# Which entry of a shard nobody was looked up for yet.
WATCH_MARK = sa.Table(
    "watch_mark",
    METADATA,
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
)

# One entry of the log that is to be told of: the outbox.
WATCH_NOTICE = sa.Table(
    "watch_notice",
    METADATA,
    sa.Column("watch", sa.BigInteger, sa.ForeignKey("watch.id"), primary_key=True, autoincrement=False),
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("settled_at", sa.DateTime(timezone=True)),
    *_text("watch_notice", "failure", nullable=True),  # of the last attempt, in a word
    _one_of("state", ("WAITING", "TOLD", "DEAD")),
)
sa.Index(
    "ix_watch_notice_waiting",
    WATCH_NOTICE.c.next_at,
    postgresql_where=WATCH_NOTICE.c.state == "WAITING",
)

# What a mutation answered that was sent under a key: whoever sends it again is answered the same.
IDEMPOTENCY = sa.Table(
    "idempotency",
    METADATA,
    *_text("idempotency", "principal", primary_key=True),
    *_text("idempotency", "consumer", primary_key=True),  # may be empty
    *_text("idempotency", "key", primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("reply", sa.LargeBinary),  # sealed under the audit key; null only while the mutation runs
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

# A record whose content or standing has changed: who read the version that was wrong is to be told. Written in the
# transaction of the change. Of a kind that is a subject itself, ``record_id`` is the subject.
RECORD_CHANGE = sa.Table(
    "record_change",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),  # of record_ids
    sa.Column("subject_id", sa.BigInteger, nullable=False),
    sa.Column("subject_class", sa.Text, nullable=False),
    _one_of("subject_class", ("legal", "individual", "person")),
    *_text("record_change", "record_kind"),
    sa.Column("record_id", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # the last that was wrong; all before it count as wrong too
    sa.Column("what", sa.Text, nullable=False),
    _one_of("what", CHANGES),
    sa.Column("fields", ARRAY(sa.Text)),  # names of the catalogue, where it is known which were wrong
    sa.Column("case_id", sa.BigInteger),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("looked_at", sa.DateTime(timezone=True)),  # the first look-back
    sa.Column("told_at", sa.DateTime(timezone=True)),  # the last one: everybody who is to be told has a notice
)
sa.Index("ix_record_change_untold", RECORD_CHANGE.c.at, postgresql_where=RECORD_CHANGE.c.told_at.is_(None))

# Who is told, and how far it has come: the columns of the catalogue and, beside them, the state of the push.
NOTICE = table(BY_NAME["notice"])
for _item in (
    sa.Column("change", sa.BigInteger, sa.ForeignKey("record_change.id"), nullable=False),
    sa.Column("record_id", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", sa.DateTime(timezone=True)),  # null: nothing is to be pushed
    *_text("notice", "failure", nullable=True),  # of the last attempt, in a word
):
    if isinstance(_item, sa.Column):
        NOTICE.append_column(_item)
    elif isinstance(_item, sa.Constraint):
        NOTICE.append_constraint(_item)
# One notice of one change to one institution, and one to the subject itself.
sa.Index("ix_notice_once", NOTICE.c.change, sa.func.coalesce(NOTICE.c.institution, ""), unique=True)
sa.Index("ix_notice_institution", NOTICE.c.institution, NOTICE.c.created_at.desc(), NOTICE.c.id.desc())
sa.Index("ix_notice_push", NOTICE.c.next_at, postgresql_where=NOTICE.c.next_at.is_not(None))

# Where an institution wants its notices posted to, one address at a time; sealed under the key of a party of its own.
NOTICE_WATCH = sa.Table(
    "notice_watch",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    *_text("notice_watch", "consumer"),
    *_text("notice_watch", "role"),
    *_text("notice_watch", "principal"),  # who wished it
    *_text("notice_watch", "department"),  # may be empty
    sa.Column("party", sa.BigInteger, nullable=False),  # of subject_ids; its key is in subject_key
    sa.Column("url_sealed", sa.LargeBinary, nullable=False),
    sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    *_text("notice_watch", "ended_for", nullable=True),
)
sa.Index(
    "ix_notice_watch_running",
    NOTICE_WATCH.c.consumer,
    unique=True,
    postgresql_where=NOTICE_WATCH.c.ended_at.is_(None),
)
