"""The tables: those of the catalogue, derived, and the fixed ones that relations and rights need.

A stored field has up to four columns, by what the catalogue says of it (``<f>`` is its snake_case name):

- plain            ``<f>``, and ``<f>_masked`` if it has a mask; a plain look-up adds ``<f>_index`` (normalized text);
- sealed           ``<f>_sealed`` (bytes, see ``vault``), ``<f>_masked``, ``<f>_index`` (keyed blind index);
- sealed, persons  ``<f>`` for other subjects, ``<f>_sealed`` and ``<f>_masked`` for natural persons;
- free text        ``<f>_sealed`` (the original), ``<f>_released``, ``<f>_released_at``, ``<f>_released_by``.

Rows that belong to a subject lead their key with ``subject_id``. The log's tables are in ``log_tables``.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import SchemaItem

from gateway.catalogue.fields import Field, Kind, Owner, Sealing, Standing, Type, snake
from gateway.catalogue.kinds import KINDS

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SUBJECT_IDS = sa.Sequence("subject_ids", metadata=METADATA)
RECORD_IDS = sa.Sequence("record_ids", metadata=METADATA)

RECORD_STATUSES = ("ACTIVE", "CORRECTED", "WITHDRAWN", "REPAIRED", "PUBLICATION_ENDED", "REVOKED")
CURRENT_STATUSES = ("ACTIVE", "CORRECTED")

# Control characters that no text column may hold (tab, line feed and carriage return may stand in long texts).
CONTROL = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"


def _sql_type(field: Field) -> sa.types.TypeEngine[Any]:
    match field.type:
        case Type.DATE:
            return sa.Date()
        case Type.DATETIME:
            return sa.DateTime(timezone=True)
        case Type.DECIMAL:
            return sa.Numeric(18, 6)
        case Type.BOOLEAN:
            return sa.Boolean()
        case Type.COUNT:
            return sa.Integer()
        case Type.TEXT | Type.CODE:
            return sa.Text()
        case Type.WORDS:
            return ARRAY(sa.Text())


def _text_checks(table: str, column: str, length: int | None = None) -> Iterator[sa.CheckConstraint]:
    value = sa.column(column, sa.Text())
    # The class holds only ASCII, so the plain collation finds the same and costs a third.
    yield sa.CheckConstraint(sa.not_(sa.collate(value, "C").regexp_match(CONTROL)), name=f"{column}_text")
    if length is not None:
        yield sa.CheckConstraint(sa.func.char_length(value) <= length, name=f"{column}_length")


def _text(table: str, column: str, *, primary_key: bool = False, nullable: bool = False) -> Iterator[SchemaItem]:
    """A text column of a fixed table, checked like all others."""
    yield sa.Column(column, sa.Text, primary_key=primary_key, nullable=nullable)
    yield from _text_checks(table, column)


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(sa.column(column).in_(words), name=f"{column}_word")


def _forms(table: str, field: Field, column: str) -> Iterator[SchemaItem]:
    """The columns and checks of one field."""
    if field.derived:
        return
    if field.free_text:
        yield sa.Column(f"{column}_sealed", sa.LargeBinary, nullable=not field.required)
        yield sa.Column(f"{column}_released", sa.Text)
        yield sa.Column(f"{column}_released_at", sa.DateTime(timezone=True))
        yield from _text_checks(table, f"{column}_released")
        yield from _text(table, f"{column}_released_by", nullable=True)
        return
    if field.sealing is not Sealing.ALWAYS:
        required = field.required and field.sealing is Sealing.NEVER
        yield sa.Column(column, _sql_type(field), nullable=not required)
        if field.type is Type.CODE:
            yield _one_of(column, field.values)
        elif field.type is Type.TEXT:
            yield from _text_checks(table, column, field.length)
    if field.sealing is not Sealing.NEVER:
        yield sa.Column(
            f"{column}_sealed", sa.LargeBinary, nullable=not (field.required and field.sealing is Sealing.ALWAYS)
        )
    if field.mask is not None:
        yield sa.Column(f"{column}_masked", sa.Text)
        yield from _text_checks(table, f"{column}_masked")
    if field.lookup and field.sealing is Sealing.ALWAYS:
        yield sa.Column(f"{column}_index", sa.LargeBinary, nullable=False)
    elif field.lookup:
        yield from _text(table, f"{column}_index")


def _base(kind: Kind) -> Iterator[SchemaItem]:
    """Key, version and provenance; for records also what decides whether they may still be shown."""
    if kind.owner is Owner.NONE:
        return
    subject = kind.owner is Owner.SUBJECT
    yield sa.Column("subject_id", sa.BigInteger, primary_key=True, autoincrement=False)
    if not subject:
        yield sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False)
    yield sa.Column("version", sa.Integer, nullable=False, server_default="1")
    yield sa.Column("subject_class", sa.Text, nullable=False)
    yield _one_of("subject_class", tuple(one.value for one in kind.classes))
    yield sa.Column("provider", sa.Text, sa.ForeignKey("department.code"), nullable=False)
    yield from _text(kind.name, "batch")
    if not kind.filed:
        yield sa.Column("row_hash", sa.LargeBinary)  # keyed, of the row of a file that it came from
    if kind.feed:
        yield sa.Column("subject_region", sa.Text)  # of the subject, when the record came
    if kind.part_of:
        yield sa.Column(f"{kind.part_of}_id", sa.BigInteger, nullable=False)
    for link in kind.links:
        if not link.many and link.name != "provider":
            yield sa.Column(snake(link.name), sa.Text, sa.ForeignKey(f"{link.kind}.code"), nullable=False)
    if Standing.ENDED in kind.standings:
        yield sa.Column("disclosure", sa.Text, nullable=False)
        yield _one_of("disclosure", ("PUBLIC", "GOV_SHARED", "AUTHORIZED", "INTERNAL"))
        yield sa.Column("status", sa.Text, nullable=False)
        yield _one_of("status", RECORD_STATUSES)
        yield sa.Column("minor", sa.Boolean, nullable=False)
        yield sa.Column("retained_until", sa.Date)
    elif Standing.MINOR in kind.standings:
        yield sa.Column("minor", sa.Boolean, nullable=False)


def _searched(kind: Kind) -> Iterator[SchemaItem]:
    """How a name is found by a part of it: its spelling for comparison and its bigrams (see ``catalogue.grams``)."""
    if kind.named_by:
        yield sa.Column(f"{snake(kind.named_by)}_search", sa.Text)
        yield sa.Column(f"{snake(kind.named_by)}_grams", ARRAY(sa.Text))


def _reserving(kind: Kind) -> Iterator[SchemaItem]:
    """Where another row says whether a kind's rows are published: both hold it, and the database keeps them equal."""
    if kind.reserved_by:
        target = next(link.kind for link in kind.links if link.name == kind.reserved_by)
        own, theirs = [snake(kind.reserved_by), "minor"], [f"{target}.code", f"{target}.minor"]
        yield sa.ForeignKeyConstraint(own, theirs, name=f"fk_{kind.name}_{own[0]}_minor", onupdate="CASCADE")
    if any(link.kind == kind.name and link.name == one.reserved_by for one in KINDS for link in one.links):
        yield sa.Column("minor", sa.Boolean, nullable=False)
        yield sa.UniqueConstraint("code", "minor")


