"""What travels between the steps of a query: frozen values and enums, nothing else.

Step 1 makes a Caller, 2 a Selection, 3 a Decision, 4 a Plan (plan.model), 5 rows, 6 an Opened, 8 a Receipt.
Each step takes what the one before gave; a wrong order does not type-check.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntFlag, StrEnum
from typing import NamedTuple, TypeAlias

from gateway.asking import ELSEWHERE as ELSEWHERE
from gateway.asking import PROSE as PROSE
from gateway.asking import Access as Access
from gateway.asking import ActionName as ActionName
from gateway.asking import ByPlace as ByPlace
from gateway.asking import Caller as Caller
from gateway.asking import Matter as Matter
from gateway.asking import MatterKind as MatterKind
from gateway.asking import Own as Own
from gateway.asking import Purpose as Purpose
from gateway.asking import Role as Role
from gateway.logged import Check as Check
from gateway.logged import Entry as Entry
from gateway.logged import Outcome as Outcome
from gateway.logged import Receipt as Receipt

# --- 2 what they ask ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Selected:
    """One selected field, fragments flattened, directives taken, equal response keys merged.

    ``on`` is the GraphQL type whose field this is. ``slot`` (lists only) is where this field's arguments stand in
    ``Selection.arguments``; slots are numbered in document order, so the same shape always has the same slots.
    """

    key: str
    name: str
    on: str
    children: tuple["Selected", ...] = ()
    slot: int | None = None


class Arguments(NamedTuple):
    """Paging of one connection: as given, not yet decoded."""

    first: int = 20
    after: str | None = None


class RootName(StrEnum):
    """The fields of Query."""

    VIEWER = "viewer"
    EXPLAIN = "explain"
    NODE = "node"
    ENTERPRISE = "enterprise"
    ORGANIZATION = "organization"
    PERSON = "person"
    ENTERPRISES = "enterprises"
    ORGANIZATIONS = "organizations"
    CASES = "cases"
    LICENSES = "licenses"
    PENALTIES = "penalties"
    LISTINGS = "listings"
    WITHDRAWALS = "withdrawals"
    FIGURES = "figures"
    ACCESSES = "accesses"
    NOTICES = "notices"
    CONSENTS = "consents"
    SUPERSEDED_VERSIONS = "supersededVersions"
    RECEIPT = "receipt"
    CHAINS = "chains"
    RIGHTS_FIGURES = "rightsFigures"
    MANDATES = "mandates"
    ENTRY = "entry"  # stands below ``receipt``, never at the root of a document


class EventName(StrEnum):
    """The fields of Subscription."""

    CASE_CHANGED = "caseChanged"
    NOTICE_CREATED = "noticeCreated"


class By(NamedTuple):
    """A look-up by one identifier; ``kind`` is a word of IDENTIFIER_KINDS, ``value`` is normalized."""

    kind: str
    value: str


class ByPerson(NamedTuple):
    """A look-up of a person; both must fit. ``id_number`` is normalized to 18 characters."""

    id_number: str
    name: str


class Explained(NamedTuple):
    """An operation that is to be explained, as it would be sent."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, object] | None = None


class RootArguments(NamedTuple):
    """What one root field was called with; ``filter`` maps catalogue field names to wanted values."""

    by: By | ByPerson | ByPlace | None = None
    node: str | None = None
    filter: tuple[tuple[str, str], ...] = ()
    access: Access | None = None
    explained: Explained | None = None
    month: str = ""


@dataclass(frozen=True, slots=True)
class Root:
    """One root field: its shape (cacheable, nothing personal). Its values are in ``Selection.roots``.

    ``inside``: it stands below another root, whose object it becomes a member of: ``viewer { accesses }``.
    """

    key: str
    name: RootName
    children: tuple[Selected, ...]
    slot: int | None = None  # paging, for lists
    inside: str | None = None  # response key of that root

    @property
    def path(self) -> tuple[str, ...]:
        """Where in the answer it stands: response keys."""
        return (self.key,) if self.inside is None else (self.inside, self.key)


