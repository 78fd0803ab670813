"""Judgement by people: each verdict is an original of its own.

{
  "id": "3f…e1.2",                       the submission's id, and the verdict's number
  "time": "2026-03-02T10:00:00Z",
  "learner": "ada",
  "achievement": "weaving", "review": "portfolio",
  "attempt": 1,                          which of the learner's submissions for this review
  "passed": true, "share": "0.75",       the share of the rubric's points
  "results": [{"criterion": "clarity", "level": "full", "points": "2"}],
  "evidence": ["https://…"],             what the learner lets anybody see
  "corrects": "3f…e1.1"                  the verdict that this one replaces, where there is one
}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, ValidationError

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats.format import Format
from shared.events.completions import CriterionResult, Score, Status
from shared.events.definitions import Described
from shared.events.envelope import EventId, Instant, LearnerId
from shared.events.reviews import review_activity
from shared.requirements.model import Share, Slug

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

KIND: Final = "learner"
"""The only way in which learners are named: by their ids."""


class Judgement(Described):
    """The original."""

    id: EventId
    time: Instant
    learner: LearnerId
    achievement: Slug
    review: Slug
    attempt: Annotated[int, Field(ge=1, le=100_000)] = 1
    passed: Annotated[bool, Field(strict=True)]
    share: Share
    results: Annotated[tuple[CriterionResult, ...], Field(min_length=1, max_length=50)]
    evidence: Annotated[tuple[Annotated[str, Field(max_length=2_000, pattern=r"^https?://")], ...], Field(max_length=20)] = ()
    corrects: EventId | None = None


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    try:
        judged = Judgement.model_validate(original)
    except (ValidationError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "it is nested too deeply"}
        raise Wrong(f"this is no judgement: {first['msg']}", ".".join(map(str, first["loc"]))) from error
    said = Result(
        Status.PASSED if judged.passed else Status.FAILED,
        Score(scaled=judged.share),
        attempt=judged.attempt,
        evidence=judged.evidence,
        corrects=judged.corrects,
        results=judged.results,
    )
    activity = review_activity(judged.achievement, judged.review)
    return (Claim(judged.id, judged.time, (Name(KIND, judged.learner),), activity, said),)


FORMAT: Final = Format("reviews", "Judgement by people", read, keys=(), sent_to="", registered=False)
