"""One event of Moodle in, claims out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats.members import derived_id, number, seconds, text, the_object, the_text, whole
from services.assessment.sources.formats.moodle.options import Options
from services.assessment.sources.formats.moodle.other import other_of
from services.assessment.sources.formats.points import maximum_of, score_of
from shared.events.completions import Status

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

USER: Final = "moodle:user"
"""The kind of names: the site's id of the learner."""

ABOUT_SOMETHING_ELSE: Final = Nothing("events of this sort say nothing about completions")
ANONYMOUS: Final = Nothing("the event is anonymous")
FAILED_UNSEEN: Final = Nothing("a failing grade that the learner does not see")
NO_BADGES: Final = Nothing("badges are ignored by the source's document")

STATES: Final = {0: Status.CLEARED, 1: Status.COMPLETED, 2: Status.PASSED, 3: Status.FAILED}
"""COMPLETION_INCOMPLETE, COMPLETE, COMPLETE_PASS and COMPLETE_FAIL of lib/completionlib.php."""

FAIL_HIDDEN: Final = 4
_DIGITS: Final = re.compile(r"[1-9]\d{0,18}", re.ASCII)
_BACKSLASHES: Final = re.compile(r"\\+")


class Event(NamedTuple):
    name: str
    sent: Mapping[str, Any]
    other: Mapping[str, Any]
    time: datetime
    options: Options


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    """Raises Wrong."""
    sent = the_object(original, "", "an event")
    options = source.options if isinstance(source.options, Options) else Options()
    host = text(sent.get("host"), "host")
    if options.host is not None and host is not None and host != options.host:
        raise Wrong("it comes from another Moodle site than the source's", "host", status=403)
    name = _BACKSLASHES.sub(r"\\", the_text(sent.get("eventname"), "eventname")).removeprefix("\\")
    if (reader := READERS.get(name)) is None:
        return ABOUT_SOMETHING_ELSE
    if sent.get("anonymous") not in (None, "", 0, "0", "false"):
        return ANONYMOUS
    time = seconds(sent.get("timecreated"), "timecreated")
    return reader(Event(name.rpartition("\\")[2], sent, other_of(sent), time, options))


def _course_completed(event: Event) -> Sequence[Claim] | Nothing:
    return _said(event, f"moodle:course:{_id(event.sent, 'courseid')}", Result(Status.COMPLETED))


def _module_completion(event: Event) -> Sequence[Claim] | Nothing:
    state = whole(event.other.get("completionstate"), "other.completionstate")
    if state == FAIL_HIDDEN:
        return FAILED_UNSEEN
    if state is None or (status := STATES.get(state)) is None:
        raise Wrong("it must be 0 (incomplete), 1 (complete), 2 (passed) or 3 (failed)", "other.completionstate")
    return _said(event, f"moodle:module:{_id(event.sent, 'contextinstanceid')}", Result(status))


def _user_graded(event: Event) -> Sequence[Claim] | Nothing:
    activity = f"moodle:grade:{_id(event.other, 'itemid', 'other.')}"
    grade = number(event.other.get("finalgrade"), "other.finalgrade")
    if grade is None:
        return _said(event, activity, Result(Status.CLEARED))
    possible = maximum_of(activity, event.options.maxima)
    if possible is None:
        return _said(event, activity, Result(Status.SCORED, grade=f"{grade.normalize():f}"[:100]))
    return _said(event, activity, Result(Status.SCORED, score_of(grade, possible, "other.finalgrade")))


def _badge(event: Event) -> Sequence[Claim] | Nothing:
    if event.options.badges == "ignored":
        return NO_BADGES
    status = Status.COMPLETED if event.name == "badge_awarded" else Status.CLEARED
    return _said(event, f"moodle:badge:{_id(event.sent, 'objectid')}", Result(status))


READERS: Final[dict[str, Callable[[Event], Sequence[Claim] | Nothing]]] = {
    r"core\event\course_completed": _course_completed,
    r"core\event\course_module_completion_updated": _module_completion,
    r"core\event\user_graded": _user_graded,
    r"core\event\badge_awarded": _badge,
    r"core\event\badge_revoked": _badge,
}


def _id(members: Mapping[str, Any], member: str, within: str = "") -> str:
    found = the_text(members.get(member), f"{within}{member}")
    if _DIGITS.fullmatch(found) is None:
        raise Wrong("an id of Moodle is a whole number above 0", f"{within}{member}")
    return found


def _said(event: Event, activity: str, result: Result) -> Sequence[Claim]:
    """The learner is `relateduserid`. `userid` is whoever did it: a teacher, or the site's own background work."""
    sent, other = event.sent, event.other
    if sent.get("relateduserid") not in (None, "", 0, "0"):
        learner = _id(sent, "relateduserid")
    elif other.get("relateduserid") is not None:
        learner = _id(other, "relateduserid", "other.")
    else:
        raise Wrong("it does not say which learner it is about; userid is whoever did it", "relateduserid")
    said = [number(other.get(member), f"other.{member}") for member in ("completionstate", "finalgrade")]
    values = [None if value is None else f"{value.normalize():f}" for value in said]
    host, object_ = text(sent.get("host"), "host"), text(sent.get("objectid"), "objectid")
    id_ = derived_id("moodle", event.name, host, object_, event.time.isoformat(), learner, activity, *values)
    return [Claim(id_, event.time, (Name(USER, learner),), activity, result)]
