"""Consents as records of their subject: given, registered, used, withdrawn; files that take no new ones.

One function says where a consent stands and one whether it covers, for whoever reads and for the append function that
looks again at the moment of disclosure. The append function also writes the uses.

Revision ID: 0021
Revises: 0020
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import SchemaItem

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"

# The first that fits. What ends a consent for good stands before what only holds it up. A scan of a natural person or
# an individual business never counts, and does not look as if it did.
STANDING = """
CREATE FUNCTION consent_standing(c public.consent, p_now timestamptz) RETURNS text
LANGUAGE sql STABLE AS $body$
    SELECT CASE
        WHEN c.withdrawn_at IS NOT NULL THEN 'WITHDRAWN'
        WHEN EXISTS (
                SELECT FROM public.subject_relation AS r
                WHERE r.subject_id = c.subject_id AND r.relation IN ('DEAD', 'INCAPABLE')
                    AND r.since <= (p_now AT TIME ZONE 'Asia/Shanghai')::date
            )
            OR EXISTS (SELECT FROM public.enterprise WHERE subject_id = c.subject_id AND status = 'DEREGISTERED')
            OR EXISTS (SELECT FROM public.organization WHERE subject_id = c.subject_id AND status = 'DEREGISTERED')
        THEN 'ENDED'
        WHEN p_now >= c.valid_until THEN 'EXPIRED'
        WHEN c.assurance = 'C' AND c.subject_class <> 'legal' THEN 'SUSPENDED'
        WHEN EXISTS (SELECT FROM public.consumer WHERE id = c.consumer AND merged_into IS NOT NULL) THEN 'SUSPENDED'
        WHEN p_now < c.valid_from THEN 'WAITING'
        WHEN c.single AND EXISTS (SELECT FROM public.consent_use AS u WHERE u.consent_id = c.id) THEN 'USED_UP'
        ELSE 'ACTIVE'
    END
