"""The way from the database to the topic. What was committed is said, in order, however often a process dies in between.

One instance at a time holds the lease and sends. Since a lease can't stop a sender that slept through it, every instance's
proofreader reads the topic back, and has the newest announcement of a version sent again wherever it doesn't stand last.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.catalog.domain.versions import next_start
from services.catalog.publishing import Busy, Catalog
from services.catalog.store import Announcements, Lease, now
from shared import kafka, mongo
from shared.broker import At, connection
from shared.events.catalog import Published
from shared.events.envelope import Envelope, Malformed, read_envelope
from shared.kafka import Outgoing, Publisher, persistently
from shared.telemetry import metrics, span, traceparent
from shared.topics import PUBLICATIONS, Topic

log = logging.getLogger(__name__)

CHUNK: Final = 200
TROUBLES: Final = (mongo.Unavailable, mongo.DatabaseError, kafka.Unavailable, Busy)


async def nothing(step: str) -> None:
    """Between two steps nothing else happens; tests let a process die there."""


@dataclass
class Relay:
    """Sends what waits, as long as it holds the lease; brings versions into force when their day has come.

    `pause` is how long it waits, in seconds, before it looks again what other instances have committed.
    """

    catalog: Catalog
    announcements: Announcements
    lease: Lease
    publisher: Publisher
    topic: Topic = PUBLICATIONS
    pause: float = 1.0
    clock: Callable[[], datetime] = now
    between: Callable[[str], Awaitable[None]] = nothing
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """There is something to send."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. Troubles pass: they are logged, and tried again."""
        try:
            while True:
                self._woken.clear()
                try:
                    if await self.lease.take(self.clock()):
                        await self.bring_into_force()
                        await self.send_waiting()
                except TROUBLES as trouble:
                    log.warning("announcing publications is delayed: %s", type(trouble).__name__)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self.pause)
        finally:
            with contextlib.suppress(*TROUBLES):
                await self.lease.give_back()

    async def bring_into_force(self) -> None:
        starts = next_start((await self.catalog.stock()).shelf)
        if starts is not None and starts <= self.clock():
            count = await self.catalog.bring_into_force()
            log.info("versions came into force", extra={"count": count})

    async def send_waiting(self) -> int:
        """Send all that waits, oldest first; says how many. Stops early when the lease is lost."""
        waiting = await self.announcements.waiting()
        for start in range(0, len(waiting), CHUNK):
            if not await self.lease.take(self.clock()):
                return start
            await self._send(waiting[start : start + CHUNK])
        return len(waiting)

    async def _send(self, waiting: Sequence[tuple[str, str, Envelope]]) -> None:
        messages = []
        for _, key, envelope in waiting:
            with span(f"publish {self.topic.name}", kind="producer", parent=envelope.traceparent):
                messages.append(Outgoing.of(self.topic.name, key, replace(envelope, traceparent=traceparent())))
        await self.publisher.publish_all(messages)
        metrics.PUBLICATIONS.add(len(messages))
        await self.between("published")
        await self.announcements.note_sent([id_ for id_, _, _ in waiting], self.clock())


@dataclass
class Proofreader:
    """Compares what stands last on the topic for each version with what was announced last."""

    catalog: Catalog
    announcements: Announcements
    broker: At
    topic: Topic = PUBLICATIONS
    repaired: Callable[[], None] = lambda: None
    _last: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled: read the topic whole, set right what is wrong with it, and follow it."""
        while True:
            try:
                await self._read()
            except (KafkaError, *TROUBLES) as trouble:
                log.warning("%s can't be read back, trying again: %s", self.topic.name, type(trouble).__name__)
            await asyncio.sleep(1)

    async def _read(self) -> None:
        partition = TopicPartition(self.topic.name, 0)
        consumer = AIOKafkaConsumer(**connection(self.broker), enable_auto_commit=False, auto_offset_reset="earliest")
        try:
            await persistently("Connecting to the broker", consumer.start, KafkaError)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            self._last.clear()
            end = (await consumer.end_offsets([partition]))[partition]
            complete = False
            while True:
                taken = await consumer.getmany(partition, timeout_ms=500)
                overtaken = [key for record in taken.get(partition, []) if (key := self._noted(record)) is not None]
                if not complete:
                    complete = await consumer.position(partition) >= end
                    if complete:
                        await self._compare(None)
                elif overtaken:
                    log.warning("older announcements came behind newer ones", extra={"keys": overtaken})
                    await self._compare(overtaken)
        finally:
            await consumer.stop()

    def _noted(self, record: ConsumerRecord) -> str | None:
        """The key, if this is older than what stood there."""
        try:
            revision = Published.model_validate_json(read_envelope(record.headers, record.value).data).revision
        except (Malformed, ValueError):
            return None
        key = record.key.decode(errors="replace")
        before = self._last.get(key, 0)
        self._last[key] = revision
        return key if revision < before else None

    async def _compare(self, keys: list[str] | None) -> None:
        """Have the newest announcement of each version (of these) sent again unless it stands last."""
        versions = [version for each in (await self.catalog.stock()).shelf.versions.values() for version in each]
        wrong = [
            version
            for version in versions
            if (keys is None or version.key in keys) and self._last.get(version.key, 0) != version.revision
        ]
        for version in wrong:
            await self.announcements.send_again(version)
        if wrong:
            self.repaired()
