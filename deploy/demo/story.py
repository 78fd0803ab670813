"""One learner's story: from a first completion to the last upgrade, with what goes wrong on such a way and is mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from deploy.demo.curriculum import ACADEMY, LMS, SIS
from deploy.demo.people import Person, address
from shared.events.completions import CompletionReported, Score, Status

STORY: Final = Person("nu-story-0001", "Noor Haddad", address("Noor", "Haddad"), "en")

Told = tuple[str, str, str, Status, int | None, str | None, int]
"""Day, source, activity, status, score in points of 100, grade, attempt."""

EVENTS: Final[tuple[Told, ...]] = (
    ("2022-09-12", SIS, "northfield:cs101", Status.REGISTERED, None, None, 1),
    ("2022-10-10", LMS, "northfield:di101", Status.COMPLETED, None, None, 1),
    ("2022-10-17", LMS, "northfield:di101/quiz", Status.SCORED, 65, None, 1),
    ("2022-10-24", LMS, "northfield:di101/quiz", Status.SCORED, 90, None, 2),
    ("2022-11-21", LMS, "northfield:cs101/project", Status.SCORED, 44, None, 1),
    # The project was marked too low at first; the regrade makes the module's achievement possible.
    ("2022-12-05", LMS, "northfield:cs101/project", Status.SCORED, 58, None, 1),
    ("2022-12-19", SIS, "northfield:cs101", Status.PASSED, None, None, 1),  # Bronze
    ("2023-03-06", LMS, "northfield:cs120/quiz-1", Status.SCORED, 71, None, 1),
    ("2023-04-10", LMS, "northfield:cs120/quiz-2", Status.SCORED, 48, None, 1),
    ("2023-05-15", SIS, "northfield:cs120/exam", Status.SCORED, 66, None, 1),
    ("2023-05-15", SIS, "northfield:cs160", Status.PASSED, None, "D", 1),
    ("2023-07-31", SIS, "northfield:di110", Status.PASSED, None, None, 1),
    ("2023-11-13", LMS, "northfield:st101/coursework", Status.SCORED, 63, None, 1),
    ("2023-12-04", LMS, "northfield:st101/r-lab", Status.COMPLETED, None, None, 1),
    ("2023-12-18", SIS, "northfield:st101/exam", Status.SCORED, 57, None, 1),  # Data Practice, and with it Merit
    ("2023-12-18", SIS, "northfield:cs140", Status.PASSED, None, None, 1),  # Silver
    ("2024-01-15", ACADEMY, "brightwater:secure-coding", Status.FAILED, None, None, 1),
    ("2024-02-26", ACADEMY, "brightwater:secure-coding", Status.PASSED, None, None, 2),
    ("2024-03-11", LMS, "northfield:cs240/workshop", Status.COMPLETED, None, None, 1),
    ("2024-04-08", LMS, "northfield:cs240/audit", Status.SCORED, 78, None, 1),
    ("2024-04-15", LMS, "northfield:st130/portfolio", Status.SCORED, 74, None, 1),  # Practitioner, and with it Distinction
    ("2024-04-22", SIS, "northfield:cs160", Status.PASSED, None, "B", 2),
    ("2024-04-29", LMS, "northfield:di120/note-1", Status.SCORED, 70, None, 1),
    ("2024-05-13", SIS, "northfield:di210", Status.PASSED, None, None, 1),
    ("2024-05-20", ACADEMY, "brightwater:cloud", Status.PASSED, None, None, 1),
    ("2024-05-27", LMS, "northfield:cs300/presentation", Status.SCORED, 55, None, 1),
    ("2024-06-03", LMS, "northfield:cs300/presentation", Status.SCORED, 81, None, 2),
    ("2024-06-17", SIS, "northfield:cs300", Status.PASSED, None, None, 1),  # Gold
)


def story() -> Iterator[tuple[str, datetime, CompletionReported]]:
    """Source, time and report of each completion, in the order of time."""
    for minute, (day, source, activity, status, points, grade, attempt) in enumerate(EVENTS):
        time = datetime.fromisoformat(f"{day}T10:00:00").replace(minute=minute, tzinfo=UTC)
        score = None if points is None else Score(raw=Decimal(points), max=Decimal(100))
        yield (
            source,
            time,
            CompletionReported(
                learner=STORY.learner, activity=activity, status=status, score=score, grade=grade, attempt=attempt
            ),
        )
