"""A world that differs from another only in what a caller may not see: to be told apart by nobody.

Whatever a row withholds is replaced: a plain value by another one, a sealed one by bytes that no key opens. Words, days
and marks stay as they are: the law makes a row's class, place and ties of them, and so what may be seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa

from gateway.catalogue.fields import Field, Owner, Sealing, Type
from gateway.catalogue.kinds import BY_NAME
from gateway.store.core import execute
from gateway.store.tables import table
from tests.reference_gateway import Side
from tests.reference_policy import CLEAR, MASKED, RELEASED
from tests.reference_rows import Eyes, Row, has_mask

OTHER_TEXT, OTHER_NUMBER, SEALED = "别样", 7, b"\x00" * 48
# By an identifier or a case it is decided whom one asks about and who is tied to them; figures are of nobody.
_APART = frozenset({"identifier", "case", "withdrawal", "figure"})

Columns: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """The columns of one row that are given other values."""

    row: Row
    columns: Columns


def changes(rows: Iterable[Row], looks: Sequence[Eyes]) -> Iterator[Change]:
    """Of each row everything that under none of these looks is seen."""
    for row in rows:
        kind = BY_NAME[row.kind]
        if kind.name in _APART or kind.owner is Owner.NONE:
            continue
        named = [(item.name, item.column, item) for item in kind.fields]
        named += [(f"{part.name}.{item.name}", part.column(item), item) for part in kind.parts for item in part.fields]
        found: Columns = {}
        for name, column, item in named:
            levels = {eyes.level(row, f"{kind.name}.{name}", item) for eyes in looks if eyes.shows(row)}
            found |= _hidden(row, item, column, levels)
            if name == kind.named_by and column in found:
                found |= {f"{column}_search": OTHER_TEXT, f"{column}_grams": [OTHER_TEXT]}
        if found:
            yield Change(row, found)


def _hidden(row: Row, item: Field, column: str, levels: set[str]) -> Columns:
    """The forms of one field that nobody is shown, with other values; what is empty stays empty."""
    if item.derived or item.type not in (Type.TEXT, Type.DECIMAL) or CLEAR in levels:
        return {}
    found: Columns = {}
    if item.free_text:
        found[f"{column}_sealed"] = SEALED
        if RELEASED not in levels:
            found[f"{column}_released"] = OTHER_TEXT
        return found
    persons = item.sealing is Sealing.PERSONS and row.subject_class == "person"
    if item.sealing is Sealing.ALWAYS or persons:
        found[f"{column}_sealed"] = SEALED
    else:
        found[column] = OTHER_NUMBER if item.type is Type.DECIMAL else OTHER_TEXT[: item.length]
    if item.mask is not None and has_mask(row, item) and MASKED not in levels:
        found[f"{column}_masked"] = OTHER_TEXT
    return found


@contextmanager
def otherwise(side: Side, made: Sequence[Change]) -> Iterator[int]:
    """The database with these changes, for a while; how many values are really others."""
    with side.owner.transaction():
        before = [(change.row, _replaced(side, change)) for change in made]
    try:
        yield sum(len(old) for _, old in before)
    finally:
        with side.owner.transaction():
            for row, old in before:
                _write(side, row, old)


def _replaced(side: Side, change: Change) -> Columns:
    """What stood there before."""
    target = table(BY_NAME[change.row.kind])
    names = [*change.columns]
    asked = sa.select(*(target.c[name] for name in names)).where(target.c.subject_id == change.row.subject)
    if "id" in target.c:
        asked = asked.where(target.c.id == change.row.id)
    text = str(asked.compile(compile_kwargs={"literal_binds": True}))
    found = side.owner.execute(text.encode()).fetchone()
    assert found is not None
    old = {name: value for name, value in zip(names, found, strict=True) if value is not None}
    _write(side, change.row, {name: change.columns[name] for name in old})
    return old


def _write(side: Side, row: Row, columns: Mapping[str, object]) -> None:
    target = table(BY_NAME[row.kind])
    if not columns:
        return
    told = sa.update(target).where(target.c.subject_id == row.subject).values(**columns)
    execute(side.owner, told.where(target.c.id == row.id) if "id" in target.c else told)
