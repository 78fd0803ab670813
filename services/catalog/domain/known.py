"""What a document can refer to: everything published, and what is to be published with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from shared.events.definitions import Achievement, Definition, Stack, level_achievement
from shared.events.reviews import Review, review_activity
from shared.requirements.model import AtLevel, Selection, Skills


@dataclass(frozen=True)
class Known:
    """All versions of each definition by its id, the newest last, and the ids of those that are retired."""

    definitions: Mapping[str, tuple[Definition, ...]]
    retired: frozenset[str] = field(default=frozenset())

    def with_(self, added: Iterable[Definition]) -> Known:
        """As it would be with these as the newest versions."""
        definitions = dict(self.definitions)
        for definition in added:
            definitions[definition.id] = (*definitions.get(definition.id, ()), definition)
        return Known(definitions, self.retired)

    @cached_property
    def achievements(self) -> dict[str, tuple[Achievement, ...]]:
        """Every version of every achievement by id, the levels of stacks among them, the newest last."""
        found: defaultdict[str, list[Achievement]] = defaultdict(list)
        for versions in self.definitions.values():
            for version in versions:
                for achievement in achievements_of(version):
                    found[achievement.id].append(achievement)
        return {id_: tuple(versions) for id_, versions in found.items()}

    @cached_property
    def reviews(self) -> dict[str, Review]:
        """By the activities that requirements ask for, each as its achievement has it in the newest version with it."""
        return {
            review_activity(id_, review.id): review
            for id_, versions in self.achievements.items()
            for version in versions
            for review in version.reviews
        }

    @cached_property
    def stacks(self) -> dict[str, Stack]:
        """The newest version of each stack."""
        newest = ((id_, versions[-1]) for id_, versions in self.definitions.items())
        return {id_: definition for id_, definition in newest if isinstance(definition, Stack)}

    @cached_property
    def level_stack(self) -> dict[str, str]:
        """The stack that a level's achievement belongs to, by the achievement's id."""
        return {
            level_achievement(version.id, level.level): version.id
            for versions in self.definitions.values()
            for version in versions
            if isinstance(version, Stack)
            for level in version.levels
        }

    @cached_property
    def by_tag(self) -> dict[str, frozenset[str]]:
        return self._by(lambda achievement: achievement.tags)

    @cached_property
    def by_issuer(self) -> dict[str, frozenset[str]]:
        return self._by(lambda achievement: (achievement.issuer.id,))

    @cached_property
    def by_skill(self) -> dict[str, frozenset[str]]:
        return self._by(lambda achievement: tuple(skill.code for skill in achievement.skills))

    def levels_from(self, leaf: AtLevel) -> tuple[str, ...]:
        """The achievements of the level and of the higher ones, in any version of the stack; none if there is no such level."""
        found: dict[str, None] = {}
        for version in self.definitions.get(leaf.stack, ()):
            if isinstance(version, Stack):
                ids = [level.level for level in version.levels]
                if leaf.level in ids:
                    found |= dict.fromkeys(level_achievement(version.id, id_) for id_ in ids[ids.index(leaf.level) :])
        return tuple(found)

    def chosen(self, selection: Selection) -> frozenset[str]:
        """The ids that a selection chooses."""
        if selection.achievements:
            named = frozenset(selection.achievements) & self.achievements.keys()
            return frozenset(id_ for id_ in named if self._has(id_, selection))
        choices = [
            frozenset[str]().union(*(index.get(key, frozenset()) for key in keys))
            for keys, index in ((selection.tags, self.by_tag), (selection.issuers, self.by_issuer))
            if keys
        ]
        return frozenset.intersection(*choices) if choices else frozenset(self.achievements)

    def showing(self, leaf: Skills) -> frozenset[str]:
        """The achievements that show one of the skills."""
        found: set[str] = set()
        for code in leaf.among:
            for id_ in self.by_skill.get(code, frozenset()):
                skills = (skill for version in self.achievements[id_] for skill in version.skills if skill.code == code)
                if any(skill.assessed or not leaf.assessed_only for skill in skills):
                    found.add(id_)
        return frozenset(found)

    def _by(self, keys: Callable[[Achievement], Iterable[str]]) -> dict[str, frozenset[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for id_, versions in self.achievements.items():
            for version in versions:
                for key in keys(version):
                    found[key].add(id_)
        return {key: frozenset(ids) for key, ids in found.items()}

    def _has(self, id_: str, selection: Selection) -> bool:
        versions = self.achievements[id_]
        return (not selection.tags or any(tag in version.tags for version in versions for tag in selection.tags)) and (
            not selection.issuers or any(version.issuer.id in selection.issuers for version in versions)
        )


def achievements_of(definition: Definition) -> tuple[Achievement, ...]:
    """What a definition is awarded as."""
    return definition.as_achievements() if isinstance(definition, Stack) else (definition,)
