"""What rows were before they were changed: kept whole, sealed for three circles, shown to those whom it concerns."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from gateway import scenes
from gateway.actions.superseding import supersede
from gateway.catalogue.fields import Kind, Owner, Standing
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.intake.run import Order, take
from gateway.intake.sample_demo import DEMO
from gateway.rights.superseded import RESERVED, Why
from gateway.store.database import Connections
from gateway.store.tables import table
from gateway.values import Caller, Level, Relation, Role
from gateway.vault.keeper import Keeper
from tests.flow.documents import CITIZEN, LEGAL, PERSON
from tests.flow.intake_bench import penalty, written
from tests.harness import NOW, PUBLIC, Body, House, opened, shipped, stored

pytestmark = pytest.mark.anyio

OLD = """query($filter: SupersededVersionFilter) { supersededVersions(first: 50, filter: $filter) { nodes {
  id record recordKind recordVersion supersededAt why content } } }"""
OF_CASE = OLD.replace("why content", "why content texts")
NODE = "query($id: ID!) { node(id: $id) { ... on SupersededVersion { recordKind why content } } }"
FIND = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) {
  penalties(first: 50) { nodes { id documentNumber fine facts } } } }"""


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        yield made
        await stored(made.connections)


async def _never(query: str, variables: Mapping[str, object]) -> bytes:
    raise NotImplementedError("nothing is asked here")


async def changed(house: House, kind: str, number: int, why: Why, **values: object) -> None:
    """What a decision does to a record: the old version kept, the row changed, in one transaction."""
    now = house.clock.now()
    caller = Caller(Role.HANDLER, DEMO.handler, "gov-market", "MARKET")
    keeper = Keeper(house.vault, "client gov-market")
    parts, limits = (house.gateway.accesses, house.lanes), (house.gateway.certificates, 0, False)
    scene = scenes.scene(caller, now, shipped().visibility(Role.HANDLER), keeper, parts, _never, limits)
    row = table(BY_NAME[kind])
    ((subject,),) = await house.sql(f"SELECT subject_id FROM {kind} WHERE id = %s", number)
    async with house.gateway.sessions.begin() as session:
        await supersede(session, scene, BY_NAME[kind], int(subject), number, why)
        update = sa.update(row).where(row.c.id == number).values(version=row.c.version + 1, **values)
        await session.execute(update)
        await session.commit()


async def number_of(house: House, document: str, kind: str = "penalty") -> int:
    ((number,),) = await house.sql(f"SELECT id FROM {kind} WHERE document_number = %s", document)
    return int(number)


async def versions(house: House, persona: str, query: str = OLD, **filters: str) -> list[Body]:
    """The old versions that somebody sees, newest first."""
    found: list[Body] = (await house.data(persona, query, {"filter": filters or None}))["supersededVersions"]["nodes"]
    return found


async def test_a_decision_keeps_what_the_record_said(house: House) -> None:
    record = (await house.data("enterprise-rep", FIND, LEGAL))["enterprise"]["penalties"]["nodes"][0]
    number = await number_of(house, record["documentNumber"])
    ((version, text),) = await house.sql("SELECT version, facts_released FROM penalty WHERE id = %s", number)
    await changed(house, "penalty", number, Why.CORRECTED, fine=77)
    house.clock.advance(timedelta(minutes=5))
    await changed(house, "penalty", number, Why.REVOKED, status="REVOKED")
    newest, old = await versions(house, "enterprise-rep")
    assert (old["why"], newest["why"]) == ("CORRECTED", "REVOKED")
    assert (old["recordVersion"], newest["recordVersion"]) == (version, version + 1)
    assert old["record"] == record["id"] and old["recordKind"] == "penalty"
    assert old["supersededAt"] == "2026-11-23T02:00:00.000000Z"
    before, after = json.loads(old["content"]), json.loads(newest["content"])
    assert (before["fine"], after["fine"]) == (record["fine"], "77.000000")
    assert before["documentNumber"] == record["documentNumber"] and before["facts"] == text
    # Nothing of what the subject is not shown of the record itself.
    assert not {"remark", "representativeIdNumber", "subjectIdNumber", "batch"} & set(before)
    assert (await house.data("enterprise-rep", NODE, {"id": old["id"]}))["node"]["content"] == old["content"]
    (shown,) = await versions(house, "enterprise-rep", why="REVOKED")
    assert shown["id"] == newest["id"] and await versions(house, "enterprise-rep", recordKind="license") == []
    # In the database all of it is ciphertext.
    rows = str(await house.sql("SELECT superseded::text FROM superseded"))
    assert record["documentNumber"] not in rows and record["fine"] not in rows


async def test_nobody_else_sees_that_there_was_one(house: House) -> None:
    record = (await house.data("enterprise-rep", FIND, LEGAL))["enterprise"]["penalties"]["nodes"][0]
    await changed(house, "penalty", await number_of(house, record["documentNumber"]), Why.CORRECTED, fine=77)
    (old,) = await versions(house, "enterprise-rep")
    assert await versions(house, "citizen") == []
    assert (await house.data("citizen", NODE, {"id": old["id"]}))["node"] is None
    for persona in ("bank", "agency", "market-officer", "desk", "auditor", "steward", "system-admin", PUBLIC):
        _, body = await house.ask(persona, OLD, {"filter": None})
        assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", persona


