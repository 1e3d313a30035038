"""The case of the demonstration set: an objection of the enterprise that the handler persona has taken."""

from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.catalogue.kinds import BY_NAME
from gateway.errors import InternalError
from gateway.intake.sample_demo import DEMO
from gateway.rights import routing
from gateway.rights.clocks import deadline
from gateway.rights.rows import calendar_of, calendar_since, rules_of, rules_on
from gateway.rights.states import CaseKind, State, Step
from gateway.store.case_tables import CASE, CASE_EVENT
from gateway.store.core import Connection, execute
from gateway.store.tables import RECORD_IDS, SUBJECT_KEY, table
from gateway.vault.vault import Vault

BATCH = "case"
AGE = timedelta(days=3)


def open_demo_case(connection: Connection, vault: Vault, subject: int, record: int, today: date) -> None:
    """Open it, three days ago."""
    filed_on = today - AGE
    at = datetime.combine(filed_on, time(), UTC)
    penalty = table(BY_NAME["penalty"])
    asked = sa.select(RECORD_IDS.next_value(), penalty.c.provider, SUBJECT_KEY.c.wrapped).where(
        penalty.c.id == record, SUBJECT_KEY.c.subject_id == subject
    )
    ((number, provider, wrapped),) = execute(connection, asked)
    if not isinstance(number, int) or not isinstance(wrapped, bytes):
        raise InternalError
    route = routing.objection(str(provider), {str(provider): routing.Department(None, None)}, today)
    rules = rules_of(execute(connection, rules_on(filed_on)))
    due = deadline(
        filed_on, [rules[name] for name in route.rules], calendar_of(execute(connection, calendar_since(filed_on)))
    )
    case = {
        "subject_id": subject,
        "id": number,
        "subject_class": "legal",
        "provider": routing.PLATFORM,
        "batch": BATCH,
        "kind": CaseKind.OBJECTION.value,
        "state": State.ROUTED.value,
        "record_kind": "penalty",
        "record_id": record,
        "field": "facts",
        "claim_sealed": vault.seal(vault.unwrap(wrapped, subject), "case", "claim", number, DEMO.claim),
        "filed_at": at,
        "filed_on": filed_on,
        "deadline_on": due.on,
        "deadline_provisional": due.provisional,
        "rule": due.rule.name,
        "rule_version": due.rule.version,
        "calendar": due.calendar,
        "clocks": [rules[name].written for name in route.rules],
        "department": route.department,
        "handler": DEMO.handler,
        "filer": DEMO.representative,
    }
    execute(connection, insert(CASE).values(case))
    steps = ((Step.FILE, State.FILED, None), (Step.ROUTE, State.ROUTED, route.department))
    events = [
        {"case_id": number, "number": at_, "at": at, "step": step.value, "state": state.value, "department": department,
         "principal": DEMO.representative}
        for at_, (step, state, department) in enumerate(steps, 1)
    ]  # fmt: skip
    execute(connection, insert(CASE_EVENT).values(events))
