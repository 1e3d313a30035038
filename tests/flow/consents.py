"""Consents as their parties give, bring, use and read them; for several flow tests."""

import secrets
from typing import Any

from gateway.intake.sample_demo import DEMO
from tests.flow.signers import Signer, authorization, moment_before
from tests.harness import Body, House

GIVE = """mutation($consumer: String!, $purposes: [Purpose!]!, $kinds: [String!]!, $single: Boolean!, $until: String!,
    $subject: ID) {
  giveConsent(consumer: $consumer, purposes: $purposes, kinds: $kinds, single: $single, until: $until,
    subject: $subject) { id state deadline { on } rule receipt { origin index leaf } } }"""
REGISTER = """mutation($idNumber: String, $name: String, $uscc: String, $purposes: [Purpose!]!, $kinds: [String!]!,
    $single: Boolean!, $until: String!, $place: String, $signedAt: String, $consequencesTold: Boolean, $agent: String,
    $attachment: String, $signature: String, $certificate: String, $scan: String) {
  registerConsent(idNumber: $idNumber, name: $name, uscc: $uscc, purposes: $purposes, kinds: $kinds, single: $single,
    until: $until, place: $place, signedAt: $signedAt, consequencesTold: $consequencesTold, agent: $agent,
    attachment: $attachment, signature: $signature, certificate: $certificate, scan: $scan) {
    id state deadline { on verified source } rule receipt { index } } }"""
WITHDRAW = "mutation($consent: ID!) { withdrawConsent(consent: $consent) { id state receipt { index } } }"
FREEZE = "mutation($subject: ID) { freezeFile(subject: $subject) { state receipt { index } } }"
UNFREEZE = "mutation($subject: ID) { unfreezeFile(subject: $subject) { state receipt { index } } }"
READ = """query($id: ID!) { node(id: $id) { ... on Consent {
    number consumer purposes kinds single assurance state uses givenAt validFrom validUntil withdrawnAt } } }"""
PERSON = """query($id: String!, $name: String!, $access: Access) {
  person(by: {idNumber: $id, name: $name}, access: $access) { name } }"""
CITIZEN = {"id": DEMO.citizen_id_number, "name": DEMO.citizen_name}
TERMS: dict[str, Any] = {
    "purposes": ["LOAN_APPROVAL"],
    "kinds": ["person", "license", "penalty"],
    "single": False,
    "until": "2027-06-30",
}
BANK = ("示例银行（虚构）", "bank-demo")


async def give(house: House, persona: str = "citizen", **changes: Any) -> Body:
    """Give a consent to the bank: its receipt."""
    given = {"consumer": "bank-demo", **TERMS, **changes}
    found: Body = (await house.data(persona, GIVE, given, step_up=True))["giveConsent"]
    return found


async def number_of(house: House, persona: str, id: str) -> str:
    """The number of a consent."""
    return str((await read(house, persona, id))["number"])


async def read(house: House, persona: str, id: str) -> Body:
    """A consent as one of its parties reads it."""
    found: Body = (await house.data(persona, READ, {"id": id}))["node"]
    return found


async def given_number(house: House, **changes: Any) -> str:
    """A consent of the citizen to the bank: its number."""
    return await number_of(house, "citizen", (await give(house, **changes))["id"])


def signed(house: House, signer: Signer, name: str, number: str, **changes: Any) -> Body:
    """The arguments with which the bank registers what a person has signed: never the same text twice."""
    signing = {"place": "白城", "signedAt": moment_before(house.clock.now()), "attachment": secrets.token_hex(32)}
    given = {**TERMS, **signing, **changes}
    text = authorization(given, name, "公民身份号码", number, BANK)
    return {**given, "idNumber": number, "name": name, **signer.sign(text)}


def access(number: str, key: str | None = None, **changes: Any) -> Body:
    """The ground of somebody who names a consent and a use of it."""
    return {"purpose": "LOAN_APPROVAL", "consent": number, **({} if key is None else {"useKey": key}), **changes}


def code_of(body: Body) -> str:
    """The code of the first error."""
    return str(body["errors"][0]["extensions"]["code"])


async def uses(house: House, number: str) -> int:
    """How many uses of a consent are written down."""
    counted = "SELECT count(*) FROM consent_use JOIN consent ON id = consent_id WHERE number = %s"
    ((count,),) = await house.sql(counted, number)
    return int(count)
