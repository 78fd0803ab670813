"""CloudEvents that carry our own schemas: what a system says that was made for this, or made to speak to it.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. An original is an event as JSON has
it, its attributes all text. `learner` and `activity` are in the source's words, `corrects` and `retracts` name its own ids.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, ValidationError

from services.assessment.sources.claims import Claim, Name, Nothing, Result, TakenBack, Wrong
from services.assessment.sources.doors.bodies import parsed
from services.assessment.sources.formats.format import Format
from services.assessment.sources.formats.topics import OnTopics
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Envelope, Malformed, read_envelope
from shared.stream.incoming import explained

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

Word = Annotated[str, Field(min_length=1, max_length=1_000)]


class Reported(CompletionReported):
    """Learner and activity are mapped before they must be ours."""

    learner: Word
    activity: Word


class Retracted(CompletionRetracted):
    learner: Word


MODELS: Final[Mapping[str, type[Reported | Retracted]]] = {CompletionReported.TYPE: Reported, CompletionRetracted.TYPE: Retracted}


HEADERS: Final = {"datacontenttype": "content-type", "traceparent": "traceparent"}


class CloudEventsOptions(OnTopics):
    """`learners_are` is the kind of its names of learners, by which the rules for them are chosen. With `topics` it may also
    publish there, in binary or in structured mode, instead of over HTTP."""

    learners_are: Annotated[str, Field(min_length=1, max_length=100)] = "learner"


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    if not isinstance(original, dict):
        raise Wrong("an event in JSON is an object", status=400)
    named = original["id"] if isinstance(original.get("id"), str) else None
    try:
        envelope = _envelope(original)
        if envelope.source != source.event_source:
            says = f"the event's source must be {source.event_source}: a source speaks for itself only"
            raise Wrong(says, "source", status=403)
        model = MODELS.get(envelope.type)
        if model is None:
            raise Wrong(f"its type must be {' or '.join(MODELS)}", "type")
        return (_claim(envelope, model.model_validate(_data(original)), source),)
    except ValidationError as error:
        place = ".".join(str(step) for step in ("data", *error.errors()[0]["loc"]))
        raise Wrong(explained(error), place, id=named) from error
    except Wrong as wrong:
        wrong.id = wrong.id or named
        raise


def _claim(envelope: Envelope, said: CompletionReported | CompletionRetracted, source: Source) -> Claim:
    options = source.options
    kind = options.learners_are if isinstance(options, CloudEventsOptions) else "learner"
    names = (Name(kind, said.learner),)
    if isinstance(said, CompletionRetracted):
        return Claim(envelope.id, envelope.time, names, None, TakenBack(said.retracts, said.reason))
    result = Result(said.status, said.score, said.grade, said.attempt, said.evidence, said.corrects, said.results)
    return Claim(envelope.id, envelope.time, names, said.activity, result)


def _data(event: Mapping[str, Any]) -> Any:
    """As it stands there, or out of its base64."""
    if "data_base64" not in event:
        return event.get("data")
    try:
        return parsed(base64.b64decode(event["data_base64"], validate=True))
    except (TypeError, ValueError) as error:
        raise Wrong("it is not the base64 of JSON", "data_base64", status=400) from error


def _envelope(event: Mapping[str, Any]) -> Envelope:
    """The attributes, as they would stand on a topic."""
    attributes = {name: value for name, value in event.items() if name not in ("data", "data_base64") and value is not None}
    if strange := sorted(name for name, value in attributes.items() if not isinstance(value, str | int)):
        raise Wrong("an attribute must be text", strange[0], status=400)
    try:
        headers = [(HEADERS.get(name, f"ce_{name}"), str(value).encode()) for name, value in attributes.items()]
        return read_envelope(headers, b"")
    except (Malformed, UnicodeEncodeError) as error:
        says = str(error).replace("ce_", "").replace("the headers lack", "the event lacks")
        raise Wrong(says, status=400) from error


FORMAT: Final = Format(
    "cloudevents",
    "CloudEvents",
    read,
    options=CloudEventsOptions,
    keys=("secret", "public_key", "webhook"),
    sent_to="POST /completions, or POST /sources/{source}/completions",
)
