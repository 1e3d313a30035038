"""A subject is told of every access by somebody else as it comes up, if it wishes: once, signed, written down."""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from standardwebhooks import Webhook

from gateway.assemble import WEBHOOK, watcher_of
from gateway.cli.main import log_to_stderr
from gateway.errors import LogUnavailable
from gateway.intake.sample_demo import DEMO
from gateway.ledger import delays
from gateway.ledger.watching import HELD, Watcher
from gateway.notices.outbox import LEASE, PAUSES
from gateway.notices.target import RULE, TargetRefused, fault, resolve
from gateway.notices.webhook import Poster, secret_fault
from gateway.store.database import Connections
from gateway.store.lanes import Lanes
from tests.flow.receivers import Posted, Receiver
from tests.flow.test_accesses import CITIZEN, PERSON
from tests.flow.test_delays import DELAY
from tests.flow.test_delays import GIVEN as DUTY
from tests.flow.test_delays import QUERY as ON_DUTY
from tests.harness import Body, House, consented, opened

pytestmark = pytest.mark.anyio

WATCH = """mutation($url: String!, $secret: String!, $subject: ID) {
  watchAccesses(url: $url, secret: $secret, subject: $subject) { state receipt { index } } }"""
UNWATCH = "mutation($subject: ID) { unwatchAccesses(subject: $subject) { state receipt { index } } }"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PRIVATE = {"GATEWAY_PRIVATE_WEBHOOKS": "yes"}


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home", settings=PRIVATE) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    serving = asyncio.create_task(made.serve())
    yield made
    made.server.should_exit = True
    await serving


@pytest.fixture
async def watcher(house: House) -> AsyncIterator[Watcher]:
    lanes = await Lanes.open(house.connections.log, fast=1, slow=1)
    yield watcher_of(house.gateway, lanes)
    await lanes.close()


async def wish(house: House, receiver: Receiver, persona: str = "citizen", **changes: Any) -> Body:
    given = {"url": receiver.url, "secret": SECRET, **changes}
    found: Body = (await house.data(persona, WATCH, given))["watchAccesses"]
    return found


