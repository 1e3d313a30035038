"""The rows of the reference model, and who is tied to them: plain lists, looked through from end to end.

``World`` is what a database holds. ``Eyes`` are one caller's, on one ground, at one moment: which relations
hold towards a row, whether the row may be shown, which form of a field.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from gateway.catalogue.fields import Field, Mask, Owner, Sealing, Standing, Type
from gateway.catalogue.kinds import BY_NAME
from gateway.values import Access, Caller, Matter, MatterKind, Purpose
from gateway.vault import masks
from gateway.vault.rows import Item, Value
from tests.reference_policy import CONDITIONS, MASKED, RELEASED, WITHHELD, Held, Lines, reach


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was given to the loader. ``id`` of a subject is the subject's; a department has none."""

    kind: str
    subject: int
    id: int
    subject_class: str
    item: Item

    @property
    def version(self) -> int:
        """As given, 1 if it was not."""
        version = self.item.get("version", 1)
        assert isinstance(version, int)
        return version


@dataclass(frozen=True, slots=True)
class Consent:
    """See the table."""

    number: str
    subject: int
    consumer: str
    purpose: str
    kinds: tuple[str, ...]
    assurance: str
    since: datetime
    until: datetime
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mandate:
    """See the table."""

    principal: str
    subject: int
    since: datetime
    until: datetime | None = None
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a department shares with another, for which matter."""

    kind: str
    provider: str
    receiver: str
    matter_kind: str
    basis: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case about one record; without a handler it is with everybody of its department."""

    number: int
    department: str
    handler: str | None
    subject: int
    record: int
    opened: datetime
    closed: datetime | None = None


