"""The rules in force: every published version of every achievement and level, and who depends on whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final, TypeAlias

from services.awarding.domain.ids import PublicIds
from services.awarding.domain.order import ranked
from shared.events.catalog import AchievementPublished, Endorsement, Published, StackPublished
from shared.events.definitions import Achievement, Withdrawal, level_achievement, review_activity
from shared.publications import once_for_each
from shared.requirements.model import (
    AWARD_LEAVES,
    Achievements,
    AtLevel,
    AwardLeaf,
    Credits,
    Held,
    Holding,
    Requirement,
    Selection,
    Skills,
    Within,
)
from shared.requirements.sentences import Kind, label, sentence
from shared.requirements.tree import entry_parts, leaves, parts_of, walk

Key: TypeAlias = tuple[str, str]
"""What a leaf looks for: the kind (achievement, stack, tag, issuer, skill, any) and the id or code."""

ANY: Final[Key] = ("any", "")


@dataclass(frozen=True, eq=False)
class Version:
    """One version of an achievement, and when what completes it counts: from `starts` until before `ends` (None: no bound)."""

    number: int
    starts: datetime | None
    ends: datetime | None
    in_force: bool
    definition: Achievement
    endorsements: tuple[Endorsement, ...] = ()

    @property
    def requirement(self) -> Requirement:
        return self.definition.requirement

    def covers(self, moment: datetime) -> bool:
        return (self.starts is None or self.starts <= moment) and (self.ends is None or moment < self.ends)

    @cached_property
    def award_leaves(self) -> tuple[tuple[str, AwardLeaf], ...]:
        return tuple((path, leaf) for path, leaf in leaves(self.requirement) if isinstance(leaf, AWARD_LEAVES))

    @cached_property
    def entry_paths(self) -> frozenset[str]:
        """The paths of the parts that assessment decides."""
        return frozenset(path for path, _ in entry_parts(self.requirement))

    @cached_property
    def only_grows(self) -> bool:
        """Whether earning more never makes it unmet again: it asks for nothing recent and nothing that must stay valid."""
        return not any(isinstance(node, Within) for _, node in walk(self.requirement)) and not any(
            leaf.holding is Holding.VALID for _, leaf in self.award_leaves
        )

    @cached_property
    def tags(self) -> frozenset[str]:
        return frozenset(self.definition.tags)

    @cached_property
    def taught(self) -> frozenset[str]:
        return frozenset(skill.code for skill in self.definition.skills)

    @cached_property
    def assessed(self) -> frozenset[str]:
        return frozenset(skill.code for skill in self.definition.skills if skill.assessed)

    def chosen_by(self, selection: Selection) -> bool:
        return (
            (not selection.achievements or self.definition.achievement in selection.achievements)
            and (not selection.tags or not self.tags.isdisjoint(selection.tags))
            and (not selection.issuers or self.definition.issuer.id in selection.issuers)
        )

    @cached_property
    def _said(self) -> dict[str, str]:
        return {}

    def says(self, path: str, node: Requirement, rules: Rules) -> str:
        """The node read aloud: the whole requirement as a sentence, what is beneath as a label."""
        if (text := self._said.get(path)) is None:
            text = sentence(node, rules.name_of) if path == "" or not parts_of(node) else label(node, rules.name_of)
            self._said[path] = text
        return text


@dataclass(frozen=True, eq=False)
class Rule:
    """An achievement with all its versions, the oldest first. `level` is its name in `stack` if it is a stack's level."""

    achievement: str
    versions: tuple[Version, ...]
    stack: str | None = None
    level: str | None = None

    @cached_property
    def by_number(self) -> dict[int, Version]:
        return {version.number: version for version in self.versions}

    @property
    def newest(self) -> Version:
        return self.versions[-1]

    def in_force_at(self, moment: datetime) -> Version:
        """The newest version that counts then; the newest of all if none does."""
        return next((version for version in reversed(self.versions) if version.covers(moment)), self.newest)

    @cached_property
    def offers(self) -> frozenset[Key]:
        """What leaves may look for and find here."""
        keys: set[Key] = {("achievement", self.achievement), ANY}
        if self.stack is not None:
            keys.add(("stack", self.stack))
        for version in self.versions:
            keys.update(("tag", tag) for tag in version.tags)
            keys.add(("issuer", version.definition.issuer.id))
            keys.update(("skill", code) for code in version.taught)
        return frozenset(keys)


