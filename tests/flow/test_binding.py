"""bindPerson over HTTP: once, by exactly fitting name and number, proven anew; everything else has one answer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.intake.sample_codes import citizen_number
from gateway.store.database import Connections
from tests.flow.acting import (
    BIND,
    CITIZEN,
    CLERK,
    NEWCOMER,
    NOBODY,
    OTHER,
    REVOKE,
    STRANGER,
    ask,
    do,
    forget,
    mandates,
    refused,
    sees,
)
from tests.harness import House, opened, stored, without_receipt

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def made(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


@pytest.fixture
async def house(made: House) -> AsyncIterator[House]:
    """The same, nobody bound but in the seed."""
    yield made
    await forget(made)


async def test_who_fits_is_that_person_from_then_on(house: House) -> None:
    assert not await sees(house, NEWCOMER, STRANGER)
    assert await do(house, NEWCOMER, BIND, **STRANGER) == {"state": "BOUND"}
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["operation"]["roots"]) == ("PERFORMED", ["bindPerson"])
    assert (len(entry["subjects"]), entry["asked"], set(entry["rows"])) == (1, [], {"mandate"})
    assert await sees(house, NEWCOMER, STRANGER)
    (own,) = await mandates(house, NEWCOMER)
    assert (own["basis"], own["state"], own["agent"], own["recordedBy"]) == (
        "PERSON",
        "VERIFIED",
        NEWCOMER.subject,
        "SUBJECT",
    )


async def test_who_is_not_proven_anew_is_not_even_heard(house: House) -> None:
    body = await ask(house, NEWCOMER, BIND, STRANGER)
    assert body["errors"][0]["message"].endswith("prove who you are anew in this session")
    assert await house.sql("SELECT 1 FROM binding_attempt") == []


async def test_whatever_does_not_fit_has_one_answer(house: House) -> None:
    """A wrong pair, one that nobody has, somebody who is bound already, and a caller who is."""
    unknown = {"idNumber": citizen_number("222301", 3, 777), "name": "无此人"}
    answers = [
        without_receipt(await ask(house, NEWCOMER, BIND, pair, step_up=True)) for pair in (NOBODY, unknown, CITIZEN)
    ]
    entries = await house.entries(3)
    await do(house, OTHER, BIND, **STRANGER)
    answers.append(without_receipt(await ask(house, OTHER, BIND, STRANGER, step_up=True)))
    answers.append(without_receipt(await ask(house, NEWCOMER, BIND, STRANGER, step_up=True)))
    for answer in answers:
        answer["data"]["bindPerson"].pop("receipt")
    assert answers == [{"data": {"bindPerson": {"state": "NOT_BOUND"}}, "extensions": answers[0]["extensions"]}] * 5
    for entry in entries:  # under whom was asked for, whoever that may be
        assert (entry["outcome"], entry["subjects"], len(entry["asked"])) == ("PERFORMED", [], 1)
    assert await mandates(house, NEWCOMER) == []


async def test_a_person_who_died_is_nobodys(house: House) -> None:
    await house.sql(
        "INSERT INTO subject_relation SELECT subject_id, subject_id, 'DEAD', '2026-01-01' FROM person WHERE subject_id "
        "NOT IN (SELECT subject_id FROM mandate)"
    )
    try:
        assert await do(house, NEWCOMER, BIND, **STRANGER) == {"state": "NOT_BOUND"}
    finally:
        await house.sql("DELETE FROM subject_relation WHERE relation = 'DEAD'")


async def test_after_five_failures_nothing_is_tried_that_day(house: House) -> None:
    """Also not what would fit, and not by several at once; the next day it is."""
    await asyncio.gather(*[ask(house, NEWCOMER, BIND, NOBODY, step_up=True) for _ in range(8)])
    assert await house.sql("SELECT failures FROM binding_attempt") == [(5,)]
    assert await refused(house, NEWCOMER, BIND, **STRANGER) == {"": "was tried too often today"}
    assert await do(house, OTHER, BIND, **NOBODY) == {"state": "NOT_BOUND"}  # others are not held up
    before = house.clock.at
    house.clock.advance(timedelta(days=1))
    try:
        assert await do(house, NEWCOMER, BIND, **STRANGER) == {"state": "BOUND"}
    finally:
        house.clock.at = before


async def test_of_two_at_once_one_is_bound(house: House) -> None:
    found = await asyncio.gather(do(house, NEWCOMER, BIND, **STRANGER), do(house, OTHER, BIND, **STRANGER))
    assert sorted(one["state"] for one in found) == ["BOUND", "NOT_BOUND"]


async def test_the_issuers_word_counts_as_far_as_it_is_listed(house: House) -> None:
    """An issuer that is believed up to two factors proves nobody anew, whatever its tokens say."""
    verifier = house.gateway.verifier
    verifier._expected = replace(verifier._expected, assurance=2)
    try:
        body = await ask(house, NEWCOMER, BIND, STRANGER, step_up=True)
        assert body["data"] is None
        assert (await house.entries(1))[0]["outcome"] == "REFUSED"
    finally:
        verifier._expected = replace(verifier._expected, assurance=3)


async def test_a_binding_is_given_back(house: House) -> None:
    await do(house, NEWCOMER, BIND, **STRANGER)
    (own,) = await mandates(house, NEWCOMER)
    assert (await do(house, NEWCOMER, REVOKE, mandate=own["id"]))["state"] == "REVOKED"
    assert not await sees(house, NEWCOMER, STRANGER)
    (own,) = await mandates(house, NEWCOMER)
    assert (own["state"], own["endedFor"]) == ("REVOKED", "GIVEN_BACK")
    assert await do(house, OTHER, BIND, **STRANGER) == {"state": "BOUND"}


async def test_at_the_counter_the_paper_counts(house: House) -> None:
    told = {"principal": NEWCOMER.subject, "document": "J2205-1"}
    body = await ask(house, CLERK, BIND, {**STRANGER, **told})  # not proven anew
    assert body["errors"][0]["message"].endswith("prove who you are anew in this session")
    assert not await sees(house, NEWCOMER, STRANGER)
    assert await do(house, CLERK, BIND, **STRANGER, **told) == {"state": "BOUND"}
    assert await sees(house, NEWCOMER, STRANGER)
    (own,) = await mandates(house, NEWCOMER)
    assert (own["recordedBy"], own["document"]) == ("COUNTER", "J2205-1")
    assert await do(house, CLERK, BIND, **NOBODY, **told) == {"state": "NOT_BOUND"}
    assert await do(house, CLERK, BIND, **CITIZEN, **told) == {"state": "NOT_BOUND"}  # bound already


async def test_no_clerk_moves_a_binding_to_another_principal(house: House) -> None:
    """Until who is bound has given it back."""
    await do(house, OTHER, BIND, **STRANGER)
    told = {"principal": NEWCOMER.subject, "document": "J2205-1"}
    assert await do(house, CLERK, BIND, **STRANGER, **told) == {"state": "NOT_BOUND"}
    assert await sees(house, OTHER, STRANGER)
    assert not await sees(house, NEWCOMER, STRANGER)
    (bound,) = await mandates(house, OTHER)
    assert (bound["state"], await mandates(house, NEWCOMER)) == ("VERIFIED", [])
    await do(house, OTHER, REVOKE, mandate=bound["id"])
    assert await do(house, CLERK, BIND, **STRANGER, **told) == {"state": "BOUND"}
    assert (await sees(house, NEWCOMER, STRANGER), await sees(house, OTHER, STRANGER)) == (True, False)


async def test_in_the_demo_too_who_gives_the_binding_back_represents_nobody(house: House) -> None:
    """The demo citizen represents its individual business as the person that it is bound to."""
    held = {one["basis"]: one for one in await mandates(house, "citizen")}
    assert (held["PERSON"]["state"], held["REPRESENTATIVE"]["state"]) == ("VERIFIED", "VERIFIED")
    await do(house, "citizen", REVOKE, mandate=held["PERSON"]["id"])
    held = {one["basis"]: one for one in await mandates(house, "citizen")}
    assert (held["PERSON"]["endedFor"], held["REPRESENTATIVE"]["endedFor"]) == ("GIVEN_BACK", "UNBOUND")


async def test_what_is_for_the_counter_is_for_nobody_else(house: House) -> None:
    told = {"principal": "x", "document": "y"}
    for_counter = {"principal": "is for the counter", "document": "is for the counter"}
    assert await refused(house, NEWCOMER, BIND, **STRANGER, **told) == for_counter
    needed = {"principal": "is required at the counter", "document": "is required at the counter"}
    assert await refused(house, CLERK, BIND, **STRANGER) == needed
    bad = {**told, "principal": CLERK.subject, "idNumber": "1", "name": " "}
    assert set(await refused(house, CLERK, BIND, **bad)) == {"principal", "idNumber", "name"}
