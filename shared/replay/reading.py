"""Topics read from outside of any consumer group: partitions whole, their ends, and what the groups have acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.broker import At, connection
from shared.kafka import LARGEST_MESSAGE
from shared.stream.flow import Role
from shared.stream.incoming import Incoming

AT_ONCE: Final = 500


class Topics:
    """Reads, and moves nothing: neither offsets nor messages."""

    def __init__(self, broker: At, consumer: AIOKafkaConsumer) -> None:
        self._broker = broker
        self._consumer = consumer

    @classmethod
    @asynccontextmanager
    async def open(cls, broker: At) -> AsyncIterator[Self]:
        consumer = AIOKafkaConsumer(
            **connection(broker),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * LARGEST_MESSAGE,
        )
        await consumer.start()
        try:
            yield cls(broker, consumer)
        finally:
            await consumer.stop()

    async def partitions(self, topic: str) -> int:
        """How many the topic has; none if there is no such topic."""
        await self._consumer._client.add_topic(topic)
        return len(self._consumer.partitions_for_topic(topic) or ())

    async def beginning(self, topic: str, partition: int) -> int:
        """The offset of the oldest message that is kept."""
        place = TopicPartition(topic, partition)
        return int((await self._consumer.beginning_offsets([place]))[place])

    async def end(self, topic: str, partition: int) -> int:
        """The offset that the next message gets."""
        place = TopicPartition(topic, partition)
        return int((await self._consumer.end_offsets([place]))[place])

    async def committed(self, group: str, topics: Iterable[str]) -> Mapping[tuple[str, int], int]:
        """By topic and partition, the offset up to which the group has acknowledged; nothing where it never did."""
        places = [TopicPartition(topic, number) for topic in topics for number in range(await self.partitions(topic))]
        admin = AIOKafkaAdminClient(**connection(self._broker))
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(group, partitions=places)
        finally:
            await admin.close()
        return {(place.topic, place.partition): meta.offset for place, meta in found.items() if meta.offset >= 0}

    async def read(
        self, topic: str, partition: int, role: Role, start: int = 0, end: int | None = None
    ) -> AsyncIterator[list[Incoming]]:
        """The messages from offset `start` until before `end` (None: all that are there now), some hundred at a time."""
        place = TopicPartition(topic, partition)
        end = await self.end(topic, partition) if end is None else end
        start = max(start, await self.beginning(topic, partition))
        if start >= end:
            return
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        while await self._consumer.position(place) < end:
            taken = await self._consumer.getmany(place, timeout_ms=500, max_records=AT_ONCE)
            found = [_incoming(role, record) for record in taken.get(place, ()) if record.offset < end]
            if found:
                yield found
        self._consumer.unsubscribe()


def _incoming(role: Role, record: Any) -> Incoming:
    return Incoming(
        role,
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        tuple(record.headers),
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )
