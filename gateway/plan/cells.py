"""One field of one row as JSON text: which form of it, for which rows.

A form that no row may show does not occur in the statement; one that some rows may show stands in a CASE that admits
exactly those rows. Everything else is ``null``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from gateway.catalogue.fields import Field, Kind, Owner, Sealing, Standing, SubjectClass, snake
from gateway.catalogue.kinds import KINDS
from gateway.plan.fragment import MARK, NULL, TEXT, Expression, TableAlias, joined, json_text, literal, quoted, scalar
from gateway.plan.ground import Ground, parameter, today
from gateway.store.consent_tables import CONSENT_USE
from gateway.store.log_tables import LOG_ENTRY
from gateway.store.tables import CURRENT_STATUSES
from gateway.values import Condition, FieldDecision, Grant, Level, RowClass

_UNSETTLED = "{kind}.{name} has no derivation"


@dataclass(frozen=True, slots=True)
class Row:
    """The row in scope while its JSON is built: its kind, its table under an alias, and the classes it can have."""

    kind: Kind
    table: TableAlias
    classes: tuple[RowClass, ...]

    @property
    def key(self) -> Expression:
        """What its values are bound to: the record id, or the subject id of a subject."""
        return self.table.c.subject_id if self.kind.owner is Owner.SUBJECT else self.table.c.id

    def subjects(self) -> frozenset[SubjectClass]:
        """The subject classes the row can have here."""
        return frozenset(SubjectClass(one.partition("/")[0]) for one in self.classes)


@dataclass(slots=True)
class Openable:
    """The (kind, column) pairs that markers may name, numbered as they are first used."""

    pairs: list[tuple[str, str]] = field(default_factory=list)

    def number(self, kind: str, column: str) -> int:
        """The number of a pair."""
        pair = (kind, column)
        if pair not in self.pairs:
            self.pairs.append(pair)
        return self.pairs.index(pair)


def current(row: TableAlias) -> Expression:
    """Still disclosed (never null): in force, within its windows of publication and retention, not off its list."""
    statuses = [literal(word) for word in CURRENT_STATUSES]
    windows = [
        sa.or_(row.c.published_until.is_(None), row.c.published_until >= today()),
        sa.or_(row.c.retained_until.is_(None), row.c.retained_until >= today()),
    ]
    if "exited_on" in row.c:
        windows.append(sa.or_(row.c.exited_on.is_(None), row.c.exited_on > today()))
    return sa.and_(row.c.status.in_(statuses), *windows)


def ended(row: TableAlias) -> Expression:
    """Row 33 of the policy table: repaired, revoked, withdrawn, publication or retention over."""
    return sa.not_(current(row))


def standing(row: Row) -> Expression | Standing:
    """The standing of a row: a constant where it can only be one, otherwise computed."""
    possible = {Standing(one.partition("/")[2]) for one in row.classes}
    if len(possible) == 1:
        return possible.pop()
    arms: list[tuple[Expression, Expression]] = []
    if Standing.ENDED in possible:
        arms.append((ended(row.table), literal(Standing.ENDED.value)))
    if Standing.MINOR in possible:
        arms.append((row.table.c.minor, literal(Standing.MINOR.value)))
    return sa.case(*arms, else_=literal(Standing.ORDINARY.value))


def in_class(row: Row, wanted: frozenset[RowClass]) -> Expression | None:
    """Whether the row, which is of one of ``row.classes``, is of one of the ``wanted`` ones; None = surely."""
    if wanted >= frozenset(row.classes):
        return None
    by_standing: dict[Standing, set[str]] = {}
    for one in wanted:
        subject, _, name = one.partition("/")
        by_standing.setdefault(Standing(name), set()).add(subject)
    arms = []
    for state in sorted(by_standing, key=lambda one: one.value):
        parts = [*_is_standing(row, state), *_is_subject(row, by_standing[state])]
        arms.append(sa.and_(*parts) if parts else sa.true())
    return sa.or_(*arms)


def _is_subject(row: Row, wanted: set[str]) -> Iterator[Expression]:
    possible = {one.value for one in row.subjects()}
    if not wanted >= possible:
        words = [literal(word) for word in sorted(wanted)]
        yield row.table.c.subject_class == words[0] if len(words) == 1 else row.table.c.subject_class.in_(words)


def _is_standing(row: Row, wanted: Standing) -> Iterator[Expression]:
    possible = {Standing(one.partition("/")[2]) for one in row.classes}
    if possible == {wanted}:
        return
    if wanted is Standing.ENDED:
        yield ended(row.table)
        return
    if Standing.ENDED in possible:
        yield current(row.table)
    if Standing.MINOR in row.kind.standings:
        yield row.table.c.minor if wanted is Standing.MINOR else sa.not_(row.table.c.minor)


def cell(row: Row, item: Field, column: str, decision: FieldDecision, ground: Ground, openable: Openable) -> Expression:
    """The JSON of one field under its decision."""

    def form(narrowed: Row, level: Level) -> Expression:
        return _form(narrowed, item, column, level, openable)

    return _guarded(row, decision, form, ground)


def guarded(row: Row, decision: FieldDecision, target: Expression, ground: Ground) -> Expression:
    """``target`` where the decision is CLEAR, ``null`` elsewhere."""
    return _guarded(row, decision, lambda _, level: target if level is Level.CLEAR else literal(NULL), ground)


def _guarded(row: Row, decision: FieldDecision, form: Callable[[Row, Level], Expression], ground: Ground) -> Expression:
    arms: list[tuple[Expression | None, Expression]] = []
    for grants, classes in _alike(row, decision):
        narrowed = Row(row.kind, row.table, tuple(sorted(classes)))
        where = in_class(row, classes)
        for grant in grants:
            held = ground.condition(grant.condition, row.kind, row.table)
            parts = [part for part in (where, held) if part is not None]
            arms.append((sa.and_(*parts) if parts else None, form(narrowed, grant.level)))
            if grant.condition is Condition.ALWAYS:
                break
    if not arms:
        return literal(NULL)
    if arms[0][0] is None:
        return arms[0][1]
    certain = next((at for at, (where, _) in enumerate(arms) if where is None), None)
    cases = [(where, form) for where, form in arms[:certain] if where is not None]
    return sa.case(*cases, else_=literal(NULL) if certain is None else arms[certain][1])


def _alike(row: Row, decision: FieldDecision) -> Iterator[tuple[tuple[Grant, ...], frozenset[RowClass]]]:
    """Classes with the same levels under the same conditions, together; those without a grant are left out."""
    groups: dict[tuple[tuple[Level, Condition], ...], tuple[tuple[Grant, ...], set[RowClass]]] = {}
    for one in row.classes:
        grants = decision.cells.get(one, ())
        if grants:
            key = tuple((grant.level, grant.condition) for grant in grants)
            groups.setdefault(key, (grants, set()))[1].add(one)
    for grants, classes in groups.values():
        yield grants, frozenset(classes)


def _form(row: Row, item: Field, column: str, level: Level, openable: Openable) -> Expression:
    """One stored form of a value as JSON, or its marker if it must be opened."""
    columns = row.table.c
    if item.derived:
        return _derived(row, item)
    if item.pseudonym:
        marked = literal(f"{MARK}p").concat(columns[column]).concat(literal(MARK))  # null stays null
        return sa.func.coalesce(marked, literal(NULL), type_=TEXT)
    if level is Level.RELEASED:
        return json_text(columns[f"{column}_released"])
    if level is Level.MASKED:
        return json_text(columns[f"{column}_masked"])
    persons = row.subjects() == {SubjectClass.PERSON}
    if item.free_text or item.sealing is Sealing.ALWAYS or (item.sealing is Sealing.PERSONS and persons):
        return _sealed(row, column, openable)
    plain = scalar(item.type, columns[column])
    if item.sealing is Sealing.PERSONS and SubjectClass.PERSON in row.subjects():
        person = columns.subject_class == literal(SubjectClass.PERSON.value)
        return sa.case((person, _sealed(row, column, openable)), else_=plain)
    return plain


def _sealed(row: Row, column: str, openable: Openable) -> Expression:
    """The marker ``v``; null stays ``null`` because ``||`` with null is null."""
    number = openable.number(row.kind.name, column)
    sealed = row.table.c[f"{column}_sealed"]
    head = joined([f"{MARK}v{number},", row.table.c.subject_id, ",", row.key, ","])
    whole = head.concat(sa.func.encode(sealed, literal("hex"), type_=TEXT)).concat(literal(MARK))
    return sa.func.coalesce(whole, literal(NULL), type_=TEXT)


def _record_id(row: Row) -> Expression:
    """The opaque id of the row that a withdrawal, a case or an old version is about; null if a case is about none."""
    columns = row.table.c
    persons = SubjectClass.PERSON in row.subjects()
    person = columns.subject_class == literal(SubjectClass.PERSON.value)
    personal = sa.case((person, literal("1")), else_=literal("0")) if persons else "0"
    number = sa.case(
        *[
            (columns.record_kind == literal(kind.name), literal(str(at)))
            for at, kind in enumerate(KINDS)
            if _numbered(row.kind, kind) and not kind.filed
        ],
        else_=literal(""),
    )
    found = joined([f"{MARK}i", number, ",", columns.record_id, ",", personal, MARK])
    return (
        found
        if row.kind.feed or row.kind.archived
        else sa.case((columns.record_id.is_(None), literal(NULL)), else_=found)
    )


def _numbered(kind: Kind, of: Kind) -> bool:
    """Whether rows of ``kind`` may be about rows of another one."""
    return of.node if kind.archived else of.feed != () if kind.feed else Standing.ENDED in of.standings


def _changed_id(row: Row) -> Expression:
    """The opaque id of the record that a notice is about, as this reader knows it: a person's differs by reader."""
    columns = row.table.c
    number = sa.case(
        *[
            (columns.record_kind == literal(kind.name), literal(str(at)))
            for at, kind in enumerate(KINDS)
            if kind.node and not kind.filed and kind.owner is not Owner.NONE
        ],
        else_=literal(""),
    )
    person = sa.case((columns.subject_class == literal(SubjectClass.PERSON.value), literal("1")), else_=literal("0"))
    return joined([f"{MARK}i", number, ",", columns.record_id, ",", person, MARK])


