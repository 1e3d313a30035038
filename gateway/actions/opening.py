"""A new case, written: its row, its file, its deadline. What every action that opens a case has in common."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from gateway.actions.model import Done, Scene
from gateway.catalogue.fields import Owner
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.errors import InternalError
from gateway.rights import routing
from gateway.rights.clocks import deadline
from gateway.rights.mandates import FILE, WHOLE, in_force
from gateway.rights.routing import Department, Route
from gateway.rights.rows import calendar_of, calendar_since, rules_of, rules_on
from gateway.rights.states import CLOSED, CaseKind, State, Step, after
from gateway.store.case_tables import CASE, CASE_EVENT
from gateway.store.sessions import Session
from gateway.store.tables import MANDATE, RECORD_IDS, SUBJECT_IDS, SUBJECT_KEY, table
from gateway.values import Caller, Check, Relation

BATCH = "case"  # where a batch of intake would stand
_DEPARTMENT = table(BY_NAME["department"])


@dataclass(frozen=True, slots=True)
class Party:
    """Whose case it is: a subject with the key that its claim is sealed under."""

    subject: int
    subject_class: str
    wrapped: bytes
    own: bool  # the caller is tied to it by a mandate
    kind: str = ""  # of a subject of the libraries: its kind


@dataclass(frozen=True, slots=True)
class Opening:
    """A case that is to be opened, and the steps that are taken with it at once."""

    kind: CaseKind
    party: Party
    route: Route
    claim: str
    record: tuple[str, int, int] | None = None  # kind, row, version
    field: str | None = None
    against: str | None = None
    steps: tuple[Step, ...] = (Step.ROUTE,)
    nameless: bool = False  # nobody is to know who filed it
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)  # further columns
    code: str = ""


def own_subjects(scene: Scene, word: str) -> "sa.Select[int]":
    """The subjects that the caller is or acts for, now, as far as ``word`` of the scope of mandates says."""
    return acted_for(scene.caller, scene.now, word)


def acted_for(caller: Caller, now: datetime, word: str) -> "sa.Select[int]":
    """The subjects that somebody is or acts for at a moment, as far as ``word`` says."""
    return sa.select(MANDATE.c.subject_id).where(
        MANDATE.c.principal == caller.acts_as,
        *in_force(now),
        sa.or_(MANDATE.c.basis.in_(WHOLE), MANDATE.c.scope.contains([word])),
    )


def in_own_name(filer: str, consumer: str) -> "sa.ColumnElement[bool]":
    """Whether somebody filed a case in their own name: its subject is nobody's (:func:`stranger`), and never was.

    Who filed a case for a subject is tied to it by the mandate alone, hence no longer than that is in force.
    """
    acted = sa.exists(sa.select(MANDATE.c.id).where(MANDATE.c.subject_id == CASE.c.subject_id).correlate(CASE))
    known = [
        sa.exists(sa.select(one.c.subject_id).where(one.c.subject_id == CASE.c.subject_id).correlate(CASE))
        for one in (table(kind) for kind in KINDS if kind.owner is Owner.SUBJECT)
    ]
    filed = CASE.c.filer == filer, sa.func.coalesce(CASE.c.consumer, "") == consumer
    return sa.and_(*filed, sa.not_(sa.or_(acted, *known)))


def tied(scene: Scene, subject: int, word: str) -> Check:
    """What must still hold when it is written down that the caller acted for a subject."""
    return Check("mandate", scene.caller.acts_as, subject, purpose=word)


async def own_bases(session: Session, scene: Scene, word: str) -> dict[int, set[str]]:
    """The subjects that the caller is or acts for, as far as ``word`` says, and as what."""
    found: dict[int, set[str]] = {}
    for subject, basis in await session.execute(own_subjects(scene, word).add_columns(MANDATE.c.basis)):
        assert isinstance(subject, int)
        found.setdefault(subject, set()).add(str(basis))
    return found


async def known_party(session: Session, subject: int) -> Party:
    """A subject that the caller is or acts for. Raises InternalError if it is none of the libraries."""
    tables = [table(kind) for kind in KINDS if kind.owner is Owner.SUBJECT]
    rows = sa.union_all(
        *[
            sa.select(one.c.subject_class, SUBJECT_KEY.c.wrapped, sa.literal(one.name)).where(
                one.c.subject_id == subject, SUBJECT_KEY.c.subject_id == subject
            )
            for one in tables
        ]
    )
    found = await session.execute(rows)
    if not found or not isinstance(found[0][1], bytes):
        raise InternalError
    return Party(subject, str(found[0][0]), found[0][1], own=True, kind=str(found[0][2]))


async def stranger(session: Session, scene: Scene, subject_class: str) -> Party:
    """Somebody of whom the platform holds nothing: a party of its own, with a key that is nobody else's."""
    ((subject,),) = await session.execute(sa.select(SUBJECT_IDS.next_value()))
    assert isinstance(subject, int)
    wrapped = scene.keys.new_key(subject)
    await session.execute(sa.insert(SUBJECT_KEY).values(subject_id=subject, wrapped=wrapped))
    return Party(subject, subject_class, wrapped, own=False)


