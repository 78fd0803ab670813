"""A learner's story: passes, scores, a regrade, results taken back and earned again; as one system tells it, and as seven do.

In each system the learner has another name; the directory `campus`, which all share, knows them. Days count from the first of
2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.assessment.sources.document import Source
from tests.domain.sources.caliper import fixtures as caliper
from tests.domain.sources.canvas import fixtures as canvas
from tests.domain.sources.moodle import fixtures as moodle
from tests.domain.sources.openedx import bus as openedx

DIRECTORY: Final = "campus"
PLATFORM: Final = "https://lms.example.edu"
HOME: Final = "https://lrs.example.edu"
ASSIGNMENT: Final = "canvas:assignment:355"

Told = tuple[str, Any]
"""A source, and what it says."""

NAMES: Final = {
    ("account:" + HOME, "32e08e30"): "xapi",
    ("caliper:person", caliper.LEARNER): "caliper",
    ("canvas:user", "123"): "canvas",
    ("moodle:user", str(moodle.LEARNER)): "moodle",
    ("lti:" + PLATFORM, "abc123"): "ags",
    ("openedx:user", "42"): "openedx",
    ("sis:matriculation", "26-117-004"): "csv",
}
"""What the learner is called where, and by whom."""

ALONE: Final = ("learner", "alone")

ACHIEVEMENTS: Final = {
    "foundations": {
        "all": [
            {"activity": "urn:uni:safety", "passed": True},
            {"activity": "urn:uni:quiz", "score_at_least": "0.7"},
            {"activity": "urn:uni:programming", "completed": True},
            {"activity": "urn:uni:ethics", "completed": True},
        ]
    },
    "practice": {
        "all": [
            {"activity": "urn:uni:lab", "score_at_least": "0.75"},
            {"activity": "urn:uni:mooc", "passed": True},
            {"activity": "urn:uni:mooc", "grade": ["A", "B"]},
            {
                "weighted_mean_at_least": "0.8",
                "of": [{"activity": "urn:uni:essay", "weight": 1}, {"activity": "urn:uni:thesis", "weight": 3}],
            },
        ]
    },
}


def at(day: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)


def iso(day: int) -> str:
    return at(day).isoformat()


def _source(format_: str, activities: dict[str, str], **options: Any) -> Source:
    rules = [{"named": named, "is": f"urn:uni:{is_}"} for named, is_ in activities.items()]
    document = {
        "source": format_,
        "name": format_,
        "owner": "Digital learning",
        "format": format_,
        "learners": [{"are": "directory", "directory": DIRECTORY}],
        "may_publish": ["urn:uni:*"],
        "options": options,
        **({"activities": rules} if rules else {}),
    }
    return Source.model_validate(document)


HUB: Final = _source("cloudevents", {})
SYSTEMS: Final = {
    source.id: source
    for source in (
        _source("xapi", {f"{HOME}/safety": "safety"}),
        _source("caliper", {caliper.QUIZ: "quiz"}),
        _source("canvas", {"canvas:course:565": "programming", ASSIGNMENT: "essay"}),
        _source("moodle", {"moodle:course:9": "ethics"}),
        _source("ags", {"pendulum": "lab"}, platform=PLATFORM),
        _source("openedx", {openedx.COURSE: "mooc"}, topics=["learning"]),
        _source(
            "csv",
            {"T-1": "thesis"},
            learner=[{"column": "Student", "kind": "sis:matriculation"}],
            activity="Module",
            time={"column": "Graded"},
            score={"raw": "Points", "max": "Out of"},
        ),
    )
}


def by_one() -> Iterator[Told]:
    """As one system tells it that speaks our own events."""
    said = [
        (1, "safety", "passed", None, None),
        (2, "quiz", "scored", ("6", "15"), None),
        (3, "programming", "completed", None, None),
        (4, "quiz", "scored", ("12", "15"), None),
        (5, "ethics", "completed", None, None),
        (5, "lab", "scored", ("40", "50"), None),
        (5, "lab", "completed", None, None),
        (6, "essay", "scored", ("8", "10"), None),
        (6, "mooc", "failed", None, None),
        (7, "mooc", "passed", None, None),
        (7, "mooc", "scored", ("0.93", "1"), "A"),
        (7, "thesis", "scored", ("81", "100"), None),
        (8, "lab", "cleared", None, None),
        (9, "mooc", "cleared", None, None),
        (10, "safety", "passed", None, None),
        (11, "lab", "scored", ("45", "50"), None),
        (11, "lab", "completed", None, None),
        (9, "essay", "scored", ("5", "10"), None),
        (13, "essay", "scored", ("9", "10"), None),
        (12, "mooc", "passed", None, None),
        (12, "mooc", "scored", ("0.95", "1"), "A"),
    ]
    for number, (day, activity, status, score, grade) in enumerate(said):
        data: dict[str, Any] = {"learner": ALONE[1], "activity": f"urn:uni:{activity}", "status": status}
        if score is not None:
            data["score"] = {"raw": score[0], "max": score[1]}
        if grade is not None:
            data["grade"] = grade
        yield _event(f"e-{number}", day, "reported", data)
    yield _event("e-taken-back", 8, "retracted", {"learner": ALONE[1], "retracts": "e-0"})


def _event(id_: str, day: int, what: str, data: dict[str, Any]) -> Told:
    attributes = {
        "specversion": "1.0",
        "id": id_,
        "type": f"cairn.completion.{what}.v1",
        "source": HUB.event_source,
        "time": iso(day),
        "datacontenttype": "application/json",
    }
    return HUB.id, {**attributes, "data": data}


def by_seven() -> Iterator[Told]:
    """As each system tells its part of it, in its own format."""
    yield "xapi", _statement(1, 1, "http://adlnet.gov/expapi/verbs/passed", {"id": f"{HOME}/safety"})
    yield "xapi", _statement(2, 8, "http://adlnet.gov/expapi/verbs/voided", {"objectType": "StatementRef", "id": _uuid(1)})
    yield "xapi", _statement(3, 10, "http://adlnet.gov/expapi/verbs/passed", {"id": f"{HOME}/safety"})
    yield "caliper", caliper.graded(id=f"urn:uuid:{_uuid(4)}", eventTime=iso(2), generated=caliper.score(6, 15))
    yield "caliper", caliper.graded(id=f"urn:uuid:{_uuid(5)}", eventTime=iso(4), generated=caliper.score(12, 15))
    completed = canvas.course_completed(completed_at=iso(3))
    yield "canvas", {**completed, "metadata": {**completed["metadata"], "event_time": iso(3)}}
    yield "canvas", _essay(6, 8)
    yield "canvas", _essay(9, 5)
    yield "canvas", _essay(13, 9)
    yield "moodle", moodle.course_completed(timecreated=int(at(5).timestamp()))
    yield "ags", _score(5, scoreGiven=40)
    yield "ags", _score(8)
    yield "ags", _score(11, scoreGiven=45)
    yield "openedx", openedx.passing(False, iso(6))
    yield "openedx", openedx.passing(True, iso(7))
    yield "openedx", openedx.grade(0.93, "A", iso(7))
    yield "openedx", openedx.certificate("revoked", "unavailable", iso(9))
    yield "openedx", openedx.certificate("created", time=iso(12))
    yield "openedx", openedx.grade(0.95, "A", iso(12))
    yield "csv", {"Student": "26-117-004", "Module": "T-1", "Graded": iso(7), "Points": "81", "Out of": "100"}


def _uuid(number: int) -> str:
    return f"ebfef69f-dd05-4bf0-8f90-{number:012}"


def _statement(number: int, day: int, verb: str, about: dict[str, Any]) -> dict[str, Any]:
    actor = {"account": {"homePage": HOME, "name": "32e08e30"}}
    return {"id": _uuid(number), "timestamp": iso(day), "actor": actor, "verb": {"id": verb}, "object": about}


def _essay(day: int, score: int) -> dict[str, Any]:
    around = {"event_time": iso(day), "request_id": f"r-{day}"}
    return canvas.grade_change(around, score=score, grade=str(score), student_id="123", user_id="123")


def _score(day: int, **given: Any) -> dict[str, Any]:
    score = {
        "userId": "abc123",
        "scoreMaximum": 50,
        "timestamp": iso(day),
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        **given,
    }
    return {"lineitem": "pendulum", "score": score}
