"""A mutation that is sent again under its key is done once, and answers the same; another one is refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from gateway.store.database import Connections
from tests.harness import Body, House, opened

pytestmark = pytest.mark.anyio

COMPLAIN = """mutation($facts: String!) {
  fileComplaint(against: {department: "TAX"}, facts: $facts) { id state deadline { on } receipt { index } } }"""


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path) as made:
        yield made


async def send(house: House, key: str | None, facts: str = "what happened", persona: str = "bank", **more: Any) -> Any:
    content = orjson.dumps({"query": COMPLAIN, "variables": {"facts": facts}, **more})
    headers = house.headers(persona) | ({} if key is None else {"idempotency-key": key})
    response: httpx.Response = await house.post(content, headers)
    return response


async def cases(house: House) -> int:
    ((count,),) = await house.sql("SELECT count(*) FROM \"case\" WHERE batch = 'case'")
    return int(count)


def code(response: httpx.Response) -> str:
    body: Body = response.json()
    return str(body["errors"][0]["extensions"]["code"])


async def test_the_same_again_is_answered_the_same_and_done_once(house: House) -> None:
    before = await cases(house)
    first = await send(house, '"k-1"')
    entries = await house.entry_count()
    again = [await send(house, key) for key in ('"k-1"', "k-1", "k-1")]
    assert {one.content for one in again} == {first.content} and first.status_code == 200
    assert first.json()["data"]["fileComplaint"]["id"]
    assert await cases(house) == before + 1
    told = await house.entries(3)
    assert await house.entry_count() == entries + 3  # that it was told again is written down
    assert {(one["outcome"], tuple(one["operation"]["roots"])) for one in told} == {("DISCLOSED", ("fileComplaint",))}


async def test_without_a_key_it_is_done_each_time(house: House) -> None:
    before = await cases(house)
    assert (await send(house, None)).content != (await send(house, None)).content
    assert await cases(house) == before + 2
    assert await house.sql("SELECT count(*) FROM idempotency") == [(0,)]


async def test_another_request_under_the_key_is_refused(house: House) -> None:
    before = await cases(house)
    await send(house, "k-2")
    other = await send(house, "k-2", "something else")
    assert (other.status_code, code(other)) == (409, "IDEMPOTENCY_CONFLICT") and other.json().get("data") is None
    assert "extensions" in other.json() and (await house.entries(1))[0]["code"] == "IDEMPOTENCY_CONFLICT"
    named = await send(house, "k-2", operationName=None)
    assert named.status_code == 200  # what is null was not given
    assert await cases(house) == before + 1


async def test_a_key_is_the_callers_own(house: House) -> None:
    before = await cases(house)
    assert (await send(house, "k-3")).content != (await send(house, "k-3", persona="agency")).content
    assert await cases(house) == before + 2


async def test_what_was_refused_took_no_key(house: House) -> None:
    refused = await send(house, "k-4", "")
    assert code(refused) == "BAD_USER_INPUT"
    assert (await send(house, "k-4")).json()["data"]["fileComplaint"]["id"]


async def test_many_at_once_are_one(house: House) -> None:
    before = await cases(house)
    found = await asyncio.gather(*(send(house, "k-5") for _ in range(8)))
    assert {one.status_code for one in found} == {200} and len({one.content for one in found}) == 1
    assert await cases(house) == before + 1


async def test_a_mutation_that_was_not_committed_took_no_key(house: House) -> None:
    """The log takes nothing: neither case nor key is left, and the same may be sent again."""
    before = await cases(house)
    await house.sql("ALTER TABLE log_entry RENAME TO log_entry_away")
    lost = await send(house, "k-6")
    assert lost.status_code == 503
    await house.sql("ALTER TABLE log_entry_away RENAME TO log_entry")
    await house.accepting()
    assert await cases(house) == before and await house.sql("SELECT count(*) FROM idempotency") == [(0,)]
    assert (await send(house, "k-6")).status_code == 200 and await cases(house) == before + 1


@pytest.mark.parametrize("key", ["", '""', '"a', 'a"', "a b", "a,b", "x" * 256, "é", '"a"b"'])
async def test_a_key_has_one_form(house: House, key: str) -> None:
    content = orjson.dumps({"query": COMPLAIN, "variables": {"facts": "f"}})
    headers = [(name.encode(), value.encode()) for name, value in house.headers("bank").items()]
    async with httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{house.port}/graphql"
        response = await client.post(
            url, content=content, headers=[*headers, (b"idempotency-key", key.encode("latin-1"))]
        )
    assert response.status_code in (200, 400) and code(response) == "BAD_REQUEST"
    assert response.json()["errors"][0]["path"] == ["Idempotency-Key"]


async def test_a_query_has_no_use_for_a_key(house: House) -> None:
    content = orjson.dumps({"query": "{ viewer { role } }"})
    first = await house.post(content, house.headers("bank") | {"idempotency-key": "k-7"})
    assert first.json()["data"] == {"viewer": {"role": "FINANCIAL"}}
    assert await house.sql("SELECT count(*) FROM idempotency") == [(0,)]


async def test_the_answer_is_kept_sealed(house: House) -> None:
    first = await send(house, "k-8")
    ((stored, key),) = await house.sql("SELECT reply, fingerprint FROM idempotency")
    assert first.json()["data"]["fileComplaint"]["id"].encode() not in bytes(stored) and len(bytes(key)) == 32
