"""LISTS: every list at the root of the schema: of which kind, in which order, by what it may be narrowed.

Subjects are listed in the order of their keys, cases and the public feeds newest first. There is no list of persons.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gateway.catalogue.access import ACCESS
from gateway.catalogue.case import CASE
from gateway.catalogue.consent import CONSENT
from gateway.catalogue.enterprise import ENTERPRISE
from gateway.catalogue.fields import Field, Kind, Owner, SubjectClass, Type
from gateway.catalogue.figure import FIGURE
from gateway.catalogue.kinds import KINDS
from gateway.catalogue.mandate import MANDATE
from gateway.catalogue.notice import NOTICE
from gateway.catalogue.organization import ORGANIZATION
from gateway.catalogue.rights_figure import RIGHTS_FIGURE
from gateway.catalogue.superseded import SUPERSEDED

CONTAINS = "nameContains"
_REGION = next(item for item in ENTERPRISE.fields if item.name == "region")


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to narrow a list. ``coordinates``: by whether a row is found one learns of any of them."""

    name: str
    column: str
    field: Field
    coordinates: tuple[str, ...]

    def key(self, value: str) -> str:
        """What a plan calls it: its name, and the level if the value is a code above the last level: ``industry.3``."""
        return f"{self.name}.{len(value)}" if len(value) in self.field.levels else self.name


@dataclass(frozen=True, slots=True)
class RootList:
    """One list. ``order``: dates by which it is newest first; without any it is in the order of keys."""

    name: str
    kind: Kind
    text: str
    order: tuple[str, ...]
    filters: Mapping[str, Filter]
    feed: bool = False

    def narrowed(self, key: str) -> tuple[str, int | None]:
        """The column of a filter, and how many of its first characters are compared; None: all."""
        name, _, level = key.partition(".")
        return self.filters[name].column, int(level) if level else None

    def classes(self, filters: tuple[str, ...]) -> tuple[SubjectClass, ...]:
        """Whose rows it may hold when these filters are given."""
        if self.feed:
            return self.kind.feed
        return self.kind.found_by(filters) if self.kind.owner is Owner.SUBJECT else self.kind.classes


def _of_subjects(kind: Kind, text: str) -> RootList:
    found = {
        item.name: Filter(item.name, item.column, item, (f"{kind.name}.{item.name}",))
        for item in kind.fields
        if item.filter
    }
    contains = Field(CONTAINS, Type.TEXT, "名称包含", "Part of the name, 2 characters or more.", "subject.identity")
    found[CONTAINS] = Filter(CONTAINS, "name", contains, (f"{kind.name}.name",))
    return RootList(kind.plural, kind, text, (), MappingProxyType(found))


def _feed(kind: Kind) -> RootList:
    region = Field("region", Type.TEXT, "行政区划", "Region of the subject when the record came (GB/T 2260).", "subject.identity",
                   length=6, standard="GB/T 2260")  # fmt: skip
    department = Field(
        "department", Type.TEXT, "部门", "Code of the department that provided it.", "department", length=32
    )
    # A record is an enterprise's or an organization's; who provided it is told by its link, if it has one.
    of_subject = tuple(f"{one.name}.{_REGION.name}" for one in (ENTERPRISE, ORGANIZATION))
    told = any(link.name == "provider" for link in kind.links)
    found = {
        "region": Filter("region", "subject_region", region, of_subject),
        "department": Filter("department", "provider", department, (f"{kind.name}.provider" if told else kind.name,)),
    }
    text = f"Public feed, newest first; rows of natural persons are in none ({kind.zh}公示，按公示时间倒序)."
    return RootList(kind.plural, kind, text, (kind.feed_by,), MappingProxyType(found), feed=True)


def _cases() -> RootList:
    named = {item.name: item for item in CASE.fields}
    found = {
        name: Filter(name, named[name].column, named[name], (f"{CASE.name}.{name}",))
        for name in ("kind", "state", "department")
    }
    text = "The cases one may see, newest first: one's own, those of one's department, all for the desk (案件列表)."
    return RootList(CASE.plural, CASE, text, CASE.order, MappingProxyType(found))


def _consents() -> RootList:
    named = {item.name: item for item in CONSENT.fields}
    found = {
        name: Filter(name, named[name].column, named[name], (f"{CONSENT.name}.{name}",))
        for name in ("number", "consumer", "assurance")
    }
    text = "Consents, newest first: those one has given, or those one's institution was given (授权列表)."
    return RootList(CONSENT.plural, CONSENT, text, CONSENT.order, MappingProxyType(found))


