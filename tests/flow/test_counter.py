"""The counter over HTTP: a clerk acts for who is present, for some minutes, in one session, and for nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from gateway.values import Role
from tests.flow.acting import (
    BIND,
    CITIZEN,
    CLERK,
    MANDATES,
    NOBODY,
    RECORD,
    REVOKE,
    STRANGER,
    ask,
    forget,
    mandates,
    refused,
    token_of,
)
from tests.harness import NOW, Body, House, opened, stored

pytestmark = pytest.mark.anyio

SEEN = """query($idNumber: String!, $name: String!) { person(by: {idNumber: $idNumber, name: $name}) {
    id name birthDate phone penalties { nodes { id documentNumber facts } } } }"""
COMPLAIN = """mutation($subject: ID) {
  fileComplaint(against: {department: "MARKET"}, facts: "未答复", subject: $subject) { id state } }"""
OBJECT = 'mutation($record: ID!) { fileObjection(record: $record, claim: "不属实") { id state } }'
PAPER = {"document": "J2205-9"}
COPY = "mutation { requestCopy { id state } }"
COPIES = "{ cases(first: 1, filter: {kind: COPY}) { nodes { id copy } } }"
NUMBER = """query($idNumber: String!, $name: String!) {
  person(by: {idNumber: $idNumber, name: $name}) { idNumber } }"""


@pytest.fixture(scope="module")
async def made(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


@pytest.fixture
async def house(made: House) -> AsyncIterator[House]:
    """The same, with nobody at the counter."""
    yield made
    made.clock.at = NOW
    await forget(made)


async def seen(house: House, token: str, person: dict[str, str] = CITIZEN) -> Body | None:
    """A person as this session sees it."""
    body = await ask(house, CLERK, SEEN, person, token=token)
    assert "errors" not in body, body
    found: Body | None = body["data"]["person"]
    return found


async def present(house: House, person: dict[str, str] = CITIZEN) -> str:
    """A session of the clerk in which somebody is present: its token."""
    token = token_of(house, CLERK, step_up=True)
    body = await ask(house, CLERK, RECORD, {**person, **PAPER}, token=token)
    assert body["data"]["recordMandate"]["state"] == "VERIFIED", body
    return token


async def test_a_clerk_sees_what_the_subject_sees_but_its_number(house: House) -> None:
    token = token_of(house, CLERK)
    assert await seen(house, token) is None
    token = await present(house)
    found = await seen(house, token)
    assert found is not None
    assert (found["name"], found["birthDate"]) == (DEMO.citizen_name, "1890-05-17")
    assert found["phone"] and found["penalties"]["nodes"]
    assert await seen(house, token, STRANGER) is None
    for asked in ("idNumber", "x: idNumber"):
        text = SEEN.replace("birthDate", asked)
        body = await ask(house, CLERK, text, CITIZEN, token=token_of(house, CLERK, step_up=True))
        assert "Cannot query field 'idNumber'" in body["errors"][0]["message"]
    (entry,) = [one for one in await house.entries(6) if one["outcome"] == "DISCLOSED"]
    assert (entry["who"]["role"], entry["who"]["principal"], entry["held"]) == ("counter", CLERK.subject, 1)


async def test_it_lasts_some_minutes(house: House) -> None:
    token = await present(house)
    house.clock.advance(timedelta(minutes=29, seconds=59))
    assert await seen(house, token) is not None
    house.clock.advance(timedelta(seconds=1))
    assert await seen(house, token) is None
    body = await ask(house, CLERK, MANDATES, token=token)
    (own,) = body["data"]["mandates"]["nodes"]
    assert (own["basis"], own["state"], own["scope"]) == ("COUNTER", "ENDED", ["READ", "FILE"])


async def test_it_is_of_one_session_one_clerk_and_one_role(house: House) -> None:
    token = await present(house)
    assert await seen(house, token_of(house, CLERK)) is None
    assert await seen(house, token_of(house, replace(CLERK, subject="clerk-2"))) is None
    assert await seen(house, token_of(house, replace(CLERK, role=Role.SUBJECT), step_up=True)) is None
    assert await seen(house, token) is not None


async def test_a_clerks_own_affairs_are_none_of_the_counters(house: House) -> None:
    """Who is a subject too does not see itself at work."""
    same = replace(CLERK, subject=DEMO.citizen)
    assert await seen(house, token_of(house, same)) is None
    assert await seen(house, token_of(house, replace(same, role=Role.SUBJECT))) is not None


async def test_a_clerk_files_for_who_is_present(house: House) -> None:
    token = await present(house)
    found = await seen(house, token)
    assert found is not None
    given = {"record": found["penalties"]["nodes"][0]["id"]}
    body = await ask(house, CLERK, OBJECT, given, token=token)
    assert body["data"]["fileObjection"]["state"] == "ROUTED"
    body = await ask(house, CLERK, COMPLAIN, token=token)
    assert body["data"]["fileComplaint"]["state"] == "ROUTED"
    rows = await house.sql('SELECT filer, subject_class FROM "case" ORDER BY id DESC LIMIT 2')
    assert rows == [(CLERK.subject, "person")] * 2
    cases = await ask(house, "citizen", "{ cases(first: 2) { nodes { kind } } }")
    assert {one["kind"] for one in cases["data"]["cases"]["nodes"]} == {"OBJECTION", "COMPLAINT"}


async def test_without_anybody_present_nothing_is_filed(house: House) -> None:
    assert set(await refused(house, CLERK, COMPLAIN)) == {"subject"}
    (taken,) = await house.sql("SELECT id FROM penalty WHERE subject_class = 'person' ORDER BY id LIMIT 1")
    assert taken
    assert set(await refused(house, CLERK, OBJECT, record="x")) == {"record"}


async def test_with_two_present_it_is_said_for_whom(house: House) -> None:
    token = await present(house)
    await ask(house, CLERK, RECORD, {**STRANGER, **PAPER}, token=token)
    body = await ask(house, CLERK, COMPLAIN, token=token)
    assert body["errors"][0]["path"] == ["fileComplaint", "subject"]
    found = await seen(house, token, STRANGER)
    assert found is not None
    body = await ask(house, CLERK, COMPLAIN, {"subject": found["id"]}, token=token)
    assert body["data"]["fileComplaint"]["state"] == "ROUTED"


async def test_the_subject_sees_it_and_ends_it(house: House) -> None:
    token = await present(house)
    (made,) = [one for one in await mandates(house, "citizen") if one["basis"] == "COUNTER"]
    assert (made["agent"], made["document"], made["recordedBy"]) == (CLERK.subject, PAPER["document"], "COUNTER")
    assert made["validUntil"] == "2026-11-23T02:30:00.000000Z"
    body = await ask(house, "citizen", REVOKE, {"mandate": made["id"]}, step_up=True)
    assert body["data"]["revokeMandate"]["state"] == "REVOKED"
    assert await seen(house, token) is None


async def test_the_clerk_ends_it_in_its_session_only(house: House) -> None:
    token = await present(house)
    body = await ask(house, CLERK, MANDATES, token=token)
    (own,) = body["data"]["mandates"]["nodes"]
    assert set(await refused(house, CLERK, REVOKE, mandate=own["id"])) == {"mandate"}
    body = await ask(house, CLERK, REVOKE, {"mandate": own["id"]}, token=token)
    assert body["data"]["revokeMandate"]["state"] == "REVOKED"
    assert await seen(house, token) is None


async def test_who_is_not_there_is_answered_like_who_is(house: House) -> None:
    answers = []
    for person in (STRANGER, NOBODY):
        body = await ask(house, CLERK, RECORD, {**person, **PAPER}, step_up=True)
        answer = {**body["data"]["recordMandate"], "id": "", "receipt": None}
        answers.append(answer)
    assert answers[0] == answers[1]
    assert await seen(house, await present(house, NOBODY), NOBODY) is None


async def test_what_a_clerk_has_no_use_for_does_not_exist(house: House) -> None:
    for query in ("{ viewer { accesses { nodes { index } } } }", '{ chains(month: "2026-10") { month } }'):
        body = await ask(house, CLERK, query)
        assert "Cannot query field" in body["errors"][0]["message"]
    given = {**CITIZEN, **PAPER, "agent": "x", "scope": ["CONSENT"], "until": "2027-01-01", "subject": "?"}
    assert set(await refused(house, CLERK, RECORD, **given)) == {"agent", "scope", "until", "subject"}
    assert set(await refused(house, CLERK, RECORD, **CITIZEN)) == {"document"}
    other = {**CITIZEN, **PAPER, "basis": "MANDATE"}
    assert set(await refused(house, CLERK, RECORD, **other)) == {"basis"}


async def test_a_clerk_who_is_not_proven_anew_records_nothing(house: House) -> None:
    body = await ask(house, CLERK, RECORD, {**CITIZEN, **PAPER})
    assert body["errors"][0]["message"].endswith("prove who you are anew in this session")
    assert await house.sql("SELECT 1 FROM mandate WHERE recorded_by = 'COUNTER'") == []


async def test_pairs_that_do_not_fit_are_not_tried_for_ever(house: House) -> None:
    """What is recorded in vain counts like a binding in vain, for this clerk and this day."""
    assert await seen(house, await present(house, NOBODY), NOBODY) is None
    assert await house.sql("SELECT principal, failures FROM binding_attempt") == [(CLERK.subject, 1)]
    await present(house)  # what fits does not count
    assert await house.sql("SELECT failures FROM binding_attempt") == [(1,)]
    await house.sql("UPDATE binding_attempt SET failures = 50")
    before = await house.sql("SELECT count(*) FROM mandate")
    assert await refused(house, CLERK, RECORD, **CITIZEN, **PAPER) == {"": "was tried too often today"}
    told = {"principal": "somebody-1", **PAPER}
    assert await refused(house, CLERK, BIND, **STRANGER, **told) == {"": "was tried too often today"}
    assert await house.sql("SELECT count(*) FROM mandate") == before
    house.clock.advance(timedelta(days=1))
    assert await seen(house, await present(house)) is not None


async def test_a_copy_holds_no_number_whoever_asked_for_it(house: House) -> None:
    """Neither one that the subject asked for by step-up, read without it and at the counter, nor the clerk's own."""
    shown = await ask(house, "citizen", NUMBER, CITIZEN, step_up=True)
    assert shown["data"]["person"]["idNumber"] == DEMO.citizen_id_number
    asked = await ask(house, "citizen", COPY, step_up=True)
    assert asked["data"]["requestCopy"]["state"] == "DECIDED"
    for who, token in (("citizen", ""), (CLERK, await present(house))):
        body = await ask(house, who, COPIES, token=token)
        (case,) = body["data"]["cases"]["nodes"]
        copy = orjson.loads(case["copy"])
        assert (copy["name"], copy["idNumber"]) == (DEMO.citizen_name, None)
        assert DEMO.citizen_id_number not in case["copy"]
    token = await present(house)
    assert (await ask(house, CLERK, COPY, token=token))["data"]["requestCopy"]["state"] == "DECIDED"
    (case,) = (await ask(house, "citizen", COPIES, step_up=True))["data"]["cases"]["nodes"]
    copy = orjson.loads(case["copy"])
    assert copy["name"] == DEMO.citizen_name and "idNumber" not in copy
    assert DEMO.citizen_id_number not in case["copy"]
