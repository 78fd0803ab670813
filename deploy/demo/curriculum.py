"""What can be taken at Northfield University and at its industry partner: the activities the demonstration's catalog asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

LMS: Final = "https://lms.northfield.example"
SIS: Final = "https://records.northfield.example"
ACADEMY: Final = "https://academy.brightwater.example"

Shape = Literal["scored", "completed", "result", "graded", "annual"]
"""How a step is reported: a score; that it was completed; passed or failed; the same with a grade; the same anew each year."""


@dataclass(frozen=True, slots=True)
class Step:
    """One reported activity of a course, so many weeks after its start. `hard` is how much ability it asks for (0 to 1).

    `taken` is the share of learners who do it at all, `attempts` how many one has.
    """

    activity: str
    week: int
    shape: Shape
    hard: float = 0.45
    taken: float = 1.0
    attempts: int = 1
    source: str = LMS


@dataclass(frozen=True, slots=True)
class Course:
    code: str
    steps: tuple[Step, ...]
    short: bool = False


TERMS: Final = tuple(
    datetime(*day, 8, tzinfo=UTC)
    for day in ((2022, 9, 19), (2023, 2, 6), (2023, 6, 12), (2023, 9, 18), (2024, 2, 5), (2024, 6, 10))
)
SUMMERS: Final = frozenset({2, 5})
"""The terms in which only short courses run."""


def _northfield(code: str, *steps: Step, short: bool = False) -> Course:
    return Course(f"northfield:{code}", steps, short)


COURSES: Final = {
    course.code: course
    for course in (
        _northfield(
            "cs101",
            Step("northfield:cs101/project", 9, "scored", 0.45),
            Step("northfield:cs101", 14, "result", 0.35, source=SIS),
        ),
        _northfield(
            "cs120",
            Step("northfield:cs120/quiz-1", 4, "scored", 0.4, taken=0.95),
            Step("northfield:cs120/quiz-2", 9, "scored", 0.45, taken=0.9),
            Step("northfield:cs120/exam", 14, "scored", 0.5, taken=0.95, source=SIS),
        ),
        _northfield("cs140", Step("northfield:cs140", 14, "result", 0.42, source=SIS)),
        _northfield("cs160", Step("northfield:cs160", 14, "graded", 0.4, source=SIS)),
        _northfield("cs220", Step("northfield:cs220/lab", 8, "scored", 0.5, attempts=3), short=True),
        _northfield(
            "cs240",
            Step("northfield:cs240/workshop", 5, "completed", taken=0.8),
            Step("northfield:cs240/audit", 9, "scored", 0.5, taken=0.9),
            Step("northfield:cs240", 13, "result", 0.4, source=SIS),
        ),
        _northfield(
            "cs300",
            Step("northfield:cs300/presentation", 12, "scored", 0.45, attempts=2),
            Step("northfield:cs300", 14, "result", 0.35, source=SIS),
        ),
        _northfield(
            "di101",
            Step("northfield:di101", 3, "completed", taken=0.92),
            Step("northfield:di101/quiz", 4, "scored", 0.5, attempts=3),
            short=True,
        ),
        _northfield("di110", Step("northfield:di110", 7, "result", 0.25, source=SIS), short=True),
        _northfield(
            "di120",
            Step("northfield:di120/note-1", 3, "scored", 0.4, taken=0.9),
            Step("northfield:di120/note-2", 6, "scored", 0.4, taken=0.75),
            Step("northfield:di120/note-3", 9, "scored", 0.45, taken=0.8),
        ),
        _northfield(
            "di200",
            *(Step(f"northfield:di200/session-{number}", 3 * number, "completed", taken=0.7) for number in range(1, 6)),
        ),
        _northfield("di210", Step("northfield:di210", 10, "result", 0.3, source=SIS), short=True),
        _northfield(
            "st101",
            Step("northfield:st101/coursework", 8, "scored", 0.45, taken=0.95),
            Step("northfield:st101/r-lab", 11, "completed", taken=0.6),
            Step("northfield:st101/exam", 14, "scored", 0.5, taken=0.97, source=SIS),
        ),
        _northfield(
            "st130",
            Step("northfield:st130/portfolio", 9, "scored", 0.5, taken=0.8),
            Step("northfield:st130", 12, "graded", 0.45, source=SIS),
        ),
        _northfield(
            "st200",
            Step("northfield:st200/audit", 4, "completed", taken=0.5),
            Step("northfield:st200/discussion", 6, "completed", taken=0.6),
            Step("northfield:st200/case-study", 9, "scored", 0.45, taken=0.7),
            Step("northfield:st200", 13, "result", 0.35, source=SIS),
        ),
        Course("brightwater:cloud", (Step("brightwater:cloud", 8, "result", 0.45, source=ACADEMY),), short=True),
        Course("brightwater:secure-coding", (Step("brightwater:secure-coding", 6, "annual", 0.4, source=ACADEMY),), short=True),
        Course(
            "brightwater:placement",
            (
                Step("brightwater:placement", 6, "completed", source=ACADEMY),
                Step("brightwater:placement/review", 7, "scored", 0.35, source=ACADEMY),
            ),
            short=True,
        ),
        Course(
            "brightwater:web-bootcamp",
            (
                Step("brightwater:web-bootcamp", 5, "completed", taken=0.9, source=ACADEMY),
                Step("northfield:cs140/challenge", 8, "scored", 0.5, attempts=2),
            ),
            short=True,
        ),
    )
}


def _ways(*codes: str) -> tuple[str, ...]:
    return tuple(code if ":" in code else f"northfield:{code}" for code in codes)


WAYS: Final[tuple[tuple[float, tuple[str, ...]], ...]] = (
    (
        0.34,
        _ways(
            *("cs101", "di101", "cs120", "cs160", "di110", "cs140", "brightwater:secure-coding", "cs240", "di120", "cs220"),
            *("cs300", "di210", "brightwater:cloud", "st101", "st130", "brightwater:placement"),
        ),
    ),
    (
        0.16,
        _ways("cs101", "cs120", "brightwater:web-bootcamp", "cs220", "brightwater:cloud", "brightwater:secure-coding", "st101"),
    ),
    (0.22, _ways("st101", "st130", "cs101", "st200", "di101", "brightwater:cloud", "di110", "cs120")),
    (0.16, _ways("di101", "di110", "di120", "di200", "cs101", "di210", "st200", "cs160")),
    (0.12, _ways("brightwater:cloud", "brightwater:secure-coding", "brightwater:placement", "brightwater:web-bootcamp", "di101")),
)
"""The ways learners go, with the share of learners on each: how many courses of it somebody takes is another matter."""