@dataclass(frozen=True, eq=False)
class Rules:
    """All rules, by achievement; `levels` are each stack's levels by the stack's version, the lowest first.

    A leaf that names what it counts counts whatever ranks lower. A selection by tag, issuer or skill never counts what itself
    depends on it: members of the same component. `watching` has, by what leaves look for, the achievements with such a leaf,
    `summing` those where it adds up credits, and `offering` what can be found by it.
    """

    by_id: Mapping[str, Rule]
    levels: Mapping[str, Mapping[int, tuple[str, ...]]]
    ids: PublicIds = field(repr=False)
    rank: Mapping[str, int] = field(default_factory=dict)
    component: Mapping[str, int] = field(default_factory=dict)
    watching: Mapping[Key, frozenset[str]] = field(default_factory=dict)
    summing: Mapping[Key, frozenset[str]] = field(default_factory=dict)
    offering: Mapping[Key, frozenset[str]] = field(default_factory=dict)

    def dependents(self, achievement: str) -> set[str]:
        """The achievements with a leaf that may count awards of this one."""
        return self._offered_to(achievement, self.watching)

    def summing_over(self, achievement: str) -> set[str]:
        """Those of the dependents that add up credits, and so look through this one at what it rests on."""
        return self._offered_to(achievement, self.summing)

    def _offered_to(self, achievement: str, index: Mapping[Key, frozenset[str]]) -> set[str]:
        found: set[str] = set()
        for key in self.by_id[achievement].offers:
            found |= index.get(key, frozenset())
        return found

    def can_be_suspended(self, version: Version) -> bool:
        """Whether awards of the version can come to be suspended: by its own policy, or because what they rest on is."""
        return version.definition.when_withdrawn is Withdrawal.SUSPEND or any(
            not self._suspendable.isdisjoint(_watched(leaf)) for _, leaf in version.award_leaves
        )

    @cached_property
    def _suspendable(self) -> frozenset[Key]:
        """What leaves look for where they may find an award that can come to be suspended."""
        policy = Withdrawal.SUSPEND
        found = [
            id_
            for id_, rule in self.by_id.items()
            if any(version.definition.when_withdrawn is policy for version in rule.versions)
        ]
        seen = set(found)
        keys: set[Key] = set()
        while found:
            achievement = found.pop()
            keys |= self.by_id[achievement].offers
            resting = self.dependents(achievement) - seen
            seen |= resting
            found += resting
        return frozenset(keys)

    def choices(self, leaf: AwardLeaf) -> list[str]:
        """All achievements, held or not, of which the leaf may count awards, in the order of their ids."""
        if isinstance(leaf, AtLevel):
            return sorted(self.at_or_above(leaf.stack, leaf.level))
        found = {id_ for key in _watched(leaf) for id_ in self.offering.get(key, ())}
        if isinstance(leaf, Credits | Achievements):
            found = {id_ for id_ in found if any(version.chosen_by(leaf.from_) for version in self.by_id[id_].versions)}
        return sorted(found)

    def achievements_of(self, definition: str) -> list[str]:
        """What the definition with this id defines: itself, or each level that the stack has in any version."""
        if definition in self.levels:
            names = {level for levels in self.levels[definition].values() for level in levels}
            return sorted(level_achievement(definition, level) for level in names)
        return [definition] if definition in self.by_id else []

    def bound_up_with(self, achievement: str) -> frozenset[str]:
        """The definitions of the achievement's component: a change of any of them may change what it counts."""
        return self._definitions.get(self.component[achievement], frozenset())

    @cached_property
    def _definitions(self) -> dict[int, frozenset[str]]:
        found: dict[int, set[str]] = defaultdict(set)
        for id_, component in self.component.items():
            found[component].add(self.by_id[id_].stack or id_)
        return {component: frozenset(definitions) for component, definitions in found.items()}

    def at_or_above(self, stack: str, level: str) -> Mapping[str, frozenset[int]]:
        """Which levels, each in which versions, count as this level of the stack.

        The order is that of the award's own version; where that has no such level, that of the newest version that has both.
        """
        known = self._at_or_above.get((stack, level))
        if known is None:
            known = self._at_or_above[(stack, level)] = self._found_at_or_above(stack, level)
        return known

    @cached_property
    def _at_or_above(self) -> dict[tuple[str, str], Mapping[str, frozenset[int]]]:
        return {}

    def _found_at_or_above(self, stack: str, level: str) -> Mapping[str, frozenset[int]]:
        versions = self.levels.get(stack, {})
        found: dict[str, set[int]] = defaultdict(set)
        for number, order in versions.items():
            for held in order:
                ordering = order if level in order else self._newest_with(stack, {held, level})
                if ordering is not None and ordering.index(held) >= ordering.index(level):
                    found[level_achievement(stack, held)].add(number)
        return {id_: frozenset(numbers) for id_, numbers in found.items()}

    def _newest_with(self, stack: str, wanted: set[str]) -> tuple[str, ...] | None:
        versions = self.levels[stack]
        return next((versions[number] for number in sorted(versions, reverse=True) if wanted <= set(versions[number])), None)

    def height(self, stack: str, level: str) -> tuple[int, int]:
        """By which levels of a stack compare: the place in the newest version; a level that was dropped stands below."""
        order = self.levels[stack][max(self.levels[stack])]
        if level in order:
            return (1, order.index(level))
        former = self._newest_with(stack, {level})
        return (0, former.index(level) if former is not None else -1)

    @cached_property
    def _names(self) -> dict[tuple[str, str], str]:
        names: dict[tuple[str, str], str] = {}
        for id_, rule in self.by_id.items():
            definition = rule.newest.definition
            names[("achievement", id_)] = definition.name
            names[("issuer", definition.issuer.id)] = definition.issuer.name
            names.update({("skill", skill.code): skill.name for skill in definition.skills})
            names.update({("activity", review_activity(id_, review.id)): review.name for review in definition.reviews})
            if rule.stack is not None:
                stack, _, level = definition.name.rpartition(": ")
                names[("stack", rule.stack)], names[("level", id_)] = stack, level
        return names

    def name_of(self, kind: Kind, id_: str) -> str:
        """The name that people use, or the id again."""
        return self._names.get((kind, id_), id_)


