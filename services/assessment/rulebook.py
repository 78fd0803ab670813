"""The rules as the HTTP side knows them, which may run without a stream: always those of the newest publications."""

from __future__ import annotations

from collections.abc import Iterable

from services.assessment.domain.rules import Rules, rules
from shared.broadcast import Broadcast, Snapshot
from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.definitions import level_achievement
from shared.events.reviews import Review, review_activity
from shared.requirements.sentences import Kind


class Rulebook:
    """Follows a broadcast. Rules and names are made when they are first asked for after something was published."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._made: tuple[Snapshot, Rules, dict[tuple[str, str], str]] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The newest publications."""
        return self._broadcast.snapshot

    @property
    def rules(self) -> Rules:
        return self._current()[1]

    def name(self, kind: Kind, id_: str) -> str:
        """As the newest version calls it; of what nobody published, the id."""
        return self._current()[2].get((kind, id_), id_)

    def _current(self) -> tuple[Snapshot, Rules, dict[tuple[str, str], str]]:
        snapshot = self._broadcast.snapshot
        if self._made is None or self._made[0] is not snapshot:
            names: dict[tuple[str, str], str] = {}
            for published in sorted(snapshot.publications, key=lambda found: found.version):
                names |= _names(published)
            self._made = snapshot, rules(snapshot.publications), names
        return self._made


def _names(published: Published) -> dict[tuple[str, str], str]:
    match published:
        case AchievementPublished():
            achievement = published.definition
            return {("achievement", achievement.id): achievement.name} | _reviews(achievement.id, achievement.reviews)
        case StackPublished():
            stack = published.definition
            levels = {level_achievement(stack.id, level.level): level.name for level in stack.levels}
            return (
                {("stack", stack.id): stack.name}
                | {("level", id_): name for id_, name in levels.items()}
                | {("achievement", id_): f"{stack.name}: {name}" for id_, name in levels.items()}
                | {
                    name: review
                    for level in stack.levels
                    for name, review in _reviews(level_achievement(stack.id, level.level), level.reviews).items()
                }
            )
        case _:
            return {}


def _reviews(achievement: str, reviews: Iterable[Review]) -> dict[tuple[str, str], str]:
    return {("activity", review_activity(achievement, review.id)): review.name for review in reviews}
