"""recordMandate: somebody may act for a subject, or says that they may.

- The subject (or its representative) names an agent: proposed, to be verified by the subject's own ``verifyMandate``.
- An agent claims one over a person (by ID number and name) or a body (by its id), with the number of its document; a
  guardian likewise, with the term: proposed, to be verified by the subject itself or by two persons at the desk, a
  guardianship by the desk alone. The desk may record one that came on paper.
- A representative claims a body: verified at once if the registry names, by name and ID number, the person that the
  caller is bound to, refused otherwise; intake ends it when the registry names somebody else.
- A clerk at the counter, proven anew, records one over who is present, by ID number, name and the number of the paper:
  verified at once, for some minutes (a rule), in this session of the clerk's and no other. What does not fit counts
  like a binding in vain: after some in a day (a rule) the clerk records none any more that day.

A person whom nobody has is answered like one who is there: the mandate is over somebody of whom nothing is held.
A mandate always lets read (READ): who may not see what is held could neither object to it nor consent to its use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from gateway.actions import acting, whose
from gateway.actions.acting import PERSON, Stated
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import Party, known_party, own_subjects, tied
from gateway.actions.text import OPAQUE_LENGTH, bounded
from gateway.catalogue.codes import CITIZEN_ID, normalize
from gateway.catalogue.fields import Kind, Owner
from gateway.catalogue.mandate import BASES, SCOPE
from gateway.clock import BEIJING
from gateway.errors import BadInput, Fault
from gateway.rights.clocks import Deadline, deadline
from gateway.rights.mandates import READ
from gateway.rights.rows import calendar_of, calendar_since, rules_of, rules_on
from gateway.rights.states import MandateState
from gateway.store.core import stored_bytes
from gateway.store.sessions import Session
from gateway.store.tables import MANDATE, SUBJECT_KEY, table
from gateway.values import ActionName, Relation, Role

OWN_SCOPE = ("READ", "FILE")  # if nothing is said; and what a clerk may
NOT_OWN = "is not a subject that the caller is or represents"
NO_BODY = "is not an enterprise or organization; a person is named by ID number and name"
NOT_NAMED = "is not a body whose registry names the person that the caller is bound to, or is recorded already"
NOT_HERE = "is not for this mandate"
NEEDED = "is required for this mandate"


@dataclass(frozen=True, slots=True)
class _Proposal:
    basis: str
    by: str  # a word of RECORDED_BY
    agent: str | None  # None: the caller
    body: tuple[Kind, int] | None
    person: Stated | None
    scope: tuple[str, ...]
    document: str | None
    until: datetime | None
    path: Path


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    basis, by = _kind_of(scene, given, path, faults)
    for name, wanted in _wanted(basis, by, given).items():
        there = given.get(name) is not None
        if there is not wanted and wanted is not None:
            faults.append(Fault((*path, name), NEEDED if wanted else NOT_HERE))
    if faults:
        raise BadInput(*faults)
    agent = document = None
    if given.get("agent") is not None:
        agent = acting.one_line(given, "agent", acting.PRINCIPAL_LENGTH, path, faults)
        if agent == scene.caller.principal:
            faults.append(Fault((*path, "agent"), "is the caller"))
    if given.get("document") is not None:
        document = acting.one_line(given, "document", acting.DOCUMENT_LENGTH, path, faults)
    person = acting.stated(given, path, faults) if given.get("idNumber") is not None else None
    body = _body(scene, given, by, path, faults) if given.get("subject") is not None else None
    scope, until = _scope(given, path, faults), _until(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)
    proposal = _Proposal(basis, by, agent, body, person, scope, document, until, path)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, proposal)

    return apply


def _kind_of(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> tuple[str, str]:
    """As what the agent will act, and who records it."""
    counter = scene.caller.role is Role.COUNTER
    basis = str(given.get("basis") or ("COUNTER" if counter else "MANDATE"))
    if counter:
        by, may = "COUNTER", {"COUNTER"}
    elif scene.caller.role is Role.DESK:
        by, may = "DESK", {"MANDATE", "GUARDIAN"}
    elif given.get("agent") is not None:
        by, may = "SUBJECT", {"MANDATE"}
    else:
        by, may = "AGENT", {"MANDATE", "GUARDIAN", "REPRESENTATIVE"}
    if basis not in may:
        faults.append(Fault((*path, "basis"), NOT_HERE))
    return basis, by


def _wanted(basis: str, by: str, given: Given) -> Mapping[str, bool | None]:
    """Which arguments there must be, must not be, and may be (None)."""
    if basis == "COUNTER":
        none = dict.fromkeys(("agent", "subject", "scope", "until"), False)
        return {**none, "idNumber": True, "name": True, "document": True}
    if basis == "REPRESENTATIVE":
        return {"subject": True, **dict.fromkeys(("agent", "idNumber", "name", "scope", "document", "until"), False)}
    if by == "SUBJECT":
        return {"idNumber": False, "name": False}
    term = True if basis == "GUARDIAN" else None
    of_person = basis == "GUARDIAN" or given.get("subject") is None
    agent = True if by == "DESK" else None
    whom = {"subject": not of_person, "idNumber": of_person, "name": of_person}
    return {"agent": agent, **whom, "document": True, "until": term}


def _body(scene: Scene, given: Given, by: str, path: Path, faults: list[Fault]) -> tuple[Kind, int] | None:
    """The subject that is named by its id. A person's id says nothing: whom one claims to act for one can name."""
    found = scene.keys.read_id(bounded(str(given["subject"]), "subject", OPAQUE_LENGTH, path, faults))
    if found is None or found[0].owner is not Owner.SUBJECT or (by != "SUBJECT" and found[0].name == "person"):
        faults.append(Fault((*path, "subject"), NOT_OWN if by == "SUBJECT" else NO_BODY))
        return None
    return found


