"""What an action may ask of the vault on behalf of one caller; and how an old version of a row is made with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.catalogue.fields import Kind, SubjectClass
from gateway.catalogue.kinds import KINDS
from gateway.rights.superseded import Open, Present, Seal
from gateway.vault.rows import Cell, Place, Shape, Value, guard_of, tombstone_of
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Keeper:
    """The vault for one caller; ``reader`` is whose ids it can read: client or principal."""

    vault: Vault
    reader: str

    def read_id(self, text: str) -> tuple[Kind, int] | None:
        """The kind and row that an opaque id of this caller names; None for any other text."""
        found = self.vault.read_node_id(text, self.reader)
        if found is None or found[0] >= len(KINDS):
            return None
        return KINDS[found[0]], found[1]

    def write_id(self, kind: Kind, row: int, subject_class: str) -> str:
        """The opaque id of a row for this caller."""
        return self.vault.node_id(KINDS.index(kind), row, subject_class == SubjectClass.PERSON.value, self.reader)

    def new_key(self, subject: int) -> bytes:
        """A new wrapped key for a subject."""
        return self.vault.new_subject_key(subject)

    def seal(self, wrapped: bytes, subject: int, place: tuple[str, str, int], text: str) -> bytes:
        """Seal a text under the subject's key; ``place`` is kind, column and row."""
        return self.vault.seal(self.vault.unwrap(wrapped, subject), *place, text)

    def open(self, wrapped: bytes, subject: int, place: tuple[str, str, int], sealed: bytes) -> str:
        """The text that was sealed there."""
        return self.vault.open(self.vault.unwrap(wrapped, subject), *place, sealed)

    def cells(
        self, wrapped: bytes, subject: tuple[int, str], place: tuple[Kind, str, int], value: Value
    ) -> Mapping[str, Cell]:
        """The columns of one value; ``subject`` is its id and class, ``place`` kind, name of the field and row."""
        kind, name, row = place
        number, owned = subject
        at = Place(number, SubjectClass(owned), self.vault.unwrap(wrapped, number), row)
        return Shape(kind, self.vault).one(at, name, value)

    def guard(self, kind: str, field: str, value: Value) -> bytes:
        """The keyed form in which a guard keeps a value that was refused."""
        return guard_of(self.vault, kind, field, value)

    def tombstone(self, kind: str, subject: int, natural: Sequence[str]) -> bytes:
        """The keyed form in which a record that was erased is known again, by its natural key."""
        return tombstone_of(self.vault, kind, subject, natural)

    def claim(self, code: str = "") -> tuple[str, bytes]:
        """A claim code (a new one, if none is given) and its keyed hash."""
        code = code or self.vault.claim_code()
        return code, self.vault.blind_index("case", "claim", code)

    def blind_index(self, kind: str, column: str, normalized: str) -> bytes:
        """By what a sealed value is looked up."""
        return self.vault.blind_index(kind, column, normalized)

    def draw(self, count: int) -> bytes:
        """So many bytes that nobody can foresee."""
        return self.vault.draw(count)

    def person(self, id_number: str, name: str) -> tuple[bytes, bytes]:
        """The blind indexes by which a person is found: of the ID number and of the name, both normalized."""
        return self.vault.blind_index("person", "id_number", id_number), self.vault.blind_index("person", "name", name)

    def asked(self, index: bytes) -> str:
        """By what the log names whoever has this blind index of an ID number, whether there is such a person or not."""
        return self.vault.asked_person(index)


def hands(vault: Vault, old: Present) -> tuple[Open, Seal]:
    """How the values of a row are opened, and sealed in another place, under the key of its subject."""
    key = vault.unwrap(old.wrapped, old.subject)

    def opened(place: tuple[str, str, int], sealed: bytes) -> str:
        return vault.open(key, *place, sealed)

    def sealed(place: tuple[str, str, int], text: str) -> bytes:
        return vault.seal(key, *place, text)

    return opened, sealed
