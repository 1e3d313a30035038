"""One row of a file → an item of the catalogue, or everything that is wrong with it at once.

What a value must fulfil stands in ``catalogue.checks``, which decisions on cases ask too; here is what files add to
it: columns, how words are written, what must be there.
"""

import unicodedata
from datetime import date

from gateway.catalogue.checks import Checked, Together, cell
from gateway.catalogue.fields import Type
from gateway.intake.files import Cells
from gateway.intake.layouts import Layout, named_fields
from gateway.intake.spellings import spelled

OPEN_END = date(2099, 12, 31)  # how the standard writes "no end"
KEPT = 1_000  # cells of a column whose meaning is kept


class Checker:
    """Checks rows of one layout. ``today``: the day in Beijing on which they came."""

    def __init__(self, layout: Layout, today: date) -> None:
        """Everything that does not depend on a row is worked out here."""
        self._layout = layout
        self._width = layout.width
        empty: list[dict[str, Checked]] = [{} for _ in layout.places]
        self._columns = [(at, name, kept) for (at, name), kept in zip(layout.places, empty, strict=True)]
        self._fields = dict(named_fields(layout.kind))
        self._words = {name: spelled(item) for name, item in self._fields.items() if item.type is Type.CODE}
        self._required = [name for name, item in self._fields.items() if item.required]
        self._together = Together(layout.kind, today, layout.absent)

    def row(self, line: int, cells: Cells) -> Checked:
        """Look at one row."""
        found = Checked(line)
        for at, name, kept in self._columns:
            text = cells[at] if at < len(cells) else ""
            if not text:
                continue
            seen = kept.get(text)
            if seen is None:
                seen = self._look(name, text, kept)
            if seen.item:
                found.item |= seen.item if name in seen.item else {**seen.item, **found.item}
            if seen.faults or seen.flags:
                found.faults += seen.faults
                found.flags += seen.flags
        if len(cells) > self._width and any(one.strip() for one in cells[self._width :]):
            found.faults.append(("", "has more cells than the head has columns"))
        self._whole(found)
        return found

    def _look(self, name: str, raw: str, kept: dict[str, Checked]) -> Checked:
        """One cell by itself. Most columns say the same again and again, so what was found is kept for a while."""
        seen = Checked(0)
        text = raw.strip() if raw.isascii() else unicodedata.normalize("NFC", raw).strip()
        if text:
            cell(seen, name, self._fields.get(name), self._words.get(name, {}), text)
        if len(kept) >= KEPT:
            kept.clear()
        kept[raw] = seen
        return seen

    # --- what concerns more than one column ---

    def _whole(self, found: Checked) -> None:
        item = found.item
        if item.get("subjectUscc") == "":
            del item["subjectUscc"]
        self._together.penalty(found)
        if self._layout.old:
            self._old(found)
        self._together.persons(found)
        wrong = {name for name, _ in found.faults}
        for name in self._required:
            if item.get(name) is None and name not in wrong:
                standard = self._fields[name].standard
                if name in self._layout.absent and not standard and self._layout.kind.name == "penalty":
                    found.doubts.append("CLASSIFICATION_UNKNOWN")  # the standard has no column for it
                else:
                    found.faults.append((name, "is required"))
        self._together.days(found)
        found.doubts = list(dict.fromkeys(found.doubts))

    def _old(self, found: Checked) -> None:
        """What files before 2018 had no column for and what stands in for it."""
        item = found.item
        for name, other in (("sourceUnit", "organ"), ("organCode", "sourceUnitCode"), ("sourceUnitCode", "organCode")):
            if item.get(name) is None and item.get(other) is not None:
                item[name] = item[other]
        if item.get("validUntil") is None:
            item["validUntil"] = OPEN_END
