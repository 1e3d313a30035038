"""The vocabulary in which a kind is described: field, part, link, kind.

A kind is data. Tables, GraphQL types, filters, intake checks and the policy vocabulary are derived from it; nothing
here knows about SQL or GraphQL. Names are the GraphQL names (camelCase); columns are their snake_case.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import Enum


class Type(Enum):
    """How a value is stored and how it travels."""

    TEXT = "text"
    CODE = "code"  # one word of a closed vocabulary (``Field.values``); a GraphQL enum
    DATE = "date"
    DATETIME = "datetime"  # UTC, sent with ``Z``
    DECIMAL = "decimal"  # sent as a string; precision 18, scale 6
    BOOLEAN = "boolean"
    COUNT = "count"  # a number of things; a GraphQL Int
    WORDS = "words"  # several words; a GraphQL list of String


class Disclosure(Enum):
    """公开属性 (Shandong art. 20, Henan art. 18, Zhejiang art. 15): the widest circle an item may reach."""

    PUBLIC = "PUBLIC"
    GOV_SHARED = "GOV_SHARED"
    AUTHORIZED = "AUTHORIZED"
    INTERNAL = "INTERNAL"


class Sealing(Enum):
    """When a value is encrypted with its subject's key."""

    NEVER = "never"
    ALWAYS = "always"
    PERSONS = "persons"  # only when the row's subject is a natural person; otherwise a plain column


class Mask(Enum):
    """How the masked form is made when the value is written (domain.md §9.3)."""

    NAME = "name"  # 张**
    NAMES = "names"  # several names parted by 、: 张**、李*
    ID_NUMBER = "id_number"  # 22**************34
    STREET = "street"  # to the street, the rest ****


class SubjectClass(Enum):
    """What the law asks of a row: its subject is a legal person, an individual business (个体工商户) or a person."""

    LEGAL = "legal"
    INDIVIDUAL = "individual"
    PERSON = "person"


class Standing(Enum):
    """What has become of a record; the policy decides each apart.

    ORDINARY: publishable. MINOR: not published for what it is: a penalty by simple procedure, a warning or notice of
    criticism only (Order 36), a rating whose scheme is not public, an entry of the log about several subjects.
    ENDED: repaired, publication ended, revoked, withdrawn, or a person's negative item past its term.
    """

    ORDINARY = "ordinary"
    MINOR = "minor"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Field:
    """One catalogue item: a stored value and everything the law says about it.

    ``group`` is the word the policy uses for it (a row of the policy table). ``standard`` is the code of the 双公示
    standard. ``free_text`` fields are stored twice: ``original`` (sealed) and ``released`` (text, by whom, when).
    ``lookup`` adds a keyed blind index (sealed fields only). ``filter`` admits the field as an equality filter; of a code
    with ``levels``, a shorter one finds everything below it.
    """

    name: str
    type: Type
    zh: str
    en: str
    group: str
    disclosure: Disclosure = Disclosure.PUBLIC
    sealing: Sealing = Sealing.NEVER
    mask: Mask | None = None
    lookup: bool = False
    free_text: bool = False
    filter: bool = False
    required: bool = False
    length: int = 200
    values: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()  # lengths of the levels of a hierarchical code above the last: section, division …
    basis: str = ""
    standard: str = ""
    sensitive: bool = False  # PIPL art. 28
    pseudonym: bool = False  # of the log; shown as the pseudonym of an engagement
    platform: bool = False  # made on the platform, by mutations; intake neither brings nor touches it
    derived: bool = False  # computed by PostgreSQL from other columns when read; has no column of its own

    @property
    def column(self) -> str:
        """The snake_case name of its column (of its forms: ``_sealed``, ``_masked``, ``_index``, ``_released``)."""
        return snake(self.name)


@dataclass(frozen=True, slots=True)
class Part:
    """A GraphQL object inside a row: ``legalRepresentative { name idNumber phone }``. Columns carry its name in front."""

    name: str
    zh: str
    en: str
    fields: tuple[Field, ...]

    def column(self, inner: Field) -> str:
        """The column of one of its fields."""
        return f"{snake(self.name)}_{inner.column}"

    def type_name(self, owner: "Kind") -> str:
        """Its GraphQL type, the same in the schema of every role: ``EnterpriseLegalRepresentative``."""
        return owner.type_name + self.name[:1].upper() + self.name[1:]


@dataclass(frozen=True, slots=True)
class Link:
    """A GraphQL field that leads to rows of another kind: ``penalties`` (many) or ``provider`` (one)."""

    name: str
    kind: str
    zh: str
    en: str
    many: bool
    connection: bool = False  # many: a Relay connection; otherwise a plain list
    group: str = ""  # one: the policy group of the reference itself; many: the target kind's rows decide


class Owner(Enum):
    """Whose rows these are, hence how they are keyed."""

    SUBJECT = "subject"  # the row is a subject: key ``subject_id``
    RECORD = "record"  # the row belongs to a subject: key ``(subject_id, id)``
    NONE = "none"  # reference data: key ``code``


@dataclass(frozen=True, slots=True)
class Kind:
    """A record kind: one table, one GraphQL type, one policy noun."""

    name: str  # policy noun and table name: ``penalty``
    type_name: str  # GraphQL type: ``Penalty``
    plural: str  # connection field: ``penalties``
    zh: str
    en: str
    library: str  # 企业库, 个人库, 非企业法人库, 公共
    owner: Owner
    classes: tuple[SubjectClass, ...]
    standings: tuple[Standing, ...]
    fields: tuple[Field, ...]
    parts: tuple[Part, ...] = ()
    links: tuple[Link, ...] = ()
    natural_key: tuple[str, ...] = ()
    order: tuple[str, ...] = field(default=())  # newest first, by these fields, then by id
    group: str = ""  # the policy group of its rows
    node: bool = True  # has an opaque id and can be asked for by ``node``
    listed: tuple[SubjectClass, ...] = ()  # whose rows a list at the root may hold
    feed: tuple[SubjectClass, ...] = ()  # whose rows its public feed holds; none: it has no feed
    feed_by: str = "receivedAt"  # what the feed is ordered by: the platform publishes what it receives
    filed: bool = False  # its rows are made on the platform, by mutations, and never come by intake
    logged: bool = False  # its rows are made from the access log; their subjects are pseudonyms there
    part_of: str = ""  # the kind whose row each of its rows belongs to; its column ``<kind>_id`` names that row
    archived: bool = False  # its rows are what others were; the matter that opens them is a request to the archive
    reserved_by: str = ""  # the link whose target says whether rows are published; if not, they are MINOR
    owned_by: str = ""  # the field that names the institution whose rows they are: the relation OWN
    named_by: str = ""  # the filter by which rows of every class are found: an exact name is a look-up and no list

    def found_by(self, filters: Collection[str]) -> tuple[SubjectClass, ...]:
        """Whose rows a list at the root may hold under these filters."""
        return self.classes if self.named_by in filters else self.listed

    def coordinates(self) -> Iterator[tuple[str, str]]:
        """Every (coordinate, policy group) of this kind; the kind's own rows come first, as ``penalty``."""
        yield self.name, self.group
        for item in self.fields:
            yield f"{self.name}.{item.name}", item.group
        for part in self.parts:
            for item in part.fields:
                yield f"{self.name}.{part.name}.{item.name}", item.group
        for link in self.links:
            if not link.many:
                yield f"{self.name}.{link.name}", link.group


def snake(name: str) -> str:
    """``legalRepresentative`` → ``legal_representative``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
