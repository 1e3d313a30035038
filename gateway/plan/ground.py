"""Relations as SQL: what ties this caller to rows, gathered once per statement in a one-row table ``ground``.

Each relation is a set found once (the caller's mandates, the subject of the consent, the providers within the sharing
scope, the rows of open cases) and then one comparison per row. Every window is checked here, at query time.
"""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.catalogue.fields import Kind, Owner, snake
from gateway.catalogue.kinds import KINDS
from gateway.plan.fragment import Expression, Query, TableAlias
from gateway.rights.mandates import in_force
from gateway.rights.routing import PLATFORM
from gateway.store.archive_tables import ARCHIVE_REQUEST
from gateway.store.case_tables import CASE
from gateway.store.consent_tables import CONSENT
from gateway.store.log_tables import ACCESS_DELAY, ENGAGEMENT
from gateway.store.tables import CONSUMER, MANDATE, SHARING_SCOPE
from gateway.values import Condition, Relation

_LIBRARIES = tuple(kind.name for kind in KINDS if kind.owner is Owner.SUBJECT)
_MANDATE = "mandate"
_TYPES: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("now", sa.DateTime(timezone=True)),
    ("today", sa.Date()),
    ("step_up", sa.Boolean()),
    ("service", sa.Boolean()),
    ("node", sa.BigInteger()),
    ("id_index", sa.LargeBinary()),
    ("name_index", sa.LargeBinary()),
    ("first", sa.Integer()),
    ("after", sa.BigInteger()),
    ("own_keys", ARRAY(sa.BigInteger())),
    ("own_pseudonyms", ARRAY(sa.Text())),
)


def parameter(name: str) -> Expression:
    """The parameter ``name``, typed; paging parameters end in ``_<slot>``. Others are text."""
    base = name.rsplit("_", 1)[0] if name[-1].isdigit() else name
    kind = next((one for known, one in _TYPES if known == base), sa.Text())
    return sa.bindparam(name, type_=kind)


def today() -> Expression:
    """The day of the request in Beijing, as the statutes count days."""
    return parameter("today")


