"""How much of its time a stream gives to a sweep, so that live events keep theirs."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

BESIDE_LIVE: Final = 50
"""Learners that a sweep looks at in one transaction while live events come: so much longer an event waits at most."""
WHEN_IDLE: Final = 200
SHARE: Final = 0.5
"""Of the time that passes while live events come, at most so much is a sweep's."""
LIVELY: Final = 5.0
"""Seconds after a live event in which the next one is expected at any moment."""


class Pace:
    """Lets a sweep go on when it has stood still for as long as its share asks.

    It is the time that is shared and not the number of learners: where they compete for a database, a portion takes longer
    beside live events, and the pause after it becomes longer by itself.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lively_until = self._goes_on_at = clock()

    def live(self) -> None:
        """Live events are at hand."""
        self._lively_until = self._clock() + LIVELY

    def room(self) -> int:
        """How many learners a sweep may look at now; 0: it has had its share."""
        now = self._clock()
        if now >= self._lively_until:
            return WHEN_IDLE
        return BESIDE_LIVE if now >= self._goes_on_at else 0

    def spent(self, seconds: float, learners: int, events: int) -> None:
        """A transaction with so many learners of a sweep and so many live events took so long."""
        of_the_sweep = seconds * learners / (learners + events) if learners else 0.0
        self._goes_on_at = self._clock() + of_the_sweep * (1 / SHARE - 1)
