"""Live events as Canvas's own documentation shows them, rebuilt by hand."""

from __future__ import annotations

from typing import Any, Final

ACCOUNT: Final = "VicYj3cu5BIFpoZhDVU4DZumnlBrWi1grgJEzADs"
SHARD: Final = 2107
TEACHER: Final = "21070000000000987"


def metadata(name: str, **members: Any) -> dict[str, Any]:
    return {
        "client_ip": "93.184.216.34",
        "context_account_id": "21070000000000079",
        "context_id": "21070000000000565",
        "context_role": "TeacherEnrollment",
        "context_sis_source_id": "2017.100.101.101-1",
        "context_type": "Course",
        "event_name": name,
        "event_time": "2019-11-01T19:11:05.222Z",
        "hostname": "oxana.instructure.com",
        "http_method": "POST",
        "producer": "canvas",
        "request_id": "1dd9dc6f-2fb0-4c19-a6c5-7ee1bf3ed295",
        "root_account_id": "21070000000000001",
        "root_account_lti_guid": f"{ACCOUNT}.oxana.instructure.com",
        "root_account_uuid": ACCOUNT,
        "session_id": "ef686f8ed684abf78cbfa1f6a58112b5",
        "user_account_id": "21070000000000001",
        "user_id": TEACHER,
        "user_login": "oxana@example.com",
        "user_sis_id": "456-T45",
        **members,
    }


def course_completed(course: Any = "565", user: Any = "123", **progress: Any) -> dict[str, Any]:
    return {
        "metadata": metadata("course_completed", context_role="StudentEnrollment", user_id="21070000000000123"),
        "body": {
            "course": {"account_id": "79", "id": course, "name": "Computer Science I", "sis_source_id": "2017.100.101.101-1"},
            "progress": {
                "completed_at": "2019-11-05T13:38:00.218Z",
                "next_requirement_url": None,
                "requirement_completed_count": 6,
                "requirement_count": 6,
                **progress,
            },
            "user": {"email": "inewton@example.com", "id": user, "name": "Isaac Newton"},
        },
    }


def grade_change(around: dict[str, Any] | None = None, **body: Any) -> dict[str, Any]:
    return {
        "metadata": metadata("grade_change", **(around or {})),
        "body": {
            "assignment_id": "21070000000000355",
            "grade": "8",
            "grader_id": TEACHER,
            "grading_complete": True,
            "muted": False,
            "old_grade": "4",
            "old_points_possible": 10,
            "old_score": 4,
            "points_possible": 10,
            "score": 8,
            "student_id": "21070000000000048",
            "student_sis_id": "ABC.123",
            "submission_id": "21070000000011086",
            "user_id": "21070000000000048",
            **body,
        },
    }


def course_grade_change(around: dict[str, Any] | None = None, **body: Any) -> dict[str, Any]:
    return {
        "metadata": metadata("course_grade_change", **(around or {})),
        "body": {
            "user_id": "2",
            "course_id": "565",
            "workflow_state": "active",
            "created_at": "2019-12-04T13:32:21Z",
            "updated_at": "2019-12-11T16:26:34Z",
            "current_score": 17.31,
            "old_current_score": 13.46,
            "final_score": 12.5,
            "old_final_score": 9.72,
            "unposted_current_score": 18.31,
            "unposted_final_score": 13.5,
            **body,
        },
    }


def grade_override(name: str = "grade_change", **body: Any) -> dict[str, Any]:
    """The documentation's own example is named grade_change."""
    return {
        "metadata": metadata(name, event_time="2019-11-15T07:46:18.697Z"),
        "body": {
            "score_id": "43",
            "enrollment_id": "44",
            "user_id": "45",
            "course_id": "46",
            "grading_period_id": "47",
            "override_score": 90,
            "old_override_score": 85,
            "updated_at": "2019-11-15T07:46:18.697Z",
            **body,
        },
    }


GOOD: Final = (course_completed(), grade_change(), course_grade_change(), grade_override())
