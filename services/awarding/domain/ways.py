"""The shortest way to an achievement: the fewest further achievements to earn, and of those ways the one of fewest credits.

A step is an achievement whose activities the learner does; what follows from it by itself, such as a level, is no step.
With up to 12 steps to choose from every way is tried. Beyond that the way is an estimate: it leads there, and no step of it
can be left out, but there may be a shorter one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from typing import Final

from services.awarding.domain.awards import Award, Change, Holdings
from services.awarding.domain.evidence import Evidence, View, evidence_for, rests_on
from services.awarding.domain.record import Record
from services.awarding.domain.rules import Rule, Rules, Version
from shared.events.awarding import AwardStatus
from shared.requirements.model import (
    ENTRY_LEAVES,
    Achievements,
    All,
    AnyOf,
    AtLeast,
    AtLevel,
    AwardLeaf,
    Credits,
    Held,
    Requirement,
    Skills,
)
from shared.requirements.tree import Finding, Moment, evaluate, joined, parts_of

EXACT_UP_TO: Final = 12
MET: Final = Finding(True)

Steps = frozenset[str]


@dataclass(frozen=True, slots=True)
class Way:
    """The achievements to earn, in the order in which they can be; `credits` are what they are worth together."""

    achievements: tuple[str, ...]
    credits: Decimal
    estimate: bool


class Outlook:
    """What a learner would hold if they earned more now."""

    def __init__(self, record: Record, rules: Rules, now: datetime) -> None:
        self.record = record
        self.rules = rules
        self.now = max(now, record.horizon or now)

    def way_to(self, target: str) -> Way | None:
        """None if no further achievement leads there, as when all its versions have ended or a person revoked it."""
        unmet = self.unmet_beneath(target)
        steps = [id_ for id_ in unmet if self._version(id_).entry_paths]
        if not self.reaches(target, frozenset(steps), unmet):
            return None
        if len(steps) <= EXACT_UP_TO:
            return self._way(self._fewest(target, steps, unmet), estimate=False)
        return self._way(self._estimated(target, steps, unmet), estimate=True)

    def next_steps(self, target: str) -> list[str]:
        """Each achievement that alone would lead to the target, if it isn't held yet."""
        unmet = self.unmet_beneath(target)
        if not unmet or self.reaches(target, frozenset(), unmet):
            return []
        steps = [id_ for id_ in unmet if self._version(id_).entry_paths]
        return [id_ for id_ in steps if self.reaches(target, frozenset((id_,)), unmet)]

    def finding(self, achievement: str) -> tuple[Version, Finding]:
        """The requirement of the version in force now, as it is met now."""
        rule = self.rules.by_id[achievement]
        version = self._version(achievement)
        return version, self._evidence(rule, Holdings(self.record.lines)).found(Moment(self.now), View(self.now))

    def holds(self, achievement: str) -> bool:
        line = self.record.lines.get(achievement)
        return line is not None and line[-1].status is AwardStatus.VALID

    def unmet_beneath(self, target: str) -> list[str]:
        """The achievements not held that the target may rest on, and itself, what others rest on first."""
        found: set[str] = set()
        waiting = [target]
        while waiting:
            id_ = waiting.pop()
            if id_ in found or id_ not in self.rules.by_id or self.holds(id_) or self._is_barred(id_):
                continue
            found.add(id_)
            waiting.extend(other for _, leaf in self._version(id_).award_leaves for other in self.rules.choices(leaf))
        return sorted(found, key=self.rules.rank.__getitem__)

    def reaches(self, target: str, steps: Steps, unmet: Iterable[str]) -> bool:
        """Whether the target would be held if the activities of these steps were done."""
        holdings = Holdings(self.record.lines)
        for id_ in unmet:
            rule = self.rules.by_id[id_]
            evidence = self._evidence(rule, holdings)
            if evidence.version.covers(self.now) and (found := self._found(evidence, id_ in steps)).met:
                on = rests_on(found, evidence)
                holdings.put(id_, (*holdings.line(id_), self._imagined(rule, evidence.version, on)))
        return any(award.status is AwardStatus.VALID for award in holdings.line(target))

    def _fewest(self, target: str, steps: list[str], unmet: list[str]) -> Steps:
        for size in range(len(steps) + 1):
            ways = [way for way in combinations(steps, size) if self.reaches(target, frozenset(way), unmet)]
            if ways:
                return frozenset(min(ways, key=lambda way: (self._credits(way), way)))
        raise AssertionError("all steps together lead to the target")

    def _estimated(self, target: str, steps: list[str], unmet: list[str]) -> Steps:
        """Down the tree by the cheapest branches, then without what turns out not to be needed."""
        chosen = self._cheapest(target, {}) or frozenset()
        if not self.reaches(target, chosen, unmet):
            chosen = frozenset(steps)
        for step in sorted(chosen, key=lambda id_: (-self._credits((id_,)), id_)):
            if self.reaches(target, chosen - {step}, unmet):
                chosen -= {step}
        return chosen

    def _cheapest(self, achievement: str, known: dict[str, Steps | None]) -> Steps | None:
        """Steps that lead to the achievement; None if none do."""
        if self.holds(achievement):
            return frozenset()
        if achievement not in known:
            known[achievement] = None
            if achievement in self.rules.by_id and not self._is_barred(achievement):
                version, finding = self.finding(achievement)
                if version.covers(self.now):
                    known[achievement] = self._down(version.requirement, "", finding, version, known)
        return known[achievement]

    def _down(
        self, node: Requirement, path: str, finding: Finding, version: Version, known: dict[str, Steps | None]
    ) -> Steps | None:
        if finding.met:
            return frozenset()
        if path in version.entry_paths or isinstance(node, ENTRY_LEAVES):
            return frozenset((version.definition.achievement,))
        parts = parts_of(node)
        if not parts:
            assert isinstance(node, Held | AtLevel | Credits | Achievements | Skills)
            return self._for_leaf(node, version, known)
        found = finding.of or tuple(Finding(False) for _ in parts)
        below = (
            self._down(part, joined(path, step), one, version, known) for (step, part), one in zip(parts, found, strict=True)
        )
        ways = sorted((way for way in below if way is not None), key=self._cost)
        needed = node.at_least if isinstance(node, AtLeast) else 1 if isinstance(node, AnyOf) else len(parts)
        if len(ways) < needed:
            return None
        return frozenset().union(*ways[:needed]) if isinstance(node, All | AnyOf | AtLeast) else ways[0]

    def _for_leaf(self, leaf: AwardLeaf, version: Version, known: dict[str, Steps | None]) -> Steps | None:
        ways = [
            (id_, way)
            for id_ in self.rules.choices(leaf)
            if not self.holds(id_) and (way := self._cheapest(id_, known)) is not None
        ]
        if isinstance(leaf, Held | AtLevel):
            return min((way for _, way in ways), key=self._cost, default=None)
        own = version.definition.issuer.id
        ways.sort(key=lambda each: self._preference(leaf, *each))
        queues = [
            [way for id_, way in ways if (self._version(id_).definition.issuer.id == own) is ours] for ours in (True, False)
        ]
        chosen: Steps = frozenset()
        finding = self._with(leaf, version, chosen)
        while not finding.met:
            heads = [(self._with(leaf, version, chosen | queue[0]), queue) for queue in queues if queue]
            if not heads:
                return None
            finding, queue = max(heads, key=lambda each: (each[0].met, Decimal(each[0].value or 0)))
            chosen |= queue.pop(0)
        return chosen

    def _with(self, leaf: AwardLeaf, version: Version, steps: Steps) -> Finding:
        """The leaf, if these achievements were held as well."""
        holdings = Holdings(self.record.lines)
        for id_ in sorted(steps, key=self.rules.rank.__getitem__):
            holdings.put(id_, (*holdings.line(id_), self._imagined(self.rules.by_id[id_], self._version(id_))))
        rule = self.rules.by_id[version.definition.achievement]
        evidence = evidence_for(rule, version, None, self.rules, holdings)
        path = next(path for path, other in version.award_leaves if other is leaf)
        return evidence.leaf(leaf, path, Moment(self.now), View(self.now))

    def _preference(self, leaf: AwardLeaf, id_: str, way: Steps) -> tuple[Decimal, str]:
        """What brings most for each step comes first."""
        definition = self._version(id_).definition
        worth = Decimal(1)
        if isinstance(leaf, Credits):
            amount = definition.credits
            rates = {leaf.system: Decimal(1), **leaf.rates}
            worth = Decimal(0) if amount is None else amount.amount * rates.get(amount.system, Decimal(0))
        elif isinstance(leaf, Skills):
            worth = Decimal(len(set(leaf.among) & {skill.code for skill in definition.skills}))
        return (-worth / max(len(way), 1), id_)

    def _cost(self, way: Steps) -> tuple[int, Decimal, list[str]]:
        return len(way), self._credits(way), sorted(way)

    def _credits(self, steps: Iterable[str]) -> Decimal:
        found = (self._version(id_).definition.credits for id_ in steps)
        return sum((one.amount for one in found if one is not None), Decimal(0))

    def _way(self, steps: Steps, *, estimate: bool) -> Way:
        return Way(tuple(sorted(steps, key=self.rules.rank.__getitem__)), self._credits(steps), estimate)

    def _version(self, achievement: str) -> Version:
        return self.rules.by_id[achievement].in_force_at(self.now)

    def _is_barred(self, achievement: str) -> bool:
        made = self.record.decisions.get(achievement, ())
        return bool(made) and not made[-1].grants

    def _evidence(self, rule: Rule, holdings: Holdings) -> Evidence:
        version = self._version(rule.achievement)
        return evidence_for(rule, version, self.record.verdicts.get(rule.achievement), self.rules, holdings)

    def _found(self, evidence: Evidence, done: bool) -> Finding:
        if not done:
            return evidence.found(Moment(self.now), View(self.now))
        paths = evidence.version.entry_paths
        return evaluate(
            evidence.version.requirement,
            lambda leaf, path, moment: evidence.leaf(leaf, path, moment, View(self.now)),
            Moment(self.now),
            lambda path, moment: MET if path in paths else evidence.known(path, moment, View(self.now)),
        )

    def _imagined(self, rule: Rule, version: Version, on: tuple[str, ...] = ()) -> Award:
        line = self.record.lines.get(rule.achievement, ())
        change = Change(self.now, AwardStatus.VALID, met_at=self.now, rests_on=on)
        valid_for = version.definition.valid_for
        return Award(
            f"imagined {rule.achievement}", rule.achievement, len(line) + 1, version.number, self.now, valid_for, (change,)
        )


def leaves_met(finding: Finding) -> tuple[int, int]:
    """How many leaves are met, of how many."""
    if not finding.of:
        return int(finding.met), 1
    counted = [leaves_met(part) for part in finding.of]
    return sum(met for met, _ in counted), sum(all_ for _, all_ in counted)
