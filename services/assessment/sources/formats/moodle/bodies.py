"""What plugins put into a request: an event or a list of them as JSON, whatever they say it is, or a form as PHP builds it."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import parsed

FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 1_000
DEEPEST: Final = 5
_FIELD: Final = re.compile(r"([^\[\]]{1,200})((?:\[[^\[\]]{1,200}\]){0,5})")


def events_in(body: bytes, content_type: str) -> list[Any]:
    """Each event, in order. Raises Wrong.

    local_webhooks sends JSON also where it is set to call it a form; tool_trigger sends a form, or what it made of one.
    """
    declared = content_type.partition(";")[0].strip().lower()
    if declared == FORM and body.lstrip()[:1] not in (b"{", b"["):
        found: Any = _form(body)
    else:
        found = _json(body)
    if isinstance(found, dict) and "eventname" not in found and isinstance(found.get("events"), list):
        found = [_of_the_same_sender(event, found) for event in found["events"]]
    return found if isinstance(found, list) else [found]


def _of_the_same_sender(event: Any, sent: dict[str, Any]) -> Any:
    """What stands around a list of events holds for each."""
    around = {name: sent[name] for name in ("host", "token") if name in sent}
    return {**around, **event} if isinstance(event, dict) else event


def _json(body: bytes) -> Any:
    try:
        return parsed(body)
    except ValueError as error:
        raise Wrong("it must be an event as JSON, a list of them, or a form", status=400) from error


def _form(body: bytes) -> dict[str, Any]:
    """`other[completionstate]=1` is a member of a member."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Wrong("the form cannot be read", status=400) from error
    event: dict[str, Any] = {}
    for name, value in pairs:
        field = _FIELD.fullmatch(name)
        if field is None:
            raise Wrong("a name in the form is none that PHP would make", status=400)
        _put(event, [field[1], *re.findall(r"\[([^\[\]]+)\]", field[2])], value)
    return event


def _put(event: dict[str, Any], path: list[str], value: str) -> None:
    *steps, last = path
    for step in steps:
        event = event.setdefault(step, {})
        if not isinstance(event, dict):
            raise Wrong("the form says something twice", status=400)
    if last in event:
        raise Wrong("the form says something twice", status=400)
    event[last] = value