@dataclass(slots=True)
class Ground:
    """Collects the sets a statement needs while it is built; owned by one ``make`` call."""

    sets: dict[str, Expression] = field(default_factory=dict)
    alias: str = "ground"

    def holds(self, relation: Relation, kind: Kind, row: TableAlias) -> Expression:
        """Whether ``relation`` (one bit) ties the caller to ``row`` of ``kind``; never null."""
        subject = row.c.subject_id
        match relation:
            case Relation.SELF if kind.logged:  # there subjects are pseudonyms, which the database cannot make
                named = row.c.subject == sa.any_(parameter("own_pseudonyms"))
                own = subject == sa.any_(parameter("own_keys")), sa.func.coalesce(named, sa.false())
                return sa.and_(*own, sa.not_(held_back(row, parameter("now"))))
            case Relation.CASE if kind.logged:
                return self._entry_of_case(row)
            case Relation.MATTER if kind.logged:
                return self._column("engaged", _engaged(), sa.Boolean())
            case Relation.OWN if kind.name == _MANDATE:  # one's own, whatever it has become
                return row.c.principal == parameter("principal")
            case Relation.SELF if kind.name == _MANDATE:  # all over a subject are for itself, not for its agents
                return subject == sa.any_(self._set("whole", _whole(), sa.BigInteger()))
            case Relation.OWN if kind.owned_by:
                return sa.func.coalesce(row.c[snake(kind.owned_by)] == parameter("consumer"), sa.false())
            case Relation.OWN:
                return sa.func.coalesce(row.c.institution == parameter("consumer"), sa.false())
            case Relation.MATTER if kind.archived:
                return subject == sa.any_(self._set("requested", _requested(), sa.BigInteger()))
            case Relation.CASE if kind.archived:  # subjects have numbers of their own: none of theirs is meant
                about = row.c.record_id == sa.any_(self._set("case_rows", _case_rows(), sa.BigInteger()))
                return sa.and_(about, row.c.record_kind.not_in([sa.literal_column(f"'{one}'") for one in _LIBRARIES]))
            case Relation.SELF:
                return subject == sa.any_(self._set("own", _own(), sa.BigInteger()))
            case Relation.CONSENT:
                return subject == sa.any_(self._set(f"consented_{kind.name}", _consented(kind), sa.BigInteger()))
            case Relation.MATTER:
                return row.c.provider == sa.any_(self._set(f"shared_{kind.name}", _shared(kind), sa.Text()))
            case Relation.CASE if kind.name == _MANDATE:
                return _waiting(row)
            case Relation.CASE if kind.owner is Owner.SUBJECT:
                return subject == sa.any_(self._set("case_subjects", _cases(CASE.c.subject_id), sa.BigInteger()))
            case Relation.CASE:
                key = row.c[f"{kind.part_of}_id"] if kind.part_of else row.c.id
                return key == sa.any_(self._set("case_rows", _case_rows(), sa.BigInteger()))
            case Relation.SOURCE:
                return row.c.provider == parameter("department")
            case Relation.LICENSED:
                return self._column("licensed", _licensed(), sa.Boolean())
            case Relation.STEP_UP:
                return parameter("step_up")
            case Relation.SERVICE:
                return parameter("service")
            case _:
                raise ValueError(relation)

    def _entry_of_case(self, row: TableAlias) -> Expression:
        """Whether a complaint about this entry is with the caller."""
        entry = CASE.c.entry_shard == row.c.shard, CASE.c.entry_number == row.c.number
        return sa.exists(_cases(sa.literal_column("1")).where(*entry).correlate(row))

    def shared(self, kind: Kind) -> Expression:
        """Whether the matter lies in any scope for ``kind``, whoever provides it; of old versions: is a request."""
        if kind.archived:
            subjects = self._set("requested", _requested(), sa.BigInteger())
            return sa.func.cardinality(subjects, type_=sa.Integer()) > sa.literal_column("0")
        providers = self._set(f"shared_{kind.name}", _shared(kind), sa.Text())
        return sa.func.cardinality(providers, type_=sa.Integer()) > sa.literal_column("0")

    def condition(self, condition: Condition, kind: Kind, row: TableAlias) -> Expression | None:
        """The predicate of a condition, or None if it always holds."""
        parts = [self.holds(relation, kind, row) for relation in Relation(condition.value)]
        return sa.and_(*parts) if parts else None

    def flag(self, name: str, value: Expression) -> Expression:
        """A question that is asked once per statement, whatever uses its answer."""
        return self._column(name, value, sa.Boolean())

    def source(self) -> TableAlias:
        """The one-row table with everything collected so far; ``offset 0`` keeps PostgreSQL from copying it around."""
        columns = [value.label(name) for name, value in self.sets.items()] or [sa.literal_column("1").label("one")]
        return sa.select(*columns).offset(sa.literal_column("0")).subquery(self.alias)

    def _set(
        self, name: str, rows: "Query | sa.CompoundSelect[*tuple[Any, ...]]", kind: sa.types.TypeEngine[Any]
    ) -> Expression:
        return self._column(name, sa.func.array(rows.scalar_subquery(), type_=ARRAY(kind)), ARRAY(kind))

    def _column(self, name: str, value: Expression, kind: sa.types.TypeEngine[Any]) -> Expression:
        self.sets.setdefault(name, value)
        return sa.literal_column(f"{self.alias}.{name}", kind)


def held_back(row: TableAlias, now: Expression) -> Expression:
    """Whether a row of the log is shown to its subject later (``gateway.ledger.delays``), as of ``now``."""
    table = ACCESS_DELAY.alias("delay")
    delay = table.c
    running = delay.ended_at.is_(None), delay.valid_from <= now, now < delay.until
    about = delay.department == row.c.unit, delay.matter == sa.any_(row.c.matter_numbers)
    asked = row.c.at >= delay.since, row.c.at < delay.until
    # Of the whole line of renewals: what one of its approvers asked was shown, and stays so.
    line = ACCESS_DELAY.alias("line").c
    alike = line.department == delay.department, line.matter == delay.matter, line.since == delay.since
    theirs = sa.exists(sa.select(sa.literal_column("1")).where(*alike, line.approved_by == row.c.officer))
    approver = sa.not_(theirs.correlate(row, table))
    return sa.exists(sa.select(sa.literal_column("1")).where(*about, *running, *asked, approver).correlate(row))


