"""What learning systems publish on `completions`."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from shared.events.envelope import EventId, LearnerId, Message
from shared.requirements.model import ActivityId, Slug

Points = Annotated[Decimal, Field(max_digits=12, decimal_places=6)]


class Status(StrEnum):
    """What happened between the learner and the activity."""

    REGISTERED = "registered"
    STARTED = "started"
    COMPLETED = "completed"
    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    SCORED = "scored"
    CLEARED = "cleared"
    """The source took back what it had said of the attempt's result, and says nothing in its place."""


class Score(Message):
    """Either `scaled` (0 to 1; negative counts as 0) or `raw` with `max` (and `min`, 0 unless given)."""

    scaled: Annotated[Decimal, Field(ge=-1, le=1, max_digits=12, decimal_places=10)] | None = None
    raw: Points | None = None
    min: Points = Decimal(0)
    max: Points | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.scaled is None:
            if self.raw is None or self.max is None:
                raise ValueError("a score is either scaled, or raw with max")
            if self.max <= self.min:
                raise ValueError("the score's max is not above its min")
            if not self.min <= self.raw <= self.max:
                raise ValueError("the score's raw is not between its min and its max")
        elif self.raw is not None and self.max is None:
            raise ValueError("a raw score needs its max")
        return self

    @property
    def share(self) -> Decimal:
        """Between 0 and 1, exact to ten places."""
        if self.scaled is not None:
            return max(self.scaled, Decimal(0))
        assert self.raw is not None
        assert self.max is not None
        return ((self.raw - self.min) / (self.max - self.min)).quantize(Decimal("1e-10"))


class CriterionResult(Message):
    """The level that was reached by one criterion of a rubric, each by its id there."""

    criterion: Slug
    level: Slug
    points: Points | None = None


class CompletionReported(Message):
    """A learner registered for, started, completed, passed, failed, scored or withdrew from an activity.

    The event's CloudEvents id and source name it; its time is the time at the source. `attempt` counts from 1; without it,
    all reports of an activity are about one attempt, so that a later one corrects an earlier one (a regrade).
    `corrects` is the id of an earlier completion, from the same source and of the same learner, that this one replaces.
    `results` are there when people judged by a rubric: the level reached by each criterion.
    """

    TYPE: ClassVar[str] = "cairn.completion.reported.v1"

    learner: LearnerId
    activity: ActivityId
    status: Status
    score: Score | None = None
    grade: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    attempt: Annotated[int, Field(ge=1, le=100_000)] = 1
    evidence: Annotated[tuple[Annotated[str, Field(max_length=2_000, pattern=r"^https?://")], ...], Field(max_length=20)] = ()
    corrects: EventId | None = None
    results: Annotated[tuple[CriterionResult, ...], Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def _one_result_for_each_criterion(self) -> Self:
        named = [result.criterion for result in self.results or ()]
        if len(set(named)) < len(named):
            raise ValueError("results has a criterion twice; a criterion has one level")
        return self

    @model_validator(mode="after")
    def _scored_has_score(self) -> Self:
        if self.status is Status.SCORED and self.score is None and self.grade is None:
            raise ValueError("a completion with status scored needs a score or a grade")
        if self.status is Status.CLEARED and (self.score is not None or self.grade is not None):
            raise ValueError("a completion with status cleared has neither a score nor a grade")
        return self


class CompletionRetracted(Message):
    """The source takes back an earlier completion of the same learner. It acts at its own time and may arrive first."""

    TYPE: ClassVar[str] = "cairn.completion.retracted.v1"

    learner: LearnerId
    retracts: EventId
    reason: Annotated[str, Field(max_length=2_000)] | None = None
