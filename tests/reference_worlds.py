"""Small worlds from a seed: subjects and records of every class, standing and disclosure level, and their ties.

Each field is drawn from what the catalogue says of it: any may be missing that is not required, days lie on both sides
of today and on it, texts hold what SQL, JSON and the markers between them might trip over. Nobody here exists: persons
were born 1880-1899.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

from gateway.catalogue import kinds as catalogue
from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type
from gateway.catalogue.kinds import BY_NAME
from gateway.intake.sample_codes import birth_of, citizen_number, organization_code, registration_number, serial, uscc
from gateway.intake.sample_dice import Dice
from gateway.intake.sample_rows import Record, Subject
from gateway.vault.rows import Item, Value
from tests.reference_rows import Case, Consent, Mandate, Row, Scope, World

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)  # already the 23rd in Beijing
TODAY = date(2026, 11, 23)
MOMENT = timedelta(microseconds=1)

DEPARTMENTS = ("D-MARKET", "D-TAX", "D-POLICE", "D-COURT", "D-OLD")
CONSUMERS = ("bank", "branch", "agency", "unlicensed")
LICENSED = frozenset({"bank", "agency"})
FIRST_CASE = 9_000_000  # apart from every record
FIRST_FILE = 100_000_000  # and from every case
PRINCIPALS = ("owner", "holder", "stranger", "officer", "handler")
PURPOSES = ("LOAN_APPROVAL", "CREDIT_REVIEW", "POST_LOAN_MANAGEMENT")
MATTER_KINDS = ("SUPERVISION", "LICENSING", "SERVICE_OF_DOCUMENTS")
BASES = ("样例法 art. 1", "样例条例 art. 'two'")
REGIONS = ("220802", "220881", "220882")
KINDS = tuple(kind.name for kind in catalogue.KINDS if kind.owner is not Owner.NONE and not kind.filed)
RECORDS = tuple(kind for kind in catalogue.KINDS if kind.name in KINDS and Standing.ENDED in kind.standings)
SCHEMES = {"S-OPEN": False, "S-SHUT": True}  # by code: whether ratings by it are MINOR

_WORDS = (
    "样例",
    "a 'quoted' \"word\"",
    "back\\slash \\u0001v0,1,1,00\\u0001",
    "line\nfeed\ttab",
    "Ω≈ç√ 🙂",
    "null",
    "]}{[",
    "</script>",
    "%s %(x)s :name $1",
    "\u2028\u2029",
    "k1,00",
    "100%",
)
_NAMES = tuple(word for word in _WORDS if word.isprintable())  # what a filter may be asked for
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_STATUSES = ("ACTIVE",) * 8 + ("CORRECTED", "CORRECTED", "WITHDRAWN", "REPAIRED", "PUBLICATION_ENDED", "REVOKED")
_LEVELS = ("PUBLIC",) * 5 + ("GOV_SHARED", "GOV_SHARED", "AUTHORIZED", "AUTHORIZED", "INTERNAL")
_SORTS = ("罚款", "警告", "警告;通报批评", "罚款;警告", "通报批评；警告", "暂扣许可证件")
_SPANS = (
    (TODAY - timedelta(days=9), None),
    (TODAY - timedelta(days=9), None),
    (TODAY - timedelta(days=9), TODAY),
    (TODAY, TODAY),
    (TODAY - timedelta(days=9), TODAY - timedelta(days=1)),
    (TODAY + timedelta(days=1), None),
)
_CLASSES = (SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON, SubjectClass.LEGAL)


@dataclass(frozen=True, slots=True)
class Family:
    """One subject and its records, as the loader takes them."""

    subject: Subject
    records: tuple[Record, ...]


def families(seed: int, count: int) -> Iterator[Family]:
    """``count`` subjects with up to fifteen records each; some without any."""
    for number in range(count):
        dice = Dice("reference", seed, number)
        subject = _subject(dice, seed * 100 + number, _CLASSES[number % 4], organization=number % 4 == 3)
        yield Family(subject, tuple(_record(dice, subject) for _ in range(dice.below(16))))


def departments() -> Iterator[tuple[str, Item]]:
    """The departments, by code; what may be null is null in some."""
    for number, code in enumerate(DEPARTMENTS):
        old = code == "D-OLD"
        yield (
            code,
            {
                "code": code,
                "name": f"样例部门 {_WORDS[number]}",
                "uscc": uscc("11", "220800", serial("BM", number)) if number % 2 else None,
                "region": "220800",
                "validFrom": TODAY - timedelta(days=4000),
                "validUntil": TODAY - timedelta(days=2000) if old else None,
                "successor": "D-MARKET" if old else None,
            },
        )


def schemes() -> Iterator[tuple[str, Item]]:
    """The schemes of rating, by code."""
    for code, shut in SCHEMES.items():
        item: Item = {
            "code": code,
            "name": f"样例办法 {code}",
            "version": "1",
            "grades": "A B",
            "disclosure": "AUTHORIZED" if shut else "PUBLIC",
            "source": "样例",
            "verified": False,
            "validFrom": TODAY,
            "validUntil": None,
            "minor": shut,
        }
        yield code, item


def _subject(dice: Dice, number: int, subject_class: SubjectClass, *, organization: bool) -> Subject:
    if subject_class is SubjectClass.PERSON:
        item = _item(dice, BY_NAME["person"])
        id_number = citizen_number(dice.pick(REGIONS), number, 7)
        item |= {"idNumber": id_number, "name": _name(number), "birthDate": birth_of(id_number)}
        return Subject("person", subject_class, item)
    kind = "organization" if organization else "enterprise"
    item = _item(dice, BY_NAME[kind])
    prefix = "51" if organization else {"legal": "91", "individual": "92"}[subject_class.value]
    code = uscc(prefix, "220802", serial("YL", 7000 + number))
    name = f"样例{number}号{dice.pick(_NAMES)}" if dice.chance(90) else None
    item |= {"uscc": code, "name": name, "region": dice.pick(REGIONS)}
    return Subject(kind, subject_class, item, tuple(_identifiers(dice, number, code)))


def _identifiers(dice: Dice, number: int, code: str) -> Iterator[Item]:
    """The code itself, and old ones; each four neighbors in a family share a registration number (重错码)."""
    yield _identifier(dice, "USCC", code, conflicting=False)
    if dice.chance(60):
        yield _identifier(dice, "REGISTRATION_NUMBER", registration_number("220800", number // 4), conflicting=True)
    if dice.chance(40):
        body = organization_code(serial("YL", 7000 + number))
        digit = "Z" if dice.chance(40) else body[8]  # no check digit is a Z: some were issued with a wrong one
        yield _identifier(dice, "ORGANIZATION_CODE", f"{body[:8]}-{digit}", conflicting=False)
    if dice.chance(40):
        yield _identifier(dice, "CERTIFICATE_NUMBER", f"样例证字 {number} 号", conflicting=False)


def _identifier(dice: Dice, kind: str, value: str, *, conflicting: bool) -> Item:
    item = _item(dice, BY_NAME["identifier"])
    return {**item, "kind": kind, "value": value, "conflicting": conflicting}


def _record(dice: Dice, subject: Subject) -> Record:
    possible = [kind for kind in RECORDS if subject.subject_class in kind.classes]
    kind = dice.pick((BY_NAME["license"], BY_NAME["penalty"], BY_NAME["penalty"], *possible))
    item = _item(dice, kind)
    person = subject.subject_class is SubjectClass.PERSON
    item |= {
        "subjectName": subject.text("name") or "样例",
        "disclosure": dice.pick(_LEVELS),
        "status": dice.pick(_STATUSES),
        "publishedUntil": _day(dice) if dice.chance(25) else None,
        "retained_until": _day(dice) if dice.chance(20) else None,
    }
    if "subjectIdNumber" in item and person:
        item["subjectIdNumber"] = subject.text("idNumber")
    if kind.name == "rating":
        scheme = dice.pick([*SCHEMES])
        item |= {"scheme": scheme, "minor": SCHEMES[scheme]}
    if kind.name == "penalty":
        item |= {
            "penaltyKinds": dice.pick(_SORTS),
            "procedure": dice.pick(("ORDINARY", "ORDINARY", "ORDINARY", "SIMPLE")),
            "severity": dice.pick(("GENERAL", "GENERAL", "SERIOUS", "MINOR")),
        }
    for field in kind.fields:
        if field.free_text and not field.platform and dice.chance(60):
            item |= {f"{field.name}.released": _text(dice, 40), f"{field.name}.released_at": NOW}
            item[f"{field.name}.released_by"] = "D-MARKET"
    return Record(kind.name, item)


def _item(dice: Dice, kind: Kind) -> dict[str, Value]:
    item: dict[str, Value] = {"provider": dice.pick(DEPARTMENTS), "batch": "样例", "version": 1 + dice.below(4)}
    named = [(field.name, field) for field in kind.fields if not field.derived and not field.platform]
    named += [(f"{part.name}.{field.name}", field) for part in kind.parts for field in part.fields]
    for name, field in named:
        missing = not field.required and dice.chance(25)
        item[name] = None if missing else _value(dice, field)
    return item


def _value(dice: Dice, field: Field) -> Value:
    match field.type:
        case Type.CODE:
            return dice.pick(field.values)
        case Type.DATE:
            return _day(dice)
        case Type.DATETIME:
            return NOW - timedelta(microseconds=dice.below(10**15))
        case Type.DECIMAL:
            return Decimal(dice.below(10**9)).scaleb(-dice.below(7))
        case Type.BOOLEAN:
            return dice.chance(50)
        case Type.COUNT:
            return dice.below(1000)
        case Type.TEXT | Type.WORDS:
            return _spelled(dice, field)


def _spelled(dice: Dice, field: Field) -> str:
    """A text of the field's own form where it has one."""
    number = dice.below(10**6)
    if field.name == "email":
        return f"person{number}@example.invalid"
    if field.name.lower().endswith("idnumber"):
        return citizen_number(dice.pick(REGIONS), number, 400)
    if field.name == "address":
        return f"吉林省白城市洮北区样例街{number}号{number % 9}楼"
    if field.name.lower().endswith("name") and field.length == 50:
        return _name(number % 1000)
    if field.name == "phone":
        return f"100{number:08d}"
    if field.name == "industry":
        return dice.pick(("F5211", "H62", "A"))
    return _text(dice, field.length)


