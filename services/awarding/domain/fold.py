"""One change of the inputs, and everything that follows from it: the cascade, run to its fixpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush

from services.awarding.domain.awards import Award, Holdings, first_difference
from services.awarding.domain.evidence import Evidence, evidence_for
from services.awarding.domain.record import Record, Standing, with_lines
from services.awarding.domain.rules import Rule, Rules
from services.awarding.domain.standing import moved, progress_document, stacks_of
from services.awarding.domain.telling import Telling
from services.awarding.domain.timeline import is_settled, timeline
from shared.decisions import Decided, Put
from shared.events.envelope import Cause, Fact
from shared.pieces import Draft


@dataclass(slots=True)
class Cascade:
    """What came of deciding anew. `before` has the lines that changed, as they were; `causes` the root of each that changed;
    `begun` the stacks for a level of which something counts; all in the order in which they were decided.
    """

    holdings: Holdings
    before: dict[str, tuple[Award, ...]] = field(default_factory=dict)
    causes: dict[str, Cause] = field(default_factory=dict)
    begun: dict[str, None] = field(default_factory=dict)


def refold(record: Record, affected: Mapping[str, Cause], rules: Rules) -> Decided[Record]:
    """Decide the affected achievements anew, and whatever depends on those that changed, for the same cause."""
    done = cascade(record, affected, rules)
    begun = [stack for stack in done.begun if stack not in record.stacks]
    if not done.before and not begun:
        return Decided(record)
    after = with_lines(record, done.holdings.lines, done.before)
    stacks = dict(record.stacks)
    telling = Telling(after, rules, done.holdings, Draft(record.said))
    upgrades: list[Fact] = []
    upgraded: dict[str, str] = {}
    writes: list[Put] = []
    reached = {achievement: done.causes[achievement] for achievement in done.before}
    for stack in dict.fromkeys((*stacks_of(reached, rules), *begun)):
        level_causes = [reached[id_] for id_ in rules.achievements_of(stack) if id_ in reached]
        move = moved(record, stack, rules, done.holdings, level_causes[0]) if level_causes else None
        standing = move.standing if move is not None else Standing()
        if standing != stacks.get(stack):
            stacks[stack] = standing
            writes.append(progress_document(record, stack, standing, rules))
        if move is not None and move.upgrade is not None:
            upgrades.append(move.upgrade)
            upgraded[move.upgrade.award] = move.upgrade.from_level
    for achievement, before in done.before.items():
        line = done.holdings.line(achievement)
        from_level = upgraded.get(line[-1].id) if line else None
        telling.line(rules.by_id[achievement], before, done.causes[achievement], from_level)
    return Decided(
        replace(after, said=telling.said.done(), stacks=stacks),
        (*telling.facts, *upgrades),
        (*telling.documents.values(), *writes),
    )


def cascade(record: Record, affected: Mapping[str, Cause], rules: Rules) -> Cascade:
    """Run to the fixpoint, what others rest on first, so that each achievement is decided once.

    What changed is handed on to what depends on it; to what adds up credits also from beneath awards that did not change.
    """
    done = Cascade(Holdings(record.lines))
    queue: list[tuple[int, str]] = []
    roots: dict[str, Cause] = {}
    news: dict[str, datetime] = {}

    def enqueue(achievement: str, cause: Cause) -> None:
        if achievement not in roots and achievement in rules.by_id:
            roots[achievement] = cause
            heappush(queue, (rules.rank[achievement], achievement))

    def hand_on(achievement: str, dependents: set[str], since: datetime) -> None:
        for dependent in dependents:
            if rules.rank[dependent] > rules.rank[achievement]:
                enqueue(dependent, roots[achievement])
                news[dependent] = min(since, news.get(dependent, since))

    for achievement, cause in affected.items():
        enqueue(achievement, cause)
    while queue:
        achievement = heappop(queue)[1]
        rule = rules.by_id[achievement]
        before = done.holdings.line(achievement)
        evidence = evidence_of(record, rule, rules, done.holdings)
        if rule.stack is not None and evidence:
            done.begun.setdefault(rule.stack)
        on_its_own = achievement in affected or achievement in record.decisions
        settled = not on_its_own and is_settled(before, evidence, news[achievement])
        line = before if settled else line_of(record, rule, rules, evidence)
        since = first_difference(before, line)
        if since is not None:
            done.holdings.put(achievement, line)
            done.before[achievement] = before
            done.causes[achievement] = roots[achievement]
            hand_on(achievement, rules.dependents(achievement), since)
        if before and achievement in news:
            hand_on(achievement, rules.summing_over(achievement), news[achievement])
    return done


def evidence_of(record: Record, rule: Rule, rules: Rules, holdings: Holdings) -> list[Evidence]:
    """What counts for each version of the achievement for which anything does."""
    verdict = record.verdicts.get(rule.achievement)
    gathered = (evidence_for(rule, version, verdict, rules, holdings) for version in rule.versions)
    return [each for each in gathered if not each.is_empty()]


def line_of(record: Record, rule: Rule, rules: Rules, evidence: Iterable[Evidence]) -> tuple[Award, ...]:
    """The learner's awards of the achievement, as its inputs and the awards that it rests on have them."""

    def name(ordinal: int) -> str:
        return rules.ids.award(record.learner, rule.achievement, ordinal, record.erasures)

    decisions = record.decisions.get(rule.achievement, ())
    return timeline(rule, tuple(evidence), decisions, record.horizon, name)
