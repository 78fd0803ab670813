"""What achievements, stacks and levels are called: the rules of this service, made of the publications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.definitions import level_achievement
from shared.publications import once_for_each


@dataclass(frozen=True, slots=True)
class Name:
    """How a definition presents itself. For a level, `level` is its own name and `stack` that of its stack."""

    name: str
    issuer: str | None = None
    stack: str | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Names by achievement id and version; `newest` has the highest version of each."""

    by_version: Mapping[tuple[str, int], Name] = field(default_factory=dict)
    newest: Mapping[str, Name] = field(default_factory=dict)

    def of(self, achievement: str, version: int) -> Name:
        """The name under that version; else under the newest one known; else the id itself stands in."""
        return self.by_version.get((achievement, version)) or self.newest.get(achievement) or Name(achievement)


def names_of(publications: Sequence[Published]) -> Names:
    by_version: dict[tuple[str, int], Name] = {}
    newest: dict[str, Name] = {}
    for published in sorted(publications, key=lambda one: one.version):
        for id_, name in _named(published):
            by_version[id_, published.version] = name
            newest[id_] = name
    return Names(by_version, newest)


@once_for_each
def _named(published: Published) -> tuple[tuple[str, Name], ...]:
    match published:
        case AchievementPublished(definition=achievement):
            return ((achievement.id, Name(achievement.name, achievement.issuer.name)),)
        case StackPublished(definition=stack):
            return tuple(
                (
                    level_achievement(stack.id, level.level),
                    Name(f"{stack.name}: {level.name}", stack.issuer.name, stack=stack.name, level=level.name),
                )
                for level in stack.levels
            )
        case _:
            return ()
