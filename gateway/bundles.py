"""Bundles of the policy in the database: what is in force in every process, and what a candidate would have decided.

The newest bundle that is no candidate is in force. Every process hears of a new one by LISTEN on a connection of its
own, straight to the primary, and looks once a second in case it does not. A bundle that cannot be used changes nothing:
the process keeps what it has, says so in its health and in its log, and looks at it no more.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import psycopg
import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import insert

from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.policy import bundle as bundles
from gateway.policy import compile, files
from gateway.policy.bundle import Bundle
from gateway.policy.compile import Policy
from gateway.policy.files import PolicyRefused
from gateway.policy.live import Difference, Live, Shadow
from gateway.signing import NoteVerifier
from gateway.store.database import convert
from gateway.store.policy_tables import CHANNEL, POLICY_BUNDLE, POLICY_DIFFERENCE
from gateway.store.sessions import Session, Sessions

LOOK = 1.0  # seconds between looks at the table, should no notice come
LONGEST = 30.0  # and at most, while the database is away
COUNTED = 5.0  # seconds between writing down what a candidate would have decided otherwise
LINE = 4  # bundles looked at, should the newest be of no use
KEPT = 4  # policies kept by version, so that going back to one costs nothing
LOCK = 0x706F6C  # the advisory lock of whoever publishes

_logger = logging.getLogger("gateway.bundles")


class Stored(NamedTuple):
    """One row of the table."""

    number: int
    version: str
    bundle: Bundle


class Standing(NamedTuple):
    """What the table says now: what came into force, the newest first, and the candidate beside it."""

    line: tuple[Stored, ...]  # a few of them, or all
    shadow: Stored | None

    @property
    def live(self) -> Stored | None:
        """What should be in force."""
        return self.line[0] if self.line else None

    @property
    def before(self) -> Bundle | None:
        """What that replaced."""
        return self.replaced(0)

    def replaced(self, at: int) -> Bundle | None:
        """What the bundle at this place in the line replaced."""
        return self.line[at + 1].bundle if at + 1 < len(self.line) else None

    @property
    def newest(self) -> int:
        """The number of the newest bundle; 0: there is none."""
        return max((one.number for one in (self.live, self.shadow) if one is not None), default=0)


async def standing(session: Session) -> Standing:
    """What the table says; a candidate is one that is newer than what is in force."""
    found: list[list[Stored]] = []
    for shadow in (False, True):
        newest = sa.select(POLICY_BUNDLE).where(POLICY_BUNDLE.c.shadow.is_(sa.true() if shadow else sa.false()))
        rows = await session.execute(newest.order_by(POLICY_BUNDLE.c.number.desc()).limit(sa.literal(LINE)))
        found.append([_stored(row) for row in rows])
    candidate = next(iter(found[1]), None)
    if candidate is not None and found[0] and candidate.number < found[0][0].number:
        candidate = None
    return Standing(tuple(found[0]), candidate)


def _stored(row: tuple[object, ...]) -> Stored:
    """One row; what is no bundle is read as one without files, which no policy can be made of."""
    number, version, content = row[:3]
    assert isinstance(number, int)
    texts, note = (content.get("files"), content.get("note")) if isinstance(content, dict) else (None, None)
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        texts = {}
    return Stored(number, str(version), Bundle(texts, note if isinstance(note, str) else None))


async def publish(
    session: Session, bundle: Bundle, signers: tuple[NoteVerifier, ...], at: datetime, *, shadow: bool = False
) -> int:
    """Put a bundle in force, or beside the one that is; its number. Raises PolicyRefused.

    One that publishes waits for another, so that what a bundle replaces is what it was signed to replace. A candidate
    enforces nothing, hence needs no signature before it comes into force itself.
    """
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    now = await standing(session)
    policy = compile.build(files.parse(bundle.texts))
    if not shadow:
        bundles.check(policy, bundle, None if now.live is None else now.live.bundle, signers)
    return await _add(session, bundle, at, shadow)


async def _add(session: Session, bundle: Bundle, at: datetime, shadow: bool) -> int:
    content = Jsonb({"files": dict(bundle.texts), "note": bundle.note})
    added = POLICY_BUNDLE.insert().values(version=bundle.version, content=content, shadow=shadow, published_at=at)
    ((number,),) = await session.execute(added.returning(POLICY_BUNDLE.c.number))
    assert isinstance(number, int)
    return number


async def differences(session: Session) -> list[tuple[object, ...]]:
    """What candidates would have decided otherwise, most often asked first: version, the cell, both ways, how often."""
    found = sa.select(POLICY_DIFFERENCE).order_by(POLICY_DIFFERENCE.c.requests.desc(), *POLICY_DIFFERENCE.primary_key)
    return await session.execute(found)


class Bundles:
    """Keeps one process at the bundle in force. ``demonstration``: its own folder is always good enough."""

    def __init__(
        self,
        sessions: Sessions,
        conninfo: str,
        signers: tuple[NoteVerifier, ...],
        clock: Clock,
        *,
        demonstration: bool = False,
    ) -> None:
        self._sessions = sessions
        self._conninfo = conninfo
        self._signers = signers
        self._clock = clock
        self._demonstration = demonstration
        self._seen = 0  # the newest number that was looked at
        self._known: dict[str, Policy] = {}  # by digest of the files, the newest last

    async def start(self, folder: Bundle, policy: Policy) -> Live:
        """What is in force for a process that starts with this folder, which holds this policy.

        A folder that differs from what is in force is put in force, if it may be; otherwise what is in force stays,
        unless that cannot be used. Raises PolicyRefused.
        """
        self._keep(folder.texts, policy)
        async with self._sessions.begin() as session:
            await session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            now = await standing(session)
            found, trouble, fresh = self._chosen(now, folder)
            if fresh:
                await _add(session, folder, self._clock.now(), False)
                now = await standing(session)
        live = Live(found, None, trouble)
        self._seen = now.newest
        self._beside(live, now)
        return live

    async def watch(self, live: Live) -> None:
        """Until canceled, put what is newest in force, and the newest candidate beside it."""
        pause = LOOK
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}".encode())
                    while True:
                        await self.look(live)
                        pause = LOOK
                        async for _ in connection.notifies(timeout=LOOK, stop_after=1):
                            pass
            except psycopg.Error as error:
                _logger.warning("no notice of new policies can come now: %s", convert(error).code)
            except Exception as error:  # whatever it is: a process that no longer looks would decide by an old policy
                _logger.warning("the policies cannot be looked at now: %r", error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST)

    async def look(self, live: Live) -> None:
        """Look once; what is newer than what was seen last is put in force. Raises GatewayError."""
        async with self._sessions.begin() as session:
            ((number,),) = await session.execute(sa.select(sa.func.coalesce(sa.func.max(POLICY_BUNDLE.c.number), 0)))
            if number == self._seen:
                return
            now = await standing(session)
        self._seen = now.newest
        live.trouble = await self._follow(live, now)
        await asyncio.to_thread(self._beside, live, now)

    async def _follow(self, live: Live, now: Standing) -> str:
        """Put the newest in force that can be used: while one look goes on, several may have come. What is wrong."""
        trouble = ""
        for at, one in enumerate(now.line):
            if one.version == live.current.version or (at and at + 1 == LINE):  # what the last replaced is not known
                break
            try:
                policy = await asyncio.to_thread(self._usable, one, now.replaced(at))
            except Exception as error:
                trouble = trouble or _complain("a newer policy", one.version, error)
            else:
                live.current = policy
                _logger.info("the policy %s is in force", policy.version)
                break
        return trouble

    async def count(self, live: Live) -> None:
        """Until canceled, write down what the candidate would have decided otherwise."""
        while True:
            await asyncio.sleep(COUNTED)
            with contextlib.suppress(GatewayError):
                await self.write(live)

    async def write(self, live: Live) -> None:
        """Add what was counted since last time. What cannot be written is counted again. Raises GatewayError."""
        shadow = live.shadow
        counted = {} if shadow is None else shadow.take()
        if shadow is None or not counted:
            return
        try:
            async with self._sessions.begin() as session:
                for one, requests in sorted(counted.items()):
                    await session.execute(_added(shadow.policy.version, one, requests))
        except GatewayError:
            for one, requests in counted.items():
                shadow.counts[one] = shadow.counts.get(one, 0) + requests
            raise

    def _beside(self, live: Live, now: Standing) -> None:
        """The candidate of ``now`` beside the live policy; one that does not load is told and left out."""
        if now.shadow is None:
            live.shadow = None
        elif live.shadow is None or live.shadow.policy.version != now.shadow.version:
            try:
                live.shadow = Shadow(self._compiled(now.shadow.bundle.texts))
            except Exception as error:
                live.shadow = None
                trouble = _complain("a candidate", now.shadow.version, error)
                live.trouble = live.trouble or trouble

    def _chosen(self, now: Standing, folder: Bundle) -> tuple[Policy, str, bool]:
        """The policy to start with, what is wrong with the folder, and whether it comes into force by this."""
        live = now.live
        if live is not None and files.digest(live.bundle.texts) == files.digest(folder.texts):
            with contextlib.suppress(PolicyRefused):  # it may never have been signed as it must be now
                return self._usable(live, now.before), "", False
        try:
            return self._proposed(folder, None if live is None else live.bundle), "", True
        except PolicyRefused as refused:
            if live is None:
                raise
            with contextlib.suppress(PolicyRefused):
                kept = self._usable(live, now.before)
                return kept, _complain("the folder of the policy", folder.version, refused), False
            raise

    def _proposed(self, folder: Bundle, replaces: Bundle | None) -> Policy:
        policy = self._compiled(folder.texts)
        if self._demonstration and not self._signers:
            _logger.info("policies are not signed in the demonstration: %s is taken as it is", folder.version)
        else:
            bundles.check(policy, folder, replaces, self._signers)
        return policy

    def _usable(self, stored: Stored, before: Bundle | None) -> Policy:
        """The policy of a bundle in the table. Whoever can write there cannot sign."""
        policy = self._compiled(stored.bundle.texts)
        if self._signers:
            bundles.check(policy, stored.bundle, before, self._signers)
        return policy

    def _compiled(self, texts: Mapping[str, str]) -> Policy:
        known = self._known.get(files.digest(texts))
        return known if known is not None else self._keep(texts, compile.build(files.parse(texts)))

    def _keep(self, texts: Mapping[str, str], policy: Policy) -> Policy:
        self._known[files.digest(texts)] = policy
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return policy


def _added(version: str, one: Difference, requests: int) -> sa.Insert:
    key = {
        "version": version,
        "role": one.role.value,
        "coordinate": one.coordinate,
        "row_class": one.row_class,
        "live": one.live,
        "candidate": one.candidate,
    }
    fresh = insert(POLICY_DIFFERENCE).values(**key, requests=requests)
    more = POLICY_DIFFERENCE.c.requests + fresh.excluded.requests
    return fresh.on_conflict_do_update(index_elements=list(key), set_={"requests": more})


def _complain(what: str, version: str, error: Exception) -> str:
    """Say in the log why a bundle is not in force; the word for health, which everybody may read, says only that."""
    unforeseen = None if isinstance(error, PolicyRefused) else error
    _logger.error("%s (%s) cannot be used, nothing changes:\n%s", what, version, error, exc_info=unforeseen)
    return f"{version} is not in force"
