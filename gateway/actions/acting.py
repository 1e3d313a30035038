"""What the actions about mandates share: who is named, how often in vain, whose they are, how a row is written."""

import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.actions.model import Given, Path, Scene
from gateway.actions.opening import Party, own_subjects, stranger
from gateway.actions.text import OPAQUE_LENGTH, bounded
from gateway.catalogue.codes import CITIZEN_ID, check, normalize
from gateway.catalogue.kinds import BY_NAME
from gateway.catalogue.mandate import SCOPE
from gateway.errors import BadInput, Fault, InternalError
from gateway.rights.mandates import READ, WHOLE
from gateway.rights.routing import PLATFORM
from gateway.rights.rows import rules_of, rules_on
from gateway.store.core import stored_bytes
from gateway.store.sessions import Session
from gateway.store.tables import BINDING_ATTEMPT, MANDATE, RECORD_IDS, SUBJECT_KEY, SUBJECT_RELATION, table
from gateway.values import Role

BATCH = "mandate"  # where a batch of intake would stand
PERSON = table(BY_NAME["person"])
NAME_LENGTH = 50
DOCUMENT_LENGTH = 200
PRINCIPAL_LENGTH = 255
EMPTY = "must not be empty"
OFTEN = "was tried too often today"


class Stated(NamedTuple):
    """A person as somebody writes it: both normalized."""

    id_number: str
    name: str


def one_line(given: Given, name: str, length: int, path: Path, faults: list[Fault]) -> str:
    """A text of one line that must say something: composed, stripped, bounded."""
    text = unicodedata.normalize("NFC", str(given[name])).strip()
    if not text:
        faults.append(Fault((*path, name), EMPTY))
    return bounded(text, name, length, path, faults)


def stated(given: Given, path: Path, faults: list[Fault]) -> Stated:
    """The person that ID number and name state. Whether there is one is not looked at."""
    number = normalize(CITIZEN_ID, str(given["idNumber"]))
    faults.extend(Fault((*path, "idNumber"), rule) for rule in check(CITIZEN_ID, number))
    return Stated(number, one_line(given, "name", NAME_LENGTH, path, faults))


async def person_of(session: Session, scene: Scene, who: Stated) -> Party | None:
    """The person of the library whom ID number and name fit together, its key locked; None: nobody, or one who died."""
    index, name = scene.keys.person(*who)
    died = sa.select(SUBJECT_RELATION.c.subject_id).where(
        SUBJECT_RELATION.c.subject_id == PERSON.c.subject_id, SUBJECT_RELATION.c.relation == "DEAD"
    )
    found = await session.execute(
        sa.select(PERSON.c.subject_id, SUBJECT_KEY.c.wrapped)
        .where(
            PERSON.c.id_number_index == index,
            PERSON.c.name_index == name,
            SUBJECT_KEY.c.subject_id == PERSON.c.subject_id,
            sa.not_(sa.exists(died)),
        )
        .order_by(PERSON.c.subject_id)
        .with_for_update(of=SUBJECT_KEY)
    )
    if not found:
        return None
    subject, wrapped = found[0]
    assert isinstance(subject, int)
    return Party(subject, "person", stored_bytes(wrapped), own=False)


async def party_of(session: Session, scene: Scene, who: Stated) -> tuple[Party, tuple[str, ...]]:
    """The person, or somebody nothing is held of who takes its place: what follows is the same, and so is the answer.

    With it by what the log names whom it was about, if there is no such person: its holder finds it all the same.
    """
    found = await person_of(session, scene, who)
    if found is not None:
        return found, ()
    return await stranger(session, scene, "person"), (scene.keys.asked(scene.keys.person(*who)[0]),)


async def refuse_often(session: Session, scene: Scene, path: Path) -> None:
    """Whoever named persons in vain too often today names none any more. One caller's attempts of a day take turns."""
    name = "binding.attempts.counter" if scene.caller.role is Role.COUNTER else "binding.attempts"
    most = rules_of(await session.execute(rules_on(scene.today)))[name].value
    first = insert(BINDING_ATTEMPT).values(principal=scene.caller.principal, day=scene.today, failures=0)
    same = first.on_conflict_do_update(
        index_elements=["principal", "day"], set_={"failures": BINDING_ATTEMPT.c.failures}
    )
    ((failures,),) = await session.execute(same.returning(BINDING_ATTEMPT.c.failures))
    if int(str(failures)) >= most:
        raise BadInput(Fault(path, OFTEN))


