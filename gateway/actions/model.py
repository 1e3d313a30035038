"""The shape of an action: what it is given, where it happens, what it leaves behind."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import NamedTuple, Protocol, TypeAlias

from gateway.catalogue.fields import Kind
from gateway.errors import Fault
from gateway.rights.clocks import Deadline
from gateway.store.sessions import Session
from gateway.values import ActionName, Caller, Check, Visibility

Value: TypeAlias = bytes | str | bool | int | date | datetime | Decimal | None
Cells: TypeAlias = Mapping[str, Value | list[str]]  # column -> what is stored
Given: TypeAlias = Mapping[str, object]  # the arguments, of the types of the schema
Path: TypeAlias = tuple[str, ...]


class Keys(Protocol):
    """What an action may ask of the vault, on behalf of one caller."""

    def read_id(self, text: str) -> tuple[Kind, int] | None:
        """The kind and row that an opaque id of this caller names."""
        ...

    def write_id(self, kind: Kind, row: int, subject_class: str) -> str:
        """The opaque id of a row for this caller."""
        ...

    def new_key(self, subject: int) -> bytes:
        """A new wrapped key for a subject."""
        ...

    def seal(self, wrapped: bytes, subject: int, place: tuple[str, str, int], text: str) -> bytes:
        """Seal a text under the subject's key; ``place`` is kind, column and row."""
        ...

    def open(self, wrapped: bytes, subject: int, place: tuple[str, str, int], sealed: bytes) -> str:
        """The text that was sealed there."""
        ...

    def cells(self, wrapped: bytes, subject: tuple[int, str], place: tuple[Kind, str, int], value: Value) -> Cells:
        """The columns of one value; ``subject`` is its id and class, ``place`` kind, name of the field and row."""
        ...

    def guard(self, kind: str, field: str, value: Value) -> bytes:
        """The keyed form in which a guard keeps a value that was refused."""
        ...

    def tombstone(self, kind: str, subject: int, natural: Sequence[str]) -> bytes:
        """The keyed form in which a record that was erased is known again, by its natural key."""
        ...

    def claim(self, code: str = "") -> tuple[str, bytes]:
        """A claim code (a new one, if none is given) and its keyed hash."""
        ...

    def blind_index(self, kind: str, column: str, normalized: str) -> bytes:
        """By what a sealed value is looked up."""
        ...

    def draw(self, count: int) -> bytes:
        """So many bytes that nobody can foresee."""
        ...

    def person(self, id_number: str, name: str) -> tuple[bytes, bytes]:
        """The blind indexes by which a person is found: of the ID number and of the name, both normalized."""
        ...

    def asked(self, index: bytes) -> str:
        """By what the log names whoever has this blind index of an ID number, whether there is such a person or not."""
        ...


class Entered(NamedTuple):
    """An entry of the log about a subject that the caller is or acts for: its place, and who made it."""

    shard: int
    number: int
    subject: int
    institution: str  # may be empty
    unit: str  # code of a department; may be empty
    officer: str  # principal; may be empty


class Signatures(Protocol):
    """Who believes an electronic signature."""

    def signer(
        self, certificate: bytes, signature: bytes, text: bytes, moments: Sequence[datetime]
    ) -> tuple[str, str, str, str] | None:
        """Who signed ``text``, by a certificate (DER) that is good at each of ``moments``.

        Name and number, then the issuer and the serial number of the certificate.
        """
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """Who acts, when, and what they may know."""

    caller: Caller
    now: datetime
    today: date  # in Beijing
    visibility: Visibility
    keys: Keys
    entry: Callable[[str, int], Awaitable[Entered | None]]  # by origin and index, if it is about the caller's own
    ask: Callable[[str, Mapping[str, object]], Awaitable[bytes]]  # a query through the same door, as the caller
    signatures: Signatures
    private: bool = False  # webhooks may go to addresses that are not public
    scans: int = 0  # scanned consents that an institution may register in a day


@dataclass(frozen=True, slots=True)
class Done:
    """What an action has done, before anybody knows whether it will last.

    ``rows`` maps a kind to (row, version) pairs, for the log; ``checks`` must still hold when it is committed.
    """

    row: int | None  # of the kind that the action gives; None: nothing that has an id
    personal: bool  # it is a natural person's
    state: StrEnum
    deadline: Deadline | None
    subjects: tuple[int, ...]
    rows: Mapping[str, tuple[tuple[int, int], ...]]
    held: int  # bits of Relation
    checks: tuple[Check, ...]
    kind: str = ""  # of ``row``, where the action gives no kind of its own
    code: str = ""  # by which whoever has no name finds it again
    answer: str = ""  # what was decided, for whom no other way leads to it
    request: str = ""  # what is still asked of them, likewise
    asked: tuple[str, ...] = ()  # pseudonyms of whom was asked for, whether they are there or not


Apply: TypeAlias = Callable[[Session], Awaitable[Done]]


class InputType(Enum):
    """How an argument travels."""

    ID = "ID"
    STRING = "String"
    WORD = "enum"  # one of ``Input.words``
    BOOLEAN = "Boolean"
    STRINGS = "[String!]"
    PURPOSES = "[Purpose!]"


@dataclass(frozen=True, slots=True)
class Input:
    """One argument, or one member of an argument that is an object."""

    name: str
    type: InputType
    en: str
    zh: str
    required: bool = False
    words: tuple[str, ...] = ()
    words_type: str = ""  # the GraphQL enum of the words


@dataclass(frozen=True, slots=True)
class OneOf:
    """An argument that is an object with exactly one of its members."""

    name: str
    type_name: str
    en: str
    zh: str
    members: tuple[Input, ...]


class Gives(Enum):
    """Which receipt an action gives: its GraphQL type; :attr:`kind` says of which catalogue kind it tells."""

    CASE = "CaseReceipt"
    REPORT = "ReportReceipt"
    WATCH = "WatchReceipt"
    NOTICE = "NoticeReceipt"
    CONSENT = "ConsentReceipt"
    FREEZE = "FreezeReceipt"
    RELEASE = "ReleaseReceipt"
    BINDING = "BindingReceipt"
    MANDATE = "MandateReceipt"

    @property
    def kind(self) -> str:
        """The kind whose row it tells of: opaque id, state, deadline, rule.

        None of a watch, a freeze and a binding, which are no kinds, nor of a release, which tells of a record of any
        kind (:attr:`Done.kind`).
        """
        match self:
            case Gives.WATCH | Gives.FREEZE | Gives.RELEASE | Gives.BINDING:
                return ""
            case Gives.REPORT:
                return "case"
            case _:
                return str(self.value).removesuffix("Receipt").lower()


@dataclass(frozen=True, slots=True)
class Action:
    """One mutation.

    ``begin`` checks the input without waiting (BadInput with every fault, each below ``path``) and gives what is to be
    done in a transaction. That raises BadInput for what only the rows can tell, in the same words whatever the reason.
    """

    name: ActionName
    en: str
    zh: str
    inputs: tuple[Input | OneOf, ...]
    begin: Callable[[Scene, Given, Path], Apply]
    gives: Gives = Gives.CASE


def fault(path: Path, name: str, rule: str) -> Fault:
    """A fault of one argument."""
    return Fault((*path, name), rule)
