"""What takes too long in the database is ended by the database: nobody is canceled, everybody times out."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.store.database import Connections
from tests.flow.documents import COMMON
from tests.flow.fault_bench import ASKED, Held, refused
from tests.harness import House, opened, stored, with_options

pytestmark = pytest.mark.anyio

SHORT = "100ms"  # instead of the seconds that the roles have


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway that does not wait long for a lock."""
    reader, log = (with_options(role, lock_timeout=SHORT) for role in (database.reader, database.log))
    async with opened(replace(database, reader=reader, log=log), tmp_path_factory.mktemp("home")) as made:
        yield made


async def test_a_read_takes_too_long(house: House) -> None:
    async with Held(house, "LOCK TABLE enterprise"):
        response = await house.raw("bank", COMMON, ASKED)
    await refused(house, response, 503, "DATABASE_UNAVAILABLE", ["REFUSED DATABASE_UNAVAILABLE"])


async def test_the_append_takes_too_long(house: House) -> None:
    before = await house.entry_count()
    async with Held(house, "SELECT 1 FROM log_shard FOR UPDATE"):
        response = await house.raw("bank", COMMON, ASKED)
    await refused(house, response, 503, "LOG_UNAVAILABLE", [])
    assert await house.entry_count() == before
    await stored(house.connections)
    await house.data("bank", COMMON, ASKED)  # and it goes on
