"""What every step of a case has in common: whose step it is, whether the state allows it, what is written down.

A case is locked while a step is taken: of two decisions at once the first counts, and the second meets the new state.
A case that is not the caller's own is answered like one that is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import sqlalchemy as sa

from gateway.actions.model import Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import event, happened, in_own_name, own_subjects, tied
from gateway.actions.text import CLAIM_LENGTH, OPAQUE_LENGTH, bounded
from gateway.catalogue.case import CASE as KIND
from gateway.errors import BadInput, CaseConflict, Fault, InternalError
from gateway.rights import deadlines
from gateway.rights.clocks import Deadline, Rule, Unit
from gateway.rights.mandates import FILE
from gateway.rights.states import CLOSED, CaseKind, State, Step, after, possible
from gateway.store.case_tables import CASE, CASE_EVENT, RULE
from gateway.store.sessions import Session
from gateway.store.tables import MANDATE, SUBJECT_KEY
from gateway.values import Relation, Role

NOT_OWN = "is not a case of the caller"
TEXT_LENGTH = CLAIM_LENGTH
CASE_INPUT = Input("case", InputType.ID, "The case", "案件", required=True)
# What a step is called by who wants to take it.
_MUTATION: Mapping[Step, str] = MappingProxyType(
    {
        Step.ROUTE: "routeCase",
        Step.ACCEPT: "acceptCase",
        Step.DECLINE: "declineCase",
        Step.REQUEST_SUPPLEMENT: "requestSupplement",
        Step.SUPPLEMENT: "supplementCase",
        Step.ANSWER: "answerCase",
        Step.DECIDE: "decideCase",
        Step.APPROVE: "decideRepair",
        Step.LIFT: "decideRepair",
        Step.REVERSE: "decideRepair",
        Step.WITHDRAW: "withdrawCase",
    }
)


@dataclass(frozen=True, slots=True)
class Held:
    """A case that is locked for one step."""

    number: int
    version: int
    subject: int
    subject_class: str
    wrapped: bytes
    kind: CaseKind
    state: State
    record: tuple[str, int] | None  # kind and row
    field: str | None
    against: str | None
    accused: str | None  # principal of who made the access that is complained of
    department: str
    filer: str
    of_case: int | None
    deadline: Deadline
    filed_on: date
    relation: Relation  # by which the caller has it

    def place(self, column: str) -> tuple[str, str, int]:
        """Where a text of the case is sealed."""
        return "case", column, self.number


def named(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> int:
    """The case that is named; 0 and a fault if the text is no id of one."""
    found = scene.keys.read_id(bounded(str(given["case"]), "case", OPAQUE_LENGTH, path, faults))
    if found is None or found[0] is not KIND:
        faults.append(Fault((*path, "case"), NOT_OWN))
        return 0
    return found[1]


async def of_party(session: Session, scene: Scene, number: int, path: Path) -> Held:
    """A case of a subject that the caller is or acts for, or one that it has filed in its own name."""
    own = CASE.c.subject_id.in_(own_subjects(scene, FILE))
    mine: sa.ColumnElement[bool] = own if scene.caller.role in (Role.SUBJECT, Role.COUNTER) else sa.false()
    if scene.caller.principal:
        mine = sa.or_(mine, in_own_name(scene.caller.principal, scene.caller.consumer))
    return await _held(session, mine, number, path, Relation.SELF)


async def of_officer(session: Session, scene: Scene, number: int, path: Path) -> Held:
    """A case that the caller's department has, open and with nobody there, or taken by the caller.

    Nobody takes a step of a case that they have a part in. Raises BadInput.
    """
    taken = CASE.c.handler == scene.caller.principal
    free = sa.and_(CASE.c.handler.is_(None), CASE.c.closed_at.is_(None))
    mine = sa.and_(CASE.c.department == scene.caller.department, sa.or_(free, taken))
    held = await _held(session, mine, number, path, Relation.CASE)
    await _without_part(session, scene, held, path)
    return held


async def of_desk(session: Session, scene: Scene, number: int, path: Path) -> Held:
    """Any open case: the desk routes them all."""
    return await _held(session, CASE.c.closed_at.is_(None), number, path, Relation.CASE)


async def of_claim(session: Session, index: bytes, fault: Fault) -> Held:
    """The report that a claim code stands for."""
    return await _found(session, CASE.c.claim_index == index, Relation.NONE, fault)


async def _held(session: Session, mine: sa.ColumnElement[bool], number: int, path: Path, relation: Relation) -> Held:
    return await _found(session, sa.and_(CASE.c.id == number, mine), relation, Fault((*path, "case"), NOT_OWN))


async def _found(session: Session, where: sa.ColumnElement[bool], relation: Relation, fault: Fault) -> Held:
    columns = CASE.c
    rows = await session.execute(
        sa.select(
            columns.id,
            columns.version,
            columns.subject_id,
            columns.subject_class,
            SUBJECT_KEY.c.wrapped,
            columns.kind,
            columns.state,
            columns.record_kind,
            columns.record_id,
            columns.field,
            columns.against,
            columns.accused,
            columns.department,
            columns.filer,
            columns.of_case,
            columns.deadline_on,
            columns.deadline_provisional,
            columns.calendar,
            columns.filed_on,
            RULE.c.name,
            RULE.c.version,
            RULE.c.value,
            RULE.c.unit,
            RULE.c.source,
            RULE.c.verified,
        )
        .where(
            where,
            SUBJECT_KEY.c.subject_id == columns.subject_id,
            RULE.c.name == columns.rule,
            RULE.c.version == columns.rule_version,
        )
        .with_for_update(of=CASE)
    )
    if not rows:
        raise BadInput(fault)
    number, version, subject, owned, wrapped, kind, state, record_kind, record, *rest = rows[0]
    field, against, accused, department, filer, of_case, on, provisional, calendar, filed_on, rule, *ruled = rest
    assert isinstance(number, int) and isinstance(version, int) and isinstance(subject, int)
    assert isinstance(wrapped, bytes) and isinstance(on, date) and isinstance(filed_on, date)
    rule_version, value, unit, source, verified = ruled
    assert isinstance(calendar, int) and isinstance(rule_version, int) and isinstance(value, int)
    due = Deadline(
        on,
        Rule(str(rule), rule_version, value, Unit(str(unit)), str(source), verified is True),
        calendar,
        provisional is True,
    )
    return Held(
        number,
        version,
        subject,
        str(owned),
        wrapped,
        CaseKind(str(kind)),
        State(str(state)),
        (str(record_kind), record) if isinstance(record, int) else None,
        None if field is None else str(field),
        None if against is None else str(against),
        None if accused is None else str(accused),
        str(department),
        str(filer),
        of_case if isinstance(of_case, int) else None,
        due,
        filed_on,
        relation,
    )


def _called(kind: CaseKind, step: Step) -> str:
    """The mutation that takes a step, and the step if the mutation takes several."""
    if kind is CaseKind.REPAIR and step in (Step.DECIDE, Step.APPROVE, Step.LIFT, Step.REVERSE):
        word = {Step.DECIDE: "REFUSE", Step.LIFT: "CONFIRM_LIFTED"}.get(step, step.value)
        return f"decideRepair ({word})"
    return _MUTATION[step]


def following(held: Held, step: Step, path: Path) -> State:
    """The state after a step. Raises CaseConflict, which names the state and what it allows."""
    found = after(held.kind, held.state, step)
    if found is None:
        allowed = ", ".join(_called(held.kind, one) for one in possible(held.kind, held.state)) or "nothing"
        wanted = _called(held.kind, step)
        rule = f"a case of kind {held.kind} in state {held.state} does not allow {wanted}; it allows {allowed}"
        raise CaseConflict(Fault((*path, "case"), rule))
    return found


def sealed(scene: Scene, held: Held, **texts: str) -> dict[str, object]:
    """The columns of texts of the case."""
    return {
        f"{column}_sealed": scene.keys.seal(held.wrapped, held.subject, held.place(column), text)
        for column, text in texts.items()
    }


async def moved(
    session: Session,
    scene: Scene,
    held: Held,
    step: Step,
    path: Path,
    values: Mapping[str, object] | None = None,
    *,
    department: str | None = None,
) -> Done:
    """Take a step: the row, the event, what it says to the log. Raises CaseConflict."""
    state = following(held, step, path)
    closing = {"closed_at": scene.now} if state in CLOSED else {}
    written = {
        "state": state.value,
        "version": held.version + 1,
        "history": sa.func.array_append(CASE.c.history, happened(scene, step)),
        **closing,
        **(values or {}),
    }
    here = CASE.c.subject_id == held.subject, CASE.c.id == held.number
    await session.execute(sa.update(CASE).where(*here).values(written))
    ((last,),) = await session.execute(
        sa.select(sa.func.coalesce(sa.func.max(CASE_EVENT.c.number), 0)).where(CASE_EVENT.c.case_id == held.number)
    )
    if not isinstance(last, int):
        raise InternalError
    happening = event(scene, (held.number, last + 1), step, state, department)
    if held.relation is Relation.NONE:  # by a claim code: nobody is to know
        happening["principal"] = ""
    await session.execute(sa.insert(CASE_EVENT).values(happening))
    due = held.deadline
    if held.state is State.SUPPLEMENT_REQUESTED:
        due = (await deadlines.resume(session, held.number, scene.now)).deadline
    own = held.relation is Relation.SELF and scene.caller.role in (Role.SUBJECT, Role.COUNTER)
    return Done(
        held.number,
        held.subject_class == "person",
        state,
        None if state in CLOSED else due,
        (held.subject,),
        {"case": ((held.number, held.version + 1),)},
        int(held.relation),
        (tied(scene, held.subject, FILE),) if own else (),
    )


async def _without_part(session: Session, scene: Scene, held: Held, path: Path) -> None:
    """Nobody handles what they filed, what is about a subject that they act or acted for, or what they did themselves.

    Nor does anybody review what they answered or decided (design, contract of rights).
    """
    place = (*path, "case")
    if held.filer and held.filer == scene.caller.principal:
        raise BadInput(Fault(place, "was filed by the caller, who may not handle it"))
    if held.accused and held.accused == scene.caller.principal:
        raise BadInput(Fault(place, "is about what the caller did, who may not handle it"))
    agent = sa.select(MANDATE.c.id).where(
        MANDATE.c.agent == scene.caller.principal,
        MANDATE.c.subject_id == held.subject,
        MANDATE.c.valid_from.is_not(None),
    )
    if await session.execute(agent.limit(1)):
        raise BadInput(Fault(place, "is a case of a subject that the caller acts or acted for, and may not handle"))
    if held.of_case is None or held.kind is not CaseKind.REVIEW:
        return
    deciding = (Step.DECIDE.value, Step.DECLINE.value, Step.APPROVE.value, Step.ANSWER.value)
    before = sa.select(CASE_EVENT.c.number).where(
        CASE_EVENT.c.case_id == held.of_case,
        CASE_EVENT.c.step.in_(deciding),
        CASE_EVENT.c.principal == scene.caller.principal,
    )
    if await session.execute(before):
        raise BadInput(Fault((*path, "case"), "reviews what the caller has answered or decided; somebody else must"))


def begun(faults: list[Fault], apply: Apply) -> Apply:
    """What is to be done, if nothing is wrong with the input. Raises BadInput."""
    if faults:
        raise BadInput(*faults)
    return apply
