"""Events as Caliper's own fixtures, Blackboard, Canvas and Open edX have them, rebuilt by hand."""

from __future__ import annotations

from typing import Any, Final

V1P2: Final = "http://purl.imsglobal.org/ctx/caliper/v1p2"
V1P1: Final = "http://purl.imsglobal.org/ctx/caliper/v1p1"

SECTION: Final = "https://example.edu/terms/201601/courses/7/sections/1"
QUIZ: Final = f"{SECTION}/assess/1"
LEARNER: Final = "https://example.edu/users/554433"
GRADER: Final = "https://example.edu/users/112233"
AUTOGRADER: Final = "https://example.edu/autograder"
ATTEMPT: Final = f"{QUIZ}/users/554433/attempts/1"
GROUP: Final = {"id": SECTION, "type": "CourseSection", "courseNumber": "CPS 435-01", "academicSession": "Fall 2016"}


def attempt(count: Any = 1, **members: Any) -> dict[str, Any]:
    return {
        "id": ATTEMPT,
        "type": "Attempt",
        "assignee": {"id": LEARNER, "type": "Person"},
        "assignable": {"id": QUIZ, "type": "Assessment"},
        "count": count,
        "startedAtTime": "2016-11-15T10:05:00.000Z",
        "endedAtTime": "2016-11-15T10:55:12.000Z",
        "duration": "PT50M12S",
        **members,
    }


def score(given: Any = 10, possible: Any = 15, **members: Any) -> dict[str, Any]:
    return {
        "id": f"{ATTEMPT}/scores/1",
        "type": "Score",
        "attempt": ATTEMPT,
        "maxScore": possible,
        "scoreGiven": given,
        "scoredBy": AUTOGRADER,
        "comment": "auto-graded exam",
        "dateCreated": "2016-11-15T10:56:00.000Z",
        **members,
    }


def graded(**members: Any) -> dict[str, Any]:
    """caliperEventGradeGraded.json, with a score."""
    return {
        "@context": V1P2,
        "id": "urn:uuid:a50ca17f-5971-47bb-8fca-4e6e6879001d",
        "type": "GradeEvent",
        "profile": "GradingProfile",
        "actor": {"id": AUTOGRADER, "type": "SoftwareApplication", "version": "v2"},
        "action": "Graded",
        "object": attempt(),
        "eventTime": "2016-11-15T10:57:06.000Z",
        "edApp": "https://example.edu",
        "generated": score(),
        "group": GROUP,
        **members,
    }


def submitted(**members: Any) -> dict[str, Any]:
    """caliperEventAssessmentSubmitted.json."""
    return {
        "@context": V1P2,
        "id": "urn:uuid:dad88464-0c20-4a19-a1ba-ddf2f9c3ff33",
        "type": "AssessmentEvent",
        "profile": "AssessmentProfile",
        "actor": {"id": LEARNER, "type": "Person"},
        "action": "Submitted",
        "object": {"id": QUIZ, "type": "Assessment", "name": "Quiz One", "maxAttempts": 2, "version": "1.0"},
        "generated": attempt(assignee=LEARNER, assignable=QUIZ),
        "eventTime": "2016-11-15T10:25:30.000Z",
        "edApp": {"id": "https://example.edu", "type": "SoftwareApplication", "version": "v2"},
        "group": GROUP,
        "membership": {
            "id": f"{SECTION}/rosters/1",
            "type": "Membership",
            "member": LEARNER,
            "organization": SECTION,
            "roles": ["Learner"],
            "status": "Active",
        },
        "session": {"id": "https://example.edu/sessions/1f6442a4", "type": "Session"},
        **members,
    }


SITE: Final = "https://caliper-mapping.cloudbb.blackboard.com/v1/sites/54b54b42"
BB_USER: Final = f"{SITE}/users/0e9625cd"


def _bb_person() -> dict[str, Any]:
    return {
        "id": BB_USER,
        "type": "Person",
        "extensions": {"bb:user.id": "_12345_1", "bb:user.externalId": "s-77"},
    }


