"""Sessions: a transaction commits whole or not at all, and its errors are ours."""

from collections.abc import AsyncIterator, Callable

import pytest
import sqlalchemy as sa

from gateway.errors import BadInput, DatabaseUnavailable, InternalError, Overloaded
from gateway.store.database import Connections, StatementFailed
from gateway.store.sessions import Sessions
from gateway.store.tables import CONSUMER
from tests.harness import PATIENCE

pytestmark = pytest.mark.anyio

IDS = sa.select(CONSUMER.c.id).order_by(CONSUMER.c.id)
ADD = sa.insert(CONSUMER).values({name: sa.bindparam(name) for name in ("id", "name", "licensed")})


def consumer(name: str) -> dict[str, object]:
    return {"id": name, "name": "A bank", "licensed": True}


@pytest.fixture
async def sessions(new_database: Callable[[], Connections]) -> AsyncIterator[Sessions]:
    """One connection at most, on a database of its own."""
    opened = await Sessions.open(new_database().writer, size=1, patience=PATIENCE)
    yield opened
    await opened.close()


async def test_commits_at_the_end(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        assert await session.execute(ADD.returning(CONSUMER.c.id), consumer("a")) == [("a",)]
        await session.execute(ADD, consumer("b"))
    async with sessions.begin() as session:
        assert await session.execute(IDS) == [("a",), ("b",)]
        assert await session.execute(IDS.where(CONSUMER.c.id.in_(["b", "c"]))) == [("b",)]


async def test_rolls_back_on_an_error(sessions: Sessions) -> None:
    with pytest.raises(ZeroDivisionError):
        async with sessions.begin() as session:
            await session.execute(ADD, consumer("a"))
            _ = 1 / 0
    with pytest.raises(InternalError) as refused:
        async with sessions.begin() as session:
            await session.execute(ADD, consumer("a"))
            await session.execute(ADD, consumer("a"))
    assert isinstance(refused.value.__cause__, StatementFailed)
    assert refused.value.__cause__.state == "23505"
    assert refused.value.__suppress_context__
    async with sessions.begin() as session:
        assert await session.execute(IDS) == []


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
async def test_unspeakable_text_is_a_fault_of_the_input(sessions: Sessions, text: str) -> None:
    with pytest.raises(BadInput):
        async with sessions.begin() as session:
            await session.execute(ADD, consumer(text))


async def test_nobody_waits_for_ever(sessions: Sessions) -> None:
    async with sessions.begin():
        sessions._pool.timeout = 0.05
        with pytest.raises(Overloaded):
            async with sessions.begin():
                pytest.fail("there was only one connection")


async def test_no_server_is_an_error() -> None:
    with pytest.raises(DatabaseUnavailable):
        await Sessions.open("host=/nonexistent user=nobody dbname=nothing", patience=0.2)
