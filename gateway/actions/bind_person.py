"""bindPerson: a principal is bound to a person, once: the two are the same from then on.

Who signs in says with which issuer and how sure that is (``GATEWAY_ISSUER``, ``GATEWAY_ISSUER_ASSURANCE``); who they
are in the library they say themselves, by ID number and name, proven anew in this session (step-up), and both must fit.
Whatever does not fit has one answer, and it is no error: a wrong pair, one that nobody has, a person whom another
principal is bound to, a caller who is bound already, somebody who died. It is written down like any other access, under
whom was asked for, so that the person finds it; and after some in a day (a rule) nothing more is tried that day.

At the counter the clerk, proven anew too, has seen person and paper: there another principal is bound. No clerk alone
moves a binding from one principal to another: who is bound gives it back first, until then there is the same answer.
"""

import sqlalchemy as sa

from gateway.actions import acting
from gateway.actions.acting import Stated
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import Party
from gateway.errors import BadInput, Fault
from gateway.rights.states import BindingState
from gateway.store.sessions import Session
from gateway.store.tables import MANDATE
from gateway.values import ActionName, Relation, Role

AT_COUNTER = "is for the counter"
NEEDED = "is required at the counter"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    who = acting.stated(given, path, faults)
    counter = scene.caller.role is Role.COUNTER
    texts: dict[str, str | None] = {"principal": None, "document": None}
    for name, length in (("principal", acting.PRINCIPAL_LENGTH), ("document", acting.DOCUMENT_LENGTH)):
        if (given.get(name) is not None) != counter:
            faults.append(Fault((*path, name), NEEDED if counter else AT_COUNTER))
        elif counter:
            texts[name] = acting.one_line(given, name, length, path, faults)
    if texts["principal"] == scene.caller.principal:
        faults.append(Fault((*path, "principal"), "is the caller"))
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, who, texts["principal"], texts["document"], path)

    return apply


async def _apply(
    session: Session, scene: Scene, who: Stated, principal: str | None, document: str | None, path: Path
) -> Done:
    await acting.refuse_often(session, scene, path)
    bound = principal or scene.caller.principal
    asked = (scene.keys.asked(scene.keys.person(*who)[0]),)
    found = await acting.person_of(session, scene, who)
    if found is None or await _taken(session, found, bound):
        await acting.failed(session, scene)
        return Done(None, False, BindingState.NOT_BOUND, None, (), {}, 0, (), asked=asked)
    values = {
        "basis": "PERSON",
        "principal": bound,
        "agent": bound,
        "recorded_by": "SUBJECT" if principal is None else "COUNTER",
        "valid_from": scene.now,
        "verified_by": scene.caller.principal,
    }
    id = await acting.add(session, scene, found, values, {"document": document})
    rows = {"mandate": ((id, 1),)}
    held = int(Relation.SELF) if principal is None else 0
    return Done(None, False, BindingState.BOUND, None, (found.subject,), rows, held, ())


async def _taken(session: Session, found: Party, principal: str) -> bool:
    """Whether one of the two is bound already."""
    bound = MANDATE.c.basis == "PERSON", MANDATE.c.revoked_at.is_(None)
    whose = sa.or_(MANDATE.c.subject_id == found.subject, MANDATE.c.principal == principal)
    return bool(await session.execute(sa.select(MANDATE.c.id).where(*bound, whose)))


BIND_PERSON = Action(
    ActionName.BIND_PERSON,
    "Be the person that ID number and name say, from now on; whatever does not fit has one answer",
    "绑定本人身份",
    (
        Input("idNumber", InputType.STRING, "Citizen ID number, 18 characters", "公民身份号码", required=True),
        Input("name", InputType.STRING, "Full name", "姓名", required=True),
        Input("principal", InputType.STRING, "At the counter: whom to bind, as their tokens name them", "用户标识"),
        Input("document", InputType.STRING, "At the counter: number of the paper that was presented", "证件编号"),
    ),
    _begin,
    Gives.BINDING,
)
