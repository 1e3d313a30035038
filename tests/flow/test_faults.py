"""The fault table of a query: whatever breaks, wherever, nobody receives what the log does not hold."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest

from gateway.audit import turn
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from tests.flow.documents import CITIZEN, COMMON, INDIVIDUAL, PERSON
from tests.flow.fault_bench import ASKED, Held, nothing_in, refused, until_blocked
from tests.harness import House, Variables, opened, sql, stored, unlimited, until

pytestmark = pytest.mark.anyio

READERS = "SELECT pid FROM pg_stat_activity WHERE usename = 'gateway_reader' AND datname = current_database()"
LISTENING = 1  # of them is no lane: it hears of events


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module. Who is kept waiting for a lock waits until the test lets go."""
    async with opened(unlimited(database), tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(autouse=True)
async def whole(house: House) -> AsyncIterator[None]:
    """Before and after each test the gateway answers and the log's trees are those of its entries."""
    await well(house)
    yield
    house.lanes.after = None
    await well(house)
    await stored(house.connections)


@pytest.fixture
def superuser(server: EmbeddedServer, house: House) -> Callable[[str], Awaitable[None]]:
    """Runs a statement as the operator of the server."""
    name = psycopg.conninfo.conninfo_to_dict(house.connections.owner)["dbname"]
    place = server.conninfo(SUPERUSER, "postgres")

    async def run(statement: str) -> None:
        await sql(place, statement.replace("THIS", str(name)))

    return run


async def well(house: House) -> None:
    """Everything is open again and a question is answered."""
    await house.whole()
    data = await house.data("bank", COMMON, ASKED)
    assert data["enterprise"]["name"] == DEMO.individual_name


async def test_the_database_is_gone_before_the_read(
    house: House, superuser: Callable[[str], Awaitable[None]], kill: Callable[[int], None]
) -> None:
    readers = [int(row[0]) for row in await house.sql(READERS)]
    await superuser("REVOKE CONNECT ON DATABASE THIS FROM gateway_reader")
    try:
        for reader in readers:
            kill(reader)
        await until("every lane is lost", lambda: house.lanes.missing == len(readers) - LISTENING)
        response = await house.raw("bank", COMMON, ASKED)
        await refused(house, response, 503, "DATABASE_UNAVAILABLE", ["REFUSED DATABASE_UNAVAILABLE"])
        ready = await house.http.get(f"http://127.0.0.1:{house.port}/readyz")
        live = await house.http.get(f"http://127.0.0.1:{house.port}/livez")
        assert (ready.status_code, ready.json()["database"], live.status_code) == (503, "DATABASE_UNAVAILABLE", 200)
    finally:
        await superuser("GRANT CONNECT ON DATABASE THIS TO gateway_reader")


async def test_the_database_goes_during_the_read(house: House, kill: Callable[[int], None]) -> None:
    async with Held(house, "LOCK TABLE enterprise"):
        asking = asyncio.create_task(house.raw("bank", COMMON, ASKED))
        kill(await until_blocked(house, "gateway_reader"))
        kill(await until_blocked(house, "gateway_reader"))  # a read is repeated once
        response = await asking
    await refused(house, response, 503, "DATABASE_UNAVAILABLE", ["REFUSED DATABASE_UNAVAILABLE"])


async def test_one_reader_dies_and_nobody_notices(house: House, kill: Callable[[int], None]) -> None:
    async with Held(house, "LOCK TABLE enterprise") as holder:
        asking = asyncio.create_task(house.raw("bank", COMMON, ASKED))
        kill(await until_blocked(house, "gateway_reader"))
        await until_blocked(house, "gateway_reader")
        await holder.rollback()
        response = await asking
    assert response.json()["data"]["enterprise"]["legalRepresentative"]["name"] == DEMO.citizen_name


async def test_the_log_goes_before_the_append(house: House, kill: Callable[[int], None]) -> None:
    shard = house.gateway.log.shard
    assert shard is not None

    async def end() -> None:
        kill(shard.backend)

    house.lanes.after = end
    before = await house.entry_count()
    await refused(house, await house.raw("bank", COMMON, ASKED), 503, "LOG_UNAVAILABLE", [])
    assert await house.entry_count() == before


async def test_the_log_goes_during_the_append(house: House, kill: Callable[[int], None]) -> None:
    before = await house.entry_count()
    async with Held(house, "SELECT 1 FROM log_shard FOR UPDATE"):
        asking = asyncio.create_task(house.raw("bank", COMMON, ASKED))
        kill(await until_blocked(house, "gateway_log"))
        response = await asking
    await refused(house, response, 503, "LOG_UNAVAILABLE", [])
    assert await house.entry_count() == before


async def test_the_log_is_refused(house: House) -> None:
    ((signature,),) = await house.sql("SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'log_append'")
    before = await house.entry_count()
    await house.sql(f"REVOKE EXECUTE ON FUNCTION {signature} FROM gateway_log")
    try:
        for persona, query, variables in (
            ("bank", COMMON, ASKED),
            ("bank", "{ viewer { role } }", None),
            ("bank", "{ nothing }", None),
            ("bank", COMMON, {"uscc": "wrong"}),
        ):
            response = await house.raw(persona, query, variables)
            nothing_in(response)
            assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
                503,
                "LOG_UNAVAILABLE",
            )
            assert "receipt" not in response.text
    finally:
        await house.sql(f"GRANT EXECUTE ON FUNCTION {signature} TO gateway_log")
    assert await house.entry_count() == before


