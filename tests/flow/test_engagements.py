"""Auditors read the log in engagements: each has its pseudonyms, and to say who is behind one takes two people."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.cli.main import main
from gateway.errors import BadInput
from gateway.intake.sample_codes import citizen_number
from gateway.intake.sample_demo import DEMO
from gateway.ledger import engagements
from gateway.ledger.engagements import Engagement
from gateway.store.database import Connections
from tests.flow.test_accesses import CITIZEN, LOOKED, MINE, PERSON, RECEIPT, receipt_of
from tests.harness import ENGAGEMENT, LOAN, Body, House, Variables, audit, consented, engage, opened

pytestmark = pytest.mark.anyio

SUBJECTS = """query($access: Access, $filter: AccessEntryFilter) {
  accesses(first: 50, filter: $filter, access: $access) { nodes { subject institution } } }"""
OTHER = "2026-2"
NEW = Engagement("2026-7", ("auditor-1", "auditor-2"), "loans without consent", ("anna", "boris"), 30)


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        await made.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
        await made.data("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
        engage(made.connections, OTHER)
        engage(made.connections, "2026-3", auditor="auditor-2")
        yield made


async def subjects(house: House, access: Variables | None, **filters: str) -> list[str]:
    """Whom the bank's accesses to persons were about, as an auditor sees them."""
    given = {"access": access, "filter": {"institution": "bank-demo", "kinds": "person", **filters}}
    nodes = (await house.data("auditor", SUBJECTS, given))["accesses"]["nodes"]
    return [one["subject"] for one in nodes]


async def refused(house: House, access: Variables | None) -> Body:
    """What an auditor is told who is not in this engagement."""
    _, body = await house.ask("auditor", SUBJECTS, {"access": access})
    assert body["data"] == {"accesses": None}, body
    (redaction,) = [one for one in body["extensions"]["redactions"] if one["path"] == ["accesses"]]
    return {"extensions": {**body["extensions"], "receipt": None}, "redaction": redaction}


async def test_pseudonyms_are_others_in_every_engagement(house: House) -> None:
    one, again = await subjects(house, audit())
    other = await subjects(house, audit(OTHER))
    assert one == again and len(set(other)) == 1 and one != other[0]
    (pseudonym,) = (await house.sql("SELECT DISTINCT subject FROM access WHERE clear = '{person.name}'"))[0]
    assert pseudonym not in (one, other[0])
    assert await subjects(house, audit(), subject=one) == [one, one]
    for name in (other[0], pseudonym, "x" * 32, one.upper()):  # of another engagement, of the log, of nobody
        assert await subjects(house, audit(), subject=name) == []


async def test_what_is_about_nobody_has_no_pseudonym(house: House) -> None:
    await house.ask("bank", "{ nothing }")
    await house.data("bank", "{ viewer { role } }")
    given = {"access": audit(), "filter": {"institution": "bank-demo"}}
    nodes = (await house.data("auditor", SUBJECTS, given))["accesses"]["nodes"]
    assert [one["subject"] for one in nodes[:2]] == [None, None] and nodes[-1]["subject"]
    (entry,) = await house.entries(1)
    assert entry["subjects"] == []  # the auditor's own look is about nobody that is known here


async def test_without_an_engagement_the_log_is_not_read(house: House) -> None:
    """None, one that never was, another auditor's, and a duty in place of an audit: told alike."""
    told = await refused(house, None)
    assert told["redaction"]["reason"] == "ENGAGEMENT_REQUIRED" and told["redaction"]["rows"] == "ALL"
    for access in (audit("nothing"), audit("2026-3")):
        found = await refused(house, access)
        assert found["redaction"]["reason"] == "ENGAGEMENT_REQUIRED"
    duty = {"purpose": "PUBLIC_DUTY", "matter": {"number": ENGAGEMENT, "kind": "AUDIT", "basis": "b"}}
    assert (await refused(house, duty))["redaction"]["reason"] == "ENGAGEMENT_REQUIRED"
    assert (await refused(house, {**LOAN}))["redaction"]["reason"] == "ENGAGEMENT_REQUIRED"


