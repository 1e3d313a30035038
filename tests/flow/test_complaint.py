"""fileComplaint over HTTP: in whose name, against whom, where it goes; who may not, does not know of it."""

from collections.abc import AsyncIterator

import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, COMMON, LEGAL, PERSON
from tests.flow.objections import counts
from tests.harness import TODAY, Body, House, opened, stored

pytestmark = pytest.mark.anyio

FILE = """mutation File($against: ComplaintTarget!, $facts: String!, $subject: ID) {
  fileComplaint(against: $against, facts: $facts, subject: $subject) {
    id state deadline { on workingDays calendarDays verified } receipt { index }
  }
}"""
MARKET = {"department": "MARKET"}
LAST = """
    SELECT c.kind, c.state, c.department, c.against, c.filer, c.consumer, c.record_id, c.subject_class, c.subject_id,
        c.id, c.claim_sealed, k.wrapped
    FROM "case" c JOIN subject_key k ON k.subject_id = c.subject_id ORDER BY c.id DESC LIMIT 1
"""


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


async def filed(house: House, persona: str, **variables: object) -> Body:
    data = await house.data(persona, FILE, {"against": MARKET, "facts": "多次催告后未答复。", **variables})
    found: Body = data["fileComplaint"]
    return found


async def last(house: House) -> tuple[object, ...]:
    """The newest case, its facts opened."""
    ((*told, subject, number, sealed, wrapped),) = await house.sql(LAST)
    facts = house.vault.open(house.vault.unwrap(wrapped, subject), "case", "claim", number, sealed)
    return (*told, subject, facts)


async def test_a_person_complains_in_its_own_name(house: House) -> None:
    """It also acts for its business; as long as nothing else is said, it speaks for itself."""
    receipt = await filed(house, "citizen")
    assert (receipt["state"], receipt["deadline"]) == (
        "ROUTED",
        {"on": "2026-12-23", "workingDays": None, "calendarDays": 30, "verified": False},
    )
    (person,) = await house.sql(
        "SELECT subject_id FROM mandate WHERE principal = %s AND basis = 'PERSON'", DEMO.citizen
    )
    assert await last(house) == (
        "COMPLAINT", "ROUTED", "CREDIT", "department MARKET", DEMO.citizen, "citizen-app", None, "person", person[0],
        "多次催告后未答复。",
    )  # fmt: skip
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["held"], set(entry["rows"])) == ("PERFORMED", 1, {"case"})


async def test_in_the_name_of_its_business(house: House) -> None:
    enterprise = await house.data("citizen", COMMON, {"uscc": DEMO.individual_uscc})
    await filed(house, "citizen", subject=enterprise["enterprise"]["id"])
    assert (await last(house))[7] == "individual"


async def test_a_representative_speaks_for_its_enterprise(house: House) -> None:
    await filed(house, "enterprise-rep", against={"consumer": "bank-demo"})
    told = await last(house)
    assert told[2:5] + told[7:8] == ("CREDIT", "consumer bank-demo", DEMO.representative, "legal")


@pytest.mark.parametrize(
    ("persona", "consumer"), [("bank", "bank-demo"), ("agency", "agency-demo"), ("tax-officer", "gov-tax")]
)
async def test_an_institution_is_a_party_of_its_own(house: House, persona: str, consumer: str) -> None:
    """Its facts are sealed under a key that is nobody else's; no mandate is looked at."""
    await filed(house, persona)
    told = await last(house)
    assert told[5] == consumer
    subject = told[8]
    (known,) = await house.sql(
        "SELECT (SELECT count(*) FROM enterprise WHERE subject_id = %(s)s)".replace("%(s)s", "%s"), subject
    )
    assert known == (0,)
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["held"]) == ("PERFORMED", 0)


