"""registerConsent: an institution brings a consent that was given to it elsewhere.

B, electronically signed: the gateway writes the authorization (``rights.authorization``) from the arguments, and the
signature must be over that text, not older than a rule says, by a certificate of a listed authority whose name and
number are the subject's. C, a scan of which the institution sends the digest: only where a setting allows it, so many a
day, never of a natural person or an individual business, counting only after a waiting time in which the subject may
withdraw it.

One authorization is one consent: the same text, or the same scan from the same institution, is refused a second time,
whatever has become of the first. Of the proof its digests are told; text, signature and certificate are kept sealed.

Whoever registers one for a person learns nothing: for somebody unknown, dead or without capacity, and for a file that
is frozen, the same statements write the same row, for a subject that nobody is; it never covers anybody.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

import orjson
import sqlalchemy as sa

from gateway.actions import consenting
from gateway.actions.consenting import FROZEN, NOBODY, OVER, Holder, Proof, Terms
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.text import bounded
from gateway.actions.text import written as text_of
from gateway.catalogue.codes import CITIZEN_ID, check, normalize
from gateway.catalogue.kinds import BY_NAME
from gateway.clock import BEIJING, statutory_day
from gateway.errors import BadInput, Fault, InternalError
from gateway.rights.authorization import Authorization
from gateway.rights.clocks import Deadline, Rule, deadline
from gateway.rights.rows import calendar_of, calendar_since
from gateway.rights.states import ConsentState
from gateway.store.consent_tables import CONSENT
from gateway.store.sessions import Session
from gateway.store.tables import CONSUMER, SUBJECT_IDS, SUBJECT_KEY, SUBJECT_RELATION, table
from gateway.values import ActionName, Relation

NAME_LENGTH = 50
WORDS_LENGTH = 200
CERTIFICATE_LENGTH = 16_384  # in base64
SIGNATURE_LENGTH = 2_048
WAIT = "consent.scan.wait"
SIGNED = "consent.signed"

WHO = "name the person by idNumber and name, or the enterprise or organization by uscc"
PROOF = "send signature and certificate, or scan"
NO_SCAN = "a scan is not accepted here"
NOT_OF_PERSON = "a scan does not do for a natural person or an individual business"
ENOUGH = "no more scans are accepted from this institution today"
NOT_SIGNED = "is not a signature of this authorization by its subject, by a certificate of a listed authority"
NO_TARGET = "is not known"
TWICE = "is of an authorization that was registered before"
SCANNED_TWICE = "was registered before"
UNNAMED = "must not hold the name or the number of the person"
DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class _Person:
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class _Signed:
    signature: bytes
    certificate: bytes
    place: str
    at: datetime
    consequences_told: bool
    agent: str
    attachment: str


@dataclass(frozen=True, slots=True)
class _Registration:
    of: _Person | str  # a person, or a USCC
    agreed: Terms
    proof: _Signed | str  # signed, or the digest of a scan
    path: Path


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    agreed = consenting.terms(scene, given, path, faults)
    of = _of(given, path, faults)
    proof = _proof(scene, given, path, faults)
    if isinstance(proof, str) and proof and isinstance(of, _Person):
        faults.append(Fault((*path, "scan"), NOT_OF_PERSON))
    if isinstance(proof, _Signed) and isinstance(of, _Person) and _named(of, proof.place):
        faults.append(Fault((*path, "place"), UNNAMED))  # it is told
    if faults or of is None or proof is None:
        raise BadInput(*faults)
    registration = _Registration(of, agreed, proof, path)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, registration)

    return apply


def _named(person: _Person, text: str) -> bool:
    return any(word and word in text.upper() for word in (person.name.upper(), person.number))


def _of(given: Given, path: Path, faults: list[Fault]) -> _Person | str | None:
    said = {name for name in ("idNumber", "name", "uscc") if given.get(name) is not None}
    if said == {"uscc"}:
        code = normalize("USCC", str(given["uscc"]))
        faults.extend(Fault((*path, "uscc"), rule) for rule in check("USCC", code))
        return code
    if said == {"idNumber", "name"}:
        number = normalize(CITIZEN_ID, str(given["idNumber"]))
        faults.extend(Fault((*path, "idNumber"), rule) for rule in check(CITIZEN_ID, number))
        return _Person(number, text_of(given, "name", NAME_LENGTH, path, faults))
    faults.append(Fault(path, WHO))
    return None


def _proof(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> _Signed | str | None:
    said = {name for name in ("signature", "certificate", "scan") if given.get(name) is not None}
    if said == {"scan"}:
        if not scene.scans:
            faults.append(Fault((*path, "scan"), NO_SCAN))
        return _digest(given, "scan", path, faults)
    if said != {"signature", "certificate"}:
        faults.append(Fault(path, PROOF))
        return None
    faults.extend(Fault((*path, name), "is required") for name in ("place", "signedAt") if given.get(name) is None)
    if given.get("place") is None or given.get("signedAt") is None:
        return None
    return _Signed(
        _base64(given, "signature", SIGNATURE_LENGTH, path, faults),
        _base64(given, "certificate", CERTIFICATE_LENGTH, path, faults),
        text_of(given, "place", WORDS_LENGTH, path, faults),
        _moment(scene, given, path, faults),
        given.get("consequencesTold") is True,
        "" if given.get("agent") is None else text_of(given, "agent", WORDS_LENGTH, path, faults),
        "" if given.get("attachment") is None else _digest(given, "attachment", path, faults),
    )


def _digest(given: Given, name: str, path: Path, faults: list[Fault]) -> str:
    text = str(given[name])
    if not DIGEST.match(text):
        faults.append(Fault((*path, name), "must be a SHA-256 in hex: 64 digits, small letters"))
    return text


def _base64(given: Given, name: str, length: int, path: Path, faults: list[Fault]) -> bytes:
    text = bounded(str(given[name]), name, length, path, faults)
    try:
        return base64.b64decode(text[:length], validate=True)
    except (binascii.Error, ValueError):
        faults.append(Fault((*path, name), "must be base64"))
        return b""


def _moment(scene: Scene, given: Given, path: Path, faults: list[Fault]) -> datetime:
    rule = "must be a moment that is not to come, as 2026-10-31T09:30:00+08:00"
    try:
        at = datetime.fromisoformat(str(given["signedAt"]))
        if at.tzinfo is not None and at.replace(microsecond=0) == at and at <= scene.now:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    faults.append(Fault((*path, "signedAt"), rule))
    return scene.now


async def _apply(session: Session, scene: Scene, registration: _Registration) -> Done:
    consumer, path = scene.caller.consumer, registration.path
    limits = await consenting.rules(session, scene, registration.agreed, path)
    if isinstance(registration.proof, _Signed):
        age, most = (scene.today - statutory_day(registration.proof.at)).days, limits[SIGNED].value
        if age > most:
            raise BadInput(Fault((*path, "signedAt"), f"is more than {most} days ago"))
    institution = await session.execute(
        sa.select(CONSUMER.c.name, CONSUMER.c.uscc).where(CONSUMER.c.id == consumer).with_for_update(key_share=True)
    )
    if not institution:
        raise BadInput(Fault(path, NO_TARGET))
    name, code = institution[0]
    parties = str(name), str(code or consumer)
    of, waiting = registration.of, None
    if isinstance(of, _Person):
        proof = _believed(scene, registration, of.name, ("公民身份号码", of.number), parties)
        holder = await _person(session, scene, of)
    else:
        holder = await _legal(session, of, path)
        if isinstance(registration.proof, str):
            waiting = await _waits(session, scene, registration, holder, limits)
        proof = _believed(scene, registration, holder.name, ("统一社会信用代码", of), parties)
    assurance = "C" if isinstance(registration.proof, str) else "B"
    done = await consenting.written(
        session,
        scene,
        holder,
        registration.agreed,
        consumer=consumer,
        assurance=assurance,
        proof=proof,
        waiting=waiting,
        held=Relation.OWN,
    )
    if done.state is ConsentState.ENDED:  # of a legal person or a business: the dead are answered as if unknown
        raise BadInput(Fault((*path, "uscc"), OVER))
    return done


def _believed(
    scene: Scene, registration: _Registration, name: str, paper: tuple[str, str], parties: tuple[str, str]
) -> Proof:
    """What is told and kept of the proof. Raises BadInput for a signature that is not believed."""
    proof, agreed, path = registration.proof, registration.agreed, registration.path
    if isinstance(proof, str):
        index = scene.keys.blind_index("consent", "scan", f"{parties[1]}\n{proof}")
        return Proof(orjson.dumps({"scan": proof}).decode(), None, index, Fault((*path, "scan"), SCANNED_TWICE))
    text = Authorization(
        name,
        *paper,
        *parties,
        agreed.purposes,
        agreed.kinds,
        agreed.single,
        agreed.until,
        proof.place,
        proof.at,
        proof.consequences_told,
        proof.agent,
        proof.attachment,
    ).text()
    signer = scene.signatures.signer(proof.certificate, proof.signature, text.encode(), (proof.at, scene.now))
    if signer is None or signer[:2] != (name, paper[1]):
        raise BadInput(Fault((*path, "signature"), NOT_SIGNED))
    told = {
        "text": hashlib.sha256(text.encode()).hexdigest(),
        "certificate": hashlib.sha256(proof.certificate).hexdigest(),
        "issuer": signer[2],
        "serial": signer[3],
        "place": proof.place,
        "signedAt": proof.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    kept = {
        "text": text,
        "signature": base64.b64encode(proof.signature).decode("ascii"),
        "certificate": base64.b64encode(proof.certificate).decode("ascii"),
    }
    index = scene.keys.blind_index("consent", "text", text)
    return Proof(orjson.dumps(told).decode(), orjson.dumps(kept).decode(), index, Fault((*path, "signature"), TWICE))


async def _person(session: Session, scene: Scene, of: _Person) -> Holder:
    """The person, or nobody: the same statements, and a row of the same form.

    A number and a key are made either way; those of somebody known stay unused.
    """
    person = table(BY_NAME["person"])
    found = await session.execute(
        sa.select(person.c.subject_id, SUBJECT_KEY.c.wrapped)
        .where(
            person.c.id_number_index == scene.keys.blind_index("person", "id_number", of.number),
            person.c.name_index == scene.keys.blind_index("person", "name", of.name),
            SUBJECT_KEY.c.subject_id == person.c.subject_id,
        )
        .with_for_update(of=SUBJECT_KEY)
    )
    ((fresh,),) = await session.execute(sa.select(SUBJECT_IDS.next_value()))
    assert isinstance(fresh, int)
    made = scene.keys.new_key(fresh)
    known = found[0][0] if found else NOBODY
    assert isinstance(known, int)
    since, gone = SUBJECT_RELATION.c.since <= scene.today, SUBJECT_RELATION.c.relation.in_(("DEAD", "INCAPABLE"))
    ended = sa.select(SUBJECT_RELATION.c.subject_id).where(SUBJECT_RELATION.c.subject_id == known, since, gone)
    closed = [bool(await session.execute(ended)), await consenting.frozen(session, known)]
    subject, wrapped = (fresh, made) if known == NOBODY or any(closed) else (known, found[0][1])
    if not isinstance(wrapped, bytes):
        raise InternalError
    await session.execute(_kept(subject, wrapped))
    return Holder(subject, "person", wrapped)


def _kept(subject: int, wrapped: bytes) -> sa.Insert:
    """The key of nobody, kept, so that what is sealed under it can be opened; that of somebody known is there."""
    there = sa.exists(sa.select(SUBJECT_KEY.c.subject_id).where(SUBJECT_KEY.c.subject_id == subject))
    row = sa.select(sa.literal(subject, sa.BigInteger()), sa.literal(wrapped, sa.LargeBinary())).where(sa.not_(there))
    return sa.insert(SUBJECT_KEY).from_select(["subject_id", "wrapped"], row)


async def _legal(session: Session, code: str, path: Path) -> Holder:
    """The enterprise or organization that has the code now, by its only subject. Raises BadInput."""
    identifier = table(BY_NAME["identifier"])
    bearer = sa.select(identifier.c.subject_id).where(
        identifier.c.kind == "USCC", identifier.c.value_index == code, identifier.c.valid_until.is_(None)
    )
    rows = sa.union_all(
        *[
            sa.select(one.c.subject_id, one.c.subject_class, one.c.name).where(one.c.subject_id.in_(bearer))
            for one in (table(BY_NAME["enterprise"]), table(BY_NAME["organization"]))
        ]
    )
    found = await session.execute(rows)
    if len(found) != 1:
        raise BadInput(Fault((*path, "uscc"), NO_TARGET))
    subject, subject_class, name = found[0]
    assert isinstance(subject, int)
    key = sa.select(SUBJECT_KEY.c.wrapped).where(SUBJECT_KEY.c.subject_id == subject).with_for_update()
    ((wrapped,),) = await session.execute(key)
    assert isinstance(wrapped, bytes)
    if await consenting.frozen(session, subject):
        raise BadInput(Fault((*path, "uscc"), FROZEN))
    return Holder(subject, str(subject_class), wrapped, str(name or ""))


async def _waits(
    session: Session, scene: Scene, registration: _Registration, holder: Holder, limits: Mapping[str, Rule]
) -> Deadline:
    """Until when a scan opens nothing. Raises BadInput for one too many, and for whom none does."""
    faults: list[Fault] = []
    if holder.subject_class != "legal":
        faults.append(Fault((*registration.path, "scan"), NOT_OF_PERSON))
    today = datetime.combine(scene.today, time(), BEIJING)
    own = CONSENT.c.consumer == scene.caller.consumer, CONSENT.c.assurance == "C", CONSENT.c.given_at >= today
    ((count,),) = await session.execute(sa.select(sa.func.count()).where(*own))  # the institution's row is locked
    assert isinstance(count, int)
    if count >= scene.scans:
        faults.append(Fault((*registration.path, "scan"), ENOUGH))
    if faults:
        raise BadInput(*faults)
    calendar = calendar_of(await session.execute(calendar_since(scene.today)))
    return deadline(scene.today, [limits[WAIT]], calendar)


REGISTER_CONSENT = Action(
    ActionName.REGISTER_CONSENT,
    "Register a consent that was signed electronically, or scanned where that is accepted; whether the platform knows "
    "the person is not told",
    "登记授权",
    (
        Input("idNumber", InputType.STRING, "Of a person, with the name: the citizen ID number", "公民身份号码"),
        Input("name", InputType.STRING, "Of a person: the full name", "姓名"),
        Input("uscc", InputType.STRING, "Of an enterprise or organization: its code", "统一社会信用代码"),
        Input("purposes", InputType.PURPOSES, "What for", "授权用途", required=True),
        Input(
            "kinds", InputType.STRINGS, "Of which kinds of data, as the policy names them", "授权范围", required=True
        ),
        Input("single", InputType.BOOLEAN, "Good for one use only", "是否单次", required=True),
        Input("until", InputType.STRING, "Its last day, as 2026-10-31", "有效期至", required=True),
        Input("place", InputType.STRING, "Where it was signed", "签署地点"),
        Input("signedAt", InputType.STRING, "When it was signed, as 2026-10-31T09:30:00+08:00", "签署时间"),
        Input(
            "consequencesTold", InputType.BOOLEAN, "Adverse consequences were told (Reg. 631 art. 14)", "已告知不利后果"
        ),
        Input("agent", InputType.STRING, "Who signed for the subject, and by which papers", "代理人及证件"),
        Input("attachment", InputType.STRING, "SHA-256 of what is attached, in hex", "附件摘要"),
        Input("signature", InputType.STRING, "Over the text of the authorization, in base64", "电子签名"),
        Input("certificate", InputType.STRING, "Of the signer: X.509, DER in base64", "签名证书"),
        Input("scan", InputType.STRING, "In place of a signature: SHA-256 of the scan, in hex", "扫描件摘要"),
    ),
    _begin,
    Gives.CONSENT,
)
