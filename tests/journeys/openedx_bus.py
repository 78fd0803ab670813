"""Open edX's event bus: its own producer, a real schema registry, topics that no other test has."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.schema_registry import SchemaRegistry
from services.assessment.sources.sources import Sources
from tests.interop.openedx.installed import python
from tests.platform.log import all_on

SCRIPT = Path(__file__).parents[1] / "interop" / "openedx" / "publish.py"
PARTITIONS = 3
SIGNALS = {
    "course.passing.status.updated": "COURSE_PASSING_STATUS_UPDATED",
    "ccx.course.passing.status.updated": "CCX_COURSE_PASSING_STATUS_UPDATED",
    "course.persistent_grade_summary.changed": "PERSISTENT_GRADE_SUMMARY_CHANGED",
    "certificate.created": "CERTIFICATE_CREATED",
    "certificate.changed": "CERTIFICATE_CHANGED",
    "certificate.revoked": "CERTIFICATE_REVOKED",
    "program.certificate.awarded": "PROGRAM_CERTIFICATE_AWARDED",
    "program.certificate.revoked": "PROGRAM_CERTIFICATE_REVOKED",
    "course.enrollment.created": "COURSE_ENROLLMENT_CREATED",
    "exam.attempt.verified": "EXAM_ATTEMPT_VERIFIED",
    "badge.awarded": "BADGE_AWARDED",
}

Raw = tuple[bytes | None, Mapping[str, str]]
"""A value, and headers."""


@dataclass(frozen=True)
class Bus:
    """`topic` has several partitions."""

    bootstrap: str
    registry: SchemaRegistry
    topic: str

    @classmethod
    async def open(cls, bootstrap: str, registry: SchemaRegistry, prefix: str) -> Self:
        bus = cls(bootstrap, registry, f"{prefix}openedx-learning")
        await bus.make(bus.topic)
        return bus

    async def make(self, *topics: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics])
        finally:
            await admin.close()

    async def publish(self, *events: Mapping[str, Any]) -> None:
        """As an LMS does: the events' types, times and data are said anew by Open edX's own producer, under ids of its own."""
        lines = [
            json.dumps({"signal": _signal(each), "time": each["time"], "data": each["data"]}, default=float) for each in events
        ]
        command: list[str | Path] = [python(), SCRIPT, self.bootstrap, self.registry.url, self.topic.removesuffix("-learning")]
        done = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        async with asyncio.timeout(120):
            _, said = await done.communicate("\n".join(lines).encode())
        assert done.returncode == 0, said.decode()[-3_000:]

    async def put(self, *messages: Raw, topic: str | None = None, at: datetime | None = None) -> None:
        """Messages as they are; `at` is the time that their producer gives them."""
        stamp = None if at is None else int(at.timestamp() * 1000)
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap) as producer:
            for value, headers in messages:
                raw = [(name, said.encode()) for name, said in headers.items()]
                key = uuid4().bytes
                await producer.send_and_wait(topic or self.topic, value, key=key, headers=raw, timestamp_ms=stamp)

    async def register(self, subject: str, *, like: int | None = None) -> int:
        """The id of a schema that the registry didn't have, or, of one `like` another, its own id: it differs in its `doc`."""
        async with httpx.AsyncClient(base_url=self.registry.url, timeout=30) as client:
            schema: dict[str, Any] = {"type": "record", "name": "Empty", "fields": []}
            if like is not None:
                schema = json.loads((await client.get(f"/schemas/ids/{like}")).json()["schema"])
            body = {"schema": json.dumps({**schema, "doc": f"{subject}: {uuid4()}"})}
            answer = await client.post(f"/subjects/{uuid4()}/versions", json=body)
            number: int = answer.raise_for_status().json()["id"]
            return number

    async def rewind(self, group: str) -> None:
        """As if the group, in which nobody is now, had read nothing."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.commit(dict.fromkeys(partitions, 0))
        finally:
            await consumer.stop()

    async def messages(self) -> list[ConsumerRecord[bytes, bytes]]:
        """All that is on the topic."""
        return await all_on(self.bootstrap, self.topic)


def raw(message: Any, **headers: str | None) -> Raw:
    """A message as it is, but for these headers (`None`: without it)."""
    said: dict[str, str | None] = {name: value.decode() for name, value in message.headers}
    return message.value, {name: text for name, text in (said | headers).items() if text is not None}


def _signal(event: Mapping[str, Any]) -> str:
    return SIGNALS[event["type"].removeprefix("org.openedx.learning.").removesuffix(".v1")]


def of_user(id_: int, events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same of another learner."""
    return [
        json.loads(json.dumps(each, default=float).replace('"id": 42', f'"id": {id_}').replace('_id": 42', f'_id": {id_}'))
        for each in events
    ]


@asynccontextmanager
async def in_background(*opened: Sources) -> AsyncIterator[Sequence[asyncio.Task[None]]]:
    """What a process of the stream runs beside it."""
    tasks = [asyncio.ensure_future(task()) for sources in opened for task in sources.background]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure


def long_ago() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)
