"""Who read a record that has changed is told so: once, whoever dies in between; decided, written down, acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook

from gateway.assemble import WEBHOOK, teller_of
from gateway.intake.sample_demo import DEMO
from gateway.ledger.telling import Teller
from gateway.notices import changes, deliveries
from gateway.notices.changes import LATE, Change
from gateway.notices.outbox import LEASE, PAUSES
from gateway.store.database import Connections
from gateway.store.lanes import Lanes
from gateway.store.sessions import Session
from tests.flow.changes import (
    ACKNOWLEDGE,
    ADMINISTRATIVE,
    PRIVATE,
    SECRET,
    UNWATCH,
    WATCH,
    changed,
    notices,
    read_by,
    told,
)
from tests.flow.receivers import Receiver
from tests.flow.test_accesses import CITIZEN, PERSON
from tests.harness import House, consented, opened

pytestmark = pytest.mark.anyio


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
async def teller(house: House) -> AsyncIterator[Teller]:
    lanes = await Lanes.open(house.connections.log, fast=1, slow=1)
    yield teller_of(house.gateway, lanes)
    await lanes.close()


async def counted(house: House) -> list[tuple[str | None, int]]:
    rows = await house.sql("SELECT institution, count(*) FROM notice GROUP BY 1 ORDER BY 1 NULLS FIRST")
    return [(institution, int(count)) for institution, count in rows]


EACH_ONCE = [(None, 1), ("agency-demo", 1), ("bank-demo", 1), ("gov-market", 1)]


async def test_every_institution_that_read_it_is_told_once_and_the_subject(house: House, teller: Teller) -> None:
    """Who read it twice, once; who acts for the subject, the handler and the public, not as institutions."""
    row = await read_by(house, "bank", "bank", "agency", "market-officer", "enterprise-rep", "public")
    await changed(house, row, fields=["fine"])
    await told(house, teller)
    assert await counted(house) == EACH_ONCE
    (notice,) = await notices(house, "bank")
    assert (notice["state"], notice["what"], notice["recordKind"]) == ("NEW", "CORRECTED", "penalty")
    assert notice["changed"] == ["fine"] and notice["institution"] == "bank-demo" and notice["institutionName"]
    assert notice["dueOn"] == "2026-11-30"  # five working days after Monday, 2026-11-23
    read = "query($id: ID!) { node(id: $id) { ... on Penalty { id documentNumber } } }"
    node = (await house.data("bank", read, {"id": notice["record"]}))["node"]
    assert node["id"] == notice["record"] and node["documentNumber"]
    told_to = {one["institution"] for one in await notices(house, "enterprise-rep")}
    assert told_to == {None, "bank-demo", "agency-demo", "gov-market"}


async def test_who_read_another_record_or_a_later_version_is_not_told(house: House, teller: Teller) -> None:
    row = await read_by(house, "bank")
    await changed(house, row)
    await read_by(house, "agency")
    await told(house, teller)
    assert await counted(house) == [(None, 1), ("bank-demo", 1)]
    assert await notices(house, "agency") == []


async def test_the_record_of_a_person_and_the_person_itself(house: House, teller: Teller) -> None:
    """The kind may be the subject; the log names it by pseudonym. The id of it is the reader's own."""
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    await house.sql(
        """INSERT INTO record_change (id, subject_id, subject_class, record_kind, record_id, version, what, at)
           SELECT nextval('record_ids'), subject_id, 'person', 'person', subject_id, 1, 'CORRECTED', %s
           FROM mandate WHERE principal = 'citizen-demo' AND basis = 'PERSON'""",
        house.clock.now(),
    )
    await told(house, teller)
    assert await counted(house) == [(None, 1), ("bank-demo", 1)]
    (at_bank,) = await notices(house, "bank")
    at_home = {one["institution"]: one for one in await notices(house, "citizen")}
    assert set(at_home) == {None, "bank-demo"}
    assert at_bank["id"] != at_home["bank-demo"]["id"] and at_bank["record"] != at_home["bank-demo"]["record"]
    assert DEMO.citizen_name not in str(at_bank) and at_bank["changed"] is None


