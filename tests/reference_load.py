"""A generated world in a database: loaded as files are, then said, filed and agreed to as people do it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import sqlalchemy as sa

from gateway.catalogue.fields import snake
from gateway.catalogue.kinds import BY_NAME
from gateway.catalogue.rating import SCHEME
from gateway.catalogue.reference import DEPARTMENT
from gateway.intake.load_copy import Loader
from gateway.intake.sample_dice import Dice
from gateway.store.case_tables import CASE
from gateway.store.consent_tables import CONSENT
from gateway.store.core import execute
from gateway.store.evidence_tables import EVIDENCE
from gateway.store.tables import CONSUMER, MANDATE, RECORD_IDS, SHARING_SCOPE, table
from gateway.values import Caller, Role
from tests.reference_gateway import Side, is_subject
from tests.reference_rows import Case, Consent, Row, World
from tests.reference_worlds import (
    CONSUMERS,
    DEPARTMENTS,
    LICENSED,
    NOW,
    Family,
    departments,
    rights,
    schemes,
    statement,
)


def loaded(side: Side, made: Sequence[Family]) -> World:
    """Load families through the real loader; the world as the reference model sees it, with the same rights."""
    world = World(departments=dict(departments()), schemes=dict(schemes()), licensed=LICENSED)
    rows = [{snake(name): value for name, value in item.items()} for item in world.departments.values()]
    execute(side.owner, sa.insert(table(DEPARTMENT)).values(rows))
    rows = [{snake(name): value for name, value in item.items()} for item in world.schemes.values()]
    execute(side.owner, sa.insert(table(SCHEME)).values(rows))
    known = [{"id": one, "name": one, "licensed": one in LICENSED} for one in CONSUMERS]
    execute(side.owner, sa.insert(CONSUMER).values(known))
    loader = Loader(side.owner, side.gateway.vault)
    for family in made:
        _add(world, loader, family)
    loader.flush()
    _number_identifiers(side, world)
    _withdraw(side, world)
    _say(side, world)
    _freeze(side, world)
    rights(world)
    _write_rights(side, world)
    side.owner.execute("ANALYZE")
    return world


def _add(world: World, loader: Loader, family: Family) -> None:
    subject, owned = family.subject, family.subject.subject_class.value
    number, records = loader.add(subject, family.records)
    world.rows.append(Row(subject.kind, number, number, owned, subject.item))
    provenance = {name: subject.item[name] for name in ("provider", "batch")}
    for item in subject.identifiers:
        world.rows.append(Row("identifier", number, 0, owned, {**provenance, **item}))
    for record, own in zip(family.records, records, strict=True):
        world.rows.append(Row(record.kind, number, own, owned, record.item))


def _withdraw(side: Side, world: World) -> None:
    """Take down a record of each feed and class, the second of those that are public; the database writes it down."""
    public: dict[tuple[str, str], list[int]] = {}
    for at, row in enumerate(world.rows):
        if BY_NAME[row.kind].feed and (row.item["status"], row.item["disclosure"]) == ("ACTIVE", "PUBLIC"):
            public.setdefault((row.kind, row.subject_class), []).append(at)
    for at in (places[min(1, len(places) - 1)] for places in public.values()):
        row = world.rows[at]
        target = table(BY_NAME[row.kind])
        execute(side.owner, sa.update(target).where(target.c.id == row.id).values(status="WITHDRAWN"))
        world.rows[at] = replace(row, item={**row.item, "status": "WITHDRAWN"})
    told_of = "SELECT subject_id, id, subject_class, provider, record_kind, record_id, withdrawn_at FROM withdrawal"
    for subject, number, owned, provider, kind, record, when in side.owner.execute(told_of).fetchall():
        told = side.opaque(Caller(Role.PUBLIC), "id", kind, record, False)
        item = {"provider": provider, "batch": "样例", "recordKind": kind, "record": told, "withdrawnAt": when}
        world.rows.append(Row("withdrawal", subject, number, owned, item))


def _say(side: Side, world: World) -> None:
    """What subjects say to their records; no file brings it, so no loader loads it."""
    for at, row in enumerate(world.rows):
        if not any(field.name == "statement" for field in BY_NAME[row.kind].fields):
            continue
        said = statement(Dice("reference", "statement", at))
        released, target = said.get("statement.released"), table(BY_NAME[row.kind])
        columns = {
            "statement_sealed": _under_key(side, row, row.kind, "statement", said["statement"]),
            "statement_on": said["statementOn"],
            "statement_released": released,
            "statement_released_at": None if released is None else NOW,
            "statement_released_by": None if released is None else row.item["provider"],
        }
        execute(side.owner, sa.update(target).where(target.c.id == row.id).values(columns))
        world.rows[at] = replace(row, item={**row.item, **said})


def _under_key(side: Side, row: Row, kind: str, column: str, value: object) -> bytes | None:
    """A value sealed under the key of the row's subject."""
    if value is None:
        return None
    keys = side.owner.execute("SELECT wrapped FROM subject_key WHERE subject_id = %s", (row.subject,)).fetchall()
    vault = side.gateway.vault
    return vault.seal(vault.unwrap(keys[0][0], row.subject), kind, column, row.id, str(value))


