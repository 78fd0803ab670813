"""What the published versions ask of activities, made ready for deciding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.definitions import Achievement
from shared.publications import once_for_each
from shared.requirements.model import (
    ENTRY_LEAVES,
    Attempts,
    Missing,
    Requirement,
    Scored,
    WeightedMean,
    Within,
)
from shared.requirements.tree import about_entries, entry_parts, joined, leaves, walk


@dataclass(frozen=True, slots=True, eq=False)
class PartRule:
    """A part of a requirement that assessment decides.

    `rising`: as time goes by and nothing is taken back, it becomes true at most once. `renews`: it is to be said when it is met
    afresh. `periods`: it measures periods. Without a requirement it is a node about awards, which can only be waived.
    """

    path: str
    requirement: Requirement | None
    activities: frozenset[str]
    rising: bool
    renews: bool
    periods: bool = False

    def covers(self, path: str) -> bool:
        """Whether the node at `path` is the part's root or beneath it."""
        return path == self.path or not self.path or path.startswith(f"{self.path}/")


@dataclass(frozen=True, slots=True, eq=False)
class VersionRule:
    """One version of an achievement, for what is met from `effective_from` until before `teach_out_ends`.

    `begins` is `effective_from` once the catalog has said that it came: what was shown before counts from then on.
    """

    version: int
    effective_from: datetime | None
    teach_out_ends: datetime | None
    begins: datetime | None
    requirement: Requirement
    renews: bool
    parts: tuple[PartRule, ...]

    def counts_at(self, instant: datetime) -> bool:
        return (self.effective_from is None or instant >= self.effective_from) and (
            self.teach_out_ends is None or instant < self.teach_out_ends
        )

    def waivable(self, path: str) -> PartRule | None:
        """The node at a path outside of all parts as a part of its own, if there is such a node."""
        if any(path == found for found, _ in walk(self.requirement)):
            return PartRule(path, None, frozenset(), rising=True, renews=self.renews)
        return None


@dataclass(frozen=True, slots=True, eq=False)
class AchievementRule:
    """All versions of an achievement, or of a stack's level, the oldest first."""

    id: str
    versions: tuple[VersionRule, ...]

    def version(self, number: int) -> VersionRule | None:
        return next((version for version in self.versions if version.version == number), None)


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """`by_activity` has the achievements that an activity counts for, `by_definition` those that a definition defines."""

    achievements: Mapping[str, AchievementRule]
    by_activity: Mapping[str, tuple[str, ...]]
    by_definition: Mapping[str, tuple[str, ...]]


def rules(publications: Sequence[Published]) -> Rules:
    """The rules that these publications make, whatever their order. Each `id@version` is there once."""
    versions: dict[str, list[VersionRule]] = {}
    by_activity: dict[str, set[str]] = {}
    by_definition: dict[str, set[str]] = {}
    for published in publications:
        for id_, rule in _versions(published):
            versions.setdefault(id_, []).append(rule)
            by_definition.setdefault(published.id_, set()).add(id_)
            for part in rule.parts:
                for activity in part.activities:
                    by_activity.setdefault(activity, set()).add(id_)
    return Rules(
        {id_: AchievementRule(id_, tuple(sorted(found, key=lambda v: v.version))) for id_, found in versions.items()},
        {activity: tuple(sorted(found)) for activity, found in by_activity.items()},
        {definition: tuple(sorted(found)) for definition, found in by_definition.items()},
    )


@once_for_each
def _versions(published: Published) -> tuple[tuple[str, VersionRule], ...]:
    return tuple((achievement.id, _version(published, achievement)) for achievement in _achievements(published))


def _achievements(published: Published) -> Iterable[Achievement]:
    match published:
        case AchievementPublished():
            return (published.definition,)
        case StackPublished():
            return published.definition.as_achievements()
        case _:
            return ()


def _version(published: Published, achievement: Achievement) -> VersionRule:
    requirement = achievement.requirement
    renews = achievement.valid_for is not None
    whole = about_entries(requirement)
    periods = () if whole else tuple(_mixed_periods(requirement))
    return VersionRule(
        published.version,
        published.effective_from,
        published.teach_out_ends,
        published.effective_from if published.in_force else None,
        requirement,
        renews,
        tuple(
            PartRule(
                path,
                part,
                frozenset(activities(part)),
                rising=_rises(part),
                renews=renews or any(path.startswith(period) for period in periods),
                periods=any(isinstance(node, Within) for _, node in walk(part)),
            )
            for path, part in entry_parts(requirement)
        ),
    )


def _mixed_periods(requirement: Requirement) -> Iterator[str]:
    """How the paths begin that lie within a period which awarding measures."""
    for path, node in walk(requirement):
        if isinstance(node, Within) and not about_entries(node):
            yield joined(path, "requirement")


def activities(requirement: Requirement) -> Iterator[str]:
    for _, leaf in leaves(requirement):
        if isinstance(leaf, WeightedMean):
            yield from (item.activity for item in leaf.of)
        elif isinstance(leaf, ENTRY_LEAVES):
            yield leaf.activity


def _rises(requirement: Requirement) -> bool:
    """Whether a further attempt can never make it false, and time alone neither."""
    for _, node in walk(requirement):
        match node:
            case Within():
                return False
            case Scored() if node.attempts is not Attempts.BEST:
                return False
            case WeightedMean() if node.missing is Missing.LEFT_OUT or any(i.attempts is not Attempts.BEST for i in node.of):
                return False
            case _:
                pass
    return True
