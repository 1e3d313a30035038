"""The archive: old versions of one subject's rows, for a lawsuit or a complaint, opened by two people, written down."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from gateway.cli.main import main
from gateway.errors import BadInput
from gateway.intake.sample_demo import DEMO
from gateway.ledger import archive
from gateway.ledger.archive import Request
from gateway.rights.superseded import Why
from gateway.store.database import Connections
from tests.flow.documents import LEGAL
from tests.flow.test_accesses import MINE
from tests.flow.test_superseded import FIND, changed, number_of
from tests.harness import Body, House, Variables, opened, stored

pytestmark = pytest.mark.anyio

OLD = """query($access: Access) { supersededVersions(first: 50, access: $access) { nodes {
  id recordKind why content texts } } }"""
RESERVED = OLD.replace("texts", "texts reserved")
NODE = "query($id: ID!, $access: Access) { node(id: $id, access: $access) { ... on SupersededVersion { content } } }"
NUMBER, BASIS = "（2026）吉0802民初1号", "民事诉讼法 art. 67"
NEW = Request(NUMBER, "LITIGATION", BASIS, DEMO.enterprise_uscc, ("archivist-1",), ("anna", "boris"), 30)


def asked(number: str = NUMBER, kind: str = "LITIGATION", basis: str = BASIS, purpose: str = "PUBLIC_DUTY") -> Body:
    return {"purpose": purpose, "matter": {"number": number, "kind": kind, "basis": basis}}


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        record = (await made.data("enterprise-rep", FIND, LEGAL))["enterprise"]["penalties"]["nodes"][0]
        number = await number_of(made, record["documentNumber"])
        await made.sql("UPDATE penalty SET remark = '备注' WHERE id = %s", number)
        await changed(made, "penalty", number, Why.CORRECTED, fine=77)
        ((other,),) = await made.sql("SELECT id FROM penalty WHERE subject_class = 'person' ORDER BY id LIMIT 1")
        await changed(made, "penalty", int(other), Why.CORRECTED, conduct="其他")
        yield made
        await stored(made.connections)


async def begun(house: House, **changes: Any) -> None:
    request = replace(NEW, **changes)
    await archive.begin(house.connections.owner, house.gateway.log, house.vault, request, house.clock.now())


async def seen(house: House, access: Variables | None, persona: str = "archivist") -> list[Body] | None:
    """What the archivist sees; None: the list is withheld."""
    found = (await house.data(persona, OLD, {"access": access}))["supersededVersions"]
    return None if found is None else list(found["nodes"])


async def test_a_request_opens_the_old_versions_of_one_subject(house: House) -> None:
    assert await seen(house, None) is None and await seen(house, asked()) is None
    await begun(house)
    found = await seen(house, asked())
    assert found is not None and len(found) == 1
    old = found[0]
    assert (
        old["why"] == "CORRECTED" and json.loads(old["content"])["documentNumber"] and json.loads(old["texts"])["facts"]
    )
    node = (await house.data("archivist", NODE, {"id": old["id"], "access": asked()}))["node"]
    assert node["content"] == old["content"]
    assert (await house.data("archivist", NODE, {"id": old["id"]}))["node"] is None
    # Numbers of papers and remarks: proven anew besides.
    nodes = (await house.data("archivist", RESERVED, {"access": asked()}))["supersededVersions"]["nodes"]
    assert nodes[0]["reserved"] is None
    nodes = (await house.data("archivist", RESERVED, {"access": asked()}, step_up=True))["supersededVersions"]["nodes"]
    assert json.loads(nodes[0]["reserved"])["remark"] == "备注"


@pytest.mark.parametrize(
    "access",
    [
        asked(number="another"),
        asked(kind="COMPLAINT"),
        asked(basis="another"),
        asked(purpose="CASE_HANDLING"),
        {"purpose": "PUBLIC_DUTY"},
    ],
    ids=["number", "kind", "basis", "purpose", "none"],
)
async def test_another_ground_opens_nothing(house: House, access: Variables) -> None:
    await begun(house)
    assert await seen(house, access) is None


async def test_nor_does_it_for_anybody_else_or_at_another_time(house: House) -> None:
    await begun(house, archivists=("archivist-2",))
    assert await seen(house, asked()) is None
    await begun(house, number="2")
    assert await seen(house, asked("2"))
    assert await seen(house, asked("2"), "handler") == []  # to whom a case gives what it gives, and no request
    house.clock.advance(timedelta(days=30))
    assert await seen(house, asked("2")) is None
    await begun(house, number="3")
    assert await seen(house, asked("3"))
    await archive.end(house.connections.owner, house.gateway.log, "3", house.clock.now())
    assert await seen(house, asked("3")) is None
    with pytest.raises(BadInput):
        await archive.end(house.connections.owner, house.gateway.log, "3", house.clock.now())
    (entry,) = [one for one in await house.entries(3) if "unarchive" in one]
    assert entry["unarchive"] == {"number": "3"}


async def test_the_archive_sees_nothing_else(house: House) -> None:
    await begun(house)
    for query in (
        "{ licenses(first: 1) { nodes { id } } }",
        f'{{ enterprise(by: {{uscc: "{DEMO.enterprise_uscc}"}}) {{ id }} }}',
    ):
        _, body = await house.ask("archivist", query)
        assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_person_is_named_by_its_number(house: House) -> None:
    ((subject,),) = await house.sql("SELECT subject_id FROM superseded WHERE subject_class = 'person'")
    await begun(house, about=DEMO.citizen_id_number)
    ((about,),) = await house.sql("SELECT subject_id FROM archive_request")
    ((mine,),) = await house.sql("SELECT subject_id FROM mandate WHERE principal = 'citizen-demo' AND basis = 'PERSON'")
    assert about == mine and len(await seen(house, asked()) or ()) == (subject == mine)
    ((row,),) = await house.sql("SELECT archive_request::text FROM archive_request")
    assert DEMO.citizen_id_number not in row


async def test_every_opening_is_written_down_and_told_to_the_subject(house: House) -> None:
    await begun(house)
    (opening,) = await house.entries(1)
    assert opening["who"]["principal"] == "anna, boris" and opening["operation"]["roots"] == ["archive"]
    assert opening["why"][0]["matter"] == {"number": NUMBER, "kind": "LITIGATION", "basis": BASIS}
    await seen(house, asked())
    (entry,) = await house.entries(1)
    assert entry["outcome"] == "DISCLOSED" and list(entry["rows"]) == ["superseded"]
    assert entry["subjects"] == opening["subjects"] and entry["why"] == opening["why"]
    nodes = (await house.data("enterprise-rep", MINE))["viewer"]["accesses"]["nodes"]
    assert {"archive"} <= {root for one in nodes for root in one["roots"]}
    assert any(
        one["matters"] and NUMBER in one["matters"][0] for one in nodes if one["roots"] == ["supersededVersions"]
    )


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"by": ("anna", "Anna ")}, {"by"}),
        ({"by": ("anna",)}, {"by"}),
        ({"by": ("anna", "boris", "clara")}, {"by"}),
        ({"by": ("anna", "archivist-1")}, {"by"}),
        ({"archivists": ()}, {"archivists"}),
        ({"days": 91}, {"days"}),
        ({"days": 0}, {"days"}),
        ({"kind": "AUDIT"}, {"kind"}),
        ({"about": "nobody"}, {"about"}),
        ({"number": "", "basis": "a\nb", "about": "", "days": 0}, {"number", "basis", "about", "days"}),
    ],
    ids=["one-person", "alone", "three", "archivist", "nobody-reads", "long", "short", "kind", "about", "all"],
)
async def test_what_is_wrong_is_told_at_once(house: House, changes: dict[str, Any], wrong: set[str]) -> None:
    before = await house.entry_count()
    with pytest.raises(BadInput) as caught:
        await begun(house, **changes)
    assert {fault.path[0] for fault in caught.value.faults} == wrong
    assert await house.entry_count() == before and await house.sql("SELECT 1 FROM archive_request") == []


async def test_a_number_is_used_once(house: House) -> None:
    await begun(house)
    with pytest.raises(BadInput) as caught:
        await begun(house)
    assert [fault.path for fault in caught.value.faults] == [("number",)]


async def test_how_long_is_a_rule(house: House) -> None:
    await house.sql(
        "INSERT INTO rule (name, version, value, unit, source, verified, valid_from, least) "
        "VALUES ('archive.request', 2, 7, 'CALENDAR_DAYS', 'a decision', true, '2026-01-01', 1)"
    )
    with pytest.raises(BadInput) as caught:
        await begun(house, days=8)
    assert [fault.rule for fault in caught.value.faults] == ["must be from 1 to 7"]


async def test_what_was_kept_before_is_adopted(house: House) -> None:
    """Rows as intake put them away before there were old versions: sealed values in hex, as they lay."""
    ((kind, number, text),) = await house.sql(
        "SELECT 'license', id, to_jsonb(license) FROM license WHERE subject_class = 'legal' AND subject_id = "
        "(SELECT subject_id FROM identifier WHERE value_index = %s) ORDER BY id LIMIT 1",
        DEMO.enterprise_uscc,
    )
    await house.sql(
        "INSERT INTO record_version (kind, record_id, version, subject_id, content, superseded_at, batch) "
        "VALUES (%s, %s, 1, %s, %s, %s, 'a batch')",
        *(kind, number, text["subject_id"], Jsonb(text), house.clock.now()),
    )
    assert archive.adopt(house.connections.owner, house.vault) == 1
    assert archive.adopt(house.connections.owner, house.vault) == 0
    await begun(house)
    found = {one["recordKind"]: one for one in await seen(house, asked()) or ()}
    assert found["license"]["why"] == "REPLACED"
    assert json.loads(found["license"]["content"])["documentNumber"] == text["document_number"]
    assert json.loads(found["license"]["texts"])["content"]


async def test_the_commands(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(house.connections, role))

    async def command(*words: str) -> int:
        return await asyncio.to_thread(main, ["archive", *words])

    given = ("open", NUMBER, "--kind", "LITIGATION", "--basis", BASIS, "--archivist", "archivist-1")
    assert await command(*given, "--about", DEMO.enterprise_uscc, "--by", "anna") == 1
    assert "by: one person opens it" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{DEMO.citizen_id_number}\n"))
    assert await command(*given, "--by", "anna", "--by", "boris") == 0  # an ID number is no word of a command
    assert f"request {NUMBER} runs for 30 days" in capsys.readouterr().out
    assert await command("end", NUMBER) == 0
    assert await command("end", NUMBER) == 1
    assert await command("adopt") == 0
    assert "0 old versions adopted" in capsys.readouterr().out
