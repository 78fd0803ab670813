"""What a service's HTTP side asks of its own stream, on the way to the learner's one writer."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from shared import telemetry
from shared.events.envelope import Envelope, Message


def request_of(service: str, message: Message) -> Envelope:
    """The envelope for `<service>.requests`: asked now, under an id of its own, in the trace that is under way."""
    return Envelope(
        id=str(uuid4()),
        type=message.TYPE,
        source=f"cairn/{service}",
        time=datetime.now(UTC),
        traceparent=telemetry.traceparent(),
        data=message.to_json(),
    )
