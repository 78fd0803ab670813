"""What lies on a topic, read from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, ConsumerRecord


async def records(bootstrap: str, topic: str) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """All that is on the topic now; each partition's in their order."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=8_000_000,
    )
    async with consumer:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for found in (await consumer.getmany(timeout_ms=200, max_records=5_000)).values():
                for record in found:
                    yield record


async def all_on(bootstrap: str, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
    return [record async for record in records(bootstrap, topic)]
