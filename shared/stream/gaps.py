"""Gaps between offsets. Most hold no messages (a producer's transaction ends with a marker), but none may be passed over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.broker import At, connection
from shared.kafka import LARGEST_MESSAGE, Unavailable
from shared.stream.checkpoint import Checkpoint
from shared.stream.flow import Role
from shared.stream.incoming import Incoming

Gap = tuple[str, int, int, int]
"""Topic, partition, and the offsets from which and before which nothing came."""


class PassedOver(Exception):
    """Messages that are on the topic were not brought to us. Whoever starts at the checkpoint gets them."""


def gaps(taken: Iterable[Incoming], held: dict[int, Checkpoint]) -> list[Gap]:
    """Where a message came that doesn't follow the one before it, or the checkpoint. Without either, any is the first one."""
    last: dict[tuple[int, Role], int] = {}
    found: list[Gap] = []
    for incoming in taken:
        place = (incoming.partition, incoming.role)
        known = last.get(place, held[incoming.partition].offsets.get(incoming.role))
        if known is not None and incoming.offset > known + 1:
            found.append((incoming.topic, incoming.partition, known + 1, incoming.offset))
        last[place] = incoming.offset
    return found


class Auditor:
    """Looks into gaps with a consumer of its own, which is made when there is a first one."""

    def __init__(self, broker: At) -> None:
        self._broker = broker
        self._consumer: Any = None

    async def check(self, found: Iterable[Gap]) -> None:
        """Raises PassedOver if there are messages in a gap, or Unavailable."""
        try:
            for topic, partition, start, end in found:
                if (there := await self._first(TopicPartition(topic, partition), start, end)) is not None:
                    raise PassedOver(f"{topic}, partition {partition}: {end} came before {there}")
        except KafkaError as error:
            raise Unavailable(f"a gap between offsets can't be looked into: {error}") from error

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _first(self, where: TopicPartition, start: int, end: int) -> int | None:
        """The first offset in the gap at which there is a message."""
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **connection(self._broker),
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                max_partition_fetch_bytes=2 * LARGEST_MESSAGE,
            )
            await consumer.start()
            self._consumer = consumer
        self._consumer.assign([where])
        self._consumer.seek(where, start)
        while await self._consumer.position(where) < end:
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                if records:
                    return records[0].offset if records[0].offset < end else None
        return None
