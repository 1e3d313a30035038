"""A least-recently-used cache bounded by count and by weight."""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Lru(Generic[K, V]):
    """At most ``count`` values of together at most ``weight`` bytes (estimates of the caller)."""

    def __init__(self, count: int, weight: int) -> None:
        self._count = count
        self._limit = weight
        self._held = 0
        self._items: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def weight(self) -> int:
        """What the values weigh together."""
        return self._held

    def get(self, key: K) -> V | None:
        """The value, now the most recent, or None."""
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Keep a value; the least recently used go until the bounds hold. Heavier than the bound: not kept."""
        self.drop(key)
        if weight > self._limit:
            return
        self._items[key] = (value, weight)
        self._held += weight
        while self._held > self._limit or len(self._items) > self._count:
            self.drop(next(iter(self._items)))

    def drop(self, key: K) -> None:
        """Forget a value, if it is there."""
        found = self._items.pop(key, None)
        if found:
            self._held -= found[1]
