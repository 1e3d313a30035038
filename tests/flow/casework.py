"""What the stories of cases share: every step as one call of somebody, and what a case says."""

from collections.abc import Mapping
from pathlib import Path

import psycopg

from gateway.intake.receipt import Receipt
from gateway.intake.run import Order, take
from tests.flow.documents import LEGAL
from tests.flow.intake_bench import written
from tests.harness import Body, House

RECEIPT = "id state deadline { on workingDays calendarDays source verified } rule receipt { origin index }"
STEPS: Mapping[str, str] = {
    "fileObjection": "record: ID! field: String claim: String! newEvidence: String revokedBy: String contradicts: ID",
    "fileComplaint": "against: ComplaintTarget! facts: String! subject: ID",
    "fileReport": "against: ReportTarget! facts: String!",
    "followReport": "claimCode: String! text: String",
    "supplementCase": "case: ID! text: String!",
    "withdrawCase": "case: ID!",
    "acceptCase": "case: ID!",
    "declineCase": "case: ID! reason: String!",
    "requestSupplement": "case: ID! request: String!",
    "routeCase": "case: ID! department: String!",
    "answerCase": "case: ID! answer: String!",
    "decideCase": "case: ID! outcome: CaseOutcome! decision: String! field: String value: String",
    "requestReview": "case: ID! reason: String!",
    "requestRepair": "record: ID! commitment: String!",
    "decideRepair": "case: ID! decision: RepairDecision! reason: String!",
    "requestErasure": "record: ID! reason: String!",
    "requestCopy": "subject: ID",
    "addStatement": "record: ID! text: String!",
}
MORE: Mapping[str, str] = {"fileReport": " claimCode decision", "followReport": " claimCode request decision"}
_TEXTS = "claim supplement request answer decision"
_ABOUT = f"id kind state outcome department recordKind record field against closedAt history deadlineOn {_TEXTS}"
CASES = f"""query($filter: CaseFilter) {{ cases(first: 100, filter: $filter) {{ nodes {{ {_ABOUT}
  publicationEndedAt sharingEndedAt measuresEndedAt }} }} }}"""
PENALTIES = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) { penalties(first: 50) {
  nodes { id documentNumber fine severity decidedOn disputed disputedOn standing statementOn statement } } } }"""


def document(name: str) -> str:
    """The document of one step, every argument a variable."""
    words = STEPS[name].replace(": ", ":").split()
    declared = ", ".join(f"${word}" for word in words)
    given = ", ".join(f"{word.partition(':')[0]}: ${word.partition(':')[0]}" for word in words)
    return f"mutation({declared}) {{ {name}({given}) {{ {RECEIPT}{MORE.get(name, '')} }} }}"


async def step(house: House, persona: str, name: str, **given: object) -> Body:
    """Take a step; its receipt."""
    found: Body = (await house.data(persona, document(name), given))[name]
    return found


async def refused(house: House, persona: str, name: str, **given: object) -> tuple[int, str, str]:
    """Take a step that must be refused: status, code and the first message."""
    status, body = await house.ask(persona, document(name), given)
    assert body["data"] is None, body
    return status, body["errors"][0]["extensions"]["code"], body["errors"][0]["message"]


async def cases(house: House, persona: str, **filter: str) -> list[Body]:
    """The cases that somebody sees, newest first."""
    query = CASES
    if persona not in ("citizen", "enterprise-rep", "handler", "reviewer", "desk"):
        raise ValueError(persona)
    found: list[Body] = (await house.data(persona, query, {"filter": filter or None}))["cases"]["nodes"]
    return found


async def newest(house: House, persona: str, kind: str) -> Body:
    """The newest case of a kind that somebody sees."""
    return next(one for one in await cases(house, persona, kind=kind) if one["kind"] == kind)


FRESH = """
    SELECT p.document_number FROM penalty p WHERE p.provider = 'MARKET' AND p.status = 'ACTIVE' AND NOT p.minor
    AND NOT EXISTS (SELECT 1 FROM "case" c WHERE c.record_id = p.id)
