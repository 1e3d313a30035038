"""What samples, seeds and the loader hand to each other: rows as plain dicts, not yet sealed."""

from dataclasses import dataclass
from datetime import datetime

from gateway.catalogue.fields import SubjectClass
from gateway.vault.rows import Item


@dataclass(frozen=True, slots=True)
class Record:
    """A row that belongs to a subject. ``kind`` is a name of the catalogue."""

    kind: str
    item: Item


@dataclass(frozen=True, slots=True)
class Subject:
    """A row that is a subject, and its identifiers (items of kind ``identifier``)."""

    kind: str
    subject_class: SubjectClass
    item: Item
    identifiers: tuple[Item, ...] = ()

    def text(self, name: str) -> str:
        """The text of a field, "" if it is not given."""
        value = self.item.get(name)
        return value if isinstance(value, str) else ""


def released(name: str, text: str, at: datetime, by: str) -> Item:
    """The released form of the free text ``name``."""
    return {f"{name}.released": text, f"{name}.released_at": at, f"{name}.released_by": by}
