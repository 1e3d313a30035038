"""Consents end to end: given, withdrawn, used once, ended with who gave them; files that take no new ones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from gateway.clock import SystemRandom
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.consents import (
    CITIZEN,
    FREEZE,
    GIVE,
    PERSON,
    TERMS,
    UNFREEZE,
    WITHDRAW,
    access,
    code_of,
    give,
    given_number,
    number_of,
    read,
    uses,
)
from tests.harness import Body, House, opened, sql, until

pytestmark = pytest.mark.anyio

LIST = "{ consents(first: 100) { nodes { number state assurance } } }"
PENALTIES = """query($id: String!, $name: String!, $access: Access, $after: String) {
  person(by: {idNumber: $id, name: $name}, access: $access) {
    penalties(first: 1, after: $after) { nodes { documentNumber } pageInfo { endCursor } } } }"""
TRADE = """query($uscc: String!, $access: Access) {
  enterprise(by: {uscc: $uscc}, access: $access) { legalRepresentative { name } } }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
async def house(database: Connections, home: Path) -> AsyncIterator[House]:
    async with opened(database, home, random=SystemRandom()) as made:  # numbers of consents are never the same
        yield made


async def asked(house: House, given: Body, **changes: Any) -> tuple[int, Body]:
    """The bank asks for the citizen."""
    return await house.ask("bank", PERSON, {**CITIZEN, "access": given, **changes})


async def shown(house: House, given: Body) -> bool:
    """Whether the bank is shown the citizen."""
    status, body = await asked(house, given)
    assert (status, "errors" in body) == (200, False), body
    return bool(body["data"]["person"] == {"name": DEMO.citizen_name})


# --- given ---


async def test_a_consent_is_given_read_by_its_parties_and_opens_what_it_covers(house: House) -> None:
    receipt = await give(house)
    assert (receipt["state"], receipt["deadline"], receipt["rule"]) == ("ACTIVE", None, None)
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["operation"]["roots"]) == ("PERFORMED", ["giveConsent"])
    found = await read(house, "citizen", receipt["id"])
    assert {name: found[name] for name in TERMS if name != "until"} | {"until": "2027-06-30"} == TERMS
    assert (found["assurance"], found["state"], found["uses"]) == ("A", "ACTIVE", 0)
    assert found["validUntil"] == "2027-06-30T16:00:00.000000Z"  # the end of that day in Beijing
    assert await shown(house, access(found["number"]))
    of_bank = (await house.data("bank", LIST))["consents"]["nodes"]
    assert {"number": found["number"], "state": "ACTIVE", "assurance": "A"} in of_bank
    of_agency = (await house.data("agency", LIST))["consents"]["nodes"]
    assert found["number"] not in {one["number"] for one in of_agency} and of_agency
    assert (await house.data("enterprise-rep", "query($id: ID!) { node(id: $id) { id } }", {"id": receipt["id"]}))[
        "node"
    ] is None


async def test_numbers_cannot_be_guessed(house: House) -> None:
    numbers = [await given_number(house) for _ in range(3)]
    assert len(set(numbers)) == 3 and {len(number) for number in numbers} == {len("SQ-") + 26}


async def test_only_who_is_proven_anew_gives_one(house: House) -> None:
    _, body = await house.ask("citizen", GIVE, {"consumer": "bank-demo", **TERMS})
    assert code_of(body) == "REFUSED" and body["data"] is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"consumer": "nobody"}, ["giveConsent", "consumer"]),
        ({"purposes": []}, ["giveConsent", "purposes"]),
        ({"purposes": ["PUBLIC_DUTY"]}, ["giveConsent", "purposes", 0]),
        ({"kinds": ["penalty", "case"]}, ["giveConsent", "kinds", 1]),
        ({"kinds": ["penalty", "penalty"]}, ["giveConsent", "kinds", 1]),
        ({"until": "tomorrow"}, ["giveConsent", "until"]),
        ({"until": "2026-11-22"}, ["giveConsent", "until"]),
        ({"until": "20270630"}, ["giveConsent", "until"]),
        ({"until": "2027-W26-3"}, ["giveConsent", "until"]),
        ({"until": "2031-11-24"}, ["giveConsent", "until"]),
        ({"subject": "x"}, ["giveConsent", "subject"]),
    ],
)
async def test_terms_are_checked(house: House, changes: Body, place: list[object]) -> None:
    before = await house.sql("SELECT count(*) FROM consent")
    _, body = await house.ask("citizen", GIVE, {"consumer": "bank-demo", **TERMS, **changes}, step_up=True)
    assert (code_of(body), body["errors"][0]["path"]) == ("BAD_USER_INPUT", place)
    assert await house.sql("SELECT count(*) FROM consent") == before


