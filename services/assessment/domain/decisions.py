"""Decisions of people about one learner: waivers and substitutions, until they are withdrawn. They outrank recomputation.

Like entries they act at their own time and may become known in any order; a withdrawal may come before what it withdraws.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Decision(NamedTuple):
    """For one version of an achievement, from `time` on: the node at `path` counts as met (no activity), or at that leaf
    `activity` counts as well as the activity that the leaf names."""

    time: datetime
    id: str
    source: str
    digest: str
    achievement: str
    version: int
    path: str
    activity: str | None

    @property
    def waives(self) -> bool:
        return self.activity is None


class Withdrawal(NamedTuple):
    """The decision whose request had the id `decision` counts no longer, from `time` on."""

    time: datetime
    id: str
    source: str
    digest: str
    decision: str


class Ruling(NamedTuple):
    """A decision with its end: it counts for what is known from its time on until before `until`."""

    decision: Decision
    until: datetime | None

    def counts_before(self, instant: datetime | None) -> bool:
        """Whether it counts by what is known just before an instant (None: by all that is known)."""
        if instant is None:
            return self.until is None
        return self.decision.time < instant and (self.until is None or self.until >= instant)