async def departments(session: Session) -> dict[str, Department]:
    """Every department, as routing looks at it."""
    columns = _DEPARTMENT.c
    rows = await session.execute(sa.select(columns.code, columns.valid_until, columns.successor))
    return {
        str(code): Department(until if isinstance(until, date) else None, None if next_ is None else str(next_))
        for code, until, next_ in rows
    }


async def opened(session: Session, scene: Scene, opening: Opening) -> Done:
    """Write the case and its first events: filed, and what follows at once."""
    party, route = opening.party, opening.route
    rules = rules_of(await session.execute(rules_on(scene.today)))
    calendar = calendar_of(await session.execute(calendar_since(scene.today)))
    due = deadline(scene.today, [rules[name] for name in route.rules], calendar)
    number = await _number(session)
    steps, states = (Step.FILE, *opening.steps), list[State]()
    for step in steps:
        following = after(opening.kind, states[-1] if states else None, step)
        if following is None:
            raise InternalError
        states.append(following)
    state = states[-1]
    kind, row, _ = opening.record or (None, None, None)
    values = {
        "subject_id": party.subject,
        "id": number,
        "subject_class": party.subject_class,
        "provider": routing.PLATFORM,
        "batch": BATCH,
        "kind": opening.kind.value,
        "state": state.value,
        "record_kind": kind,
        "record_id": row,
        "field": opening.field,
        "against": opening.against,
        "claim_sealed": scene.keys.seal(party.wrapped, party.subject, ("case", "claim", number), opening.claim),
        "filed_at": scene.now,
        "filed_on": scene.today,
        "deadline_on": due.on,
        "deadline_provisional": due.provisional,
        "rule": due.rule.name,
        "rule_version": due.rule.version,
        "clocks": [rules[name].written for name in route.rules],
        "calendar": due.calendar,
        "department": route.department,
        "filer": "" if opening.nameless else scene.caller.principal,
        "consumer": None if opening.nameless else scene.caller.consumer or None,
        "history": [happened(scene, step) for step in steps],
        "closed_at": scene.now if state in CLOSED else None,
        **opening.values,
    }
    await session.execute(sa.insert(CASE).values(values))
    events = [
        event(scene, (number, at), step, one, route.department if step is Step.ROUTE else None)
        | ({"principal": ""} if opening.nameless else {})
        for at, (step, one) in enumerate(zip(steps, states, strict=True), 1)
    ]
    await session.execute(sa.insert(CASE_EVENT).values(events))
    rows = {"case": ((number, 1),)} | ({} if opening.record is None else {opening.record[0]: (opening.record[1:],)})
    return Done(
        number,
        party.subject_class == "person",
        state,
        None if state in CLOSED else due,
        (party.subject,),
        rows,
        int(Relation.SELF) if party.own else 0,
        (tied(scene, party.subject, FILE),) if party.own else (),
        code=opening.code,
    )


def happened(scene: Scene, step: Step) -> str:
    """A step, as the history of a case tells it."""
    return f"{scene.today.isoformat()} {step.value}"


def event(
    scene: Scene, place: tuple[int, int], step: Step, state: State, department: str | None = None
) -> dict[str, object]:
    """The row of an event; ``place`` is the case and the number of the event in its file."""
    return {
        "case_id": place[0],
        "number": place[1],
        "at": scene.now,
        "step": step.value,
        "state": state.value,
        "principal": scene.caller.principal,
        "department": department,
    }


async def _number(session: Session) -> int:
    ((number,),) = await session.execute(sa.select(RECORD_IDS.next_value()))
    if not isinstance(number, int):
        raise InternalError
    return number