async def test_it_covers_its_institution_purpose_and_kinds_and_nothing_else(house: House) -> None:
    number = await given_number(house, kinds=["license"])
    assert not await shown(house, access(number))
    number = await given_number(house, purposes=["CREDIT_REVIEW", "LOAN_APPROVAL"])
    assert await shown(house, access(number)) and await shown(house, access(number, purpose="CREDIT_REVIEW"))
    assert not await shown(house, access(number, purpose="GUARANTEE_REVIEW"))
    assert (await house.data("agency", PERSON, {**CITIZEN, "access": access(number)}))["person"] is None


# --- withdrawn ---


@pytest.mark.parametrize(("persona", "who"), [("citizen", "SUBJECT"), ("bank", "CONSUMER")])
async def test_withdrawn_between_two_queries(house: House, persona: str, who: str) -> None:
    receipt = await give(house)
    number = await number_of(house, "citizen", receipt["id"])
    id = receipt["id"]
    if persona == "bank":  # persons' ids are each reader's own
        listed = await house.data("bank", "{ consents(first: 100) { nodes { id number } } }")
        id = next(one["id"] for one in listed["consents"]["nodes"] if one["number"] == number)
    assert await shown(house, access(number))
    for _ in range(2):  # a second time it stays withdrawn
        done = (await house.data(persona, WITHDRAW, {"consent": id}))["withdrawConsent"]
        assert (done["id"], done["state"]) == (id, "WITHDRAWN")
    assert not await shown(house, access(number))
    assert (await read(house, "citizen", receipt["id"]))["state"] == "WITHDRAWN"
    assert await house.sql("SELECT withdrawn_by FROM consent WHERE number = %s", number) == [(who,)]


async def test_withdrawn_after_it_was_read_and_before_it_was_sent(house: House) -> None:
    receipt = await give(house)
    number = await number_of(house, "citizen", receipt["id"])

    async def withdraw() -> None:
        house.lanes.after = None
        await house.data("citizen", WITHDRAW, {"consent": receipt["id"]})

    house.lanes.after = withdraw
    _, body = await asked(house, access(number))
    assert (code_of(body), body["data"]) == ("BASIS_LOST", None)


async def test_nobody_withdraws_what_is_not_theirs(house: House) -> None:
    receipt = await give(house)
    number = await number_of(house, "citizen", receipt["id"])
    for persona in ("enterprise-rep", "agency"):
        _, body = await house.ask(persona, WITHDRAW, {"consent": receipt["id"]})
        assert code_of(body) == "BAD_USER_INPUT"
    assert await shown(house, access(number))


# --- used ---


async def test_three_pages_are_one_use(house: House) -> None:
    number = await given_number(house, single=True)
    before, after, seen = await house.entry_count(), None, []
    for _ in range(3):
        given = {**CITIZEN, "access": access(number, "k-1"), "after": after}
        page = (await house.data("bank", PENALTIES, given))["person"]["penalties"]
        seen.append(page["nodes"])
        after = page["pageInfo"]["endCursor"] or after
    assert seen[0] and await uses(house, number) == 1
    assert await house.entry_count() == before + 3
    assert {one["outcome"] for one in await house.entries(3)} == {"DISCLOSED"}
    assert {one["why"][0]["use"] for one in await house.entries(3)} == {"k-1"}


async def test_another_document_or_subject_under_the_key_is_a_conflict(house: House) -> None:
    for single in (True, False):
        number = await given_number(house, single=single, kinds=["person", "enterprise"])
        assert await shown(house, access(number, "k-2"))
        conflicts = [
            await house.ask("bank", PERSON + " ", {**CITIZEN, "access": access(number, "k-2")}),
            await house.ask("bank", TRADE, {"uscc": DEMO.enterprise_uscc, "access": access(number, "k-2")}),
        ]
        for status, body in conflicts:
            assert (status, code_of(body), body["data"]) == (409, "USE_CONFLICT", None)
        assert [(one["outcome"], one["code"]) for one in await house.entries(2)] == [("REFUSED", "USE_CONFLICT")] * 2
        assert await shown(house, access(number, "k-2")) and await uses(house, number) == 1


