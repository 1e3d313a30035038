"""What is said of a file that came in: the receipt of its batch, and the rows that were refused."""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.catalogue.checks import Checked
from gateway.catalogue.fields import Sealing
from gateway.intake.files import Cells
from gateway.intake.layouts import Layout, named_fields
from gateway.vault.masks import masked

HIDDEN = "（略）"
FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet would run


@dataclass(slots=True)
class Receipt:
    """The counts of one file. ``rows`` = accepted + unchanged + replaced + rejected + quarantined."""

    batch: str
    file: str
    digest: str  # SHA-256, hex
    encoding: str
    kind: str
    department: str | None
    rows: int = 0
    accepted: int = 0
    unchanged: int = 0
    replaced: int = 0
    rejected: int = 0
    quarantined: int = 0
    timely: int = 0
    late: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def told(self) -> str:
        """One line for a person."""
        due = self.timely + self.late
        share = f"{100 * self.timely // due}% within 7 working days" if due else "no decision dates"
        counts = (
            f"{self.accepted} accepted, {self.replaced} new versions, {self.unchanged} unchanged, "
            f"{self.rejected} rejected, {self.quarantined} quarantined"
        )
        origin = f"batch {self.batch}, SHA-256 {self.digest[:16]}…"
        return f"{self.file}: {self.kind}, {self.encoding}, {self.rows} rows: {counts}; {share}; {origin}"


class Rejects:
    """The rejects file: line, every reason, and the cells as they came, personal ones masked, texts left out.

    It is written beside its name and put in place when the intake is committed; nothing is left of one that was not.
    """

    def __init__(self, path: Path, layout: Layout, head: Sequence[str]) -> None:
        """``path``: where it is to stand."""
        self._path = path
        self._waiting = path.with_name(f".{path.name}.{os.getpid()}")
        self._layout = layout
        self._rows: list[list[str]] = []
        self._head = ["行号", "原因", *head]
        self._fields = dict(named_fields(layout.kind))

    def add(self, row: Checked, cells: Cells) -> None:
        """One row that was refused."""
        reasons = "; ".join(f"{name or '行'}: {rule}" for name, rule in row.faults)
        self._rows.append([str(row.line), reasons, *self._shown(cells)])

    def write(self) -> None:
        """Write it beside its place, before the intake is committed: a full disk then leaves nothing loaded."""
        if self._rows:
            with self._waiting.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(self._head)
                writer.writerows(self._rows)

    def place(self) -> None:
        """Put it in its place; if no row was refused, an old one goes."""
        if self._rows:
            self._waiting.replace(self._path)
        else:
            self._path.unlink(missing_ok=True)

    def drop(self) -> None:
        """Leave nothing of it: the intake failed."""
        self._waiting.unlink(missing_ok=True)

    def _shown(self, cells: Cells) -> Iterator[str]:
        named = dict(self._layout.places)
        for at, text in enumerate(cells):
            item = self._fields.get(named.get(at, ""))
            if not text or (item is not None and item.sealing is Sealing.NEVER and not item.free_text):
                yield f"'{text}" if text.startswith(FORMULA) else text
            elif item is not None and item.mask is not None:
                yield masked(item.mask, text)
            else:
                yield HIDDEN
