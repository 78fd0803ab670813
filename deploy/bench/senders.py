"""What systems of each format send, as much of it as wanted, and the documents by which they are registered."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

LEARNERS: Final = 1_000
COURSES: Final = 20
BATCH: Final = "application/cloudevents-batch+json"
FROM: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_IDS: Final = uuid.UUID("6f7d3c1e-0b1c-5a8e-9d55-2f6a0c6f2b90")


@dataclass(frozen=True)
class Sent:
    """One request: its path, its headers and its body."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Sender:
    """`original` makes the n-th; `packed` puts some into one request. `said` is how many completions each original leads to.

    One that isn't registered has a token of the institution.
    """

    format: str
    original: Callable[[int], Any]
    packed: Callable[[Sequence[Any]], Sent]
    at_once: int = 100
    said: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    registered: bool = True

    @property
    def source(self) -> str:
        return f"bench-{self.format}"

    def document(self) -> dict[str, Any]:
        return {
            "name": f"Measured by {self.format}",
            "owner": "The measurement",
            "format": self.format,
            "learners": [{"are": "ids"}],
            "may_publish": ["*"],
            "quota": {"per_minute": 1_000_000},
            "options": self.options,
        }

    def requests(self, first: int, number: int) -> list[Sent]:
        """Each original but once."""
        originals = [self.original(index) for index in range(first, first + number)]
        return [self.packed(originals[start : start + self.at_once]) for start in range(0, number, self.at_once)]


def authorization(key: str, secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}


def _id(number: int) -> str:
    return str(uuid.uuid5(_IDS, str(number)))


def _learner(number: int) -> int:
    return 10_000 + number % LEARNERS


def _course(number: int) -> int:
    return 100 + number // LEARNERS % COURSES


