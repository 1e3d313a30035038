"""When the registry names another representative, who acted as the former one does not act for the body any more."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from gateway.catalogue.codes import CITIZEN_ID, normalize
from gateway.catalogue.kinds import BY_NAME
from gateway.store.core import Connection, execute
from gateway.store.tables import MANDATE, table
from gateway.vault.rows import Value
from gateway.vault.vault import Vault

_PERSON = table(BY_NAME["person"])


def end_former(connection: Connection, vault: Vault, subject: int, item: Mapping[str, Value], now: datetime) -> int:
    """End the mandates of those whom a new row of a body does not name any more, by name and ID number; how many.

    Looked for first: a change of rights, even of none, is waited for by all who change some.
    """
    number = normalize(CITIZEN_ID, str(item.get("legalRepresentative.idNumber") or ""))
    name = str(item.get("legalRepresentative.name") or "")
    fits = (
        _PERSON.c.subject_id == MANDATE.c.person_id,
        _PERSON.c.id_number_index == vault.blind_index("person", "id_number", number),
        _PERSON.c.name_index == vault.blind_index("person", "name", name),
    )
    former = (
        MANDATE.c.subject_id == subject,
        MANDATE.c.person_id.is_not(None),
        MANDATE.c.revoked_at.is_(None),
        sa.not_(sa.exists(sa.select(_PERSON.c.subject_id).where(*fits))),
    )
    found = [id for (id,) in execute(connection, sa.select(MANDATE.c.id).where(*former))]
    if found:
        ended = sa.update(MANDATE).where(MANDATE.c.subject_id == subject, MANDATE.c.id.in_(found))
        values = {"revoked_at": now, "ended_for": "REGISTRY", "version": MANDATE.c.version + 1}
        execute(connection, ended.values(values))
    return len(found)