def _engaged() -> Expression:
    """Whether the caller is an auditor of the engagement that it names, which runs (``gateway.ledger.engagements``)."""
    now, engagement = parameter("now"), ENGAGEMENT.c
    mine = engagement.number == parameter("engagement"), parameter("principal") == sa.any_(engagement.auditors)
    running = engagement.valid_from <= now, now < engagement.valid_until, engagement.ended_at.is_(None)
    return sa.exists(sa.select(sa.literal_column("1")).where(*mine, *running))


def _requested() -> Query:
    """Whose old versions an archivist may see: whom the request is about that is named (``gateway.ledger.archive``)."""
    now, request = parameter("now"), ARCHIVE_REQUEST.c
    named = request.number == parameter("matter_number"), request.kind == parameter("matter_kind")
    mine = request.basis == parameter("matter_basis"), parameter("principal") == sa.any_(request.archivists)
    running = request.valid_from <= now, now < request.valid_until, request.ended_at.is_(None)
    return sa.select(request.subject_id).where(*named, *mine, *running)


def _own() -> Query:
    return sa.select(MANDATE.c.subject_id).where(
        MANDATE.c.principal == parameter("principal"), *in_force(parameter("now"))
    )


def _whole() -> Query:
    """The subjects that the caller is, or represents as the registry has it."""
    return _own().where(MANDATE.c.basis.in_((sa.literal_column("'PERSON'"), sa.literal_column("'REPRESENTATIVE'"))))


def _waiting(row: TableAlias) -> Expression:
    """Whether a mandate waits for the platform's desk, where the caller is; the subject's own wait for itself."""
    recorded = row.c.recorded_by.in_((sa.literal_column("'AGENT'"), sa.literal_column("'DESK'")))
    untouched = row.c.valid_from.is_(None), row.c.revoked_at.is_(None)
    here = parameter("department") == sa.literal_column(f"'{PLATFORM}'"), row.c.verify_by >= today()
    return sa.func.coalesce(sa.and_(recorded, *untouched, *here), sa.false())


def _consented(kind: Kind) -> Query:
    """Whose consent the caller names, if it covers: the function is the one that looks again at the disclosure."""
    return sa.select(CONSENT.c.subject_id).where(
        CONSENT.c.number == parameter("consent"),
        CONSENT.c.consumer == parameter("consumer"),
        parameter("purpose") == sa.any_(CONSENT.c.purposes),
        sa.literal_column(f"'{kind.name}'", sa.Text()) == sa.any_(CONSENT.c.kinds),
        sa.func.consent_covers(CONSENT.table_valued(), parameter("use"), parameter("now"), type_=sa.Boolean()),
    )


def _shared(kind: Kind) -> Query:
    scope = SHARING_SCOPE.c
    return sa.select(scope.provider).where(
        scope.receiver == parameter("department"),
        scope.kind == sa.literal_column(f"'{kind.name}'", sa.Text()),
        scope.matter_kind == parameter("matter_kind"),
        scope.basis == parameter("matter_basis"),
        scope.valid_from <= today(),
        sa.or_(scope.valid_until.is_(None), scope.valid_until >= today()),
    )


def _cases(column: sa.ColumnElement[Any]) -> Query:
    """Of the open cases that the caller handles: those it has taken, and those of its department nobody has taken."""
    now = parameter("now")
    return sa.select(column).where(
        CASE.c.department == parameter("department"),
        sa.or_(CASE.c.handler.is_(None), CASE.c.handler == parameter("principal")),
        CASE.c.filed_at <= now,
        sa.or_(CASE.c.closed_at.is_(None), CASE.c.closed_at > now),
    )


def _case_rows() -> "sa.CompoundSelect[*tuple[Any, ...]]":
    """The records that these cases are about, the cases that they review, and the cases themselves: one sequence."""
    columns = CASE.c.record_id, CASE.c.of_case
    return sa.union_all(*(_cases(one).where(one.is_not(None)) for one in columns), _cases(CASE.c.id))


def _licensed() -> Expression:
    found: Query = sa.select(sa.literal_column("1")).where(CONSUMER.c.id == parameter("consumer"), CONSUMER.c.licensed)
    return sa.exists(found)
