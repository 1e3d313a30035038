"""Mandates over HTTP: proposed, verified by the subject or by two at the desk, reaching so far, revoked at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.identity.development import Persona
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.acting import (
    ACCESSES,
    AGENT,
    ANNA,
    BORIS,
    CITIZEN,
    NOBODY,
    OTHER,
    PERSON,
    RECORD,
    REVOKE,
    STRANGER,
    VERIFY,
    ask,
    do,
    forget,
    mandates,
    refused,
    sees,
)
from tests.harness import NOW, Body, House, opened, stored

pytestmark = pytest.mark.anyio

OBJECT = """mutation($record: ID!) {
  fileObjection(record: $record, claim: "不属实") { id state receipt { index } } }"""
WATCH = """mutation($secret: String!) {
  watchAccesses(url: "https://example.com/x", secret: $secret) { state receipt { index } } }"""
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
PAPER = {"document": "公证〔2026〕7号"}


@pytest.fixture(scope="module")
async def made(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


@pytest.fixture
async def house(made: House) -> AsyncIterator[House]:
    """The same, with no mandate but those of the seed."""
    yield made
    await forget(made)


async def given(house: House, *scope: str, to: Persona = AGENT) -> Body:
    """A mandate that the citizen has given and verified: its receipt when it was proposed."""
    own = await citizen(house)
    proposed = await do(house, "citizen", RECORD, subject=own, agent=to.subject, scope=list(scope) or None)
    assert (await do(house, "citizen", VERIFY, mandate=proposed["id"]))["state"] == "VERIFIED"
    return proposed


async def citizen(house: House) -> str:
    """The id of the demo citizen, as it reads it itself."""
    body = await ask(house, "citizen", PERSON, CITIZEN)
    return str(body["data"]["person"]["id"])


async def record(house: House, who: str | Persona) -> str:
    """The id of a penalty of the citizen, as somebody who sees it reads it."""
    body = await ask(house, who, PERSON, CITIZEN)
    return str(body["data"]["person"]["penalties"]["nodes"][0]["id"])


# --- proposed and verified ---


async def test_what_the_subject_proposes_counts_once_it_has_verified_it(house: House) -> None:
    proposed = await do(house, "citizen", RECORD, agent=AGENT.subject, **PAPER)
    assert proposed.pop("id") and proposed == {
        "state": "PROPOSED",
        "deadline": {"on": "2026-12-23", "calendarDays": 30, "verified": False},
        "rule": "mandate.proposal/1",
    }
    assert not await sees(house, AGENT)
    (own,) = await mandates(house, AGENT)
    assert (own["state"], own["validFrom"], own["scope"], own["verifyBy"], own["document"]) == (
        "PROPOSED",
        None,
        ["READ", "FILE"],
        "2026-12-23",
        PAPER["document"],
    )
    assert await refused(house, AGENT, VERIFY, mandate=own["id"]) == {
        "mandate": "is not a mandate that waits for the caller to verify it"
    }
    (seen,) = [one for one in await mandates(house, "citizen") if one["agent"] == AGENT.subject]
    verified = await do(house, "citizen", VERIFY, mandate=seen["id"])
    assert (verified["state"], verified["deadline"]) == ("VERIFIED", None)
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["held"], set(entry["rows"])) == ("PERFORMED", 1, {"mandate"})
    assert await sees(house, AGENT)
    assert (await mandates(house, AGENT))[0]["validFrom"] == "2026-11-23T02:00:00.000000Z"


async def test_without_step_up_nothing_is_done(house: House) -> None:
    before = await mandates(house, "citizen")
    for query, given in ((RECORD, {"agent": "x"}), (VERIFY, {"mandate": "x"}), (REVOKE, {"mandate": before[0]["id"]})):
        body = await ask(house, "citizen", query, given)
        assert body["errors"][0]["message"].endswith("prove who you are anew in this session")
    assert await mandates(house, "citizen") == before


async def test_what_was_proposed_counts_nowhere(house: House) -> None:
    """Neither for reading, nor for filing, nor for being told, nor as somebody who acts for the subject."""
    await do(house, AGENT, RECORD, **CITIZEN, scope=["ACCESSES", "FILE", "CONSENT"], **PAPER)
    assert not await sees(house, AGENT)
    taken = await record(house, "citizen")
    assert set(await refused(house, AGENT, OBJECT, record=taken)) == {"record"}
    assert set(await refused(house, AGENT, WATCH, secret=SECRET)) == {"subject"}
    assert (await ask(house, AGENT, ACCESSES))["data"]["viewer"]["accesses"]["nodes"] == []
    seen = [one["agent"] for one in await mandates(house, AGENT)]
    assert seen == [AGENT.subject]  # its own, and none of the others over the citizen


async def test_a_claim_is_verified_by_the_subject_itself(house: House) -> None:
    claim = await do(house, AGENT, RECORD, **CITIZEN, **PAPER)
    assert claim["state"] == "PROPOSED"
    (seen,) = [one for one in await mandates(house, "citizen") if one["state"] == "PROPOSED"]
    assert (seen["recordedBy"], seen["subjectName"]) == ("AGENT", DEMO.citizen_name)
    assert set(await refused(house, "enterprise-rep", VERIFY, mandate=seen["id"])) == {"mandate"}
    await do(house, "citizen", VERIFY, mandate=seen["id"])
    assert await sees(house, AGENT)


async def test_two_persons_at_the_desk_verify_and_one_twice_does_not(house: House) -> None:
    await do(house, AGENT, RECORD, **STRANGER, **PAPER)
    (waiting,) = await mandates(house, ANNA)
    assert (waiting["state"], waiting["document"], waiting["subjectName"]) == (
        "PROPOSED",
        PAPER["document"],
        DEMO.stranger_name,
    )
    told = {"mandate": waiting["id"], **PAPER}
    wrong = {**told, "document": "公证〔2026〕8号"}
    assert set(await refused(house, ANNA, VERIFY, **wrong)) == {"document"}
    assert set(await refused(house, ANNA, VERIFY, mandate=waiting["id"])) == {"document"}
    assert (await do(house, ANNA, VERIFY, **told))["state"] == "PROPOSED"
    assert not await sees(house, AGENT, STRANGER)
    again = await refused(house, ANNA, VERIFY, **told)
    assert again == {"mandate": "was verified by the caller already; another person at the desk completes it"}
    assert not await sees(house, AGENT, STRANGER)
    assert (await do(house, BORIS, VERIFY, **told))["state"] == "VERIFIED"
    assert await sees(house, AGENT, STRANGER)
    assert await mandates(house, ANNA) == []  # it does not wait any more


async def test_two_at_the_desk_at_once_complete_it_and_one_at_once_does_not(house: House) -> None:
    await do(house, AGENT, RECORD, **STRANGER, **PAPER)
    (waiting,) = await mandates(house, ANNA)
    told = {"mandate": waiting["id"], **PAPER}
    same = await asyncio.gather(*[ask(house, ANNA, VERIFY, told, step_up=True) for _ in range(2)])
    assert sorted("errors" in one for one in same) == [False, True]
    both = await asyncio.gather(*[ask(house, BORIS, VERIFY, told, step_up=True) for _ in range(2)])
    assert sorted("errors" in one for one in both) == [False, True]
    assert await sees(house, AGENT, STRANGER)


async def test_the_desk_records_from_paper_and_turns_down(house: House) -> None:
    first = await do(house, ANNA, RECORD, **STRANGER, agent=AGENT.subject, **PAPER)
    rejected = await do(house, BORIS, REVOKE, mandate=first["id"])
    assert rejected["state"] == "REVOKED"
    (own,) = await mandates(house, AGENT)
    assert (own["state"], own["endedFor"], own["recordedBy"]) == ("REVOKED", "REJECTED", "DESK")
    assert set(await refused(house, BORIS, VERIFY, mandate=first["id"], **PAPER)) == {"mandate"}


async def test_the_desk_has_no_hand_in_what_is_between_subject_and_agent(house: House) -> None:
    """Not in a proposal of the subject's own, nor in a mandate that is in force."""
    proposed = await do(house, "citizen", RECORD, agent=AGENT.subject, **PAPER)
    assert await mandates(house, ANNA) == []
    assert set(await refused(house, ANNA, VERIFY, mandate=proposed["id"], **PAPER)) == {"mandate"}
    assert set(await refused(house, ANNA, REVOKE, mandate=proposed["id"])) == {"mandate"}


