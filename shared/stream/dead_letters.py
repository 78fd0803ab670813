"""Dead letters: what can never be applied, kept whole with its reason and where it stood, so that it can be sent again.

A letter's value is the original's; its headers are the original's under `original_<name>`, and of its own `reason`,
`origin_topic`, `origin_partition`, `origin_offset`, `service` and, where the original had to be cut, `truncated_from` (its size).
The same message always gives the same letter id, so a letter that was written twice can be told.
"""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from shared.events.envelope import Headers, rfc3339
from shared.kafka import MEGABYTE, Outgoing
from shared.stream.batch import Batch, Read
from shared.stream.flow import Flow
from shared.stream.incoming import Incoming

log = logging.getLogger(__name__)

LETTERS: Final = uuid.UUID("0f0b7d4e-7a52-5d5e-9f62-3b8a6f1c9d02")
"""The namespace of the ids of dead letters (UUIDv5 of the origin's topic, partition and offset)."""

TYPE: Final = "cairn.dead-letter.v1"
LARGEST: Final = MEGABYTE
KEPT_OF_LARGER: Final = 64 * 1024
LARGEST_HEADERS: Final = 128 * 1024


class Flood(Exception):
    """So many messages of our own services can't be applied that the deployment must be wrong."""


def letter_id(topic: str, partition: int, offset: int) -> str:
    return str(uuid.uuid5(LETTERS, f"{topic}|{partition}|{offset}"))


def letter(topic: str, service: str, origin: Incoming, reason: str, traceparent: str | None) -> Outgoing:
    """The message for the dead-letter topic. Its time is the broker's stamp of the original: the same letter, the same bytes."""
    value = origin.value
    own: list[tuple[str, str | None]] = [
        ("ce_specversion", "1.0"),
        ("ce_id", letter_id(origin.topic, origin.partition, origin.offset)),
        ("ce_type", TYPE),
        ("ce_source", f"cairn/{service}"),
        ("ce_time", rfc3339(origin.stamp)),
        ("reason", reason[:4_000]),
        ("origin_topic", origin.topic),
        ("origin_partition", str(origin.partition)),
        ("origin_offset", str(origin.offset)),
        ("service", service),
        ("traceparent", traceparent),
    ]
    if value is not None and len(value) > LARGEST:
        own.append(("truncated_from", str(len(value))))
        value = value[:KEPT_OF_LARGER]
    headers: Headers = [(name, said.encode("utf-8", "replace")) for name, said in own if said is not None]
    return Outgoing(topic, origin.key, value, headers + _original(origin))


def _original(origin: Incoming) -> Headers:
    room, kept = LARGEST_HEADERS, []
    for name, raw in origin.headers:
        room -= len(name) + len(raw or b"")
        if raw is not None and room >= 0:
            kept.append((f"original_{name}", raw))
    return kept


class Watch:
    """Watches how many of the last messages became dead letters, on our own topics and on those that strangers write.

    On our own, a flood means that the deployment is wrong. Strangers may do as they like: they raise an alarm.
    What is redriven doesn't count, for more of its kind is to be expected.
    """

    def __init__(self, most: int = 100, among: int = 200) -> None:
        self._most = most
        self._own: deque[bool] = deque(maxlen=among)
        self._strange: deque[bool] = deque(maxlen=among)

    def batch(self, flow: Flow[Any, Any], read: Sequence[Read], batch: Batch[Any]) -> None:
        """Raises Flood."""
        dead = {one.incoming for one in batch.buried}
        for one in read:
            topic = flow.inputs[one.incoming.role]
            if not one.incoming.redriven:
                (self._strange if topic.strangers_write else self._own).append(one.incoming in dead)
        self._own.extend([True] * batch.failed_revisions)
        if sum(self._own) >= self._most:
            raise Flood(f"{sum(self._own)} of the last {len(self._own)} messages can't be applied: is the deployment wrong?")
        if sum(self._strange) >= self._most:
            log.error(
                "%d of the last %d messages on %s can't be applied", sum(self._strange), len(self._strange), flow.reads.name
            )
            self._strange.clear()
