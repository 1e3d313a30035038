"""What the tests of objections share."""

from collections.abc import Mapping

from tests.flow.documents import COMMON
from tests.harness import Body, House

FILE = """mutation File($record: ID!, $field: String, $claim: String!) {
  fileObjection(record: $record, field: $field, claim: $claim) {
    id state deadline { on workingDays calendarDays source verified provisional } receipt { origin index leaf }
  }
}"""
NOT_OWN = "is not a record of a subject that the caller is or acts for"
_PENALTIES = COMMON.replace("nodes { documentNumber fine", "nodes { id documentNumber fine")


async def penalties(house: House, persona: str, variables: Mapping[str, object]) -> list[Body]:
    """The penalties of an enterprise that are not disputed yet, with their ids."""
    data = await house.data(persona, _PENALTIES, variables)
    found = [one for one in data["enterprise"]["penalties"]["nodes"] if not one["disputed"]]
    assert found
    return found


async def filed(house: House, persona: str, record: Body, claim: str = "内容有误。", field: str | None = None) -> Body:
    """File an objection; the whole response."""
    status, body = await house.ask(persona, FILE, {"record": record["id"], "field": field, "claim": claim})
    assert (status, "errors" in body) == (200, False), body
    return body


async def counts(house: House) -> tuple[int, ...]:
    """How many cases, events and disputed records there are."""
    cases, events, disputed = (
        'SELECT count(*) FROM "case"',
        "SELECT count(*) FROM case_event",
        "SELECT (SELECT count(disputed_on) FROM penalty) + (SELECT count(disputed_on) FROM license)",
    )
    ((first,),), ((second,),), ((third,),) = [await house.sql(one) for one in (cases, events, disputed)]
    return int(first), int(second) * 1_000_000 + int(third)
