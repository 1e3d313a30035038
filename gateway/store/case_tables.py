"""The tables of cases and of what their clocks are counted by."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.catalogue.kinds import BY_NAME
from gateway.store.tables import METADATA, _one_of, _text, table

# What somebody has filed: the columns of the catalogue and, beside them, what ties the case to its record, its filer
# and its handler. Its claim is sealed under the key of its subject. The relation CASE looks at department, handler and
# closed_at: an open case that nobody has taken yet is with every handler of its department.
CASE = table(BY_NAME["case"])
for _item in (
    sa.Column("record_id", sa.BigInteger),
    sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("rule_version", sa.Integer, nullable=False),
    sa.Column("calendar", sa.Integer, sa.ForeignKey("calendar.version"), nullable=False),
    *_text("case", "handler", nullable=True),  # principal; null: nobody has taken it yet
    *_text("case", "filer"),  # principal; empty: nobody is to know
    sa.Column("of_case", sa.BigInteger),  # of a review: the case whose result it is about; of a pair: the other one
    sa.Column("claim_index", sa.LargeBinary),  # of a report: the keyed hash of its claim code
    sa.Column("entry_shard", sa.Integer),  # of a complaint on an access: which entry of the log
    sa.Column("entry_number", sa.BigInteger),
    *_text("case", "accused", nullable=True),  # of such a complaint: the principal who made it
    *_text("case", "consumer", nullable=True),  # the institution that it was filed through
    sa.Column("clocks", ARRAY(sa.Text)),  # every rule that holds, as name/version; null: the one that gave the deadline
    sa.Column("counted_from", sa.Date),  # the day that is not counted; null: on which it was filed
    sa.Column("reminded_at", sa.DateTime(timezone=True)),  # beside escalated_at and overdue_at of the catalogue
    sa.ForeignKeyConstraint(["rule", "rule_version"], ["rule.name", "rule.version"], name="fk_case_rule"),
    sa.ForeignKeyConstraint(["department"], ["department.code"], name="fk_case_department_department"),
):
    if isinstance(_item, sa.Column):
        CASE.append_column(_item)
    elif isinstance(_item, sa.Constraint):
        CASE.append_constraint(_item)
sa.Index("ix_case_department", CASE.c.department)
sa.Index("ix_case_record_id", CASE.c.record_id, postgresql_where=CASE.c.record_id.is_not(None))
sa.Index("ix_case_claim_index", CASE.c.claim_index, unique=True, postgresql_where=CASE.c.claim_index.is_not(None))
sa.Index("ix_case_due", CASE.c.deadline_on, CASE.c.id, postgresql_where=CASE.c.closed_at.is_(None))
# One open objection of one filer to one field of one record (or to the whole of it).
sa.Index(
    "ix_case_open_objection",
    CASE.c.record_id,
    sa.func.coalesce(CASE.c.field, ""),
    CASE.c.filer,
    unique=True,
    postgresql_where=sa.and_(CASE.c.closed_at.is_(None), CASE.c.kind == "OBJECTION"),
)

# Which record a withdrawal is about; told as an opaque id only.
table(BY_NAME["withdrawal"]).append_column(sa.Column("record_id", sa.BigInteger, nullable=False))

CASE_EVENT = sa.Table(
    "case_event",
    METADATA,
    sa.Column("case_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # from 1
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    *_text("case_event", "step"),
    *_text("case_event", "state"),  # after it
    *_text("case_event", "principal"),  # whose step it was
    *_text("case_event", "department", nullable=True),  # of a routing: to which
    *_text("case_event", "note", nullable=True),  # what the clock says of its steps
)

# When the clocks of a case stood; null: they stand now.
CASE_PAUSE = sa.Table(
    "case_pause",
    METADATA,
    sa.Column("case_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # from 1
    sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("until_at", sa.DateTime(timezone=True)),
    *_text("case_pause", "reason"),
    sa.CheckConstraint("until_at >= from_at", name="order"),
)
sa.Index(
    "ix_case_pause_running",
    CASE_PAUSE.c.case_id,
    unique=True,
    postgresql_where=CASE_PAUSE.c.until_at.is_(None),
)

# A version is never changed: a mended or continued calendar is a new version, and a deadline names the one it is of.
CALENDAR = sa.Table(
    "calendar",
    METADATA,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("known_until", sa.Date, nullable=False),
    *_text("calendar", "source"),
)

DAY_ADJUSTMENT = sa.Table(
    "day_adjustment",
    METADATA,
    sa.Column("version", sa.Integer, sa.ForeignKey("calendar.version"), primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    _one_of("kind", ("REST", "WORK")),
    *_text("day_adjustment", "name"),
)

# Numbers of law and practice; the highest version that is in force counts, and a number is never less than the law's.
RULE = sa.Table(
    "rule",
    METADATA,
    *_text("rule", "name", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Integer, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    _one_of("unit", ("WORKING_DAYS", "CALENDAR_DAYS", "MONTHS", "YEARS", "MINUTES", "TIMES")),
    *_text("rule", "source"),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("least", sa.Integer),
    sa.CheckConstraint("value >= least", name="least"),
)
