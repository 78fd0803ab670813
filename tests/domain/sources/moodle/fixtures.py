"""Events as Moodle's get_data() gives them, and as plugins forward them, rebuilt by hand."""

from __future__ import annotations

from typing import Any, Final

LEARNER: Final = 345
TEACHER: Final = 66_600_666


def event(name: str, **members: Any) -> dict[str, Any]:
    return {
        "eventname": f"\\core\\event\\{name}",
        "component": "core",
        "action": name.rpartition("_")[2],
        "target": name.rpartition("_")[0],
        "objecttable": "course_completions",
        "objectid": 77,
        "crud": "u",
        "edulevel": 2,
        "contextid": 120,
        "contextlevel": 50,
        "contextinstanceid": 9,
        "userid": TEACHER,
        "courseid": 9,
        "relateduserid": LEARNER,
        "anonymous": 0,
        "other": None,
        "timecreated": 1_732_379_000,
        **members,
    }


def course_completed(**members: Any) -> dict[str, Any]:
    return event("course_completed", other={"relateduserid": LEARNER}, **members)


def module_completion(state: Any = 1, **members: Any) -> dict[str, Any]:
    """The activity is the course module, which is the context's instance."""
    other = {"relateduserid": LEARNER, "overrideby": None, "completionstate": state}
    return event(
        "course_module_completion_updated",
        **{
            "objecttable": "course_modules_completion",
            "objectid": 501,
            "contextlevel": 70,
            "contextinstanceid": 33,
            "other": other,
            **members,
        },
    )


def user_graded(grade: Any = "85.00000", **members: Any) -> dict[str, Any]:
    other = {"itemid": 12, "overridden": False, "finalgrade": grade}
    return event("user_graded", **{"objecttable": "grade_grades", "objectid": 900, "other": other, **members})


def badge_awarded(**members: Any) -> dict[str, Any]:
    return event("badge_awarded", objecttable="badge", objectid=5, other={"expiredate": 0, "badgeissuedid": 8}, **members)


def by_local_webhooks(sent: dict[str, Any], token: str = "") -> dict[str, Any]:
    """Some ids come as texts there."""
    texts = {name: str(sent[name]) for name in ("contextinstanceid", "userid", "courseid")}
    return {**sent, **texts, "host": "moodle.example.edu", "token": token, "extra": ""}


GOOD: Final = (course_completed(), module_completion(2), user_graded(), badge_awarded(), by_local_webhooks(course_completed()))
