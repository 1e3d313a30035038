"""Small pieces of a row's JSON: its class and key, opaque ids, what matched, the order of lists."""

from collections.abc import Iterator

import sqlalchemy as sa

from gateway.catalogue.fields import Standing, SubjectClass, snake
from gateway.catalogue.kinds import KINDS
from gateway.plan.cells import Row, standing
from gateway.plan.fragment import MARK, NULL, TEXT, Expression, Piece, TableAlias, literal
from gateway.plan.ground import parameter
from gateway.store.tables import SUBJECT_KEY
from gateway.values import Selected


def class_of(row: Row) -> Iterator[Piece]:
    """``legal/ordinary``: the class of a row, as a marker tells it."""
    subjects = row.subjects()
    yield next(iter(subjects)).value if len(subjects) == 1 else row.table.c.subject_class
    yield "/"
    state = standing(row)
    yield state.value if isinstance(state, Standing) else state


def key_marker(row: Row) -> Iterator[Piece]:
    """The wrapped key of the row's subject, in front of everything sealed under it."""
    wrapped = sa.select(sa.func.encode(SUBJECT_KEY.c.wrapped, literal("hex"), type_=TEXT))
    found = wrapped.where(SUBJECT_KEY.c.subject_id == row.table.c.subject_id).correlate(row.table).scalar_subquery()
    yield from (f"{MARK}k", row.table.c.subject_id, ",", found, MARK)


def personal(row: Row) -> Piece:
    """Whether the row's subject is a natural person, whose ids differ by consumer: ``1`` or ``0``."""
    subjects = row.subjects()
    if SubjectClass.PERSON not in subjects:
        return "0"
    if len(subjects) == 1:
        return "1"
    return sa.case((row.table.c.subject_class == literal(SubjectClass.PERSON.value), literal("1")), else_=literal("0"))


def opaque(what: str, row: Row) -> Iterator[Piece]:
    """A node id (``i``) or a cursor (``c``), written in step 6."""
    yield from (f"{MARK}{what}{KINDS.index(row.kind)},", row.key, ",", personal(row), MARK)


def matched_by(identifier: TableAlias | None, selected: tuple[Selected, ...]) -> Iterator[Piece]:
    """Which identifier a look-up went through; null for rows that were not looked up by one."""
    if identifier is None:
        yield NULL
        return
    members: list[list[Piece]] = []
    for child in selected:
        head = f'"{child.key}":'
        match child.name:
            case "kind":
                members.append([f'{head}"', identifier.c.kind, '"'])
            case "historical":
                gone = sa.and_(identifier.c.valid_until.is_not(None), identifier.c.valid_until < parameter("today"))
                members.append([head, sa.cast(gone, TEXT)])
            case "conflicting":
                members.append([head, sa.cast(identifier.c.conflicting, TEXT)])
            case _:
                members.append([f'{head}"{child.on}"'])
    yield from ("{", *comma(members), "}")


def newest(row: Row, order: tuple[str, ...] | None = None) -> list[Expression]:
    """The order of a list: newest first by the given dates or those of the kind; without any by key."""
    dates = row.kind.order if order is None else order
    if not dates:
        return [row.key]
    return [*[sa.desc(row.table.c[snake(name)]) for name in dates], sa.desc(row.table.c.id)]


def comma(members: list[list[Piece]]) -> Iterator[Piece]:
    """Members of an object, with commas between."""
    for at, member in enumerate(members):
        if at:
            yield ","
        yield from member