def blackboard_grade() -> dict[str, Any]:
    """The sample of Blackboard's documentation: the points possible are with what was assigned, and 0 with the score."""
    tried = {
        "id": f"{SITE}/gradableItems/_12345_1/attempts/_12345_1",
        "type": "Attempt",
        "assignable": {"id": f"{SITE}/gradableItems/_12345_1", "type": "Assessment", "maxScore": 160, "maxAttempts": 0},
        "assignee": _bb_person(),
        "count": 1,
    }
    software = {"id": f"{SITE}/applications/learn", "type": "SoftwareApplication"}
    course = {"id": f"{SITE}/courses/6d0140f4", "type": "CourseOffering", "courseNumber": "BIO-101"}
    return {
        "@context": V1P1,
        "type": "GradeEvent",
        "id": "54b54b42-dd02-42f8-88ed-07bd719bfb7c",
        "actor": software,
        "action": "Graded",
        "object": tried,
        "generated": {
            "id": f"{SITE}/gradableItems/_12345_1/attempts/_12345_1/score",
            "type": "Score",
            "extensions": {"bb:action.name": "instructor.grade.history.event.attempt.grade"},
            "attempt": tried,
            "maxScore": 0,
            "scoreGiven": 40,
            "scoredBy": software,
        },
        "eventTime": "2021-01-04T12:59:47.248Z",
        "edApp": software,
        "group": course,
        "membership": {"id": f"{SITE}/m", "type": "Membership", "member": _bb_person(), "roles": ["Learner"]},
        "extensions": {},
    }


def blackboard_course_grade(**members: Any) -> dict[str, Any]:
    """A calculated column, an event of Blackboard's own."""
    return {
        "@context": ["http://caliper.blackboard.com/ctx/caliper/v1/Context", V1P1],
        "type": "http://caliper.blackboard.com/caliper/v1/CalculatedGradeSnapshotEvent",
        "id": "54b54b42-dd02-42f8-88ed-07bd719bfb7d",
        "actor": {"id": f"{SITE}/applications/learn", "type": "SoftwareApplication"},
        "action": "Graded",
        "object": {
            "type": "http://caliper.blackboard.com/caliper/v1/CalculatedGrade",
            "id": f"{SITE}/gradableItems/_12345_1/calculatedGrade/329189703",
            "itemId": "_12345_1",
            "scorePossible": 100,
            "score": 87,
            "isCourseGrade": True,
            "user": _bb_person(),
            "course": {"id": f"{SITE}/courses/ab336626", "type": "CourseOffering", "courseNumber": "BIO-101"},
            **members,
        },
        "eventTime": "2021-01-05T08:20:33.572Z",
        "membership": {"id": f"{SITE}/m", "type": "Membership", "member": _bb_person(), "roles": ["Learner"]},
    }


def canvas_grade() -> dict[str, Any]:
    """A grade change of Canvas's Live Events in their Caliper format: 5 points of 1, and the teacher's membership."""
    student = {
        "id": "urn:instructure:canvas:user:21070000000000048",
        "type": "Person",
        "extensions": {"com.instructure.canvas": {"sis_id": "ABC.123"}},
    }
    tried = {
        "id": "urn:instructure:canvas:submission:21070000000011086",
        "type": "Attempt",
        "extensions": {"com.instructure.canvas": {"grade": "5", "entity_id": "21070000000011086"}},
        "assignee": student,
        "assignable": {"id": "urn:instructure:canvas:assignment:21070000000000355", "type": "AssignableDigitalResource"},
    }
    teacher = "urn:instructure:canvas:user:21070000000000987"
    return {
        "@context": V1P1,
        "id": "urn:uuid:319f0132-0584-4efd-9489-4959b7101731",
        "type": "GradeEvent",
        "actor": {"id": teacher, "type": "Person"},
        "action": "Graded",
        "object": tried,
        "eventTime": "2019-11-01T19:11:05.222Z",
        "generated": {"id": tried["id"], "type": "Score", "attempt": tried, "maxScore": 1, "scoreGiven": 5, "scoredBy": teacher},
        "membership": {"type": "Membership", "member": {"id": teacher, "type": "Person"}, "roles": ["Instructor"]},
    }


def open_edx_passed(kind: str = "Membership") -> dict[str, Any]:
    """A course that was passed, as Open edX's own fixture has it: its object is called a Membership."""
    return {
        "@context": V1P2,
        "action": "Completed",
        "actor": {"id": "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb", "type": "Person"},
        "eventTime": "2020-07-15T06:36:01.917Z",
        "id": "urn:uuid:b52eb5c3-350f-45c2-9f03-aa642b7ad30d",
        "object": {
            "extensions": {"course_id": "course-v1:edX+DemoX+Demo_Course"},
            "id": "http://localhost:18000/course/course-v1:edX+DemoX+Demo_Course",
            "type": kind,
        },
        "extensions": {"eventVersion": "1.0"},
        "type": "Event",
    }


GOOD: Final = (graded(), submitted(), blackboard_grade(), blackboard_course_grade(), canvas_grade(), open_edx_passed())
