"""Verdicts as completions: they go through the same intake as what any other source says."""

from __future__ import annotations

from typing import Any, Final

from services.assessment.domain.submissions import Submission, Verdict
from services.assessment.sources.document import LearnerRule, Quota, Source
from services.assessment.sources.formats.reviews import FORMAT
from shared.events.envelope import rfc3339
from shared.events.reviews import REVIEWERS, REVIEWS, Review

MOST_LINKS: Final = 20

SOURCE: Final = Source(
    source="reviews",
    name="Judgement by people",
    owner="The institution's assessors",
    format=FORMAT.name,
    learners=(LearnerRule(are="ids"),),
    may_publish=(f"{REVIEWS}*",),
    quota=Quota(per_minute=1_000_000),
    speaks_as=REVIEWERS,
)
"""The internal source. Nobody registers it, and nobody has a key to it."""


def original_of(submission: Submission, verdict: Verdict, review: Review) -> dict[str, Any]:
    """What intake is given of a verdict. Of the evidence it names only the links that the learner lets anybody see."""
    levels = verdict.sheet.levels
    original: dict[str, Any] = {
        "id": verdict_id(submission, verdict.number),
        "time": rfc3339(verdict.at),
        "learner": submission.learner,
        "achievement": submission.achievement,
        "review": submission.review,
        "attempt": submission.attempt,
        "passed": verdict.passed,
        "share": str(verdict.share),
        "results": [
            {"criterion": criterion.id, "level": level.id, "points": str(level.points)}
            for criterion, level in zip(review.rubric.criteria, review.rubric.reached(levels), strict=True)
        ],
    }
    if submission.evidence.show_links and submission.evidence.links:
        original["evidence"] = list(submission.evidence.links[:MOST_LINKS])
    if verdict.corrects is not None:
        original["corrects"] = verdict_id(submission, verdict.corrects)
    return original


def verdict_id(submission: Submission, number: int) -> str:
    return f"{submission.id}.{number}"
