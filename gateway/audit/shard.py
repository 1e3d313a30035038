"""One shard of the log, held by this process: the connection, its lock, the epoch, the edge of the tree.

The advisory lock and the commits are on the same connection: who loses the connection loses the lock and cannot commit
any more. The epoch is the second fence: whoever claims the shard raises it, and a commit under an older one writes
nothing. The edge in memory moves only after a commit that is known; after anything else the shard is given up.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import TypeAlias

from gateway.audit import checkpoint
from gateway.audit.entry import parse_edge
from gateway.audit.statements import (
    APPEND,
    CHECKPOINT,
    CLAIM,
    LOCK,
    LOCK_CLASS,
    OPEN_MONTH,
    PUBLICATION,
    SETTINGS,
    UNLOCK,
)
from gateway.audit.tree import Edge
from gateway.clock import statutory_day
from gateway.errors import GatewayError, LogUnavailable
from gateway.signing import NoteSigner
from gateway.store.lanes import Lane, OutcomeUnknown, Row
from gateway.values import Statement

Connect: TypeAlias = Callable[[], Awaitable[Lane]]


class ShardLost(LogUnavailable):
    """The shard is no longer ours, or we do not know what it holds: it must be taken anew before the next entry."""


class Shard:
    """A shard that this process has claimed; make it with :meth:`take`.

    ``edge`` is owned by whoever holds the turn.
    """

    def __init__(self, lane: Lane, number: int, epoch: int, edge: Edge, month: date | None, signer: NoteSigner) -> None:
        self._lane = lane
        self.number = number
        self.epoch = epoch
        self.edge = edge
        self._month = month  # in which its entries are kept, by the first day; None: none yet
        self.signer = signer
        self.fences = (b"%d" % number, b"%d" % epoch)

    @classmethod
    async def take(cls, connect: Connect, numbers: Sequence[int], origin: str, signer: NoteSigner) -> "Shard":
        """Lock and claim the first free shard of ``numbers``.

        Each shard is a log of its own, ``<origin>/<number>``. Raises LogUnavailable if none is free or the database is
        away.
        """
        try:
            lane = await connect()
        except GatewayError as error:
            raise LogUnavailable from error
        try:
            await lane.execute(SETTINGS)
            for number in numbers:
                shard = b"%d" % number
                if (await lane.execute(LOCK, (b"%d" % LOCK_CLASS, shard)))[0][0] == b"t":
                    epoch, size, edge, month = (await lane.execute(CLAIM, (shard,)))[0]
                    if epoch is None or size is None or edge is None:  # it is closed
                        await lane.execute(UNLOCK, (b"%d" % LOCK_CLASS, shard))
                        continue
                    began = None if month is None else date.fromisoformat(month.decode("ascii"))
                    tree, own = parse_edge(size, edge), signer.named(f"{origin}/{number}")
                    return cls(lane, number, int(epoch), tree, began, own)
        except (GatewayError, ValueError) as error:
            lane.close()
            raise LogUnavailable from error
        except BaseException:
            lane.close()
            raise
        lane.close()
        raise LogUnavailable

    @property
    def alive(self) -> bool:
        """Whether the connection, and with it the lock, is still there."""
        return self._lane.alive

    @property
    def backend(self) -> int:
        """Process id of the server process that holds the lock."""
        return self._lane.backend

    async def execute(self, statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        """Run a statement as its own transaction.

        Raises LogUnavailable if it is known to have failed, ShardLost if it may have been committed or the connection
        is gone.
        """
        try:
            return await self._lane.execute(statement, parameters)
        except GatewayError as error:
            if self._lane.alive and not isinstance(error, OutcomeUnknown):
                raise LogUnavailable from error
            raise ShardLost from error

    async def enter(self, now: datetime) -> None:
        """See that what is written now is kept in its month; never an earlier one. Errors as of :meth:`execute`."""
        month = statutory_day(now).replace(day=1)
        if self._month is None or self._month < month:
            ((ours,),) = await self.execute(OPEN_MONTH, (*self.fences, month.isoformat().encode()))
            if ours != b"t":
                raise ShardLost
            self._month = month

    async def append(self, parameters: Sequence[bytes | None]) -> list[Row]:
        """Run the append function with the parameters of a group; errors as of :meth:`execute`."""
        return await self.execute(APPEND, parameters)

    async def sign_checkpoint(self, now: datetime) -> tuple[int, str]:
        """Sign the tree as it is and store the note: its size and the note. Errors as of :meth:`execute`."""
        edge = self.edge
        note = checkpoint.sign(edge, self.signer)
        await self.execute(CHECKPOINT, (self.fences[0], b"%d" % edge.size, note.encode(), now.isoformat().encode()))
        return edge.size, note

    async def publish(self, size: int, cosignatures: str, now: datetime) -> None:
        """Store what the witnesses answered to the checkpoint of ``size``. Errors as of :meth:`execute`."""
        parameters = (self.fences[0], b"%d" % size, cosignatures.encode(), now.isoformat().encode())
        await self.execute(PUBLICATION, parameters)

    async def release(self) -> None:
        """Give the lock back and close; the next owner need not wait until the server notices."""
        with contextlib.suppress(LogUnavailable):
            await self.execute(UNLOCK, (b"%d" % LOCK_CLASS, self.fences[0]))
        self.close()

    def close(self) -> None:
        """Close the connection; the lock goes with it."""
        self._lane.close()
