"""What the tests of faults share: a refusal that tells nothing, and somebody else who holds a lock."""

import httpx
import psycopg

from gateway.intake.sample_demo import DEMO
from tests.flow.documents import INDIVIDUAL
from tests.harness import Body, House, consented, sql, until

ASKED = {**INDIVIDUAL, "access": consented(DEMO.consent_individual)}
SECRETS = (DEMO.citizen_name, DEMO.individual_name, "21号", "演示", DEMO.citizen_id_number)
BLOCKED = """
    SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND usename = %s AND datname = current_database()
"""


def nothing_in(response: httpx.Response) -> None:
    """Neither a value of the data nor a word of the database stands in a refusal."""
    told = response.text
    assert not [secret for secret in SECRETS if secret in told]
    assert '"data":{' not in told
    for never in ("psycopg", "SQLSTATE", "terminat", "canceling", "relation"):
        assert never not in told


async def refused(house: House, response: httpx.Response, status: int, code: str, entries: list[str]) -> None:
    """A refusal with this status and code, nothing of the data, and these outcomes newly in the log."""
    nothing_in(response)
    body: Body = response.json()
    assert (response.status_code, body["errors"][0]["extensions"]["code"]) == (status, code)
    await house.accepting()
    found = await house.entries(len(entries)) if entries else []
    assert [f"{entry['outcome']} {entry['code']}" for entry in found] == entries
    for entry in found:
        assert (entry["subjects"], entry["rows"], entry["mac"]) == ([], {}, "")


async def until_blocked(house: House, user: str) -> int:
    """Wait until a connection of a role waits for a lock; its process."""
    found: list[tuple[int]] = []

    async def blocked() -> bool:
        found[:] = await sql(house.connections.owner, BLOCKED, user)
        return bool(found)

    await until(f"{user} waits for a lock", blocked)
    return found[0][0]


class Held:
    """A transaction of somebody else that holds a lock."""

    def __init__(self, house: House, statement: str) -> None:
        self._conninfo = house.connections.owner
        self._statement = statement.encode()

    async def __aenter__(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        self._connection = await psycopg.AsyncConnection.connect(self._conninfo)
        await self._connection.execute(self._statement)
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._connection.rollback()
        await self._connection.close()
