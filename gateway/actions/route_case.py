"""routeCase (转办): a case goes to another department: by the desk any, by a department one that was misrouted to it.

A complaint is never routed to whom it is about, be it named as department or by its client, nor to a department that
took over from it; a review never to a department that had the case before. The clock runs on.
"""

import sqlalchemy as sa

from gateway.actions import casework, targets
from gateway.actions.casework import Held
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import departments
from gateway.actions.text import bounded
from gateway.errors import BadInput, Fault
from gateway.rights import routing
from gateway.rights.states import CaseKind, Step
from gateway.store.case_tables import CASE_EVENT
from gateway.store.sessions import Session
from gateway.values import ActionName, Role

_CODE_LENGTH = 32
ACCUSED = "is who the complaint is about"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)
    code = bounded(str(given["department"]), "department", _CODE_LENGTH, path, faults)

    async def apply(session: Session) -> Done:
        mine = casework.of_desk if scene.caller.role is Role.DESK else casework.of_officer
        held = await mine(session, scene, number, path)
        known = await departments(session)
        place = (*path, "department")
        if code not in known or routing.present(code, known, scene.today) != code:
            raise BadInput(Fault(place, "is not a department that there is today"))
        accused = await targets.unit(session, held.against)
        about = None if accused is None else routing.present(accused, known, scene.today)
        if about == code:
            raise BadInput(Fault(place, ACCUSED))
        if about == scene.caller.department:
            raise BadInput(Fault((*path, "case"), "is about the caller's own department, which does not move it"))
        if held.kind is CaseKind.REVIEW and code in await _before(session, held):
            raise BadInput(Fault(place, "decided what is reviewed"))
        if code == held.department:
            raise BadInput(Fault(place, "has the case already"))
        values = {"department": code, "handler": None, "accepted_on": None}
        return await casework.moved(session, scene, held, Step.ROUTE, path, values, department=code)

    return casework.begun(faults, apply)


async def _before(session: Session, held: Held) -> set[str]:
    """The departments that had the case whose result is reviewed."""
    had = sa.select(CASE_EVENT.c.department).where(
        CASE_EVENT.c.case_id == held.of_case, CASE_EVENT.c.department.is_not(None)
    )
    return {str(department) for (department,) in await session.execute(had)}


ROUTE_CASE = Action(
    ActionName.ROUTE_CASE,
    "Pass a case on to the department that must answer it; the clock runs on",
    "转办案件",
    (
        casework.CASE_INPUT,
        Input("department", InputType.STRING, "Code of the department", "承办部门代码", required=True),
    ),
    _begin,
)
