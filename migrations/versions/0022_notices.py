"""Records that have changed, who is told of it, where institutions want to be told; events for those who listen.

Revision ID: 0022
Revises: 0021
"""

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import SchemaItem

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
TABLES = "record_change, notice, notice_watch"
CLASSES = "legal individual person"
CHANGES = "CORRECTED SUPPLEMENTED DISCLOSURE_ENDED REPAIRED REVOKED UPSTREAM_CHANGED BROUGHT_BACK"
STATES = "NEW DELIVERED ACKNOWLEDGED ESCALATED UNDELIVERABLE"
SOURCE = "product default: no text says how soon a recipient must confirm a correction; unverified"

# Which institutions read a record in a version that was wrong, by the log: the client, once, and since when. Of a kind
# whose rows are subjects an entry names the row by the place of its pseudonym. A body that was lawfully destroyed
# names nobody. Handlers, the desk and auditors read it as part of the procedure; a subject is told as such.
RECIPIENTS = """
CREATE FUNCTION change_recipients(
    p_keys bigint[], p_names text[], p_kind text, p_id bigint, p_of_subject boolean, p_version integer
) RETURNS TABLE (institution text, since timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
    SELECT a.institution, min(a.at)
    FROM public.access AS a
    JOIN public.log_entry AS l ON l.shard = a.shard AND l.index = a.number AND l.month = a.month
    CROSS JOIN LATERAL (SELECT convert_from(l.body, 'UTF8')::jsonb AS b) AS e
    WHERE a.subject_id = ANY (p_keys) AND a.subject = ANY (p_names) AND a.institution IS NOT NULL
        AND a.role IN ('financial', 'agency', 'government') AND a.outcome = 'DISCLOSED' AND p_kind = ANY (a.kinds)
        AND l.body IS NOT NULL
        AND EXISTS (
            SELECT FROM ROWS FROM (
                jsonb_array_elements_text(e.b #> ARRAY['rows', p_kind, 'ids']),
                jsonb_array_elements_text(e.b #> ARRAY['rows', p_kind, 'versions'])
            ) AS r (id, version)
            WHERE r.version::bigint <= p_version AND CASE
                WHEN p_of_subject THEN (e.b #>> ARRAY['subjects', r.id]) = ANY (p_names)
                ELSE r.id::bigint = p_id
            END
        )
    GROUP BY a.institution
$body$
"""

# What has happened, for whoever listens at the moment: a sort and a number, no more. Told when the transaction commits.
TELL = """
CREATE FUNCTION tell_listeners() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    PERFORM pg_notify('gateway_events', CASE TG_TABLE_NAME
        WHEN 'case_event' THEN 'case ' || (to_jsonb(NEW) ->> 'case_id') ELSE 'notice ' || (to_jsonb(NEW) ->> 'id') END);
    RETURN NULL;
END
$body$
"""


def _text(table: str, column: str, length: int | None = None, *, nullable: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=nullable)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))
    if length is not None:
        yield sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"ck_{table}_{column}_length"))


def _word(table: str, column: str, words: str) -> Iterator[SchemaItem]:
    listed = ", ".join(f"'{word}'" for word in words.split())
    yield sa.Column(column, sa.Text(), nullable=False)
    yield sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_word"))


def _changes() -> None:
    op.create_table(
        "record_change",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        *_word("record_change", "subject_class", CLASSES),
        *_text("record_change", "record_kind"),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_word("record_change", "what", CHANGES),
        sa.Column("fields", ARRAY(sa.Text())),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_change")),
    )
    untold = sa.text("told_at IS NULL")
    op.create_index("ix_record_change_untold", "record_change", ["at"], postgresql_where=untold)


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *_word("notice", "subject_class", CLASSES),
        sa.Column("provider", sa.Text(), nullable=False),
        *_text("notice", "batch"),
        *_word("notice", "state", STATES),
        *_word("notice", "what", CHANGES),
        *_text("notice", "record_kind", 32),
        sa.Column("changed", ARRAY(sa.Text())),
        *_text("notice", "institution", 200, nullable=True),
        *_text("notice", "institution_name", 200, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("escalated_at", sa.DateTime(timezone=True)),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        *_text("notice", "failure", nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_notice")),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_notice_provider_department")),
        sa.ForeignKeyConstraint(["change"], ["record_change.id"], name=op.f("fk_notice_change_record_change")),
    )
    newest = [sa.text("created_at DESC"), sa.text("id DESC")]
    op.create_index("ix_notice_id", "notice", ["id"], unique=True)
    op.create_index("ix_notice_newest", "notice", ["subject_id", *newest])
    op.create_index("ix_notice_filed", "notice", newest)
    op.create_index("ix_notice_institution", "notice", ["institution", *newest])
    op.create_index("ix_notice_once", "notice", ["change", sa.text("coalesce(institution, '')")], unique=True)
    waiting = sa.text("next_at IS NOT NULL")
    op.create_index("ix_notice_push", "notice", ["next_at"], postgresql_where=waiting)


def _watches() -> None:
    op.create_table(
        "notice_watch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_text("notice_watch", "consumer"),
        *_text("notice_watch", "role"),
        *_text("notice_watch", "principal"),
        *_text("notice_watch", "department"),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        *_text("notice_watch", "ended_for", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_watch")),
    )
    running = sa.text("ended_at IS NULL")
    op.create_index("ix_notice_watch_running", "notice_watch", ["consumer"], unique=True, postgresql_where=running)


def upgrade() -> None:
    """Make the tables, the look-back of the log's role, the events; the rule by which a notice is escalated."""
    _changes()
    _notices()
    _watches()
    op.execute(RECIPIENTS)
    op.execute(TELL)
    for name in ("case_event", "notice"):
        op.execute(
            f"CREATE TRIGGER tell_listeners AFTER INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION tell_listeners()"
        )
    rule = sa.table(
        "rule",
        *map(sa.column, ("name", "version", "value", "unit", "source", "verified", "least")),
        sa.column("valid_from", sa.Date()),
    )
    numbers = {"version": 1, "value": 5, "unit": "WORKING_DAYS", "verified": False, "least": None}
    op.bulk_insert(rule, [{"name": "notice.acknowledge", "source": SOURCE, "valid_from": date(2018, 1, 1), **numbers}])
    op.execute(f"REVOKE ALL ON {TABLES} FROM PUBLIC")
    op.execute(f"GRANT SELECT ON {TABLES} TO gateway_reader, gateway_writer")
    op.execute(f"GRANT INSERT, UPDATE ON {TABLES} TO gateway_writer")
    look_back = "change_recipients(bigint[], text[], text, bigint, boolean, integer)"
    op.execute(f"REVOKE ALL ON FUNCTION {look_back}, tell_listeners() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {look_back} TO gateway_log")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
