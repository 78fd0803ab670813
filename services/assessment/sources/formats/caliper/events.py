"""One event in, claims out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats.caliper.attempts import Attempt, attempt_of
from services.assessment.sources.formats.caliper.entities import id_of, names_of, term, type_of
from services.assessment.sources.formats.caliper.options import Options
from services.assessment.sources.formats.members import derived_id, instant, mapping, number, text, the_object
from services.assessment.sources.formats.points import maximum_of, score_of
from shared.events.completions import Status

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

LONGEST_ID: Final = 255
COURSES: Final = frozenset({"CourseOffering", "CourseSection", "Course", "Membership"})
"""What a course may be said to be: Open edX calls it a Membership."""

SNAPSHOT: Final = "CalculatedGradeSnapshotEvent"
"""Blackboard's own, for columns that are calculated, the course's grade among them."""

STARTED: Final = "Started"
SUBMITTED: Final = "Submitted"
COMPLETED: Final = "Completed"
DONE: Final = frozenset({SUBMITTED, COMPLETED})

ABOUT_SOMETHING_ELSE: Final = Nothing("events of this sort say nothing about completions")
DESCRIBES: Final = Nothing("it describes something; nothing happened")
NO_LEARNER_THERE: Final = Nothing("whoever did it is not a learner there")
NOTHING_YET: Final = Nothing("a submission, which says nothing yet by the source's document")
NO_SCORE: Final = Nothing("it was graded without a score")
NO_POINTS: Final = Nothing("it was graded, and no points were possible")


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    """Raises Wrong."""
    event = the_object(original, "", "an event")
    if "@type" in event and "type" not in event:
        raise Wrong("this is Caliper 1.0; 1.1 and 1.2 are understood: let the sensor send one of those", "@type")
    if isinstance(event.get("data"), list) and "dataVersion" in event:
        raise Wrong("this is an envelope; an original is one event of its data", "data")
    options = source.options if isinstance(source.options, Options) else Options()
    if not event.get("action") and not event.get("eventTime"):
        return DESCRIBES
    id_ = _id(event)
    try:
        return _read(event, id_, options)
    except Wrong as wrong:
        wrong.id = wrong.id or id_
        raise


def _id(event: Mapping[str, Any]) -> str:
    """An event without an id of its own, or with one that is too long, is named by all that it says."""
    said = text(event.get("id"), "id")
    if said is not None and len(said) <= LONGEST_ID:
        return said
    what = [id_of(event.get(part), part) for part in ("actor", "object", "generated")]
    return derived_id("caliper", "event", said, event.get("type"), event.get("action"), event.get("eventTime"), *what)


def _read(event: Mapping[str, Any], id_: str, options: Options) -> Sequence[Claim] | Nothing:
    kind, action = term(event.get("type")), term(event.get("action"))
    if kind == "GradeEvent" and action == "Graded":
        return _graded(event, id_, options)
    if kind == SNAPSHOT and action in ("Graded", "GradeCalculated"):
        return _calculated(event, id_, options)
    if kind in ("AssessmentEvent", "AssignableEvent") and action in (STARTED, *DONE):
        return _worked_on(event, action, id_, options)
    if kind == "Event" and action == COMPLETED and type_of(event.get("object")) in COURSES:
        return _completed_course(event, id_, options)
    return ABOUT_SOMETHING_ELSE


def _graded(event: Mapping[str, Any], id_: str, options: Options) -> Sequence[Claim] | Nothing:
    """The learner is the assignee of the attempt. Who acted, and who scored, is the grader."""
    attempt = attempt_of(event, options)
    result = _result(event.get("generated"), attempt, options)
    if isinstance(result, Nothing):
        return result
    names = names_of(attempt.assignee, f"{attempt.place}.assignee", options.extensions)
    return [_claim(event, id_, names, _activity(event, attempt, options), result)]


def _result(score: Any, attempt: Attempt, options: Options) -> Result | Nothing:
    if isinstance(score, str):
        raise Wrong("the score is only named; send it with scoreGiven and maxScore", "generated")
    given, place = _given(mapping(score))
    if given is None:
        return NO_SCORE if options.without_score == "ignored" else Result(Status.CLEARED, attempt=attempt.count)
    possible = _possible(mapping(score), attempt, options)
    if possible is None:
        raise Wrong(
            "neither the score nor what was assigned says how many points are possible: "
            "send maxScore, or name it in options.maxima",
            "generated.maxScore",
        )
    if possible <= 0:
        return NO_POINTS
    return Result(Status.SCORED, score_of(given, possible, place), attempt=attempt.count)


def _given(score: Mapping[str, Any]) -> tuple[Decimal | None, str]:
    """`scoreGiven`; older sensors have `totalScore` (with extra credit and penalties), or only `normalScore` (without)."""
    for member in ("scoreGiven", "totalScore"):
        if (found := number(score.get(member), f"generated.{member}")) is not None:
            return found, f"generated.{member}"
    normal = number(score.get("normalScore"), "generated.normalScore")
    if normal is not None:
        normal += number(score.get("extraCreditScore"), "generated.extraCreditScore") or 0
        normal -= number(score.get("penaltyScore"), "generated.penaltyScore") or 0
    return normal, "generated.normalScore"


def _possible(score: Mapping[str, Any], attempt: Attempt, options: Options) -> Decimal | None:
    """Blackboard sends 0 with the score, and the points with what was assigned: the first that is more than 0 counts."""
    said = [
        number(score.get("maxScore"), "generated.maxScore"),
        number(mapping(attempt.assignable).get("maxScore"), f"{attempt.place}.assignable.maxScore"),
        maximum_of(id_of(attempt.assignable, f"{attempt.place}.assignable") or "", options.maxima),
    ]
    return _first_positive(said)


def _first_positive(said: Iterable[Decimal | None]) -> Decimal | None:
    """Or else any that was said at all."""
    known = [points for points in said if points is not None]
    return next((points for points in known if points > 0), known[0] if known else None)


def _calculated(event: Mapping[str, Any], id_: str, options: Options) -> Sequence[Claim] | Nothing:
    grade = the_object(event.get("object"), "object", "a calculated grade")
    course, given = grade.get("course"), number(grade.get("score"), "object.score")
    if grade.get("isCourseGrade") is True or options.reports_on == "group":
        activity = id_of(course, "object.course") or id_of(event.get("group"), "group")
    else:
        activity = (id_of(grade, "object") or "").partition("/calculatedGrade/")[0]
    if not activity:
        raise Wrong("it does not say of which course the grade is", "object.course")
    possible = _first_positive([number(grade.get("scorePossible"), "object.scorePossible"), maximum_of(activity, options.maxima)])
    if given is None and options.without_score == "ignored":
        return NO_SCORE
    if given is not None and possible is None:
        raise Wrong("it does not say how many points are possible; name them in options.maxima", "object.scorePossible")
    if given is None or possible is None:
        result = Result(Status.CLEARED)
    elif possible <= 0:
        return NO_POINTS
    else:
        result = Result(Status.SCORED, score_of(given, possible, "object.score"))
    return [_claim(event, id_, names_of(grade.get("user"), "object.user", options.extensions), activity, result)]


def _worked_on(event: Mapping[str, Any], action: str, id_: str, options: Options) -> Sequence[Claim] | Nothing:
    """The learner is the assignee of the attempt that it generated, or else whoever acted."""
    if action == SUBMITTED and options.submitted == "ignored":
        return NOTHING_YET
    attempt = attempt_of(event, options, within="generated", needed=False)
    if attempt.assignee is not None:
        who, place = attempt.assignee, "generated.assignee"
    else:
        who, place = event.get("actor"), "actor"
        if not _may_be_learner(event, who):
            return NO_LEARNER_THERE
    names = names_of(who, place, options.extensions)
    status = Status.STARTED if action == STARTED else Status.COMPLETED
    activity = id_of(event.get("object"), "object") if options.reports_on == "assignable" else _group(event)
    return [_claim(event, id_, names, activity, Result(status, attempt=attempt.count))]


def _completed_course(event: Mapping[str, Any], id_: str, options: Options) -> Sequence[Claim] | Nothing:
    if not _may_be_learner(event, event.get("actor")):
        return NO_LEARNER_THERE
    names = names_of(event.get("actor"), "actor", options.extensions)
    return [_claim(event, id_, names, id_of(event.get("object"), "object"), Result(Status.COMPLETED))]


def _may_be_learner(event: Mapping[str, Any], actor: Any) -> bool:
    """Not software, and not somebody whose roles there are others, such as a teacher who looks at a quiz as students see it."""
    if type_of(actor) == "SoftwareApplication":
        return False
    membership = mapping(event.get("membership"))
    roles = membership.get("roles")
    if not isinstance(roles, list) or not roles:
        return True
    member = membership.get("member")
    if member is not None and id_of(member, "membership.member") != id_of(actor, "actor"):
        return True
    return any(isinstance(role, str) and "Learner" in role for role in roles)


def _activity(event: Mapping[str, Any], attempt: Attempt, options: Options) -> str | None:
    if options.reports_on == "group":
        return _group(event)
    return id_of(attempt.assignable, f"{attempt.place}.assignable")


def _group(event: Mapping[str, Any]) -> str:
    found = id_of(event.get("group"), "group")
    if found is None:
        raise Wrong("it does not say which course section it is about, on which this source reports", "group")
    return found


def _claim(event: Mapping[str, Any], id_: str, names: tuple[Name, ...], activity: str | None, said: Result) -> Claim:
    if not names:
        raise Wrong("it does not say which learner it is about: neither assignee nor, where the learner acts, actor")
    if activity is None:
        raise Wrong("it does not say what was worked on", "object")
    return Claim(id_, instant(event.get("eventTime"), "eventTime"), names, activity, said)
