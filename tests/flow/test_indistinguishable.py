"""What is withheld leaves no trace: not in data, errors, redactions, status, length, nor in what a request costs."""

from collections.abc import AsyncIterator, Callable

import orjson
import pytest

from gateway.intake.sample_codes import citizen_number
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from gateway.vault.masks import name as masked_name
from gateway.vault.masks import street as masked_street
from tests.flow.documents import CITIZEN, COMMON, INDIVIDUAL, LEGAL, PERSON
from tests.harness import PUBLIC, TAX_MATTER, Body, House, consented, opened, without_receipt

pytestmark = pytest.mark.anyio

NOBODY = citizen_number("222301", 1000, 993)
OTHER_NAME = "甲寅九"  # behind the same mask as the operator's
OTHER_ADDRESS = "吉林省白城市洮北区新华西路98号另一小区7号楼"  # behind the same mask as the business's
PLACES = """query($first: Int!) { enterprises(first: $first) { nodes { id name address legalRepresentative { name }
  penalties { nodes { id documentNumber disputed } pageInfo { hasNextPage startCursor endCursor } } }
  pageInfo { hasNextPage endCursor } } }"""
ASKED = (
    (PUBLIC, COMMON, INDIVIDUAL),
    (PUBLIC, COMMON, LEGAL),
    (PUBLIC, PLACES, {"first": 20}),
    (PUBLIC, "{ enterprises(first: 2) { pageInfo { hasNextPage endCursor } } }", None),
    (PUBLIC, COMMON, {"uscc": "not a code"}),
    (PUBLIC, COMMON.replace("status", "phone"), LEGAL),
    ("bank", COMMON, INDIVIDUAL),
    ("bank", COMMON, LEGAL),
    ("bank", COMMON, {**INDIVIDUAL, "access": consented(DEMO.consent_withdrawn)}),
    ("bank", PERSON, CITIZEN),
    ("bank", PERSON, {"idNumber": DEMO.stranger_id_number, "name": DEMO.stranger_name}),
    ("enterprise-rep", COMMON, INDIVIDUAL),
    ("enterprise-rep", PERSON, CITIZEN),
    ("auditor", "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { id name address } }", INDIVIDUAL),
    ("auditor", "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { id name address } }", LEGAL),
)


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
async def other(
    new_database: Callable[[], Connections], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """The same data, but for everything that the callers in ``ASKED`` are not given."""
    async with opened(new_database(), tmp_path_factory.mktemp("home")) as made:
        await with_other_secrets(made)
        yield made


async def with_other_secrets(house: House) -> None:
    vault = house.vault
    subject, wrapped, name, address = (
        await house.sql(
            "SELECT subject_id, wrapped, legal_representative_name_masked, address_masked "
            "FROM enterprise JOIN subject_key USING (subject_id) WHERE uscc = %s",
            DEMO.individual_uscc,
        )
    )[0]
    assert (masked_name(OTHER_NAME), masked_street(OTHER_ADDRESS)) == (name, address)
    key = vault.unwrap(wrapped, subject)
    for column, value in (
        ("legal_representative_name", OTHER_NAME),
        ("legal_representative_id_number", "222301189901010017"),
        ("legal_representative_phone", "10000009999"),
        ("phone", "10000008888"),
        ("email", "other@individual.example.invalid"),
    ):
        sealed = vault.seal(key, "enterprise", column, subject, value)
        await house.sql(f"UPDATE enterprise SET {column}_sealed = %s WHERE subject_id = %s", sealed, subject)
    await house.sql("UPDATE enterprise SET legal_representative_id_number_masked = '44**************99'")
    await house.sql("UPDATE enterprise SET address = %s WHERE subject_id = %s", OTHER_ADDRESS, subject)
    await house.sql("UPDATE penalty SET facts_sealed = %s, content_sealed = %s", b"\x00" * 40, b"\x01" * 70)
    await house.sql("UPDATE license SET content_sealed = %s, document_name_sealed = %s", b"\x00" * 9, b"\x00" * 9)
    await house.sql("UPDATE penalty SET remark = 'another remark'")
    # Minor penalties, ended ones and those of persons: other numbers of them, some gone, some more.
    hidden = "(minor OR status IN ('REPAIRED', 'REVOKED') OR subject_class = 'person' OR disclosure <> 'PUBLIC')"
    await house.sql(
        f"UPDATE penalty SET fine = 99, document_number = 'hidden', disputed_on = '2026-11-01' WHERE {hidden}"
    )
    columns = [
        row[0]
        for row in await house.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'penalty' AND column_name <> 'id'"
        )
    ]
    named = ", ".join(columns)
    for _ in range(5):
        await house.sql(
            f"INSERT INTO penalty (id, {named}) SELECT nextval('record_ids'), {named} FROM penalty WHERE {hidden}"
        )
    await house.sql("DELETE FROM penalty WHERE disclosure = 'AUTHORIZED' AND mod(id, 2) = 0")
    # No citizen and no stranger; no consent, no mandate of anybody else's.
    for table in ("person", "consent", '"case"'):
        await house.sql(f"DELETE FROM {table}")
    await house.sql("DELETE FROM mandate WHERE principal <> 'enterprise-rep-demo'")


