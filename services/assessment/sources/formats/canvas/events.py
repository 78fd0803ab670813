"""One live event in, claims out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats.canvas.ids import local, normal, shard_of
from services.assessment.sources.formats.canvas.options import Options
from services.assessment.sources.formats.members import NUMBERS, derived_id, instant, mapping, number, text, the_object, the_text
from services.assessment.sources.formats.points import percent, score_of
from shared.events.completions import Status

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

USER: Final = "canvas:user"
SIS: Final = "canvas:sis"
"""The kinds of names: Canvas's id of the learner, and the student information system's."""

ABOUT_SOMETHING_ELSE: Final = Nothing("events of this sort say nothing about completions")
NOT_ALL: Final = Nothing("not all requirements of the course are met")
HIDDEN: Final = Nothing("the grade is not posted to the student")
IN_PART: Final = Nothing("the submission is graded in part")
NO_POINTS: Final = Nothing("it was graded, and no points were possible")
NOT_COUNTED: Final = Nothing("overrides are ignored by the source's document")

SAID: Final = (
    "grade",
    "score",
    "points_possible",
    "current_score",
    "final_score",
    "unposted_current_score",
    "unposted_final_score",
    "override_score",
    "workflow_state",
)
"""What an event says beside of whom and when; two that differ in it are two, also in the same millisecond."""

PASSES: Final = frozenset({"complete", "pass"})
FAILS: Final = frozenset({"incomplete", "fail"})
_A_NUMBER: Final = re.compile(r"[-+]?[\d.,]+\s*%?", re.ASCII)


class Event(NamedTuple):
    metadata: Mapping[str, Any]
    body: Mapping[str, Any]
    options: Options
    shard: int | None

    def id_of(self, value: Any, place: str) -> str:
        if (found := normal(value, place, self.shard)) is None:
            raise Wrong("it is missing", place)
        return found


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    """Raises Wrong."""
    sent = the_object(original, "", "an event")
    if "metadata" not in sent and ("@context" in sent or "dataVersion" in sent or "sensor" in sent):
        raise Wrong("this is Caliper: register the source with the format caliper and send to POST /sources/{source}/caliper")
    options = source.options if isinstance(source.options, Options) else Options()
    metadata = the_object(sent.get("metadata"), "metadata", "an event has metadata, which")
    body = the_object(sent.get("body"), "body", "an event has a body, which")
    account = text(metadata.get("root_account_uuid"), "metadata.root_account_uuid")
    if options.root_accounts and account not in options.root_accounts:
        raise Wrong("it comes from another Canvas account than the source's", "metadata.root_account_uuid", status=403)
    kind = _kind(the_text(metadata.get("event_name"), "metadata.event_name"), body)
    if (reader := READERS.get(kind)) is None:
        return ABOUT_SOMETHING_ELSE
    shard = options.shard or shard_of(metadata.get("root_account_id"), "metadata.root_account_id")
    return reader(Event(metadata, body, options, shard))


def _kind(named: str, body: Mapping[str, Any]) -> str:
    """By what the body has: Canvas's own example of an override is named grade_change."""
    if named == "grade_change" and "override_score" in body and "assignment_id" not in body:
        return "grade_override"
    return named


def _course_completed(event: Event) -> Sequence[Claim] | Nothing:
    """The requirements of the course's modules are met, which is no passing grade."""
    course, user, progress = (mapping(event.body.get(part)) for part in ("course", "user", "progress"))
    met, wanted = (
        number(progress.get(part), f"body.progress.{part}") for part in ("requirement_completed_count", "requirement_count")
    )
    if met is not None and wanted is not None and met < wanted:
        return NOT_ALL
    learner = event.id_of(user.get("id"), "body.user.id")
    course_id = event.id_of(course.get("id"), "body.course.id")
    return _said(event, "course_completed", learner, "course", course_id, Result(Status.COMPLETED))


def _grade_change(event: Event) -> Sequence[Claim] | Nothing:
    body = event.body
    learner = event.id_of(body.get("student_id") or body.get("user_id"), "body.user_id")
    assignment = event.id_of(body.get("assignment_id"), "body.assignment_id")
    result = _graded(event)
    return result if isinstance(result, Nothing) else _said(event, "grade_change", learner, "assignment", assignment, result)


