"""What people judge: the evidence that a learner is asked for, and the rubric by which assessors score it.

A requirement asks for a review by a leaf about its activity, `urn:cairn:review:<achievement>:<review>`: the verdict of the
assessors is a completion of that activity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Final, Literal, Protocol, Self

from pydantic import Field, model_validator

from shared.events.described import Days, Described, Line, Text
from shared.requirements.model import Share, Slug

REVIEWS: Final = "urn:cairn:review:"

REVIEWERS: Final = "urn:cairn:reviews"
"""The CloudEvents source of verdicts."""

Points = Annotated[Decimal, Field(ge=0, max_digits=8, decimal_places=2)]
Weight = Annotated[Decimal, Field(gt=0, max_digits=8, decimal_places=2)]

PLACES: Final = Decimal("1e-10")


class RubricLevel(Described):
    """How well one can do by a criterion, and what that is worth."""

    id: Slug
    name: Line
    points: Points
    description: Text | None = None


class Criterion(Described):
    """What is looked at. Its levels are ordered, the lowest first; `must_reach` is the one below which nobody passes.

    Its points count `weight` times.
    """

    id: Slug
    name: Line
    description: Text | None = None
    levels: Annotated[tuple[RubricLevel, ...], Field(min_length=2, max_length=20)]
    weight: Weight = Decimal(1)
    must_reach: Slug | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _differ("levels", self.levels)
        for lower, higher in zip(self.levels, self.levels[1:], strict=False):
            if higher.points <= lower.points:
                raise ValueError(
                    f"the levels stand lowest first, but {higher.id} has {higher.points} points and {lower.id} {lower.points}"
                )
        if self.must_reach is not None and self.level(self.must_reach) is None:
            known = ", ".join(level.id for level in self.levels)
            raise ValueError(f"must_reach names {self.must_reach}, which is no level of {self.id}; its levels are {known}")
        return self

    def level(self, id_: str) -> RubricLevel | None:
        return next((level for level in self.levels if level.id == id_), None)

    def is_reached(self, level: RubricLevel) -> bool:
        """Whether the level is as high as `must_reach` asks."""
        least = None if self.must_reach is None else self.level(self.must_reach)
        return least is None or level.points >= least.points


class Rubric(Described):
    """The criteria that a submission is judged by."""

    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _criteria_differ(self) -> Self:
        _differ("criteria", self.criteria)
        return self

    def criterion(self, id_: str) -> Criterion | None:
        return next((criterion for criterion in self.criteria if criterion.id == id_), None)

    @property
    def most(self) -> Decimal:
        """All points, as they are weighted."""
        return sum((criterion.weight * criterion.levels[-1].points for criterion in self.criteria), Decimal(0))

    def reached(self, levels: Mapping[str, str]) -> tuple[RubricLevel, ...]:
        """The level of each criterion, in their order, given its id by the criterion's.

        Raises ValueError, saying which is missing or not known.
        """
        if unknown := [id_ for id_ in levels if self.criterion(id_) is None]:
            known = ", ".join(criterion.id for criterion in self.criteria)
            raise ValueError(f"the rubric has no criterion {unknown[0]}; it has {known}")
        return tuple(self._reached(criterion, levels) for criterion in self.criteria)

    @staticmethod
    def _reached(criterion: Criterion, levels: Mapping[str, str]) -> RubricLevel:
        known = ", ".join(level.id for level in criterion.levels)
        if criterion.id not in levels:
            raise ValueError(f"the criterion {criterion.id} has no level; it has one of {known}")
        level = criterion.level(levels[criterion.id])
        if level is None:
            raise ValueError(f"the criterion {criterion.id} has no level {levels[criterion.id]}; it has {known}")
        return level


class Review(Described):
    """Evidence that people judge by a rubric.

    It is passed with a share of the points of at least `passes_at` (with none, whatever the points) when each criterion also has
    the level that it `must_reach`. `asks` are the kinds of evidence that are taken. `assessors`: how many must agree.
    `recognises_prior_learning`: the evidence may be of what was learned before, or elsewhere. A submission that has waited for
    `remind_after` is reminded of.
    """

    id: Slug
    name: Line
    instructions: Text
    asks: Annotated[tuple[Literal["text", "links", "files"], ...], Field(min_length=1, max_length=3)]
    rubric: Rubric
    passes_at: Share | None = None
    assessors: Literal[1, 2] = 1
    recognises_prior_learning: bool = False
    remind_after: Days = timedelta(days=7)

    @model_validator(mode="after")
    def _can_be_failed(self) -> Self:
        if len(set(self.asks)) < len(self.asks):
            raise ValueError("asks names a kind of evidence twice")
        if self.passes_at is None and all(criterion.must_reach is None for criterion in self.rubric.criteria):
            raise ValueError(
                "a review says when it is passed: by passes_at (a share of the points), or by a criterion's must_reach"
            )
        return self

    def share(self, levels: Mapping[str, str]) -> Decimal:
        """The share of the points, to ten places, rounded down. Raises ValueError as `Rubric.reached` does."""
        return (self._points(levels) / self.rubric.most).quantize(PLACES, ROUND_DOWN).normalize()

    def passed(self, levels: Mapping[str, str]) -> bool:
        """Raises ValueError as `Rubric.reached` does."""
        enough = self.passes_at is None or self._points(levels) >= self.passes_at * self.rubric.most
        reached = self.rubric.reached(levels)
        return enough and all(criterion.is_reached(level) for criterion, level in zip(self.rubric.criteria, reached, strict=True))

    def _points(self, levels: Mapping[str, str]) -> Decimal:
        reached = zip(self.rubric.criteria, self.rubric.reached(levels), strict=True)
        return sum((criterion.weight * level.points for criterion, level in reached), Decimal(0))


def review_activity(achievement: str, review: str) -> str:
    """The activity that a requirement asks for when it asks for a review."""
    return f"{REVIEWS}{achievement}:{review}"


def review_of(activity: str) -> tuple[str, str] | None:
    """The achievement and the review that an activity is of; None if it is no review's."""
    if not activity.startswith(REVIEWS):
        return None
    achievement, _, review = activity.removeprefix(REVIEWS).partition(":")
    return achievement, review


def not_to_judge(source: str, activity: str | None, *, judged: bool = False) -> tuple[str, str] | None:
    """Verdicts are said by the assessors' source alone. Where this one says one (of a review's activity, or `judged`: with what
    was found by a rubric), the place of that, and what would be right; otherwise None.
    """
    if source == REVIEWERS:
        return None
    if activity is not None and activity.startswith(REVIEWS):
        says = f"activities {REVIEWS}… are judged by assessors: only {REVIEWERS} speaks of them; report an activity of your own"
        return "activity", says
    if judged:
        return "results", f"what is found by a rubric is said by assessors: only {REVIEWERS} has `results`; leave them out"
    return None


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def reviews_differ(reviews: tuple[Review, ...]) -> tuple[Review, ...]:
    _differ("reviews", reviews)
    return reviews


def _differ(what: str, named: Iterable[_Named]) -> None:
    ids = [each.id for each in named]
    if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        raise ValueError(f"two {what} are called {', '.join(twice)}")
