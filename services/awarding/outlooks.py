"""How far learners have come, put together from their records. Takes time where many ways are tried: run it beside the loop."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.awarding.answers import LevelShown, OneStepAway, StackShown, way_shown
from services.awarding.domain.record import Record, Standing
from services.awarding.domain.rules import Rules
from services.awarding.domain.ways import Outlook, leaves_met
from shared.events.definitions import level_achievement


def stacks_shown(record: Record, rules: Rules, stacks: Iterable[str], now: datetime, *, ways: bool = True) -> list[StackShown]:
    """`ways` False leaves out the shortest ways, which take most of the time."""
    outlook = Outlook(record, rules, now)
    return [_stack(record, rules, stack, outlook, ways) for stack in stacks]


def _stack(record: Record, rules: Rules, stack: str, outlook: Outlook, ways: bool) -> StackShown:
    """With the levels of its newest version, the lowest first."""
    standing = record.stacks.get(stack, Standing())
    return StackShown(
        stack=stack,
        name=rules.name_of("stack", stack),
        progress=rules.ids.progress(record.learner, stack, record.erasures),
        level=standing.level,
        award=standing.award,
        levels=tuple(
            _level(record, rules, stack, level, outlook, ways) for level in rules.levels[stack][max(rules.levels[stack])]
        ),
    )


def _level(record: Record, rules: Rules, stack: str, level: str, outlook: Outlook, ways: bool) -> LevelShown:
    achievement = level_achievement(stack, level)
    line = record.lines.get(achievement, ())
    met, of = leaves_met(outlook.finding(achievement)[1])
    return LevelShown(
        level=level,
        name=rules.name_of("level", achievement),
        achievement=achievement,
        status=line[-1].status if line else None,
        award=line[-1].id if line else None,
        met=met,
        of=of,
        way=way_shown(outlook.way_to(achievement)) if ways else None,
    )


def one_step_away(records: Iterable[Record], rules: Rules, target: str, now: datetime, limit: int) -> list[OneStepAway]:
    """At most `limit` of those to whom a single achievement would give the target."""
    found: list[OneStepAway] = []
    stack = rules.by_id[target].stack
    for record in records:
        if len(found) == limit:
            break
        steps = Outlook(record, rules, now).next_steps(target)
        if steps:
            standing = record.stacks.get(stack or "", Standing()).level
            found.append(OneStepAway(learner=record.learner, standing=standing, achievements=tuple(steps)))
    return found