async def test_a_key_is_another_use_under_another_consent(house: House) -> None:
    for number in [await given_number(house) for _ in range(2)]:
        assert await shown(house, access(number, "k-3"))


async def test_a_use_is_over_after_a_quarter_of_an_hour(house: House) -> None:
    single, many = await given_number(house, single=True), await given_number(house)
    assert await shown(house, access(single, "k")) and await shown(house, access(many, "k"))
    house.clock.advance(timedelta(minutes=14, seconds=59))
    assert await shown(house, access(single, "k")) and await shown(house, access(many, "k"))
    house.clock.advance(timedelta(seconds=1))
    assert not await shown(house, access(single, "k"))
    assert code_of((await asked(house, access(many, "k")))[1]) == "USE_CONFLICT"
    assert await shown(house, access(many, "k-2")) and await shown(house, access(many))
    assert (await uses(house, single), await uses(house, many)) == (1, 2)


async def test_a_repeat_is_decided_afresh(house: House) -> None:
    receipt = await give(house, single=True)
    number = await number_of(house, "citizen", receipt["id"])
    assert await shown(house, access(number, "k"))
    await house.data("citizen", WITHDRAW, {"consent": receipt["id"]})
    assert not await shown(house, access(number, "k"))


@pytest.mark.parametrize("keys", [(None, None), ("a", "b"), (None, "b"), ("a", None)])
async def test_a_single_consent_is_used_once(house: House, keys: tuple[str | None, str | None]) -> None:
    """Without a key each request is a use of its own."""
    receipt = await give(house, single=True)
    number = await number_of(house, "citizen", receipt["id"])
    assert await shown(house, access(number, keys[0])) and not await shown(house, access(number, keys[1]))
    found = await read(house, "citizen", receipt["id"])
    assert (found["state"], found["uses"]) == ("USED_UP", 1)


async def test_what_was_refused_or_empty_is_no_use(house: House) -> None:
    number = await given_number(house, single=True)
    _, body = await asked(house, access(number, "k"), name=DEMO.stranger_name)
    assert body["data"]["person"] is None and await uses(house, number) == 0
    assert not await shown(house, access(number, "k", purpose="GUARANTEE_REVIEW")) and await uses(house, number) == 0


@pytest.mark.parametrize(("given", "field"), [({"useKey": "@x"}, "useKey"), ({"useKey": " "}, "useKey")])
async def test_keys_are_checked(house: House, given: Body, field: str) -> None:
    _, body = await asked(house, access("C", **given))
    assert code_of(body) == "BAD_USER_INPUT" and body["errors"][0]["path"][-1] == field
    _, body = await asked(house, {"purpose": "LOAN_APPROVAL", "useKey": "k"})
    assert code_of(body) == "BAD_USER_INPUT" and body["errors"][0]["path"][-1] == field


async def test_two_at_once_who_want_the_same_single_use(house: House) -> None:
    """Both have read before either is written: exactly one is sent, whether they share a group or not."""
    number = await given_number(house, single=True)
    both, arrived = asyncio.Event(), 0

    async def together() -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 10:
            both.set()
        await both.wait()

    house.lanes.after = together
    answers = await asyncio.gather(*[asked(house, access(number, f"k-{at}")) for at in range(10)])
    house.lanes.after = None
    codes = sorted("shown" if "errors" not in body else code_of(body) for _, body in answers)
    assert codes == ["BASIS_LOST"] * 9 + ["shown"] and await uses(house, number) == 1


async def test_the_reply_is_cut_after_the_entry(house: House) -> None:
    """One use, two entries: who does not know asks again under the same key."""
    number = await given_number(house, single=True)
    before = await house.entry_count()
    content = orjson.dumps({"query": PERSON, "variables": {**CITIZEN, "access": access(number, "cut")}})
    head = "".join(f"{name}: {value}\r\n" for name, value in house.headers("bank").items())
    _, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(
        f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n{head}\r\n".encode() + content
    )
    await writer.drain()

    async def written() -> bool:
        return await house.entry_count() == before + 1

    await until("the entry is there", written)
    writer.transport.abort()
    assert await shown(house, access(number, "cut"))
    assert await uses(house, number) == 1 and await house.entry_count() == before + 2
    assert not await shown(house, access(number, "other"))