def _mandates() -> RootList:
    """By what stands in a row; its state is worked out when it is read."""
    named = {item.name: item for item in MANDATE.fields}
    found = {
        name: Filter(name, named[name].column, named[name], (f"{MANDATE.name}.{name}",))
        for name in ("basis", "agent", "recordedBy")
    }
    text = "The mandates one may see, newest first: those over oneself, one's own, those that wait for the desk (授权代理)."
    return RootList(MANDATE.plural, MANDATE, text, MANDATE.order, MappingProxyType(found))


def _figures() -> RootList:
    """No filter over what is counted: the cubes are fixed, and only parts of them are looked at."""
    found = {
        item.name: Filter(item.name, item.column, item, (f"{FIGURE.name}.{item.name}",))
        for item in FIGURE.fields
        if item.name in ("month", "recordKind")
    }
    text = "Frozen figures, the newest month first; the same for whoever asks (统计数据，按月冻结)."
    return RootList(FIGURE.plural, FIGURE, text, FIGURE.order, MappingProxyType(found))


def _rights_figures() -> RootList:
    """The lines of a month; what is counted in them cannot be asked by."""
    found = {
        item.name: Filter(item.name, item.column, item, (f"{RIGHTS_FIGURE.name}.{item.name}",))
        for item in RIGHTS_FIGURE.fields
        if item.name in ("month", "department", "caseKind")
    }
    text = "How departments answer cases, the newest month first; frozen (权益办理统计，按月冻结)."
    return RootList(RIGHTS_FIGURE.plural, RIGHTS_FIGURE, text, RIGHTS_FIGURE.order, MappingProxyType(found))


def _single(item: Field) -> Field:
    """What a filter wants of a field: of several words one."""
    return replace(item, type=Type.TEXT) if item.type is Type.WORDS else item


def _accesses() -> RootList:
    """What an auditor looks for; those who see only their own narrow that."""
    named = {item.name: item for item in ACCESS.fields}
    plain = (
        "origin",
        "index",
        "day",
        "role",
        "institution",
        "unit",
        "officer",
        "document",
        "outcome",
        "code",
        "policy",
    )
    found = {
        name: Filter(name, named[name].column, _single(named[name]), (f"{ACCESS.name}.{name}",))
        for name in (*plain, "subject", "purposes", "consents", "kinds", "clear", "masked", "withheld")
    }
    text = "Entries of the access log, newest first: one's own, or all for the auditor (查询记录)."
    return RootList(ACCESS.plural, ACCESS, text, ACCESS.order, MappingProxyType(found))


def _notices() -> RootList:
    named = {item.name: item for item in NOTICE.fields}
    found = {
        name: Filter(name, named[name].column, named[name], (f"{NOTICE.name}.{name}",))
        for name in ("state", "what", "recordKind", "institution")
    }
    text = "Who was told of changed records, newest first: one's own, or all for the desk and the auditor (通知列表)."
    return RootList(NOTICE.plural, NOTICE, text, NOTICE.order, MappingProxyType(found))


def _superseded() -> RootList:
    named = {item.name: item for item in SUPERSEDED.fields}
    found = {
        name: Filter(name, named[name].column, named[name], (f"{SUPERSEDED.name}.{name}",))
        for name in ("recordKind", "why")
    }
    text = (
        "What rows were before they were changed, newest first: one's own, or what was asked of the archive (历史版本)."
    )
    return RootList(SUPERSEDED.plural, SUPERSEDED, text, SUPERSEDED.order, MappingProxyType(found))


_ENTERPRISES = "Enterprises, page by page; an individual business only by its exact name (企业列表，不含个体工商户)."
_ORGANIZATIONS = "Legal persons that are not enterprises, page by page (非企业法人列表)."
LISTS: Mapping[str, RootList] = MappingProxyType(
    {
        one.name: one
        for one in (
            _of_subjects(ENTERPRISE, _ENTERPRISES),
            _of_subjects(ORGANIZATION, _ORGANIZATIONS),
            _cases(),
            _figures(),
            _accesses(),
            _rights_figures(),
            _notices(),
            _consents(),
            _superseded(),
            _mandates(),
            *(_feed(kind) for kind in KINDS if kind.feed),
        )
    }
)
