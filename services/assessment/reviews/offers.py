"""The reviews that published achievements ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.assessment.rulebook import Rulebook
from shared.broadcast import Snapshot
from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.definitions import Achievement
from shared.events.reviews import Review
from shared.publications import once_for_each


@dataclass(frozen=True, slots=True)
class Offer:
    """A review of one version of an achievement. Evidence may be handed in from `opens` (None: since ever) until before
    `closes` (None: without end)."""

    achievement: str
    name: str
    issuer: str
    issuer_name: str
    version: int
    opens: datetime | None
    closes: datetime | None
    review: Review

    def is_open(self, at: datetime) -> bool:
        return (self.opens is None or self.opens <= at) and (self.closes is None or at < self.closes)


Known = dict[tuple[str, str], tuple[Offer, ...]]


class Offers:
    """Follows the rulebook's publications."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._made: tuple[Snapshot, Known] | None = None

    def open_ones(self, at: datetime) -> list[Offer]:
        """The newest version of each that is open, by the achievement's name."""
        newest = (self.current(*key, at) for key in self._known())
        return sorted((offer for offer in newest if offer is not None), key=lambda offer: (offer.name, offer.review.name))

    def current(self, achievement: str, review: str, at: datetime) -> Offer | None:
        """The newest version that is open."""
        offers = self._known().get((achievement, review), ())
        return next((offer for offer in reversed(offers) if offer.is_open(at)), None)

    def of(self, achievement: str, review: str, version: int) -> Offer | None:
        """That of one version, open or not."""
        offers = self._known().get((achievement, review), ())
        return next((offer for offer in offers if offer.version == version), None)

    def _known(self) -> Known:
        snapshot = self._rulebook.snapshot
        if self._made is None or self._made[0] is not snapshot:
            known: Known = {}
            for published in sorted(snapshot.publications, key=lambda one: one.version):
                for offer in _offers(published):
                    key = (offer.achievement, offer.review.id)
                    known[key] = (*known.get(key, ()), offer)
            self._made = snapshot, known
        return self._made[1]


@once_for_each
def _offers(published: Published) -> tuple[Offer, ...]:
    return tuple(
        Offer(
            achievement.id,
            achievement.name,
            achievement.issuer.id,
            achievement.issuer.name,
            published.version,
            published.effective_from,
            published.teach_out_ends,
            review,
        )
        for achievement in _achievements(published)
        for review in achievement.reviews
    )


def _achievements(published: Published) -> Iterable[Achievement]:
    match published:
        case AchievementPublished():
            return (published.definition,)
        case StackPublished():
            return published.definition.as_achievements()
        case _:
            return ()
