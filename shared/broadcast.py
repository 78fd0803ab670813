"""Topics that every instance reads whole: the publications, as a snapshot that follows the topic."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.broker import At, connection
from shared.events.catalog import Published
from shared.events.envelope import Cause, Malformed, Message, read_envelope
from shared.kafka import LARGEST_MESSAGE, Unavailable, persistently
from shared.topics import Topic

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication as it stands on its topic: the fact, the offset that it has, and the trace that led to it."""

    published: Published
    offset: int
    cause: Cause
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All publications up to a revision: the newest of each id@version. A later snapshot has a higher revision."""

    revision: int = 0
    by_key: Mapping[str, Publication] = field(default_factory=dict)

    @property
    def publications(self) -> tuple[Published, ...]:
        return tuple(found.published for found in self.by_key.values())

    def changed(self, since: int) -> dict[str, Publication]:
        """By definition id, the last publication that came at revision `since` or later."""
        later = sorted((found for found in self.by_key.values() if found.offset >= since), key=lambda found: found.offset)
        return {found.published.id_: found for found in later}


class Broadcast:
    """The compacted topic of publications, read whole by each instance, without a group, and followed as it grows.

    `async with Broadcast(...)`; `await caught_up()` before relying on `snapshot`.
    """

    def __init__(self, broker: At, topic: Topic) -> None:
        self._broker = broker
        self._topic = topic
        self._models: dict[str, type[Message]] = {model.TYPE: model for model in topic.events}
        self._partition = TopicPartition(topic.name, 0)
        self._consumer: AIOKafkaConsumer | None = None
        self._follower: asyncio.Task[None] | None = None
        self._moved = asyncio.Condition()
        self.snapshot = Snapshot()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def start(self) -> None:
        """Waits for the broker as long as it takes."""
        await persistently("Connecting to the broker", self._connect, KafkaError)
        self._follower = asyncio.create_task(self._follow(), name=f"follow {self._topic.name}")

    async def stop(self) -> None:
        follower, self._follower = self._follower, None
        consumer, self._consumer = self._consumer, None
        if follower is not None:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
        if consumer is not None:
            await consumer.stop()

    async def caught_up(self) -> Snapshot:
        """Wait until all is read that is on the topic now. Raises Unavailable if it isn't being read any more."""
        end = 0

        async def ask() -> None:
            nonlocal end
            if self._consumer is None:
                raise Unavailable(f"{self._topic.name} is not being read")
            end = (await self._consumer.end_offsets([self._partition]))[self._partition]

        await persistently("Asking for the end of the publications", ask, KafkaError)
        async with self._moved:
            await self._moved.wait_for(lambda: self.snapshot.revision >= end or not self._following)
        if not self._following:
            raise Unavailable(f"{self._topic.name} is not being read")
        return self.snapshot

    async def after(self, revision: int) -> Snapshot:
        """Wait for a snapshot of a higher revision."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.snapshot.revision > revision)
        return self.snapshot

    @property
    def _following(self) -> bool:
        return self._follower is not None and not self._follower.done()

    async def _connect(self) -> None:
        consumer = AIOKafkaConsumer(
            **connection(self._broker),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=2 * LARGEST_MESSAGE,
            metadata_max_age_ms=30_000,
            fetch_max_wait_ms=200,  # while the broker waits for more, it answers nothing else on this connection
        )
        try:
            await consumer.start()
            consumer.assign([self._partition])
            await consumer.seek_to_beginning(self._partition)
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer

    async def _follow(self) -> None:
        assert self._consumer is not None
        try:
            while True:
                try:
                    taken = await self._consumer.getmany(timeout_ms=500)
                    position = await self._consumer.position(self._partition)
                except KafkaError as trouble:
                    log.warning("Reading %s failed, trying again: %s", self._topic.name, trouble)
                    await asyncio.sleep(0.5)
                    continue
                records = [record for found in taken.values() for record in found]
                if records or position > self.snapshot.revision:
                    await self._move(records, position)
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                async with self._moved:
                    self._moved.notify_all()

    async def _move(self, records: Sequence[Any], position: int) -> None:
        by_key = dict(self.snapshot.by_key)
        for record in records:
            publication = self._read(record)
            if publication is None:
                continue
            known = by_key.get(publication.published.subject)
            if known is None or known.published.revision < publication.published.revision:
                by_key[publication.published.subject] = publication
        async with self._moved:
            self.snapshot = replace(self.snapshot, revision=position, by_key=by_key)
            self._moved.notify_all()

    def _read(self, record: Any) -> Publication | None:
        """None for what nobody here can read: it is said in the log, and the next one is read."""
        try:
            envelope = read_envelope(record.headers, record.value)
            model = self._models.get(envelope.type)
            if model is None:
                raise Malformed(f"the type {envelope.type!r} is unknown")
            published = model.model_validate_json(envelope.data)
        except (Malformed, ValidationError) as error:
            reason = str(error) if isinstance(error, Malformed) else f"{error.error_count()} errors in the data"
            log.error("%s at offset %d cannot be read and is left out: %s", self._topic.name, record.offset, reason)
            return None
        assert isinstance(published, Published)
        cause = Cause(kind="publication", id=published.subject, source=envelope.source, time=envelope.time)
        return Publication(published, record.offset, cause, envelope.traceparent)
