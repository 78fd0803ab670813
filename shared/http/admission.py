"""How much a process has in hand: requests that are being answered, and the bytes that they brought.

Requests wait in the process while the database or the broker is slow, with all that was made of their bodies. So they are
bounded: who comes when there is no room is answered with 429, before anything is done for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from time import monotonic
from typing import Final

from shared.http.problems import Problem
from shared.telemetry import metrics

REQUESTS: Final = 200
BYTES: Final = 16_000_000
LARGE: Final = 1_000_000
"""Bytes from which on a request is a large one. Large ones have as much room of their own, so that a long upload keeps no
others waiting, nor they it; and one alone has room however large it is."""

AGAIN_WITHIN: Final = (1, 30)
"""Seconds, the shortest and the longest that anybody is asked to wait."""


class Full(Exception):
    """There is no room. `what` there is too much of: `requests` or `bytes`."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"too many {what} in hand")


class Load:
    """One request's bytes, as they come."""

    __slots__ = ("_room", "size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def add(self, size: int) -> None:
        """Raises Full, and then they are not in hand."""
        self._room.load(self.size, self.size + size)
        self.size += size


class Room:
    """What one process may have in hand, and has."""

    def __init__(self, requests: int = REQUESTS, size: int = BYTES) -> None:
        self._most = requests
        self._most_bytes = size
        self._bytes = {False: 0, True: 0}
        self._since: dict[object, float] = {}

    def allow(self, requests: int, size: int) -> None:
        """So many from now on."""
        self._most, self._most_bytes = requests, size

    @property
    def requests(self) -> int:
        return len(self._since)

    @property
    def bytes(self) -> int:
        return sum(self._bytes.values())

    @contextmanager
    def loading(self) -> Iterator[Load]:
        """A request whose body comes in, and stays until the end of the block."""
        load = Load(self)
        try:
            yield load
        finally:
            self._bytes[load.size > LARGE] -= load.size

    def load(self, before: int, after: int) -> None:
        """A request that had so many bytes has so many now. Raises Full."""
        large = after > LARGE
        moved = before if large is (before > LARGE) else 0
        others = self._bytes[large] - moved
        if others and others + after > self._most_bytes:
            raise Full("bytes")
        self._bytes[before > LARGE] -= before
        self._bytes[large] += after

    @contextmanager
    def answering(self) -> Iterator[None]:
        """A request that is worked on. Raises Full."""
        if len(self._since) >= self._most:
            raise Full("requests")
        one = object()
        self._since[one] = monotonic()
        try:
            yield
        finally:
            del self._since[one]

    def refusal(self, full: Full) -> Problem:
        """It is to come again after as long as the oldest request has been in hand: that is how long things take now."""
        metrics.HTTP_REFUSED.add(1, {metrics.OUTCOME: full.what})
        shortest, longest = AGAIN_WITHIN
        oldest = next(iter(self._since.values()), monotonic())
        seconds = min(max(ceil(monotonic() - oldest), shortest), longest)
        detail = "Nothing was done for this request: as much is being worked on as there is room for. Please send it again."
        return Problem(429, "Too much at once", detail, headers={"retry-after": str(seconds)})