@pytest.mark.parametrize(("against", "department"), [("CREDIT", "REFORM"), ("REFORM", "CREDIT"), ("AIC-OLD", "CREDIT")])
async def test_it_never_goes_to_whom_it_is_about(house: House, against: str, department: str) -> None:
    await filed(house, "citizen", against={"department": against})
    assert (await last(house))[2:4] == (department, f"department {against}")


async def test_nothing_is_marked(house: House) -> None:
    disputed = "SELECT count(disputed_on) FROM penalty"
    before = await house.sql(disputed)
    await filed(house, "citizen")
    assert await house.sql(disputed) == before
    assert await house.sql("SELECT count(*) FROM penalty WHERE disputed_on = %s", TODAY) == [(0,)]


@pytest.mark.parametrize(
    ("variables", "faults"),
    [
        (
            {"against": {"department": " "}, "facts": "", "subject": "x"},
            {"facts: must not be empty", "against.department: must not be empty",
             "subject: is not a subject that the caller is or acts for"},
        ),
        ({"against": {"department": "NOBODY"}}, {"against.department: is not known"}),
        ({"against": {"consumer": "nobody"}}, {"against.consumer: is not known"}),
        ({"facts": "长" * 5001}, {"facts: is longer than 5000 characters"}),
        ({"against": {}}, {"variables.against: needs exactly one field, and not null"}),
        ({"against": {"department": "MARKET", "consumer": "bank-demo"}},
         {"variables.against: needs exactly one field, and not null"}),
    ],
)  # fmt: skip
async def test_bad_input(house: House, variables: dict[str, object], faults: set[str]) -> None:
    before = await counts(house)
    _, body = await house.ask("citizen", FILE, {"against": MARKET, "facts": "事实。", **variables})
    assert {one["message"].removeprefix("fileComplaint.") for one in body["errors"]} == faults
    assert {one["extensions"]["code"] for one in body["errors"]} == {"BAD_USER_INPUT"}
    assert await counts(house) == before


async def test_nobody_speaks_for_others(house: House) -> None:
    """Not a representative for somebody else's enterprise or a record, not an institution for a subject."""
    legal = (await house.data("bank", COMMON, LEGAL))["enterprise"]["id"]
    penalty = (await house.data("citizen", PERSON, CITIZEN))["person"]["penalties"]["nodes"][0]["id"]
    before = await counts(house)
    for persona, subject in (("citizen", legal), ("citizen", penalty), ("bank", legal), ("tax-officer", legal)):
        _, body = await house.ask(persona, FILE, {"against": MARKET, "facts": "事实。", "subject": subject})
        assert [one["path"] for one in body["errors"]] == [["fileComplaint", "subject"]]
    assert await counts(house) == before


@pytest.mark.parametrize(
    "persona", ["public", "handler", "desk", "auditor", "system-admin", "security-admin", "audit-admin"]
)
async def test_for_everybody_else_it_does_not_exist(house: House, persona: str) -> None:
    query = FILE.replace("fileComplaint(", "NAME(")
    there, invented = [
        await house.ask(persona, query.replace("NAME", name), {"against": MARKET, "facts": "事实。"})
        for name in ("fileComplaint", "feliComplaint")
    ]
    assert there[1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert str(there[1]["errors"]).replace("fileC", "C") == str(invented[1]["errors"]).replace("feliC", "C")


async def test_who_may_complain_may_not_object(house: House) -> None:
    """A role that has one mutation does not know the other: it is like an invented name, in the same type."""
    query = 'mutation { NAME(record: "x", claim: "y") { id } }'
    told = [await house.ask("bank", query.replace("NAME", name)) for name in ("fileObjection", "feliObjection")]
    assert str(told[0][1]["errors"]).replace("fileO", "O") == str(told[1][1]["errors"]).replace("feliO", "O")
    shown = await house.data("bank", "{ __schema { mutationType { fields { name } } } }")
    names = {one["name"] for one in shown["__schema"]["mutationType"]["fields"]}
    assert "fileComplaint" in names and "fileObjection" not in names
