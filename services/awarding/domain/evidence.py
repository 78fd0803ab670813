"""Whether one version's requirement was met at a moment, as far as was known at an instant, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import assert_never

from services.awarding.domain.awards import Award, Change, Holdings
from services.awarding.domain.inputs import Part, Verdict
from services.awarding.domain.rules import Rule, Rules, Version
from shared.events.awarding import AwardStatus
from shared.requirements.model import (
    ENTRY_LEAVES,
    Achievements,
    AtLevel,
    AwardLeaf,
    Credits,
    Held,
    Holding,
    Leaf,
    Skills,
)
from shared.requirements.sentences import plain
from shared.requirements.tree import Finding, Moment, evaluate

UNMET = Finding(False)


@dataclass(frozen=True, slots=True)
class View:
    """How it is looked at: what was known at `known_at`; with `suspended`, suspended awards count as if they were not; with
    `renewals`, what was renewed in a period counts as earned in it.
    """

    known_at: datetime
    suspended: bool = False
    renewals: bool = False


@dataclass(eq=False)
class Evidence:
    """All that can count for one version of an achievement, gathered once."""

    rule: Rule
    version: Version
    rules: Rules
    holdings: Holdings
    parts: dict[str, Part]
    countable: dict[str, tuple[Award, ...]] = field(init=False)
    """By the path of each leaf about awards: the awards that it may count."""

    def __post_init__(self) -> None:
        self.countable = {path: tuple(self._countable(leaf)) for path, leaf in self.version.award_leaves}

    @cached_property
    def awards(self) -> tuple[Award, ...]:
        """All that may be counted, and what those rest on whose credits are looked for beneath them."""
        found = {award.id: award for awards in self.countable.values() for award in awards}
        summed = [path for path, leaf in self.version.award_leaves if isinstance(leaf, Credits)]
        above = {award.id: award for path in summed for award in self.countable[path]}
        looked_beneath: set[str] = set()
        while above:
            id_, award = above.popitem()
            looked_beneath.add(id_)
            found[id_] = award
            for lower in (self.holdings.award(id_) for change in award.changes for id_ in change.rests_on):
                if lower is not None and lower.id not in looked_beneath:
                    above[lower.id] = lower
        return tuple(found.values())

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(award.id for award in self.awards)

    def is_empty(self) -> bool:
        return not self.awards and not any(since for part in self.parts.values() for _, since in part.turns)

    def found(self, moment: Moment, view: View) -> Finding:
        """The whole tree, evaluated."""

        def known(path: str, when: Moment) -> Finding | None:
            return self.known(path, when, view)

        def look_up(leaf: Leaf, path: str, when: Moment) -> Finding:
            return self.leaf(leaf, path, when, view)

        return evaluate(self.version.requirement, look_up, moment, known if self.parts else None)

    def known(self, path: str, moment: Moment, view: View) -> Finding | None:
        """What assessment found on the node; None if it has not.

        A node that is no part by itself is there because a person waived it: unless that counts, the node is looked at.
        """
        part = self.parts.get(path)
        if part is None:
            return None
        found = part.found(moment, view.known_at)
        return found if found.met or path in self.version.entry_paths else None

    def leaf(self, leaf: Leaf, path: str, moment: Moment, view: View) -> Finding:
        """What was found at one leaf. About activities nothing is known but what assessment says."""
        return UNMET if isinstance(leaf, ENTRY_LEAVES) else self._looked_up(leaf, path, moment, view)

    def candidates(self, known_at: datetime) -> list[datetime]:
        """The moments, oldest first, at which it can have come to be met, as far as was known then."""
        moments = {moment for part in self.parts.values() for moment in part.moments(known_at)}
        for award in self.awards:
            moments.update(award.beginnings(known_at))
        start = self.version.starts
        if start is not None and self.version.in_force:
            moments.add(start)
        return sorted(moment for moment in moments if moment <= known_at and self.version.covers(moment))

    def instants(self) -> Iterator[datetime]:
        """The instants at which something that counts became known."""
        for part in self.parts.values():
            yield from (at for at, _ in part.turns)
            yield from part.again
        for award in self.awards:
            yield from (change.at for change in award.changes)
        start = self.version.starts
        if start is not None and self.version.in_force:
            yield start

    @cached_property
    def only_grows(self) -> bool:
        """Whether what was met once, as known at some instant, stays met for good."""
        return (
            self.version.only_grows
            and all(award.plain for award in self.awards)
            and all(len(part.turns) == 1 for part in self.parts.values())
        )

    def _countable(self, leaf: AwardLeaf) -> Iterator[Award]:
        match leaf:
            case Held():
                if self._ranks_below(leaf.achievement):
                    for award in self.holdings.line(leaf.achievement):
                        if leaf.from_version is None or award.version >= leaf.from_version:
                            yield award
            case AtLevel():
                for achievement, versions in self.rules.at_or_above(leaf.stack, leaf.level).items():
                    if self._ranks_below(achievement):
                        yield from (award for award in self.holdings.line(achievement) if award.version in versions)
            case Credits() | Achievements():
                named = bool(leaf.from_.achievements)
                for award, version in self._held():
                    apart = self._ranks_below(award.achievement) if named else self._in_another(award.achievement)
                    if apart and version.chosen_by(leaf.from_):
                        yield award
            case Skills():
                wanted = set(leaf.among)
                for award, version in self._held():
                    if not wanted.isdisjoint(version.taught) and self._in_another(award.achievement):
                        yield award
            case _:
                assert_never(leaf)

    def _held(self) -> Iterator[tuple[Award, Version]]:
        for line in self.holdings.all():
            for award in line:
                version = self._version(award)
                if version is not None:
                    yield award, version

    def _version(self, award: Award) -> Version | None:
        rule = self.rules.by_id.get(award.achievement)
        return None if rule is None else rule.by_number.get(award.version)

    def _ranks_below(self, achievement: str) -> bool:
        rank = self.rules.rank
        return achievement in rank and rank[achievement] < rank[self.rule.achievement]

    def _in_another(self, achievement: str) -> bool:
        component = self.rules.component
        return achievement in component and component[achievement] != component[self.rule.achievement]

    def _looked_up(self, leaf: AwardLeaf, path: str, moment: Moment, view: View) -> Finding:
        counting = [award for award in self.countable[path] if counts(award, leaf.holding, moment, view)]
        latest = {award.achievement: award for award in counting}.values()
        awards = sorted(latest, key=lambda award: (award.awarded_at, award.achievement)) if len(latest) > 1 else latest
        match leaf:
            case Held() | AtLevel():
                return Finding(bool(awards), tuple(award.id for award in awards))
            case Credits():
                return self._credits(leaf, awards, moment, view)
            case Achievements():
                return self._achievements(leaf, awards)
            case Skills():
                return self._skills(leaf, awards)
            case _:
                assert_never(leaf)

    def _credits(self, leaf: Credits, awards: Iterable[Award], moment: Moment, view: View) -> Finding:
        counted: dict[str, Award] = {}
        for award in awards:
            for beneath in self._beneath(award, leaf.holding, moment, view):
                other = counted.get(beneath.achievement)
                if other is None or other.ordinal < beneath.ordinal:
                    counted[beneath.achievement] = beneath
        own = outside = Decimal(0)
        by: list[str] = []
        for award in counted.values():
            version = self._version(award)
            amount = Decimal(0) if version is None else self._amount(version, leaf)
            if version is None or not amount:
                continue
            by.append(award.id)
            if self._is_own(version):
                own += amount
            else:
                outside += amount
        reached = own + (outside if leaf.outside_at_most is None else min(outside, leaf.outside_at_most))
        met = reached >= leaf.credits_at_least and own >= (leaf.own_at_least or 0)
        return Finding(met, tuple(by), plain(reached))

    def _beneath(self, award: Award, holding: Holding, moment: Moment, view: View) -> Iterator[Award]:
        """The awards whose credits are those of this one: a level's, and those of what has none itself, are what it rests on."""
        version, rule = self._version(award), self.rules.by_id.get(award.achievement)
        if version is None or rule is None:
            return
        if rule.stack is None and version.definition.credits is not None:
            yield award
            return
        state = award.known(view.known_at)
        found = False
        for id_ in () if state is None else state.rests_on:
            lower = self.holdings.award(id_)
            if lower is not None and still_counts(lower, holding, moment, view):
                for beneath in self._beneath(lower, holding, moment, view):
                    found = True
                    yield beneath
        if not found and version.definition.credits is not None:
            yield award

    @staticmethod
    def _amount(version: Version, leaf: Credits) -> Decimal:
        """In the system that the leaf counts in; none without a declared rate."""
        worth = version.definition.credits
        if worth is None:
            return Decimal(0)
        if worth.system == leaf.system:
            return worth.amount
        return worth.amount * leaf.rates.get(worth.system, Decimal(0))

    def _achievements(self, leaf: Achievements, awards: Iterable[Award]) -> Finding:
        own, outside = 0, 0
        by: list[str] = []
        for award in awards:
            by.append(award.id)
            version = self._version(award)
            if version is not None and self._is_own(version):
                own += 1
            else:
                outside += 1
        reached = own + (outside if leaf.outside_at_most is None else min(outside, leaf.outside_at_most))
        met = reached >= leaf.achievements_at_least and own >= (leaf.own_at_least or 0)
        return Finding(met, tuple(by), str(reached))

    def _skills(self, leaf: Skills, awards: Iterable[Award]) -> Finding:
        wanted = set(leaf.among)
        covered: set[str] = set()
        by: list[str] = []
        for award in awards:
            version = self._version(award)
            shown = frozenset() if version is None else version.assessed if leaf.assessed_only else version.taught
            if not wanted.isdisjoint(shown):
                covered |= wanted & shown
                by.append(award.id)
        return Finding(len(covered) >= leaf.skills_at_least, tuple(by), str(len(covered)))

    def _is_own(self, version: Version) -> bool:
        return version.definition.issuer.id == self.version.definition.issuer.id


