"""Who may do what, and the position that moves when a right changes.

- reader: SELECT on the catalogue and on what relations need; nothing of the log;
- writer: SELECT, INSERT, UPDATE on the same, but not on ``rights_position``, which only moves by itself;
- log: SELECT on the log's tables and INSERT of checkpoints. Entries are written by the append function alone.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CATALOGUE = ("department", "enterprise", "identifier", "license", "organization", "penalty", "person")
RIGHTS = ("consent", "consumer", "mandate", "open_case", "sharing_scope", "subject_key", "subject_relation")
LOG_TABLES = ("log_checkpoint", "log_entry", "log_node", "log_shard")

# What a decision may rest on. ``subject_relation`` and the catalogue are facts, not rights.
POSITIONED = ("consent", "consumer", "mandate", "open_case", "sharing_scope")

MOVE = """
CREATE FUNCTION move_rights_position() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    -- The row lock makes writers of rights take turns, so positions become visible in the order they are given.
    UPDATE public.rights_position SET position = position + 1 WHERE id = 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'rights_position has no row';
    END IF;
    RETURN NULL;
END
$body$
"""


def _grants() -> tuple[str, ...]:
    business, fixed, log = ", ".join((*CATALOGUE, *RIGHTS)), "rights_position", ", ".join(LOG_TABLES)
    return (
        f"REVOKE ALL ON {business}, {fixed}, {log} FROM PUBLIC",
        f"GRANT SELECT ON {business}, {fixed} TO gateway_reader, gateway_writer",
        f"GRANT INSERT, UPDATE ON {business} TO gateway_writer",
        "GRANT USAGE ON SEQUENCE subject_ids, record_ids TO gateway_writer",
        f"GRANT SELECT ON {log} TO gateway_log",
        "GRANT INSERT ON log_checkpoint TO gateway_log",
        "GRANT SELECT ON alembic_version TO gateway_reader, gateway_writer, gateway_log",
        "REVOKE ALL ON FUNCTION move_rights_position() FROM PUBLIC",
    )


def upgrade() -> None:
    """Create the triggers, then say who may do what."""
    op.execute("INSERT INTO rights_position (id, position) VALUES (1, 0)")
    op.execute(MOVE)
    for table in POSITIONED:
        op.execute(
            f"CREATE TRIGGER move_rights_position AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION move_rights_position()"
        )
    for statement in _grants():
        op.execute(statement)


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