def _indexes(kind: Kind) -> Iterator[sa.Index]:
    match kind.owner:
        case Owner.SUBJECT:
            yield from _list_indexes(kind)
        case Owner.RECORD:
            yield sa.Index(f"ix_{kind.name}_id", "id", unique=True)
            newest: list[sa.ColumnElement[Any]] = [sa.desc(snake(name)) for name in kind.order]
            yield sa.Index(f"ix_{kind.name}_newest", "subject_id", *newest, sa.desc("id"))
            yield from _feed_indexes(kind)
            yield from _ending(kind)
            if kind.part_of:
                yield sa.Index(f"ix_{kind.name}_{kind.part_of}", "subject_id", f"{kind.part_of}_id")
            # Lists at the root are of everybody: the cases of the desk, the figures.
            if kind.filed and not kind.feed and not kind.part_of:
                yield sa.Index(f"ix_{kind.name}_filed", *newest, sa.desc("id"))
        case Owner.NONE:
            return
    found = [f"{field.column}_index" for field in kind.fields if field.lookup]
    if kind.name == "identifier":
        yield sa.Index("ix_identifier_value", "kind", *found)
    elif found:
        yield sa.Index(f"ix_{kind.name}_lookup", *reversed(found))


def _ending(kind: Kind) -> Iterator[sa.Index]:
    """What is still published and will end: whoever ends it reads no other row."""
    if Standing.ENDED in kind.standings:
        until, status = sa.column("published_until", sa.Date()), sa.column("status", sa.Text())
        running = sa.and_(until.is_not(None), status.in_(CURRENT_STATUSES))
        yield sa.Index(f"ix_{kind.name}_published_until", "published_until", postgresql_where=running)


def _feed_indexes(kind: Kind) -> Iterator[sa.Index]:
    """A public feed as a whole, by region and by department; without the rows that it may not hold."""
    if not kind.feed:
        return
    only = sa.column("subject_class").in_([one.value for one in kind.feed])
    newest: list[sa.ColumnElement[Any]] = [sa.desc(snake(kind.feed_by)), sa.desc("id")]
    yield sa.Index(f"ix_{kind.name}_feed", *newest, postgresql_where=only)
    yield sa.Index(f"ix_{kind.name}_feed_region", "subject_region", *newest, postgresql_where=only)
    yield sa.Index(f"ix_{kind.name}_feed_provider", "provider", *newest, postgresql_where=only)


