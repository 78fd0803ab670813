"""One source's consumer in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.topics import OnTopics
from services.assessment.sources.gate import Gate
from services.assessment.sources.intake import Intake
from services.assessment.sources.registry import Registered, Registry
from services.assessment.sources.topics.clusters import Cluster
from services.assessment.sources.topics.messages import Later, Message
from services.assessment.sources.topics.schemas import UnknownSchema
from services.assessment.sources.topics.unpacking import UNPACK
from services.assessment.sources.topics.unread import Unread
from shared.http import Problem
from shared.kafka import LARGEST_MESSAGE, Unavailable, persistently
from shared.mongo import DatabaseError
from shared.telemetry import metrics

log = logging.getLogger(__name__)

T = TypeVar("T")

AT_ONCE: Final = 200
SCHEMAS_SPREAD: Final = timedelta(seconds=30)
"""After a message was written, its schema may take this long to be known by every instance of a registry."""

TROUBLES: Final = (DatabaseError, Unavailable, Later)
STOPS_WITHIN: Final = 10.0
LONGEST_PAUSE: Final = 15.0


class Leaving(Exception):
    """The messages in hand aren't taken by us: we are to stop, or they are somebody else's now. Nothing was committed."""


class Listener:
    """Reads the topics that `registered` names, from `start` to `stop`. `trouble` says what is being waited out, if anything."""

    def __init__(
        self,
        registered: Registered,
        cluster: Cluster,
        group: str,
        client: str,
        registry: Registry,
        gate: Gate,
        intake: Intake,
        unread: Unread,
    ) -> None:
        options = registered.source.options
        assert isinstance(options, OnTopics)
        self.slug = registered.source.id
        self.options = options
        self.trouble: str | None = None
        self._unpack = UNPACK[registered.source.format]
        self._cluster = cluster
        self._group = group
        self._client = client
        self._registry = registry
        self._gate = gate
        self._intake = intake
        self._unread = unread
        self._stopping = asyncio.Event()
        self._giving_up = False
        self._working = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._consumer: AIOKafkaConsumer | None = None

    @property
    def partitions(self) -> int:
        """How many are this process's now."""
        return 0 if self._consumer is None else len(self._consumer.assignment())

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"listen for {self.slug}")

    async def stop(self) -> None:
        """Finish the portion in hand, if that can be done soon, and leave the group."""
        self._stopping.set()
        if self._task is not None:
            done, _ = await asyncio.wait({self._task}, timeout=STOPS_WITHIN)
            if not done:
                self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause = 0.5
        while not self._stopping.is_set():
            self._consumer = consumer = self._made()
            try:
                await consumer.start()
                consumer.subscribe(self.options.topics, listener=_Rebalancing(self))
                self.trouble, pause = None, 0.5
                await self._listen(consumer)
            except Leaving:
                pass
            except Exception as error:  # a source's trouble may end no other's work, nor the process
                self.trouble = f"its topics cannot be read: {type(error).__name__}"
                level = logging.WARNING if isinstance(error, KafkaError) else logging.ERROR
                log.log(level, "the topics of the source %s cannot be read, trying again", self.slug, exc_info=error)
            finally:
                self._consumer = None
                await _closed(consumer)
            await self._rest(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _made(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **self._cluster.connection,
            group_id=self._group,
            client_id=self._client,
            enable_auto_commit=False,
            auto_offset_reset=self.options.begins,
            isolation_level="read_committed",
            session_timeout_ms=10_000,
            metadata_max_age_ms=5_000,  # a topic that isn't there yet is found soon after it is made
            max_partition_fetch_bytes=2 * LARGEST_MESSAGE,
            fetch_max_wait_ms=200,
        )

    async def _listen(self, consumer: AIOKafkaConsumer) -> None:
        while not self._stopping.is_set():
            found = await consumer.getmany(timeout_ms=300, max_records=AT_ONCE)
            records = [record for together in found.values() for record in together]
            if not records:
                self._look_for_topics(consumer)
                continue
            async with self._working:
                await self._take([Message.of(record) for record in records])
                await _committed(consumer, {partition: together[-1].offset + 1 for partition, together in found.items()})

    def _look_for_topics(self, consumer: AIOKafkaConsumer) -> None:
        missing = [topic for topic in self.options.topics if not consumer.partitions_for_topic(topic)]
        self.trouble = f"there is no topic {', '.join(missing)}" if missing else None

    async def rebalancing(self) -> None:
        """What is in hand is finished before the partitions may be another's, or left if it can't be without waiting."""
        self._giving_up = True
        async with self._working:
            self._giving_up = False

    async def _take(self, messages: Sequence[Message]) -> None:
        """Returns when all of them are entered, published and counted. Raises Leaving."""
        originals = await self._persisted(lambda: self._unpacked(messages))
        await self._persisted(lambda: self._kept(messages, originals))
        most = (await self._persisted(self._registered)).source.quota.per_minute
        for begin in range(0, len(originals), most):
            await self._portion(originals[begin : begin + most])
        for message in messages:
            metrics.EVENTS_IN.add(1, {metrics.TOPIC: message.topic})

    async def _portion(self, originals: Sequence[Any]) -> None:
        await self._persisted(lambda: self._admitted(len(originals)))
        await self._persisted(lambda: self._taken(originals))

    async def again(self) -> None:
        """Read what could not be read, for want of its schema. Raises what is in the way now."""
        after = ""
        while found := await self._unread.again(self.slug, after):
            after = found[-1][0]
            originals = await self._unpacked([message for _, message in found])
            good = [(id_, one) for (id_, _), one in zip(found, originals, strict=True) if not isinstance(one, Wrong)]
            if good:
                await self._taken([one for _, one in good])
                await self._unread.read([id_ for id_, _ in good])

    async def _unpacked(self, messages: Sequence[Message]) -> list[Any]:
        """The originals; for what can never be read, why. Raises Later."""
        originals: list[Any] = []
        for message in messages:
            try:
                originals.append(await self._unpack(message, self._cluster.schemas))
            except UnknownSchema as wrong:
                if datetime.now(UTC) < message.stamp + SCHEMAS_SPREAD:
                    raise Later(wrong.detail) from wrong
                originals.append(wrong)
            except Wrong as wrong:
                originals.append(wrong)
        return originals

    async def _kept(self, messages: Sequence[Message], originals: Sequence[Any]) -> None:
        wrong = [(message, one) for message, one in zip(messages, originals, strict=True) if isinstance(one, Wrong)]
        if wrong:
            await self._unread.keep(self.slug, self.options.cluster, wrong)
            for message, _ in wrong:
                metrics.DEAD_LETTERS.add(1, {metrics.TOPIC: message.topic})

    async def _registered(self) -> Registered:
        """As it is by now. Raises Leaving."""
        found = await self._registry.one(self.slug)
        if found is None or found.paused:
            raise Leaving
        return found

    async def _admitted(self, number: int) -> None:
        try:
            await self._gate.admit((await self._registered()).source, number)
        except Problem as problem:
            raise Later("it has brought as much as its quota allows; the rest waits on its topics") from problem

    async def _taken(self, originals: Sequence[Any]) -> None:
        await self._intake.take((await self._registered()).source, originals)

    async def _persisted(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What it gives when it succeeds. Raises Leaving when it doesn't and we are to leave."""
        result: list[T] = []

        async def watched() -> None:
            try:
                result.append(await attempt())
            except TROUBLES as trouble:
                self.trouble = str(trouble) if isinstance(trouble, Later) else type(trouble).__name__
                raise
            self.trouble = None

        try:
            await persistently(f"Taking what {self.slug} says on its topics", watched, *TROUBLES, while_=self._staying)
        except TROUBLES as trouble:
            raise Leaving from trouble
        return result[0]

    def _staying(self) -> bool:
        return not (self._stopping.is_set() or self._giving_up)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass


class _Rebalancing(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await self._listener.rebalancing()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        pass


async def _committed(consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
    """Where that fails, the partitions are another's by now, who reads the same again; that does no harm."""
    try:
        await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError) as error:
        log.info("offsets are not committed, for the partitions have gone: %s", type(error).__name__)


async def _closed(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(STOPS_WITHIN):
            await consumer.stop()
    except (KafkaError, TimeoutError) as error:
        log.warning("a consumer did not stop cleanly: %s", type(error).__name__)