def _freeze(side: Side, world: World) -> None:
    """Figures of two months, of legal persons and of persons, told and not told; of nobody, hence of subject 0."""
    columns = ("id", "subject_class", "provider", "month", "record_kind", "region", "year", "records")
    added = f"""
        INSERT INTO figure (subject_id, batch, {", ".join(columns)})
        VALUES (0, '样例', nextval('record_ids'), %s, %s, %s, %s, %s, %s, %s) RETURNING {", ".join(columns)}
    """
    for at in range(12):
        owned, month = ("person" if at % 3 == 0 else "legal"), f"1891-0{1 + at // 6}"
        region, year, records = (
            (None if at % 2 else "220802"),
            (None if at % 4 else "1890"),
            (None if at % 5 == 0 else at),
        )
        given = (owned, DEPARTMENTS[at % 2], month, "penalty", region, year, records)
        found = side.owner.execute(added.encode(), given).fetchone()
        assert found is not None
        number, _, provider, *values = found
        names = ("month", "recordKind", "region", "year", "records")
        item = {"provider": provider, "batch": "样例", "industry": None, "department": None}
        world.rows.append(Row("figure", 0, number, owned, {**item, **dict(zip(names, values, strict=True))}))


def _number_identifiers(side: Side, world: World) -> None:
    """The loader does not tell the ids of identifiers; they are given in the order in which they came."""
    found = side.owner.execute("SELECT subject_id, id, value FROM identifier ORDER BY id").fetchall()
    places = [at for at, row in enumerate(world.rows) if row.kind == "identifier"]
    for at, (subject, number, value) in zip(places, found, strict=True):
        row = world.rows[at]
        assert (row.subject, row.item["value"]) == (subject, value)
        world.rows[at] = Row(row.kind, row.subject, number, row.subject_class, row.item)


@contextmanager
def granted(side: Side, consent: Consent) -> Iterator[None]:
    """A consent that is there for a while."""
    execute(side.owner, sa.insert(CONSENT).values(_consent(side, consent)))
    try:
        yield
    finally:
        execute(side.owner, sa.delete(CONSENT).where(CONSENT.c.number == consent.number))


def _consent(side: Side, one: Consent) -> dict[str, object]:
    owned = " UNION ALL ".join(
        f"SELECT subject_class, provider FROM {kind} WHERE subject_id = %(subject)s"
        for kind in ("enterprise", "organization", "person")
    )
    ((subject_class, provider),) = side.owner.execute(owned.encode(), {"subject": one.subject}).fetchall()
    return {
        "number": one.number,
        "subject_id": one.subject,
        "consumer": one.consumer,
        "id": RECORD_IDS.next_value(),
        "subject_class": subject_class,
        "provider": provider,
        "batch": "consent",
        "purposes": [one.purpose],
        "single": False,
        "given_at": one.since,
        "kinds": list(one.kinds),
        "assurance": one.assurance,
        "valid_from": one.since,
        "valid_until": one.until,
        "withdrawn_at": one.withdrawn,
    }


def _write_rights(side: Side, world: World) -> None:
    consents = [_consent(side, one) for one in world.consents]
    classes = {row.subject: row.subject_class for row in world.rows if is_subject(row)}
    mandates = [
        {
            "id": 900_000_000 + at,
            "subject_class": classes[one.subject],
            **{"provider": "D-MARKET", "batch": "mandate", "recorded_by": "PLATFORM", "scope": ["READ"]},
            "recorded_on": one.since.date(),
            "principal": one.principal,
            "subject_id": one.subject,
            "basis": "MANDATE",
            "valid_from": one.since,
            "valid_until": one.until,
            "revoked_at": one.revoked,
        }
        for at, one in enumerate(world.mandates)
    ]
    scopes = [
        {
            "kind": one.kind,
            "provider": one.provider,
            "receiver": one.receiver,
            "matter_kind": one.matter_kind,
            "basis": one.basis,
            "valid_from": one.since,
            "valid_until": one.until,
        }
        for one in world.scopes
    ]
    told = {row.id: row for row in world.of("case")}
    cases = [_case(side, one, told[one.number]) for one in world.cases]
    files = [_file(side, row) for row in world.of("evidence")]
    every = (CONSENT, consents), (MANDATE, mandates), (SHARING_SCOPE, scopes), (CASE, cases), (EVIDENCE, files)
    for target, rows in every:
        execute(side.owner, sa.insert(target).values(rows))


def _file(side: Side, row: Row) -> dict[str, object]:
    """The columns of a file of a case; what it is called is sealed under the key of its subject."""
    columns = {snake(name): value for name, value in row.item.items() if name != "fileName"}
    return {
        **columns,
        "subject_id": row.subject,
        "id": row.id,
        "subject_class": row.subject_class,
        "file_name_sealed": _under_key(side, row, "evidence", "file_name", row.item["fileName"]),
        "principal": "somebody",
    }


def _case(side: Side, one: Case, row: Row) -> dict[str, object]:
    """The columns of a case; what is claimed is sealed under the key of its subject."""
    columns = {snake(name): value for name, value in row.item.items() if name != "claim"}
    return {
        **columns,
        "subject_id": one.subject,
        "id": one.number,
        "subject_class": row.subject_class,
        "claim_sealed": _under_key(side, row, "case", "claim", row.item["claim"]),
        "record_id": one.record,
        "filed_at": one.opened,
        "rule": "objection.cap",
        "rule_version": 1,
        "calendar": 1,
        "handler": one.handler,
        "filer": "somebody",
    }
