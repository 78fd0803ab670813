"""Attempts: who was assigned what, and which attempt at it this is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.caliper.entities import id_of
from services.assessment.sources.formats.caliper.options import Options
from services.assessment.sources.formats.members import mapping, whole
from services.assessment.sources.patterns import match

MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """`assignee` and `assignable` as they were sent, object or id. `place` is where in the event that is."""

    assignee: Any
    assignable: Any
    count: int
    place: str


def attempt_of(event: Mapping[str, Any], options: Options, *, within: str = "object", needed: bool = True) -> Attempt:
    """The attempt that was graded (`object`), or that came about (`generated`). Raises Wrong.

    A grade's attempt may be told in full with the score only, or be nothing but an IRI. Where it need not be known, what is not
    said of it is None.
    """
    told: list[tuple[Any, str]] = [(event.get(within), within)]
    if within == "object":
        scored, place = mapping(event.get("generated")).get("attempt"), "generated.attempt"
        if id_of(event.get(within), within) in (None, id_of(scored, place)):
            told.append((scored, place))
    for attempt, place in told:
        members = mapping(attempt)
        if members.get("assignee") is not None and members.get("assignable") is not None:
            return Attempt(members["assignee"], members["assignable"], _count(members, place), place)
    for attempt, place in told:
        if (found := _by_rule(attempt, place, options)) is not None:
            return found
    if not needed:
        members = mapping(event.get(within))
        return Attempt(members.get("assignee"), members.get("assignable"), _count(members, within), within)
    raise Wrong(
        "the attempt is only named, so that neither the learner nor what was assigned is known: "
        "send it with assignee and assignable, or name options.attempts",
        within,
    )


def _by_rule(attempt: Any, place: str, options: Options) -> Attempt | None:
    """What the document's rules make of the IRI, where the event says no more."""
    members = mapping(attempt)
    id_ = attempt if isinstance(attempt, str) else members.get("id")
    if not isinstance(id_, str):
        return None
    for rule in options.attempts:
        if (found := match(rule.matching, id_)) is not None:
            groups = found.groupdict(default="")
            assignee, assignable = (_filled(template, groups) for template in (rule.assignee, rule.assignable))
            count = _count({"count": groups.get("count") or None, **members}, place)
            return Attempt(members.get("assignee") or assignee, members.get("assignable") or assignable, count, place)
    return None


def _filled(template: str, groups: Mapping[str, str]) -> str:
    for name, value in groups.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _count(attempt: Mapping[str, Any], place: str) -> int:
    """The first where it isn't said."""
    count = whole(attempt.get("count"), f"{place}.count") or 1
    if not 1 <= count <= MOST:
        raise Wrong(f"an attempt's count is 1 to {MOST}", f"{place}.count")
    return count