def _list_indexes(kind: Kind) -> Iterator[sa.Index]:
    """A page of a list reads its own rows and no others, however many it may not hold lie between them."""
    only = None
    if kind.listed and kind.listed != kind.classes:
        only = sa.column("subject_class").in_([one.value for one in kind.listed])
        yield sa.Index(f"ix_{kind.name}_listed", "subject_id", postgresql_where=only)
    for field in kind.fields:
        if field.filter:
            where = None if field.name == kind.named_by else only
            yield sa.Index(f"ix_{kind.name}_{field.column}", field.column, "subject_id", postgresql_where=where)
            for level in field.levels:
                above = sa.func.left(sa.column(field.column), sa.literal_column(str(level)))
                name = f"ix_{kind.name}_{field.column}_{level}"
                yield sa.Index(name, above, "subject_id", postgresql_where=where)
    if kind.named_by:
        grams = f"{snake(kind.named_by)}_grams"
        yield sa.Index(f"ix_{kind.name}_{grams}", grams, postgresql_using="gin", postgresql_where=only)


def _table(kind: Kind) -> sa.Table:
    items = list(_base(kind))
    for field in kind.fields:
        for item in _forms(kind.name, field, field.column):
            if kind.owner is Owner.NONE and isinstance(item, sa.Column) and item.name == "code":
                item.primary_key = True
            items.append(item)
    for part in kind.parts:
        for field in part.fields:
            items.extend(_forms(kind.name, field, part.column(field)))
    items.extend(_searched(kind))
    items.extend(_reserving(kind))
    return sa.Table(kind.name, METADATA, *items, *_indexes(kind))


for _kind in KINDS:
    _table(_kind)

# The wrapped key of each subject. Apart from everything else: ordinary backups leave it out (crypto-shredding).
SUBJECT_KEY = sa.Table(
    "subject_key",
    METADATA,
    sa.Column("subject_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

CONSUMER = sa.Table(
    "consumer",
    METADATA,
    *_text("consumer", "id", primary_key=True),
    *_text("consumer", "name"),
    sa.Column("licensed", sa.Boolean, nullable=False),  # PBoC personal-credit licence (Reg. 631 art. 7)
    sa.Column("department", sa.Text, sa.ForeignKey("department.code")),  # whose client it is
    *_text("consumer", "uscc", nullable=True),
    # Another institution that took over from it: consents given to it are suspended, they do not pass on.
    sa.Column("merged_into", sa.Text, sa.ForeignKey("consumer.id")),
)

# The columns of the catalogue and, beside them, what a mandate is compared by. ``principal`` is who acts as tokens name
# them (``Caller.acts_as``); ``person_id`` the person that a representative is bound to, by whom the registry is held
# against it; ``first_by`` and ``verified_by`` who has verified it.
MANDATE = METADATA.tables["mandate"]
for _item in (
    *_text("mandate", "principal"),
    sa.Column("person_id", sa.BigInteger),
    *_text("mandate", "first_by", nullable=True),
    *_text("mandate", "verified_by", nullable=True),
    sa.CheckConstraint("scope <@ ARRAY['READ', 'ACCESSES', 'FILE', 'CONSENT'] AND 'READ' = ANY (scope)", name="scope"),
    sa.CheckConstraint("basis <> 'GUARDIAN' OR valid_until IS NOT NULL", name="term"),
):
    if isinstance(_item, sa.Column):
        MANDATE.append_column(_item)
    elif isinstance(_item, sa.Constraint):
        MANDATE.append_constraint(_item)
sa.Index("ix_mandate_principal", MANDATE.c.principal)

# How often somebody named a person in vain on a day (in Beijing) to be bound to it.
BINDING_ATTEMPT = sa.Table(
    "binding_attempt",
    METADATA,
    *_text("binding_attempt", "principal", primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
)

SHARING_SCOPE = sa.Table(
    "sharing_scope",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    *_text("sharing_scope", "kind"),
    sa.Column("provider", sa.Text, sa.ForeignKey("department.code"), nullable=False),
    sa.Column("receiver", sa.Text, sa.ForeignKey("department.code"), nullable=False),
    *_text("sharing_scope", "matter_kind"),
    *_text("sharing_scope", "basis"),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
    sa.UniqueConstraint("receiver", "kind", "matter_kind", "basis", "provider", "valid_from"),
)

SUBJECT_RELATION = sa.Table(
    "subject_relation",
    METADATA,
    sa.Column("subject_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("related_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("relation", sa.Text, primary_key=True),
    _one_of("relation", ("RENAMED", "MERGED_INTO", "SPLIT_INTO", "CONVERTED_INTO", "DEAD", "INCAPABLE")),
    sa.Column("since", sa.Date, nullable=False),
)

# Moves with every change of a consent, mandate or scope, so that an answer from a replica can be told to be too old.
RIGHTS_POSITION = sa.Table(
    "rights_position",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.CheckConstraint(sa.column("id") == 1, name="single"),
)


def table(kind: Kind) -> sa.Table:
    """The table of a catalogue kind."""
    return METADATA.tables[kind.name]