async def test_nobody_verifies_what_they_are_given_themselves(house: House) -> None:
    """Whoever works at the desk and is the agent too."""
    both = replace(ANNA, subject=AGENT.subject)
    await do(house, AGENT, RECORD, **STRANGER, **PAPER)
    (waiting,) = await mandates(house, BORIS)
    for _ in range(2):
        assert set(await refused(house, both, VERIFY, mandate=waiting["id"], **PAPER)) == {"mandate"}


async def test_a_guardian_has_document_and_term_and_is_verified_at_the_desk_alone(house: House) -> None:
    claim = {**CITIZEN, "basis": "GUARDIAN", "document": "民特〔2026〕3号"}
    assert set(await refused(house, AGENT, RECORD, **claim)) == {"until"}
    assert set(await refused(house, AGENT, RECORD, **CITIZEN, basis="GUARDIAN", until="2027-06-30")) == {"document"}
    assert set(await refused(house, AGENT, RECORD, **claim, until="2026-11-22")) == {"until"}
    await do(house, AGENT, RECORD, **claim, until="2026-12-31")
    (seen,) = [one for one in await mandates(house, "citizen") if one["basis"] == "GUARDIAN"]
    assert set(await refused(house, "citizen", VERIFY, mandate=seen["id"])) == {"mandate"}
    (waiting,) = await mandates(house, ANNA)
    for person in (ANNA, BORIS):
        await do(house, person, VERIFY, mandate=waiting["id"], document="民特〔2026〕3号")
    assert await sees(house, AGENT)
    try:
        house.clock.at = NOW.replace(month=12, day=31, hour=15, minute=59)  # one minute to midnight in Beijing
        assert await sees(house, AGENT)
        house.clock.advance(timedelta(minutes=1))
        assert not await sees(house, AGENT)
        assert [one["state"] for one in await mandates(house, AGENT)] == ["ENDED"]
    finally:
        house.clock.at = NOW


