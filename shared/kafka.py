"""Kafka without a consumer group: homes of keys, topics, and a producer that confirms."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)
from aiokafka.partitioner import murmur2

from shared.broker import At, connection
from shared.events.envelope import Envelope, Headers
from shared.topics import TOPICS, Topic

log = logging.getLogger(__name__)

MEGABYTE: Final = 1024 * 1024
LARGEST_MESSAGE: Final = 2 * MEGABYTE
"""What a topic takes. The data of an event may have one megabyte: forwarded or buried, it must still fit."""

_DAY_MS: Final = 24 * 60 * 60 * 1000


class Unavailable(Exception):
    """The broker did not confirm in time. Whether it has the message is not known."""


class TooLarge(ValueError):
    """No topic takes a message of that size."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for a topic. Without a partition the key decides, as Java's clients do."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None

    @classmethod
    def of(cls, topic: str, key: str, envelope: Envelope, partition: int | None = None) -> Outgoing:
        return cls(topic, key.encode(), envelope.data, envelope.headers(), partition)


def home(key: str | bytes, partitions: int) -> int:
    """The partition of a key: murmur2, as Java's producers do by default."""
    return _hash(key.encode() if isinstance(key, str) else key) % partitions


@lru_cache(maxsize=65_536)
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


async def persistently(
    what: str,
    attempt: Callable[[], Awaitable[None]],
    *troubles: type[BaseException],
    within: float | None = None,
    while_: Callable[[], bool] = lambda: True,
) -> None:
    """Try until it succeeds, with growing pauses, at most two seconds long.

    The last trouble is raised when `within` seconds are over or `while_` has become false.
    """
    started, pause = monotonic(), 0.05
    while True:
        try:
            return await attempt()
        except troubles as trouble:
            if not while_() or (within is not None and monotonic() + pause > started + within):
                raise
            log.warning("%s failed, trying again in %.2f s: %s", what, pause, str(trouble) or type(trouble).__name__)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 2.0)


class Publisher:
    """A producer: what it has published is on all replicas in sync, in order within a partition."""

    def __init__(self, broker: At, *, client: str = "cairn") -> None:
        self._broker = broker
        self._client = client
        self._producer: AIOKafkaProducer | None = None
        self._renewing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Waits for the broker as long as it takes."""
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def start(self) -> None:
        await persistently("Connecting to the broker", self._connect, KafkaError)

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def publish(
        self, topic: str, key: str, envelope: Envelope, partition: int | None = None, *, within: float | None = 10.0
    ) -> None:
        """Returns when the broker has it. Raises Unavailable after `within` seconds (None: never), or TooLarge."""
        await self.publish_all([Outgoing.of(topic, key, envelope, partition)], within=within)

    async def publish_all(
        self,
        messages: Sequence[Outgoing],
        *,
        within: float | None = 10.0,
        while_: Callable[[], bool] = lambda: True,
    ) -> None:
        """Returns when the broker has them all. What is not confirmed is sent again, so some may be there twice.

        Raises Unavailable after `within` seconds or when `while_` has become false, and TooLarge, before anything is sent.
        """
        for message in messages:
            if len(message.value or b"") > LARGEST_MESSAGE - 64 * 1024:
                raise TooLarge(f"{len(message.value or b'')} bytes are too many for {message.topic}")
        waiting = list(messages)

        async def attempt() -> None:
            nonlocal waiting
            waiting = await self._send(waiting, within)

        try:
            await persistently("Publishing", attempt, KafkaError, TimeoutError, within=within, while_=while_)
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"the broker did not confirm: {str(error) or type(error).__name__}") from error

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has. Raises Unavailable if there is no such topic."""
        producer = await self._connected()
        try:
            return len(await producer.partitions_for(topic))
        except KafkaError as error:
            raise Unavailable(f"topic {topic}: {error}") from error

    async def asked(self, topic: str) -> None:
        """Ask the broker anew for its topics. Raises Unavailable if it does not say that there is this one."""
        producer = await self._connected()
        try:
            found = (await producer.client.fetch_all_metadata()).partitions_for_topic(topic)
        except KafkaError as error:
            raise Unavailable(f"the broker does not answer: {type(error).__name__}") from error
        if not found:
            raise Unavailable(f"there is no topic {topic}")

    async def _send(self, messages: Sequence[Outgoing], within: float | None) -> list[Outgoing]:
        """Raises the first trouble, if any message was not confirmed."""
        producer = await self._connected()
        async with asyncio.timeout(within):
            confirmations = [
                await producer.send(m.topic, value=m.value, key=m.key, headers=m.headers, partition=self._partition(producer, m))
                for m in messages
            ]
            results = await asyncio.gather(*confirmations, return_exceptions=True)
        for result in results:
            if isinstance(result, MessageSizeTooLargeError):
                raise TooLarge("a message is larger than its topic takes") from result
        troubles = [result for result in results if isinstance(result, BaseException)]
        if troubles:
            await self._renew(producer)
            raise troubles[0]
        return []

    @staticmethod
    def _partition(producer: AIOKafkaProducer, message: Outgoing) -> int | None:
        """Chosen here because the client hashes each key anew, in plain Python."""
        if message.partition is not None or message.key is None:
            return message.partition
        known = producer._metadata.partitions_for_topic(message.topic)
        return home(message.key, len(known)) if known else None

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            async with self._renewing:
                if self._producer is None:
                    await self._connect()
        assert self._producer is not None
        return self._producer

    async def _renew(self, producer: AIOKafkaProducer) -> None:
        """After a failure the order of a producer's sequence numbers is in doubt: the next attempt begins a new one."""
        async with self._renewing:
            if self._producer is producer:
                self._producer = None
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(2):
                await producer.stop()

    async def _connect(self) -> None:
        producer = AIOKafkaProducer(
            **connection(self._broker),
            client_id=self._client,
            acks="all",
            enable_idempotence=True,
            max_request_size=2 * LARGEST_MESSAGE,
            max_batch_size=128 * 1024,
            request_timeout_ms=15_000,
            metadata_max_age_ms=30_000,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer


async def create_topics(broker: At, partitions: int = 4, replication: int = 1, topics: Iterable[Topic] = TOPICS) -> list[str]:
    """Make those that are missing, and say which those were. Those that are there stay as they are."""
    admin = AIOKafkaAdminClient(**connection(broker))
    await persistently("Connecting to the broker", admin.start, KafkaConnectionError)
    try:
        there = set(await admin.list_topics())
        missing = [
            NewTopic(
                topic.name,
                num_partitions=partitions if topic.partitioned else 1,
                replication_factor=replication,
                topic_configs=configuration(topic),
            )
            for topic in topics
            if topic.name not in there
        ]
        if not missing:
            return []
        answer = await admin.create_topics(missing)
        for name, code, *said in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise KafkaError(f"topic {name} could not be created: {for_code(code).__name__} {said}")
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def configuration(topic: Topic) -> dict[str, str]:
    """The stamp is the broker's own: a producer could say anything."""
    retention = "-1" if topic.days is None else str(topic.days * _DAY_MS)
    return {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": retention,
        "max.message.bytes": str(LARGEST_MESSAGE),
        "message.timestamp.type": "LogAppendTime",
    }
