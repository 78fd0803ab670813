"""Messages on topics, as the originals that the formats' readers read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import parsed
from services.assessment.sources.formats.openedx import concerns
from services.assessment.sources.topics import wire
from services.assessment.sources.topics.messages import Later, Message
from services.assessment.sources.topics.schemas import Schemas
from shared.events.envelope import rfc3339

STRUCTURED: Final = "application/cloudevents+json"
ATTRIBUTES: Final = frozenset({"specversion", "id", "type", "source", "time", "subject", "datacontenttype", "minorversion"})
"""Of a message's headers, what goes into the original; and what Open edX says beside them."""
BESIDE: Final = frozenset({"sourcehost", "sourcelib"})

Unpack = Callable[[Message, Schemas | None], Awaitable[Any]]
"""Raises Wrong for what can never be read, and Later."""


async def open_edx(message: Message, schemas: Schemas | None) -> dict[str, Any]:
    """A CloudEvent in binary mode with Avro. What it says is only looked at where it concerns completions."""
    said = message.attributes()
    event: dict[str, Any] = {name: text for name, text in said.items() if name in ATTRIBUTES or name in BESIDE}
    if missing := [f"ce_{name}" for name in ("id", "type") if not event.get(name)]:
        raise Wrong(f"the headers lack {', '.join(missing)}", "headers", id=event.get("id"), status=400)
    event.setdefault("time", rfc3339(message.stamp))
    if not concerns(event["type"]):
        return event
    try:
        schema_id, data = wire.parts(message.value)
        if schemas is None:
            raise Later("no schema registry is set (CAIRN_SCHEMA_REGISTRY)")
        found = wire.decoded(data, await schemas.schema(schema_id))
    except Wrong as wrong:
        wrong.id = event["id"]
        raise
    return {**event, "schema": schema_id, "data": found}


async def cloud_event(message: Message, schemas: Schemas | None) -> Any:
    """A CloudEvent with JSON, in structured or in binary mode."""
    said = message.attributes()
    content_type = said.pop("content-type", "")
    structured = content_type.partition(";")[0].strip().lower() == STRUCTURED
    if not structured and "specversion" not in said:
        how = f"as {STRUCTURED}, or with its attributes as headers (ce_id and so on)"
        raise Wrong(f"the message must be a CloudEvent, {how}", "headers", status=400)
    if message.value is None:
        raise Wrong("the message has no value", "value", id=said.get("id"), status=400)
    try:
        data = parsed(message.value)
    except ValueError as error:
        raise Wrong("the value is no JSON", "value", id=said.get("id"), status=400) from error
    if structured:
        return data
    attributes = {name: text for name, text in said.items() if name in ATTRIBUTES or name == "traceparent"}
    if content_type:
        attributes["datacontenttype"] = content_type
    return {**attributes, "data": data}


UNPACK: Final[Mapping[str, Unpack]] = {"openedx": open_edx, "cloudevents": cloud_event}
"""By format. Sources of the others have no topics."""