async def test_the_handler_of_its_case_sees_it_with_its_texts(house: House) -> None:
    """Of the disputed record, while the case is open, and not the papers or remarks."""
    ((number, field),) = await house.sql(
        'SELECT p.id, p.document_number FROM penalty p JOIN "case" c ON c.record_id = p.id WHERE c.handler = %s',
        DEMO.handler,
    ) or [(None, None)]
    assert number is not None
    others = (await house.data("enterprise-rep", FIND, LEGAL))["enterprise"]["penalties"]["nodes"]
    other = next(one for one in others if one["documentNumber"] != field)
    await changed(house, "penalty", await number_of(house, other["documentNumber"]), Why.REPLACED, fine=1)
    assert await versions(house, "handler", OF_CASE) == []
    await changed(house, "penalty", int(number), Why.CORRECTED, fine=77)
    (old,) = await versions(house, "handler", OF_CASE)
    assert json.loads(old["content"])["documentNumber"] == field and json.loads(old["texts"])["facts"]
    _, body = await house.ask("handler", OLD.replace("content", "reserved"), {"filter": None})
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    await house.sql('UPDATE "case" SET closed_at = %s WHERE record_id = %s', NOW, int(number))
    assert await versions(house, "handler", OF_CASE) == []


async def test_persons_and_sealed_values_are_opened_and_sealed_anew(house: House) -> None:
    ((number,),) = await house.sql(
        "SELECT p.id FROM penalty p JOIN mandate m ON m.subject_id = p.subject_id "
        "WHERE p.subject_class = 'person' AND m.principal = 'citizen-demo' ORDER BY p.id LIMIT 1"
    )
    await changed(house, "penalty", int(number), Why.SUPPLEMENTED, conduct="其他")
    (old,) = await versions(house, "citizen")
    said = json.loads(old["content"])
    assert said["subjectName"] == DEMO.citizen_name and DEMO.citizen_id_number not in old["content"]
    assert (await house.data("citizen", PERSON, CITIZEN))["person"]["penalties"]["nodes"]
    assert await versions(house, "enterprise-rep") == []
    # Who knows the ciphertext of one text cannot have it shown as another.
    await house.sql("UPDATE superseded SET content_sealed = reserved_sealed")
    status, body = await house.ask("citizen", OLD, {"filter": None})
    assert (status, body["data"]) == (500, None)


async def test_a_version_of_what_was_internal_is_not_told_to_its_subject(house: House) -> None:
    record = (await house.data("enterprise-rep", FIND, LEGAL))["enterprise"]["penalties"]["nodes"][0]
    number = await number_of(house, record["documentNumber"])
    await house.sql("UPDATE penalty SET disclosure = 'INTERNAL' WHERE id = %s", number)
    await changed(house, "penalty", number, Why.CORRECTED, fine=77)
    assert await versions(house, "enterprise-rep") == []


async def test_the_same_row_with_another_value_keeps_the_old_version(house: House, tmp_path: Path) -> None:
    """Intake: the row of a department replaces its own; subject and archive have what was there before."""
    row = penalty(
        documentNumber="样例罚字〔2026〕905号", subjectName=DEMO.enterprise_name, subjectUscc=DEMO.enterprise_uscc
    )
    with psycopg.connect(house.connections.writer) as connection:
        first = take(connection, house.vault, written(tmp_path / "a.csv", "penalty", row), Order(NOW))
        again = take(connection, house.vault, written(tmp_path / "b.csv", "penalty", row), Order(NOW))
        other = row | {"fine": "0.2"}
        mended = take(connection, house.vault, written(tmp_path / "c.csv", "penalty", other), Order(NOW))
    assert (first.accepted, again.unchanged, mended.replaced) == (1, 1, 1)
    (old,) = await versions(house, "enterprise-rep")
    assert (old["why"], old["recordVersion"]) == ("REPLACED", 1)
    said = json.loads(old["content"])
    assert (said["fine"], said["documentNumber"]) == ("0.100000", row["documentNumber"]) and "facts" not in said
    records = (await house.data("enterprise-rep", FIND, LEGAL))["enterprise"]["penalties"]["nodes"]
    (now,) = [one for one in records if one["documentNumber"] == row["documentNumber"]]
    assert (now["id"], now["fine"]) == (old["record"], "0.200000")


def places(kind: Kind) -> list[str]:
    """Every stored field that is no free text and stands in ``content``."""
    own = [(f"{kind.name}.{item.name}", item) for item in kind.fields]
    own += [(f"{kind.name}.{part.name}.{item.name}", item) for part in kind.parts for item in part.fields]
    return [name for name, item in own if not item.derived and not item.free_text and item.group not in RESERVED]


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.owner is not Owner.NONE and not kind.filed], ids=lambda kind: kind.name
)
def test_content_holds_nothing_that_its_readers_are_not_shown_of_the_row(kind: Kind) -> None:
    """Whatever stands in it the subject sees in clear of its own row, and of a record the handler of its case."""
    readers = [(Role.SUBJECT, Relation.SELF)]
    if kind.owner is Owner.RECORD:
        readers.append((Role.HANDLER, Relation.CASE))
    hidden = []
    for role, held in readers:
        cells = shipped().visibility(role).cells
        for name in places(kind):
            for subject in kind.classes:
                grants = cells[name][f"{subject.value}/{Standing.ORDINARY.value}"].grants
                if not any(
                    one.level is Level.CLEAR and one.condition.value & held == one.condition.value for one in grants
                ):
                    hidden.append((role.value, name, subject.value))
    assert hidden == []
