"""Events as they happen, read by clients that are not ours: websockets (WebSocket) and httpx (event streams).

Each is decided and written down when it is sent; a stream ends with its token, with its right, with its reader.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import orjson
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from gateway.assemble import teller_of
from gateway.events import OF_CALLER, PENDING, Stream
from gateway.pipeline import Request
from gateway.store.database import Connections
from gateway.store.lanes import Lanes
from gateway.values import Caller, EventName, Role
from gateway.web.sockets import INIT, PROTOCOL
from tests.flow.changes import PRIVATE, changed, read_by
from tests.flow.documents import LEGAL
from tests.flow.objections import filed, penalties
from tests.harness import JSON, Body, House, opened, until

pytestmark = pytest.mark.anyio

CASES = "subscription { caseChanged { id state kind } }"
ONE = "subscription($case: ID) { one: caseChanged(case: $case) { id state } }"
NOTICES = "subscription { noticeCreated { id what institution record } }"
WHO = "{ viewer { principal } }"
STEP = """INSERT INTO case_event (case_id, number, at, step, state, principal)
  SELECT id, (SELECT max(number) + 1 FROM case_event e WHERE e.case_id = c.id), %s, 'ROUTE', state, 'somebody'
  FROM "case" c WHERE id = (SELECT max(id) FROM "case")"""

Message: TypeAlias = dict[str, Any]


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home", settings=PRIVATE) as made:
        yield made


# --- clients ---


@asynccontextmanager
async def socket(house: House, persona: str | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
    """A WebSocket; of a persona also its initialisation."""
    options = {"subprotocols": [websockets.Subprotocol(PROTOCOL)], "proxy": None, **options}
    async with connect(f"ws://127.0.0.1:{house.port}/graphql", **options) as made:
        if persona is not None:
            payload = {"authorization": f"Bearer {house.token(persona)}"}
            await say(made, type="connection_init", payload=payload)
            assert await heard(made) == {"type": "connection_ack"}
        yield made


async def say(made: ClientConnection, **message: object) -> None:
    await made.send(json.dumps(message))


async def heard(made: ClientConnection) -> Message:
    found: Message = json.loads(await made.recv())
    return found


async def closed(made: ClientConnection) -> int | None:
    """With which code the other side ends it."""
    with pytest.raises(websockets.ConnectionClosed) as ended:
        while True:
            await made.recv()
    return ended.value.rcvd.code if ended.value.rcvd else None


async def subscribe(house: House, made: ClientConnection, query: str, id: str = "1", **variables: object) -> None:
    before = house.running.events.count
    await say(made, type="subscribe", id=id, payload={"query": query, "variables": variables})
    await until("the stream is open", lambda: house.running.events.count > before)


class Events:
    """An event stream, read line by line."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str, Message | None]:
        """The next event; beats are left out."""
        name, data = "", ""
        async for line in self._lines:
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data += line[5:].strip()
            elif not line and name:
                return name, json.loads(data) if data else None
        return "end", None


@asynccontextmanager
async def stream(
    house: House, persona: str, query: str, accept: str = "text/event-stream", **variables: object
) -> AsyncIterator[Events]:
    url, headers = f"http://127.0.0.1:{house.port}/graphql", {**house.headers(persona), "accept": accept}
    content = orjson.dumps({"query": query, "variables": variables})
    async with house.http.stream("POST", url, content=content, headers=headers) as response:
        yield Events(response)


async def case_of(house: House) -> str:
    """The representative files an objection; the id of the case."""
    (record, *_) = await penalties(house, "enterprise-rep", LEGAL)
    body = await filed(house, "enterprise-rep", record)
    return str(body["data"]["fileObjection"]["id"])


async def step(house: House) -> None:
    await house.sql(STEP, house.clock.now())


# --- what is told ---


async def test_a_case_that_moves_is_told_by_socket_and_written_down(house: House) -> None:
    async with socket(house, "enterprise-rep") as made:
        assert made.subprotocol == PROTOCOL
        await subscribe(house, made, CASES)
        id = await case_of(house)
        message = await heard(made)
        assert (message["id"], message["type"]) == ("1", "next")
        shown = message["payload"]["data"]["caseChanged"]
        assert shown == {"id": id, "state": "ROUTED", "kind": "OBJECTION"}
        (entry,) = await house.entries(1)
        assert entry["operation"]["roots"] == ["caseChanged"] and list(entry["rows"]) == ["case"]
        assert message["payload"]["extensions"]["receipt"]["index"] >= 0
        before = await house.entry_count()
        await step(house)
        await heard(made)
        assert await house.entry_count() == before + 1  # one each
        await say(made, type="complete", id="1")
        await until("it is closed", lambda: house.running.events.count == 0)


async def test_the_same_by_event_stream(house: House) -> None:
    id = await case_of(house)
    async with stream(house, "enterprise-rep", ONE, case=id) as events:
        assert events.response.headers["content-type"] == "text/event-stream"
        name, now = await events.next()
        assert name == "next" and now is not None and now["data"]["one"] == {"id": id, "state": "ROUTED"}
        await step(house)
        name, then = await events.next()
        assert name == "next" and then is not None and then["data"] == now["data"]
    await until("it is closed", lambda: house.running.events.count == 0)