async def test_the_shard_is_claimed_by_another(house: House) -> None:
    shard = house.gateway.log.shard
    assert shard is not None

    async def claim() -> None:
        await sql(house.connections.log, "SELECT claim_shard(%s)", shard.number)

    house.lanes.after = claim
    before = await house.entry_count()
    await refused(house, await house.raw("bank", COMMON, ASKED), 503, "LOG_UNAVAILABLE", [])
    assert await house.entry_count() == before


LOSSES = (
    ("bank", COMMON, ASKED, "consent", "withdrawn_at", f"number = '{DEMO.consent_individual}'"),
    ("citizen", PERSON, CITIZEN, "mandate", "revoked_at", f"principal = '{DEMO.citizen}'"),
    ("citizen", COMMON, INDIVIDUAL, "mandate", "revoked_at", f"principal = '{DEMO.citizen}'"),
)


@pytest.mark.parametrize(("persona", "query", "variables", "table", "column", "where"), LOSSES)
async def test_the_basis_is_lost_between_read_and_append(
    house: House, persona: str, query: str, variables: dict[str, object], table: str, column: str, where: str
) -> None:
    async def withdraw() -> None:
        await house.sql(f"UPDATE {table} SET {column} = '2026-11-23T00:00Z' WHERE {where}")

    house.lanes.after = withdraw
    try:
        response = await house.raw(persona, query, variables)
    finally:
        await house.sql(f"UPDATE {table} SET {column} = NULL WHERE {where}")
    house.lanes.after = None
    assert response.json()["data"] is None
    assert "receipt" in response.json()["extensions"]
    await refused(house, response, 200, "BASIS_LOST", ["REFUSED BASIS_LOST"])


