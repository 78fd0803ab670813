"""CloudEvents over HTTP, as the published binding says (version 1.0.2): out of a request, into what goes on the topic.

Binary mode: the attributes are `ce-` headers and the body is the data. Structured mode: `application/cloudevents+json`.
Batch: `application/cloudevents-batch+json`.
Each event is checked as the stream would check it, and goes on as plain JSON of what its schema knows; so the same event is
the same bytes in whatever mode it comes, and what was accepted once is not refused later.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from pydantic import ValidationError

from services.assessment.sources.doors.bodies import parsed
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Envelope, Headers, Malformed, read_envelope
from shared.http import Problem
from shared.stream.incoming import CLOCKS_DIFFER, explained, unknown

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
JSON: Final = "application/json"
ANY_FORMAT: Final = "application/cloudevents"

MODELS: Final = {model.TYPE: model for model in (CompletionReported, CompletionRetracted)}

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')


class NotTaken(Exception):
    """One event is not accepted: `status` 400 when it is no CloudEvent anybody could read, 422 when what it says is wrong."""

    def __init__(self, status: int, detail: str, id_: str | None = None) -> None:
        self.status = status
        self.detail = _sayable(detail)
        self.id = id_ if id_ is None else _sayable(id_)
        super().__init__(detail)


def _sayable(text: str) -> str:
    """As an answer can carry it: JSON may bring half of a surrogate pair, which has no UTF-8."""
    return text.encode(errors="replace").decode()


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that may go on the topic, under its learner's key."""

    said: CompletionReported | CompletionRetracted
    envelope: Envelope

    @property
    def learner(self) -> str:
        return self.said.learner


def events_in(content_type: str, headers: Iterable[tuple[bytes, bytes]], body: bytes, now: datetime) -> list[Taken | NotTaken]:
    """Each event of the request, in order. Raises Problem when the request as a whole can't be read."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == BATCH:
        return [_taken(event, now) for event in _batch(body)]
    if media_type == STRUCTURED:
        return [_taken(_json(body), now)]
    if media_type.startswith(ANY_FORMAT):
        raise Problem(415, detail=f"Of the event formats only JSON is understood: {STRUCTURED} and {BATCH}.")
    _is_json(media_type)
    try:
        return [checked({**dict(_attributes(headers)), "datacontenttype": content_type or JSON}, body, now)]
    except NotTaken as refusal:
        return [refusal]


def originals_in(content_type: str, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> list[Any]:
    """Each event of the request as the JSON format has it, in order, of whichever mode. Nothing of them is checked.

    Raises Problem when the request as a whole can't be read.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == BATCH:
        return _batch(body)
    if media_type == STRUCTURED:
        return [_json(body)]
    if media_type.startswith(ANY_FORMAT):
        raise Problem(415, detail=f"Of the event formats only JSON is understood: {STRUCTURED} and {BATCH}.")
    try:
        attributes = dict(_attributes(headers))
    except NotTaken as refusal:
        raise Problem(refusal.status, "The event cannot be read", refusal.detail) from refusal
    if not attributes:
        says = f"Send {STRUCTURED}, {BATCH}, or the data with the attributes as headers: ce-id, ce-source, ce-type, ce-time."
        raise Problem(415 if media_type != JSON else 400, "There is no CloudEvent in this request", says)
    _is_json(media_type)
    return [{**attributes, "datacontenttype": content_type or JSON, "data": _json(body)}]


def _is_json(media_type: str) -> None:
    """In binary mode, where it is the data's. Raises Problem."""
    if media_type not in ("", JSON):
        says = f"Send {STRUCTURED}, {BATCH}, or the data as {JSON} with the attributes as headers."
        raise Problem(415, detail=says, headers={"accept": f"{JSON}, {STRUCTURED}, {BATCH}"})


def _batch(body: bytes) -> list[Any]:
    try:
        found = parsed(body)
    except ValueError as error:
        raise Problem(400, "The batch cannot be read", str(error)) from error
    if not isinstance(found, list):
        raise Problem(400, "The batch cannot be read", "A batch is a JSON array of events.")
    return found


def _json(body: bytes) -> object:
    try:
        return parsed(body)
    except ValueError as error:
        raise Problem(400, "The event cannot be read", str(error)) from error


def _attributes(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    """Raises NotTaken when one can't be decoded."""
    for name, value in headers:
        attribute = name.decode("latin-1").lower().removeprefix("ce-")
        if attribute != name.decode("latin-1").lower():
            yield attribute, _unescaped(attribute, value.decode("latin-1"))


def _unescaped(attribute: str, value: str) -> str:
    """First double-quoted strings, then one round of percent-decoding, as the binding wants it."""
    plain = _QUOTED.sub(lambda quoted: re.sub(r"\\(.)", r"\1", quoted[1]), value)
    try:
        return unquote_to_bytes(plain.encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise NotTaken(400, f"the header ce-{attribute} is not percent-encoded UTF-8") from error


def _taken(event: Any, now: datetime) -> Taken | NotTaken:
    """An event in the JSON format."""
    if not isinstance(event, dict):
        return NotTaken(400, "an event in JSON is an object")
    attributes = {name: value for name, value in event.items() if name not in ("data", "data_base64") and value is not None}
    named = _sayable(attributes["id"]) if isinstance(attributes.get("id"), str) else None
    if strange := sorted(name for name, value in attributes.items() if not isinstance(value, str | int)):
        return NotTaken(400, f"the attributes {', '.join(strange)[:200]} must be text", named)
    data = event.get("data")
    try:
        if "data_base64" in event:
            data = base64.b64decode(event["data_base64"], validate=True)
        return checked({name: str(value) for name, value in attributes.items()}, data, now)
    except (binascii.Error, TypeError, ValueError):
        return NotTaken(400, "data_base64 is not base64", named)
    except NotTaken as refusal:
        refusal.id = refusal.id or named
        return refusal


def checked(attributes: Mapping[str, str], data: object, now: datetime) -> Taken:
    """The event, checked as the stream would. `data` are bytes, or JSON that was parsed already. Raises NotTaken."""
    id_ = attributes.get("id")
    try:
        envelope = read_envelope(_headers(attributes), b"")
    except (Malformed, UnicodeEncodeError) as error:
        raise NotTaken(400, str(error).replace("ce_", "").replace("the headers lack", "the event lacks"), id_) from error
    model = MODELS.get(envelope.type)
    if model is None:
        raise NotTaken(422, unknown(envelope.type, MODELS), id_)
    if envelope.time > now + CLOCKS_DIFFER:
        raise NotTaken(422, f"its time {envelope.time.isoformat()} is later than now, {now.isoformat()}", id_)
    try:
        said = model.model_validate(parsed(data) if isinstance(data, bytes) else data)
        written = said.to_json()
    except ValidationError as error:
        raise NotTaken(422, explained(error), id_) from error
    except (ValueError, OverflowError) as error:
        raise NotTaken(400, f"the data cannot be read: {error}"[:500], id_) from error
    return Taken(said, replace(envelope, data=written))


def _headers(attributes: Mapping[str, str]) -> Headers:
    """As they stand on the topic."""
    named = {"datacontenttype": "content-type", "traceparent": "traceparent"}
    return [(named.get(name, f"ce_{name}"), value.encode()) for name, value in attributes.items()]