@dataclass(slots=True)
class World:
    """Everything in a database, in the order it was loaded."""

    rows: list[Row] = field(default_factory=list)
    departments: dict[str, Item] = field(default_factory=dict)
    schemes: dict[str, Item] = field(default_factory=dict)
    licensed: frozenset[str] = frozenset()
    consents: list[Consent] = field(default_factory=list)
    mandates: list[Mandate] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    def referred(self, kind: str, code: str) -> Row:
        """A row of reference data."""
        return Row(kind, 0, 0, "legal", (self.schemes if kind == "scheme" else self.departments)[code])

    def of(self, kind: str) -> Iterator[Row]:
        """The rows of a kind."""
        return (row for row in self.rows if row.kind == kind)


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks, on what ground, when, under which policy."""

    world: World
    policy: Lines
    caller: Caller
    access: Access | None
    now: datetime
    feed: bool = False  # of a public feed nothing is seen by a tie

    @property
    def today(self) -> date:
        """The day in Beijing, eight hours ahead of UTC."""
        return (self.now.astimezone(UTC) + timedelta(hours=8)).date()

    def _held(self, row: Row) -> Held:
        """Every relation between the caller and a row; reference data are nobody's."""
        if BY_NAME[row.kind].owner is Owner.NONE:
            return frozenset()
        found = {
            "self": self._own(row),
            "step_up": self.caller.assurance >= 3,
            "consent": self._consented(row),
            "licensed": self.caller.consumer in self.world.licensed,
            "matter": self._shared(row),
            "service": self._matter_kind() is MatterKind.SERVICE_OF_DOCUMENTS,
            "case": self._handled(row),
            "source": bool(self.caller.department) and row.item["provider"] == self.caller.department,
        }
        return frozenset(name for name, holds in found.items() if holds)

    def could(self, kind: str, owner: Row, own: list[Row]) -> Held:
        """Every relation that could tie the caller to rows of a kind of ``owner``; ``own`` are those there are."""
        as_one = replace(owner, kind=kind)
        found = {name for name in self._held(as_one) if name not in ("matter", "case")} | {"source"}
        providers = (replace(as_one, item={"provider": one}) for one in self.world.departments)
        if any(self._shared(one) for one in providers):
            found.add("matter")
        if any(self._handled(one) for one in ([owner] if BY_NAME[kind].part_of else own)):
            found.add("case")
        return frozenset(found)

    def shows(self, row: Row) -> bool:
        """Whether a row may be shown at all: some ground holds, and the row's own disclosure level lets it reach."""
        return any(True for _ in self._grounds(row))

    def rests(self, row: Row) -> Held:
        """The relations without which a row that may be shown could not be."""
        return frozenset.intersection(*self._grounds(row))

    def _grounds(self, row: Row) -> Iterator[Held]:
        """What each ground on which a row may be shown asks for.

        A class that everybody with the role sees needs no ground for what is PUBLIC. For other levels of disclosure it
        is seen on any ground on which the role sees rows of this kind: a matter, a consent, being the subject.
        """
        held = self._held(row)
        level = row.item.get("disclosure")  # subjects, identifiers and departments have none of their own
        for one in self.policy.grounds(self.row_class(row), row.kind):
            if self.feed:
                if one == "always" and level in (None, "PUBLIC"):
                    yield frozenset()
                continue
            for other in {one} if one != "always" else {one, *self.policy.all_grounds(row.kind)}:
                needed = CONDITIONS[one] | CONDITIONS[other]
                if needed <= held and (level is None or level in reach(other)):
                    yield needed

    def level(self, row: Row, coordinate: str, item: Field | None) -> str:
        """In which form a field of a row that may be shown is shown."""
        return self.policy.level(self.row_class(row), coordinate, item, self._held(row))

    def row_class(self, row: Row) -> str:
        """``legal/ordinary``: whose the row is, and what has become of it."""
        return f"{row.subject_class}/{self.standing(row)}"

    def standing(self, row: Row) -> str:
        """Ended goes before minor: what is no longer disclosed is so whatever it was."""
        standings = BY_NAME[row.kind].standings
        if Standing.ENDED in standings and self.ended(row):
            return "ended"
        return "minor" if Standing.MINOR in standings and minor(row.item) else "ordinary"

    def ended(self, row: Row) -> bool:
        """Repaired, withdrawn, revoked; its publication or its term of retention over."""
        over = (row.item.get("publishedUntil"), row.item.get("retained_until"))
        left = row.item.get("exitedOn")
        if isinstance(left, date) and left <= self.today:
            return True
        gone = row.item["status"] in ("WITHDRAWN", "REPAIRED", "PUBLICATION_ENDED", "REVOKED")
        return gone or any(isinstance(day, date) and day < self.today for day in over)

    def value(self, row: Row, name: str, item: Field, level: str) -> object:
        """What stands in the answer."""
        if level == WITHHELD:
            return None
        if item.derived:
            return self._derived(row, name)
        value = row.item.get(f"{name}.released" if level == RELEASED else name)
        if value is None:
            return None
        if level == MASKED:
            return mask(item, str(value)) if has_mask(row, item) else None
        return told(item, value)

    def _derived(self, row: Row, name: str) -> object:
        until = row.item.get("validUntil")
        past = isinstance(until, date) and until < self.today
        if name == "record":
            return row.item["record"]
        if name == "subjects":
            return row.subject_class
        if name == "told":
            return row.item["records"] is not None
        if name == "published":
            return not row.item["minor"]
        if name == "disputed":
            return row.item.get("disputedOn") is not None
        if name == "historical":
            return past
        if self.ended(row):
            return "NO_LONGER_DISCLOSED"
        return "LAPSED" if past and row.kind in ("license", "rating") else "CURRENT"  # others: a term

    def _own(self, row: Row) -> bool:
        return any(
            one.subject == row.subject
            and one.principal == self.caller.principal
            and one.since <= self.now
            and (one.until is None or self.now < one.until)
            and one.revoked is None
            for one in self.world.mandates
            if self.caller.principal
        )

    def _consented(self, row: Row) -> bool:
        access = self.access
        if access is None or access.consent is None:
            return False
        return any(
            one.number == access.consent
            and one.subject == row.subject
            and one.consumer == self.caller.consumer
            and one.purpose == access.purpose.value
            and row.kind in one.kinds
            and (one.assurance in ("A", "B") or row.subject_class == "legal")
            and one.since <= self.now < one.until
            and one.withdrawn is None
            for one in self.world.consents
        )

    def _matter_kind(self) -> MatterKind | None:
        matter = self._matter()
        return None if matter is None else matter.kind

    def _matter(self) -> Matter | None:
        """A matter is a ground for the duty it names, whatever else it is given for."""
        if self.access is None or self.access.purpose is not Purpose.PUBLIC_DUTY:
            return None
        return self.access.matter

    def _shared(self, row: Row) -> bool:
        matter = self._matter()
        if matter is None or not self.caller.department:
            return False
        return any(
            one.kind == row.kind
            and one.provider == row.item["provider"]
            and one.receiver == self.caller.department
            and one.matter_kind == matter.kind.value
            and one.basis == matter.basis
            and one.since <= self.today
            and (one.until is None or self.today <= one.until)
            for one in self.world.scopes
        )

    def _handled(self, row: Row) -> bool:
        """A record: a case about it, or itself a case, or of one. A subject: a case about one of its records."""
        key = row.item.get("case_id", row.id)
        return any(
            one.department == self.caller.department
            and one.handler in (None, self.caller.principal)
            and one.opened <= self.now
            and (one.closed is None or self.now < one.closed)
            and (
                one.subject == row.subject
                if BY_NAME[row.kind].owner is Owner.SUBJECT
                else key in (one.record, one.number)
            )
            for one in self.world.cases
            if self.caller.department
        )


def minor(item: Item) -> bool:
    """Simple procedure, class MINOR, or nothing but a warning or a notice of criticism."""
    if "minor" in item:
        return item["minor"] is True
    kinds = {one.strip() for one in str(item.get("penaltyKinds", "")).replace("；", ";").split(";")}
    return item["procedure"] == "SIMPLE" or item["severity"] == "MINOR" or kinds <= {"警告", "通报批评"}


def is_sealed(row: Row, item: Field) -> bool:
    """Whether the value stands in the database only sealed."""
    persons = item.sealing is Sealing.PERSONS and row.subject_class == "person"
    return not item.derived and (item.free_text or item.sealing is Sealing.ALWAYS or persons)


def has_mask(row: Row, item: Field) -> bool:
    """Fields sealed for persons only have a masked form for persons only."""
    return item.sealing is not Sealing.PERSONS or row.subject_class == "person"


def mask(item: Field, text: str) -> str:
    """The masked form of a value."""
    match item.mask:
        case Mask.NAME:
            return text[0] + "*" * min(len(text) - 1, 2) if len(text) > 1 else "*"
        case Mask.NAMES:
            return masks.names(text)  # a grammar of its own, with tests of its own
        case Mask.ID_NUMBER:
            return text[:2] + "*" * (len(text) - 4) + text[-2:]
        case _:
            return masks.street(text)  # a grammar of its own, with tests of its own


def told(item: Field, value: Value) -> object:
    """A stored value as it travels."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return f"{value:.6f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    assert item.type in (Type.TEXT, Type.CODE, Type.COUNT)
    return value
