"""What is found at a leaf about activities, at a moment, by what is known of the attempts. Exact: scores are whole numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, assert_never

from services.assessment.domain.attempts import Attempt, AttemptsOf, Reach, Step
from services.assessment.domain.entries import in_words, score_units, weight_units
from shared.requirements.model import (
    Attempts,
    Completed,
    EntryLeaf,
    Graded,
    Missing,
    Passed,
    Scored,
    WeightedMean,
)
from shared.requirements.tree import Finding, Moment, joined

MOST_NAMED: Final = 100
"""How many entries a finding names at most: the first ones."""

OPEN: Final = Finding(met=False)


Also = Mapping[str, tuple[str, ...]]
"""The activities that a person let count beside the one that a leaf names, by path.

In a weighted mean each activity has a path of its own: `<leaf>/of/<n>`. Of several activities the best one counts."""


class Worth(NamedTuple):
    """What an activity's score is worth, `total / parts` in units, and the entries that give it."""

    total: int
    parts: int
    by: tuple[str, ...]


def look_up(leaf: EntryLeaf, path: str, moment: Moment, attempts_of: AttemptsOf, also: Also) -> Finding:
    """Means that have no end as decimals are shown with ten places, rounded down so that none looks better than it is."""
    match leaf:
        case Completed():
            reaches = (attempt.completed for attempt in _attempts(leaf.activity, path, attempts_of, also))
            return _reached(reaches, moment)
        case Passed():
            reaches = (attempt.passed for attempt in _attempts(leaf.activity, path, attempts_of, also))
            return _reached(reaches, moment)
        case Graded():
            reaches = (graded(attempt, leaf.grades) for attempt in _attempts(leaf.activity, path, attempts_of, also))
            return _reached(reaches, moment)
        case Scored():
            worth = _best(leaf.activity, leaf.attempts, path, moment, attempts_of, also)
            if worth is None:
                return OPEN
            met = worth.total >= score_units(leaf.score_at_least) * worth.parts
            return Finding(met, worth.by, in_words(worth.total // worth.parts))
        case WeightedMean():
            return _weighted_mean(leaf, path, moment, attempts_of, also)
        case _:
            assert_never(leaf)


def _attempts(activity: str, path: str, attempts_of: AttemptsOf, also: Also) -> Iterator[Attempt]:
    yield from attempts_of(activity)
    for another in also.get(path, ()):
        yield from attempts_of(another)


def _reached(reaches: Iterator[Reach | None], moment: Moment) -> Finding:
    """Met by the first attempt that got there in time."""
    at, since = moment.at, moment.since
    first = min((r for r in reaches if r is not None and r.at <= at and (since is None or r.at > since)), default=None)
    return OPEN if first is None else Finding(True, (first.by,))


def graded(attempt: Attempt, grades: tuple[str, ...]) -> Reach | None:
    """From when on the attempt has had one of the grades, as far as later reports have left it."""
    reach = None
    for given in reversed(attempt.grades):
        if given.grade not in grades:
            break
        reach = Reach(given.at, given.by)
    return reach


def _best(activity: str, kind: Attempts, path: str, moment: Moment, attempts_of: AttemptsOf, also: Also) -> Worth | None:
    worth = _worth(attempts_of(activity), kind, moment)
    if also:
        for another in also.get(path, ()):
            found = _worth(attempts_of(another), kind, moment)
            if found is not None and (worth is None or found.total * worth.parts > worth.total * found.parts):
                worth = found
    return worth


def _worth(attempts: tuple[Attempt, ...], kind: Attempts, moment: Moment) -> Worth | None:
    """The activity's score: of the best attempt, of the one with the highest number, or their mean."""
    if not attempts:
        return None
    standing = [step for attempt in attempts if (step := _standing(attempt.scores, moment)) is not None]
    if not standing:
        return None
    match kind:
        case Attempts.BEST:
            best = min(standing, key=lambda step: (-step.score, step.at, step.by))
            return Worth(best.score, 1, (best.by,))
        case Attempts.LATEST:
            return Worth(standing[-1].score, 1, (standing[-1].by,))
        case Attempts.MEAN:
            total = sum(step.score for step in standing)
            return Worth(total, len(standing), tuple(step.by for step in standing[:MOST_NAMED]))
        case _:
            assert_never(kind)


def _standing(scores: tuple[Step, ...], moment: Moment) -> Step | None:
    """The attempt's score at the moment, if it was reached in time."""
    for step in reversed(scores):
        if step.at <= moment.at:
            return step if moment.since is None or step.at > moment.since else None
    return None


def _weighted_mean(leaf: WeightedMean, path: str, moment: Moment, attempts_of: AttemptsOf, also: Also) -> Finding:
    """The sum of weight times score is kept as a fraction, because means of attempts may have no end as decimals."""
    total, divisor, weights = 0, 1, 0
    by: list[str] = []
    for i, item in enumerate(leaf.of):
        own = joined(path, f"of/{i}") if also else path
        worth = _best(item.activity, item.attempts, own, moment, attempts_of, also)
        if worth is not None:
            weight = weight_units(item.weight)
            total = total * worth.parts + weight * worth.total * divisor
            divisor *= worth.parts
            weights += weight
            by += worth.by
        elif leaf.missing is Missing.ZERO:
            weights += weight_units(item.weight)
    if not weights:
        return OPEN
    met = total >= score_units(leaf.weighted_mean_at_least) * weights * divisor
    return Finding(met, tuple(by[:MOST_NAMED]), in_words(total // (weights * divisor)))
