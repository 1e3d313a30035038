"""What the actions about consents share: the terms of one, its row, whose it may be, whether its file is frozen."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.actions import whose
from gateway.actions.model import Done, Given, Path, Scene
from gateway.actions.opening import own_bases, tied
from gateway.catalogue.fields import Owner
from gateway.catalogue.kinds import KINDS
from gateway.clock import BEIJING
from gateway.errors import BadInput, Fault
from gateway.rights import routing
from gateway.rights.clocks import Deadline, Rule
from gateway.rights.mandates import CONSENT_WORD
from gateway.rights.rows import rules_of, rules_on
from gateway.rights.states import ConsentState
from gateway.store.consent_tables import CONSENT, FILE_FREEZE
from gateway.store.sessions import Session
from gateway.store.tables import RECORD_IDS
from gateway.values import Purpose, Relation

BATCH = "consent"  # where a batch of intake would stand
NUMBER_BYTES = 16
NOBODY = -1  # no subject's number
TERM = "consent.term"
PURPOSES = (
    Purpose.LOAN_APPROVAL,
    Purpose.CREDIT_CARD_APPROVAL,
    Purpose.GUARANTEE_REVIEW,
    Purpose.POST_LOAN_MANAGEMENT,
    Purpose.CUSTOMER_ADMISSION,
    Purpose.CREDIT_REVIEW,
)
COVERED = tuple(kind.name for kind in KINDS if kind.owner is not Owner.NONE and not kind.filed)
FROZEN = "takes no new consents: it is frozen"
OVER = "gives no consents: it is dead, without capacity or deregistered"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a consent allows; ``until`` is its last day, in Beijing."""

    purposes: tuple[str, ...]
    kinds: tuple[str, ...]
    single: bool
    until: date


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose consent it is to be, with the key of the subject."""

    subject: int
    subject_class: str
    wrapped: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """By what an institution proves a consent: it is good for one, whatever becomes of that one."""

    shown: str  # JSON, without name and number of the subject
    whole: str | None  # what was signed, and how: kept sealed, told nobody
    index: bytes  # keyed digest of what was signed, not of the signature: of one text there are many
    again: Fault  # what is said to whoever brings it once more


def terms(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> Terms:
    """The terms in the arguments; words in the order of the vocabulary, so that one consent has one text."""
    purposes = _chosen(given, "purposes", tuple(one.value for one in PURPOSES), path, faults)
    kinds = _chosen(given, "kinds", COVERED, path, faults)
    until, said = scene.today, str(given["until"])
    try:
        if not DAY.match(said):  # Python also reads 20261031 and 2026-W44-6
            raise ValueError
        until = date.fromisoformat(said)
    except ValueError:
        faults.append(Fault((*path, "until"), "must be a day, as 2026-10-31"))
    if until < scene.today:
        faults.append(Fault((*path, "until"), "is over"))
    return Terms(purposes, kinds, given["single"] is True, until)


def _chosen(given: Given, name: str, known: tuple[str, ...], path: Path, faults: list[Fault]) -> tuple[str, ...]:
    words = given[name]
    assert isinstance(words, list)  # as the schema has checked
    if not words:
        faults.append(Fault((*path, name), "must not be empty"))
    for at, word in enumerate(words[: len(known) + 1]):
        if word not in known:
            faults.append(Fault((*path, name, at), f"is none of: {' '.join(known)}"))
        elif word in words[:at]:
            faults.append(Fault((*path, name, at), "stands above"))
    return tuple(word for word in known if word in words)


async def rules(session: Session, scene: Scene, agreed: Terms, path: Path) -> Mapping[str, Rule]:
    """The rules of today. Raises BadInput for a term longer than its rule allows."""
    found = rules_of(await session.execute(rules_on(scene.today)))
    longest = found[TERM].value
    if agreed.until > _years_after(scene.today, longest):
        raise BadInput(Fault((*path, "until"), f"is more than {longest} years ahead"))
    return found


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # February 29
        return day.replace(year=day.year + years, day=28)


def end_of(day: date) -> datetime:
    """The moment at which a day is over in Beijing."""
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)


async def own(session: Session, scene: Scene, subject: int | None, path: Path, bases: frozenset[str]) -> int:
    """The subject, which is the caller's own on one of ``bases``; none named: the person itself, or the only one.

    Its key is locked: of two who change what its file takes the second sees what the first has done. Raises BadInput.
    """
    mine = {one: of for one, of in (await own_bases(session, scene, CONSENT_WORD)).items() if of & bases}
    number = whose.meant(mine, subject, path)
    await whose.locked(session, number, path)
    return number


async def frozen(session: Session, subject: int) -> bool:
    """Whether a file takes no new consents; look after its key was locked."""
    running = FILE_FREEZE.c.subject_id == subject, FILE_FREEZE.c.ended_at.is_(None)
    return bool(await session.execute(sa.select(FILE_FREEZE.c.id).where(*running)))


async def written(
    session: Session,
    scene: Scene,
    holder: Holder,
    agreed: Terms,
    *,
    consumer: str,
    assurance: str,
    proof: Proof | None = None,
    waiting: Deadline | None = None,
    held: Relation,
) -> Done:
    """A consent, written: its row under a number that nobody can guess.

    Raises BadInput for a proof that was brought before.
    """
    ((row,),) = await session.execute(sa.select(RECORD_IDS.next_value()))
    assert isinstance(row, int)
    shown, whole = (None, None) if proof is None else (proof.shown, proof.whole)
    sealed = {
        f"{column}_sealed": None
        if text is None
        else scene.keys.seal(holder.wrapped, holder.subject, ("consent", column, row), text)
        for column, text in (("evidence", shown), ("proof", whole))
    }
    values = {
        "subject_id": holder.subject,
        "id": row,
        "subject_class": holder.subject_class,
        "provider": routing.PLATFORM,
        "batch": BATCH,
        "number": f"SQ-{base64.b32encode(scene.keys.draw(NUMBER_BYTES)).decode('ascii').rstrip('=')}",
        "consumer": consumer,
        "purposes": list(agreed.purposes),
        "kinds": list(agreed.kinds),
        "single": agreed.single,
        "assurance": assurance,
        "given_at": scene.now,
        "valid_from": scene.now if waiting is None else end_of(waiting.on),
        "valid_until": end_of(agreed.until),
        "proof_index": None if proof is None else proof.index,
        **sealed,
    }
    # Waits for whoever is bringing the same proof; then there is a row, or there is none.
    adding = insert(CONSENT).values(values).on_conflict_do_nothing(index_elements=["proof_index"])
    if not await session.execute(adding.returning(CONSENT.c.id)) and proof is not None:
        raise BadInput(proof.again)
    standing = sa.func.consent_standing(CONSENT.table_valued(), scene.now)
    ((state,),) = await session.execute(sa.select(standing).where(CONSENT.c.id == row))
    checks = (tied(scene, holder.subject, CONSENT_WORD),) if held & Relation.SELF else ()
    return Done(
        row,
        holder.subject_class == "person",
        ConsentState(str(state)),
        waiting,
        (holder.subject,),
        {"consent": ((row, 1),)},
        int(held),
        checks,
    )
