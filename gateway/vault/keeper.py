"""What an action may ask of the vault, on behalf of one caller."""

from dataclasses import dataclass

from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import KINDS
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

    def new_key(self, subject: int) -> bytes:
        """A new wrapped key for a subject."""
        return self.vault.new_subject_key(subject)

    def seal(self, wrapped: bytes, subject: int, place: tuple[str, str, int], text: str) -> bytes:
        """Seal a text under the subject's key; ``place`` is kind, column and row."""
        return self.vault.seal(self.vault.unwrap(wrapped, subject), *place, text)
