"""requestReview (复核): the party does not accept the result of its objection; another department looks at it anew."""

import sqlalchemy as sa

from gateway.actions import casework
from gateway.actions.effects import DELETED
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, Party, opened
from gateway.actions.text import written
from gateway.catalogue.fields import snake
from gateway.catalogue.kinds import BY_NAME
from gateway.errors import BadInput, CaseConflict, Fault
from gateway.rights import routing
from gateway.rights.states import CaseKind, State
from gateway.store.case_tables import CASE, CASE_EVENT
from gateway.store.sessions import Session
from gateway.store.tables import table
from gateway.values import ActionName

MARK = snake("disputedOn")


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)
    reason = written(given, "reason", casework.TEXT_LENGTH, path, faults)

    async def apply(session: Session) -> Done:
        held = await casework.of_party(session, scene, number, path)
        place = (*path, "case")
        if held.kind is not CaseKind.OBJECTION or held.record is None:
            raise BadInput(Fault(place, "is no objection: only their results are reviewed"))
        if held.state not in (State.DECIDED, State.DECLINED):
            raise CaseConflict(Fault(place, f"an objection in state {held.state} has no result that can be reviewed"))
        routed = sa.select(CASE_EVENT.c.number).where(CASE_EVENT.c.case_id == number, CASE_EVENT.c.step == "ROUTE")
        if not await session.execute(routed.limit(1)):
            raise BadInput(Fault(place, "was declined because it said nothing new: there is no result to review"))
        if await session.execute(sa.select(CASE.c.id).where(CASE.c.of_case == number, CASE.c.kind == "REVIEW")):
            raise BadInput(Fault(place, "has been reviewed, or is being reviewed"))
        rows = table(BY_NAME[held.record[0]])
        here = rows.c.subject_id == held.subject, rows.c.id == held.record[1]
        marked = sa.update(rows).where(*here).values({MARK: sa.func.coalesce(rows.c[MARK], scene.today)})
        found = await session.execute(marked.returning(rows.c.version))
        if not found:
            raise BadInput(Fault(place, DELETED))
        ((version,),) = found
        assert isinstance(version, int)
        party = Party(held.subject, held.subject_class, held.wrapped, own=True)
        record = (*held.record, version)
        route = routing.review(held.department)
        opening = Opening(CaseKind.REVIEW, party, route, reason, record, held.field, values={"of_case": number})
        return await opened(session, scene, opening)

    return casework.begun(faults, apply)


REQUEST_REVIEW = Action(
    ActionName.REQUEST_REVIEW,
    "Have the result of an objection reviewed by somebody else; the record is marked again",
    "申请复核",
    (
        casework.CASE_INPUT,
        Input("reason", InputType.STRING, "Why the result is not accepted", "复核理由", required=True),
    ),
    _begin,
)
