"""The events of `openedx_events.learning`, and what each says. Field names are those of its data classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from services.assessment.sources.claims import Name, Result, Wrong
from services.assessment.sources.formats.members import number, text, the_object, the_text
from shared.events.completions import Score, Status

Said = tuple[tuple[Name, ...], str, Result]
Data = Mapping[str, Any]

LEARNING: Final = "org.openedx.learning."
TEN_PLACES: Final = Decimal("1e-10")
MOST_SHARE: Final = Decimal(2)
"""Grading policies may add up to more than everything; what is far beyond is no share."""

NOT_PASSING: Final = "notpassing"
LONGEST_GRADE: Final = 100


@dataclass(frozen=True, slots=True)
class Event:
    """`says` takes the event's data apart; it is None for events that say nothing, and then `why` says why not."""

    matter: str
    says: Callable[[Data], Said] | None = None
    why: str = ""


def _passing(data: Data) -> Said:
    """Emitted each time a grade is computed, so mostly nothing has changed."""
    status = _object(data, "course_passing_status", "data")
    place = "data.course_passing_status"
    course = _object(status, "course", place)
    key = "ccx_course_key" if "ccx_course_key" in course else "course_key"
    passing = status.get("is_passing")
    if not isinstance(passing, bool):
        raise Wrong("it must be true or false", f"{place}.is_passing")
    result = Result(Status.PASSED if passing else Status.FAILED)
    return _user(status, place), the_text(course.get(key), f"{place}.course.{key}"), result


def _grade(data: Data) -> Said:
    """The grade of the whole course. Only the learner's id is said, and never whether it is a passing grade."""
    grade = _object(data, "grade", "data")
    names = (_id(grade.get("user_id"), "data.grade.user_id"),)
    course = the_text(_object(grade, "course", "data.grade").get("course_key"), "data.grade.course.course_key")
    letter = text(grade.get("letter_grade"), "data.grade.letter_grade")
    if letter is not None and len(letter) > LONGEST_GRADE:
        raise Wrong(f"a grade has {LONGEST_GRADE} characters at most", "data.grade.letter_grade")
    score = Score(scaled=_share(grade.get("percent_grade"), "data.grade.percent_grade"))
    return names, course, Result(Status.SCORED, score=score, grade=letter)


def _certified(data: Data) -> Said:
    """Emitted each time a certificate is saved that the learner may have, so often again. Its grade may be an old one."""
    certificate = _object(data, "certificate", "data")
    return (*_of_course(certificate, "data.certificate"), Result(Status.PASSED))


def _uncertified(data: Data) -> Said:
    """No id leads from here to what was said when the certificate was created. It is taken back because the learner does not
    pass any more, or (invalidated, or not verified) without saying what the result is: then there is none."""
    certificate = _object(data, "certificate", "data")
    failed = certificate.get("current_status") == NOT_PASSING
    return (*_of_course(certificate, "data.certificate"), Result(Status.FAILED if failed else Status.CLEARED))


def _program(status: Status) -> Callable[[Data], Said]:
    def says(data: Data) -> Said:
        certificate = _object(data, "program_certificate", "data")
        program = _object(certificate, "program", "data.program_certificate")
        uuid = the_text(program.get("uuid"), "data.program_certificate.program.uuid")
        return _user(certificate, "data.program_certificate"), f"program:{uuid}", Result(status)

    return says


def _enrollment(status: Status) -> Callable[[Data], Said]:
    def says(data: Data) -> Said:
        enrollment = _object(data, "enrollment", "data")
        return (*_of_course(enrollment, "data.enrollment"), Result(status))

    return says


def _of_course(thing: Data, place: str) -> tuple[tuple[Name, ...], str]:
    course = _object(thing, "course", place)
    return _user(thing, place), the_text(course.get("course_key"), f"{place}.course.course_key")


def _user(thing: Data, place: str) -> tuple[Name, ...]:
    """Whose it is, by the id and by the username. The rest of what is personal is nobody's business here."""
    user = _object(thing, "user", place)
    id_ = _id(user.get("id"), f"{place}.user.id")
    pii = user.get("pii")
    username = text(pii.get("username"), f"{place}.user.pii.username") if isinstance(pii, Mapping) else None
    return (id_,) if username is None else (id_, Name("openedx:username", username))


def _id(value: Any, place: str) -> Name:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong("a user's id must be a whole number", place)
    return Name("openedx:user", str(value))


def _share(value: Any, place: str) -> Decimal:
    share = number(value, place)
    if share is None or not 0 <= share <= MOST_SHARE:
        raise Wrong("the grade must be a share from 0 to 1", place)
    return min(share, Decimal(1)).quantize(TEN_PLACES, ROUND_HALF_EVEN).normalize() + Decimal(0)


def _object(thing: Data, name: str, place: str) -> Data:
    where = f"{place}.{name}"
    return the_object(thing.get(name), where, name)


_PROCTORED: Final = "that an exam was sat and watched does not say what came of it"
_BADGE: Final = "a badge of Open edX is an award, not a completion"

EVENTS: Final[Mapping[str, Event]] = {
    f"{LEARNING}{name}.v1": event
    for name, event in {
        "course.passing.status.updated": Event("passing", _passing),
        "ccx.course.passing.status.updated": Event("passing", _passing),
        "course.persistent_grade_summary.changed": Event("grades", _grade),
        "certificate.created": Event("certificates", _certified),
        "certificate.changed": Event("certificates", why="what changed is also said as created or revoked"),
        "certificate.revoked": Event("certificates", _uncertified),
        "program.certificate.awarded": Event("programs", _program(Status.COMPLETED)),
        "program.certificate.revoked": Event("programs", _program(Status.CLEARED)),
        "course.enrollment.created": Event("enrollments", _enrollment(Status.REGISTERED)),
        "course.enrollment.changed": Event("enrollments", why="another mode of enrollment completes nothing"),
        "course.unenrollment.completed": Event("enrollments", _enrollment(Status.WITHDRAWN)),
        "exam.attempt.submitted": Event("exams", why=_PROCTORED),
        "exam.attempt.verified": Event("exams", why=_PROCTORED),
        "exam.attempt.rejected": Event("exams", why=_PROCTORED),
        "exam.attempt.errored": Event("exams", why=_PROCTORED),
        "exam.attempt.reset": Event("exams", why=_PROCTORED),
        "badge.awarded": Event("badges", why=_BADGE),
        "badge.revoked": Event("badges", why=_BADGE),
    }.items()
}
"""By type. Of another version of one of these nobody knows what it says."""
