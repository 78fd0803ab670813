"""A message as it lay on its topic, and how an event is read out of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from pydantic import ValidationError

from shared.decisions import Event, Refused
from shared.events.envelope import EARLIEST, Fact, Malformed, Message, read_envelope
from shared.kafka import MEGABYTE
from shared.stream.flow import Flow, Role

LARGEST: Final = MEGABYTE
CLOCKS_DIFFER: Final = timedelta(minutes=5)
LONG_NUMBER: Final = re.compile(rb"[:\[,]\s*-?[0-9]{19}")
"""What a number beyond 64 bits has, and hardly anything else."""
REDRIVEN: Final = "redriven_from"


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """`stamp` is the broker's own. `acknowledge` is called when all that follows from the message is safe."""

    role: Role
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    stamp: datetime
    acknowledge: Callable[[], None] = lambda: None

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it is: topic, partition, offset."""
        return self.topic, self.partition, self.offset

    @property
    def redriven(self) -> bool:
        return any(name == REDRIVEN for name, _ in self.headers)

    @property
    def traceparent(self) -> str | None:
        found = next((raw for name, raw in self.headers if name == "traceparent" and raw), None)
        return found.decode("ascii", "replace") if found else None


class Reader:
    """Reads the events of one flow: knows its models by type."""

    def __init__(self, flow: Flow[Any, Any]) -> None:
        self._models: dict[str, type[Message]] = {model.TYPE: model for model in flow.table}
        carried: dict[Role, set[str]] = {role: {model.TYPE for model in topic.events} for role, topic in flow.inputs.items()}
        self._known = self._models.keys() | set().union(*carried.values())
        self._only_asked = carried["asks"] - carried["reads"]
        self._beside = carried.get("beside", set())

    def read(self, incoming: Incoming) -> Event[Message] | None:
        """None: an event that the topic may carry, but that is no concern of this flow.

        Raises Refused when it can never be applied. The text quotes nothing of the data but names and types.
        """
        if incoming.key is None:
            raise Refused("the message has no key, but the key must be the learner")
        if incoming.value is not None and len(incoming.value) > LARGEST:
            raise Refused(f"the data have {len(incoming.value)} bytes, {LARGEST} are allowed")
        try:
            envelope = read_envelope(incoming.headers, incoming.value)
        except Malformed as error:
            raise Refused(str(error)) from error
        if incoming.role == "beside" and envelope.type not in self._beside:
            raise Refused(f"the type {envelope.type[:200]!r} is not one that this topic carries")
        if incoming.role != "asks" and envelope.type in self._only_asked:
            raise Refused(f"the type {envelope.type!r} is a request, and requests are taken from no other topic than their own")
        model = self._models.get(envelope.type)
        if model is None:
            if envelope.type in self._known:
                return None
            raise Refused(unknown(envelope.type, self._models))
        if envelope.time > incoming.stamp + CLOCKS_DIFFER:
            raise Refused(f"its time {envelope.time.isoformat()} is later than the broker's own, {incoming.stamp.isoformat()}")
        try:
            data = model.model_validate_json(envelope.data)
        except ValidationError as error:
            raise Refused(explained(error)) from error
        if isinstance(data, Fact) and not EARLIEST <= data.cause.time <= incoming.stamp + CLOCKS_DIFFER:
            # What follows from it has this time, too, and nobody could read that.
            raise Refused(f"the time of its cause is before 1900, or later than the broker's own, {incoming.stamp.isoformat()}")
        if LONG_NUMBER.search(envelope.data) is not None and (place := _too_large(data.model_dump())) is not None:
            raise Refused(f"{place}: the number is larger than any that can be kept")
        if getattr(data, "learner", "").encode() != incoming.key:
            raise Refused("the key is not the learner in the data")
        digest = blake2b(envelope.data, digest_size=8).hexdigest()
        return Event(data, envelope.id, envelope.source, envelope.type, envelope.time, digest, envelope.traceparent)


def _too_large(value: Any, place: str = "the data") -> str | None:
    """Where there is a whole number that no database takes."""
    if isinstance(value, int):
        return place if not -(2**63) <= value < 2**63 else None
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    return next((found for name, inner in items if (found := _too_large(inner, str(name)[:60])) is not None), None)


def unknown(kind: str, models: Mapping[str, object]) -> str:
    """Says which version is understood, where it is only the version that is not."""
    name, _, version = kind.rpartition(".")
    understood = sorted(known for known in models if known.rpartition(".")[0] == name)
    if understood:
        return f"version {version[:40]!r} of {name} is unknown, understood is {', '.join(understood)}"
    return f"the type {kind[:200]!r} is unknown"


def explained(error: ValidationError) -> str:
    """What is wrong where, without the values."""
    found = [
        f"{'.'.join(str(step)[:60] for step in problem['loc']) or 'the data'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
    return "; ".join(found[:5])[:2_000] + more
