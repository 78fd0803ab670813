"""Events as Open edX puts them on its bus, as JSON: rebuilt by hand from the data classes of `openedx_events`."""

from __future__ import annotations

from typing import Any
from uuid import uuid1

from services.assessment.sources.document import Source

COURSE = "course-v1:edX+DemoX+Demo"
CCX = "ccx-v1:edX+DemoX+Demo+ccx@1"
PROGRAM = "3f8f4e22-0a8c-4c3e-9a5c-8f9f5b6a7c01"
TIME = "2026-11-20T09:30:00.123456+00:00"
LEARNING = "org.openedx.learning."


def user(id_: int = 42, username: str = "ana") -> dict[str, Any]:
    return {"id": id_, "is_active": True, "pii": {"username": username, "email": "ana@example.edu", "name": "Ana Silva"}}


def course(key: str = COURSE) -> dict[str, Any]:
    return {"course_key": key, "display_name": "Demonstration Course", "start": None, "end": None}


def event(type_: str, data: Any, time: str = TIME, id_: str | None = None) -> dict[str, Any]:
    """`type_` without what all have in common."""
    return {
        "specversion": "1.0",
        "id": id_ or str(uuid1()),
        "type": f"{LEARNING}{type_}",
        "source": "openedx/lms/web",
        "time": time,
        "datacontenttype": "application/avro",
        "minorversion": "0",
        "sourcehost": "lms-7d9f",
        "sourcelib": "10.5.0",
        "data": data,
    }


def passing(is_passing: bool, time: str = TIME, **more: Any) -> dict[str, Any]:
    data = {"course_passing_status": {"is_passing": is_passing, "course": course(), "user": user()}}
    return event("course.passing.status.updated.v1", data, time, **more)


def ccx_passing(is_passing: bool) -> dict[str, Any]:
    of = {
        "ccx_course_key": CCX,
        "master_course_key": COURSE,
        "display_name": "",
        "coach_email": "coach@example.edu",
        "start": None,
        "end": None,
        "max_students_allowed": None,
    }
    data = {"course_passing_status": {"is_passing": is_passing, "user": user(), "course": of}}
    return event("ccx.course.passing.status.updated.v1", data)


def grade(percent: Any, letter: str = "B", time: str = TIME, **more: Any) -> dict[str, Any]:
    data = {
        "grade": {
            "user_id": 42,
            "course": course(),
            "course_edited_timestamp": "2026-09-01T00:00:00+00:00",
            "course_version": "5f2c",
            "grading_policy_hash": "ChVp0lHGQGCevD0t4njna/C44zQ=",
            "percent_grade": percent,
            "letter_grade": letter,
            "passed_timestamp": "2026-11-20T09:30:00+00:00",
        }
    }
    return event("course.persistent_grade_summary.changed.v1", data, time, **more)


def certificate(what: str, status: str = "downloadable", time: str = TIME, **more: Any) -> dict[str, Any]:
    """`what`: created, changed or revoked."""
    data = {
        "certificate": {
            "user": user(),
            "course": course(),
            "mode": "verified",
            "grade": "0.93",
            "download_url": "https://lms.example.edu/certificates/9f3",
            "name": "Ana Silva",
            "current_status": status,
            "previous_status": "",
        }
    }
    return event(f"certificate.{what}.v1", data, time, **more)


def program(what: str) -> dict[str, Any]:
    """`what`: awarded or revoked."""
    data = {
        "program_certificate": {
            "user": user(),
            "program": {"uuid": PROGRAM, "title": "Data Science", "program_type": "micromasters"},
            "uuid": "c6a1d3f4-6a3e-4c1b-9d28-1f2d3c4b5a69",
            "status": what,
            "url": "https://credentials.example.edu/credentials/c6a1d3f46a3e4c1b9d281f2d3c4b5a69/",
            "certificate_available_date": None,
        }
    }
    return event(f"program.certificate.{what}.v1", data)


def enrollment(what: str) -> dict[str, Any]:
    data = {
        "enrollment": {
            "user": user(),
            "course": course(),
            "mode": "audit",
            "is_active": what != "unenrollment.completed",
            "creation_date": TIME,
            "created_by": None,
        }
    }
    return event(f"course.{what}.v1", data)


def exam(what: str) -> dict[str, Any]:
    usage = "block-v1:edX+DemoX+Demo+type@sequential+block@exam"
    attempt = {
        "student_user": user(),
        "course_key": COURSE,
        "usage_key": usage,
        "exam_type": "proctored",
        "requesting_user": user(),
    }
    return event(f"exam.attempt.{what}.v1", {"exam_attempt": attempt})


def badge(what: str) -> dict[str, Any]:
    template = {"uuid": PROGRAM, "origin": "credly", "name": "Demo", "description": None, "image_url": None}
    return event(f"badge.{what}.v1", {"badge": {"uuid": PROGRAM, "user": user(), "template": template}})


def open_edx(**options: Any) -> Source:
    document = {
        "source": "openedx",
        "name": "Open edX",
        "owner": "Digital learning",
        "format": "openedx",
        "may_publish": ["*"],
        "options": {"topics": ["learning-badges-lifecycle"], **options},
    }
    return Source.model_validate(document)
