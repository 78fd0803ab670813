"""What lies on topics and among dead letters, read from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from services.assessment.stream import FLOW as ASSESSMENT
from services.awarding.domain.ids import PublicIds
from services.awarding.stream import flow as awarding
from services.notifications.stream import FLOW as NOTIFICATIONS
from shared.decisions import Refused
from shared.kafka import home
from shared.stream import Flow
from shared.stream.flow import Role
from shared.stream.incoming import Incoming, Reader
from shared.topics import DEAD_LETTERS
from tests.platform.log import records

FLOWS: Final[tuple[Flow[Any, Any], ...]] = (ASSESSMENT, awarding(PublicIds(b"k" * 32)), NOTIFICATIONS)

Place = tuple[str, int, int]
"""Topic, partition and offset."""


@dataclass(frozen=True, slots=True)
class Letter:
    origin: Place
    reason: str
    spoilt: str
    """How the original was spoilt, where its headers are left; `good` ones weren't."""


async def letters(bootstrap: str) -> dict[Place, Letter]:
    """Every dead letter of all services, by where its original stood; one that was written twice is one."""
    found = {}
    for topic in DEAD_LETTERS.values():
        async for record in records(bootstrap, topic.name):
            said = {name: raw.decode("utf-8", "replace") for name, raw in record.headers}
            place = said["origin_topic"], int(said["origin_partition"]), int(said["origin_offset"])
            found[place] = Letter(place, said.get("reason", ""), said.get("original_spoilt", ""))
    return found


async def refused(bootstrap: str, partitions: int) -> tuple[dict[Place, str], int]:
    """What can never be read as an event, by where it stands, with why; and how many messages there are in all.

    What lies on another partition than its home is left out: it is forwarded, and counts there.
    """
    found: dict[Place, str] = {}
    count = 0
    for flow in FLOWS:
        reader = Reader(flow)
        for role, topic in flow.inputs.items():
            async for record in records(bootstrap, topic.name):
                count += 1
                if record.key is not None and home(record.key, partitions) != record.partition:
                    continue
                try:
                    reader.read(incoming(role, record))
                except Refused as why:
                    found[record.topic, record.partition, record.offset] = str(why)
    return found, count


def incoming(role: Role, record: ConsumerRecord[bytes, bytes]) -> Incoming:
    stamp = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return Incoming(role, record.topic, record.partition, record.offset, record.key, record.value, tuple(record.headers), stamp)


@asynccontextmanager
async def lags(bootstrap: str) -> AsyncIterator[Lags]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await consumer.start()
    await admin.start()
    try:
        yield Lags(consumer, admin)
    finally:
        await admin.close()
        await consumer.stop()


@dataclass(frozen=True)
class Lags:
    consumer: Any
    admin: Any

    async def of(self, flows: Iterable[Flow[Any, Any]] = FLOWS) -> dict[str, int]:
        """Messages on each topic that its stream hasn't acknowledged; without those that have none."""
        found = {}
        for flow in flows:
            for topic in flow.inputs.values():
                described = await self.admin.describe_topics([topic.name])
                partitions = [TopicPartition(topic.name, part["partition"]) for part in described[0]["partitions"]]
                committed = await self.admin.list_consumer_group_offsets(flow.service, partitions=partitions)
                ends = await self.consumer.end_offsets(partitions)
                if lag := sum(end - max(committed[partition].offset, 0) for partition, end in ends.items() if end):
                    found[topic.name] = lag
        return found
