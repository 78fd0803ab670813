"""A review, people, and the steps of a judgement, for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.assessment.domain.handing_in import Person, begin, change, hand_in
from services.assessment.domain.reviews import judge, score, take
from services.assessment.domain.submissions import Evidence, Kind, Mark, Submission
from shared.events.reviews import Review

START: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)
ADA: Final = Person("ada")
TEACHER: Final = Person("teacher")
FIRST, SECOND, THIRD, FOURTH = (Person(f"assessor-{n}") for n in (1, 2, 3, 4))

GOOD: Final = {"clarity": "full", "depth": "full"}
FAIR: Final = {"clarity": "full", "depth": "some"}
POOR: Final = {"clarity": "none", "depth": "some"}


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def review(**changed: Any) -> Review:
    """Passed with half of the points, and some clarity."""
    levels = [{"id": "none", "name": "None", "points": 0}, {"id": "some", "name": "Some", "points": 1}]
    levels = [*levels, {"id": "full", "name": "Full", "points": 2}]
    written = {
        "id": "portfolio",
        "name": "Portfolio",
        "instructions": "Show what you built.",
        "asks": ["text", "links", "files"],
        "rubric": {
            "criteria": [
                {"id": "clarity", "name": "Clarity", "levels": levels, "must_reach": "some"},
                {"id": "depth", "name": "Depth", "levels": levels},
            ]
        },
        "passes_at": "0.5",
        "recognises_prior_learning": True,
    }
    return Review.model_validate(written | changed)


ONE: Final = review()
TWO: Final = review(assessors=2)


def begun(of: Review = ONE, who: Person = ADA, kind: Kind = Kind.WORK, attempt: int = 1) -> Submission:
    return begin(who, at(0), id_="s1", learner="ada", achievement="weaving", version=1, review=of, kind=kind, attempt=attempt)


def handed_in(of: Review = ONE, who: Person = ADA, **evidence: Any) -> Submission:
    given = Evidence(**({"text": "I wove this."} | evidence))
    return hand_in(change(begun(of, who), given, of), who, at(1), version=1, review=of)


def marks(levels: dict[str, str]) -> dict[str, Mark]:
    return {criterion: Mark(level=level) for criterion, level in levels.items()}


def judged(submission: Submission, who: Person, levels: dict[str, str], of: Review = ONE, hours: float = 2) -> Submission:
    """Taken, scored and judged by this assessor."""
    taken = take(submission, who, of, at(hours)) if submission.seat_of(who.id) is None else submission
    return judge(score(taken, who, of, marks(levels), "", at(hours)), who, of, at(hours))