def _of_entry(row: Row, name: str) -> Expression:
    """What the log itself holds of an entry; the salt of a body that was destroyed is gone too."""
    stored: Expression = LOG_ENTRY.c[name]
    if name == "body":
        text = sa.func.convert_from(stored, literal("UTF8"), type_=TEXT)
    else:
        hashed = sa.func.encode(sa.func.nullif(stored, sa.literal_column("''::bytea")), literal("base64"), type_=TEXT)
        text = sa.func.replace(hashed, sa.literal_column("E'\\n'"), literal(""), type_=TEXT)
    own, entry = row.table.c, LOG_ENTRY.c
    place = entry.shard == own.shard, entry.index == own.number, entry.month == own.month
    found = sa.select(sa.cast(sa.func.to_json(text), TEXT)).where(*place).correlate(row.table)
    return sa.func.coalesce(found.scalar_subquery(), literal(NULL), type_=TEXT)


def _mandate_state(row: Row) -> Expression:
    """Where a mandate stands now."""
    columns, now = row.table.c, parameter("now")
    late = sa.and_(columns.valid_from.is_(None), columns.verify_by < today())
    return sa.case(
        (columns.revoked_at.is_not(None), literal("REVOKED")),
        (sa.or_(columns.valid_until <= now, late), literal("ENDED")),
        (columns.valid_from.is_(None), literal("PROPOSED")),
        else_=literal("VERIFIED"),
    )


