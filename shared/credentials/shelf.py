"""What was fetched or decided lately, for a while: bounded in number and in bytes, the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """At most `entries` things, of at most `size` bytes together."""

    def __init__(self, *, entries: int, size: int, clock: Callable[[], float] = monotonic) -> None:
        self._entries = entries
        self._room = size
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, int, T]] = OrderedDict()
        self._taken = 0

    def get(self, key: Hashable) -> T | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept[0] <= self._clock():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept[2]

    def put(self, key: Hashable, thing: T, *, size: int, seconds: float) -> None:
        """Keeps nothing if there are no seconds, or it is larger than a quarter of the room."""
        if key in self._kept:
            self._drop(key)
        if seconds <= 0 or size > self._room / 4:
            return
        self._kept[key] = (self._clock() + seconds, size, thing)
        self._taken += size
        while len(self._kept) > self._entries or self._taken > self._room:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        self._taken -= self._kept.pop(key)[1]