def rules_of(publications: Sequence[Published], ids: PublicIds) -> Rules:
    """The rules made of the newest publication of each id@version. The order of the publications does not matter."""
    versions: dict[str, list[Version]] = defaultdict(list)
    place: dict[str, tuple[str, str]] = {}
    levels: dict[str, dict[int, tuple[str, ...]]] = defaultdict(dict)
    for published in publications:
        for version in _versions(published):
            versions[version.definition.achievement].append(version)
        if isinstance(published, StackPublished):
            names = tuple(level.level for level in published.definition.levels)
            levels[published.definition.stack][published.version] = names
            place |= {level_achievement(published.definition.stack, name): (published.definition.stack, name) for name in names}
    by_id = {
        id_: Rule(id_, tuple(sorted(found, key=lambda version: version.number)), *place.get(id_, (None, None)))
        for id_, found in sorted(versions.items())
    }
    unordered = Rules(by_id, levels, ids)
    watching: dict[Key, set[str]] = defaultdict(set)
    summing: dict[Key, set[str]] = defaultdict(set)
    named: dict[str, set[str]] = {}
    graph: dict[str, set[str]] = {}
    for id_, rule in by_id.items():
        named[id_] = {other for leaf in _leaves(rule) for other in _named(leaf, unordered) if other in by_id}
        graph[id_] = set(named[id_])
        for leaf in _leaves(rule):
            for key in _watched(leaf):
                watching[key].add(id_)
                if isinstance(leaf, Credits):
                    summing[key].add(id_)
            if (selected := _selected(leaf)) is not None:
                graph[id_].add(selected[0])
                graph.setdefault(selected[0], set())
    offering: dict[Key, set[str]] = defaultdict(set)
    for id_, rule in by_id.items():
        for key in rule.offers:
            offering[key].add(id_)
    _members_of_selections(by_id, graph, offering)
    rank, component = ranked(list(by_id), named, graph)
    return Rules(by_id, levels, ids, rank, component, _frozen(watching), _frozen(summing), _frozen(offering))