@pytest.mark.parametrize(("persona", "query", "variables"), ASKED)
async def test_two_databases_that_differ_only_in_what_is_withheld(
    house: House, other: House, persona: str, query: str, variables: dict[str, object] | None
) -> None:
    if (persona, variables) == ("enterprise-rep", INDIVIDUAL):
        assert "甲**" in (await house.raw(persona, query, variables)).text  # something is there to be withheld
        await other.raw(persona, query, variables)
    one, two = await house.raw(persona, query, variables), await other.raw(persona, query, variables)
    assert one.status_code == two.status_code
    first, second = orjson.loads(one.content), orjson.loads(two.content)
    assert without_receipt(first) == without_receipt(second)
    assert first["extensions"]["receipt"]["index"] == second["extensions"]["receipt"]["index"]
    assert one.content.index(b'"receipt"') == two.content.index(b'"receipt"')
    assert len(one.content) == len(two.content)
    assert {name: one.headers[name] for name in one.headers if name != "date"} == {
        name: two.headers[name] for name in two.headers if name != "date"
    }


async def test_the_databases_do_differ(house: House, other: House) -> None:
    """For somebody who is given the values the answers are not the same: the comparison above compares something."""
    for persona, access in (("tax-officer", TAX_MATTER), ("market-officer", None)):
        asked = {**LEGAL, "access": access}
        mine, theirs = await house.ask(persona, COMMON, asked), await other.ask(persona, COMMON, asked)
        assert (without_receipt(mine[1]) == without_receipt(theirs[1])) is (access is None)


@pytest.mark.parametrize("persona", ["bank", "agency", "tax-officer", "market-officer", "citizen", "handler"])
async def test_whether_a_person_has_a_file(house: House, persona: str) -> None:
    """A wrong pair, an unknown pair and a missing basis: one answer, one cost."""
    known = {"idNumber": DEMO.stranger_id_number, "name": DEMO.stranger_name}
    pairs = (
        known,
        {**known, "name": DEMO.citizen_name},
        {**known, "name": "无此人"},
        {"idNumber": DEMO.representative_id_number, "name": DEMO.representative_name},
        {"idNumber": NOBODY, "name": DEMO.stranger_name},
    )
    grounds = (None, consented(DEMO.consent_withdrawn), consented("SQ-0000-0000"), consented(DEMO.consent_enterprise))
    found: list[Body] = []
    for pair in pairs:
        for access in grounds:
            body, cost = await house.cost(persona, PERSON, {**pair, "access": access})
            assert (cost.statements, cost.entries, cost.openings) == (1, 1, 0), body
            found.append(without_receipt(body))
    assert found[0]["data"] == {"person": None}
    for body in found[1:]:
        assert body == found[0]


