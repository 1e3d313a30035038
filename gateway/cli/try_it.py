"""What ``gateway demo`` prints: curl lines that work as they stand."""

import json
from collections.abc import Mapping

from gateway.intake.sample_demo import DEMO
from gateway.settings import Settings

_ENTERPRISE = (
    "query($uscc: String!, $access: Access) { enterprise(by: {uscc: $uscc}, access: $access) "
    "{ name address legalRepresentative { name } penalties(first: 3) { nodes { documentNumber facts disputed } } } }"
)
_PERSON = (
    "query($id: String!, $name: String!, $access: Access) { person(by: {idNumber: $id, name: $name}, access: $access) "
    "{ name idNumber licenses { nodes { documentNumber } } penalties { nodes { documentNumber } } } }"
)

DEMO_ENGAGEMENT = "DEMO-AUDIT"
_AUDITED = (
    "query($access: Access) { accesses(first: 5, access: $access) "
    "{ nodes { at institution officer subject outcome } } }"
)
_COPY = "mutation { requestCopy { state receipt { origin index } } }"
_COPIES = "{ cases(first: 1, filter: {kind: COPY}) { nodes { filedOn outcome copy } } }"
_CASES = "{ cases(first: 5) { nodes { id kind state deadlineOn recordKind field claim } } }"
_REPORT = (
    'mutation($facts: String!) { fileReport(against: {department: "MARKET"}, facts: $facts) '
    "{ state claimCode rule deadline { on source verified } } }"
)
_ACCESSES = "{ viewer { accesses(first: 5) { nodes { at institutionName purposes clear outcome } } } }"


def what_to_try(settings: Settings) -> str:
    """The greeting of the demo."""
    port = settings.port
    business = {"uscc": DEMO.individual_uscc}
    consent = {"purpose": "LOAN_APPROVAL", "consent": DEMO.consent_individual}
    matter = {
        "purpose": "PUBLIC_DUTY",
        "matter": {"number": DEMO.tax_matter_number, "kind": DEMO.tax_matter_kind, "basis": DEMO.tax_matter_basis},
    }
    citizen = {"id": DEMO.citizen_id_number, "name": DEMO.citizen_name}
    agreed = {**citizen, "access": {"purpose": "LOAN_APPROVAL", "consent": DEMO.consent_citizen}}
    engagement = {
        "purpose": "AUDIT",
        "matter": {"number": DEMO_ENGAGEMENT, "kind": "AUDIT", "basis": "the demonstration"},
    }
    lines = [
        f"credit-gateway serves on http://{settings.host}:{port}/graphql.",
        "Ctrl-C stops it; it starts again on what it left.",
        "",
        "The same question, asked by different people (everybody in the demo is invented):",
        "",
        "# anybody: the operator's name is masked",
        _curl(port, None, _ENTERPRISE, business),
        "# a bank, with the consent of the business: the name is clear",
        _curl(port, "bank", _ENTERPRISE, {**business, "access": consent}),
        "# a tax officer, with a matter: minor penalties and the original text too",
        _curl(port, "tax-officer", _ENTERPRISE, {**business, "access": matter}),
        "# a market officer without a matter",
        _curl(port, "market-officer", _ENTERPRISE, business),
        "# the representative of another enterprise",
        _curl(port, "enterprise-rep", _ENTERPRISE, business),
        "# the operator himself",
        _curl(port, "citizen", _ENTERPRISE, business),
        "",
        "A person. Without a basis the answer is the same as for somebody who does not exist:",
        "",
        _curl(port, "bank", _PERSON, citizen),
        _curl(port, "bank", _PERSON, agreed),
        _curl(port, "citizen", _PERSON, citizen),
        "",
        "Whoever asked about the citizen, on what ground and at what:",
        "",
        _curl(port, "citizen", _ACCESSES, {}),
        "# an auditor, in an engagement: everybody's accesses, subjects by the pseudonyms of the engagement",
        _curl(port, "auditor", _AUDITED, {"access": engagement}),
        f"# the log, for everybody to verify: http://{settings.host}:{port}/log and `.venv/bin/gateway audit verify`",
        "",
        "Rights: a copy of one's own file, and where it lies; a report without a name; what a handler has to answer:",
        "",
        _curl(port, "citizen", _COPY, {}),
        _curl(port, "citizen", _COPIES, {}),
        _curl(port, None, _REPORT, {"facts": "有人收费代办信用修复。"}),
        _curl(port, "handler", _CASES, {}),
        "",
        "What a role may never see does not exist for it: anybody asks for a person, an auditor for penalties",
        "",
        _curl(port, None, _PERSON, citizen),
        _curl(port, "auditor", _ENTERPRISE, business),
        "",
        "# who am I, what may I see",
        _curl(port, "auditor", "{ viewer { role sees { coordinate level condition } } }", {}),
        "",
        "Personas for `gateway token`: bank agency tax-officer market-officer citizen enterprise-rep handler desk",
        "reviewer counter auditor system-admin security-admin audit-admin steward archivist.",
        "The schema of a role: `gateway schema --role public`.",
    ]
    return "\n".join(lines)


def _curl(port: int, persona: str | None, query: str, variables: Mapping[str, object]) -> str:
    body = json.dumps({"query": query, "variables": variables}, ensure_ascii=False)
    who = f' -H "Authorization: Bearer $(.venv/bin/gateway token {persona})"' if persona else ""
    return f"curl -s http://127.0.0.1:{port}/graphql -H 'Content-Type: application/json'{who} -d '{body}'"