async def test_a_notice_is_told_to_its_recipient_and_the_subject_only(house: House) -> None:
    row = await read_by(house, "bank")
    lanes = await Lanes.open(house.connections.log, fast=1, slow=1)
    async with socket(house, "bank") as bank, socket(house, "agency") as agency, socket(house, "enterprise-rep") as own:
        for one in (bank, agency, own):
            await subscribe(house, one, NOTICES)
        await changed(house, row)
        await teller_of(house.gateway, lanes).look()
        told = (await heard(bank))["payload"]["data"]["noticeCreated"]
        assert (told["what"], told["institution"]) == ("CORRECTED", "bank-demo") and told["record"]
        both = [(await heard(own))["payload"]["data"]["noticeCreated"]["institution"] for _ in "ab"]
        assert set(both) == {None, "bank-demo"}
        await say(agency, type="ping")
        assert await heard(agency) == {"type": "pong"}  # and nothing before it
    await lanes.close()


async def test_others_cases_are_not_told_and_named_ones_are_like_absent_ones(house: House) -> None:
    id = await case_of(house)
    async with socket(house, "citizen") as made:
        await subscribe(house, made, CASES, "all")
        for at, named in enumerate((id, "A" * 22, "nonsense")):
            await say(made, type="subscribe", id=str(at), payload={"query": ONE, "variables": {"case": named}})
            assert await heard(made) == {"id": str(at), "type": "complete"}
        await step(house)
        await say(made, type="ping")
        assert await heard(made) == {"type": "pong"}


async def test_the_desk_is_told_of_every_case(house: House) -> None:
    async with stream(house, "desk", CASES) as events:
        await until("the stream is open", lambda: house.running.events.count == 1)
        await case_of(house)
        _, told = await events.next()
        assert told is not None and told["data"]["caseChanged"]["kind"] == "OBJECTION"


# --- when it ends ---


async def test_who_has_lost_the_mandate_is_told_nothing_more(house: House) -> None:
    id = await case_of(house)
    async with stream(house, "enterprise-rep", ONE, case=id) as one, stream(house, "enterprise-rep", CASES) as every:
        assert (await one.next())[0] == "next"
        await until("both are open", lambda: house.running.events.count == 2)
        await house.sql(
            "UPDATE mandate SET revoked_at = now() - interval '1 year' WHERE principal = 'enterprise-rep-demo'"
        )
        await step(house)
        for events in (one, every):
            assert await events.next() == ("complete", None)
    (entry, other) = await house.entries(2)
    assert {entry["outcome"], other["outcome"]} == {"EMPTY"} and entry["rows"] == {} == other["rows"]


@pytest.mark.parametrize("happens", ["an event", "nothing"])
async def test_a_token_that_has_ended_ends_the_stream(house: House, happens: str) -> None:
    async with stream(house, "desk", CASES) as events, socket(house, "desk") as made:
        await until("it is open", lambda: house.running.events.count == 1)
        await subscribe(house, made, CASES)
        id = await case_of(house)
        assert (await events.next())[0] == "next" and (await heard(made))["type"] == "next" and id
        entries = await house.entry_count()
        house.clock.advance(timedelta(days=1))
        if happens == "an event":
            await step(house)
        assert await events.next() == ("complete", None)
        assert await closed(made) == 4403
        assert await house.entry_count() == entries


async def test_a_reader_that_goes_is_let_go_of(house: House) -> None:
    async with socket(house, "desk") as made:
        await subscribe(house, made, CASES)
    async with stream(house, "desk", CASES):
        await until("it is open", lambda: house.running.events.count >= 1)
    await until("both are closed", lambda: house.running.events.count == 0)


async def test_too_many_of_one_caller_are_refused(house: House) -> None:
    async with socket(house, "desk") as made, socket(house, "auditor") as other:
        for number in range(OF_CALLER):
            await subscribe(house, made, CASES, str(number))
        await say(made, type="subscribe", id="more", payload={"query": CASES})
        refused = await heard(made)
        assert (refused["id"], refused["type"]) == ("more", "error")
        assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await subscribe(house, other, CASES)  # somebody else may


def test_a_reader_that_is_too_slow_is_let_go_of_and_the_same_row_waits_once() -> None:
    request = Request(None, CASES, None, None, b"")
    made = Stream(request, Caller(Role.DESK), EventName.CASE_CHANGED, "caseChanged", None, set())
    for _ in range(3):
        for number in range(PENDING):
            made.offer(number, False)
    assert not made.over and len(made.pending) == PENDING
    made.offer(PENDING, False)
    assert made.over


