"""The functions through which alone the access log is written.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Everything of one group commit in one call: look that every consent and mandate still holds, move the tail if it is
# where the caller believes it to be and if nobody has claimed the shard since, insert. Bodies, salts and hashes come
# joined: one value is far cheaper to parse than an array. Outcomes:
#   appended  everything is written (durable once the transaction has committed)
#   lost      nothing is written; ``ordinals`` are the checks (from 1) that hold no longer
#   busy      nothing is written; ``ordinals`` are the checks whose row another transaction is changing. Waiting for
#             it here could be for ever: it may itself be waiting for its turn at the tail.
#   fenced    nothing is written; another process has claimed the shard or moved its tail
APPEND = """
CREATE FUNCTION log_append(
    p_shard integer, p_epoch bigint, p_size bigint, p_size_after bigint, p_edge bytea,
    p_bodies text, p_lengths integer[], p_salts bytea, p_commitments bytea, p_sealed bytea, p_sealed_lengths integer[],
    p_levels integer[], p_indexes bigint[], p_hashes bytea,
    p_kinds text[], p_numbers text[], p_subjects bigint[], p_consumers text[], p_purposes text[],
    p_now timestamptz,
    OUT outcome text, OUT ordinals integer[], OUT rights_position bigint
) RETURNS record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    v_entries integer := cardinality(p_lengths);
    v_bodies bytea := convert_to(p_bodies, 'UTF8');
    v_held integer[];
    v_all integer;
BEGIN
    IF v_entries IS NULL OR v_entries < 1 OR v_entries <> p_size_after - p_size
        OR cardinality(p_sealed_lengths) <> v_entries
        OR octet_length(p_salts) <> 32 * v_entries OR octet_length(p_commitments) <> 32 * v_entries
        OR octet_length(v_bodies) <> (SELECT sum(l) FROM unnest(p_lengths) AS l)
        OR octet_length(p_edge) <> 32 * bit_count(p_size_after::bit(64))
    THEN
        RAISE EXCEPTION 'log_append: the parts of the group do not fit';
    END IF;
    v_all := cardinality(p_kinds);
    IF v_all > 0 THEN
        v_held := public.log_checks_held(p_kinds, p_numbers, p_subjects, p_consumers, p_purposes, p_now, true);
        IF cardinality(v_held) < v_all THEN
            -- Without locks one sees what is committed: what is in force there is only being changed by somebody.
            ordinals := ARRAY(SELECT generate_series(1, v_all) EXCEPT SELECT unnest(
                public.log_checks_held(p_kinds, p_numbers, p_subjects, p_consumers, p_purposes, p_now, false)));
            outcome := 'lost';
            IF cardinality(ordinals) = 0 THEN
                ordinals := ARRAY(SELECT generate_series(1, v_all) EXCEPT SELECT unnest(v_held));
                outcome := 'busy';
            END IF;
            RETURN;
        END IF;
    END IF;
    WITH tail AS (
        UPDATE public.log_shard AS s SET size = p_size_after, edge = p_edge
        WHERE s.shard = p_shard AND s.size = p_size AND s.epoch = p_epoch
        RETURNING s.shard
    ), entry AS (
        SELECT e.ordinal, e.length, e.sealed_length,
            sum(e.length) OVER w - e.length AS start, sum(e.sealed_length) OVER w - e.sealed_length AS sealed_start
        FROM unnest(p_lengths, p_sealed_lengths) WITH ORDINALITY AS e (length, sealed_length, ordinal)
        WINDOW w AS (ORDER BY e.ordinal ROWS UNBOUNDED PRECEDING)
    )
    INSERT INTO public.log_entry (shard, index, body, salt, commitment, sealed)
    SELECT tail.shard, p_size + e.ordinal - 1,
        substring(v_bodies FROM e.start::integer + 1 FOR e.length),
        substring(p_salts FROM 32 * e.ordinal::integer - 31 FOR 32),
        substring(p_commitments FROM 32 * e.ordinal::integer - 31 FOR 32),
        CASE WHEN e.sealed_length > 0 THEN substring(p_sealed FROM e.sealed_start::integer + 1 FOR e.sealed_length) END
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
    outcome := 'appended';
    SELECT r.position INTO rights_position FROM public.rights_position AS r WHERE r.id = 1;
    rights_position := coalesce(rights_position, 0);