def _derived(row: Row, item: Field) -> Expression:
    columns = row.table.c
    match item.name:
        case "record" if row.kind.name == "notice":
            return _changed_id(row)
        case "record":
            return _record_id(row)
        case "commitment" | "body" | "salt":
            return _of_entry(row, item.name)
        case "subjects":
            return quoted(columns.subject_class)
        case "told":
            return sa.cast(columns.records.is_not(None), TEXT)
        case "state" if row.kind.name == "mandate":
            return quoted(_mandate_state(row))
        case "state" if row.kind.name == "consent":
            standing_of = sa.func.consent_standing(row.table.table_valued(), parameter("now"), type_=TEXT)
            return quoted(standing_of)
        case "uses":
            counted = sa.select(sa.cast(sa.func.count(), TEXT)).where(CONSENT_USE.c.consent_id == columns.id)
            return counted.correlate(row.table).scalar_subquery()
        case "published":
            return sa.cast(sa.not_(columns.minor), TEXT)
        case "disputed":
            return sa.cast(columns.disputed_on.is_not(None), TEXT)
        case "historical":
            gone = sa.and_(columns.valid_until.is_not(None), columns.valid_until < today())
            return sa.cast(gone, TEXT)
        case "standing":
            timed = "valid_from" in columns and "valid_until" in columns  # a validity, not the term of a sanction
            lapsed = columns.valid_until < today() if timed else sa.false()
            words = sa.case(
                (ended(row.table), literal("NO_LONGER_DISCLOSED")),
                (lapsed, literal("LAPSED")),
                else_=literal("CURRENT"),
            )
            return quoted(words)
        case _:
            raise ValueError(_UNSETTLED.format(kind=row.kind.name, name=snake(item.name)))