@dataclass(frozen=True, slots=True)
class Act:
    """The one field of a mutation: what is to be done, and what of its receipt is asked."""

    key: str
    name: ActionName
    children: tuple[Selected, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """The cacheable part of a selection: what was asked, without any value."""

    document: str  # hex SHA-256 of the document text
    operation: str  # operation name or ""
    taken: tuple[bool, ...]  # outcome of each distinct directive condition
    roots: tuple[Root, ...]
    introspection: bool  # `__schema`, `__type` or `__typename` are asked at the root
    act: Act | None = None  # of a mutation, which has no ``roots``
    event: EventName | None = None  # of a subscription, whose one root is the ``node`` that an event is about


class Selection(NamedTuple):
    """What one request asks: a shape and the values that fill it."""

    shape: Shape
    roots: tuple[RootArguments, ...]  # one per ``shape.roots``
    paging: tuple[Arguments, ...]  # by slot
    introspection: bytes | None = None  # the JSON object of the introspection fields, without braces: `"__schema":{…}`
    given: Mapping[str, object] | None = None  # the arguments of ``shape.act`` or of a subscription


# --- 3 what they may see -----------------------------------------------------------------------------------------


class Level(StrEnum):
    """How a value is shown. From most to least: CLEAR, RELEASED (free text in its released form), MASKED, WITHHELD."""

    CLEAR = "CLEAR"
    RELEASED = "RELEASED"
    MASKED = "MASKED"
    WITHHELD = "WITHHELD"


class Relation(IntFlag):
    """The closed list of ties between a caller and a row; each is one SQL predicate. Bits travel in row markers."""

    NONE = 0
    SELF = 1  # the proven person, a representative, a mandate holder
    CONSENT = 2  # consent in force, assurance A or B, for this consumer, purpose and kind
    MATTER = 4  # a sharing_scope row for kind, provider, receiver, matter kind, basis; of the log: an engagement
    CASE = 8  # the caller handles an open case about this row (of a subject: about one of its rows)
    SOURCE = 16  # the row came from the caller's own department
    LICENSED = 32  # the registry says "PBoC personal-credit licence" of the consumer
    STEP_UP = 64  # assurance 3: proven anew for this session
    SERVICE = 128  # the matter is "service of documents"
    OWN = 256  # the caller's own institution did it, or was given it


class Condition(Enum):
    """Under what a grant holds: a conjunction of relations. The names are the words of the policy files."""

    ALWAYS = Relation.NONE
    SELF = Relation.SELF
    SELF_STEP_UP = Relation.SELF | Relation.STEP_UP
    STEP_UP = Relation.STEP_UP
    CONSENT = Relation.CONSENT
    CONSENT_LICENSED = Relation.CONSENT | Relation.LICENSED
    MATTER = Relation.MATTER
    MATTER_SERVICE = Relation.MATTER | Relation.SERVICE
    MATTER_STEP_UP = Relation.MATTER | Relation.STEP_UP
    SOURCE = Relation.SOURCE
    CASE = Relation.CASE
    CASE_SOURCE = Relation.CASE | Relation.SOURCE
    OWN = Relation.OWN


@dataclass(frozen=True, slots=True)
class Grant:
    """A level under a condition, and the rule (``file:line``) that gives it."""

    level: Level  # never WITHHELD
    condition: Condition
    rule: str


@dataclass(frozen=True, slots=True)
class Cell:
    """All grants for one coordinate in one row class, strongest level first; none = withheld, by ``rule``."""

    grants: tuple[Grant, ...]
    rule: str  # the rule that withholds where no grant applies


RowClass: TypeAlias = str  # "legal/ordinary": SubjectClass.value + "/" + Standing.value


@dataclass(frozen=True, slots=True)
class Permit:
    """Under what a role may perform an action, and the rule (``file:line``) that says so."""

    condition: Condition
    rule: str


@dataclass(frozen=True, slots=True)
class Visibility:
    """The compiled policy of one role: coordinate → row class → Cell. Immutable; one per role and policy version."""

    role: Role
    version: str  # hash of the policy
    cells: Mapping[str, Mapping[RowClass, Cell]]
    never: frozenset[str]  # NEVER for the role: coordinates of which no cell has a grant, lists and `<list>.<filter>`
    permits: Mapping[ActionName, tuple[Permit, ...]]  # what it may do; what is not here does not exist for the role


class Remedy(NamedTuple):
    """What would show more, in English and in Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """One entry of `extensions.redactions`; from the Decision, hence the same for every subject."""

    path: tuple[str, ...]  # response keys, without list indices
    coordinate: str
    level: Level  # MASKED or WITHHELD
    rows: str  # "ALL" or "SOME"
    reason: str  # a word of policy.remedies.Reason
    rule: str
    remedy: Remedy | None  # None: nothing would


@dataclass(frozen=True, slots=True)
class Arm:
    """One way a row of a class may be shown: if ``condition`` holds. Arms of a class are alternatives."""

    row_class: RowClass
    condition: Condition
    rule: str


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """For one selected leaf: what each row class may show of it, after the access given was taken into account.

    ``cells`` keeps only grants that can still hold; grants implied by the row's own admission are ALWAYS.
    """

    coordinate: str
    cells: Mapping[RowClass, tuple[Grant, ...]]


@dataclass(frozen=True, slots=True)
class KindDecision:
    """For one selected object or list (``path`` of response keys): which rows, and what of each field.

    ``arms`` empty = the kind is withheld whole (null, never ``[]``). ``fields`` is keyed by the response path of the
    leaf below this object (part fields: two keys). ``relations`` = every relation that this decision looks at.
    """

    path: tuple[str, ...]
    kind: str
    arms: tuple[Arm, ...]
    fields: Mapping[tuple[str, ...], FieldDecision]
    relations: Relation


@dataclass(frozen=True, slots=True)
class Decision:
    """Step 3 for one root field: kinds by response path (and, under ``node``, by kind), and what is redacted."""

    kinds: Mapping[tuple[tuple[str, ...], str], KindDecision]  # (path, kind name)
    redactions: tuple[Redaction, ...]
    version: str  # policy version


# --- 4 + 5 fetch -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL for a lane: text with $1…$n, each cast in the text; parameters are sent as text."""

    name: str  # stable short name = hash of sql; the prepared-statement name
    sql: str
    slow: bool = False  # goes to the slow lanes (search, feeds)


# --- 6 open ------------------------------------------------------------------------------------------------------


class Sight(NamedTuple):
    """How a row was seen. Rows of one answer share a few of them."""

    node: int  # index of the plan node
    row_class: RowClass
    relations: int  # the bits of Relation that held (an enum would be hashed in Python, for every row)


class Rows(NamedTuple):
    """The rows that an answer contains, as their markers told: columns of equal length, a page has a hundred rows.

    Numbers are decimal text as it came: most of them are only compared.
    """

    sights: Sequence[Sight] = ()
    subjects: Sequence[bytes] = ()
    ids: Sequence[bytes] = ()  # 0 for subjects themselves
    versions: Sequence[bytes] = ()


class Opened(NamedTuple):
    """The root's JSON without markers, sealed values opened, and which rows it holds."""

    data: bytes
    rows: Rows
    openings: int