async def test_a_proposal_that_nobody_verifies_in_time_is_over(house: House) -> None:
    proposed = await do(house, "citizen", RECORD, agent=AGENT.subject)
    try:
        house.clock.advance(timedelta(days=31))
        assert set(await refused(house, "citizen", VERIFY, mandate=proposed["id"])) == {"mandate"}
        assert [one["state"] for one in await mandates(house, AGENT)] == ["ENDED"]
    finally:
        house.clock.at = NOW


async def test_an_unknown_person_is_answered_like_a_known_one(house: House) -> None:
    """A claim over somebody who is there, and over nobody; the same for whoever claims and for the desk."""
    answers, seen = [], []
    for person in (STRANGER, NOBODY):
        answers.append(await do(house, AGENT, RECORD, **person, **PAPER))
        (entry,) = await house.entries(1)
        assert len(entry["subjects"]) + len(entry["asked"]) == 1
        (waiting,) = await mandates(house, ANNA)
        seen.append({**waiting, "id": "", "subjectName": ""})
        told = {"mandate": waiting["id"], **PAPER}
        states = [await do(house, one, VERIFY, **told) for one in (ANNA, BORIS)]
        answers[-1] = {**answers[-1], "id": "", "later": [one["state"] for one in states]}
    assert answers[0] == answers[1] and seen[0] == seen[1]
    assert await sees(house, AGENT, STRANGER)
    assert not await sees(house, AGENT, NOBODY)


# --- how far it reaches ---


async def test_an_agent_sees_accesses_only_if_the_mandate_says_so(house: House) -> None:
    await sees(house, "citizen")
    await given(house, "FILE")
    assert await sees(house, AGENT)
    assert (await ask(house, AGENT, ACCESSES))["data"]["viewer"]["accesses"]["nodes"] == []
    assert set(await refused(house, AGENT, WATCH, secret=SECRET)) == {"subject"}
    await given(house, "ACCESSES")
    assert (await ask(house, AGENT, ACCESSES))["data"]["viewer"]["accesses"]["nodes"]
    assert await do(house, AGENT, WATCH, secret=SECRET) == {"state": "ACTIVE"}


async def test_an_agent_files_only_if_the_mandate_says_so(house: House) -> None:
    await given(house, "ACCESSES")
    taken = await record(house, AGENT)
    assert set(await refused(house, AGENT, OBJECT, record=taken)) == {"record"}
    await given(house, "FILE")
    assert (await do(house, AGENT, OBJECT, record=taken))["state"] == "ROUTED"


async def test_an_agent_gives_no_mandates_and_sees_no_others(house: House) -> None:
    proposed = await given(house, "ACCESSES", "FILE", "CONSENT")
    await do(house, OTHER, RECORD, **CITIZEN, **PAPER)
    assert {one["agent"] for one in await mandates(house, AGENT)} == {AGENT.subject}
    own = (await ask(house, AGENT, PERSON, CITIZEN))["data"]["person"]["id"]
    assert set(await refused(house, AGENT, RECORD, subject=own, agent="friend")) == {"subject"}
    waiting = [one for one in await mandates(house, "citizen") if one["state"] == "PROPOSED"]
    assert set(await refused(house, AGENT, VERIFY, mandate=waiting[0]["id"])) == {"mandate"}
    assert set(await refused(house, OTHER, REVOKE, mandate=proposed["id"])) == {"mandate"}


# --- revoked ---