async def test_an_answer_that_is_written_down_late_is_found_by_the_second_look(house: House, teller: Teller) -> None:
    row = await read_by(house, "bank")
    ((version,),) = await house.sql("SELECT version FROM penalty WHERE id = %s", row)
    await changed(house, row)
    assert await teller.look() == 2
    await house.sql("UPDATE penalty SET version = %s WHERE id = %s", version, row)  # as who had read before sees it
    await read_by(house, "agency")
    assert await teller.look() == 0
    house.clock.advance(LATE)
    assert await teller.look() == 1
    assert await house.sql("SELECT count(*) FROM record_change WHERE told_at IS NULL") == [(0,)]
    assert await teller.look() == 0
    assert await counted(house) == [(None, 1), ("agency-demo", 1), ("bank-demo", 1)]


class Killed(Exception):
    """As if the process had died there."""


@pytest.mark.parametrize("place", ["looking back", "half told", "told, not committed"])
async def test_a_worker_that_dies_neither_loses_nor_doubles_a_notice(
    house: House, teller: Teller, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    row = await read_by(house, "bank", "agency", "market-officer")
    await changed(house, row)
    whole = changes.tell

    async def dying(session: Session, change: Change, institutions: Sequence[str], *rest: Any) -> int:
        known = institutions[:1] if place == "half told" else institutions
        raise Killed(await whole(session, change, known, *rest))

    async def silent(*given: object) -> list[str]:
        raise Killed

    with monkeypatch.context() as patched:
        if place == "looking back":
            patched.setattr(teller, "_recipients", silent)
        else:
            patched.setattr(changes, "tell", dying)
        with pytest.raises(Killed):
            await teller.look()
    assert await counted(house) == []
    await told(house, teller)
    assert await counted(house) == EACH_ONCE


async def test_many_workers_at_once_make_each_notice_once(house: House, teller: Teller) -> None:
    row = await read_by(house, "bank", "agency", "market-officer")
    for _ in range(5):
        await changed(house, row)
    lanes = await Lanes.open(house.connections.log, fast=1, slow=1)
    other = teller_of(house.gateway, lanes)
    await asyncio.gather(teller.look(), other.look(), teller.look(), other.look())
    house.clock.advance(LATE)
    await asyncio.gather(teller.look(), other.look(), teller.look(), other.look())
    await lanes.close()
    assert await counted(house) == [(who, 5) for who, _ in EACH_ONCE]


async def test_one_change_that_cannot_be_told_keeps_no_other_waiting(house: House, teller: Teller) -> None:
    row = await read_by(house, "bank")
    bad = await changed(house, row)
    await house.sql("UPDATE record_change SET record_kind = 'nothing' WHERE id = %s", bad)
    await changed(house, row)
    await told(house, teller)
    assert ("bank-demo", 1) in await counted(house)


# --- pushed ---


async def wish(house: House, receiver: Receiver, persona: str = "bank") -> None:
    found = (await house.data(persona, WATCH, {"url": receiver.url, "secret": SECRET}))["watchNotices"]
    assert found == {"state": "ACTIVE"}


async def test_a_notice_is_pushed_signed_and_written_down(house: House, teller: Teller, receiver: Receiver) -> None:
    row = await read_by(house, "bank", "agency")
    await wish(house, receiver)
    await changed(house, row)
    await told(house, teller)
    (one,) = receiver.posted
    body = orjson.loads(one.body)
    (notice,) = await notices(house, "bank")
    assert body["type"] == "notice.created" and body["data"]["id"] == notice["id"]
    assert body["data"]["record"] == notice["record"] and notice["state"] == "DELIVERED" and notice["deliveredAt"]
    headers, at = one.headers, datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(SECRET).sign(headers["webhook-id"], at, one.body.decode())
    (entry,) = [entry for entry in await house.entries(3) if entry["who"]["token"] == WEBHOOK]
    assert entry["who"]["consumer"] == "bank-demo" and list(entry["rows"]) == ["notice"]
    assert [one["state"] for one in await notices(house, "agency")] == ["NEW"]  # it has no address


async def test_what_was_made_before_there_was_an_address_goes_there(
    house: House, teller: Teller, receiver: Receiver
) -> None:
    await changed(house, await read_by(house, "bank"))
    await told(house, teller)
    await wish(house, receiver)
    await told(house, teller)
    await told(house, teller)
    assert len(receiver.posted) == 1


async def test_what_does_not_arrive_is_sent_again_and_is_undeliverable_in_the_end(
    house: House, teller: Teller, receiver: Receiver
) -> None:
    """Subject, desk and auditor see it; another address gets it all the same."""
    receiver.statuses = [503] * (len(PAUSES) + 1)
    await wish(house, receiver)
    await changed(house, await read_by(house, "bank"))
    await teller.look()
    await teller.send()
    for pause in PAUSES:
        house.clock.advance(pause)
        await teller.send()
    assert len(receiver.posted) == len(PAUSES) + 1
    assert len({one.headers["webhook-id"] for one in receiver.posted}) == 1
    for persona in ("enterprise-rep", "desk", "auditor"):
        (found,) = [one for one in await notices(house, persona, ADMINISTRATIVE) if one["institution"]]
        assert (found["state"], found["institution"]) == ("UNDELIVERABLE", "bank-demo") and found["escalatedAt"]
    await wish(house, receiver)
    await teller.send()
    assert [one["state"] for one in await notices(house, "bank")] == ["DELIVERED"]


async def test_who_is_killed_with_a_notice_in_its_hands_loses_nothing(
    house: House, teller: Teller, receiver: Receiver
) -> None:
    await wish(house, receiver)
    await changed(house, await read_by(house, "bank"))
    await teller.look()
    async with house.gateway.sessions.begin() as session:
        await deliveries.arm(session, house.clock.now())
        assert len(await deliveries.take(session, 9, house.clock.now())) == 1
    assert await teller.send() == 0
    house.clock.advance(LEASE)
    assert await teller.send() == 1
    assert len(receiver.posted) == 1


@pytest.mark.parametrize("ends", ["gone", "wished"])
async def test_an_address_that_ended_gets_nothing(house: House, teller: Teller, receiver: Receiver, ends: str) -> None:
    await wish(house, receiver)
    if ends == "gone":
        receiver.statuses = [410]
        await changed(house, await read_by(house, "bank"))
        await told(house, teller)
    else:
        assert (await house.data("bank", UNWATCH))["unwatchNotices"] == {"state": "ENDED"}
    before = len(receiver.posted)
    await changed(house, await read_by(house, "bank"))
    await told(house, teller)
    assert len(receiver.posted) == before
    assert (await notices(house, "bank"))[0]["state"] == "NEW"


async def test_nothing_is_pushed_without_an_entry(house: House, teller: Teller, receiver: Receiver) -> None:
    await wish(house, receiver)
    await changed(house, await read_by(house, "bank"))
    await teller.look()
    await house.sql("ALTER TABLE log_entry RENAME TO log_entry_away")
    await teller.send()
    assert receiver.posted == []
    await house.sql("ALTER TABLE log_entry_away RENAME TO log_entry")
    await house.accepting()
    house.clock.advance(LEASE)
    await teller.send()
    assert len(receiver.posted) == 1


async def test_an_institution_that_is_nobody_any_more_cannot_be_told(house: House, teller: Teller) -> None:
    row = await read_by(house, "bank")
    await house.sql("ALTER TABLE consent DROP CONSTRAINT fk_consent_consumer_consumer")
    await house.sql("DELETE FROM consumer WHERE id = 'bank-demo'")
    await changed(house, row)
    await told(house, teller)
    states = {one["institution"]: one["state"] for one in await notices(house, "enterprise-rep")}
    assert states == {None: "NEW", "bank-demo": "UNDELIVERABLE"}


# --- acknowledged, or escalated ---


async def test_the_recipient_acknowledges_and_nobody_else(house: House, teller: Teller) -> None:
    await changed(house, await read_by(house, "bank", "agency"))
    await told(house, teller)
    (notice,) = await notices(house, "bank")
    receipts = [(await house.data("bank", ACKNOWLEDGE, {"notice": notice["id"]}))["acknowledgeNotice"] for _ in "ab"]
    assert {one["state"] for one in receipts} == {"ACKNOWLEDGED"}
    assert {one["id"] for one in receipts} == {notice["id"]} and receipts[0]["deadline"] is None
    assert await house.sql("SELECT count(*) FROM notice WHERE acknowledged_at IS NOT NULL AND version = 2") == [(1,)]
    own = {one["institution"]: one for one in await notices(house, "enterprise-rep")}
    assert own["bank-demo"]["state"] == "ACKNOWLEDGED" and own["bank-demo"]["acknowledgedAt"]
    strange = [
        await house.ask(persona, ACKNOWLEDGE, {"notice": id})
        for persona, id in (
            ("agency", notice["id"]),
            ("enterprise-rep", notice["id"]),
            ("citizen", own[None]["id"]),
            ("bank", "A" * 22),
        )
    ]
    assert {str(body["errors"][0]["extensions"]["code"]) for _, body in strange} == {"BAD_USER_INPUT"}
    assert len({str(body["errors"][0]["message"]) for _, body in strange}) == 1
    mine = await house.data("enterprise-rep", ACKNOWLEDGE, {"notice": own[None]["id"]})
    assert mine["acknowledgeNotice"]["state"] == "ACKNOWLEDGED"
    entry = (await house.entries(1))[0]
    assert entry["operation"]["roots"] == ["acknowledgeNotice"] and list(entry["rows"]) == ["notice"]


async def test_what_is_not_acknowledged_in_time_is_the_desks(house: House, teller: Teller) -> None:
    """On its day it still may be; the subject's own need not be; it may be acknowledged even then."""
    await changed(house, await read_by(house, "bank", "agency"))
    await told(house, teller)
    (of_agency,) = await notices(house, "agency")
    await house.data("agency", ACKNOWLEDGE, {"notice": of_agency["id"]})
    house.clock.at = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    assert await teller.escalate() == 0
    house.clock.advance(timedelta(minutes=2))  # midnight in Beijing
    assert await teller.escalate() == 1
    assert await teller.escalate() == 0
    states = {one["institution"]: one["state"] for one in await notices(house, "desk", ADMINISTRATIVE)}
    assert states == {None: "NEW", "bank-demo": "ESCALATED", "agency-demo": "ACKNOWLEDGED"}
    (notice,) = await notices(house, "bank")
    await house.data("bank", ACKNOWLEDGE, {"notice": notice["id"]})
    assert [one["state"] for one in await notices(house, "bank")] == ["ACKNOWLEDGED"]


async def test_a_notice_shows_nothing_of_a_record_that_is_not_shown(house: House, teller: Teller) -> None:
    """The basis has ended: the bank is told that there was a change, and its id reads like an absent one."""
    await house.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    await house.sql(
        """INSERT INTO record_change (id, subject_id, subject_class, record_kind, record_id, version, what, at)
           SELECT nextval('record_ids'), subject_id, 'person', 'person', subject_id, 1, 'CORRECTED', %s
           FROM mandate WHERE principal = 'citizen-demo' AND basis = 'PERSON'""",
        house.clock.now(),
    )
    await told(house, teller)
    await house.sql("UPDATE consent SET withdrawn_at = now() WHERE number = %s", DEMO.consent_citizen)
    (notice,) = await notices(house, "bank")
    read = "query($id: ID!, $access: Access) { node(id: $id, access: $access) { ... on Person { name } } }"
    given = {"id": notice["record"], "access": consented(DEMO.consent_citizen)}
    assert (await house.data("bank", read, given))["node"] is None


async def test_notices_are_nobody_elses(house: House, teller: Teller) -> None:
    await changed(house, await read_by(house, "bank"))
    await told(house, teller)
    assert await notices(house, "agency") == [] == await notices(house, "citizen")
    for persona in ("public", "handler", "system-admin"):
        _, body = await house.ask(persona, ADMINISTRATIVE)
        assert body.get("data") is None and body["errors"]
    _, body = await house.ask("auditor", "{ notices { nodes { record } } }")
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"url": "ftp://example.com/"}, "url"), ({"secret": "whsec_AAAA"}, "secret")],
    ids=["url", "secret"],
)
async def test_what_is_wrong_with_a_wish_is_told(
    house: House, receiver: Receiver, changes: dict[str, str], path: str
) -> None:
    _, body = await house.ask("bank", WATCH, {"url": receiver.url, "secret": SECRET, **changes})
    assert [error["path"] for error in body["errors"]] == [["watchNotices", path]]
