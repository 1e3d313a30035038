"""What the tests of mandates share: people who are no personas of the demo, and the questions they ask."""

from collections.abc import Mapping

import orjson

from gateway.identity.development import Persona, development_key
from gateway.intake.sample_demo import DEMO
from gateway.values import Role
from tests.harness import JSON, Body, House

NEWCOMER = Persona("newcomer", Role.SUBJECT, "newcomer-1", "citizen-app", assurance=2)
OTHER = Persona("other", Role.SUBJECT, "other-1", "citizen-app", assurance=2)
AGENT = Persona("agent", Role.SUBJECT, "agent-1", "agent-app", assurance=2)
ANNA = Persona("anna", Role.DESK, "desk-anna", "platform-desk", department="CREDIT")
BORIS = Persona("boris", Role.DESK, "desk-boris", "platform-desk", department="CREDIT")
CLERK = Persona("clerk", Role.COUNTER, "clerk-1", "government-hall", assurance=2)

CITIZEN = {"idNumber": DEMO.citizen_id_number, "name": DEMO.citizen_name}
STRANGER = {"idNumber": DEMO.stranger_id_number, "name": DEMO.stranger_name}
NOBODY = {"idNumber": DEMO.stranger_id_number, "name": DEMO.citizen_name}

BIND = """mutation($idNumber: String!, $name: String!, $principal: String, $document: String) {
  bindPerson(idNumber: $idNumber, name: $name, principal: $principal, document: $document) {
    state receipt { index } } }"""
RECORD = """mutation($basis: MandateBasis, $agent: String, $subject: ID, $idNumber: String, $name: String,
    $scope: [String!], $document: String, $until: String) {
  recordMandate(basis: $basis, agent: $agent, subject: $subject, idNumber: $idNumber, name: $name, scope: $scope,
      document: $document, until: $until) {
    id state deadline { on calendarDays verified } rule receipt { index } } }"""
VERIFY = """mutation($mandate: ID!, $document: String) {
  verifyMandate(mandate: $mandate, document: $document) { id state deadline { on } receipt { index } } }"""
REVOKE = "mutation($mandate: ID!) { revokeMandate(mandate: $mandate) { id state receipt { index } } }"
MANDATES = """{ mandates(first: 50) { nodes { id basis state agent scope recordedBy recordedOn verifyBy validFrom
    validUntil revokedAt endedFor document subjectName } } }"""
PERSON = """query($idNumber: String!, $name: String!) {
  person(by: {idNumber: $idNumber, name: $name}) { id name phone penalties { nodes { id documentNumber } } } }"""
ACCESSES = "{ viewer { accesses(first: 5) { nodes { index } } } }"


async def ask(
    house: House,
    who: str | Persona,
    query: str,
    variables: Mapping[str, object] | None = None,
    *,
    step_up: bool = False,
    token: str = "",
) -> Body:
    """The whole answer. ``token``: of before, otherwise a new one."""
    held = token or token_of(house, who, step_up=step_up)
    content = orjson.dumps({"query": query, "variables": variables})
    response = await house.post(content, {**JSON, "authorization": f"Bearer {held}"})
    found: Body = orjson.loads(response.content)
    return found


def token_of(house: House, who: str | Persona, *, step_up: bool = False) -> str:
    """A token of anybody."""
    key = development_key(house.settings, house.random)
    return key.issue(who, house.clock.now(), house.random, step_up=step_up)


async def do(house: House, who: str | Persona, query: str, **variables: object) -> Body:
    """What a mutation gives that must be done, without the place of its entry; who does it is proven anew."""
    body = await ask(house, who, query, variables, step_up=True)
    assert "errors" not in body, body
    (receipt,) = body["data"].values()
    assert int(receipt.pop("receipt")["index"]) >= 0
    found: Body = receipt
    return found


async def refused(house: House, who: str | Persona, query: str, **variables: object) -> Body:
    """How a mutation is refused, for the path of its faults: path → rule."""
    body = await ask(house, who, query, variables, step_up=True)
    assert body["data"] is None and body["errors"], body
    return {".".join(map(str, one["path"][1:])): one["message"].partition(": ")[2] for one in body["errors"]}


async def sees(house: House, who: str | Persona, person: Mapping[str, str] = CITIZEN) -> bool:
    """Whether somebody finds a person."""
    body = await ask(house, who, PERSON, person)
    assert "errors" not in body, body
    return body["data"]["person"] is not None


async def mandates(house: House, who: str | Persona) -> list[Body]:
    """The mandates somebody sees."""
    body = await ask(house, who, MANDATES)
    assert "errors" not in body, body
    found: list[Body] = body["data"]["mandates"]["nodes"]
    return found


async def forget(house: House) -> None:
    """Nobody was bound or given a mandate but in the seed; nobody tried."""
    await house.sql("DELETE FROM mandate WHERE recorded_by <> 'PLATFORM'")
    await house.sql(
        "UPDATE mandate SET revoked_at = NULL, ended_for = NULL WHERE basis = 'PERSON' OR ended_for = 'UNBOUND'"
    )
    await house.sql("DELETE FROM binding_attempt")
