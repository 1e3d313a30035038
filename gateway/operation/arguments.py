"""Coerced arguments → RootArguments and Arguments: codes normalized and checked, texts bounded, all faults at once."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import orjson

from gateway.catalogue.codes import CERTIFICATE_LENGTH, CITIZEN_ID, check, normalize
from gateway.catalogue.fields import Field
from gateway.catalogue.fields import Type as FieldType
from gateway.catalogue.grams import LEAST, searchable
from gateway.catalogue.lists import CONTAINS, LISTS, Filter
from gateway.catalogue.person import PERSON
from gateway.catalogue.reference import IDENTIFIER_KINDS
from gateway.errors import Fault
from gateway.operation.inputs import Path
from gateway.operation.limits import Limits
from gateway.values import (
    Access,
    Arguments,
    By,
    ByPerson,
    ByPlace,
    Explained,
    Matter,
    MatterKind,
    Purpose,
    RootArguments,
    RootName,
)

NUMBER_LENGTH = 128  # consent numbers, matter numbers, legal bases
OPAQUE_LENGTH = 512  # ids and cursors
DEFAULT_FIRST = Arguments().first
EMPTY = "must not be empty"
CODE_LENGTH = CERTIFICATE_LENGTH  # of the longest kind of code
AS_WRITTEN = "if the document says so all the same, ask with asWritten: true"


def _camel(word: str) -> str:
    """``REGISTRATION_NUMBER`` → ``registrationNumber``."""
    first, *others = word.lower().split("_")
    return "".join([first, *(other.capitalize() for other in others)])


_PURPOSES = MappingProxyType({item.name: item for item in Purpose})
_MATTER_KINDS = MappingProxyType({item.name: item for item in MatterKind})
# Fields of SubjectBy → the kind of identifier they look up.
_KINDS = MappingProxyType({_camel(word): word for word in IDENTIFIER_KINDS})
_NAME_LENGTH = next(item.length for item in PERSON.fields if item.name == "name")
# Forms that a filter value must have, by the standard of its field.
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        "GB/T 2260": (re.compile(r"[0-9]{6}\Z"), "must have 6 digits (GB/T 2260)"),
        "GB/T 4754-2017": (
            re.compile(r"[A-T](?:[0-9]{2,4})?\Z"),
            "must be a letter from A to T, or it and 2 to 4 digits (GB/T 4754)",
        ),
    }
)


def root_arguments(name: RootName, key: str, given: Mapping[str, object], faults: list[Fault]) -> RootArguments:
    """The arguments of one root field; faults have the path ``(key, argument, …)``."""
    by = given.get("by")
    node = given.get("id")
    chosen = given.get("filter")
    access = given.get("access")
    found: By | ByPerson | ByPlace | None = None
    if isinstance(by, dict):
        found = _by(name, by, given.get("asWritten") is True, (key, "by"), faults)
    elif name in (RootName.RECEIPT, RootName.ENTRY):
        found = _place(given, key, faults if name is RootName.RECEIPT else [])
    return RootArguments(
        by=found,
        node=_bounded(node, OPAQUE_LENGTH, (key, "id"), faults) if isinstance(node, str) else None,
        filter=_filter(LISTS[name].filters, chosen, (key, "filter"), faults) if isinstance(chosen, dict) else (),
        access=_access(access, (key, "access"), faults) if isinstance(access, dict) else None,
        month=_month(given, key, faults) if name is RootName.CHAINS else "",
        explained=_explained(given, key, faults) if name is RootName.EXPLAIN else None,
    )


def _month(given: Mapping[str, object], key: str, faults: list[Fault]) -> str:
    text = str(given["month"])
    if not _day(f"{text}-01"):
        faults.append(Fault((key, "month"), "must be a month, as 2026-10"))
    return text


def _place(given: Mapping[str, object], key: str, faults: list[Fault]) -> ByPlace:
    """An entry of the log by origin and index, as receipts have them."""
    origin, index = _text(given.get("origin"), OPAQUE_LENGTH, (key, "origin"), faults), str(given.get("index"))
    if not (
        index.isascii() and index.isdigit() and len(index) < 20 and index == str(int(index)) and int(index) < 1 << 63
    ):
        faults.append(Fault((key, "index"), "must be a decimal number, as in a receipt"))
        index = "0"
    return ByPlace(origin, index)


def _explained(given: Mapping[str, object], key: str, faults: list[Fault]) -> Explained:
    text, name = given.get("variables"), given.get("operationName")
    try:
        variables = None if text is None else orjson.loads(str(text))
    except orjson.JSONDecodeError:
        variables = ()
    if not isinstance(variables, dict | None):
        faults.append(Fault((key, "variables"), "must be a JSON object, as text"))
        variables = None
    return Explained(str(given["query"]), None if name is None else str(name), variables)


def page_arguments(path: Path, given: Mapping[str, object], limits: Limits, faults: list[Fault]) -> Arguments:
    """``first`` and ``after`` of one list; null is as if not given. Faults have the path ``(*path, argument)``."""
    first, after = given.get("first"), given.get("after")
    count = first if isinstance(first, int) else DEFAULT_FIRST
    if not 1 <= count <= limits.page:
        faults.append(Fault((*path, "first"), f"must be from 1 to {limits.page}"))
    cursor = _bounded(after, OPAQUE_LENGTH, (*path, "after"), faults) if isinstance(after, str) else None
    return Arguments(count, cursor)


def _by(
    name: RootName, given: Mapping[str, object], as_written: bool, path: Path, faults: list[Fault]
) -> By | ByPerson:
    if name is RootName.PERSON:
        number = normalize(CITIZEN_ID, str(given["idNumber"]))
        faults.extend(Fault((*path, "idNumber"), rule) for rule in check(CITIZEN_ID, number))
        return ByPerson(number, _text(given["name"], _NAME_LENGTH, (*path, "name"), faults))
    ((field, value),) = given.items()
    kind, place = _KINDS[field], (*path, field)
    code = normalize(kind, str(value))
    if as_written:  # said by the caller and never found out by looking: faults depend on nothing that is stored
        if not code:
            faults.append(Fault(place, EMPTY))
        return By(kind, _bounded(code, CODE_LENGTH, place, faults))
    faults.extend(Fault(place, f"{rule}; {AS_WRITTEN}") for rule in check(kind, code))
    return By(kind, code)


def _text(value: object, length: int, path: Path, faults: list[Fault]) -> str:
    """Stripped and composed (NFC); neither empty nor too long."""
    text = unicodedata.normalize("NFC", str(value)).strip()
    if not text:
        faults.append(Fault(path, EMPTY))
    return _bounded(text, length, path, faults)


def _bounded(text: str, length: int, path: Path, faults: list[Fault]) -> str:
    if len(text) > length:
        faults.append(Fault(path, f"is longer than {length} characters"))
    return text


def _access(given: Mapping[str, object], path: Path, faults: list[Fault]) -> Access:
    consent, matter = given.get("consent"), given.get("matter")
    return Access(
        purpose=_PURPOSES[str(given["purpose"])],
        consent=None if consent is None else _text(consent, NUMBER_LENGTH, (*path, "consent"), faults),
        matter=_matter(matter, (*path, "matter"), faults) if isinstance(matter, dict) else None,
        use=None if given.get("useKey") is None else _use(given, (*path, "useKey"), faults),
    )


def _use(given: Mapping[str, object], path: Path, faults: list[Fault]) -> str:
    """A key of the caller's; the gateway's own begin with @."""
    key = _text(given["useKey"], NUMBER_LENGTH, path, faults)
    if key.startswith("@"):
        faults.append(Fault(path, "must not begin with @"))
    if given.get("consent") is None:
        faults.append(Fault(path, "names a use of a consent: name the consent too"))
    return key


def _matter(given: Mapping[str, object], path: Path, faults: list[Fault]) -> Matter:
    return Matter(
        number=_text(given["number"], NUMBER_LENGTH, (*path, "number"), faults),
        kind=_MATTER_KINDS[str(given["kind"])],
        basis=_text(given["basis"], NUMBER_LENGTH, (*path, "basis"), faults),
    )


def _filter(
    known: Mapping[str, Filter], given: Mapping[str, object], path: Path, faults: list[Fault]
) -> tuple[tuple[str, str], ...]:
    """In the order of the catalogue, so that the same filters make the same plan; null is as if not given."""
    chosen = (
        (item, _filter_value(item.field, given[name], (*path, name), faults))
        for name, item in known.items()
        if given.get(name) is not None
    )
    return tuple((item.key(value), value) for item, value in chosen)


def _day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _filter_value(item: Field, value: object, path: Path, faults: list[Fault]) -> str:
    if item.type is FieldType.CODE:
        return str(value)
    text = _text(value, item.length, path, faults)
    if item.type is FieldType.DATE:
        if not _day(text):
            faults.append(Fault(path, "must be a day, as 2026-10-31"))
        return text
    if item.name == CONTAINS:
        text = searchable(text)
        if 0 < len(text) < LEAST:
            faults.append(Fault(path, f"must have at least {LEAST} characters"))
        return text
    pattern, rule = _FORMS.get(item.standard, (None, ""))
    if pattern and text and not pattern.match(text):
        faults.append(Fault(path, rule))
    return text