def _time(number: int) -> str:
    return (FROM + timedelta(seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _posted(path: str, kind: str = "application/json", **headers: str) -> Callable[[Any], Sent]:
    return lambda content: Sent(path, {"content-type": kind} | headers, orjson.dumps(content))


def _statement(number: int) -> dict[str, Any]:
    course = f"http://lms.example/course/{_course(number)}"
    return {
        "id": _id(number),
        "version": "1.0.3",
        "timestamp": _time(number),
        "actor": {"objectType": "Agent", "account": {"homePage": "http://lms.example", "name": f"l{_learner(number)}"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/passed", "display": {"en": "passed"}},
        "object": {
            "id": course,
            "objectType": "Activity",
            "definition": {"name": {"en": "A course"}, "type": "http://adlnet.gov/expapi/activities/course", "extensions": {}},
        },
        "result": {"score": {"scaled": 0.95, "raw": 95, "min": 0, "max": 100}, "success": True, "completion": True},
        "context": {"extensions": {"https://w3id.org/xapi/openedx/extensions/session-id": _id(-number)}},
    }


def _graded(number: int) -> dict[str, Any]:
    quiz = f"https://lms.example/courses/{_course(number)}/assess/1"
    attempt = f"{quiz}/users/{_learner(number)}/attempts/1"
    return {
        "@context": "http://purl.imsglobal.org/ctx/caliper/v1p2",
        "id": f"urn:uuid:{_id(number)}",
        "type": "GradeEvent",
        "profile": "GradingProfile",
        "actor": {"id": "https://lms.example/autograder", "type": "SoftwareApplication"},
        "action": "Graded",
        "object": {
            "id": attempt,
            "type": "Attempt",
            "assignee": {"id": f"https://lms.example/users/{_learner(number)}", "type": "Person"},
            "assignable": {"id": quiz, "type": "Assessment"},
            "count": 1,
        },
        "generated": {"id": f"{attempt}/scores/1", "type": "Score", "attempt": attempt, "maxScore": 15, "scoreGiven": 14.5},
        "eventTime": _time(number),
        "edApp": "https://lms.example",
        "group": {"id": f"https://lms.example/courses/{_course(number)}/sections/1", "type": "CourseSection"},
    }


def _grade_change(number: int) -> dict[str, Any]:
    learner = f"2107000000{_learner(number):07}"
    return {
        "metadata": {
            "event_name": "grade_change",
            "event_time": _time(number),
            "producer": "canvas",
            "root_account_id": "21070000000000001",
            "root_account_uuid": "VicYj3cu5BIFpoZhDVU4DZumnlBrWi1grgJEzADs",
            "context_type": "Course",
            "context_id": f"2107000000{_course(number):07}",
            "user_id": "21070000000000987",
            "request_id": _id(number),
        },
        "body": {
            "assignment_id": f"2107000000{_course(number):07}",
            "submission_id": f"2107000000{number:07}",
            "user_id": learner,
            "student_id": learner,
            "grader_id": "21070000000000987",
            "grade": "8",
            "score": 8,
            "points_possible": 10,
            "grading_complete": True,
            "muted": False,
        },
    }


def _course_completed(number: int) -> dict[str, Any]:
    return {
        "eventname": "\\core\\event\\course_completed",
        "component": "core",
        "action": "completed",
        "target": "course",
        "objecttable": "course_completions",
        "objectid": number + 1,
        "crud": "u",
        "edulevel": 2,
        "contextid": 120,
        "contextlevel": 50,
        "contextinstanceid": 9,
        "userid": 2,
        "courseid": _course(number),
        "relateduserid": _learner(number),
        "anonymous": 0,
        "other": {"relateduserid": _learner(number)},
        "timecreated": int((FROM + timedelta(seconds=number)).timestamp()),
    }


def _score(number: int) -> dict[str, Any]:
    return {
        "lineitem": f"quiz-{_course(number)}",
        "score": {
            "userId": f"l{_learner(number)}",
            "scoreGiven": 45,
            "scoreMaximum": 50,
            "timestamp": _time(number),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
        },
    }


def _posted_score(originals: Sequence[Any]) -> Sent:
    (one,) = originals
    kind = "application/vnd.ims.lis.v1.score+json"
    return Sent(f"/ags/lineitems/{one['lineitem']}/scores", {"content-type": kind}, orjson.dumps(one["score"]))


def _event(number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": _id(number),
        "source": "urn:cairn:source:bench-cloudevents",
        "type": "cairn.completion.reported.v1",
        "time": _time(number),
        "datacontenttype": "application/json",
        "data": {
            "learner": f"l{_learner(number)}",
            "activity": f"urn:course:{_course(number)}",
            "status": "passed",
            "score": {"scaled": "0.95"},
        },
    }


def _institutions(number: int) -> dict[str, Any]:
    return _event(number) | {"source": "https://sis.example"}


def _enveloped(originals: Sequence[Any]) -> Sent:
    envelope = {
        "sensor": "https://lms.example/sensors/1",
        "sendTime": _time(0),
        "dataVersion": "http://purl.imsglobal.org/ctx/caliper/v1p2",
        "data": originals,
    }
    return _posted("/sources/bench-caliper/caliper")(envelope)


SENDERS: Final = (
    Sender("xapi", _statement, _posted("/xapi/statements", **{"x-experience-api-version": "1.0.3"})),
    Sender("caliper", _graded, _enveloped),
    Sender("canvas", _grade_change, _posted("/sources/bench-canvas/canvas")),
    Sender("moodle", _course_completed, _posted("/sources/bench-moodle/moodle")),
    Sender("ags", _score, _posted_score, at_once=1, said=2, options={"platform": "https://lms.example"}),
    Sender("cloudevents", _event, _posted("/sources/bench-cloudevents/completions", BATCH)),
    Sender("institution", _institutions, _posted("/completions", BATCH), registered=False),
)
"""AGS has no batches: each score is a request of its own, and says both that the activity was completed and the score.
The institution's own events are no source's: nothing is entered of them, they are read and published.
"""