def evidence_for(rule: Rule, version: Version, verdict: Verdict | None, rules: Rules, holdings: Holdings) -> Evidence:
    parts = {} if verdict is None else {part.path: part for part in verdict.parts(version.number)}
    return Evidence(rule, version, rules, holdings, parts)


def counts(award: Award, holding: Holding, moment: Moment, view: View) -> bool:
    """Whether the award counts at the moment, held as firmly as asked, as far as was known."""
    if award.awarded_at > moment.at or not still_counts(award, holding, moment, view):
        return False
    state = award.known(view.known_at)
    return holding is Holding.EVER or (state is not None and award.valid_at(moment.at, state.renewals))


def still_counts(award: Award, holding: Holding, moment: Moment, view: View) -> bool:
    """Whether nothing that was known speaks against counting it now, and it was earned in the period that is looked at."""
    state = award.known(view.known_at)
    if state is None or not _earned_in(award, state, moment, view):
        return False
    if holding is Holding.EVER:
        return True
    if state.status is AwardStatus.REVOKED or (state.status is AwardStatus.SUSPENDED and not view.suspended):
        return False
    return not (holding is Holding.VALID and state.expired)


def _earned_in(award: Award, state: Change, moment: Moment, view: View) -> bool:
    since = moment.since
    if since is None or since < award.awarded_at:
        return True
    return view.renewals and any(since < renewed <= moment.at for renewed in award.renewed[: state.renewals])


def rests_on(finding: Finding, evidence: Evidence) -> tuple[str, ...]:
    """The awards that made it met, each once, in the tree's order."""
    awards = evidence.ids
    found: dict[str, None] = {}
    open_ = [finding]
    while open_:
        node = open_.pop()
        if node.met:
            found.update((id_, None) for id_ in node.by if id_ in awards)
            open_.extend(reversed(node.of))
    return tuple(found)
