"""What the tests of notices and of subscriptions share."""

import base64

from gateway.ledger.telling import Teller
from gateway.notices.changes import LATE
from tests.flow.documents import COMMON, LEGAL
from tests.harness import Body, House

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PRIVATE = {"GATEWAY_PRIVATE_WEBHOOKS": "yes"}
NOTICES = """{ notices(first: 50) { nodes {
  id state what record recordKind changed institution institutionName createdAt dueOn deliveredAt acknowledgedAt
  escalatedAt } } }"""
ADMINISTRATIVE = """{ notices(first: 50) { nodes { id state what institution escalatedAt } } }"""
ACKNOWLEDGE = """mutation($notice: ID!) {
  acknowledgeNotice(notice: $notice) { id state deadline { on } rule receipt { index } } }"""
WATCH = "mutation($url: String!, $secret: String!) { watchNotices(url: $url, secret: $secret) { state } }"
UNWATCH = "mutation { unwatchNotices { state } }"
CHANGE = """INSERT INTO record_change (id, subject_id, subject_class, record_kind, record_id, version, what, fields, at)
  SELECT nextval('record_ids'), subject_id, subject_class, %s, id, version, %s, %s, %s FROM penalty WHERE id = %s
  RETURNING id"""


async def read_by(house: House, *personas: str) -> int:
    """Each reads the penalties of the demo enterprise; the row of the first of them."""
    for persona in personas:
        await house.data(persona, COMMON, LEGAL)
    ((row,),) = await house.sql(
        """SELECT p.id FROM penalty p JOIN identifier i ON i.subject_id = p.subject_id
           WHERE i.value_index = %s AND p.status = 'ACTIVE' AND NOT p.minor AND p.disclosure = 'PUBLIC'
             AND (p.published_until IS NULL OR p.published_until >= '2026-11-23')
           ORDER BY p.id LIMIT 1""",
        LEGAL["uscc"],
    )
    return int(row)


async def changed(house: House, row: int, what: str = "CORRECTED", fields: list[str] | None = None) -> int:
    """A penalty changes: what a decision writes in its transaction, and the version after it."""
    ((id,),) = await house.sql(CHANGE, "penalty", what, fields, house.clock.now(), row)
    await house.sql("UPDATE penalty SET version = version + 1 WHERE id = %s", row)
    return int(id)


async def told(house: House, teller: Teller) -> None:
    """Both look-backs, and all that is due."""
    await teller.look()
    while await teller.send():
        pass
    house.clock.advance(LATE)
    await teller.look()
    while await teller.send():
        pass


async def notices(house: House, persona: str, query: str = NOTICES) -> list[Body]:
    """The notices that a persona reads."""
    found: list[Body] = (await house.data(persona, query))["notices"]["nodes"]
    return found
