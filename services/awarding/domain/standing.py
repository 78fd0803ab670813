"""Where a learner stands in a stack, and the upgrades on the way up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.awarding.domain.awards import Holdings
from services.awarding.domain.record import Record, Standing
from services.awarding.domain.rules import Rules
from services.awarding.domain.telling import held_levels
from shared.decisions import Put
from shared.events.awarding import StackUpgraded
from shared.events.envelope import Cause


@dataclass(frozen=True, slots=True)
class Move:
    """A stack's standing after a decision. `upgrade` lacks nothing but to be said; None if the learner did not come higher."""

    standing: Standing
    upgrade: StackUpgraded | None = None


def moved(record: Record, stack: str, rules: Rules, holdings: Holdings, cause: Cause) -> Move:
    """The upgrade leads from the level stood at before; where several levels were reached at once, from the next lower one.

    A level that is merely restored is no upgrade: that its award was restored says all.
    """
    before = record.stacks.get(stack, Standing())
    held = held_levels(rules, holdings, stack)
    if not held:
        return Move(replace(before, level=None, award=None))
    level, award = held[-1]
    standing = replace(before, level=level, award=award.id)
    lower = [(name, other) for name, other in held[:-1]]
    if award.id in record.said or not lower:
        return Move(standing)
    from_level, from_award = next(((name, other) for name, other in lower if other.id == before.award), lower[-1])
    revision = before.revision + 1
    upgrade = StackUpgraded(
        revision=revision,
        cause=cause,
        progress=rules.ids.progress(record.learner, stack, record.erasures),
        learner=record.learner,
        stack=stack,
        version=award.version,
        level=level,
        award=award.id,
        from_level=from_level,
        from_award=from_award.id,
        reached_at=award.awarded_at,
    )
    return Move(replace(standing, revision=revision), upgrade)


def progress_document(record: Record, stack: str, standing: Standing, rules: Rules) -> Put:
    """The learner's way through the stack as the collection `progress` keeps it, for queries."""
    document = {
        "_id": rules.ids.progress(record.learner, stack, record.erasures),
        "learner": record.learner,
        "stack": stack,
        "level": standing.level,
        "award": standing.award,
        "upgrades": standing.revision,
    }
    return Put("progress", document, new=stack not in record.stacks)


def stacks_of(achievements: Mapping[str, object], rules: Rules) -> list[str]:
    """The stacks with a level among these, in the order in which the levels come."""
    found: dict[str, None] = {}
    for achievement in achievements:
        stack = rules.by_id[achievement].stack
        if stack is not None:
            found.setdefault(stack)
    return list(found)