async def failed(session: Session, scene: Scene) -> None:
    """One more was named in vain."""
    mine = BINDING_ATTEMPT.c.principal == scene.caller.principal, BINDING_ATTEMPT.c.day == scene.today
    await session.execute(sa.update(BINDING_ATTEMPT).where(*mine).values(failures=BINDING_ATTEMPT.c.failures + 1))


async def whole(session: Session, scene: Scene) -> dict[int, str]:
    """The subjects that the caller is, or represents as the registry has it; and as what."""
    rows = own_subjects(scene, READ).where(MANDATE.c.basis.in_(WHOLE)).add_columns(MANDATE.c.basis)
    return {int(str(subject)): str(basis) for subject, basis in await session.execute(rows)}


async def add(
    session: Session, scene: Scene, party: Party, values: Mapping[str, object], sealed: Mapping[str, str | None]
) -> int:
    """Write a new mandate over ``party``; ``sealed``: texts by the name of their column. Its id."""
    ((id,),) = await session.execute(sa.select(RECORD_IDS.next_value()))
    if not isinstance(id, int):
        raise InternalError
    fixed = {
        "id": id,
        "subject_id": party.subject,
        "subject_class": party.subject_class,
        "provider": PLATFORM,
        "batch": BATCH,
        "recorded_on": scene.today,
        "scope": list(SCOPE),
    }
    closed = {
        f"{column}_sealed": scene.keys.seal(party.wrapped, party.subject, ("mandate", column, id), text)
        for column, text in sealed.items()
        if text is not None
    }
    await session.execute(sa.insert(MANDATE).values({**fixed, **values, **closed}))
    return id


async def revoke(session: Session, scene: Scene, why: str, *which: "sa.ColumnElement[bool]") -> list[tuple[int, int]]:
    """End mandates that were not ended yet; the rows and their versions."""
    ended = (
        sa.update(MANDATE)
        .where(MANDATE.c.revoked_at.is_(None), *which)
        .values(revoked_at=scene.now, ended_for=why, version=MANDATE.c.version + 1)
        .returning(MANDATE.c.id, MANDATE.c.version)
    )
    return [(int(str(id)), int(str(version))) for id, version in await session.execute(ended)]


class Row(NamedTuple):
    """A mandate that is to be verified or revoked; it is locked."""

    id: int
    subject: int
    personal: bool
    version: int
    basis: str
    principal: str
    recorded_by: str
    first_by: str | None
    document: bytes | None
    wrapped: bytes
    waiting: bool  # it was proposed and may still be verified
    in_force: bool


def named(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> int | None:
    """The mandate that is named, if the id is one of the caller's."""
    found = scene.keys.read_id(bounded(str(given["mandate"]), "mandate", OPAQUE_LENGTH, path, faults))
    return None if found is None or found[0].name != "mandate" else found[1]


async def row(session: Session, scene: Scene, id: int) -> Row | None:
    """The mandate, if there is one, locked."""
    columns = MANDATE.c
    found = await session.execute(
        sa.select(
            columns.subject_id,
            columns.subject_class,
            columns.version,
            columns.basis,
            columns.principal,
            columns.recorded_by,
            columns.first_by,
            columns.document_sealed,
            SUBJECT_KEY.c.wrapped,
            sa.func.coalesce(columns.valid_until > scene.now, sa.true()),
            columns.revoked_at.is_(None),
            columns.valid_from.is_(None),
            sa.func.coalesce(columns.verify_by >= scene.today, sa.true()),
        )
        .where(columns.id == id, SUBJECT_KEY.c.subject_id == columns.subject_id)
        .with_for_update(of=MANDATE)
    )
    if not found:
        return None
    subject, of, version, basis, principal, by, first, document, wrapped, running, kept, proposed, intime = found[0]
    assert isinstance(subject, int) and isinstance(version, int)
    live = running is True and kept is True
    return Row(
        id,
        subject,
        of == "person",
        version,
        str(basis),
        str(principal),
        str(by),
        None if first is None else str(first),
        None if document is None else stored_bytes(document),
        stored_bytes(wrapped),
        live and proposed is True and intime is True,
        live and proposed is not True,
    )