def _frozen(index: Mapping[Key, set[str]]) -> dict[Key, frozenset[str]]:
    return {key: frozenset(found) for key, found in index.items()}


@once_for_each
def _versions(published: Published) -> tuple[Version, ...]:
    return tuple(
        Version(
            published.version,
            published.effective_from,
            published.teach_out_ends,
            published.in_force,
            achievement,
            _about(achievement.id, published),
        )
        for achievement in _defined(published)
    )


def _about(achievement: str, published: Published) -> tuple[Endorsement, ...]:
    """A stack is published with the endorsements of all its levels, each of which is about one."""
    return tuple(each for each in published.endorsements if each.about in (None, achievement))


def _defined(published: Published) -> tuple[Achievement, ...]:
    match published:
        case AchievementPublished():
            return (published.definition,)
        case StackPublished():
            return published.definition.as_achievements()
        case _:
            return ()


def _leaves(rule: Rule) -> Iterator[AwardLeaf]:
    for version in rule.versions:
        for _, leaf in version.award_leaves:
            yield leaf


def _named(leaf: AwardLeaf, rules: Rules) -> Iterable[str]:
    """What a leaf counts by name."""
    match leaf:
        case Held():
            return (leaf.achievement,)
        case AtLevel():
            return rules.at_or_above(leaf.stack, leaf.level)
        case Credits() | Achievements():
            return leaf.from_.achievements
        case Skills():
            return ()


def _watched(leaf: AwardLeaf) -> list[Key]:
    """The keys under which changes are to be noticed: those of the narrowest condition."""
    match leaf:
        case Held():
            return [("achievement", leaf.achievement)]
        case AtLevel():
            return [("stack", leaf.stack)]
        case Skills():
            return [("skill", code) for code in leaf.among]
        case Credits() | Achievements():
            chosen = leaf.from_
            if chosen.achievements:
                return [("achievement", id_) for id_ in chosen.achievements]
            if chosen.tags:
                return [("tag", tag) for tag in chosen.tags]
            return [("issuer", issuer) for issuer in chosen.issuers] or [ANY]


def _selected(leaf: AwardLeaf) -> tuple[str, list[list[Key]]] | None:
    """The node that stands in the graph for a selection by quality, so that many leaves with the same one share its members."""
    match leaf:
        case Skills():
            qualities = [sorted(("skill", code) for code in leaf.among)]
        case Credits() | Achievements() if not leaf.from_.achievements:
            qualities = [sorted(("tag", tag) for tag in leaf.from_.tags), sorted(("issuer", i) for i in leaf.from_.issuers)]
        case _:
            return None
    return f"\x00{qualities}", [keys for keys in qualities if keys]


def _members_of_selections(
    by_id: Mapping[str, Rule], graph: dict[str, set[str]], offering: Mapping[Key, Collection[str]]
) -> None:
    """Fill in what each selection's node leads to."""
    for rule in by_id.values():
        for leaf in _leaves(rule):
            selected = _selected(leaf)
            if selected is None or graph[selected[0]]:
                continue
            node, qualities = selected
            chosen = [set[str]().union(*(offering.get(key, ()) for key in keys)) for keys in qualities]
            graph[node] = set.intersection(*chosen) if chosen else set(by_id)
