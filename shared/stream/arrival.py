"""When what led to a message came to the platform: facts carry it from service to service, so that the whole way can be measured.

It is a header beside the CloudEvent, `cairn_arrived`, in milliseconds since 1970. No decision reads it, and it is not kept: what
is said again goes without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from shared.events.envelope import Envelope
from shared.kafka import Outgoing
from shared.stream.flow import Flow
from shared.telemetry import metrics

if TYPE_CHECKING:
    from shared.stream.incoming import Incoming

ARRIVED: Final = "cairn_arrived"


class Told(Protocol):
    @property
    def envelope(self) -> Envelope: ...
    @property
    def arrived(self) -> datetime | None: ...


def arrival(flow: Flow[Any, Any], incoming: Incoming) -> datetime | None:
    """The broker's stamp of a completion or a request; of a fact what the fact says, if anything.

    Requests and what strangers write are never asked: what was sent again came now, and strangers may write as they like.
    """
    if incoming.role == "asks" or (incoming.role == "reads" and flow.reads.strangers_write):
        return incoming.stamp
    found = next((raw for name, raw in incoming.headers if name == ARRIVED and raw), None)
    try:
        return None if found is None else datetime.fromtimestamp(int(found[:20]) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def carrying(message: Outgoing, arrived: datetime | None) -> Outgoing:
    if arrived is None:
        return message
    header = (ARRIVED, str(int(arrived.timestamp() * 1000)).encode())
    return replace(message, headers=[*message.headers, header])


def count(said: Iterable[Told], now: datetime) -> None:
    """Facts that the broker has confirmed."""
    for one in said:
        attributes = {metrics.TYPE: one.envelope.type}
        metrics.FACTS.add(1, attributes)
        if one.arrived is not None:
            metrics.LATENCY.record(max((now - one.arrived).total_seconds(), 0), attributes)


def described(incoming: Incoming) -> dict[str, str | int]:
    """A message, as the conventions for messaging have it: where it lay, and nothing of what is in it."""
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": incoming.topic,
        "messaging.destination.partition.id": str(incoming.partition),
        "messaging.kafka.offset": incoming.offset,
    }
