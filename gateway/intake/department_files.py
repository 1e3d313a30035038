"""Invented files as departments send them: the libraries, and records by department and kind; with faults if wanted.

Half of the departments write GB18030, the other half UTF-8. The faults are those that real files have (domain.md §1.1,
§2.2, §7), each in rows of its own, so that what intake says of a folder can be told beforehand.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from gateway.catalogue.fields import Kind, Type
from gateway.catalogue.kinds import BY_NAME
from gateway.intake.layouts import head_of, named_fields, titles
from gateway.intake.sample import Sample, samples
from gateway.intake.sample_codes import citizen_number
from gateway.intake.sample_rows import Record, Subject
from gateway.intake.sample_words import Words
from gateway.intake.spellings import spelled
from gateway.vault.rows import Item, Value

Row: TypeAlias = dict[str, str]  # by field name
Fault: TypeAlias = Callable[[Row, date], None]

GB = frozenset({"MARKET", "ECOLOGY", "HEALTH", "EMERGENCY", "COURT"})
LIBRARIES = ("enterprise", "organization", "person")
MINOR_BORN = 10  # years ago, of the child in whose name a penalty comes


def write_files(
    directory: Path, subjects: int, records: int, seed: int, words: Words, today: date, *, faults: bool
) -> list[Path]:
    """Write the files of so many subjects and records into an existing folder; the files, libraries first."""
    with ExitStack() as stack:
        writer = _Writer(directory, stack, today, faults)
        for sample in samples(seed, subjects, records, words, today):
            writer.sample(sample)
    return sorted(writer.paths, key=lambda path: (path.stem.split(".")[1] not in LIBRARIES, path.name))


class _Writer:
    """Files that are open, by department and kind; belongs to one call of ``write_files``."""

    def __init__(self, directory: Path, stack: ExitStack, today: date, faults: bool) -> None:
        self.paths: list[Path] = []
        self._directory = directory
        self._stack = stack
        self._today = today
        self._faults = faults
        self._open: dict[tuple[str, str], tuple[Any, tuple[str, ...]]] = {}
        self._written: dict[str, int] = {}  # rows by kind
        self._seen: set[tuple[str, ...]] = set()

    def sample(self, sample: Sample) -> None:
        """One subject with its records."""
        self._row(sample.subject.kind, sample.subject.item, {})
        for record in sample.records:
            if record.kind == "rating" and self._again(sample.subject, record):
                continue  # a subject has one rating by a scheme and year
            self._row(record.kind, record.item, _holder(sample.subject, record))

    def _again(self, subject: Subject, record: Record) -> bool:
        key = (subject.text("uscc"), str(record.item["scheme"]), str(record.item["year"]))
        again = key in self._seen
        self._seen.add(key)
        return again

    def _row(self, name: str, item: Item, holder: Row) -> None:
        kind = BY_NAME[name]
        row = {**written(kind, item), **holder}
        provider = str(item["provider"])
        at = self._written[name] = self._written.get(name, 0) + 1
        for fault in self._faults_at(name, at):
            fault(row, self._today)
        self._put(provider, kind, row)
        if self._faults and (name, at) == ("penalty", TWICE):
            self._put(provider, kind, row | {"content": "另一份同号决定（虚构）。"})

    def _faults_at(self, name: str, at: int) -> Iterator[Fault]:
        if self._faults:
            yield from FAULTS.get(name, {}).get(at, ())

    def _put(self, provider: str, kind: Kind, row: Row) -> None:
        found = self._open.get((provider, kind.name))
        if found is None:
            found = self._open[provider, kind.name] = self._begin(provider, kind)
        writer, names = found
        writer.writerow([row.get(name, "") for name in names])

    def _begin(self, provider: str, kind: Kind) -> tuple[Any, tuple[str, ...]]:
        path = self._directory / f"{provider}.{kind.name}.csv"
        encoding = "gb18030" if provider in GB else "utf-8"
        file = self._stack.enter_context(path.open("w", encoding=encoding, newline=""))
        self.paths.append(path)
        head, named = head_of(kind), titles(kind)
        writer = csv.writer(file)
        writer.writerow(head)
        return writer, tuple(str(named[title]) for title in head)


def written(kind: Kind, item: Item) -> Row:
    """The cells of an item, by field name, as a department would write them."""
    fields = dict(named_fields(kind))
    row = {name: _cell(fields[name].type, _word(kind, name, value)) for name, value in item.items() if name in fields}
    if kind.reserved_by:
        row[kind.reserved_by] = str(item[kind.reserved_by])
    return row


def _word(kind: Kind, name: str, value: Value) -> Value:
    """A word of a vocabulary in the first of its Chinese spellings."""
    field = dict(named_fields(kind))[name]
    if field.type is not Type.CODE or value is None:
        return value
    chinese = (text for text, word in spelled(field).items() if word == value and not text.isascii())
    return next(chinese, value)


def _cell(kind: Type, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%Y/%m/%d}"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


def _holder(subject: Subject, record: Record) -> Row:
    """Whose a record is, for the kinds whose own fields do not say it."""
    own = {name for name, _ in named_fields(BY_NAME[record.kind])}
    if "subjectIdNumber" in own or subject.kind != "person":
        return {}
    return {"subjectIdType": "身份证", "subjectIdNumber": subject.text("idNumber")}


def _wrong_digit(name: str) -> Fault:
    def fault(row: Row, today: date) -> None:
        last = row[name][-1:]
        row[name] = row[name][:-1] + ("1" if last != "1" else "2")

    return fault


def _old_number(row: Row, today: date) -> None:
    """A 15-digit number of the business register in the column of the new code."""
    row["subjectUscc"], row["subjectRegistrationNumber"] = row.get("subjectRegistrationNumber", ""), ""


def _set(name: str, text: str) -> Fault:
    def fault(row: Row, today: date) -> None:
        row[name] = text

    return fault


def _tomorrow(row: Row, today: date) -> None:
    row["decidedOn"] = f"{today + timedelta(days=1):%Y/%m/%d}"


def _third_person(row: Row, today: date) -> None:
    row["facts"] += f"证人身份证号{citizen_number('220802', 77, 900)}。"


def _child(row: Row, today: date) -> None:
    """A natural person of ten years: no credit subject."""
    born = today.replace(year=today.year - MINOR_BORN, day=1)
    body = f"220802{born:%Y%m%d}001"
    row |= {"subjectKind": "自然人", "subjectUscc": "", "subjectIdType": "身份证", "subjectName": "样例儿童"}
    row |= dict.fromkeys(("subjectRegistrationNumber", "subjectOrganizationCode", "subjectTaxNumber"), "")
    row |= dict.fromkeys(("subjectInstitutionCertificate", "subjectSocialCertificate"), "")
    row["subjectIdNumber"] = body + "10X98765432"[_weighted(body) % 11]


def _weighted(body: str) -> int:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True))


# By kind: the how-manieth row → what is wrong with it.
TWICE = 60  # the penalty whose number comes again with other content
FAULTS: Mapping[str, Mapping[int, tuple[Fault, ...]]] = MappingProxyType(
    {
        "penalty": MappingProxyType(
            {
                3: (_wrong_digit("subjectUscc"),),
                5: (_set("decidedOn", ""),),
                7: (_set("penaltyKinds", "打板子"),),
                9: (_third_person,),
                11: (_child,),
                13: (_set("validUntil", "2099/12/31"),),
                15: (_tomorrow,),
                17: (_set("subjectName", "别家有限公司"),),
                19: (_set("subjectUscc", "91220800MA0000000X"),),
                21: (_set("organ", "某省某局"), _set("organCode", "")),
                23: (_set("facts", "当事人血型为A型。"),),
                25: (_set("decidedOn", "2026-02-30"), _set("fine", "一万元"), _set("severity", "很重")),
                27: (_set("conduct", "x" * 2001),),
                29: (_set("severity", ""), _set("procedure", "")),
            }
        ),
        "license": MappingProxyType(
            {
                2: (_old_number,),
                4: (_set("documentNumber", ""), _set("content", "")),
                6: (_set("validUntil", "1948/01/01"),),
                8: (_wrong_digit("organCode"),),
            }
        ),
        "rating": MappingProxyType({2: (_set("scheme", "NOBODY"),), 4: (_set("grade", "SSS"),)}),
        "person": MappingProxyType({2: (_wrong_digit("idNumber"),)}),
        "enterprise": MappingProxyType({4: (_wrong_digit("uscc"),), 6: (_set("region", ""),)}),
    }
)
