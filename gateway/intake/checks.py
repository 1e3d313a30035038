"""One row of a file → an item of the catalogue, or everything that is wrong with it at once.

A fault names the column and the rule and never the value. What is doubtful and not wrong is a *doubt*: the row is kept
apart for a person to look at. What a text holds of third persons is a *flag*: the row is taken, its text stays sealed.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from gateway.catalogue.codes import CITIZEN_ID, check, normalize, status
from gateway.catalogue.fields import Field, Owner, Type
from gateway.catalogue.free_text import NEVER, flags, id_shaped, never, unfit
from gateway.intake.files import Cells
from gateway.intake.layouts import Layout, is_text, named_fields
from gateway.intake.spellings import spelled
from gateway.vault.rows import Value

FIRST_DAY = date(1949, 10, 1)
OPEN_END = date(2099, 12, 31)  # how the standard writes "no end"
OF_AGE = 18
KEPT = 1_000  # cells of a column whose meaning is kept

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
_CODES: Mapping[str, str] = MappingProxyType(
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
_PERSONAL: Mapping[str, str] = MappingProxyType(
    {"idNumber": "", "subjectIdNumber": "subjectIdType", "representativeIdNumber": "representativeIdType"}
)
_DATES = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d\d)(\d\d))\Z", re.ASCII
)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?\Z", re.ASCII).match


@dataclass(slots=True)
class Checked:
    """A row looked at: its item so far, its faults as (column, rule), its doubts and flags."""

    line: int
    item: dict[str, Value] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    codes: list[tuple[str, str]] | None = None  # by which its subject is found; see ``subjects``


class Checker:
    """Checks rows of one layout. ``today``: the day in Beijing on which they came."""

    def __init__(self, layout: Layout, today: date) -> None:
        """Everything that does not depend on a row is worked out here."""
        self._layout = layout
        self._width = layout.width
        empty: list[dict[str, Checked]] = [{} for _ in layout.places]
        self._columns = [(at, name, kept) for (at, name), kept in zip(layout.places, empty, strict=True)]
        self._today = today
        self._fields = dict(named_fields(layout.kind))
        self._words = {name: spelled(item) for name, item in self._fields.items() if item.type is Type.CODE}
        self._required = [name for name, item in self._fields.items() if item.required]
        self._of_person = layout.kind.owner is Owner.SUBJECT and layout.kind.name == "person"

    def row(self, line: int, cells: Cells) -> Checked:
        """Look at one row."""
        found = Checked(line)
        for at, name, kept in self._columns:
            text = cells[at] if at < len(cells) else ""
            if not text:
                continue
            seen = kept.get(text)
            if seen is None:
                seen = self._look(name, text, kept)
            if seen.item:
                found.item |= seen.item if name in seen.item else {**seen.item, **found.item}
            if seen.faults or seen.flags:
                found.faults += seen.faults
                found.flags += seen.flags
        if len(cells) > self._width and any(one.strip() for one in cells[self._width :]):
            found.faults.append(("", "has more cells than the head has columns"))
        self._whole(found)
        return found

    def _look(self, name: str, raw: str, kept: dict[str, Checked]) -> Checked:
        """One cell by itself. Most columns say the same again and again, so what was found is kept for a while."""
        seen = Checked(0)
        text = raw.strip() if raw.isascii() else unicodedata.normalize("NFC", raw).strip()
        if text:
            self._cell(seen, name, text)
        if len(kept) >= KEPT:
            kept.clear()
        kept[raw] = seen
        return seen

    def _cell(self, found: Checked, name: str, text: str) -> None:
        item = self._fields.get(name)
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
                word = self._words[name].get(text)
                if word is None:
                    found.faults.append((name, "is none of the words of this column"))
                else:
                    found.item[name] = word
            case Type.DATE:
                self._date(found, name, text)
            case Type.DECIMAL:
                self._number(found, name, text)
            case Type.BOOLEAN:
                found.item[name] = text in ("是", "1", "true")
            case _:
                self._text(found, name, item, text)

    def _date(self, found: Checked, name: str, text: str) -> None:
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

    def _number(self, found: Checked, name: str, text: str) -> None:
        try:
            number = Decimal(text) if _NUMBER(text) else None
        except InvalidOperation:
            number = None
        if number is None:
            found.faults.append((name, "is not a number of at most 12 digits and 6 decimals"))
        else:
            found.item[name] = number

    def _text(self, found: Checked, name: str, item: Field, text: str) -> None:
        if text.startswith("="):
            found.faults.append((name, "is a formula"))
            return
        kind = _CODES.get(name)
        if kind is not None:
            text = self._code(found, name, kind, text)
        elif name.rpartition(".")[2] in _PERSONAL:
            text = normalize(CITIZEN_ID, text)
        if len(text) > item.length:
            found.faults.append((name, f"is longer than {item.length} characters"))
            return
        found.item[name] = text
        if item.free_text:
            found.flags += [f"{name}:{what}" for what in flags(text)]
        elif kind is None and is_text(item) and "dNumber" not in name and id_shaped(text):
            found.faults.append((name, "holds an ID number, and everybody may read this column"))

    def _code(self, found: Checked, name: str, kind: str, text: str) -> str:
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

    # --- what concerns more than one column ---

    def _whole(self, found: Checked) -> None:
        item = found.item
        if item.get("subjectUscc") == "":
            del item["subjectUscc"]
        if self._layout.kind.name == "penalty":
            self._penalty(found)
        if self._layout.old:
            self._old(found)
        self._persons(found)
        wrong = {name for name, _ in found.faults}
        for name in self._required:
            if item.get(name) is None and name not in wrong:
                standard = self._fields[name].standard
                if name in self._layout.absent and not standard and self._layout.kind.name == "penalty":
                    found.doubts.append("CLASSIFICATION_UNKNOWN")  # the standard has no column for it
                else:
                    found.faults.append((name, "is required"))
        for name in self._layout.kind.order:
            decided = item.get(name)
            if isinstance(decided, date) and decided > self._today:
                found.faults.append((name, "lies in the future"))
            until = item.get("validUntil")
            if isinstance(decided, date) and isinstance(until, date) and until < decided:
                found.faults.append(("validUntil", "lies before the decision"))
        found.doubts = list(dict.fromkeys(found.doubts))

    def _penalty(self, found: Checked) -> None:
        item = found.item
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
        wrong = {name for name, _ in found.faults} | self._layout.absent
        if "罚款" in named and item.get("fine") is None and "fine" not in wrong:
            found.faults.append(("fine", "is required where a fine is imposed"))

    def _old(self, found: Checked) -> None:
        """What files before 2018 had no column for and what stands in for it."""
        item = found.item
        for name, other in (("sourceUnit", "organ"), ("organCode", "sourceUnitCode"), ("sourceUnitCode", "organCode")):
            if item.get(name) is None and item.get(other) is not None:
                item[name] = item[other]
        if item.get("validUntil") is None:
            item["validUntil"] = OPEN_END

    def _persons(self, found: Checked) -> None:
        item = found.item
        for name, paper in _PERSONAL.items():
            number = item.get(name)
            if isinstance(number, str) and item.get(paper, "ID_CARD") in ("ID_CARD", None):
                found.faults += [(name, rule) for rule in check(CITIZEN_ID, number)]
        number = item.get("subjectIdNumber") or item.get("idNumber")
        person = item.get("subjectKind") == "NATURAL_PERSON" or self._of_person
        if person and item.get("subjectUscc") is not None:
            found.faults.append(("subjectUscc", "must be blank for a natural person"))
        body = item.get("subjectKind") in ("ORGANIZATION", "INDIVIDUAL_BUSINESS")
        coded = any(item.get(name) for name in _CODES if name.startswith("subject"))
        if body and not coded and "subjectUscc" not in {name for name, _ in found.faults}:
            found.faults.append(("subjectUscc", "is required, or an older code"))
        if not person and "subjectKind" in self._fields:
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
        (on,) = self._layout.kind.order or ("",)
        conduct = found.item.get("conductEndedOn") or found.item.get(on) or self._today
        if isinstance(conduct, date) and age(born, conduct) < OF_AGE:
            found.faults.append(("subjectIdNumber", "is of somebody under 18 at the conduct: no credit subject"))


def age(born: date, day: date) -> int:
    """Whole years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 28."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
