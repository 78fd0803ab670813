"""How many deliveries a sender has in hand, and may have."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

MEASURED_FOR: Final = 1.0


class Hand:
    """Room for what is mailed in so many `seconds` at the pace of late, so that no lease ends before its mail's turn comes.

    At least `least` and at most `most`. Time in which nothing is in hand is no time of slowness.
    """

    def __init__(self, least: int, most: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._least, self._most, self._seconds = least, max(least, most), seconds
        self._clock = clock
        self._held = 0
        self._pace = 0.0
        self._done = 0
        self._busy = 0.0
        self._since = clock()

    @property
    def size(self) -> int:
        return max(self._least, min(self._most, int(self._pace * self._seconds)))

    @property
    def room(self) -> int:
        return max(0, self.size - self._held)

    @property
    def busy(self) -> bool:
        return self._held > 0

    def take(self, number: int) -> None:
        if not self._held:
            self._since = self._clock()
        self._held += number

    def done(self) -> None:
        """With one of them."""
        self._held -= 1
        self._done += 1
        now = self._clock()
        busy = self._busy + now - self._since
        if busy >= MEASURED_FOR:
            self._pace, self._done, self._busy, self._since = self._done / busy, 0, 0.0, now
        elif not self._held:
            self._busy = busy
