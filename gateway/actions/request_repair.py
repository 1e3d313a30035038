"""requestRepair (信用修复): the subject of a penalty, listing or irregularity has put things right and asks for repair.

What can be counted is counted at once (NDRC Order 36): before the minimum publication period is over the request is
refused with the day from which it is possible. Whether the duties are fulfilled the department finds out. Court lists
go by the court's own rule and are not repaired here. It costs nothing; whoever asks for money is a swindler.
"""

from datetime import date, timedelta

import sqlalchemy as sa

from gateway.actions import records
from gateway.actions.effects import disputable
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, departments, opened
from gateway.actions.records import OwnRecord
from gateway.actions.text import CLAIM_LENGTH, written
from gateway.errors import BadInput, Fault, InternalError
from gateway.rights import routing
from gateway.rights.calendar import months_later
from gateway.rights.clocks import Rule
from gateway.rights.rows import rules_of, rules_on
from gateway.rights.states import CaseKind
from gateway.store.sessions import Session
from gateway.store.tables import CURRENT_STATUSES, table
from gateway.values import ActionName

NOT_REPAIRABLE = "is of a kind that is not repaired here"
ENDED = "is not disclosed any more: there is nothing to repair"
OPEN = "is being repaired already; read its case"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    named = records.named(scene, given, "record", path, faults)
    commitment = written(given, "commitment", CLAIM_LENGTH, path, faults)
    if faults or named is None:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        record = await records.own(session, scene, named, path)
        place = (*path, "record")
        if record.status not in CURRENT_STATUSES:
            raise BadInput(Fault(place, ENDED))
        severity, decided = await _judged(session, record, scene.today, place)
        rules = rules_of(await session.execute(rules_on(scene.today)))
        _in_time(decided, rules[f"repair.minimum.{severity}"], scene.today, place)
        if await records.pending(session, CaseKind.REPAIR, named):
            raise BadInput(Fault(place, OPEN))
        route = routing.of_record(record.provider, "repair.result", await departments(session), scene.today)
        return await opened(session, scene, Opening(CaseKind.REPAIR, record.party, route, commitment, record.reference))

    return apply


async def _judged(session: Session, record: OwnRecord, today: date, place: Path) -> tuple[str, date]:
    """The class of the record by Order 36, and the day of its document. Raises BadInput for what is not repaired."""
    rows, name = table(record.kind), record.kind.name
    if name not in ("penalty", "listing", "irregularity") or not disputable(record.kind):
        raise BadInput(Fault(place, NOT_REPAIRABLE))
    word = {"penalty": "severity", "listing": "nature"}.get(name)
    told = rows.c[word] if word else sa.literal("GENERAL")
    out = rows.c.exited_on if "exited_on" in rows.c else sa.null()
    columns = told, rows.c.decided_on, rows.c.published_until, out
    ((said, decided, until, exited),) = await session.execute(
        sa.select(*columns).where(rows.c.subject_id == record.party.subject, rows.c.id == record.row)
    )
    if (isinstance(until, date) and until < today) or (isinstance(exited, date) and exited <= today):
        raise BadInput(Fault(place, ENDED))
    if not isinstance(decided, date):
        raise InternalError
    severity = {"SERIOUS_BREACH": "serious", "ATTENTION": "general"}.get(str(said), str(said).lower())
    if severity not in ("minor", "general", "serious"):
        raise BadInput(Fault(place, NOT_REPAIRABLE))
    return severity, decided


def _in_time(decided: date, rule: Rule, today: date, place: Path) -> None:
    """Raises BadInput before the minimum publication period is over, with the day on which it will be."""
    first = months_later(decided, rule.value) + timedelta(days=1) if rule.value else decided
    if today < first:
        known = "verified" if rule.verified else "default, unverified"
        said = f"minimum publication period of {rule.value} months, rule {rule.name}/{rule.version}, {known}"
        raise BadInput(Fault(place, f"can be repaired from {first.isoformat()} on ({said}: {rule.source})"))


REQUEST_REPAIR = Action(
    ActionName.REQUEST_REPAIR,
    "Ask for the repair of a record about oneself; approved, publication, sharing and measures end. Free of charge",
    "申请信用修复",
    (
        Input("record", InputType.ID, "The penalty, listing or irregularity", "修复对象", required=True),
        Input(
            "commitment",
            InputType.STRING,
            "The public commitment: that what is stated is true, and how the duties were fulfilled",
            "信用承诺书",
            required=True,
        ),
    ),
    _begin,
)
