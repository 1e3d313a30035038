"""${message}.

Rules of a revision:

- forward only; a mistake is mended by the next revision;
- one transaction; 4 s to wait for a lock, 60 s for a statement. What takes longer (CREATE INDEX CONCURRENTLY, filling a
  column) is a job, not a revision;
- the program before this one still runs while it is applied: add first, remove one release later;
- a new table gets its grants here. Nobody but the append function writes the log.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Never."""
    raise NotImplementedError("revisions go forward only")
