"""When a mandate is in force and how far it reaches: what everybody asks who looks whom somebody acts for.

The log asks it again when it takes an entry, by ``mandate_holds`` in the database.
"""

from datetime import datetime

import sqlalchemy as sa

from gateway.store.tables import MANDATE

# The words of the scope of mandates: see what the subject sees, see who looked, file cases, give consents.
READ, ACCESSES, FILE, CONSENT_WORD = "READ", "ACCESSES", "FILE", "CONSENT"
WHOLE = ("PERSON", "REPRESENTATIVE")  # who is the subject, or speaks for it as a whole, may do all of it


def in_force(now: "datetime | sa.ColumnElement[datetime]") -> "tuple[sa.ColumnElement[bool], ...]":
    """The conditions under which a row of MANDATE is in force at a moment."""
    until = MANDATE.c.valid_until
    return MANDATE.c.valid_from <= now, sa.or_(until.is_(None), until > now), MANDATE.c.revoked_at.is_(None)
