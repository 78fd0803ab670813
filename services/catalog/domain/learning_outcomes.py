"""Every learning outcome should be assessed by something that is required."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.catalog.domain.findings import Finding, warning
from services.catalog.domain.known import Known
from shared.events.definitions import Achievement, Definition, LearningOutcome
from shared.requirements.model import (
    Achievements,
    AtLevel,
    Completed,
    Credits,
    Graded,
    Held,
    Leaf,
    Passed,
    Requirement,
    Scored,
    Skills,
    WeightedMean,
)
from shared.requirements.tree import leaves


def unassessed(definition: Definition, known: Known) -> Iterator[Finding]:
    """A warning for each learning outcome that no leaf assesses. A stack's own outcomes may be assessed on any level."""
    if isinstance(definition, Achievement):
        yield from _unassessed("", definition.learning_outcomes, [definition.requirement], known)
        return
    yield from _unassessed("", definition.learning_outcomes, [level.requirement for level in definition.levels], known)
    for i, level in enumerate(definition.levels):
        yield from _unassessed(f"levels/{i}/", level.learning_outcomes, [level.requirement], known)


def _unassessed(
    place: str, outcomes: Iterable[LearningOutcome], requirements: Iterable[Requirement], known: Known
) -> Iterator[Finding]:
    outcomes = tuple(outcomes)
    if not outcomes:
        return
    asked = {name for requirement in requirements for _, leaf in leaves(requirement) for name in _asked_by(leaf, known)}
    for i, outcome in enumerate(outcomes):
        if not outcome.assessed_by:
            yield warning(
                f"{place}learning_outcomes/{i}",
                f"nothing assesses the learning outcome {outcome.id}; name what does under assessed_by:",
            )
        elif not asked.intersection(outcome.assessed_by):
            named = ", ".join(outcome.assessed_by)
            yield warning(
                f"{place}learning_outcomes/{i}/assessed_by",
                f"the learning outcome {outcome.id} is assessed by {named}, which the requirement doesn't ask for",
            )


def _asked_by(leaf: Leaf, known: Known) -> Iterable[str]:
    match leaf:
        case Completed() | Passed() | Graded() | Scored():
            return (leaf.activity,)
        case WeightedMean():
            return [weighted.activity for weighted in leaf.of]
        case Held():
            return (leaf.achievement,)
        case AtLevel():
            return (leaf.stack, *known.levels_from(leaf))
        case Credits() | Achievements():
            return known.chosen(leaf.from_)
        case Skills():
            return known.showing(leaf)
