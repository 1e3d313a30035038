"""Which column of a file is which field: derived from the catalogue, one layout for each kind.

A column is known by the code of the 双公示 standard, by its Chinese title, or by a name that files before 2018 used.
Kinds without a standard block for the subject have, beside their fields, columns that say whose a row is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.catalogue.fields import Field, Kind, Owner
from gateway.catalogue.kinds import KINDS
from gateway.catalogue.license import LICENSE
from gateway.catalogue.reference import IDENTIFIER
from gateway.errors import BadInput, Fault

# The pre-2018 names (domain.md §2.2). None: known, and of no use any more.
OLD_NAMES: Mapping[str, Mapping[str, str | None]] = MappingProxyType(
    {
        "penalty": MappingProxyType(
            {
                "CF_CFMC": "conduct",
                "CF_CFLB1": "penaltyKinds",
                "CF_CFLB2": "penaltyKinds2",
                "CF_XDR_ZDM": "subjectOrganizationCode",
                "CF_XDR_GSDJ": "subjectRegistrationNumber",
                "CF_XDR_SFZ": "subjectIdNumber",
                "CF_FR": "representativeName",
                "CF_FR_SFZH": "representativeIdNumber",
                "CF_JG": "content",
                "CF_XZJG": "organ",
                "CF_ZT": None,
                "DFBM": None,
                "SJC": None,
            }
        ),
        "license": MappingProxyType(
            {
                "XK_XMMC": "documentName",
                "XK_SPLB": "category",
                "XK_XDR_ZDM": "subjectOrganizationCode",
                "XK_XDR_GSDJ": "subjectRegistrationNumber",
                "XK_XDR_SFZ": "subjectIdNumber",
                "XK_FR": "representativeName",
                "XK_FR_SFZH": "representativeIdNumber",
                "XK_JZQ": "validUntil",
                "XK_XZJG": "organ",
                "DFBM": None,
                "SJC": None,
            }
        ),
    }
)
# What the platform says of a record and no file may.
_OURS = frozenset({"standing", "disputed", "disputedOn", "receivedAt", "codeStatus", "conflicting", "historical"})
# Whose a row is, where the kind has no block of its own for it; used to find the subject and not kept.
_HOLDER = MappingProxyType({"主体证件类型": "subjectIdType", "主体证件号码": "subjectIdNumber"})
# The national exchange table of codes (domain.md §1.8): its columns are whose a code is, and each of the codes.
_MAPPING: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "subjectName": ("ENTNAME", "企业名称"),
        "subjectUscc": ("CREDCODE", "统一社会信用代码"),
        "subjectRegistrationNumber": ("REGCODE", "工商登记码"),
        "subjectOrganizationCode": ("ORGCODE", "组织机构代码"),
        "subjectTaxNumber": ("TAXCODE", "税务登记号"),
    }
)
# Column heads that must not occur anywhere (Reg. 631 art. 14; domain.md §7).
FORBIDDEN = ("宗教", "基因", "指纹", "血型", "疾病", "病史", "生物识别")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one file: place → field name. ``absent``: fields it has no column for."""

    kind: Kind
    places: tuple[tuple[int, str], ...]
    width: int
    old: bool
    absent: frozenset[str]


def titles(kind: Kind) -> Mapping[str, str | None]:
    """Every name a column of this kind's files may have → the field; None: known and dropped."""
    if kind is IDENTIFIER:
        return MappingProxyType({title: name for name, both in _MAPPING.items() for title in both})
    found: dict[str, str | None] = {}
    for name, field in named_fields(kind):
        found[field.zh if "." not in name else f"{_part(kind, name)}{field.zh}"] = name
        if field.standard and not field.standard.startswith(("GB", "CF_GSJZQ")):
            found[field.standard] = name
    if kind.name == "penalty":
        found["CF_GSJZQ"] = "publishedUntil"
    elif "publishedUntil" in {name for name, _ in named_fields(kind)}:
        found["公示截止期"] = "publishedUntil"
    if kind.reserved_by:
        found["评价办法代码"] = kind.reserved_by
    if kind.owner is Owner.RECORD and "subjectIdNumber" not in {field.name for field in kind.fields}:
        found |= _HOLDER
    return MappingProxyType({**found, **OLD_NAMES.get(kind.name, {})})


def named_fields(kind: Kind) -> list[tuple[str, Field]]:
    """The fields a file may give, by item name."""
    if kind is IDENTIFIER:
        return [(field.name, field) for field in LICENSE.fields if field.name in _MAPPING]
    own = [(field.name, field) for field in kind.fields]
    own += [(f"{part.name}.{field.name}", field) for part in kind.parts for field in part.fields]
    return [(name, field) for name, field in own if not field.derived and not field.platform and name not in _OURS]


def kinds() -> tuple[Kind, ...]:
    """The kinds that come by file: subjects, their records, and their codes."""
    return tuple(kind for kind in KINDS if not kind.filed and kind.owner is not Owner.NONE)


def layout_of(file: str, head: tuple[str, ...], wanted: str | None) -> Layout:
    """The layout of a head. Raises BadInput with every column that is not known, forbidden or there twice.

    Without ``wanted`` (a kind's name) it is the kind that knows most of the columns.
    """
    forbidden = [one for one in head if any(word in one for word in FORBIDDEN)]
    if forbidden:
        rule = "may not be collected (Reg. 631 art. 14); the file is refused whole and must be reported"
        raise BadInput(*(Fault((file, 1, one), rule) for one in forbidden))
    known = {kind.name: titles(kind) for kind in kinds()}
    if wanted is not None and wanted not in known:
        raise BadInput(Fault((file,), f"no file of kind {wanted!r} is taken: {', '.join(known)}"))
    if wanted is None and not any(one in names for names in known.values() for one in head):
        raise BadInput(Fault((file, 1), "names no column that any kind of file has"))
    best = wanted or max(known, key=lambda name: sum(one in known[name] for one in head))
    names, kind = known[best], next(one for one in kinds() if one.name == best)
    faults = [Fault((file, 1, one or "(empty)"), f"is no column of {best} files") for one in head if one not in names]
    places = tuple((at, name) for at, one in enumerate(head) if (name := names.get(one)) is not None)
    taken = [name for _, name in places]
    faults += [Fault((file, 1, name), "stands twice") for name in sorted({n for n in taken if taken.count(n) > 1})]
    if faults:
        raise BadInput(*faults)
    given = set(taken)
    absent = frozenset(name for name, _ in named_fields(kind) if name not in given)
    old = any(one in OLD_NAMES.get(best, {}) for one in head)
    return Layout(kind, places, len(head), old, absent)


def head_of(kind: Kind) -> tuple[str, ...]:
    """The columns of a new file of this kind, by standard code or title."""
    best: dict[str, str] = {}
    for title, name in titles(kind).items():
        if name is not None and title not in OLD_NAMES.get(kind.name, {}):
            best[name] = title
    return tuple(best.values())


def _part(kind: Kind, name: str) -> str:
    part = next(one for one in kind.parts if name.startswith(f"{one.name}."))
    return part.zh.partition(" ")[0]
