"""Who wants to be told of what is asked about them, what has been told, and what mutations have answered."""

import sqlalchemy as sa

from gateway.store.tables import METADATA, _one_of, _text

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
