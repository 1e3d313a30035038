"""The gateway that is held against the reference model: everything real but the tokens, loaded with the same rows."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
import uvloop
from graphql import GraphQLSchema

from gateway.audit.account import Accounts
from gateway.audit.history import History
from gateway.audit.log import Log
from gateway.catalogue.fields import Owner, snake
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.catalogue.rating import SCHEME
from gateway.catalogue.reference import DEPARTMENT
from gateway.clock import SystemClock
from gateway.identity.certificates import Certificates
from gateway.identity.verifier import Verifier
from gateway.intake.load_copy import Loader
from gateway.ledger.accesses import Accesses
from gateway.ledger.chains import Chains
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.pipeline import Gateway, Request, answer
from gateway.policy.compile import load
from gateway.policy.live import Live
from gateway.prepared import Preparations
from gateway.schema.roles import RoleSchemas
from gateway.signing import NoteSigner
from gateway.store.case_tables import CASE
from gateway.store.consent_tables import CONSENT
from gateway.store.core import execute
from gateway.store.database import Connections
from gateway.store.evidence_tables import EVIDENCE
from gateway.store.lanes import Lane, Lanes
from gateway.store.sessions import Sessions
from gateway.store.tables import CONSUMER, MANDATE, RECORD_IDS, SHARING_SCOPE, table
from gateway.values import Caller, Role
from gateway.vault.keys import FileProvider
from gateway.vault.vault import Vault
from tests.reference_rows import Case, Consent, Row, World
from tests.reference_worlds import CONSUMERS, DEPARTMENTS, LICENSED, NOW, Family, departments, rights, schemes

POLICIES = Path(__file__).parents[1] / "policies"


class StandingClock:
    """The wall clock of the worlds; only the stop watch runs."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return SystemClock().monotonic()


class Counted:
    """The same bytes in every run, never the same twice in one."""

    def __init__(self) -> None:
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(b"%d" % self._drawn).digest(count)


class Presented(Verifier):
    """At the port of step 1: the caller is whom the test presents."""

    def __init__(self) -> None:
        self.caller: Caller | None = None

    async def verify(self, authorization: str | None) -> Caller:
        assert self.caller is not None
        return self.caller


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway sent, what it wrote down, and what that took."""

    status: int
    body: bytes
    entry: dict[str, Any]
    statements: int
    openings: int

    @property
    def parsed(self) -> dict[str, Any]:
        """The body. An object with two members of one name is none."""
        found: dict[str, Any] = orjson.loads(self.body)
        return found


@dataclass(frozen=True, slots=True)
class Side:
    """The gateway's side of the comparison."""

    gateway: Gateway
    presented: Presented
    runner: asyncio.Runner
    owner: psycopg.Connection[tuple[Any, ...]]

    def ask(self, caller: Caller, query: str, variables: Mapping[str, object]) -> Answer:
        """One operation through all nine steps."""
        gateway, self.presented.caller = self.gateway, caller
        before = gateway.lanes.sent, gateway.vault.openings
        reply = self.runner.run(answer(gateway, Request(None, query, None, variables, b"")))
        after = gateway.lanes.sent, gateway.vault.openings
        receipt = orjson.loads(reply.body)["extensions"]["receipt"]
        found = self.owner.execute("SELECT body FROM log_entry WHERE index = %s", (receipt["index"],)).fetchone()
        assert found is not None
        return Answer(reply.status, reply.body, orjson.loads(found[0]), after[0] - before[0], after[1] - before[1])

    def opaque(self, caller: Caller, what: str, kind: str, row: int, personal: bool) -> str:
        """The id or cursor of a row, as this caller is given it."""
        vault, reader = self.gateway.vault, reader_of(caller)
        make = vault.node_id if what == "id" else vault.cursor
        return make(KINDS.index(BY_NAME[kind]), row, personal, reader)

    def schema(self, caller: Caller) -> GraphQLSchema:
        """What the caller's role may know."""
        return self.gateway.schemas.of(self.gateway.policies.current.visibility(caller.role))


def reader_of(caller: Caller) -> str:
    """For whom the ids of persons are encrypted: the institution, or whoever asks without one."""
    return f"client {caller.consumer}" if caller.consumer else f"principal {caller.principal}"


@contextmanager
def opened(connections: Connections, home: Path) -> Iterator[Side]:
    """A gateway on a database; close it before the server stops."""
    random, clock = Counted(), StandingClock()
    vault = Vault(FileProvider(home / "domain.key", random, create=True).unwrap(), random)
    presented = Presented()

    async def lane() -> Lane:
        return await Lane.connect(connections.log)

    async def start() -> Gateway:
        lanes = await Lanes.open(connections.reader, fast=2, slow=1)
        signer = NoteSigner("reference.example/log", random.bytes(32))
        log = await Log.open(lane, range(1), signer.name, signer, clock, random)
        operations = Operations(Limits(), 100)
        reading = await Lanes.open(connections.log, fast=1, slow=1)
        history, accesses = History(reading, signer.name, signer), Accesses(reading, signer.name, vault)
        return Gateway(
            clock,
            random,
            presented,
            operations,
            Live(load(POLICIES)),
            RoleSchemas(),
            Preparations(64),
            vault,
            lanes,
            await Sessions.open(connections.writer, size=1),
            Accounts(),
            log,
            history,
            accesses,
            Chains(reading, history, log, vault),
            Certificates(),
        )

    async def stop(gateway: Gateway) -> None:
        await gateway.log.close()
        await gateway.history.close()
        await gateway.sessions.close()
        await gateway.lanes.close()

    with (
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        psycopg.connect(connections.owner, autocommit=True) as owner,
    ):
        gateway = runner.run(start())
        try:
            yield Side(gateway, presented, runner, owner)
        finally:
            runner.run(stop(gateway))


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
    keys = side.owner.execute("SELECT wrapped FROM subject_key WHERE subject_id = %s", (row.subject,)).fetchall()
    vault, name = side.gateway.vault, row.item["fileName"]
    key = vault.unwrap(keys[0][0], row.subject)
    return {
        **columns,
        "subject_id": row.subject,
        "id": row.id,
        "subject_class": row.subject_class,
        "file_name_sealed": None if name is None else vault.seal(key, "evidence", "file_name", row.id, str(name)),
        "principal": "somebody",
    }


def _case(side: Side, one: Case, row: Row) -> dict[str, object]:
    """The columns of a case; what is claimed is sealed under the key of its subject."""
    columns = {snake(name): value for name, value in row.item.items() if name != "claim"}
    keys = side.owner.execute("SELECT wrapped FROM subject_key WHERE subject_id = %s", (one.subject,)).fetchall()
    vault, claim = side.gateway.vault, row.item["claim"]
    key = vault.unwrap(keys[0][0], one.subject)
    return {
        **columns,
        "subject_id": one.subject,
        "id": one.number,
        "subject_class": row.subject_class,
        "claim_sealed": None if claim is None else vault.seal(key, "case", "claim", one.number, str(claim)),
        "record_id": one.record,
        "filed_at": one.opened,
        "rule": "objection.cap",
        "rule_version": 1,
        "calendar": 1,
        "handler": one.handler,
        "filer": "somebody",
    }


def is_subject(row: Row) -> bool:
    """Whether a row is itself a subject."""
    return BY_NAME[row.kind].owner is Owner.SUBJECT