def _scope(given: Given, path: Path, faults: list[Fault]) -> tuple[str, ...]:
    words = given.get("scope")
    chosen = OWN_SCOPE if not isinstance(words, list) else tuple(map(str, words))
    faults.extend(
        Fault((*path, "scope", str(at)), f"is none of {', '.join(SCOPE)}")
        for at, word in enumerate(chosen)
        if word not in SCOPE
    )
    return tuple(word for word in SCOPE if word == "READ" or word in chosen)


def _until(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> datetime | None:
    """The end of the last day, in Beijing."""
    if given.get("until") is None:
        return None
    try:
        text = str(given["until"])
        day = date.fromisoformat(text)
        if len(text) != 10 or not scene.today <= day < date(2200, 1, 1):
            raise ValueError
    except ValueError:
        faults.append(Fault((*path, "until"), "must be a day that is not over, YYYY-MM-DD"))
        return None
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)


async def _apply(session: Session, scene: Scene, proposal: _Proposal) -> Done:
    values: dict[str, object] = {
        "basis": proposal.basis,
        "principal": proposal.agent or scene.caller.acts_as,
        "agent": proposal.agent or scene.caller.principal,
        "recorded_by": proposal.by,
        "scope": list(proposal.scope),
        "valid_until": proposal.until,
    }
    asked: tuple[str, ...] = ()
    name: str | None = None
    due: Deadline | None = None
    if proposal.by == "SUBJECT":
        party = await _own(session, scene, proposal)
    elif proposal.person is not None:
        counter = proposal.by == "COUNTER"  # the clerk sees at once whether there is such a person
        if counter:
            await acting.refuse_often(session, scene, proposal.path)
        (party, asked), name = await acting.party_of(session, scene, proposal.person), proposal.person.name
        if counter and asked:
            await acting.failed(session, scene)
    else:
        party, name = await _named(session, proposal)
    if proposal.basis == "REPRESENTATIVE":
        at_once = {"person_id": await _represented(session, scene, party, proposal), "scope": list(SCOPE)}
        values |= {**at_once, "valid_from": scene.now, "verified_by": scene.caller.principal}
    elif proposal.basis == "COUNTER":
        minutes = rules_of(await session.execute(rules_on(scene.today)))["mandate.counter"].value
        values |= {"valid_from": scene.now, "valid_until": scene.now + timedelta(minutes=minutes)}
        values["verified_by"] = scene.caller.principal
    else:
        due = await _due(session, scene)
        values["verify_by"] = due.on
    id = await acting.add(session, scene, party, values, {"document": proposal.document, "subject_name": name})
    own = proposal.by == "SUBJECT"
    return Done(
        id,
        party.subject_class == "person",
        MandateState.PROPOSED if due is not None else MandateState.VERIFIED,
        due,
        () if asked else (party.subject,),
        {"mandate": ((id, 1),)},
        int(Relation.SELF) if own else 0,
        (tied(scene, party.subject, ""),) if own else (),
        asked=asked,
    )