END
$body$
"""

# Which of the checks hold. ``p_lock`` keeps the rows from changing until this transaction ends (FOR SHARE) and passes
# over rows that somebody is changing right now.
CHECKS = """
CREATE FUNCTION log_checks_held(
    p_kinds text[], p_numbers text[], p_subjects bigint[], p_consumers text[], p_purposes text[], p_now timestamptz,
    p_lock boolean
) RETURNS integer[]
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    v_held integer[] := '{}';
    v_found boolean;
BEGIN
    FOR i IN 1 .. cardinality(p_kinds) LOOP
        v_found := false;
        IF p_kinds[i] = 'consent' AND p_lock THEN
            SELECT true INTO v_found FROM public.consent AS c
            WHERE c.number = p_numbers[i] AND c.subject_id = p_subjects[i] AND c.consumer = p_consumers[i]
                AND c.purpose = p_purposes[i] AND c.assurance IN ('A', 'B') AND c.withdrawn_at IS NULL
                AND c.valid_from <= p_now AND p_now < c.valid_until
            FOR SHARE SKIP LOCKED;
        ELSIF p_kinds[i] = 'consent' THEN
            SELECT true INTO v_found FROM public.consent AS c
            WHERE c.number = p_numbers[i] AND c.subject_id = p_subjects[i] AND c.consumer = p_consumers[i]
                AND c.purpose = p_purposes[i] AND c.assurance IN ('A', 'B') AND c.withdrawn_at IS NULL
                AND c.valid_from <= p_now AND p_now < c.valid_until;
        ELSIF p_kinds[i] = 'mandate' AND p_lock THEN
            SELECT true INTO v_found FROM public.mandate AS m
            WHERE m.principal = p_numbers[i] AND m.subject_id = p_subjects[i] AND m.revoked_at IS NULL
                AND m.valid_from <= p_now AND (m.valid_until IS NULL OR p_now < m.valid_until)
            LIMIT 1 FOR SHARE SKIP LOCKED;
        ELSIF p_kinds[i] = 'mandate' THEN
            SELECT true INTO v_found FROM public.mandate AS m
            WHERE m.principal = p_numbers[i] AND m.subject_id = p_subjects[i] AND m.revoked_at IS NULL
                AND m.valid_from <= p_now AND (m.valid_until IS NULL OR p_now < m.valid_until)
            LIMIT 1;
        END IF;
        IF v_found THEN
            v_held := v_held || i;
        END IF;
    END LOOP;
    RETURN v_held;
END
$body$
"""

# Take over a shard: the new epoch fences off whoever wrote before. The caller holds the shard's advisory lock.
CLAIM = """
CREATE FUNCTION claim_shard(p_shard integer, OUT epoch bigint, OUT size bigint, OUT edge bytea) RETURNS record
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
    INSERT INTO public.log_shard AS s (shard, size, edge, epoch) VALUES (p_shard, 0, '', 1)
    ON CONFLICT (shard) DO UPDATE SET epoch = s.epoch + 1
    RETURNING s.epoch, s.size, s.edge
$body$
"""

# A function is executable by everybody unless that is taken away.
APPEND_TYPES = (
    "integer, bigint, bigint, bigint, bytea, text, integer[], bytea, bytea, bytea, integer[], integer[], bigint[],"
    " bytea, text[], text[], bigint[], text[], text[], timestamptz"
)
CHECKS_TYPES = "text[], text[], bigint[], text[], text[], timestamptz, boolean"
GRANTS = (
    f"REVOKE ALL ON FUNCTION log_append({APPEND_TYPES}) FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION log_append({APPEND_TYPES}) TO gateway_log, gateway_writer",
    "REVOKE ALL ON FUNCTION claim_shard(integer) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION claim_shard(integer) TO gateway_log",
    f"REVOKE ALL ON FUNCTION log_checks_held({CHECKS_TYPES}) FROM PUBLIC",
    "REVOKE ALL ON log_shard, log_entry, log_node, log_checkpoint FROM gateway_log, gateway_writer",
    "GRANT INSERT ON log_checkpoint TO gateway_log",
    # The one row of a shard is rewritten at every commit: room on its page keeps that in place (HOT).
    "ALTER TABLE log_shard SET (fillfactor = 10)",
)


def upgrade() -> None:
    """Create the functions and say who may call them."""
    for statement in (CHECKS, APPEND, CLAIM, *GRANTS):
        op.execute(statement)


def downgrade() -> None:
    """Forward only."""
    raise NotImplementedError("migrations go forward only")
