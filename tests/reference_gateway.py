"""The gateway that is held against the reference model: everything real but the tokens, loaded with the same rows."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import uvloop
from graphql import GraphQLSchema

from gateway.audit.account import Accounts
from gateway.audit.history import History
from gateway.audit.log import Log
from gateway.catalogue.fields import Owner
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.clock import SystemClock
from gateway.identity.certificates import Certificates
from gateway.identity.verifier import Verifier
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
from gateway.store.database import Connections
from gateway.store.lanes import Lane, Lanes
from gateway.store.sessions import Sessions
from gateway.values import Caller
from gateway.vault.keys import FileProvider
from gateway.vault.vault import Vault
from tests.reference_rows import Row
from tests.reference_worlds import (
    NOW,
)

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


def is_subject(row: Row) -> bool:
    """Whether a row is itself a subject."""
    return BY_NAME[row.kind].owner is Owner.SUBJECT
