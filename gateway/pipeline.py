"""THE PAGE TO READ: the life of a query and of a mutation, each one straight function of numbered steps.

1. who asks (`identity`)            2. what they ask (`operation`)      3. what they may see (`policy`)
4. how to fetch (`plan`)            5. rows (`store.lanes`)             6. open (`vault`)
7. shape (`reply`)                  8. write it down (`audit`)          9. send (`web`)

Each step hands the next a frozen value and none imports another. Whatever fails from step 2 on becomes a refusal entry;
if that cannot be written either, the caller learns only that the gateway is unavailable. No entry, no bytes.
A mutation takes the same door (1 to 3) and then ``perform``: what it does and its entry are one transaction.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, TypeAlias

import orjson

from gateway import named, performed, reply, scenes
from gateway.actions.all import BY_NAME as BY_ACTION
from gateway.audit.account import Accounts, Disclosed, undisclosed
from gateway.audit.history import History
from gateway.audit.log import Log
from gateway.audit.turn import BasisLostRecorded, UseConflictRecorded
from gateway.clock import Clock, Random
from gateway.errors import BasisLost, CommitUnknown, GatewayError, InternalError, UseConflict
from gateway.explained import explained
from gateway.identity.certificates import Certificates
from gateway.identity.verifier import Verifier
from gateway.ledger import receipts
from gateway.ledger.accesses import NOBODY, Accesses, asked_for, of_subjects
from gateway.ledger.chains import Chains
from gateway.operation.operations import Operations
from gateway.plan.bind import Ambient, bind
from gateway.policy.acts import STEP_UP, permit
from gateway.policy.arms import Ground, ground_of
from gateway.policy.compile import Policy
from gateway.policy.live import Live
from gateway.policy.strict import hopeless, lacking, refuse
from gateway.prepared import Effect, Preparations, Prepared, merged
from gateway.rested import REVOCABLE, Asking
from gateway.rights.mandates import ACCESSES
from gateway.schema.roles import RoleSchemas
from gateway.store.lanes import Lanes
from gateway.store.sessions import Sessions
from gateway.values import (
    Act,
    ByPlace,
    Caller,
    Check,
    Entry,
    Opened,
    Outcome,
    Receipt,
    Redaction,
    Relation,
    Root,
    RootArguments,
    RootName,
    Selection,
    Sight,
    Visibility,
)
from gateway.vault.keeper import Keeper
from gateway.vault.splice import open_values
from gateway.vault.vault import Vault

Said: TypeAlias = Callable[[bytes], Mapping[str, object]]

_logger = logging.getLogger("gateway.pipeline")


class Request(NamedTuple):
    """One operation as it came in; ``sealed_text`` is what the log keeps sealed of its values."""

    authorization: str | None
    query: str
    operation_name: str | None
    variables: Mapping[str, object] | None
    sealed_text: bytes
    strict: bool = False  # all or nothing: refused whole if anything asked for would be masked or withheld
    key: str = ""  # of a mutation: whoever sends it again under the same one gets the same answer
    event: str | None = None  # of a subscription: the id of the row that something has happened to


class Reply(NamedTuple):
    """What is sent: an HTTP status and a body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts of a running gateway, put together by ``assemble``."""

    clock: Clock
    random: Random
    verifier: Verifier
    operations: Operations
    policies: Live
    schemas: RoleSchemas
    preparations: Preparations
    vault: Vault
    lanes: Lanes
    sessions: Sessions
    accounts: Accounts
    log: Log
    history: History
    accesses: Accesses
    chains: Chains
    certificates: Certificates
    private: bool = False  # webhooks may go to addresses that are not public
    scans: int = 0  # scanned consents that an institution may register in a day


class Decided(NamedTuple):
    """One root field after steps 3 and 4: its decision and plan, and the row that ``node`` names."""

    prepared: Prepared
    ground: Ground
    node: int | None


class Answered(NamedTuple):
    """One root field on its way: prepared, fetched, opened. ``prepared`` is None for what has no rows."""

    path: tuple[str, ...]
    prepared: Prepared | None
    opened: Opened | None
    data: bytes | None
    about: tuple[int, ...] = ()  # the caller's own subjects that an answer without rows is about


async def answer(gateway: Gateway, request: Request) -> Reply:
    """The life of a query. Raises Unauthenticated (nobody asked yet, nothing is logged) and Unavailable."""
    return await answer_to(gateway, request, await gateway.verifier.verify(request.authorization))  # 1 who asks


async def answer_to(gateway: Gateway, request: Request, caller: Caller, said: Said | None = None) -> Reply:
    """The same from step 2 on, for a caller who is known; ``said``: what else the entry says of the data."""
    now = gateway.clock.now()
    number = gateway.random.bytes(12).hex()
    policy = gateway.policies.current  # read once: a request ends on the version it began with
    visibility = policy.visibility(caller.role)
    selection: Selection | None = None
    try:
        schema = gateway.schemas.of(visibility)
        selection = gateway.operations.read(  # 2 what they ask
            request.query, request.operation_name, request.variables, caller.role.value, schema
        )
        selection = named.happened(selection, request.event)
        if selection.shape.act is not None:
            return await perform(gateway, request, caller, selection, selection.shape.act, visibility, number)
        decided = [  # 3 what they may see, 4 how to fetch: of every root before any is read
            _decided(gateway, policy, caller, selection, at) for at in range(len(selection.roots))
        ]
        if request.strict:
            refuse(
                hopeless(visibility, one.prepared.decision, one.ground) for one in decided if isinstance(one, Decided)
            )
        answers = [  # 5 and 6, each root field on its own
            _root(gateway, selection, at, one, Ambient(caller, arguments.access, now))
            for at, (one, arguments) in enumerate(zip(decided, selection.roots, strict=True))
        ]
        roots = [await answers[0]] if len(answers) == 1 else await asyncio.gather(*answers)
        data = reply.data([(root.path, root.data) for root in roots], selection.introspection)  # 7 shape
        asking = Asking(caller, number, selection.shape.document)
        disclosed, checks, outcome = _disclosed(gateway, asking, selection, roots, data)
        if request.strict:
            refuse(_lacking(visibility, root) for root in roots)
    except CommitUnknown:
        raise
    except Exception as error:
        return await _refuse(gateway, request, caller, selection, visibility, number, error)

    grounds = [arguments.access for arguments in selection.roots]
    told = (number, now, caller, selection.shape, grounds, visibility.version)
    body = gateway.accounts.body(*told, outcome, "", disclosed)
    asked = asked_for(gateway.vault, selection.roots) if checks else ()
    lost, conflict = (undisclosed(body, of.code, asked) if checks else body for of in (BasisLost, UseConflict))
    body = body if said is None else {**body, **said(data)}
    try:
        sealed = gateway.vault.seal_audit(request.sealed_text)
        receipt = await gateway.log.append(Entry(body, lost, checks, conflict), sealed)  # 8 write it down
    except (BasisLostRecorded, UseConflictRecorded) as error:
        return Reply(error.status, reply.refused(error, error.receipt, has_data=True))
    redactions = [root.prepared.redactions for root in roots if root.prepared is not None]
    return Reply(200, reply.answered(data, redactions, receipt))  # 9 send


async def perform(
    gateway: Gateway,
    request: Request,
    caller: Caller,
    selection: Selection,
    act: Act,
    visibility: Visibility,
    number: str,
) -> Reply:
    """The life of a mutation from step 3 on: what it does and its entry become durable together, or neither.

    Raises what becomes a refusal entry, and CommitUnknown, of which none is written: it may well have been done.
    """
    now, reader = gateway.clock.now(), named.reader(caller)
    permit(visibility, act.name, caller, (act.key,))  # 3 who may
    ask, log = partial(_asked, gateway, caller), (gateway.accesses, gateway.lanes)
    keeper, limits = Keeper(gateway.vault, reader), (gateway.certificates, gateway.scans, gateway.private)
    scene = scenes.scene(caller, now, visibility, keeper, log, ask, limits)
    action = BY_ACTION[act.name]
    apply = action.begin(scene, selection.given or {}, (act.key,))  # 4 input checked
    told = (number, now, caller, selection.shape, (), visibility.version)
    sealed, same = gateway.vault.seal_audit(request.sealed_text), performed.fingerprint(*request[1:4])
    async with gateway.sessions.begin() as session:
        once = performed.Once(session, gateway.vault, caller, request.key, same)
        kept = await once.before(now)
        if kept is None:
            done = await apply(session)  # 5 done, seen by nobody yet
            id = named.made(gateway.vault, done.kind or action.gives.kind, done.row, done.personal, reader)
            shown = performed.told(action, done, id)
            disclosed = performed.disclosed(gateway.vault, done, reply.action_receipt(act, shown, None))
            body = gateway.accounts.body(*told, Outcome.PERFORMED, "", disclosed)
            entry = Entry(body, undisclosed(body, BasisLost.code) if done.checks else body, done.checks)
            async with gateway.log.turn() as turn:
                receipt = await turn.carry(session.run, entry, sealed)  # 6 written down in the same transaction
                data = reply.data([((act.key,), reply.action_receipt(act, shown, receipt))], selection.introspection)
                answered = reply.answered(data, (), receipt)
                await once.keep(answered)
                await session.commit()  # 7 both are durable
                turn.committed()
            return Reply(200, answered)  # 8 send
    body = gateway.accounts.body(*told, Outcome.DISCLOSED, "", Disclosed(mac=gateway.vault.response_mac(kept)))
    await gateway.log.append(Entry(body, body), sealed)  # it was done before; that it is told again is written down
    return Reply(200, kept)


async def _asked(gateway: Gateway, caller: Caller, query: str, variables: Mapping[str, object]) -> bytes:
    """The answer to a query that an action asks as its caller: decided and written down like any other.

    Without step-up: what an action keeps of it is read later by those who are not proven anew.
    """
    asking = replace(caller, assurance=min(STEP_UP - 1, caller.assurance))
    return (await answer_to(gateway, Request(None, query, None, variables, orjson.dumps(variables)), asking)).body


def _decided(gateway: Gateway, policy: Policy, caller: Caller, selection: Selection, at: int) -> Decided | bytes | None:
    """Steps 3 and 4 for one root field; the answer itself where there is nothing to fetch, None for proofs."""
    root, arguments = selection.shape.roots[at], selection.roots[at]
    visibility = policy.visibility(caller.role)
    if root.name is RootName.VIEWER:
        return reply.viewer(root, caller, visibility)
    if arguments.explained is not None:
        return explained(gateway.operations, gateway.schemas, policy, caller, root, arguments.explained)
    if root.name in (RootName.RECEIPT, RootName.CHAINS):
        return None
    target, node = named.row(gateway.vault, arguments.node, named.reader(caller))
    paged = frozenset(slot for slot, page in enumerate(selection.paging) if page.after is not None)
    filters, ground = tuple(name for name, _ in arguments.filter), ground_of(arguments.access, caller.assurance)
    prepared = gateway.preparations.get(selection.shape, at, visibility, ground, target, paged, filters)
    if gateway.policies.shadow is not None:
        gateway.policies.shadow.note(prepared.decision, caller.role, root, ground, filters)
    if target is not None and (not prepared.plan.nodes or prepared.plan.nodes[0].kind != target.name):
        node = None  # the id names a kind that was not asked for
    return Decided(prepared, ground, node)


def _lacking(visibility: Visibility, root: Answered) -> list[Redaction]:
    """What the rows that came do not show in clear."""
    if root.prepared is None:
        return []
    sights = frozenset(() if root.opened is None else root.opened.rows.sights)
    effect = root.prepared.effect(sights)
    value = None if root.data is None else orjson.loads(root.data)
    classes = {sight.row_class for sight in sights}
    return lacking(visibility, root.prepared.decision, root.path, value, classes, {*effect.masked, *effect.withheld})


async def _root(
    gateway: Gateway, selection: Selection, at: int, decided: Decided | bytes | None, ambient: Ambient
) -> Answered:
    """Steps 5 and 6 for one root field."""
    root, arguments, reader = selection.shape.roots[at], selection.roots[at], named.reader(ambient.caller)
    if isinstance(decided, bytes):
        return Answered(root.path, None, None, decided)
    if decided is None:
        return await _proved(gateway, root, arguments, ambient)
    prepared, node = decided.prepared, decided.node
    plan = prepared.plan
    pages = named.pages(gateway.vault, prepared.lists, selection.paging, reader)
    if plan.logged:
        ambient = ambient._replace(own=await gateway.accesses.own(gateway.lanes, ambient.caller, ambient.now))
    arguments = named.engaged(gateway.vault, arguments)
    parameters = bind(plan, ambient, arguments, node, named.person(gateway.vault, arguments.by), pages)
    reading = gateway.accesses if plan.logged else gateway.lanes
    rows = await reading.fetch(plan.statement, parameters)  # 5 rows
    data = rows[0][0] if rows else None
    if data is None:
        return Answered(root.path, prepared, None, None)
    opened = open_values(data, plan.openable, gateway.vault, reader, named.engagement(arguments))  # 6 open
    if plan.logged:
        opened = of_subjects(opened, ambient.own)
    return Answered(root.path, prepared, opened, opened.data)


async def _proved(gateway: Gateway, root: Root, arguments: RootArguments, ambient: Ambient) -> Answered:
    """The proofs of the log: a receipt is for everybody, the lists of a month for those who are in them."""
    if isinstance(arguments.by, ByPlace):
        return Answered(root.path, None, None, await receipts.answer(gateway.history, gateway.log, root, arguments.by))
    own = await gateway.accesses.own(gateway.lanes, ambient.caller, ambient.now)
    return Answered(root.path, None, None, *await gateway.chains.answer(root, arguments.month, own, ambient.now))


def _disclosed(
    gateway: Gateway, asking: Asking, selection: Selection, roots: Sequence[Answered], data: bytes
) -> tuple[Disclosed, tuple[Check, ...], Outcome]:
    """What the answer holds, for the log; and what must still hold when it is disclosed."""
    subjects: dict[bytes, int] = {}  # subject → the place of its pseudonym in the entry
    kinds: dict[str, dict[bytes | int, bytes]] = {}  # kind → row, or the place of its subject → version
    effects: list[Effect] = []
    held = 0
    checks: dict[Check, None] = {}
    for at, root in enumerate(roots):
        for own in root.about:
            held |= Relation.SELF
            subjects.setdefault(b"%d" % own, len(subjects))
            checks.update(dict.fromkeys(asking.checks(None, Relation.SELF, own, ACCESSES)))
        if root.prepared is None or root.opened is None:
            continue
        rows, nodes = root.opened.rows, root.prepared.plan.nodes
        sights = frozenset(rows.sights)
        known: dict[Sight, tuple[dict[bytes | int, bytes], bool]] = {}
        for sight in sights:
            held |= sight.relations
            known[sight] = kinds.setdefault(nodes[sight.node].kind, {}), nodes[sight.node].of_subject
        named_all = not root.prepared.plan.logged  # rows of the log are somebody's own, or nobody's here
        for sight, subject, id, version in zip(*rows, strict=True):
            place = subjects.setdefault(subject, len(subjects)) if named_all or subject != NOBODY else 0
            versions, of_subject = known[sight]
            versions[place if of_subject else id] = version
        effects.append(root.prepared.effect(sights))
        if held & REVOCABLE:
            access, word = selection.roots[at].access, ACCESSES if root.prepared.plan.logged else ""
            for sight, subject in dict.fromkeys(zip(rows.sights, rows.subjects, strict=True)):
                checks.update(dict.fromkeys(asking.checks(access, sight.relations, int(subject), word)))
    grounds = [
        (arguments.access, root.opened.rows.subjects if root.opened is not None else ())
        for arguments, root in zip(selection.roots, roots, strict=True)
    ]
    checks.update(dict.fromkeys(asking.keys(grounds, tuple(checks))))
    clear, masked, withheld = effects[0] if len(effects) == 1 else merged(effects)
    disclosed = Disclosed(
        gateway.vault.pseudonyms(map(int, subjects)),
        {kind: (list(map(int, known)), list(map(int, known.values()))) for kind, known in kinds.items()},
        clear,
        masked,
        withheld,
        held,
        gateway.vault.response_mac(data),
        asked_for(gateway.vault, [selection.roots[at] for at, root in enumerate(roots) if root.opened is None]),
    )
    any_data = any(root.data is not None for root in roots) or selection.introspection is not None
    return disclosed, tuple(checks), Outcome.DISCLOSED if any_data else Outcome.EMPTY


async def _refuse(
    gateway: Gateway,
    request: Request,
    caller: Caller,
    selection: Selection | None,
    visibility: Visibility,
    number: str,
    cause: Exception,
) -> Reply:
    """A refusal is an entry too. Raises Unavailable if it cannot be written."""
    error = cause if isinstance(cause, GatewayError) else InternalError()
    if isinstance(error, InternalError):  # a fault of ours, also where it was found out below
        _logger.error("request %s failed", number, exc_info=cause)
    grounds = [] if selection is None else [arguments.access for arguments in selection.roots]
    shape = None if selection is None else selection.shape
    body = gateway.accounts.body(
        number,
        gateway.clock.now(),
        caller,
        shape,
        grounds,
        visibility.version,
        Outcome.REFUSED,
        error.code,
        Disclosed(asked=() if selection is None else asked_for(gateway.vault, selection.roots)),
    )
    receipt: Receipt = await gateway.log.append(Entry(body, body), gateway.vault.seal_audit(request.sealed_text))
    if selection is None and error.status == 200:
        return Reply(400, reply.refused(error, receipt, has_data=False))  # it never became an operation
    return Reply(error.status, reply.refused(error, receipt, has_data=selection is not None))
