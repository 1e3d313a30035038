"""The entries of the log, parted by month; how long they are kept; what was taken out when its term was over.

Revision ID: 0016
Revises: 0015
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

THIS_MONTH = "date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date"

# As before, but an entry goes where its shard stands: the month that was opened last. A shard without one takes none.
APPEND = """
CREATE OR REPLACE FUNCTION log_append(
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
    outcome := 'appended';
    SELECT r.position INTO rights_position FROM public.rights_position AS r WHERE r.id = 1;
    rights_position := coalesce(rights_position, 0);
END
$body$
"""


# As before, and the month of the shard; null: its new owner opens one first.
CLAIM = """
CREATE FUNCTION claim_shard(p_shard integer, OUT epoch bigint, OUT size bigint, OUT edge bytea, OUT month date)
RETURNS record
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
    INSERT INTO public.log_shard AS s (shard, size, edge, epoch) VALUES (p_shard, 0, '', 1)
    ON CONFLICT (shard) DO UPDATE SET epoch = s.epoch + 1 WHERE s.closed_at IS NULL
    RETURNING s.epoch, s.size, s.edge, s.month
$body$
"""

# A shard goes on in this month; its partition is made if it is not there. Months never go back: a clock that does is
# ignored. False: the shard was claimed by somebody else.
OPEN = """
CREATE FUNCTION log_month_open(p_shard integer, p_epoch bigint, p_month date) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    v_after date := (p_month + interval '1 month')::date;
    v_name text := 'entry_' || to_char(p_month, 'YYYY_MM');
    v_size bigint;
BEGIN
    IF p_month <> date_trunc('month', p_month)::date THEN
        RAISE EXCEPTION 'log_month_open: not the first day of a month';
    END IF;
    PERFORM pg_advisory_xact_lock(7104359, -1);
    IF NOT EXISTS (SELECT FROM public.log_partition AS p WHERE p.first <= p_month AND p_month < p.after) THEN
        -- To attach a table takes a lock that neither readers nor writers wait for; to create it in place does not.
        EXECUTE format(
            'CREATE TABLE log_months.%I (LIKE public.log_entry INCLUDING ALL, CHECK (month >= %L AND month < %L))',
            v_name, p_month, v_after
        );
        EXECUTE format(
            'ALTER TABLE public.log_entry ATTACH PARTITION log_months.%I FOR VALUES FROM (%L) TO (%L)',
            v_name, p_month, v_after
        );
        INSERT INTO public.log_partition (first, after, name) VALUES (p_month, v_after, v_name);
    END IF;
    UPDATE public.log_shard AS s SET month = p_month
    WHERE s.shard = p_shard AND s.epoch = p_epoch AND (s.month IS NULL OR s.month < p_month)
    RETURNING s.size INTO v_size;
    IF FOUND THEN
        INSERT INTO public.log_month (shard, month, first) VALUES (p_shard, p_month, v_size);
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM public.log_shard AS s WHERE s.shard = p_shard AND s.epoch = p_epoch);
END
$body$
"""

# As before, and each row says in which month its entry is kept.
FOLLOW = r"""
CREATE OR REPLACE FUNCTION access_follow(p_origin text, p_most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    v_shard integer;
    v_size bigint;
    v_from bigint;
    v_to bigint;
    v_room bigint := p_most;
    v_left bigint := 0;
BEGIN
    FOR v_shard, v_size IN
        SELECT s.shard, s.size FROM public.log_shard AS s LEFT JOIN public.access_mark AS m USING (shard)
        WHERE s.size > coalesce(m.size, 0) ORDER BY s.shard
    LOOP
        INSERT INTO public.access_mark (shard, size) VALUES (v_shard, 0) ON CONFLICT DO NOTHING;
        SELECT m.size INTO v_from FROM public.access_mark AS m WHERE m.shard = v_shard FOR UPDATE;
        v_to := least(v_size, v_from + v_room);
        IF v_to > v_from THEN
            INSERT INTO public.access (
                subject_id, id, version, subject_class, provider, batch, minor, origin, index, at, day, role,
                institution, institution_name, unit, unit_name, officer, purposes, consents, matters, roots, document,
                kinds, clear, masked, withheld, outcome, code, policy, subject, shard, number,
                matter_numbers, month
            )
            SELECT
                coalesce(('x' || left(s.name, 15))::bit(60)::bigint, 0), nextval('public.access_ids'), 1, 'legal',
                'CREDIT', '', coalesce(s.total, 0) > 1, p_origin || '/' || v_shard, e.index::text, t.at,
                (t.at AT TIME ZONE 'Asia/Shanghai')::date, nullif(e.b #>> '{who,role}', ''),
                w.institution, c.name, w.unit, d.name, w.officer,
                ARRAY(SELECT y ->> 'purpose' FROM jsonb_array_elements(e.b -> 'why') AS y),
                ARRAY(SELECT y ->> 'consent' FROM jsonb_array_elements(e.b -> 'why') AS y WHERE y ->> 'consent' <> ''),
                ARRAY(
                    SELECT concat_ws(' ', y #>> '{matter,kind}', y #>> '{matter,number}', y #>> '{matter,basis}')
                    FROM jsonb_array_elements(e.b -> 'why') AS y WHERE y -> 'matter' ? 'kind'
                ),
                ARRAY(SELECT jsonb_array_elements_text(e.b #> '{operation,roots}')),
                nullif(e.b #>> '{operation,document}', ''),
                ARRAY(SELECT jsonb_object_keys(e.b -> 'rows')),
                ARRAY(SELECT jsonb_array_elements_text(e.b #> '{fields,clear}')),
                ARRAY(SELECT jsonb_array_elements_text(e.b #> '{fields,masked}')),
                ARRAY(SELECT jsonb_array_elements_text(e.b #> '{fields,withheld}')),
                e.b ->> 'outcome', coalesce(nullif(e.b ->> 'code', ''), k.codes), nullif(e.b ->> 'policy', ''),
                s.name, v_shard, e.index,
                ARRAY(
                    SELECT y #>> '{matter,number}' FROM jsonb_array_elements(e.b -> 'why') AS y
                    WHERE y -> 'matter' ? 'number'
                ),
                e.month
            FROM (
                SELECT l.index, l.month, convert_from(l.body, 'UTF8')::jsonb AS b FROM public.log_entry AS l
                WHERE l.shard = v_shard AND l.index >= v_from AND l.index < v_to AND l.body IS NOT NULL
            ) AS e
            CROSS JOIN LATERAL (
                SELECT coalesce(
                    to_timestamp((e.b ->> 'at')::bigint / 1000.0), (e.b ->> 'since')::timestamptz
                ) AS at
            ) AS t
            CROSS JOIN LATERAL (
                SELECT
                    nullif(left(regexp_replace(e.b #>> '{who,consumer}', '[\x01-\x1f\x7f]', '', 'g'), 200), '')
                        AS institution,
                    nullif(left(regexp_replace(e.b #>> '{who,department}', '[\x01-\x1f\x7f]', '', 'g'), 32), '')
                        AS unit,
                    nullif(left(regexp_replace(e.b #>> '{who,principal}', '[\x01-\x1f\x7f]', '', 'g'), 200), '')
                        AS officer
            ) AS w
            CROSS JOIN LATERAL (
                SELECT left(string_agg(o.key, ' ' ORDER BY o.key), 64) AS codes
                FROM jsonb_object_keys(e.b -> 'counted') AS o (key)
            ) AS k
            LEFT JOIN public.consumer AS c ON c.id = w.institution
            LEFT JOIN public.department AS d ON d.code = w.unit
            LEFT JOIN LATERAL (
                SELECT n.name, count(*) OVER () AS total
                FROM jsonb_array_elements_text((e.b -> 'subjects') || coalesce(e.b -> 'asked', '[]')) AS n (name)
            ) AS s ON true
            WHERE t.at IS NOT NULL;
            UPDATE public.access_mark AS m SET size = v_to WHERE m.shard = v_shard;
        END IF;
        v_room := v_room - greatest(v_to - v_from, 0);
        v_left := v_left + v_size - greatest(v_to, v_from);
    END LOOP;
    RETURN v_left;
END
$body$
"""


# The entries of before become the first partition; it reaches back as far as a clock can.
PARTED = (
    "CREATE SCHEMA log_months",
    "ALTER TABLE log_entry RENAME TO entry_first",
    "ALTER TABLE entry_first RENAME CONSTRAINT pk_log_entry TO pk_entry_first",
    "ALTER TABLE entry_first SET SCHEMA log_months",
    f"""
    DO $$ BEGIN
        EXECUTE format('ALTER TABLE log_months.entry_first ADD COLUMN month date NOT NULL DEFAULT %L', {THIS_MONTH});
        EXECUTE format('ALTER TABLE access ADD COLUMN month date NOT NULL DEFAULT %L', {THIS_MONTH});
    END $$
    """,
    "ALTER TABLE log_months.entry_first ALTER COLUMN month DROP DEFAULT",
    "ALTER TABLE access ALTER COLUMN month DROP DEFAULT",
    "ALTER TABLE log_months.entry_first DROP CONSTRAINT pk_entry_first",
    "ALTER TABLE log_months.entry_first ADD CONSTRAINT pk_entry_first PRIMARY KEY (shard, index, month)",
    """
    CREATE TABLE log_entry (
        shard integer NOT NULL, index bigint NOT NULL, body bytea, salt bytea NOT NULL, commitment bytea NOT NULL,
        sealed bytea, month date NOT NULL, CONSTRAINT pk_log_entry PRIMARY KEY (shard, index, month)
    ) PARTITION BY RANGE (month)
    """,
    f"""
    DO $$ BEGIN
        EXECUTE format(
            'ALTER TABLE log_entry ATTACH PARTITION log_months.entry_first FOR VALUES FROM (MINVALUE) TO (%L)',
            {THIS_MONTH} + interval '1 month'
        );
    END $$
    """,
    f"""
    INSERT INTO log_partition (first, after, name)
    VALUES ('0001-01-01', {THIS_MONTH} + interval '1 month', 'entry_first')
    """,
    f"UPDATE log_shard SET month = {THIS_MONTH} WHERE size > 0",
    f"INSERT INTO log_month (shard, month, first) SELECT shard, {THIS_MONTH}, 0 FROM log_shard WHERE size > 0",
)

IN_FORCE = date(2000, 1, 1)

# How long what is kept, in years, and how long at least. The sources are sure; that they are the law here nobody has
# said yet.
RULES = (
    ("log.keep.access", 10, 3, "Zhejiang 2017 art. 20: 10 years; Shenzhen 2023 art. 45: at least 5; PIPL art. 56: 3"),
    ("log.keep.traffic", 10, 1, "as log.keep.access; Cybersecurity Law art. 21(3): at least 6 months"),
    ("log.keep.house", 10, 3, "as log.keep.access"),
)

GRANTS = (
    "REVOKE ALL ON log_entry, log_partition, log_month, log_retirement FROM PUBLIC, gateway_log, gateway_writer",
    "GRANT SELECT ON log_entry, log_partition, log_month, log_retirement TO gateway_log",
    "REVOKE ALL ON FUNCTION claim_shard(integer) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION claim_shard(integer) TO gateway_log",
    "REVOKE ALL ON FUNCTION log_month_open(integer, bigint, date) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION log_month_open(integer, bigint, date) TO gateway_log",
)


def upgrade() -> None:
    """Part the entries, make the tables of what is kept and for how long."""
    op.add_column("log_shard", sa.Column("month", sa.Date()))
    op.create_table(
        "log_partition",
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("after", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_log_partition")),
    )
    op.create_table(
        "log_month",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shard", "month", name=op.f("pk_log_month")),
    )
    op.create_table(
        "log_retirement",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("indexes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("shard", "month", "sort", name=op.f("pk_log_retirement")),
        sa.CheckConstraint("sort IN ('access', 'traffic', 'house')", name=op.f("ck_log_retirement_sort_word")),
    )
    op.add_column("rule", sa.Column("least", sa.Integer()))
    op.drop_constraint("ck_rule_unit_word", "rule")
    op.create_check_constraint(op.f("ck_rule_unit_word"), "rule", "unit IN ('WORKING_DAYS', 'CALENDAR_DAYS', 'YEARS')")
    op.create_check_constraint(op.f("ck_rule_least"), "rule", "value >= least")
    columns = ("name", "value", "least", "source", "version", "unit", "verified")
    rule = sa.table("rule", *map(sa.column, columns), sa.column("valid_from", sa.Date()))
    fixed = {"version": 1, "unit": "YEARS", "verified": False, "valid_from": IN_FORCE}
    op.bulk_insert(rule, [{**dict(zip(columns, row, strict=False)), **fixed} for row in RULES])
    op.execute("SET LOCAL statement_timeout = '10min'")  # the key of all entries is made anew
    op.execute("DROP FUNCTION claim_shard(integer)")
    for statement in (*PARTED, APPEND, CLAIM, OPEN, FOLLOW, *GRANTS):
        op.execute(statement)


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
