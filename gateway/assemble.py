"""Settings → a running gateway, top to bottom, in one visible function."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from gateway import named
from gateway.audit.account import Accounts
from gateway.audit.counted import Counted
from gateway.audit.history import History
from gateway.audit.log import Log
from gateway.audit.witness import Publisher, witnesses_of
from gateway.bundles import Bundles
from gateway.catalogue.notice import NOTICE
from gateway.clock import Clock, Random, SystemClock, SystemRandom
from gateway.errors import GatewayError, KeysRefused, SealBroken, Unavailable
from gateway.events import Events
from gateway.identity.assemble import verifier_of
from gateway.identity.certificates import certificates_of
from gateway.ledger.accesses import Accesses
from gateway.ledger.chains import Chains
from gateway.ledger.posting import Posting
from gateway.ledger.telling import Teller
from gateway.ledger.watching import Watcher
from gateway.notices.deliveries import Push
from gateway.notices.outbox import Watch
from gateway.notices.webhook import Poster
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.pipeline import Gateway, Request, answer_to
from gateway.policy import bundle, compile, files
from gateway.policy.bundle import signers_of
from gateway.policy.compile import Policy
from gateway.prepared import Preparations
from gateway.schema.roles import RoleSchemas
from gateway.settings import Settings
from gateway.signing import load_or_create
from gateway.space import Space
from gateway.store.database import Connections, provision
from gateway.store.embedded import EmbeddedServer
from gateway.store.embedded_watch import watch
from gateway.store.lanes import Lane, Lanes
from gateway.store.migrate import current, head, migrate
from gateway.store.sessions import Sessions
from gateway.timekeeping.worker import Timekeeper
from gateway.values import Caller, Role, Statement
from gateway.vault.keys import FileProvider
from gateway.vault.vault import Vault

_PING = Statement("ping", "SELECT 1")
_SOME_KEY = Statement("some_key", "SELECT subject_id, encode(wrapped, 'hex') FROM subject_key LIMIT 1")
DOCUMENTS = 2048  # operations kept, over all roles
WATCHING = "watching"  # the name of the task
TIMEKEEPING = "timekeeping"  # of another
TELLING, LISTENING = "telling", "listening"  # likewise
WEBHOOK = "webhook"  # stands in the entries of what was told, in place of a token
# What is told of an access; of an entry about several subjects, too, no more than that.
TOLD = """query($origin: String!, $index: String!) { viewer {
  accesses(first: 1, filter: {origin: $origin, index: $index}) {
    nodes { origin index at role institution institutionName unit unitName officer purposes consents matters roots
      kinds clear masked withheld outcome code } } } }"""
# What is told of a changed record: no value, only which record, as the institution knows it.
NOTICED = """query($id: ID!) { node(id: $id) { ... on Notice {
  id state what record recordKind changed createdAt dueOn } } }"""
_FLUSH_PERIOD = 5.0  # seconds between looks at the counters; they write once a minute


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers, and what must be closed after it."""

    gateway: Gateway
    counted: Counted
    connections: Connections
    space: Space
    events: Events
    tasks: "tuple[asyncio.Task[None], ...]"  # what goes on beside the requests

    async def health(self) -> dict[str, str]:
        """Part → "ok" or what is wrong with it, in words that say nothing about data; and which policy is in force."""
        try:
            await self.gateway.lanes.fetch(_PING, ())
            database = "ok"
        except GatewayError as error:
            database = error.code
        accepting = self.gateway.log.health.accepting
        policies = self.gateway.policies
        return {
            "database": database,
            "log": "ok" if accepting else "LOG_UNAVAILABLE",
            "policy": policies.trouble or "ok",
            "policyVersion": policies.current.version,
            "space": self.space.state,
        }

    def note(self, address: str, code: str) -> None:
        """Count a request that never became somebody's; the log knows its address as a pseudonym only."""
        self.counted.note(self.gateway.vault.blind_index("log", "address", address).hex(), code)

    async def close(self) -> None:
        """Write the counters, a last checkpoint, and let go of every connection."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.counted.flush(whole=False)
        await self.gateway.log.close()
        await self.gateway.history.close()
        await self.gateway.sessions.close()
        await self.gateway.lanes.close()


def database(settings: Settings) -> tuple[Connections, EmbeddedServer | None]:
    """Where the database is. Without a URL the embedded server is started (or found running) and provisioned."""
    if settings.database_url:
        urls = (settings.database_url, settings.reader_url, settings.writer_url, settings.log_url)
        return Connections(*urls), None
    server = EmbeddedServer.start(settings.home)
    return provision(server.conninfo("postgres", "postgres")), server


def prepared_database(settings: Settings) -> tuple[Connections, EmbeddedServer | None]:
    """The database, migrated to head."""
    connections, server = database(settings)
    if current(connections.owner) != head():
        migrate(connections.owner)
    return connections, server


@contextlib.contextmanager
def migrated(settings: Settings) -> Iterator[Connections]:
    """The database, migrated to head, as long as a command works on it."""
    connections, server = prepared_database(settings)
    try:
        yield connections
    finally:
        if server is not None:
            server.stop()


def vault_of(settings: Settings, random: Random) -> Vault:
    """The vault with its domain keys, made on the first run (never in production, where they must be there)."""
    return Vault(FileProvider(settings.key_file, random, create=not settings.production).unwrap(), random)


async def assemble(
    settings: Settings,
    connections: Connections,
    clock: Clock | None = None,
    random: Random | None = None,
    server: EmbeddedServer | None = None,
    policy: Policy | None = None,
) -> Running:
    """Everything that answers, from the bottom up; an embedded ``server`` is started again whenever it dies.

    ``policy``: one that was loaded already, in place of the directory that the settings name.
    Raises Unavailable if database or log cannot be reached.
    """
    clock = clock or SystemClock()
    random = random or SystemRandom()
    signers, witnesses = signers_of(settings.policy_signers), witnesses_of(settings.witnesses)
    folder = bundle.read(settings.policies)
    policy = policy or compile.build(files.parse(folder.texts))
    vault = vault_of(settings, random)
    verifier = verifier_of(settings, clock, random)
    signer = load_or_create(settings.home / "keys" / "log.key", settings.log_origin, random.bytes)
    lanes = await Lanes.open(connections.reader, fast=settings.lanes, slow=settings.slow_lanes)

    await fits(vault, lanes)
    sessions = await Sessions.open(connections.writer)
    bundles = Bundles(sessions, connections.log, signers, clock, demonstration=not settings.production)
    policies = await bundles.start(folder, policy)

    async def log_lane() -> Lane:
        return await Lane.connect(connections.log)

    log = await Log.open(log_lane, settings.shards, settings.log_origin, signer, clock, random)
    reading = await Lanes.open(connections.log, fast=1, slow=1)
    history = History(reading, settings.log_origin, signer, witnessed=bool(witnesses))
    accesses = Accesses(reading, settings.log_origin, vault)
    gateway = Gateway(
        clock,
        random,
        verifier,
        Operations(Limits(), DOCUMENTS),
        policies,
        RoleSchemas(),
        Preparations(),
        vault,
        lanes,
        sessions,
        Accounts(),
        log,
        history,
        accesses,
        Chains(reading, history, log, vault),
        certificates_of(settings.consent_issuers),
        settings.private_webhooks,
        settings.scanned_consents,
    )
    counted, space = Counted(log, clock), Space(settings, reading)
    events = Events(gateway, connections.reader)
    work = [
        _flush(counted),
        bundles.watch(policies),
        bundles.count(policies),
        gateway.accesses.keep(),
        space.watch(),
    ]
    if witnesses:
        work.append(Publisher(witnesses, log, history).run())
    tasks = [asyncio.create_task(one) for one in work]
    tasks.append(asyncio.create_task(watcher_of(gateway, reading).run(), name=WATCHING))
    tasks.append(asyncio.create_task(timekeeper_of(gateway).run(), name=TIMEKEEPING))
    tasks.append(asyncio.create_task(teller_of(gateway, reading).run(), name=TELLING))
    tasks.append(asyncio.create_task(events.run(), name=LISTENING))
    if server is not None:
        tasks.append(asyncio.create_task(watch(server)))
    return Running(gateway, counted, connections, space, events, tuple(tasks))


def posting_of(gateway: Gateway) -> Posting:
    """Who posts webhooks; nobody else has its connections."""
    return Posting(gateway.vault, Poster(private=gateway.private), gateway.clock)


def watcher_of(gateway: Gateway, lanes: Lanes) -> Watcher:
    """Who tells subjects of accesses; ``lanes`` are of the log's role."""

    async def tell(watch: Watch, origin: str, index: int) -> bytes | None:
        caller = Caller(Role.SUBJECT, watch.principal, watch.consumer, assurance=1, token=WEBHOOK)
        given = {"origin": origin, "index": str(index)}
        reply = await answer_to(gateway, Request(None, TOLD, None, given, orjson.dumps(given)), caller)
        answered = orjson.loads(reply.body)
        if answered.get("errors"):  # whatever it is may pass: it says nothing about what may be told
            raise Unavailable
        viewer = (answered.get("data") or {}).get("viewer") or {}
        nodes = (viewer.get("accesses") or {}).get("nodes") or ()
        return orjson.dumps(nodes[0]) if nodes else None

    parts = gateway.sessions, lanes, gateway.accesses
    return Watcher(*parts, posting_of(gateway), gateway.clock, tell)