@pytest.mark.parametrize("withdrawn", [True, False])
async def test_the_basis_is_just_being_withdrawn(
    house: House, monkeypatch: pytest.MonkeyPatch, withdrawn: bool
) -> None:
    """The append waits for whoever is changing the consent, and then believes what it finds."""
    monkeypatch.setattr(turn, "MOST_TRIES", 10**9)  # it is never given up, however long the test takes
    where = f"number = '{DEMO.consent_individual}'"
    async with await psycopg.AsyncConnection.connect(house.connections.owner) as other:

        async def begin() -> None:
            await other.execute(f"UPDATE consent SET withdrawn_at = '2026-11-23T00:00Z' WHERE {where}".encode())

        house.lanes.after = begin
        asking = asyncio.create_task(house.raw("bank", COMMON, ASKED))
        await until("the entry is set aside", lambda: house.gateway.log.health.waiting > 0)
        assert not asking.done()
        await (other.commit() if withdrawn else other.rollback())
        response = await asking
    await house.sql(f"UPDATE consent SET withdrawn_at = NULL WHERE {where}")
    if withdrawn:
        await refused(house, response, 200, "BASIS_LOST", ["REFUSED BASIS_LOST"])
    else:
        assert response.json()["data"]["enterprise"]["legalRepresentative"]["name"] == DEMO.citizen_name


async def test_a_basis_that_nobody_used_may_go(house: House) -> None:
    """What was asked for but not needed is not checked: the legal enterprise's public fields rest on nothing."""
    query = "query($uscc: String!, $access: Access) { enterprise(by: {uscc: $uscc}, access: $access) { name } }"

    async def withdraw() -> None:
        await house.sql(
            "UPDATE consent SET withdrawn_at = '2026-11-23T00:00Z' WHERE number = %s", DEMO.consent_individual
        )

    house.lanes.after = withdraw
    try:
        assert await house.data("bank", query, ASKED) == {"enterprise": {"name": DEMO.individual_name}}
    finally:
        await house.sql("UPDATE consent SET withdrawn_at = NULL WHERE number = %s", DEMO.consent_individual)


async def test_a_value_does_not_open(house: House) -> None:
    """Tampered, or moved from another row: a fault of ours, and nothing of the rest is sent either."""
    ((sealed,),) = await house.sql(
        "SELECT legal_representative_name_sealed FROM enterprise WHERE uscc = %s", DEMO.individual_uscc
    )
    change = "UPDATE enterprise SET legal_representative_name_sealed = %s WHERE uscc = %s"
    ((moved,),) = await house.sql(
        "SELECT legal_representative_name_sealed FROM enterprise WHERE uscc = %s", DEMO.enterprise_uscc
    )
    for broken in (sealed[:-1] + bytes([sealed[-1] ^ 1]), moved, sealed[:10], b"\x00"):
        await house.sql(change, broken, DEMO.individual_uscc)
        try:
            response = await house.raw("bank", COMMON, ASKED)
        finally:
            await house.sql(change, sealed, DEMO.individual_uscc)
        await refused(house, response, 500, "INTERNAL", ["REFUSED INTERNAL"])


async def test_a_client_that_does_not_wait(house: House) -> None:
    """Who hangs up while the entry is being written has still been told of: the entry is there."""
    before = await house.entry_count()
    async with Held(house, "SELECT 1 FROM log_shard FOR UPDATE") as holder:
        asking = asyncio.create_task(house.raw("bank", COMMON, ASKED))
        await until_blocked(house, "gateway_log")
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await holder.rollback()

    async def written() -> bool:
        return await house.entry_count() > before

    await until("the entry is there", written)
    (entry,) = await house.entries(1)
    assert entry["outcome"] == "DISCLOSED"


async def test_everybody_at_once(house: House) -> None:
    """Answers are not mixed up, and each has its own entry."""
    before = await house.entry_count()
    asked: list[tuple[str, Variables]] = [
        ("bank", ASKED),
        ("bank", INDIVIDUAL),
        ("citizen", INDIVIDUAL),
        ("public", INDIVIDUAL),
    ]
    asked *= 25
    answers = await asyncio.gather(*[house.ask(persona, COMMON, variables) for persona, variables in asked])
    names = [body["data"]["enterprise"]["legalRepresentative"]["name"] for _, body in answers]
    assert names == [DEMO.citizen_name, None, DEMO.citizen_name, "甲**"] * 25
    indexes = {body["extensions"]["receipt"]["index"] for _, body in answers}
    assert (len(indexes), await house.entry_count()) == (100, before + 100)
