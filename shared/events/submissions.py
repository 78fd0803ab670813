"""What assessment says on `assessment.reviews`: what others did with a learner's submission, and what waits for the learner."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.envelope import Fact, Instant, LearnerId
from shared.requirements.model import Slug


class SubmissionFact(Fact):
    """The whole state of one submission, without anything that people wrote. `submission` is its id.

    `attempt` counts a learner's submissions for a review. `waits_since`: since when it has waited, for assessors (`waiting`)
    or for the learner (`asked`). `verdict` is the number of the verdict that counts, and `passed` what it says; a verdict
    beyond the first replaces the one before. `revision` counts what is said of the submission, not its changes.
    """

    submission: Annotated[str, Field(min_length=1, max_length=100)]
    learner: LearnerId
    achievement: Slug
    version: Annotated[int, Field(ge=1)]
    review: Slug
    kind: Literal["work", "prior_learning"]
    attempt: Annotated[int, Field(ge=1)]
    state: Literal["waiting", "asked", "decided"]
    handed_in_at: Instant
    waits_since: Instant | None = None
    verdict: Annotated[int, Field(ge=1)] | None = None
    passed: bool | None = None

    @property
    def subject(self) -> str:
        return self.submission

    @property
    def key(self) -> str:
        return self.learner


class SubmissionHandedIn(SubmissionFact):
    """Somebody else handed it in for the learner."""

    TYPE: ClassVar[str] = "cairn.submission.handed-in.v1"


class MoreAsked(SubmissionFact):
    """An assessor asks for more: it waits for the learner."""

    TYPE: ClassVar[str] = "cairn.submission.more-asked.v1"


class SubmissionJudged(SubmissionFact):
    TYPE: ClassVar[str] = "cairn.submission.judged.v1"


class AnswerAwaited(SubmissionFact):
    """What assessors asked for has waited for the learner for long, since `waits_since`; said again each time that as much
    time has passed."""

    TYPE: ClassVar[str] = "cairn.submission.answer-awaited.v1"