async def test_ids_that_lead_nowhere(house: House) -> None:
    """Unreadable, somebody else's, absent, of a row that is not for the caller: one answer, one cost."""
    theirs = (await house.data("tax-officer", PERSON, {**CITIZEN, "access": TAX_MATTER}))["person"]
    minor = next(
        node["id"]
        for node in (await house.data("enterprise-rep", COMMON.replace("documentNumber", "id documentNumber"), LEGAL))[
            "enterprise"
        ]["penalties"]["nodes"]
        if node["severity"] == "MINOR"
    )
    bank = "client bank-demo"
    absent = [house.vault.node_id(kind, 10**9, personal, bank) for kind in range(5) for personal in (False, True)]
    ids = ["x", "", "A" * 22, "名", theirs["id"], theirs["penalties"]["nodes"][0]["id"], minor, *absent]
    query = "query($id: ID!) { node(id: $id) { id ... on Person { name } ... on Penalty { fine } } }"
    found = []
    for number in ids:
        body, cost = await house.cost("bank", query, {"id": number})
        assert (cost.statements, cost.entries, cost.openings) == (1, 1, 0), number
        found.append(without_receipt(body))
    assert found[0]["data"] == {"node": None}
    assert found == [found[0]] * len(found)


NAMES = (
    # persona, document, the name that the role may not name, an invented one of the same length
    (PUBLIC, '{ person(by: {idNumber: "1", name: "a"}) { name } }', "person", "persom"),
    (PUBLIC, "{ enterprises { nodes { phone } } }", "phone", "phony"),
    (PUBLIC, "{ enterprises { nodes { legalRepresentative { idNumber } } } }", "idNumber", "idNumbed"),
    (PUBLIC, "{ enterprises { nodes { penalties { nodes { remark } } } } }", "remark", "remarq"),
    (PUBLIC, '{ node(id: "x") { ... on Person { id } } }', "Person", "Persom"),
    (PUBLIC, "query($by: PersonBy!) { viewer { role } }", "PersonBy", "PersonBx"),
    (PUBLIC, "fragment f on Person { name } query { viewer { role } ...f }", "Person", "Persom"),
    ("bank", "{ enterprises { nodes { legalRepresentative { phone } } } }", "phone", "phony"),
    ("bank", '{ person(by: {idNumber: "1", name: "a"}) { birthDate } }', "birthDate", "birthDatx"),
    ("tax-officer", '{ person(by: {idNumber: "1", name: "a"}) { sex } }', "sex", "sey"),
    ("auditor", "{ enterprises { nodes { penalties { nodes { fine } } } } }", "penalties", "penaltiez"),
    ("auditor", '{ node(id: "x") { ... on Penalty { id } } }', "Penalty", "Penaltx"),
    (
        "auditor",
        "{ enterprises { nodes { legalRepresentative { name } } } }",
        "legalRepresentative",
        "legalRepresentativx",
    ),
    ("system-admin", "{ enterprises { nodes { name } } }", "enterprises", "enterprizes"),
    ("system-admin", '{ node(id: "x") { id } }', "node", "nodx"),
    ("security-admin", "{ organization { name } }", "organization", "organizatiox"),
    (PUBLIC, '{ __type(name: "Person") { name fields { name } } }', "Person", "Persom"),
    ("auditor", '{ __type(name: "PenaltyConnection") { name } }', "PenaltyConnection", "PenaltyConnectiox"),
)


@pytest.mark.parametrize(("persona", "query", "name", "invented"), NAMES)
async def test_a_name_the_role_may_not_name(house: House, persona: str, query: str, name: str, invented: str) -> None:
    one, cost = await house.cost(persona, query)
    two, same = await house.cost(persona, query.replace(name, invented))
    assert orjson.dumps(without_receipt(one)).replace(name.encode(), invented.encode()) == orjson.dumps(
        without_receipt(two)
    )
    assert cost == same
    assert "errors" in one or one["data"] == {"__type": None}
    assert "did you mean" not in str(one).lower()


async def test_the_schema_of_a_role_names_only_what_it_may_see(house: House) -> None:
    members = "name description fields { name description } inputFields { name } enumValues { name }"
    query = f"{{ __schema {{ types {{ {members} }} }} }}"
    public = orjson.dumps(await house.data(PUBLIC, query))
    auditor = orjson.dumps(await house.data("auditor", query))
    admin = orjson.dumps(await house.data("system-admin", query))
    assert b'"Person"' not in public
    assert b'"PersonBy"' not in public
    assert b'"birthDate"' not in public
    assert b'"Enterprise"' in public
    assert b'"Penalty"' not in auditor
    assert b'"Enterprise"' not in admin