def _text(dice: Dice, length: int) -> str:
    """Words, and a number that makes the text recognizable wherever it turns up."""
    return f"{dice.below(10**9):09d}{dice.pick(_WORDS)}{dice.pick(_WORDS)}"[:length]


def _name(number: int) -> str:
    return (
        _STEMS[number % 10] + _BRANCHES[number % 12] + "".join("零一二三四五六七八九"[int(one)] for one in str(number))
    )


def _day(dice: Dice) -> date:
    """Around today, often on it or next to it."""
    spread = dice.pick((0, 1, -1, 3, -3, 400, -400, -1000))
    return TODAY + timedelta(days=spread + (dice.below(30) if abs(spread) > 3 else 0))


def rights(world: World) -> None:
    """Consents, mandates, scopes and cases: in force, and failing in every way there is, one of each for somebody."""
    dice = Dice("reference", "rights")
    subjects = [row for row in world.rows if BY_NAME[row.kind].owner is Owner.SUBJECT]
    for number, row in enumerate(subjects):
        for turn in range(2):
            world.consents.append(_consent(dice, f"C-{number}-{turn}", row.subject))
        world.mandates.append(_mandate(dice, row.subject))
    for kind, provider, receiver, matter_kind, basis in product(
        KINDS, DEPARTMENTS, ("D-TAX", "D-MARKET"), MATTER_KINDS, BASES
    ):
        if dice.chance(45):
            since, until = dice.pick(_SPANS)
            world.scopes.append(Scope(kind, provider, receiver, matter_kind, basis, since, until))
    for number, row in enumerate([row for row in world.rows if Standing.ENDED in BY_NAME[row.kind].standings]):
        if dice.chance(40):
            closed = dice.pick((None, None, None, NOW + MOMENT, NOW, NOW - MOMENT))
            opened = dice.pick((NOW - timedelta(days=3), NOW - timedelta(days=3), NOW, NOW + MOMENT))
            department = str(row.item["provider"])
            handler = dice.pick((None, *PRINCIPALS[-2:]))
            number += FIRST_CASE
            world.cases.append(Case(number, department, handler, row.subject, row.id, opened, closed))
            world.rows.append(_case_row(world.cases[-1], row))
            world.rows.extend(_files(world.cases[-1], row))


