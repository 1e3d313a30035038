"""The entries of the log as rows.

Revision ID: 0013
Revises: 0012
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import SchemaItem

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"
WORDS = ("purposes", "consents", "matters", "roots", "kinds", "clear", "masked", "withheld")

# Makes rows of the entries that are none yet, at most ``p_most``; how many are left. What names people or institutions
# came in tokens, the rest from the gateway itself: no text here is one of a record. Two at once wait for each other.
FOLLOW = r"""
CREATE FUNCTION access_follow(p_origin text, p_most integer) RETURNS bigint
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
                matter_numbers
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
                )
            FROM (
                SELECT l.index, convert_from(l.body, 'UTF8')::jsonb AS b FROM public.log_entry AS l
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


def _text(column: str, length: int, *, required: bool = False) -> Iterator[SchemaItem]:
    yield sa.Column(column, sa.Text(), nullable=not required)
    yield sa.CheckConstraint(f"{column} COLLATE \"C\" !~ '{CONTROL}'", name=op.f(f"ck_access_{column}_text"))
    yield sa.CheckConstraint(f"char_length({column}) <= {length}", name=op.f(f"ck_access_{column}_length"))


def upgrade() -> None:
    """Make the tables; the log's role reads them, and has rows made by the function alone."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("access_ids")))
    op.create_table(
        "access_mark",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shard", name=op.f("pk_access_mark")),
    )
    op.create_table(
        "access",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("subject_class", sa.Text(), nullable=False),
        sa.CheckConstraint("subject_class IN ('legal')", name=op.f("ck_access_subject_class_word")),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.CheckConstraint(f"batch COLLATE \"C\" !~ '{CONTROL}'", name=op.f("ck_access_batch_text")),
        sa.Column("minor", sa.Boolean(), nullable=False),
        *_text("origin", 200, required=True),
        *_text("index", 20, required=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *_text("role", 32),
        *_text("institution", 200),
        *_text("institution_name", 200),
        *_text("unit", 32),
        *_text("unit_name", 200),
        *_text("officer", 200),
        *(sa.Column(word, ARRAY(sa.Text())) for word in WORDS[:4]),
        *_text("document", 64),
        *(sa.Column(word, ARRAY(sa.Text())) for word in WORDS[4:]),
        *_text("outcome", 32),
        *_text("code", 64),
        *_text("policy", 64),
        *_text("subject", 32),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("matter_numbers", ARRAY(sa.Text())),
        sa.ForeignKeyConstraint(["provider"], ["department.code"], name=op.f("fk_access_provider_department")),
        sa.PrimaryKeyConstraint("subject_id", "id", name=op.f("pk_access")),
    )
    newest = [sa.text("at DESC"), sa.text("id DESC")]
    op.create_index("ix_access_id", "access", ["id"], unique=True)
    op.create_index("ix_access_newest", "access", ["subject_id", *newest])
    op.create_index("ix_access_filed", "access", newest)
    op.create_index("ix_access_place", "access", ["number", "shard"])
    op.create_index("ix_access_institution", "access", ["institution", *newest])
    op.execute(FOLLOW)
    op.execute("REVOKE ALL ON access, access_mark FROM PUBLIC")
    op.execute("GRANT SELECT ON access, access_mark TO gateway_log")
    op.execute("REVOKE ALL ON FUNCTION access_follow(text, integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION access_follow(text, integer) TO gateway_log")


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