async def test_what_may_have_been_missed_ends_the_stream(house: House, kill: Callable[[int], None]) -> None:
    async with stream(house, "desk", CASES) as events:
        await until("it is open", lambda: house.running.events.count == 1)
        for (backend,) in await house.sql(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'gateway_reader' AND datname = current_database()"
        ):
            kill(backend)
        assert await events.next() == ("complete", None)
    await house.whole()
    async with stream(house, "desk", CASES) as events:
        await until("it is open", lambda: house.running.events.count == 1)
        await case_of(house)
        assert (await events.next())[0] == "next"


# --- the protocols ---


async def test_other_operations_are_answered_by_socket_too(house: House) -> None:
    async with socket(house, "citizen") as made:
        await say(made, type="subscribe", id="q", payload={"query": WHO})
        answer = await heard(made)
        assert answer["payload"]["data"] == {"viewer": {"principal": "citizen-demo"}}
        assert await heard(made) == {"id": "q", "type": "complete"}
        for query in (
            "{ nothing }",
            "subscription { noticeMade { id } }",
            "subscription { caseChanged { id } __typename }",
        ):
            await say(made, type="subscribe", id="q", payload={"query": query})
            refused = await heard(made)
            assert refused["type"] == "error", refused
            assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await say(made, type="subscribe", id="q", payload={"query": 7})
        assert (await heard(made))["payload"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_field_that_its_directive_takes_away(house: House) -> None:
    query = "subscription($no: Boolean!) { caseChanged @skip(if: $no) { id } }"
    status, body = await house.ask("desk", query, {"no": True})
    assert (status, body["errors"][0]["extensions"]["code"]) == (200, "GRAPHQL_VALIDATION_FAILED"), body


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("nonsense", 4400),
        ("[]", 4400),
        ('"connection_init"', 4400),
        ('{"type": 7}', 4400),
        ('{"type": "start"}', 4400),
        ('{"type": "connection_init", "payload": []}', 4400),
        ('{"type": "connection_init", "payload": {"authorization": 7}}', 4400),
        ('{"type": "connection_init", "payload": {"authorization": "Bearer x"}}', 4403),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { role } }"}}', 4401),
        (b"\x00", 4400),
    ],
    ids=["no JSON", "a list", "a text", "no type", "no such type", "no payload", "no text", "no token", "too early",
         "bytes"],
)  # fmt: skip
async def test_what_is_no_message_ends_the_connection(house: House, sent: str | bytes, code: int) -> None:
    async with socket(house) as made:
        await made.send(sent)
        assert await closed(made) == code


async def test_what_comes_twice_ends_the_connection(house: House) -> None:
    async with socket(house, "desk") as made:
        await say(made, type="connection_init")
        assert await closed(made) == 4429
    async with socket(house, "desk") as made:
        await subscribe(house, made, CASES)
        await say(made, type="subscribe", id="1", payload={"query": CASES})
        assert await closed(made) == 4409


async def test_who_says_nothing_or_speaks_another_protocol_is_sent_away(house: House) -> None:
    async with socket(house) as made:
        async with asyncio.timeout(INIT + 30):
            assert await closed(made) == 4408
    for protocols in (None, [websockets.Subprotocol("graphql-ws")]):
        async with socket(house, subprotocols=protocols) as made:
            assert await closed(made) == 4406


async def test_the_header_of_the_request_proves_who_asks_too(house: House) -> None:
    headers = {"authorization": f"Bearer {house.token('desk')}"}
    async with socket(house, additional_headers=headers) as made:
        await say(made, type="connection_init")
        assert await heard(made) == {"type": "connection_ack"}
        await subscribe(house, made, CASES)
    async with socket(house, additional_headers=headers) as made:
        await say(made, type="connection_init", payload={"authorization": f"Bearer {house.token('citizen')}"})
        assert await closed(made) == 4403


async def test_what_accept_says(house: House) -> None:
    """A list in which event streams stand last; streams alone, for a query; neither."""
    every = "application/graphql-response+json, application/json, text/event-stream"
    async with stream(house, "desk", CASES, every) as events:
        assert events.response.headers["content-type"] == "text/event-stream"
    async with stream(house, "desk", WHO, every) as events:
        assert events.response.headers["content-type"].startswith("application/graphql-response+json")
    async with stream(house, "desk", WHO) as events:
        name, told = await events.next()
        assert name == "next" and told is not None and told["data"]["viewer"]["principal"] == "desk-demo"
        assert await events.next() == ("complete", None)
    async with stream(house, "desk", "{ nothing }") as events:
        assert events.response.status_code == 400
        assert events.response.headers["content-type"].startswith("application/json")
    status, body = await house.ask("desk", CASES)
    assert (status, body["errors"][0]["extensions"]["code"]) == (200, "REFUSED")
    response = await house.post(orjson.dumps({"query": WHO}), {**JSON, "accept": "text/plain"})
    assert response.status_code == 406


async def test_who_may_see_neither_has_no_subscription(house: House) -> None:
    for persona in ("public", "system-admin"):
        for query in (CASES, NOTICES):
            async with stream(house, persona, query) as events:
                assert events.response.status_code == 400
    body: Body = (await house.ask("bank", CASES))[1]
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
