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


def _of_rows(kind: Kind, names: str, text: str) -> RootList:
    """A list that is narrowed by some of the fields that its rows have, each as it stands in them."""
    fields = {item.name: item for item in kind.fields}
    found = {
        name: Filter(name, fields[name].column, _single(fields[name]), (f"{kind.name}.{name}",))
        for name in names.split()
    }
    return RootList(kind.plural, kind, text, kind.order, MappingProxyType(found))


def _single(item: Field) -> Field:
    """What a filter wants of a field: of several words one."""
    return replace(item, type=Type.TEXT) if item.type is Type.WORDS else item


_CASES = "The cases one may see, newest first: one's own, those of one's department, all for the desk (案件列表)."
_CONSENTS = "Consents, newest first: those one has given, or those one's institution was given (授权列表)."
_MANDATES = "The mandates one may see, newest first: over oneself, one's own, those that wait for the desk (授权代理)."
_FIGURES = "Frozen figures, the newest month first; the same for whoever asks (统计数据，按月冻结)."
_SERVICE = "How departments answer cases, the newest month first; frozen (权益办理统计，按月冻结)."
_ACCESSES = "Entries of the access log, newest first: one's own, or all for the auditor (查询记录)."
_ACCESS_FILTERS = """origin index day role institution unit officer document outcome code policy
    subject purposes consents kinds clear masked withheld"""
_NOTICES = "Who was told of changed records, newest first: one's own, or all for the desk and the auditor (通知列表)."
_OLD = "What rows were before they were changed, newest first: one's own, or what was asked of the archive (历史版本)."
_ENTERPRISES = "Enterprises, page by page; an individual business only by its exact name (企业列表，不含个体工商户)."
_ORGANIZATIONS = "Legal persons that are not enterprises, page by page (非企业法人列表)."
LISTS: Mapping[str, RootList] = MappingProxyType(
    {
        one.name: one
        for one in (
            _of_subjects(ENTERPRISE, _ENTERPRISES),
            _of_subjects(ORGANIZATION, _ORGANIZATIONS),
            _of_rows(CASE, "kind state department", _CASES),
            _of_rows(FIGURE, "month recordKind", _FIGURES),  # of what is counted there is no filter
            _of_rows(ACCESS, _ACCESS_FILTERS, _ACCESSES),
            _of_rows(RIGHTS_FIGURE, "month department caseKind", _SERVICE),
            _of_rows(NOTICE, "state what recordKind institution", _NOTICES),
            _of_rows(CONSENT, "number consumer assurance", _CONSENTS),
            _of_rows(SUPERSEDED, "recordKind why", _OLD),
            _of_rows(MANDATE, "basis agent recordedBy", _MANDATES),  # its state is worked out when it is read
            *(_feed(kind) for kind in KINDS if kind.feed),
        )
    }
)