def timekeeper_of(gateway: Gateway) -> Timekeeper:
    """Who does what time does: reminds, escalates, marks what is overdue, ends publications."""
    return Timekeeper(gateway.sessions, gateway.log, gateway.clock)


def teller_of(gateway: Gateway, lanes: Lanes) -> Teller:
    """Who tells recipients of changed records; ``lanes`` are of the log's role."""

    async def tell(one: Push) -> bytes | None:
        to = one.to
        caller = Caller(Role(to.role), to.principal, to.consumer, to.department, assurance=1, token=WEBHOOK)
        id = named.made(gateway.vault, NOTICE.name, one.notice, one.personal, named.reader(caller))
        given = {"id": id}
        reply = await answer_to(gateway, Request(None, NOTICED, None, given, orjson.dumps(given)), caller)
        answered = orjson.loads(reply.body)
        if answered.get("errors"):  # whatever it is may pass: it says nothing about what may be told
            raise Unavailable
        node = answered["data"]["node"]
        return orjson.dumps(node) if node else None

    parts = gateway.sessions, lanes, gateway.accesses
    return Teller(*parts, posting_of(gateway), gateway.clock, tell)


async def fits(vault: Vault, lanes: Lanes) -> None:
    """Refuse to start with domain keys that are not those of this database: it would answer wrongly, and seal anew."""
    for subject, wrapped in await lanes.fetch(_SOME_KEY, ()):
        try:
            vault.unwrap(bytes.fromhex((wrapped or b"").decode("ascii")), int(subject or b"0"))
        except SealBroken:
            raise KeysRefused("the domain keys in GATEWAY_KEY_FILE are not those of this database") from None


async def _flush(counted: Counted) -> None:
    while True:
        await asyncio.sleep(_FLUSH_PERIOD)
        with contextlib.suppress(GatewayError):
            await counted.flush()
