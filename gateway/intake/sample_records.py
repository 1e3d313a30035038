"""Invented licenses and penalties: every field of the standard, every standing, texts released and not yet released."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType

from gateway.catalogue.fields import SubjectClass
from gateway.intake.sample_dice import Dice
from gateway.intake.sample_rows import Record, Subject, released
from gateway.intake.sample_subjects import BATCH
from gateway.intake.sample_words import Conduct, License, Words
from gateway.intake.seed_files import Organ
from gateway.vault.rows import Item, Value

OPEN_END = date(2099, 12, 31)  # how the standard writes "no end"
PERSON_TERM = 1825  # days: a person's negative item is kept five years (Reg. 631 art. 16)

# Days a penalty stays published at most (Order 36); the class comes from the deciding organ.
PUBLICATION: Mapping[str, int] = MappingProxyType({"MINOR": 90, "GENERAL": 365, "SERIOUS": 1095})

_KINDS: Mapping[SubjectClass, str] = MappingProxyType(
    {
        SubjectClass.LEGAL: "ORGANIZATION",
        SubjectClass.INDIVIDUAL: "INDIVIDUAL_BUSINESS",
        SubjectClass.PERSON: "NATURAL_PERSON",
    }
)
_OLD_CODES: Mapping[str, str] = MappingProxyType(
    {
        "REGISTRATION_NUMBER": "subjectRegistrationNumber",
        "ORGANIZATION_CODE": "subjectOrganizationCode",
        "TAX_NUMBER": "subjectTaxNumber",
    }
)


@dataclass(frozen=True, slots=True)
class Party:
    """The counterparty (行政相对人) of decisions: what every record repeats of its subject."""

    subject_class: SubjectClass
    name: str
    item: Item

    @property
    def personal(self) -> bool:
        """Whether the subject is a natural person."""
        return self.subject_class is SubjectClass.PERSON


@dataclass(frozen=True, slots=True)
class Course:
    """How a penalty went: percent of cases, procedure, severity, kinds, and what has become of the row."""

    percent: int
    procedure: str
    severity: str
    kinds: str
    status: str = "ACTIVE"


COURSES = (
    Course(34, "ORDINARY", "GENERAL", "罚款"),
    Course(12, "ORDINARY", "GENERAL", "罚款;没收违法所得"),
    Course(6, "ORDINARY", "SERIOUS", "罚款;暂扣许可证件"),
    Course(10, "SIMPLE", "MINOR", "罚款"),
    Course(8, "ORDINARY", "MINOR", "警告"),
    Course(3, "ORDINARY", "GENERAL", "警告;通报批评"),
    Course(5, "ORDINARY", "MINOR", "罚款"),
    Course(8, "ORDINARY", "GENERAL", "罚款", "REPAIRED"),
    Course(5, "ORDINARY", "GENERAL", "罚款", "PUBLICATION_ENDED"),
    Course(3, "ORDINARY", "GENERAL", "罚款", "REVOKED"),
    Course(2, "ORDINARY", "GENERAL", "罚款", "WITHDRAWN"),
    Course(4, "ORDINARY", "GENERAL", "罚款", "CORRECTED"),
)
_COURSES = tuple(course for course in COURSES for _ in range(course.percent))
_LICENSE_STATUSES = ("ACTIVE",) * 18 + ("CORRECTED", "REVOKED")
_PUBLIC = ("PUBLIC",) * 18 + ("GOV_SHARED", "INTERNAL")
_PERSONAL = ("AUTHORIZED",) * 14 + ("GOV_SHARED",) * 5 + ("INTERNAL",)
_MINOR = ("GOV_SHARED", "GOV_SHARED", "INTERNAL")


def party_of(subject: Subject) -> Party:
    """The subject block of the standard for a subject."""
    item: dict[str, Value] = {"subjectName": subject.text("name"), "subjectKind": _KINDS[subject.subject_class]}
    if subject.subject_class is SubjectClass.PERSON:
        item |= {"subjectIdType": "ID_CARD", "subjectIdNumber": subject.text("idNumber")}
        return Party(subject.subject_class, subject.text("name"), item)
    item["subjectUscc"] = subject.text("uscc")
    for one in subject.identifiers:
        kind, value = one["kind"], one["value"]
        if kind == "CERTIFICATE_NUMBER":
            public = subject.item.get("category") == "PUBLIC_INSTITUTION"
            item["subjectInstitutionCertificate" if public else "subjectSocialCertificate"] = value
        elif isinstance(kind, str) and kind in _OLD_CODES:
            item[_OLD_CODES[kind]] = value
    if representative := subject.text("legalRepresentative.name"):
        item["representativeName"] = representative
    if number := subject.text("legalRepresentative.idNumber"):
        item |= {"representativeIdType": "ID_CARD", "representativeIdNumber": number}
    return Party(subject.subject_class, subject.text("name"), item)


def received(decided: date) -> datetime:
    """When the platform had the row: five days after the decision, within the seven working days."""
    return datetime.combine(decided + timedelta(days=5), time(2), UTC)


def penalty_of(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    """One invented penalty of ``party``; ``number`` makes its document number unique."""
    course = dice.pick(_COURSES)
    conduct = dice.pick(words.person_conducts if party.personal else words.conducts)
    decided = dice.before(today, 20, 900)
    item = penalty_item(party, conduct, course, number, decided, third=words.person_name(dice.below(1000)))
    item |= _levels(dice, course, party.personal)
    item["fine"] = Decimal(1 + dice.below(5000)) / 100 if "罚款" in course.kinds else None
    if dice.chance(10):
        item["conductEndedOn"] = None
    if dice.chance(60):
        item |= release(conduct, decided, course)
    if dice.chance(20):
        item["remark"] = f"样例备注{number}"
    if dice.chance(2):
        item["disputedOn"] = dice.before(today, 1, 15)
    return Record("penalty", item)


def penalty_item(
    party: Party, conduct: Conduct, course: Course, number: str, decided: date, *, third: str
) -> dict[str, Value]:
    """The fields of a penalty that follow from its course; texts are not yet released."""
    ended = course.status == "PUBLICATION_ENDED"
    until = None if party.personal else decided + timedelta(days=10 if ended else PUBLICATION[course.severity])
    return {
        **party.item,
        **organ_item(conduct.organ),
        "documentNumber": f"样例罚字〔{decided.year}〕{number}号",
        "conduct": conduct.conduct,
        "facts": conduct.facts.format(third=third, party=party.name),
        "legalBasis": conduct.basis,
        "penaltyKinds": course.kinds,
        "content": conduct.content.format(party=party.name),
        "confiscated": Decimal("0.52") if "没收" in course.kinds else None,
        "suspendedLicense": f"样例许可证 XK-{number}" if "暂扣" in course.kinds else None,
        "decidedOn": decided,
        "validUntil": OPEN_END,
        "procedure": course.procedure,
        "severity": course.severity,
        "conductEndedOn": decided - timedelta(days=14),
        "publishedUntil": until,
        "receivedAt": received(decided),
        "status": course.status,
        "version": 2 if course.status == "CORRECTED" else 1,
        "disclosure": "AUTHORIZED" if party.personal else "PUBLIC",
        "retained_until": decided + timedelta(days=PERSON_TERM) if party.personal else None,
        "batch": BATCH,
    }


def release(conduct: Conduct, decided: date, course: Course) -> Item:
    """The texts of a penalty with the names taken out, as its department released them."""
    at, by = received(decided), conduct.organ.provider
    facts = conduct.facts.replace("当事人{party}", "{party}").format(third="某人", party="当事人")
    content = conduct.content.format(party="当事人")
    return {**released("facts", facts, at, by), **released("content", content, at, by)}


def license_of(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    """One invented license of ``party``; some have lapsed, some were revoked."""
    grant = dice.pick(words.person_licenses if party.personal else words.licenses)
    decided = dice.before(today, 20, 2400)
    item = license_item(party, grant, number, decided, years=dice.pick((1, 3, 5, 5, 0)))
    item["status"] = dice.pick(_LICENSE_STATUSES)
    item["state"] = "INVALID" if item["status"] == "REVOKED" else "VALID"
    item["disclosure"] = dice.pick(_PERSONAL if party.personal else _PUBLIC)
    if dice.chance(10):
        item |= {"certificateName": None, "certificateNumber": None}
    if dice.chance(70):
        item |= license_release(grant, decided)
    if dice.chance(20):
        item["remark"] = f"样例备注{number}"
    if dice.chance(5):
        item["publishedUntil"] = decided + timedelta(days=3650)
    if dice.chance(1):
        item["disputedOn"] = dice.before(today, 1, 15)
    return Record("license", item)


def license_item(party: Party, grant: License, number: str, decided: date, *, years: int) -> dict[str, Value]:
    """The fields of a license valid for ``years`` (0 = without end); texts are not yet released."""
    return {
        **party.item,
        **organ_item(grant.organ),
        "documentName": f"{grant.document}（{party.name}）",
        "documentNumber": f"样例许字〔{decided.year}〕{number}号",
        "category": grant.category,
        "certificateName": grant.certificate,
        "certificateNumber": f"XK-{number}",
        "content": grant.content.format(party=party.name),
        "decidedOn": decided,
        "validFrom": decided,
        "validUntil": decided + timedelta(days=365 * years) if years else OPEN_END,
        "state": "VALID",
        "receivedAt": received(decided),
        "status": "ACTIVE",
        "disclosure": "AUTHORIZED" if party.personal else "PUBLIC",
        "batch": BATCH,
    }


def license_release(grant: License, decided: date) -> Item:
    """The texts of a license with the counterparty's name taken out."""
    at, by = received(decided), grant.organ.provider
    content = grant.content.format(party="申请人")
    return {**released("documentName", grant.document, at, by), **released("content", content, at, by)}


def _levels(dice: Dice, course: Course, personal: bool) -> Item:
    if personal:
        return {"disclosure": dice.pick(_PERSONAL)}
    minor = course.severity == "MINOR" or course.procedure == "SIMPLE" or "警告" in course.kinds
    return {"disclosure": dice.pick(_MINOR if minor else _PUBLIC)}


def organ_item(organ: Organ) -> Item:
    """Who decided, from which unit the data came, and the department that provides the row."""
    return {
        "organ": organ.name,
        "organCode": organ.code,
        "sourceUnit": organ.name,
        "sourceUnitCode": organ.code,
        "provider": organ.provider,
    }
