"""An award and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from shared.events.awarding import AwardStatus
from shared.pieces import Draft


@dataclass(frozen=True, slots=True)
class Change:
    """From the instant `at` on it was known that the award had this status, expiry left aside, and whether it had `expired`.

    `met_at` is the earliest moment at which its requirement was then known to be met (None: a person's decision, or a policy,
    holds it), `rests_on` the ids of the awards counted there, `decision` the id of the last decision of a person about it.
    `renewals` is how many of the award's renewals were known.
    """

    at: datetime
    status: AwardStatus
    expired: bool = False
    met_at: datetime | None = None
    rests_on: tuple[str, ...] = ()
    decision: str | None = None
    renewals: int = 0

    @property
    def shown(self) -> AwardStatus:
        return AwardStatus.EXPIRED if self.expired and self.status is not AwardStatus.REVOKED else self.status


@dataclass(frozen=True, slots=True)
class Award:
    """One award with its whole history: `changes` in the order of their instants, the first being the grant.

    `awarded_at` is when its requirement was met, which a correction may have made known later; `renewed` are the moments, oldest
    first, at which it was met afresh.
    """

    id: str
    achievement: str
    ordinal: int
    version: int
    awarded_at: datetime
    valid_for: timedelta | None
    changes: tuple[Change, ...]
    renewed: tuple[datetime, ...] = ()

    @property
    def now(self) -> Change:
        return self.changes[-1]

    @property
    def status(self) -> AwardStatus:
        return self.changes[-1].shown

    @property
    def status_since(self) -> datetime:
        """The instant since which it has had the status it shows, without a break."""
        since = self.changes[-1]
        for change in reversed(self.changes):
            if change.shown is not since.shown:
                break
            since = change
        return since.at

    @property
    def valid_until(self) -> datetime | None:
        if self.valid_for is None:
            return None
        return max((self.awarded_at, *self.renewed)) + self.valid_for

    @property
    def plain(self) -> bool:
        """Whether it was granted and nothing can have happened to it since: it counts from its grant on, for good."""
        return len(self.changes) == 1 and self.valid_for is None

    def known(self, known_at: datetime) -> Change | None:
        """Its state as far as was known then."""
        found = None
        for change in self.changes:
            if change.at > known_at:
                break
            found = change
        return found

    def valid_at(self, moment: datetime, renewals: int) -> bool:
        """Whether it was valid then: begun, not past its validity, as the first `renewals` have it, and not suspended."""
        if moment < self.awarded_at:
            return False
        if self.valid_for is not None and not any(
            start <= moment < start + self.valid_for for start in (self.awarded_at, *self.renewed[:renewals])
        ):
            return False
        state = self.known(moment)
        return state is None or state.status is AwardStatus.VALID

    def beginnings(self, known_at: datetime) -> Iterator[datetime]:
        """The moments from which it counted, or counted anew, as far as was known then."""
        renewals = 0
        for i, change in enumerate(self.changes):
            if change.at > known_at:
                break
            renewals = change.renewals
            if i == 0:
                yield self.awarded_at
            elif change.status is AwardStatus.VALID:
                yield change.at
        yield from self.renewed[:renewals]


def first_difference(before: Sequence[Award], after: Sequence[Award]) -> datetime | None:
    """The earliest instant at which what was known of the two lines differs; None if they are equal."""
    for was, is_ in zip_longest(before, after):
        if was == is_:
            continue
        both: list[Award] = [award for award in (was, is_) if award is not None]
        if len(both) == 1 or replace(both[0], changes=both[1].changes, renewed=both[1].renewed) != both[1]:
            return min(award.changes[0].at for award in both)
        for states in zip_longest(both[0].changes, both[1].changes):
            if states[0] != states[1]:
                return min(change.at for change in states if change is not None)
        return both[0].changes[0].at
    return None


Lines = Mapping[str, tuple[Award, ...]]
"""A learner's awards by achievement, the oldest first."""


class Holdings:
    """A learner's awards while they are being decided: lines are replaced as a whole."""

    def __init__(self, lines: Lines) -> None:
        self._lines: Draft[tuple[Award, ...]] = Draft(lines)
        self._known_by_id: dict[str, Award] | None = None

    @property
    def lines(self) -> Lines:
        """As they are now."""
        return self._lines.done()

    def line(self, achievement: str) -> tuple[Award, ...]:
        return self._lines.get(achievement, ())

    def award(self, id_: str) -> Award | None:
        """The first that is looked for by its id makes all of the learner's be looked through."""
        if self._known_by_id is None:
            self._known_by_id = {award.id: award for line in self.all() for award in line}
        return self._known_by_id.get(id_)

    def put(self, achievement: str, line: tuple[Award, ...]) -> None:
        if self._known_by_id is not None:
            for award in self.line(achievement):
                self._known_by_id.pop(award.id, None)
            self._known_by_id.update((award.id, award) for award in line)
        if line:
            self._lines[achievement] = line
        else:
            self._lines.pop(achievement, None)

    def all(self) -> Iterable[tuple[Award, ...]]:
        return self._lines.values()
