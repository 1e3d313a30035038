"""The access log of this process: entries in, receipts out, nothing answered before it is durable.

Entries that arrive while a commit is under way wait and go together with the next one (group commit). If the outcome of
a commit is unknown or the shard was claimed by somebody else, everybody who waits gets LogUnavailable, and the log
accepts again only after the shard was locked, claimed under a new epoch and its tail read anew.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.audit.entry import Waiting
from gateway.audit.queue import Queue
from gateway.audit.shard import Connect, Shard, ShardLost
from gateway.audit.turn import Turn
from gateway.clock import Clock, Random
from gateway.errors import LogUnavailable
from gateway.signing import NoteSigner
from gateway.values import Entry, Receipt

CHECKPOINT_PERIOD = 1.0  # seconds between checkpoints nobody asked for
BUSY_PAUSE = 0.01  # seconds before a check whose row is being changed is tried again
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between attempts to take a shard anew; doubles
LOYAL_ATTEMPTS = 5  # so often our own shard is tried before another will do: the server may be slow to drop the lock


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the log accepts entries, where it stands, how many wait."""

    accepting: bool
    shard: int | None
    epoch: int
    size: int
    waiting: int


class Log:
    """See the module; make it with :meth:`open`.

    ``rights_position`` is the position of the last rights change, as of the last commit.
    """

    def __init__(
        self,
        connect: Connect,
        shards: Sequence[int],
        origin: str,
        signer: NoteSigner,
        clock: Clock,
        random: Random,
        queue: Queue,
    ) -> None:
        self._connect, self._shards, self._origin, self._signer = connect, tuple(shards), origin, signer
        self._clock, self._random = clock, random
        self._queue = queue
        self._lock = asyncio.Lock()  # the turn
        self._shard: Shard | None = None
        self._drainer: asyncio.Task[None] | None = None
        self._reopener: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._noted: tuple[Shard, int, str] | None = None  # the last checkpoint: of which claim, size, note
        self._closing = False
        self.rights_position = 0

    @classmethod
    async def open(
        cls,
        connect: Connect,
        shards: Sequence[int],
        origin: str,
        signer: NoteSigner,
        clock: Clock,
        random: Random,
        *,
        depth: int = 4096,
        max_bytes: int = 64 << 20,
    ) -> "Log":
        """Take the first free shard of ``shards``, within a second.

        Entries beyond ``depth`` or ``max_bytes`` waiting are refused. ``connect`` opens a lane of the log role; never
        through a pooler, for the lock is the session's. Raises LogUnavailable.
        """
        log = cls(connect, shards, origin, signer, clock, random, Queue(depth, max_bytes))
        log._shard = await log._take()
        log._keeper = asyncio.create_task(log._keep())
        return log

    @property
    def health(self) -> Health:
        """The state of the log now."""
        shard = self._shard
        if shard is None:
            return Health(False, None, 0, 0, len(self._queue))
        accepting = shard.alive and not self._closing
        return Health(accepting, shard.number, shard.epoch, shard.edge.size, len(self._queue))

    @property
    def shard(self) -> Shard | None:
        """The shard that is held now."""
        return self._shard

    async def append(self, entry: Entry, sealed: bytes | None = None) -> Receipt:
        """Write an entry; when this returns it is durable.

        ``sealed`` are the variables under the audit key. Raises BasisLostRecorded if a check did not hold (the refusal
        is then in the log), Overloaded, LogUnavailable (nothing may be sent; the entry may or may not be there), and
        NotCanonical for a body that has no canonical form.
        """
        if self._shard is None or self._closing:
            raise LogUnavailable
        waiting = Waiting(entry, sealed, asyncio.get_running_loop().create_future())
        self._queue.admit(waiting)
        if self._drainer is None:
            self._drainer = asyncio.create_task(self._drain())
        return await waiting.future

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """The turn, for a mutation that appends in its own transaction; see ``gateway.audit.turn``.

        Raises LogUnavailable if no shard is held.
        """
        async with self._lock:
            shard = self._shard
            if shard is None or self._closing:
                raise LogUnavailable
            turn = Turn(shard, self._queue, self._clock, self._random)
            try:
                yield turn
            except ShardLost as error:
                turn.abandoned()
                self._lose(shard, error)
                raise
            finally:
                if turn.undecided:
                    turn.abandoned()
                    self._lose(shard)
                turn.rolled_back()  # without effect if it was decided above or by the mutation
                self.rights_position = max(self.rights_position, turn.rights_position)
                if self._shard is None:
                    self._queue.fail()
                elif len(self._queue) and self._drainer is None:
                    self._drainer = asyncio.create_task(self._drain())

    async def checkpoint(self) -> str:
        """The signed checkpoint of the tree as it is now, stored. Raises LogUnavailable."""
        shard = self._shard
        if shard is None:
            raise LogUnavailable
        if self._noted is None or self._noted[0] is not shard or self._noted[1] != shard.edge.size:
            size, note = await shard.sign_checkpoint(self._clock.now())
            self._noted = (shard, size, note)
        return self._noted[2]

    async def published(self, size: int, cosignatures: str) -> None:
        """The checkpoint of ``size`` was shown to the witnesses. Raises LogUnavailable."""
        if self._shard is None:
            raise LogUnavailable
        await self._shard.publish(size, cosignatures, self._clock.now())

    async def close(self) -> None:
        """Write what waits, sign a last checkpoint, give the shard back."""
        self._closing = True
        for task in (self._keeper, self._reopener):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self._drainer is not None:
            await asyncio.gather(self._drainer, return_exceptions=True)
        async with self._lock:
            if self._shard is not None:
                with contextlib.suppress(LogUnavailable):  # the entries are durable; the next owner signs
                    await self.checkpoint()
                await self._shard.release()
                self._shard = None

    async def _drain(self) -> None:
        """Commit group after group until nothing waits."""
        try:
            while len(self._queue) and self._shard is not None:
                async with self._lock:
                    await self._commit()
                if self._queue.only_busy():
                    await asyncio.sleep(BUSY_PAUSE)
        finally:
            self._drainer = None
            if self._shard is None:
                self._queue.fail()

    async def _commit(self) -> None:
        """One group, in the turn. Whatever goes wrong, everybody in it is told."""
        shard = self._shard
        if shard is None:
            return
        turn = Turn(shard, self._queue, self._clock, self._random)
        try:
            await turn.write(shard.execute)
        except ShardLost as error:
            turn.abandoned()
            self._lose(shard, error)
        except LogUnavailable:
            turn.abandoned()  # known to be unwritten: the tail stays where it is
        except BaseException as error:
            turn.abandoned()
            self._lose(shard, error)
            raise
        else:
            turn.committed()
            self.rights_position = max(self.rights_position, turn.rights_position)

    def _lose(self, shard: Shard, error: BaseException | None = None) -> None:
        """Give the shard up, tell everybody who waits, and begin to take one anew."""
        if self._shard is not shard:
            return
        while error is not None and error.__cause__ is not None:
            error = error.__cause__
        logging.getLogger(__name__).warning("shard %d given up: %r", shard.number, error)
        self._shard = None
        shard.close()
        self._queue.fail()
        if not self._closing and self._reopener is None:
            self._reopener = asyncio.create_task(self._reopen(shard.number))

    async def _take(self) -> Shard:
        """A shard to begin with; patient enough for the server to notice that a process before us has died."""
        pause = FIRST_PAUSE
        for _ in range(LOYAL_ATTEMPTS - 1):
            try:
                return await Shard.take(self._connect, self._shards, self._origin, self._signer)
            except LogUnavailable:
                await asyncio.sleep(pause)
                pause *= 2
        return await Shard.take(self._connect, self._shards, self._origin, self._signer)

    async def _reopen(self, number: int) -> None:
        """Take our shard anew, after some attempts any other."""
        pause, attempt = FIRST_PAUSE, 0
        while True:
            numbers = (number,) if attempt < LOYAL_ATTEMPTS else (number, *self._shards)
            try:
                shard = await Shard.take(self._connect, numbers, self._origin, self._signer)
            except LogUnavailable:
                attempt += 1
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            self._shard, self._reopener = shard, None
            return

    async def _keep(self) -> None:
        """Once a second: notice a dead connection, sign a checkpoint if the tree has grown."""
        while True:
            await asyncio.sleep(CHECKPOINT_PERIOD)
            shard = self._shard
            if shard is None:
                continue
            if not shard.alive:
                self._lose(shard)
                continue
            try:
                await self.checkpoint()
            except LogUnavailable as error:
                logging.getLogger(__name__).warning("no checkpoint: %r", error.__cause__)