async def test_an_engagement_is_no_matter_of_a_department(house: House) -> None:
    """Not even where a scope is said to be for audits."""
    await house.sql(
        "UPDATE sharing_scope SET matter_kind = 'AUDIT', basis = 'audit plan' WHERE ctid = (SELECT min(ctid) FROM "
        "sharing_scope WHERE kind = 'person' AND receiver = 'TAX')"
    )
    assert await house.sql("SELECT count(*) FROM sharing_scope WHERE matter_kind = 'AUDIT'") == [(1,)]
    for purpose in ("AUDIT", "PUBLIC_DUTY"):
        matter = {"number": ENGAGEMENT, "kind": "AUDIT", "basis": "audit plan"}
        data = await house.data("tax-officer", PERSON, {**CITIZEN, "access": {"purpose": purpose, "matter": matter}})
        assert data == {"person": None}
    data = await house.data("bank", LOOKED, {"first": 5, "filter": {"institution": "bank-demo"}, "access": audit()})
    assert data["accesses"]["nodes"]  # one's own, whatever one says


async def test_an_entry_as_it_was_hashed_needs_a_fresh_proof_of_who_asks(house: House) -> None:
    """It has the log's own pseudonyms: whoever opens one is in the log as somebody who did."""
    place = await receipt_of(house, "bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    _, body = await house.ask("auditor", RECEIPT, {**place, "access": audit()})
    assert body["data"]["receipt"]["entry"]["body"] is None and body["data"]["receipt"]["entry"]["institution"]
    reasons = {one["coordinate"]: one["reason"] for one in body["extensions"]["redactions"]}
    assert (reasons["access.body"], reasons["access.salt"]) == ("STEP_UP_REQUIRED", "STEP_UP_REQUIRED")
    found = await house.data("auditor", RECEIPT, {**place, "access": audit()}, step_up=True)
    assert orjson.loads(found["receipt"]["entry"]["body"])["outcome"] == "DISCLOSED"
    (entry,) = await house.entries(1)
    assert "access.body" in entry["fields"]["clear"] and entry["why"][0]["matter"]["number"] == ENGAGEMENT


# --- opening and ending ---


async def begin(house: House, **changes: Any) -> None:
    await engagements.begin(house.connections.owner, house.gateway.log, replace(NEW, **changes), house.clock.now())


async def test_it_runs_from_its_opening_to_its_end(house: House) -> None:
    await begin(house)
    (entry,) = await house.entries(1)
    assert entry["engage"]["number"] == "2026-7" and entry["engage"]["opened_by"] == ["anna", "boris"]
    assert await subjects(house, audit("2026-7"))
    house.clock.advance(timedelta(days=30) - timedelta(seconds=1))
    assert await subjects(house, audit("2026-7"))
    house.clock.advance(timedelta(seconds=1))
    await refused(house, audit("2026-7"))
    with pytest.raises(BadInput):
        await engagements.end(house.connections.owner, house.gateway.log, "2026-7", house.clock.now())
    await engagements.end(house.connections.owner, house.gateway.log, OTHER, house.clock.now())
    assert (await house.entries(1))[0]["disengage"] == {"number": OTHER}
    await refused(house, audit(OTHER))


async def test_everything_that_is_wrong_is_told_at_once(house: House) -> None:
    before = await house.entry_count()
    with pytest.raises(BadInput) as told:
        await begin(house, number=ENGAGEMENT, auditors=("anna", ""), reason=" ", opened_by=("anna", "anna"), days=367)
    assert [fault.path for fault in told.value.faults] == [("reason",), ("auditors",), ("by",), ("days",), ("number",)]
    for alike in (("anna", " Anna"), ("anna", "anna  "), ("anna", "AUDITOR-1")):
        with pytest.raises(BadInput):
            await begin(house, opened_by=alike)
    with pytest.raises(BadInput):
        await begin(house, number="2026-8 ")  # no caller could name it
    with pytest.raises(BadInput):
        await begin(house, opened_by=("auditor-2", "anna"))  # nobody opens their own
    assert await house.entry_count() == before


# --- resolution ---


async def resolve(house: House, name: str, number: str = ENGAGEMENT, **changes: Any) -> list[str]:
    given = {"reason": "prosecutor's request 12", "by": ("anna", "boris"), **changes}
    parts = house.connections.owner, house.gateway.log, house.vault
    return await engagements.resolve(*parts, number, name, given["reason"], given["by"], house.clock.now())


async def test_two_people_learn_who_it_is_and_the_subject_that_they_did(house: House) -> None:
    (name, _) = await subjects(house, audit())
    assert await resolve(house, name) == [DEMO.citizen_name, DEMO.citizen_id_number]
    found = (await house.data("citizen", MINE))["viewer"]["accesses"]["nodes"][0]
    assert (found["role"], found["officer"], found["roots"]) == ("auditor", "anna, boris", ["resolve"])
    assert found["matters"] == [f"AUDIT {ENGAGEMENT} prosecutor's request 12"] and found["purposes"] == ["AUDIT"]
    (entry,) = [one for one in await house.entries(2) if "resolve" in str(one["operation"])]
    assert entry["outcome"] == "PERFORMED" and CITIZEN["name"] not in str(entry)


async def test_it_takes_two_people_a_reason_and_an_engagement_that_runs(house: House) -> None:
    (name, _) = await subjects(house, audit())
    before = await house.entry_count()
    with pytest.raises(BadInput) as told:
        await resolve(house, name[:-1], "nothing", reason="", by=("anna", "anna"))
    assert [fault.path for fault in told.value.faults] == [("by",), ("reason",), ("pseudonym",), ("number",)]
    for number in ("nothing", "2026-1 "):
        with pytest.raises(BadInput):
            await resolve(house, name, number)
    assert await house.entry_count() == before
    assert await resolve(house, name, OTHER) == []  # a name of another engagement is nobody's


async def test_who_was_asked_for_in_vain_is_found_too(house: House) -> None:
    """By what was asked, where no row came: a person without a basis, a code of an enterprise."""
    await house.data("agency", PERSON, CITIZEN)
    given = {"access": audit(), "filter": {"institution": "agency-demo"}}
    nodes = (await house.data("auditor", SUBJECTS, given))["accesses"]["nodes"]
    assert await resolve(house, nodes[0]["subject"]) == [DEMO.citizen_name, DEMO.citizen_id_number]
    one = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { name } }"
    await house.data("agency", one, {"uscc": DEMO.enterprise_uscc})
    nodes = (await house.data("auditor", SUBJECTS, given))["accesses"]["nodes"]
    found = await resolve(house, nodes[0]["subject"])
    assert f"USCC {DEMO.enterprise_uscc}" in found and len(found) > 1
    await house.data("agency", PERSON, {"id": citizen_number("110101", 1, 400), "name": "无名氏"})
    nodes = (await house.data("auditor", SUBJECTS, given))["accesses"]["nodes"]
    assert await resolve(house, nodes[0]["subject"]) == []


async def test_the_commands(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(house.connections, role))

    async def command(*words: str) -> int:
        return await asyncio.to_thread(main, ["audit", *words])

    people = ("--by", "anna", "--by", "boris")
    assert await command("engage", "2026-9", "--auditor", "auditor-1", *people) == 1
    assert "reason: must be said" in capsys.readouterr().err
    assert await command("engage", "2026-9", "--auditor", "auditor-1", "--reason", "a look", *people) == 0
    assert "engagement 2026-9 runs for 90 days" in capsys.readouterr().out
    (name, _) = await subjects(house, audit())
    assert await command("resolve", ENGAGEMENT, name, "--reason", "a court", *people) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [DEMO.citizen_name, DEMO.citizen_id_number]
    assert await command("resolve", ENGAGEMENT, "0" * 32, "--reason", "a court", *people) == 1
    assert await command("engage", "2026-9", "--end") == 0
    assert await command("anomalies", "--days", "3650", "--engagement", ENGAGEMENT) == 0
    assert await house.sql("SELECT count(*) FROM log_entry WHERE body LIKE '%%anomalies%%'") == [(1,)]
    assert await command("anomalies", "--engagement", "nothing") == 1
    assert await command("anomalies", "--days", "99999999") == 1