@pytest.mark.parametrize(("who", "why"), [("citizen", "WITHDRAWN"), (AGENT, "GIVEN_BACK")], ids=["subject", "agent"])
async def test_revoked_between_two_queries(house: House, who: str | Persona, why: str) -> None:
    await given(house)
    assert await sees(house, AGENT)
    (own,) = await mandates(house, AGENT)
    (seen,) = [one for one in await mandates(house, who) if one["agent"] == AGENT.subject]
    assert (await do(house, who, REVOKE, mandate=seen["id"]))["state"] == "REVOKED"
    assert not await sees(house, AGENT)
    (own,) = await mandates(house, AGENT)
    assert (own["state"], own["endedFor"]) == ("REVOKED", why)
    assert set(await refused(house, who, REVOKE, mandate=seen["id"])) == {"mandate"}


async def test_revoked_between_reading_and_the_entry(house: House) -> None:
    """Nothing is sent, and the entry says so."""
    proposed = await given(house)

    async def revoke() -> None:
        house.lanes.after = None
        await do(house, "citizen", REVOKE, mandate=proposed["id"])

    house.lanes.after = revoke
    body = await ask(house, AGENT, PERSON, CITIZEN)
    assert body["data"] is None and body["errors"][0]["extensions"]["code"] == "BASIS_LOST"
    assert [one["code"] for one in await house.entries(1)] == ["BASIS_LOST"]


async def test_one_of_two_revoked_between_reading_and_the_entry(house: House) -> None:
    """What is left does not reach as far as what was read."""
    await given(house, "FILE")
    proposed = await given(house, "ACCESSES")

    async def revoke() -> None:
        house.lanes.after = None
        await do(house, "citizen", REVOKE, mandate=proposed["id"])

    house.lanes.after = revoke
    body = await ask(house, AGENT, ACCESSES)
    assert body["data"] is None and body["errors"][0]["extensions"]["code"] == "BASIS_LOST"
    assert await sees(house, AGENT)


async def test_an_enterprise_names_an_agent(house: House) -> None:
    proposed = await do(house, "enterprise-rep", RECORD, agent=AGENT.subject, until="2026-12-31", scope=["CONSENT"])
    await do(house, "enterprise-rep", VERIFY, mandate=proposed["id"])
    (own,) = await mandates(house, AGENT)
    assert (own["scope"], own["validUntil"]) == (["READ", "CONSENT"], "2026-12-31T16:00:00.000000Z")


# --- what is given ---


@pytest.mark.parametrize(
    ("who", "given", "faults"),
    [
        ("citizen", {}, {"idNumber", "name", "document"}),
        ("citizen", {"agent": "citizen-demo"}, {"agent"}),
        ("citizen", {"agent": "a", **CITIZEN}, {"idNumber", "name"}),
        ("citizen", {"agent": "a", "subject": "?"}, {"subject"}),
        ("citizen", {"agent": "a", "scope": ["FILE", "READ", "ALL"]}, {"scope.2"}),
        ("citizen", {"agent": "a", "until": "tomorrow", "document": " "}, {"until", "document"}),
        ("citizen", {"basis": "PERSON", **CITIZEN, **PAPER}, {"basis"}),
        ("citizen", {"basis": "COUNTER", **CITIZEN, **PAPER}, {"basis"}),
        ("citizen", {"basis": "REPRESENTATIVE", **CITIZEN}, {"subject", "idNumber", "name"}),
        (ANNA, {**CITIZEN, **PAPER}, {"agent"}),
        (ANNA, {**CITIZEN, "agent": "a"}, {"document"}),
        (ANNA, {"idNumber": "1", "name": "", "agent": "a", **PAPER}, {"idNumber", "name"}),
        (ANNA, {"subject": "?", "agent": "a", **PAPER}, {"subject"}),
    ],
    ids=lambda one: one if isinstance(one, str) else None,
)
async def test_what_is_wrong_is_told_all_at_once(
    house: House, who: str | Persona, given: dict[str, object], faults: set[str]
) -> None:
    assert set(await refused(house, who, RECORD, **given)) == faults


async def test_the_desk_is_proven_anew_too(house: House) -> None:
    """What it records, verifies and turns down changes who may act for whom."""
    anew = "prove who you are anew in this session"
    given = {**STRANGER, "agent": AGENT.subject, **PAPER}
    assert (await ask(house, ANNA, RECORD, given))["errors"][0]["message"].endswith(anew)
    made = await do(house, ANNA, RECORD, **given)
    for query, more in ((VERIFY, PAPER), (REVOKE, {})):
        body = await ask(house, BORIS, query, {"mandate": made["id"], **more})
        assert body["errors"][0]["message"].endswith(anew)
    assert await house.sql("SELECT first_by, revoked_at FROM mandate WHERE recorded_by = 'DESK'") == [(None, None)]
    assert (await do(house, BORIS, REVOKE, mandate=made["id"]))["state"] == "REVOKED"
