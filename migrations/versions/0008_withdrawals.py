"""Withdrawals tell also what left its list or whose publication was cut short, and of which region it was.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FEEDS = {"license": "'legal', 'individual'", "penalty": "'legal', 'individual'", "listing": "'legal'"}
ENDS = {"license": ("published_until",), "penalty": ("published_until",), "listing": ("published_until", "exited_on")}

WITHDRAW = """
CREATE OR REPLACE FUNCTION withdraw_record() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $body$
BEGIN
    INSERT INTO withdrawal (
        subject_id, id, subject_class, provider, batch, subject_region, record_kind, record_id, withdrawn_at
    )
    VALUES (
        OLD.subject_id, nextval('record_ids'), OLD.subject_class, OLD.provider, OLD.batch, OLD.subject_region,
        TG_TABLE_NAME, OLD.id, now()
    );
    RETURN NULL;
END
$body$
"""
REGION = """
UPDATE withdrawal AS w SET subject_region = r.subject_region
FROM {0} AS r WHERE w.record_kind = '{0}' AND r.id = w.record_id
"""
PUBLIC = "{0}.status IN ('ACTIVE', 'CORRECTED') AND {0}.disclosure = 'PUBLIC' AND NOT {0}.minor"
TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"  # as the statutes count days
# Copies hold the old day: only one that was brought forward, to a day that is over, is news to them. Publication lasts
# through its day, a list is left at the beginning of it.
SOONER = {
    "published_until": "NEW.published_until < coalesce(OLD.published_until, 'infinity') AND NEW.published_until < {0}",
    "exited_on": "NEW.exited_on < coalesce(OLD.exited_on, 'infinity') AND NEW.exited_on <= {0}",
}


def upgrade() -> None:
    """Replace function and triggers, and fill in the regions of what was told already."""
    op.execute(WITHDRAW)
    for table, classes in FEEDS.items():
        op.execute(REGION.format(table))
        over = " OR ".join(f"({SOONER[column].format(TODAY)})" for column in ENDS[table])
        op.execute(f"DROP TRIGGER withdraw_record ON {table}")
        op.execute(
            f"CREATE TRIGGER withdraw_record AFTER UPDATE ON {table} FOR EACH ROW "
            f"WHEN (OLD.subject_class IN ({classes}) AND {PUBLIC.format('OLD')} "
            f"AND (NOT ({PUBLIC.format('NEW')}) OR {over})) EXECUTE FUNCTION withdraw_record()"
        )


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
