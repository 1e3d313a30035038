"""fileComplaint (投诉): anybody who has proven who they are complains of a department or an institution.

Who acts for a subject complains in its name; an institution, or a person of whom the platform holds nothing, is a
party of its own: the case gets a key of its own, so that its facts can be destroyed apart from everything else. A
complaint goes to the platform's desk and never to whom it is about (``rights.routing``). Each complaint is a case of
its own, also of the same: it is about what happened, and that may happen again. From the list of accesses it takes one
step: whoever made the entry is whom it is about, and who handles the case sees that entry.
"""

from dataclasses import dataclass, replace

from gateway.actions import targets, whose
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, Party, departments, known_party, opened, own_bases, stranger
from gateway.actions.targets import Target
from gateway.actions.text import CLAIM_LENGTH, written
from gateway.errors import BadInput, Fault
from gateway.rights import routing
from gateway.rights.mandates import FILE
from gateway.rights.states import CaseKind
from gateway.store.sessions import Session
from gateway.values import ActionName, Role

NO_ENTRY = "is not an entry about a subject that the caller is or acts for"
NOBODY = "was made by no department and no institution"


@dataclass(frozen=True, slots=True)
class _Complaint:
    target: Target
    facts: str
    subject: int | None
    path: Path


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    facts = written(given, "facts", CLAIM_LENGTH, path, faults)
    target = targets.named(given, path, faults)
    subject = whose.named(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)
    complaint = _Complaint(target, facts, subject, path)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, complaint)

    return apply


async def _apply(session: Session, scene: Scene, complaint: _Complaint) -> Done:
    values: dict[str, object] = {}
    if complaint.target.about == "entry":
        complaint, values = await _of_entry(scene, complaint)
    known, target = await departments(session), complaint.target
    await targets.there(session, target, known, complaint.path)
    party = await _party(session, scene, complaint)
    route = routing.complaint(await targets.unit(session, target.text), known, scene.today)
    opening = Opening(CaseKind.COMPLAINT, party, route, complaint.facts, against=target.text, values=values)
    return await opened(session, scene, opening)


async def _of_entry(scene: Scene, complaint: _Complaint) -> tuple[_Complaint, dict[str, object]]:
    """The complaint about who made the entry, in the name of whom it is about, and the columns that name the entry."""
    place = (*complaint.path, "against", "entry")
    found = await scene.entry(complaint.target.code, complaint.target.number)
    if found is None or (complaint.subject is not None and complaint.subject != found.subject):
        raise BadInput(Fault(place, NO_ENTRY))
    if not found.unit and not found.institution:
        raise BadInput(Fault(place, NOBODY))
    target = Target("department", found.unit) if found.unit else Target("consumer", found.institution)
    values: dict[str, object] = {
        "entry_shard": found.shard,
        "entry_number": found.number,
        "accused": found.officer or None,
    }
    return replace(complaint, target=target, subject=found.subject), values


async def _party(session: Session, scene: Scene, complaint: _Complaint) -> Party:
    """In whose name: the subject that is named, the only one, the person itself; otherwise a party of its own."""
    bases = await own_bases(session, scene, FILE) if scene.caller.role in (Role.SUBJECT, Role.COUNTER) else {}
    nobody = not bases and complaint.subject is None
    if nobody and scene.caller.role is not Role.COUNTER:  # a clerk acts for somebody or not at all
        return await stranger(session, scene, "legal")
    return await known_party(session, whose.meant(bases, complaint.subject, complaint.path))


FILE_COMPLAINT = Action(
    ActionName.FILE_COMPLAINT,
    "Complain of a department, an institution, or who made an access; whom it is about is never whom it goes to",
    "提出投诉",
    (
        targets.OF_COMPLAINT,
        Input("facts", InputType.STRING, "What happened", "投诉事实", required=True),
        Input(
            "subject",
            InputType.ID,
            "In whose name, for who acts for several subjects; none: the person itself, or the only one",
            "投诉主体",
        ),
    ),
    _begin,
)
