"""What a value must fulfil, wherever it comes from: a cell of a file, or the decision on a case. One piece of code.

A fault names the field and the rule and never the value. What is doubtful and not wrong is a *doubt*: the row is kept
apart for a person to look at. What a text holds of third persons is a *flag*: the row is taken, its text stays sealed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TypeAlias

from gateway.catalogue.codes import CITIZEN_ID, check, normalize, status
from gateway.catalogue.fields import Field, Kind, Owner, Type
from gateway.catalogue.free_text import NEVER, flags, id_shaped, invisible, never, unfit

Value: TypeAlias = bytes | str | bool | int | date | datetime | Decimal | None

FIRST_DAY = date(1949, 10, 1)
OF_AGE = 18
FUTURE = "lies in the future"

# APL art. 9; what follows a dash behind 其他 says what it is.
PENALTY_KINDS = frozenset(
    (
        *("警告", "通报批评"),
        *("罚款", "没收违法所得", "没收非法财物"),
        *("暂扣许可证件", "降低资质等级", "吊销许可证件"),
        *("限制开展生产经营活动", "责令停产停业", "责令关闭", "限制从业"),
        *("行政拘留", "其他"),
    )
)
CODES: Mapping[str, str] = MappingProxyType(
    {
        "uscc": "USCC",
        "subjectUscc": "USCC",
        "organCode": "USCC",
        "sourceUnitCode": "USCC",
        "subjectRegistrationNumber": "REGISTRATION_NUMBER",
        "subjectOrganizationCode": "ORGANIZATION_CODE",
        "subjectTaxNumber": "TAX_NUMBER",
        "subjectInstitutionCertificate": "CERTIFICATE_NUMBER",
        "subjectSocialCertificate": "CERTIFICATE_NUMBER",
    }
)
PERSONAL: Mapping[str, str] = MappingProxyType(
    {"idNumber": "", "subjectIdNumber": "subjectIdType", "representativeIdNumber": "representativeIdType"}
)
# Spans of days: the second may not lie before the first.
_SPANS = (("validFrom", "validUntil"), ("noticedFrom", "noticedUntil"))
_SITES = frozenset({"officialSite"})
_SITE = re.compile(r"https?://[0-9A-Za-z.-]+(?::\d{1,5})?(?:/[!#-;=?-~]*)?\Z", re.ASCII).match
_DATES = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d\d)(\d\d))\Z", re.ASCII
)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?\Z", re.ASCII).match


@dataclass(slots=True)
class Checked:
    """A row looked at: its item so far, its faults as (field, rule), its doubts and flags."""

    line: int
    item: dict[str, Value] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    codes: list[tuple[str, str]] | None = None  # by which its subject is found


def cell(found: Checked, name: str, item: Field | None, words: Mapping[str, str], text: str) -> None:
    """One value by itself, as it is written. ``words``: how the words of a code may be written."""
    if not text.isprintable() and invisible(text):
        found.faults.append((name, "holds an invisible character"))
        return
    if not text.isprintable() and unfit(text):
        found.faults.append((name, "holds a control character or is not valid Unicode"))
        return
    if item is None:  # whose the row is, or the second of two old columns
        found.item[name] = text
        return
    if not text.isascii() and never(text):
        found.faults.append((name, NEVER))
        return
    match item.type:
        case Type.CODE:
            word = words.get(text)
            if word is None:
                found.faults.append((name, "is none of the words of this column"))
            else:
                found.item[name] = word
        case Type.DATE:
            _date(found, name, text)
        case Type.DECIMAL:
            _number(found, name, text)
        case Type.BOOLEAN:
            found.item[name] = text in ("是", "1", "true")
        case _:
            _text(found, name, item, text)


def _date(found: Checked, name: str, text: str) -> None:
    parts = _DATES.match(text.partition(" ")[0].partition("T")[0])
    try:
        day = None if parts is None else date(*(int(one) for one in parts.groups() if one is not None))
    except ValueError:
        day = None
    if day is None:
        found.faults.append((name, "is not a date (YYYY-MM-DD, YYYY/MM/DD, YYYYMMDD)"))
    elif day < FIRST_DAY and name != "birthDate":
        found.faults.append((name, "lies before 1949-10-01"))
    else:
        found.item[name] = day


def _number(found: Checked, name: str, text: str) -> None:
    try:
        number = Decimal(text) if _NUMBER(text) else None
    except InvalidOperation:
        number = None
    if number is None:
        found.faults.append((name, "is not a number of at most 12 digits and 6 decimals"))
    else:
        found.item[name] = number


def _text(found: Checked, name: str, item: Field, text: str) -> None:
    if text.startswith("="):
        found.faults.append((name, "is a formula"))
        return
    kind = CODES.get(name)
    if kind is not None:
        text = _code(found, name, kind, text)
    elif name.rpartition(".")[2] in PERSONAL:
        text = normalize(CITIZEN_ID, text)
    if len(text) > item.length:
        found.faults.append((name, f"is longer than {item.length} characters"))
        return
    found.item[name] = text
    if item.free_text:
        found.flags += [f"{name}:{what}" for what in flags(text)]
    elif kind is None and "dNumber" not in name and id_shaped(text):
        found.faults.append((name, "holds an ID number, and everybody may read this column"))
    elif name in _SITES and not _SITE(text):
        found.faults.append((name, "is no address of the web (http:// or https://)"))


def _code(found: Checked, name: str, kind: str, text: str) -> str:
    code = normalize(kind, text)
    if name == "subjectUscc" and len(code) == 15 and not check("REGISTRATION_NUMBER", code):
        found.item.setdefault("subjectRegistrationNumber", code)  # an old number in the column of the new
        found.flags.append("subjectUscc:REGISTRATION_NUMBER")
        return ""
    if name == "uscc":  # a subject is kept with the code it has; its status says what is wrong with it
        found.flags += [f"uscc:{status(kind, text)}"] if check(kind, code) else []
        return text
    found.faults += [(name, rule) for rule in check(kind, code)]
    return code


class Together:
    """What is asked of the fields of one kind together. ``absent``: fields that nobody could have given."""

    def __init__(self, kind: Kind, today: date, absent: frozenset[str] = frozenset()) -> None:
        """``today``: the day in Beijing."""
        self._kind = kind
        self._today = today
        self._absent = absent
        self._told = any(item.name == "subjectKind" for item in kind.fields)
        self._of_person = kind.owner is Owner.SUBJECT and kind.name == "person"

    def penalty(self, found: Checked) -> None:
        """The kinds of a penalty, and the fine that one of them needs."""
        item = found.item
        if self._kind.name != "penalty":
            return
        second = item.pop("penaltyKinds2", None)
        if isinstance(second, str):
            item["penaltyKinds"] = ";".join(filter(None, (str(item.get("penaltyKinds") or ""), second)))
        kinds = item.get("penaltyKinds")
        if not isinstance(kinds, str):
            return
        named = [one.strip() for one in re.split("[;；,，、]", kinds) if one.strip()]
        if any(re.split("[-—－:：]", one)[0] not in PENALTY_KINDS for one in named):
            found.faults.append(("penaltyKinds", "names a kind that APL art. 9 does not know"))
        item["penaltyKinds"] = ";".join(named)
        wrong = {name for name, _ in found.faults} | self._absent
        if "罚款" in named and item.get("fine") is None and "fine" not in wrong:
            found.faults.append(("fine", "is required where a fine is imposed"))

    def persons(self, found: Checked) -> None:
        """Numbers of papers, whose the row is, and that nobody is a child."""
        item = found.item
        for name, paper in PERSONAL.items():
            number = item.get(name)
            if isinstance(number, str) and item.get(paper, "ID_CARD") in ("ID_CARD", None):
                found.faults += [(name, rule) for rule in check(CITIZEN_ID, number)]
        number = item.get("subjectIdNumber") or item.get("idNumber")
        person = item.get("subjectKind") == "NATURAL_PERSON" or self._of_person
        if person and item.get("subjectUscc") is not None:
            found.faults.append(("subjectUscc", "must be blank for a natural person"))
        body = item.get("subjectKind") in ("ORGANIZATION", "INDIVIDUAL_BUSINESS")
        coded = any(item.get(name) for name in CODES if name.startswith("subject"))
        if body and not coded and "subjectUscc" not in {name for name, _ in found.faults}:
            found.faults.append(("subjectUscc", "is required, or an older code"))
        if not person and self._told:
            return
        if not person and number is None:
            return
        if number is None:
            found.faults.append(("subjectIdNumber", "is required for a natural person"))
            return
        self._age(found, str(number))

    def _age(self, found: Checked, number: str) -> None:
        """Nobody under 18 at the conduct is a credit subject (domain.md §7, §14.12)."""
        if any(name in ("subjectIdNumber", "idNumber") for name, _ in found.faults):
            return
        born = found.item.get("birthDate")
        if not isinstance(born, date):
            try:
                born = date(int(number[6:10]), int(number[10:12]), int(number[12:14])) if len(number) == 18 else None
            except ValueError:
                born = None
        if born is None:
            found.doubts.append("BIRTH_DATE_UNKNOWN")
            return
        (on,) = self._kind.order or ("",)
        conduct = found.item.get("conductEndedOn") or found.item.get(on) or self._today
        if isinstance(conduct, date) and age(born, conduct) < OF_AGE:
            found.faults.append(("subjectIdNumber", "is of somebody under 18 at the conduct: no credit subject"))

    def days(self, found: Checked) -> None:
        """Days that lie in the future or before one another."""
        item = found.item
        ended = item.get("conductEndedOn")
        if isinstance(ended, date) and ended > self._today:
            found.faults.append(("conductEndedOn", FUTURE))
        for name in self._kind.order:
            decided = item.get(name)
            if isinstance(decided, date) and decided > self._today:
                found.faults.append((name, FUTURE))
            until = item.get("validUntil")
            if isinstance(decided, date) and isinstance(until, date) and until < decided:
                found.faults.append(("validUntil", "lies before the decision"))
        for first, last in _SPANS:
            since, until = item.get(first), item.get(last)
            if isinstance(since, date) and isinstance(until, date) and until < since:
                found.faults.append((last, f"lies before {first}"))


def age(born: date, day: date) -> int:
    """Whole years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
