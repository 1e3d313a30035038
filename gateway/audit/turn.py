"""The turn: whoever holds it, and nobody else, appends to the shard.

A group commit takes it alone. A mutation does its own work first, in its own transaction on another connection, takes
the turn last and carries the waiting reads along::

    async with log.turn() as turn:
        receipt = await turn.carry(execute, entry, sealed)   # execute runs a statement in the open transaction
        await session.commit()
        turn.committed()

If the block is left after something was appended, without ``committed`` or ``rolled_back``, nobody knows what the shard
holds: it is given up and taken anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from gateway.audit.entry import SALT_SIZE, Group, Lost, Waiting, build
from gateway.audit.queue import Queue, fail
from gateway.audit.shard import Shard, ShardLost
from gateway.audit.statements import APPEND
from gateway.clock import Clock, Random
from gateway.errors import BasisLost, LogUnavailable, UseConflict
from gateway.store.lanes import Row
from gateway.values import Entry, Receipt, Statement

MOST_TRIES = 20  # groups that pass by a busy check before it counts as lost

# Outcomes by which entries are turned away; None: for now.
_AWAY: Mapping[bytes, Lost | None] = MappingProxyType({b"lost": Lost.BASIS, b"conflict": Lost.USE, b"busy": None})

Execute: TypeAlias = Callable[[Statement, Sequence[bytes | None]], Awaitable[list[Row]]]


class BasisLostRecorded(BasisLost):
    """A check was lost; the refusal is in the log, at ``receipt``."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__()
        self.receipt = receipt


class UseConflictRecorded(UseConflict):
    """The key of a use stands for another one; the refusal is in the log, at ``receipt``."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__()
        self.receipt = receipt


class Turn:
    """The right to append one group."""

    def __init__(self, shard: Shard, queue: Queue, clock: Clock, random: Random) -> None:
        self._shard = shard
        self._queue = queue
        self._clock = clock
        self._random = random
        self._entries: list[Waiting] = []
        self._own: Waiting | None = None
        self._group: Group | None = None
        self.rights_position = 0

    @property
    def undecided(self) -> bool:
        """Whether something was appended of which it is not known yet if it is durable."""
        return self._group is not None

    async def write(self, execute: Execute) -> None:
        """Append the waiting entries by ``execute``; :meth:`committed` or :meth:`abandoned` must follow.

        Entries whose check is lost are written as their refusal, entries whose check is busy go back to the queue.
        Raises ShardLost if the tail is not where it was or the outcome is unknown, LogUnavailable if nothing was
        written; BasisLost if the check of a carried entry is lost.
        """
        self._entries += self._queue.take()
        while self._entries:
            shard = self._shard
            salts = self._random.bytes(SALT_SIZE * len(self._entries))
            now = self._clock.now()
            await shard.enter(now)
            group = build(*shard.fences, shard.edge, self._entries, salts, now)
            rows = await execute(APPEND, group.parameters)
            outcome, ordinals, position = rows[0]
            if outcome == b"appended":
                self._group = group
                self.rights_position = int(position or b"0")
                return
            if outcome is None or outcome not in _AWAY:
                raise ShardLost
            owners, lost = group.owners(_ordinals(ordinals)), _AWAY[outcome]
            if self._own in owners:
                raise LogUnavailable if lost is None else BasisLost
            self._turn_away(owners, lost)

    async def carry(self, execute: Execute, entry: Entry, sealed: bytes | None = None) -> Receipt:
        """Append ``entry`` and all that waits inside the caller's transaction; errors as of :meth:`write`.

        The receipt is true once the transaction has committed. On BasisLost nothing was written: roll back, and append
        the refusal as an entry of its own.
        """
        own = Waiting(entry, sealed, asyncio.get_running_loop().create_future())
        self._own = own
        self._entries = [own]
        await self.write(execute)
        assert self._group is not None
        return self._group.receipts(self._shard.signer.name)[0]

    def committed(self) -> None:
        """The transaction is known to be durable: move the tail, answer everybody."""
        if self._group is None:
            return
        self._shard.edge = self._group.edge
        receipts = self._group.receipts(self._shard.signer.name)
        entries = self._release()
        for entry, receipt in zip(entries, receipts, strict=True):
            if entry.future.done():
                continue
            match entry.lost:
                case Lost.BASIS:
                    entry.future.set_exception(BasisLostRecorded(receipt))
                case Lost.USE:
                    entry.future.set_exception(UseConflictRecorded(receipt))
                case None:
                    entry.future.set_result(receipt)

    def rolled_back(self) -> None:
        """The transaction is known to have left nothing: those it carried wait for the next turn."""
        self._queue.put_back([entry for entry in self._release() if entry is not self._own])

    def abandoned(self) -> None:
        """What became of the entries is unknown, or they cannot be written: everybody is told."""
        fail([entry for entry in self._release() if entry is not self._own])

    def _release(self) -> list[Waiting]:
        entries, self._entries, self._group = self._entries, [], None
        return entries

    def _turn_away(self, owners: list[Waiting], lost: Lost | None) -> None:
        aside: list[Waiting] = []
        for entry in dict.fromkeys(owners):
            entry.tries += 1
            if lost is not None or entry.tries > MOST_TRIES:
                entry.refuse(lost or Lost.BASIS)
            else:
                aside.append(entry)
        self._entries = [entry for entry in self._entries if entry not in aside]
        self._queue.put_back(aside)


def _ordinals(text: bytes | None) -> list[int]:
    """An integer array in the text protocol."""
    return [int(one) for one in (text or b"{}")[1:-1].split(b",") if one]