"""


async def of_market(house: House, persona: str = "enterprise-rep") -> list[Body]:
    """The public penalties of the demonstration enterprise by MARKET that no case is about, as somebody sees them."""
    fresh = {row[0] for row in await house.sql(FRESH)}
    nodes: list[Body] = (await house.data(persona, PENALTIES, LEGAL))["enterprise"]["penalties"]["nodes"]
    return [one for one in nodes if one["documentNumber"] in fresh and not one["disputed"]]


async def more_penalties(house: House) -> None:
    """Give the demonstration enterprise a dozen public penalties by MARKET, alike but for their numbers."""
    made = [
        row[0]
        for row in await house.sql("SELECT column_name FROM information_schema.columns WHERE table_name = 'penalty'")
    ]
    changed = {
        "id": "nextval('record_ids')",
        "document_number": "p.document_number || '-' || n",
        "provider": "'MARKET'",
        "minor": "false",
        "procedure": "'ORDINARY'",
        "severity": "'GENERAL'",
        "penalty_kinds": "'罚款'",
        "fine": "1.5",
        "disputed_on": "null",
        "row_hash": "null",
    }
    changed |= {name: "null" for name in made if name.endswith("_sealed")}
    changed |= {"facts_sealed": "''", "content_sealed": "''"}
    values = ", ".join(changed.get(name, f"p.{name}") for name in made)
    await house.sql(
        f"""INSERT INTO penalty ({", ".join(made)}) SELECT {values} FROM generate_series(1, 12) AS n, (
            SELECT p.* FROM penalty p JOIN enterprise e USING (subject_id) WHERE e.uscc = %s AND p.status = 'ACTIVE'
            AND p.published_until > current_date ORDER BY p.id LIMIT 1) AS p""",
        LEGAL["uscc"],
    )
    for number, subject, wrapped in await house.sql(
        "SELECT id, subject_id, wrapped FROM penalty JOIN subject_key USING (subject_id) WHERE facts_sealed = ''"
    ):
        key = house.vault.unwrap(wrapped, subject)
        facts, content = (house.vault.seal(key, "penalty", name, number, "虚构事实") for name in ("facts", "content"))
        sealed = "UPDATE penalty SET facts_sealed = %s, content_sealed = %s WHERE id = %s"
        await house.sql(sealed, facts, content, number)


async def seen(house: House, persona: str, document_number: str) -> Body | None:
    """A penalty of the demonstration enterprise as somebody sees it now; None: not at all."""
    nodes: list[Body] = (await house.data(persona, PENALTIES, LEGAL))["enterprise"]["penalties"]["nodes"]
    return next((one for one in nodes if one["documentNumber"] == document_number), None)


def brought(house: House, path: Path, *rows: dict[str, str], kind: str = "penalty") -> Receipt:
    """Take a file of these rows."""
    with psycopg.connect(house.connections.writer) as connection:
        receipt = take(connection, house.vault, written(path, kind, *rows), Order(house.clock.now()))
        connection.commit()
    return receipt


def counted(receipt: Receipt) -> dict[str, int]:
    """What became of the rows of a file, none of which breaks a rule."""
    assert receipt.rejected == 0, receipt.reasons
    named = ("accepted", "unchanged", "replaced", "quarantined")
    return {name: value for name in named if (value := getattr(receipt, name))}


async def accepted(house: House, persona: str, name: str, **given: object) -> tuple[str, str]:
    """A case that its handler has accepted: as its party knows it, and as its handler does."""
    kind = {"requestErasure": "ERASURE", "requestRepair": "REPAIR"}.get(name, "OBJECTION")
    mine = str((await step(house, persona, name, **given))["id"])
    case = str((await newest(house, "handler", kind))["id"])
    await step(house, "handler", "acceptCase", case=case)
    return mine, case