def _graded(event: Event) -> Result | Nothing:
    """A score that was taken away is cleared, whether or not the student sees that."""
    body = event.body
    score, possible = number(body.get("score"), "body.score"), number(body.get("points_possible"), "body.points_possible")
    grade = text(str(body["grade"]) if isinstance(body.get("grade"), Decimal) else body.get("grade"), "body.grade")
    if score is None and grade is None:
        return Result(Status.CLEARED)
    if body.get("muted") is True and not event.options.unposted:
        return HIDDEN
    if body.get("grading_complete") is False:
        return IN_PART
    if (verdict := _verdict(grade)) is not None:
        return Result(verdict, score_of(score, possible, "body.score") if score is not None and possible else None)
    letters = grade[:100] if grade is not None and _A_NUMBER.fullmatch(grade) is None else None
    if score is None or not possible or possible < 0:
        return NO_POINTS if letters is None else Result(Status.SCORED, grade=letters)
    return Result(Status.SCORED, score_of(score, possible, "body.score"), grade=letters)


def _verdict(grade: str | None) -> Status | None:
    """Of assignments that are graded complete or incomplete."""
    word = (grade or "").lower()
    return Status.PASSED if word in PASSES else Status.FAILED if word in FAILS else None


def _course_grade_change(event: Event) -> Sequence[Claim] | Nothing:
    body, options = event.body, event.options
    learner = event.id_of(body.get("user_id"), "body.user_id")
    course = event.id_of(body.get("course_id"), "body.course_id")
    member = f"{'unposted_' if options.unposted else ''}{options.course_score}_score"
    score = number(body.get(member), f"body.{member}")
    if score is None or body.get("workflow_state") == "deleted":
        result = Result(Status.CLEARED)
    else:
        result = Result(Status.SCORED, percent(score, f"body.{member}"))
    return _said(event, "course_grade_change", learner, "course", course, result)


def _grade_override(event: Event) -> Sequence[Claim] | Nothing:
    body, options = event.body, event.options
    if options.overrides == "ignored":
        return NOT_COUNTED
    learner = event.id_of(body.get("user_id"), "body.user_id")
    course = event.id_of(body.get("course_id"), "body.course_id")
    attempt = 2 if options.overrides == "attempt" else 1
    score = number(body.get("override_score"), "body.override_score")
    if score is None:
        result = Result(Status.CLEARED, attempt=attempt)
    else:
        result = Result(Status.SCORED, percent(score, "body.override_score"), attempt=attempt)
    return _said(event, "grade_override", learner, "course", course, result)


READERS: Final[dict[str, Callable[[Event], Sequence[Claim] | Nothing]]] = {
    "course_completed": _course_completed,
    "grade_change": _grade_change,
    "course_grade_change": _course_grade_change,
    "grade_override": _grade_override,
}


def _said(event: Event, kind: str, learner: str, about: str, object_: str, result: Result) -> Sequence[Claim]:
    """The learner is who the body names. `metadata.user_…` is whoever acted, most often a teacher."""
    names = [Name(USER, learner)]
    if (sis := text(event.body.get("student_sis_id"), "body.student_sis_id")) is not None:
        names.append(Name(SIS, sis))
    time = instant(event.metadata.get("event_time"), "metadata.event_time")
    id_ = derived_id("canvas", kind, *_key(event, time), local(learner), local(object_))
    return [Claim(id_, time, tuple(names), f"canvas:{about}:{object_}", result)]


def _key(event: Event, time: datetime) -> list[object]:
    """By what an event that is delivered again is known: Canvas gives events no ids, and one request grades many times."""
    metadata, body = event.metadata, event.body
    cause = text(metadata.get("request_id"), "metadata.request_id") or text(metadata.get("job_id"), "metadata.job_id")
    said = [_plain(body.get(member)) for member in SAID]
    return [text(metadata.get("root_account_uuid"), "metadata.root_account_uuid"), cause, time.isoformat(), *said]


def _plain(value: Any) -> str | None:
    """5 and 5.0 are the same."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, NUMBERS) and not isinstance(value, bool):
        return str(Decimal(str(value)).normalize())
    return None