$body$
"""

# One that is used up still covers the use that used it up: whoever repeats it, or turns its pages, for 15 minutes.
COVERS = """
CREATE FUNCTION consent_covers(c public.consent, p_use text, p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $body$
    SELECT CASE public.consent_standing(c, p_now)
        WHEN 'ACTIVE' THEN true
        WHEN 'USED_UP' THEN EXISTS (
            SELECT FROM public.consent_use AS u
            WHERE u.consent_id = c.id AND u.use_key = p_use AND u.at > p_now - interval '15 minutes'
        )
        ELSE false
    END
$body$
"""

# Whether somebody may act for a subject now; mandates have no scope yet, so ``p_word`` says nothing.
# ``p_lock`` keeps the row from changing until this transaction ends, and passes over one that is being changed.
HOLDS = """
CREATE FUNCTION mandate_holds(
    p_principal text, p_subject bigint, p_word text, p_now timestamptz, p_lock boolean
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    IF p_lock THEN
        PERFORM FROM public.mandate AS m
        WHERE m.principal = p_principal AND m.subject_id = p_subject AND m.revoked_at IS NULL
            AND m.valid_from <= p_now AND (m.valid_until IS NULL OR p_now < m.valid_until)
        LIMIT 1 FOR SHARE SKIP LOCKED;
    ELSE
        PERFORM FROM public.mandate AS m
        WHERE m.principal = p_principal AND m.subject_id = p_subject AND m.revoked_at IS NULL
            AND m.valid_from <= p_now AND (m.valid_until IS NULL OR p_now < m.valid_until)
        LIMIT 1;
    END IF;
    RETURN FOUND;
END
$body$
"""

# What has become of each check: held, lost, busy (the row is being changed or used by somebody: try again) or conflict
# (a key was used before for something else, or longer ago). Rows that hold are locked until this transaction ends:
# shared, but one that is about to be used alone. Two of one group that want the same single use: the first has it, the
# second is busy, and finds out in the next group. A use key that begins with @ is no caller's.
CHECKS = """
CREATE FUNCTION log_checks(
    p_kinds text[], p_numbers text[], p_subjects bigint[], p_consumers text[], p_purposes text[], p_uses text[],
    p_documents text[], p_now timestamptz
) RETURNS text[]
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    v_found text[] := '{}';
    v_one text;
    v_id bigint;
    v_single boolean; v_keyed boolean; v_locked boolean;
    v_document text; v_at timestamptz;
    v_ids bigint[] := '{}'; v_keys text[] := '{}'; v_documents text[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(p_kinds) LOOP
        v_one := 'lost';
        IF p_kinds[i] = 'mandate' THEN
            -- ``p_purposes`` holds the word of the scope that is needed; empty: that there is a mandate.
            IF public.mandate_holds(p_numbers[i], p_subjects[i], p_purposes[i], p_now, true) THEN
                v_one := 'held';
            ELSIF public.mandate_holds(p_numbers[i], p_subjects[i], p_purposes[i], p_now, false) THEN
                v_one := 'busy';
            END IF;
        ELSIF p_kinds[i] = 'use' THEN
            -- Nothing rested on the consent; its key must not have been used for another document or subject.
            PERFORM FROM public.consent AS c JOIN public.consent_use AS u ON u.consent_id = c.id
            WHERE c.number = p_numbers[i] AND c.consumer = p_consumers[i] AND u.use_key = p_uses[i]
                AND (u.document <> p_documents[i] OR p_subjects[i] NOT IN (0, c.subject_id));
            v_one := CASE WHEN FOUND THEN 'conflict' ELSE 'held' END;
        ELSIF p_kinds[i] = 'consent' THEN
            v_keyed := p_uses[i] <> '' AND left(p_uses[i], 1) <> '@';
            IF NOT v_keyed THEN
                PERFORM FROM public.consent AS c
                WHERE c.number = p_numbers[i] AND c.subject_id = p_subjects[i] AND c.consumer = p_consumers[i]
                    AND p_purposes[i] = ANY (c.purposes) AND NOT c.single
                    AND public.consent_covers(c, p_uses[i], p_now)
                FOR SHARE SKIP LOCKED;
                IF FOUND THEN
                    v_found := v_found || 'held'::text;
                    CONTINUE;
                END IF;
            END IF;
            SELECT c.id, c.single INTO v_id, v_single FROM public.consent AS c
            WHERE c.number = p_numbers[i] AND c.subject_id = p_subjects[i] AND c.consumer = p_consumers[i]
                AND p_purposes[i] = ANY (c.purposes);
            IF FOUND THEN
                v_locked := false;
                IF v_keyed OR v_single THEN
                    PERFORM FROM public.consent AS c WHERE c.number = p_numbers[i] FOR NO KEY UPDATE SKIP LOCKED;
                    v_locked := FOUND;
                END IF;
                -- Looked at after it was locked: what others have committed until then is seen.
                PERFORM FROM public.consent AS c
                WHERE c.number = p_numbers[i] AND public.consent_covers(c, p_uses[i], p_now);
                IF FOUND THEN
                    SELECT u.document, u.at INTO v_document, v_at FROM public.consent_use AS u
                    WHERE u.consent_id = v_id AND u.use_key = p_uses[i];
                    IF NOT v_locked THEN
                        v_one := 'busy';
                    ELSIF v_document <> p_documents[i] OR v_at <= p_now - interval '15 minutes' THEN
                        v_one := 'conflict';
                    ELSIF EXISTS (
                        SELECT FROM unnest(v_ids, v_keys, v_documents) AS k (id, use_key, document)
                        WHERE k.id = v_id AND CASE WHEN k.use_key = p_uses[i] THEN k.document <> p_documents[i]
                            ELSE v_single END
                    ) THEN
                        v_one := 'busy';
                    ELSE
                        v_one := 'held';
                        v_ids := v_ids || v_id;
                        v_keys := v_keys || p_uses[i];
                        v_documents := v_documents || p_documents[i];
                    END IF;
                END IF;
            END IF;
        END IF;
        v_found := v_found || v_one;
    END LOOP;
    RETURN v_found;
END
$body$
"""

# As before, but for the checks; and the uses are written with the entries.
APPEND = """
CREATE FUNCTION log_append(
    p_shard integer, p_epoch bigint, p_size bigint, p_size_after bigint, p_edge bytea,
    p_bodies text, p_lengths integer[], p_salts bytea, p_commitments bytea, p_sealed bytea, p_sealed_lengths integer[],
    p_levels integer[], p_indexes bigint[], p_hashes bytea,
    p_kinds text[], p_numbers text[], p_subjects bigint[], p_consumers text[], p_purposes text[], p_uses text[],
    p_documents text[], p_now timestamptz,
    OUT outcome text, OUT ordinals integer[], OUT rights_position bigint
) RETURNS record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    v_entries integer := cardinality(p_lengths);
    v_bodies bytea := convert_to(p_bodies, 'UTF8');
    v_checks text[];
BEGIN
    IF v_entries IS NULL OR v_entries < 1 OR v_entries <> p_size_after - p_size
        OR cardinality(p_sealed_lengths) <> v_entries
        OR octet_length(p_salts) <> 32 * v_entries OR octet_length(p_commitments) <> 32 * v_entries
        OR octet_length(v_bodies) <> (SELECT sum(l) FROM unnest(p_lengths) AS l)
        OR octet_length(p_edge) <> 32 * bit_count(p_size_after::bit(64))
    THEN
        RAISE EXCEPTION 'log_append: the parts of the group do not fit';
    END IF;
    IF cardinality(p_kinds) > 0 THEN
        v_checks := public.log_checks(
            p_kinds, p_numbers, p_subjects, p_consumers, p_purposes, p_uses, p_documents, p_now);
        FOREACH outcome IN ARRAY ARRAY['lost', 'conflict', 'busy'] LOOP
            ordinals := array_positions(v_checks, outcome);
            IF cardinality(ordinals) > 0 THEN
                RETURN;
            END IF;
        END LOOP;
        ordinals := NULL;
    END IF;
    WITH tail AS (
        UPDATE public.log_shard AS s SET size = p_size_after, edge = p_edge
        WHERE s.shard = p_shard AND s.size = p_size AND s.epoch = p_epoch
        RETURNING s.shard, s.month
    ), entry AS (
        SELECT e.ordinal, e.length, e.sealed_length,
            sum(e.length) OVER w - e.length AS start, sum(e.sealed_length) OVER w - e.sealed_length AS sealed_start
        FROM unnest(p_lengths, p_sealed_lengths) WITH ORDINALITY AS e (length, sealed_length, ordinal)
        WINDOW w AS (ORDER BY e.ordinal ROWS UNBOUNDED PRECEDING)
    )
    INSERT INTO public.log_entry (shard, index, body, salt, commitment, sealed, month)
    SELECT tail.shard, p_size + e.ordinal - 1,
        substring(v_bodies FROM e.start::integer + 1 FOR e.length),
        substring(p_salts FROM 32 * e.ordinal::integer - 31 FOR 32),
        substring(p_commitments FROM 32 * e.ordinal::integer - 31 FOR 32),
        CASE WHEN e.sealed_length > 0 THEN substring(p_sealed FROM e.sealed_start::integer + 1 FOR e.sealed_length) END,
        tail.month
    FROM tail CROSS JOIN entry AS e;
    IF NOT FOUND THEN
        outcome := 'fenced';
        RETURN;
    END IF;
    IF p_levels IS NOT NULL THEN
        INSERT INTO public.log_node (shard, level, index, hash)
        SELECT p_shard, n.level, n.index, substring(p_hashes FROM 32 * n.ordinal::integer - 31 FOR 32)
        FROM unnest(p_levels, p_indexes) WITH ORDINALITY AS n (level, index, ordinal);
    END IF;
    IF 'consent' = ANY (p_kinds) THEN
        INSERT INTO public.consent_use (consent_id, use_key, document, at)
        SELECT DISTINCT c.id, x.use_key, x.document, p_now
        FROM unnest(p_kinds, p_numbers, p_uses, p_documents) AS x (kind, number, use_key, document)
        JOIN public.consent AS c ON c.number = x.number
        WHERE x.kind = 'consent' AND (c.single OR (x.use_key <> '' AND left(x.use_key, 1) <> '@'))
        ON CONFLICT DO NOTHING;
    END IF;
    outcome := 'appended';
    SELECT r.position INTO rights_position FROM public.rights_position AS r WHERE r.id = 1;
    rights_position := coalesce(rights_position, 0);
END
$body$
"""

BEFORE = (
    "integer, bigint, bigint, bigint, bytea, text, integer[], bytea, bytea, bytea, integer[], integer[], bigint[],"
    " bytea, text[], text[], bigint[], text[], text[]"
)
DROPPED = (
    f"DROP FUNCTION log_append({BEFORE}, timestamptz)",
    "DROP FUNCTION log_checks_held(text[], text[], bigint[], text[], text[], timestamptz, boolean)",
)
APPEND_TYPES = f"{BEFORE}, text[], text[], timestamptz"
HOLDS_TYPES = "text, bigint, text, timestamptz, boolean"
CHECKS_TYPES = "text[], text[], bigint[], text[], text[], text[], text[], timestamptz"
WORKED_OUT = "consent_standing(consent, timestamptz), consent_covers(consent, text, timestamptz)"
GRANTS = (
    f"REVOKE ALL ON FUNCTION log_append({APPEND_TYPES}) FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION log_append({APPEND_TYPES}) TO gateway_log, gateway_writer",
    f"REVOKE ALL ON FUNCTION mandate_holds({HOLDS_TYPES}), log_checks({CHECKS_TYPES}) FROM PUBLIC",
    # They only work out what a reader could: who calls them reads with its own rights.
    f"REVOKE ALL ON FUNCTION {WORKED_OUT} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {WORKED_OUT} TO gateway_reader, gateway_writer",
    "REVOKE ALL ON consent_use, file_freeze FROM PUBLIC, gateway_writer",
    "GRANT SELECT ON consent_use, file_freeze TO gateway_reader, gateway_writer",
    "GRANT INSERT, UPDATE ON file_freeze TO gateway_writer",
)

# Consents of before were for one purpose and good for any number of uses.
FILLED = """
UPDATE consent AS c SET id = nextval('record_ids'), provider = 'CREDIT', batch = 'consent', purposes = ARRAY[c.purpose],
    single = false, given_at = c.valid_from,
    subject_class = coalesce(
        (SELECT e.subject_class FROM enterprise AS e WHERE e.subject_id = c.subject_id),
        (SELECT o.subject_class FROM organization AS o WHERE o.subject_id = c.subject_id),
        'person'
    )
"""
REQUIRED = ("id", "subject_class", "provider", "batch", "purposes", "single", "given_at")

IN_FORCE = date(2018, 1, 1)
RULES = (
    ("consent.scan.wait", 3, "WORKING_DAYS", "product default: time to contest what an institution asserts"),
    ("consent.signed", 30, "CALENDAR_DAYS", "product default: how long after it was signed one may be registered"),
    ("consent.term", 5, "YEARS", "product default: a consent is never longer than the business; Reg. 631 art. 18"),
)


def _text(table: str, column: str, *, nullable: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=nullable)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_{table}_{column}_text"))


def _parties() -> None:
    """Who may hold a consent, and what ends one."""
    op.add_column("consumer", sa.Column("uscc", sa.Text()))
    op.create_check_constraint(op.f("ck_consumer_uscc_text"), "consumer", f"uscc COLLATE \"C\" !~ '{CONTROL}'")
    op.add_column("consumer", sa.Column("merged_into", sa.Text()))
    op.create_foreign_key(op.f("fk_consumer_merged_into_consumer"), "consumer", "consumer", ["merged_into"], ["id"])
    op.drop_constraint("ck_subject_relation_relation_word", "subject_relation")
    words = "'RENAMED', 'MERGED_INTO', 'SPLIT_INTO', 'CONVERTED_INTO', 'DEAD', 'INCAPABLE'"
    op.create_check_constraint(op.f("ck_subject_relation_relation_word"), "subject_relation", f"relation IN ({words})")


def _consent() -> None:
    """The table of before becomes that of the kind."""
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("id", sa.BigInteger()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *(sa.Column(name, sa.Text()) for name in ("subject_class", "provider", "batch")),
        sa.Column("purposes", ARRAY(sa.Text())),
        sa.Column("single", sa.Boolean()),
        sa.Column("given_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("evidence_sealed", sa.LargeBinary()),
        sa.Column("proof_sealed", sa.LargeBinary()),
        sa.Column("proof_index", sa.LargeBinary()),
    )
    for column in columns:
        op.add_column("consent", column)
    op.execute("ALTER TABLE consent DISABLE TRIGGER move_rights_position")  # no right changes
    op.execute(FILLED)
    op.execute("ALTER TABLE consent ENABLE TRIGGER move_rights_position")
    for name in REQUIRED:
        op.alter_column("consent", name, nullable=False)
    op.drop_column("consent", "purpose")
    op.drop_index("ix_consent_subject", "consent")
    op.drop_constraint("pk_consent", "consent")
    op.create_primary_key(op.f("pk_consent"), "consent", ["subject_id", "id"])
    op.create_unique_constraint(op.f("uq_consent_number"), "consent", ["number"])
    op.create_unique_constraint(op.f("uq_consent_proof_index"), "consent", ["proof_index"])
    op.create_foreign_key(op.f("fk_consent_provider_department"), "consent", "department", ["provider"], ["code"])
    for name, check in (
        ("subject_class_word", "subject_class IN ('legal', 'individual', 'person')"),
        ("batch_text", f"batch COLLATE \"C\" !~ '{CONTROL}'"),
        ("number_length", "char_length(number) <= 128"),
        ("consumer_text", f"consumer COLLATE \"C\" !~ '{CONTROL}'"),
        ("consumer_length", "char_length(consumer) <= 200"),
        ("withdrawn_by_word", "withdrawn_by IN ('SUBJECT', 'CONSUMER')"),
    ):
        op.create_check_constraint(op.f(f"ck_consent_{name}"), "consent", check)
    newest = [sa.text("given_at DESC"), sa.text("id DESC")]
    op.create_index("ix_consent_id", "consent", ["id"], unique=True)
    op.create_index("ix_consent_newest", "consent", ["subject_id", *newest])
    op.create_index("ix_consent_filed", "consent", newest)
    op.create_index("ix_consent_consumer", "consent", ["consumer", "given_at"])


def _uses() -> None:
    """The new tables."""
    op.create_table(
        "consent_use",
        sa.Column("consent_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_text("consent_use", "use_key"),
        *_text("consent_use", "document"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("consent_id", "use_key", name=op.f("pk_consent_use")),
    )
    op.create_table(
        "file_freeze",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        *_text("file_freeze", "principal"),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_freeze")),
    )
    running = sa.text("ended_at IS NULL")
    op.create_index("ix_file_freeze_frozen", "file_freeze", ["subject_id"], unique=True, postgresql_where=running)


def upgrade() -> None:
    """Make consents records, then the functions that say where they stand and write their uses."""
    _parties()
    _consent()
    _uses()
    for statement in (*DROPPED, STANDING, COVERS, HOLDS, CHECKS, APPEND, *GRANTS):
        op.execute(statement)
    columns = ("name", "value", "unit", "source", "version", "verified")
    rule = sa.table("rule", *map(sa.column, columns), sa.column("valid_from", sa.Date()))
    fixed = {"version": 1, "verified": False, "valid_from": IN_FORCE}
    op.bulk_insert(rule, [{**dict(zip(columns, row, strict=False)), **fixed} for row in RULES])


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
