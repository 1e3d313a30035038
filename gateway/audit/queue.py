"""The entries that wait for the turn: bounded, in order of arrival."""

from collections import deque

from gateway.audit.entry import Waiting
from gateway.errors import LogUnavailable, Overloaded

MOST_IN_GROUP = 1_000
MOST_BYTES_IN_GROUP = 4 << 20


class Queue:
    """Waiting entries; more than ``depth`` or ``max_bytes`` of them are refused."""

    def __init__(self, depth: int, max_bytes: int) -> None:
        self._depth = depth
        self._max_bytes = max_bytes
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def admit(self, entry: Waiting) -> None:
        """Take an entry in. Raises Overloaded."""
        size = entry.size
        if len(self._waiting) >= self._depth or self._bytes + size > self._max_bytes:
            raise Overloaded
        self._waiting.append(entry)
        self._bytes += size

    def take(self) -> list[Waiting]:
        """The next group, oldest first; entries whose caller has gone are dropped: nothing will be disclosed to it."""
        group: list[Waiting] = []
        total = 0
        while self._waiting and len(group) < MOST_IN_GROUP and total < MOST_BYTES_IN_GROUP:
            entry = self._waiting.popleft()
            self._bytes -= entry.size
            if not entry.future.done():
                group.append(entry)
                total += entry.size
        return group

    def put_back(self, entries: list[Waiting]) -> None:
        """Back to the head of the queue, in the same order; never refused, they were admitted before."""
        for entry in reversed(entries):
            self._waiting.appendleft(entry)
            self._bytes += entry.size

    def only_busy(self) -> bool:
        """Whether something waits, and all of it for rows that another transaction is changing."""
        return bool(self._waiting) and all(entry.tries for entry in self._waiting)

    def fail(self) -> None:
        """Everybody who waits gets LogUnavailable."""
        waiting, self._waiting = self._waiting, deque()
        self._bytes = 0
        fail(waiting)


def fail(entries: "deque[Waiting] | list[Waiting]") -> None:
    """Tell these callers that their entry is not known to be durable."""
    for entry in entries:
        if not entry.future.done():
            entry.future.set_exception(LogUnavailable())