async def _due(session: Session, scene: Scene) -> Deadline:
    rules = rules_of(await session.execute(rules_on(scene.today)))
    calendar = calendar_of(await session.execute(calendar_since(scene.today)))
    return deadline(scene.today, [rules["mandate.proposal"]], calendar)


async def _own(session: Session, scene: Scene, proposal: _Proposal) -> Party:
    """The subject that the caller is or represents, in whose name an agent is named."""
    whole = await acting.whole(session, scene)
    bases = {subject: {basis} for subject, basis in whole.items()}
    named = None if proposal.body is None else proposal.body[1]
    return await known_party(session, whose.meant(bases, named, proposal.path, NOT_OWN))


async def _named(session: Session, proposal: _Proposal) -> tuple[Party, str]:
    """The body and its name."""
    assert proposal.body is not None
    kind, id = proposal.body
    columns = table(kind).c
    rows = await session.execute(
        sa.select(columns.subject_class, columns.name, SUBJECT_KEY.c.wrapped).where(
            columns.subject_id == id, SUBJECT_KEY.c.subject_id == id
        )
    )
    if not rows:
        raise BadInput(Fault((*proposal.path, "subject"), NO_BODY))
    subject_class, name, wrapped = rows[0]
    return Party(id, str(subject_class), stored_bytes(wrapped), own=False), str(name)


async def _represented(session: Session, scene: Scene, party: Party, proposal: _Proposal) -> int:
    """The person that the caller is bound to, if the registry names it as the body's representative.

    Both rows are locked, so that intake, which may be naming somebody else, comes before or after.
    """
    assert proposal.body is not None
    body = table(proposal.body[0])
    columns = body.c
    ((name, number),) = await session.execute(
        sa.select(columns.legal_representative_name_sealed, columns.legal_representative_id_number_sealed)
        .where(columns.subject_id == party.subject)
        .with_for_update()
    )
    mine = own_subjects(scene, READ).where(MANDATE.c.basis == "PERSON")
    held = sa.select(MANDATE.c.id).where(
        MANDATE.c.subject_id == party.subject,
        MANDATE.c.basis == "REPRESENTATIVE",
        MANDATE.c.principal == scene.caller.acts_as,
        MANDATE.c.revoked_at.is_(None),
        sa.or_(MANDATE.c.valid_until.is_(None), MANDATE.c.valid_until > scene.now),
    )
    if name is not None and number is not None and not await session.execute(held):
        opened = [
            scene.keys.open(party.wrapped, party.subject, (body.name, f"legal_representative_{one}", party.subject), of)
            for one, of in (("id_number", stored_bytes(number)), ("name", stored_bytes(name)))
        ]
        index, of_name = scene.keys.person(normalize(CITIZEN_ID, opened[0]), opened[1])
        fits = PERSON.c.id_number_index == index, PERSON.c.name_index == of_name
        found = await session.execute(sa.select(PERSON.c.subject_id).where(PERSON.c.subject_id.in_(mine), *fits))
        if found:
            return int(str(found[0][0]))
    raise BadInput(Fault((*proposal.path, "subject"), NOT_NAMED))


RECORD_MANDATE = Action(
    ActionName.RECORD_MANDATE,
    "Name an agent, claim a mandate, or at the counter act for who is present; what is proposed counts once verified",
    "登记授权代理",
    (
        Input(
            "basis",
            InputType.WORD,
            "As what: MANDATE (if none is given), GUARDIAN, REPRESENTATIVE; at the counter COUNTER",
            "代理依据",
            words=BASES,
        ),
        Input("agent", InputType.STRING, "Who is to act, as their tokens name them; none: the caller", "代理人标识"),
        Input(
            "subject",
            InputType.ID,
            "Whom it is about: a body; of who names an agent: which of several subjects it is or represents",
            "被代理主体",
        ),
        Input("idNumber", InputType.STRING, "Whom it is about: a person's citizen ID number", "公民身份号码"),
        Input("name", InputType.STRING, "Its name, which must belong to the number", "姓名"),
        Input(
            "scope",
            InputType.STRINGS,
            "How far: ACCESSES, FILE, CONSENT beside READ, which is always in it; none given: READ and FILE",
            "代理权限",
        ),
        Input(
            "document", InputType.STRING, "Number or hash of the power of attorney, decision or paper", "证明文件编号"
        ),
        Input("until", InputType.STRING, "The last day of its term, YYYY-MM-DD; a guardianship has one", "截止日期"),
    ),
    _begin,
    Gives.MANDATE,
)
