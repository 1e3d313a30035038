"""Step 4, how to fetch: a root field and its decision become one statement. Pure, and cached by the pipeline."""

import hashlib

import sqlalchemy as sa

from gateway.catalogue.fields import Kind, SubjectClass
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.catalogue.lists import CONTAINS, LISTS, RootList
from gateway.plan.admission import admitted, classes_of
from gateway.plan.cells import Row
from gateway.plan.fragment import NULL, Expression, Query, TableAlias, joined, literal
from gateway.plan.ground import parameter, today
from gateway.plan.model import Plan
from gateway.plan.rows import Builder, Place
from gateway.plan.search import equal, holding
from gateway.store.core import NUMBERED
from gateway.store.tables import table
from gateway.values import Decision, Relation, Root, RootName, Selected, Statement

_IDENTIFIER = BY_NAME["identifier"]

NOTHING = Plan(Statement("nothing", "SELECT NULL WHERE false"), (), (), (), Relation.NONE)


def kind_of(root: Root, target: Kind | None = None) -> Kind:
    """The kind whose rows a root field answers with; ``node`` takes the kind its id names."""
    match root.name:
        case RootName.NODE:
            return target if target is not None else KINDS[0]
        case RootName.ENTRY:
            return BY_NAME["access"]
        case name if name in LISTS:
            return LISTS[name].kind
        case name:
            return BY_NAME[name.value]


def make(root: Root, decision: Decision, target: Kind | None, paged: frozenset[int], filters: tuple[str, ...]) -> Plan:
    """The plan of one root field.

    ``target`` is the kind of ``node``; ``paged`` the slots with a cursor; ``filters`` the names of filtered fields. The
    values of all of these are parameters, so the plan is the same for every caller of the same shape.
    """
    kind = kind_of(root, target)
    builder = Builder(decision, paged)
    listed = LISTS.get(root.name)
    select = _one(root, kind, builder) if listed is None else _list(root, listed, builder, filters)
    compiled = select.compile(dialect=NUMBERED)
    sql = str(compiled)
    name = "q" + hashlib.sha256(sql.encode()).hexdigest()[:24]
    relations = Relation.NONE
    for node in builder.nodes:
        relations |= node.decision.relations
    return Plan(
        Statement(name, sql, slow=bool(filters) or bool(listed and listed.order)),
        tuple(compiled.positiontup or ()),
        tuple(builder.nodes),
        tuple(builder.openable.pairs),
        relations,
        kind.logged,
    )


def _one(root: Root, kind: Kind, builder: Builder) -> Query:
    """At most one row: by identifier, by ID number and name, or by opaque id."""
    path = root.path
    target = builder.alias(kind)
    row = Row(kind, target, classes_of(kind, frozenset(one.value for one in SubjectClass)))
    decided = builder.decided(path, kind)
    where: list[Expression] = []
    source: sa.FromClause = target
    matched: TableAlias | None = None
    order: list[Expression] = []
    if root.name is RootName.NODE:
        where.append(row.key == parameter("node"))
    elif root.name is RootName.ENTRY:
        where.append(target.c.origin == parameter("by_origin"))
        where.append(target.c.index == parameter("by_index"))
    elif root.name is RootName.PERSON:
        where.append(target.c.id_number_index == parameter("id_index"))
        where.append(target.c.name_index == parameter("name_index"))
    else:
        matched = table(_IDENTIFIER).alias("matched")
        source = matched.join(target, target.c.subject_id == matched.c.subject_id)
        where.append(matched.c.kind == parameter("by_kind"))
        where.append(matched.c.value_index == parameter("by_value"))
        in_use = sa.case(
            (sa.or_(matched.c.valid_until.is_(None), matched.c.valid_until >= today()), sa.literal_column("0")),
            else_=sa.literal_column("1"),
        )
        order = [in_use, matched.c.subject_id]
    admission = admitted(decided.arms, row, builder.ground)
    if admission is not None:
        where.append(admission)
    if decided.arms:
        text = joined(builder.text(builder.seen(row, decided), decided, root.children, Place(path, (), matched)))
    else:
        text = literal(NULL)
    found = sa.select(text).select_from(builder.ground.source(), source).where(*where)
    return found.order_by(*order).limit(sa.literal_column("1"))


def _list(root: Root, listed: RootList, builder: Builder, filters: tuple[str, ...]) -> Query:
    """A connection at the root, narrowed by fields that are CLEAR in every row it may hold."""
    path, kind = root.path, listed.kind
    target = builder.alias(kind)
    row = Row(kind, target, classes_of(kind, frozenset(one.value for one in SubjectClass)))
    decided = builder.decided(path, kind)
    if not decided.arms:
        return sa.select(literal(NULL)).select_from(builder.ground.source()).where(sa.false())  # no row: no answer
    where: list[Expression] = []
    if listed.feed:  # said outright, so that the index of the feed is found to hold every row that is wanted
        where.append(target.c.subject_class.in_([literal(one.value) for one in kind.feed]))
    for name in filters:
        if name == CONTAINS:
            others = [one for one in filters if one != CONTAINS]
            where.append(holding(row, listed, others, root.slot, root.slot in builder.paged, builder.ground))
        else:
            where.append(equal(target, listed, name))
    child = Selected(root.key, root.name.value, "Query", root.children, root.slot)
    text = builder.connection(row, decided, child, Place(path, ()), where, listed.order)
    if all(Relation.MATTER in Relation(arm.condition.value) for arm in decided.arms):
        if kind.logged:
            engaged = builder.ground.holds(Relation.MATTER, kind, target)  # looks at no row: without it, no answer
            return sa.select(text).select_from(builder.ground.source()).where(engaged)
        if kind.archived:
            return sa.select(text).select_from(builder.ground.source()).where(builder.ground.shared(kind))
    return sa.select(text).select_from(builder.ground.source())