def statement(dice: Dice) -> Item:
    """What its subject says to a record: mostly nothing; half of the rest is released."""
    if dice.chance(65):
        return {"statement": None, "statementOn": None}
    said: Item = {"statement": _text(dice, 60), "statementOn": _day(dice)}
    return said if dice.chance(50) else {**said, "statement.released": _text(dice, 40)}


def _case_row(case: Case, about: Row) -> Row:
    """The case as a row that may be read; of every third nobody knows what was claimed."""
    item: Item = {
        "provider": case.department,
        "batch": "case",
        "kind": "OBJECTION",
        "state": "ROUTED",
        "filedOn": case.opened.date(),
        "deadlineOn": case.opened.date() + timedelta(days=20),
        "deadlineProvisional": False,
        "recordKind": about.kind,
        "field": "organ",
        "department": case.department,
        "closedAt": case.closed,
        "claim": f"第{case.number}号异议的内容" if case.number % 3 else None,
    }
    return Row("case", case.subject, case.number, about.subject_class, item)


def _files(case: Case, about: Row) -> Iterator[Row]:
    """The files of a case as rows that may be read: none, one or two; of every second nobody said a name."""
    for at in range(case.number % 3):
        item: Item = {
            "provider": case.department,
            "batch": "case",
            "case_id": case.number,
            "fileName": None if at else f"第{case.number}号材料.pdf",
            "format": ("PDF", "PNG")[at],
            "size": case.number,
            "sha256": f"{case.number:064x}",
            "addedAt": case.opened + timedelta(hours=at),
            "addedBy": ("PARTY", "HANDLER")[at],
            "state": "KEPT",
        }
        yield Row("evidence", case.subject, FIRST_FILE + 2 * case.number + at, about.subject_class, item)


def _consent(dice: Dice, number: str, subject: int) -> Consent:
    """Half of them are as they should be."""
    good = dice.chance(50)
    kinds = KINDS if good else tuple(kind for kind in KINDS if dice.chance(60))
    since, until, withdrawn = NOW - timedelta(days=10), NOW + timedelta(days=10), None
    if not good:
        since = dice.pick((since, since, NOW, NOW + MOMENT))
        until = dice.pick((until, until, NOW, NOW + MOMENT))
        withdrawn = dice.pick((None, None, NOW - timedelta(days=1)))
    assurance = dice.pick("AB" if good else "ABC")
    return Consent(
        number, subject, dice.pick(CONSUMERS), dice.pick(PURPOSES), kinds, assurance, since, until, withdrawn
    )


def _mandate(dice: Dice, subject: int) -> Mandate:
    until = dice.pick((None, None, None, NOW + MOMENT, NOW))
    revoked = dice.pick((None, None, None, NOW - timedelta(days=1)))
    since = dice.pick((NOW - timedelta(days=400), NOW - timedelta(days=400), NOW, NOW + MOMENT))
    return Mandate(dice.pick(PRINCIPALS[:2]), subject, since, until, revoked)
