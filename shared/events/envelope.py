"""CloudEvents 1.0 in Kafka's binary mode: the attributes in headers, the data as JSON in the value.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

FACTS: Final = uuid.UUID("5f1c2d0e-6a0b-5a53-9a53-0c5e6d1b7a11")
"""The namespace of the ids of facts (UUIDv5 of type, subject and revision)."""

Headers = list[tuple[str, bytes]]

LearnerId = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\s\x00-\x1f\x7f]+$")]
"""Opaque to Cairn: what an institution's systems agree to call a learner. Never a name or an address."""

EventId = Annotated[str, Field(min_length=1, max_length=255)]


EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""No learning system has anything to tell from before; so periods can be taken off any time without leaving the calendar."""


def rfc3339(moment: datetime) -> str:
    """In UTC with microseconds left out where there are none: `2026-11-23T12:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the calendar has no such time in UTC") from error


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
]
"""A moment with its offset, kept in UTC."""


class Malformed(ValueError):
    """The message is not a CloudEvent that anybody here could read. The text says what is wrong."""


class Message(BaseModel):
    """What every event model has in common: frozen; unknown fields are ignored, because later producers may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    TYPE: ClassVar[str]

    def to_json(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


class Cause(Message):
    """What led to a fact: the root of a cascade.

    `kind` tells how to read `id`: a completion's event id, a publication `id@version`, an expiry's award id,
    a decision's request id. `time` is its own time at the source.
    """

    kind: Literal["completion", "publication", "expiry", "decision", "erasure"]
    id: str
    source: str | None = None
    time: Instant


class Fact(Message):
    """A past-tense event that a service decided. It carries the whole state of its subject and the subject's revision."""

    revision: Annotated[int, Field(ge=1)]
    cause: Cause

    @property
    def subject(self) -> str:
        """What the fact is about; revisions count along it."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """The message's key on the topic."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        return str(uuid.uuid5(FACTS, f"{self.TYPE}|{self.subject}|{self.revision}"))


@dataclass(frozen=True, slots=True)
class Envelope:
    """A CloudEvent's attributes and its data, undecoded. `time` is the source's own."""

    id: str
    type: str
    source: str
    time: datetime
    subject: str | None = None
    traceparent: str | None = None
    data: bytes = b""

    def headers(self) -> Headers:
        pairs: list[tuple[str, str | None]] = [
            ("ce_specversion", "1.0"),
            ("ce_id", self.id),
            ("ce_type", self.type),
            ("ce_source", self.source),
            ("ce_time", rfc3339(self.time)),
            ("ce_subject", self.subject),
            ("content-type", "application/json"),
            ("traceparent", self.traceparent),
        ]
        return [(name, value.encode()) for name, value in pairs if value is not None]


def read_envelope(headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> Envelope:
    """Raises Malformed when a required attribute is missing, empty or unreadable."""
    try:
        found = {name: raw.decode() for name, raw in headers if raw is not None}
    except UnicodeDecodeError as error:
        raise Malformed(f"a header is not UTF-8: {error}") from error
    missing = [name for name in ("ce_id", "ce_type", "ce_source", "ce_time") if not found.get(name)]
    if missing:
        raise Malformed(
            f"the headers lack {', '.join(missing)}; a CloudEvent in binary mode has ce_id, ce_type, ce_source, ce_time"
        )
    if found.get("ce_specversion", "1.0") != "1.0":
        raise Malformed("ce_specversion must be 1.0: nothing else is understood")
    content_type = found.get("content-type", "application/json")
    if content_type.split(";")[0].strip() != "application/json":
        raise Malformed("content-type must be application/json, and so must the data")
    if len(found["ce_id"]) > 255 or len(found["ce_source"]) > 500:
        raise Malformed("ce_id may have 255 characters and ce_source 500 at most")
    if any(letter.isspace() or not letter.isprintable() for letter in found["ce_source"]):
        raise Malformed(
            "ce_source has blanks or control characters; it is a URI reference such as urn:example:lms, which has none"
        )
    if value is None:
        raise Malformed("the message has no value")
    return Envelope(
        id=found["ce_id"],
        type=found["ce_type"],
        source=found["ce_source"],
        time=_instant(found["ce_time"]),
        subject=found.get("ce_subject"),
        traceparent=found.get("traceparent"),
        data=value,
    )


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed("ce_time is not an RFC 3339 time such as 2026-11-23T12:00:00Z") from error
    if moment.tzinfo is None:
        raise Malformed("ce_time has no offset; write 2026-11-23T12:00:00Z or …+01:00")
    if moment < EARLIEST:
        raise Malformed("ce_time is before 1900")
    try:
        return _in_utc(moment)
    except ValueError as error:
        raise Malformed(f"ce_time: {error}") from error


def envelope_of(fact: Fact, source: str, traceparent: str | None) -> Envelope:
    """The CloudEvent that carries a fact; its time is that of what caused it, so the same fact is always the same bytes."""
    return Envelope(
        id=fact.id,
        type=fact.TYPE,
        source=source,
        time=fact.cause.time,
        subject=fact.subject,
        traceparent=traceparent,
        data=fact.to_json(),
    )


JSONDocument = dict[str, Any]