async def looked_at(house: House) -> str:
    """The bank asks for the citizen; the place of the entry."""
    _, body = await house.ask("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    return str(body["extensions"]["receipt"]["index"])


async def told(watcher: Watcher) -> None:
    """All that has come up and is due."""
    await watcher.look()
    while await watcher.send():
        pass


async def states(house: House) -> list[tuple[str, int, str | None]]:
    rows = await house.sql("SELECT state, attempts, failure FROM watch_notice ORDER BY shard, number")
    return [(str(state), int(attempts), failure) for state, attempts, failure in rows]


def data_of(one: Posted) -> Body:
    found: Body = orjson.loads(one.body)["data"]
    return found


async def test_an_access_is_told_once_and_signed_and_written_down(
    house: House, receiver: Receiver, watcher: Watcher
) -> None:
    before = await looked_at(house)
    house.clock.advance(timedelta(seconds=1))
    receipt = await wish(house, receiver)
    assert receipt["state"] == "ACTIVE"
    index = await looked_at(house)
    vain = await house.ask("agency", PERSON, CITIZEN)  # without a basis: refused attempts are told too
    await told(watcher)
    await told(watcher)
    assert {data_of(one)["index"] for one in receiver.posted} == {index, str(vain[1]["extensions"]["receipt"]["index"])}
    assert before not in {data_of(one)["index"] for one in receiver.posted}
    (one,) = [one for one in receiver.posted if data_of(one)["index"] == index]
    assert data_of(one)["institution"] == "bank-demo" and data_of(one)["clear"] == ["person.name"]
    assert data_of(one)["officer"] and data_of(one)["purposes"] == ["LOAN_APPROVAL"]
    assert orjson.loads(one.body)["type"] == "access.created"
    headers, at = one.headers, datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(SECRET).sign(headers["webhook-id"], at, one.body.decode())
    assert headers["host"] == f"127.0.0.1:{receiver.port}" and headers["content-type"] == "application/json"
    assert DEMO.citizen_name.encode() not in one.body and DEMO.citizen_id_number.encode() not in one.body
    assert await states(house) == [("TOLD", 1, None)] * 2
    entries = [entry for entry in await house.entries(4) if entry["who"]["token"] == WEBHOOK]
    assert {entry["outcome"] for entry in entries} == {"DISCLOSED"} and len(entries) == 2
    assert {entry["who"]["principal"] for entry in entries} == {"citizen-demo"}


async def test_the_log_of_the_process_holds_nothing_of_an_address(
    house: House, receiver: Receiver, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Addresses are sealed: neither one that takes what is sent nor one that cannot be reached is written in clear."""
    quiet = ("alembic", "httpx", "httpcore")
    before = {name: logging.getLogger(name).level for name in quiet}
    log_to_stderr()
    try:
        with caplog.at_level(logging.DEBUG):
            await wish(house, receiver)
            await looked_at(house)
            await told(watcher)
            assert len(receiver.posted) == 1
            await wish(house, receiver, url=receiver.url.replace(str(receiver.port), "1"))
            house.clock.advance(timedelta(seconds=1))
            await looked_at(house)
            await told(watcher)
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
    assert [state for state, *_ in await states(house)] == ["TOLD", "WAITING"]
    records = [one for one in caplog.records if not one.name.startswith("uvicorn")]  # that is the receiver's own
    said = "\n".join(f"{one.getMessage()} {one.args!r} {one.exc_text or ''}" for one in records)
    path = receiver.url.partition(str(receiver.port))[2]
    assert len(path) > 3
    for part in (receiver.url, f":{receiver.port}", path, ":1/", SECRET):
        assert part not in said
    assert not [one for one in records if one.name.startswith(("httpx", "httpcore"))]


async def test_what_the_subject_does_is_not_told(house: House, receiver: Receiver, watcher: Watcher) -> None:
    """Nor the telling itself: it would never end."""
    await wish(house, receiver)
    await house.data("citizen", PERSON, CITIZEN)
    for _ in range(3):
        await told(watcher)
    assert receiver.posted == [] and await states(house) == []


async def test_somebody_else_in_the_role_of_a_subject_is_told_of(
    house: House, receiver: Receiver, watcher: Watcher
) -> None:
    await wish(house, receiver)
    await house.data("enterprise-rep", PERSON, CITIZEN)
    await told(watcher)
    assert [(data_of(one)["role"], data_of(one)["officer"]) for one in receiver.posted] == [
        ("subject", "enterprise-rep-demo")
    ]


@pytest.mark.parametrize(
    ("fault", "mended"),
    [
        ("ALTER TABLE mandate RENAME TO mandate_away", "ALTER TABLE mandate_away RENAME TO mandate"),
        ("UPDATE subject_key SET subject_id = -subject_id", "UPDATE subject_key SET subject_id = -subject_id"),
    ],
    ids=["nobody can be asked", "keys are not there yet"],
)
async def test_what_may_pass_ends_no_wish(
    house: House, receiver: Receiver, watcher: Watcher, fault: str, mended: str
) -> None:
    await wish(house, receiver)
    await looked_at(house)
    await watcher.look()
    await house.sql(fault)
    await watcher.send()
    assert receiver.posted == [] and [state for state, *_ in await states(house)] == ["WAITING"]
    await house.sql(mended)
    house.clock.advance(LEASE)
    await told(watcher)
    assert len(receiver.posted) == 1 and await house.sql("SELECT ended_at FROM watch") == [(None,)]


async def test_another_wish_takes_the_place_of_the_first(house: House, receiver: Receiver, watcher: Watcher) -> None:
    await wish(house, receiver, url=f"http://127.0.0.1:{receiver.port}/nowhere")
    await looked_at(house)
    await watcher.look()
    await wish(house, receiver)
    await looked_at(house)
    await told(watcher)
    assert len(receiver.posted) == 2  # what waited is told at the new address
    assert [state for state, *_ in await states(house)] == ["TOLD", "TOLD"]
    assert (await house.data("citizen", UNWATCH))["unwatchAccesses"]["state"] == "ENDED"
    await looked_at(house)
    await told(watcher)
    assert len(receiver.posted) == 2
    assert (await house.data("citizen", UNWATCH))["unwatchAccesses"]["state"] == "ENDED"  # as often as one likes


async def test_of_many_wishes_at_once_one_is_left(house: House, receiver: Receiver) -> None:
    found = await asyncio.gather(*(wish(house, receiver) for _ in range(6)))
    assert {one["state"] for one in found} == {"ACTIVE"}
    assert await house.sql("SELECT count(*), count(*) FILTER (WHERE ended_at IS NULL) FROM watch") == [(1, 1)]


async def test_what_does_not_arrive_is_sent_again_and_is_dead_in_the_end(
    house: House, receiver: Receiver, watcher: Watcher
) -> None:
    receiver.statuses = [500, 302, 404] + [503] * 20
    await wish(house, receiver)
    await looked_at(house)
    await told(watcher)
    for number, pause in enumerate(PAUSES, start=1):
        assert (await states(house))[0][:2] == ("WAITING", number)
        house.clock.advance(pause - timedelta(milliseconds=1))
        await told(watcher)
        assert len(receiver.posted) == number
        house.clock.advance(timedelta(milliseconds=1))
        await told(watcher)
    assert await states(house) == [("DEAD", len(PAUSES) + 1, "STATUS 503")]
    assert len({one.headers["webhook-id"] for one in receiver.posted}) == 1
    house.clock.advance(timedelta(days=30))
    await told(watcher)
    assert len(receiver.posted) == len(PAUSES) + 1  # the redirect was not followed


async def test_a_receiver_that_is_gone_ends_the_wish(house: House, receiver: Receiver, watcher: Watcher) -> None:
    receiver.statuses = [410]
    await wish(house, receiver)
    await looked_at(house)
    await told(watcher)
    await looked_at(house)
    await told(watcher)
    assert len(receiver.posted) == 1
    assert await house.sql("SELECT ended_for FROM watch") == [("GONE",)]


async def test_who_has_lost_the_tie_is_told_nothing(house: House, receiver: Receiver, watcher: Watcher) -> None:
    await wish(house, receiver)
    await looked_at(house)
    await watcher.look()
    await house.sql("UPDATE mandate SET revoked_at = now() WHERE principal = 'citizen-demo'")
    await told(watcher)
    assert receiver.posted == [] and await house.sql("SELECT ended_for FROM watch") == [("NO_TIE",)]


async def test_what_is_held_back_is_told_when_it_is_shown(house: House, receiver: Receiver, watcher: Watcher) -> None:
    with psycopg.connect(house.connections.owner) as connection:
        delays.mark(connection, "TAX", "city government 2026-3", house.clock.now() - timedelta(days=400))
    await delays.begin(house.connections.owner, house.gateway.log, DELAY, house.clock.now())
    await wish(house, receiver)
    house.clock.advance(timedelta(minutes=1))
    await house.data("tax-officer", ON_DUTY, DUTY)
    await told(watcher)
    house.clock.advance(HELD)
    await told(watcher)
    assert receiver.posted == [] and await states(house) == [("WAITING", 0, None)]
    house.clock.advance(timedelta(days=90))
    await told(watcher)
    assert [data_of(one)["unit"] for one in receiver.posted] == ["TAX"]


async def test_nothing_is_sent_without_an_entry(house: House, receiver: Receiver, watcher: Watcher) -> None:
    """The log takes nothing: the notice waits. A process that dies with a notice in its hands loses nothing."""
    await wish(house, receiver)
    await looked_at(house)
    await watcher.look()
    await house.sql("ALTER TABLE log_entry RENAME TO log_entry_away")
    await watcher.send()
    assert receiver.posted == [] and await states(house) == [("WAITING", 1, LogUnavailable.code)]
    await house.sql("ALTER TABLE log_entry_away RENAME TO log_entry")
    for _ in range(100):
        if house.gateway.log.health.accepting:
            break
        await asyncio.sleep(0.1)
    house.clock.advance(LEASE)
    await told(watcher)
    assert len(receiver.posted) == 1


async def test_two_processes_send_each_notice_once(house: House, receiver: Receiver, watcher: Watcher) -> None:
    await wish(house, receiver)
    for _ in range(12):
        await looked_at(house)
    lanes = await Lanes.open(house.connections.log, fast=1, slow=1)
    other = watcher_of(house.gateway, lanes)
    await asyncio.gather(watcher.look(), other.look())
    await asyncio.gather(watcher.send(), other.send(), watcher.send(), other.send())
    await lanes.close()
    assert len(receiver.posted) == 12 == len({one.headers["webhook-id"] for one in receiver.posted})


async def test_what_somebody_has_taken_is_anybodys_when_they_died(
    house: House, receiver: Receiver, watcher: Watcher
) -> None:
    await wish(house, receiver)
    await looked_at(house)
    await watcher.look()
    await house.sql("UPDATE watch_notice SET attempts = 1, next_at = next_at + %s", LEASE)  # as one leaves it who dies
    await watcher.send()
    assert receiver.posted == []
    house.clock.advance(LEASE)
    await watcher.send()
    assert len(receiver.posted) == 1


# --- what may be wished ---


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"url": "ftp://example.com/"}, "url"), ({"url": "https://user:pw@example.com/"}, "url"),
        ({"url": "https://example.com/#part"}, "url"), ({"url": "https://"}, "url"), ({"url": "nonsense"}, "url"),
        ({"url": "https://example.com:99999/"}, "url"), ({"url": "https://例.example/"}, "url"),
        ({"secret": "whsec_"}, "secret"), ({"secret": SECRET[6:]}, "secret"), ({"secret": "whsec_AAAA"}, "secret"),
        ({"subject": "nonsense"}, "subject"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_by_name(
    house: House, receiver: Receiver, changes: dict[str, str], path: str
) -> None:
    _, body = await house.ask("citizen", WATCH, {"url": receiver.url, "secret": SECRET, **changes})
    assert [error["path"] for error in body["errors"]] == [["watchAccesses", path]]
    assert await house.sql("SELECT count(*) FROM watch") == [(0,)]


async def test_only_the_subject_may_wish(house: House, receiver: Receiver) -> None:
    """Others have no such mutation; who acts for nobody has nobody to wish about."""
    for persona in ("public", "bank", "tax-officer", "handler", "auditor"):
        _, body = await house.ask(persona, WATCH, {"url": receiver.url, "secret": SECRET})
        assert "data" not in body or body["data"] is None
    await house.sql("UPDATE mandate SET revoked_at = now() WHERE principal = 'citizen-demo'")
    _, body = await house.ask("citizen", WATCH, {"url": receiver.url, "secret": SECRET})
    assert body["errors"][0]["path"] == ["watchAccesses", "subject"]


async def test_address_and_secret_are_sealed(house: House, receiver: Receiver) -> None:
    await wish(house, receiver)
    ((url, secret),) = await house.sql("SELECT url_sealed, secret_sealed FROM watch")
    assert receiver.url.encode() not in bytes(url) and SECRET.encode() not in bytes(secret)
    (entry,) = await house.entries(1)
    assert entry["operation"]["roots"] == ["watchAccesses"] and len(entry["subjects"]) == 1
    assert receiver.url not in str(entry)


# --- where it may go ---


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://10.1.2.3/", "https://192.168.0.1/", "https://169.254.169.254/latest",
        "https://[::1]/", "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/",
        "https://localhost/", "https://0.0.0.0/", "https://224.0.0.1/", "https://[2002:7f00:1::]/", "https://2130706433/",
        "https://100.64.0.1/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[::127.0.0.1]/",
        "https://[64:ff9b:1::a00:1]/", "https://[fec0::1]/", "https://[5f00::1]/", "https://192.88.99.1/",
    ],
)  # fmt: skip
async def test_no_webhook_goes_to_what_only_we_can_reach(url: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        await resolve(url, private=False)
    assert str(refused.value) in ("ADDRESS", "NAME")
    assert await Poster(private=False).post(url, SECRET, "msg_1", datetime.now(UTC), b"{}") in ("ADDRESS", "NAME")


async def test_a_public_address_is_what_is_connected_to() -> None:
    found = await resolve("https://93.184.216.34:8443/a?b=c", private=False)
    assert found == ("https://93.184.216.34:8443/a?b=c", "93.184.216.34:8443", "93.184.216.34")
    assert fault("http://example.com/", private=False) == RULE and fault("http://example.com/", private=True) is None
    assert secret_fault(SECRET) is None


async def test_who_does_not_answer_is_a_failure_in_a_word(receiver: Receiver) -> None:
    at, poster = datetime.now(UTC), Poster(private=True)
    assert await poster.post("http://127.0.0.1:1/", SECRET, "msg_1", at, b"{}") == "CONNECTION"
    assert await poster.post("http://nobody.invalid/", SECRET, "msg_1", at, b"{}") == "NAME"
    assert await poster.post(f"https://127.0.0.1:{receiver.port}/told", SECRET, "msg_1", at, b"{}") == "CONNECTION"
    receiver.statuses = [500]
    assert await poster.post(receiver.url, SECRET, "msg_1", at, b"{}") == "STATUS 500"
    await poster.close()
