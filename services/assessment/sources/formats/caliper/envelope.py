"""The envelope that sensors send: a batch of events and descriptions of entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.caliper.entities import type_of
from services.assessment.sources.formats.members import mapping

FIRST: Final = "http://purl.imsglobal.org/ctx/caliper/v1/Context"
"""The version of Caliper 1.0."""


def originals_in(envelope: Any) -> list[Any]:
    """Each event, in order, with what the same envelope tells of its attempt filled in. Raises Wrong.

    Sensors may describe an entity once and name it from then on.
    """
    if not isinstance(envelope, Mapping) or not isinstance(envelope.get("data"), list):
        raise Wrong("an envelope is a JSON object with sensor, sendTime, dataVersion and data, an array of events", status=400)
    if envelope.get("dataVersion") == FIRST:
        raise Wrong("this is Caliper 1.0; 1.1 and 1.2 are understood", "dataVersion", status=422)
    return joined(envelope["data"])


def joined(data: Sequence[Any]) -> list[Any]:
    attempts = {
        attempt["id"]: attempt
        for item in data
        for attempt in _places(item)
        if isinstance(attempt, Mapping) and type_of(attempt) == "Attempt" and _is_told(attempt)
    }
    return [_with_attempt(item, attempts) if attempts else item for item in data]


def _places(item: Any) -> Iterator[Any]:
    event = mapping(item)
    generated = event.get("generated")
    yield from (item, event.get("object"), generated, mapping(generated).get("attempt"))


def _is_told(attempt: Mapping[str, Any]) -> bool:
    return isinstance(attempt.get("id"), str) and attempt.get("assignee") is not None and attempt.get("assignable") is not None


ATTEMPT_IN: Final = {"GradeEvent": "object", "AssessmentEvent": "generated", "AssignableEvent": "generated"}


def _with_attempt(item: Any, attempts: Mapping[str, Mapping[str, Any]]) -> Any:
    """The attempt in full that was graded or worked on, where the event only names it."""
    member = ATTEMPT_IN.get(type_of(item) or "")
    if member is None:
        return item
    attempt = item.get(member)
    if isinstance(attempt, Mapping) and _is_told(attempt):
        return item
    id_ = attempt if isinstance(attempt, str) else mapping(attempt).get("id")
    told = attempts.get(id_) if isinstance(id_, str) else None
    return item if told is None else {**item, member: {**told, **mapping(attempt)}}