async def test_cut_before_the_entry_is_no_use(house: House, kill: Callable[[int], None]) -> None:
    """The connection of the log is gone while it appends: nothing was sent, nothing was used."""
    number = await given_number(house, single=True)
    shard = house.gateway.log.shard
    assert shard is not None
    async with await psycopg.AsyncConnection.connect(house.connections.owner) as holder:
        await holder.execute("SELECT 1 FROM log_shard FOR UPDATE")
        asking = asyncio.create_task(asked(house, access(number, "k")))
        waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND pid = %s"

        async def blocked() -> bool:
            return bool(await sql(house.connections.owner, waits, shard.backend))

        await until("the append waits", blocked)
        kill(shard.backend)
        status, body = await asking
    assert (status, code_of(body)) == (503, "LOG_UNAVAILABLE")
    await house.accepting()
    assert await uses(house, number) == 0
    assert await shown(house, access(number, "k")) and await uses(house, number) == 1


# --- ended, suspended, frozen ---


@pytest.mark.parametrize(
    ("change", "back", "state"),
    [
        (
            "INSERT INTO subject_relation VALUES (%s, 0, 'DEAD', '2026-11-23')",
            "DELETE FROM subject_relation WHERE subject_id = %s AND related_id = 0",
            "ENDED",
        ),
        (
            "INSERT INTO subject_relation VALUES (%s, 0, 'INCAPABLE', '2026-11-01')",
            "DELETE FROM subject_relation WHERE subject_id = %s AND related_id = 0",
            "ENDED",
        ),
        (
            "UPDATE consumer SET merged_into = 'agency-demo' WHERE id = 'bank-demo' AND %s > 0",
            "UPDATE consumer SET merged_into = NULL WHERE id = 'bank-demo' AND %s > 0",
            "SUSPENDED",
        ),
    ],
)
async def test_what_ends_or_suspends_a_consent(house: House, change: str, back: str, state: str) -> None:
    receipt = await give(house)
    number = await number_of(house, "citizen", receipt["id"])
    ((subject,),) = await house.sql("SELECT subject_id FROM consent WHERE number = %s", number)
    assert await shown(house, access(number))
    await house.sql(change, subject)
    try:
        assert (await read(house, "citizen", receipt["id"]))["state"] == state
        assert not await shown(house, access(number))
    finally:
        await house.sql(back, subject)
    assert await shown(house, access(number))

    async def happens() -> None:
        house.lanes.after = None
        await house.sql(change, subject)

    house.lanes.after = happens  # between reading and disclosure
    try:
        _, body = await asked(house, access(number))
        assert code_of(body) == "BASIS_LOST"
    finally:
        await house.sql(back, subject)


async def test_deregistration_ends_a_consent(house: House) -> None:
    given = {"uscc": DEMO.individual_uscc, "access": access(DEMO.consent_individual)}

    async def name() -> str:
        return str((await house.data("bank", TRADE, given))["enterprise"]["legalRepresentative"]["name"])

    assert await name() == DEMO.citizen_name
    await house.sql("UPDATE enterprise SET status = 'DEREGISTERED' WHERE uscc = %s", DEMO.individual_uscc)
    try:
        assert await name() != DEMO.citizen_name
    finally:
        await house.sql("UPDATE enterprise SET status = 'ACTIVE' WHERE uscc = %s", DEMO.individual_uscc)


async def test_a_frozen_file_takes_no_new_consents(house: House) -> None:
    number = await given_number(house)
    _, body = await house.ask("citizen", FREEZE)
    assert code_of(body) == "REFUSED"  # not proven anew
    for _ in range(2):  # a second time it stays frozen
        assert (await house.data("citizen", FREEZE, step_up=True))["freezeFile"]["state"] == "FROZEN"
    try:
        _, body = await house.ask("citizen", GIVE, {"consumer": "bank-demo", **TERMS}, step_up=True)
        assert code_of(body) == "BAD_USER_INPUT" and "frozen" in body["errors"][0]["message"]
        assert await shown(house, access(number))  # what was given before goes on
    finally:
        assert (await house.data("citizen", UNFREEZE, step_up=True))["unfreezeFile"]["state"] == "OPEN"
    assert await shown(house, access(await given_number(house)))
