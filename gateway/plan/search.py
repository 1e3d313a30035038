"""Subjects whose name contains a text: by the index of bigrams where they are few, along the keys where they are many.

A text that many names hold (有限公司) would make the index give back most of the table, to be sorted for one page.
Whether it is such a text is found out first, and counted no further than ``MANY``; then the page is read in key order,
and what is wanted comes soon because it is frequent. Either way the text itself is looked for in every candidate: its
pairs of characters may stand apart.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, array

from gateway.catalogue.lists import CONTAINS, RootList
from gateway.plan.cells import Row
from gateway.plan.fragment import Expression, Query, TableAlias, literal
from gateway.plan.ground import Ground, parameter
from gateway.store.tables import table

MANY = 1000

_ONE = sa.literal_column("1", sa.Integer())


def holding(row: Row, listed: RootList, others: list[str], slot: int | None, paged: bool, ground: Ground) -> Expression:
    """Whether a row is on the wanted page of those whose name contains the text and that fit the other filters."""
    found = table(row.kind).alias("found")
    narrowed = [
        _held(found, listed, (CONTAINS, *others)),
        *(equal(found, listed, key) for key in others),
    ]
    if paged:
        narrowed.append(found.c.subject_id > parameter(f"after_{slot}"))
    many = ground.flag("many", _many(row, listed))
    page = parameter(f"first_{slot}") + _ONE
    text = sa.func.strpos(found.c.name_search, parameter(f"filter.{CONTAINS}")) > sa.literal_column("0")
    indexed = found.c.name_grams.contains(sa.bindparam("grams", type_=ARRAY(sa.Text)))
    # ``offset 0``: with a limit in sight PostgreSQL would walk the keys here too, in the hope of meeting a match soon.
    few = sa.select(found.c.subject_id).where(indexed, text, *narrowed).offset(sa.literal_column("0")).subquery("few")
    by_index = sa.select(few.c.subject_id).where(sa.not_(many)).order_by(few.c.subject_id).limit(page)
    by_key = sa.select(found.c.subject_id).where(many, text, *narrowed).order_by(found.c.subject_id).limit(page)
    both = sa.union_all(by_index, by_key).subquery("either")
    keys: Query = sa.select(both.c.subject_id)
    return row.table.c.subject_id == sa.any_(sa.func.array(keys.scalar_subquery(), type_=ARRAY(sa.BigInteger())))


def equal(found: TableAlias, listed: RootList, key: str) -> Expression:
    """Whether a row has the value of a filter, or lies below it."""
    name, level = listed.narrowed(key)
    column: Expression = found.c[name]
    if level is not None:
        column = sa.func.left(column, sa.literal_column(str(level)))
    if isinstance(column.type, ARRAY):
        return column.contains(array([parameter(f"filter.{key}")]))
    return column == _typed(key, column)


def _typed(key: str, column: Expression) -> Expression:
    """The value of a filter, of the type of its column where that is not text."""
    value = parameter(f"filter.{key}")
    return sa.cast(value, sa.Date()) if isinstance(column.type, sa.Date) else value


def _many(row: Row, listed: RootList) -> Expression:
    """Whether more than MANY names hold all the bigrams."""
    found = table(row.kind).alias("counted")
    indexed = found.c.name_grams.contains(sa.bindparam("grams", type_=ARRAY(sa.Text)))
    held = _held(found, listed, (CONTAINS,))  # as the index has it
    some = sa.select(_ONE.label("one")).where(indexed, held).limit(sa.literal_column(str(MANY + 1))).subquery("some")
    counted: Query = sa.select(sa.func.count()).select_from(some)
    return counted.scalar_subquery() > sa.literal_column(str(MANY))


def _held(found: TableAlias, listed: RootList, filters: tuple[str, ...]) -> Expression:
    return found.c.subject_class.in_([literal(one.value) for one in listed.classes(filters)])
