"""A service's stream: Faust brings the messages, the loop works on them, and what is done is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, Generic, TypeVar, cast

from faust.contrib.asgi import bind_to_running_loop
from faust.streams import Stream as FaustStream
from faust.types import TP, EventT
from faust.types.core import HeadersArg

from shared.broadcast import Broadcast
from shared.broker import At
from shared.kafka import Publisher, Unavailable, persistently
from shared.mongo import ASCENDING, Database, DatabaseError
from shared.stream.checkpoint import COLLECTION as CHECKPOINTS
from shared.stream.checkpoint import Checkpoints, SweepProgress, sweeps
from shared.stream.flow import Flow, Role
from shared.stream.gaps import Auditor
from shared.stream.incoming import Incoming
from shared.stream.lag import lags
from shared.stream.loop import Loop, Steps, no_steps
from shared.stream.patience import TROUBLES
from shared.stream.presence import COLLECTION as WORKERS
from shared.stream.presence import Presence
from shared.stream.records import COLLECTION as RECORDS
from shared.stream.switch import COLLECTION as SWITCHES
from shared.stream.switch import Brake, Switch
from shared.stream.transaction import FACTS
from shared.stream.worker import GATHERED_FOR, MOST_AT_ONCE, App, app_of
from shared.telemetry import metrics
from shared.topics import PUBLICATIONS, Topic

log = logging.getLogger(__name__)

R = TypeVar("R")
K = TypeVar("K")

LOOKS_AROUND_EVERY: Final = 0.25
DUES_EVERY: Final = 2.0
LAG_EVERY: Final = 5.0
POSITIONS_WITHIN: Final = 5.0


class Ended(Exception):
    """The engine has stopped though nobody asked it to."""


class Misconfigured(Exception):
    """The flow's topics don't fit together."""


class Stream(Generic[R, K]):
    """Runs a flow: `start`, then `stop`, which finishes the batch in hand. `failed` gets the error with which the loop ended.

    While an operator has paused it, it keeps its partitions and its place in the group, and does nothing: what it has taken is
    kept in hand, or left where it must give a partition up. A batch that is being worked on is finished before.

    `publications` is the topic of the rules. `time` is the clock by which things fall due, unless it says otherwise the
    database's, for that of this machine may say anything. `clock` and `steps` (called between any two steps of a batch) are for
    tests; with a clock of their own things fall due by that.
    """

    def __init__(
        self,
        flow: Flow[R, K],
        broker: At,
        database: Database,
        *,
        instance: str = "1",
        publications: Topic = PUBLICATIONS,
        steps: Steps = no_steps,
        clock: Callable[[], datetime] | None = None,
        time: Callable[[], Awaitable[datetime]] | None = None,
        most_records: int = 20_000,
    ) -> None:
        self._flow = flow
        self._broker = broker
        self._database = database
        self._instance = instance
        self._steps, self._most_records = steps, most_records
        self._clock = clock or (lambda: datetime.now(UTC))
        self._time = time or (database.time if clock is None else None)
        self._publisher = Publisher(broker, client=f"{flow.service}-{instance}")
        self._broadcast = Broadcast(broker, publications)
        self._auditor = Auditor(broker)
        self._brake = Brake(Switch(database))
        self._presence = Presence(database, instance, lambda: self._loop.held if self._loop else (), self._trouble)
        self._roles: dict[str, Role] = {topic.name: role for role, topic in flow.inputs.items()}
        self._failed: asyncio.Future[None] | None = None
        self._loop: Loop[R, K] | None = None
        self._app: App | None = None
        self._around: asyncio.Task[None] | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._stopping = False
        self._joined = False

    @property
    def failed(self) -> asyncio.Future[None]:
        if self._failed is None:
            self._failed = asyncio.get_running_loop().create_future()
        return self._failed

    async def start(self) -> None:
        """Waits for broker, topics and database as long as it takes. Raises Misconfigured."""
        await self._publisher.start()
        partitions = await self._partitions()
        await persistently("Preparing the database", self._prepare, DatabaseError)
        await persistently("Reading the switch", self._brake.look, DatabaseError)
        await self._broadcast.start()
        await self._broadcast.caught_up()
        self._loop = Loop(
            self._flow,
            self._database,
            self._publisher,
            self._broadcast,
            self._auditor,
            instance=self._instance,
            partitions=partitions,
            leaving=self._leaving,
            steps=self._steps,
            clock=self._clock,
            time=self._time,
            most_records=self._most_records,
        )
        self._loop.patience.on_trouble = self._presence.failed
        self._app = self._faust(self._loop, partitions * len(self._roles))
        bind_to_running_loop(self._app)
        self._app.finalize()
        await self._app.maybe_start()
        self._around = asyncio.create_task(self._look_around(self._loop, self._app), name=f"{self._flow.service} idle work")
        self._beside = [asyncio.create_task(self._brake.keep_looking()), asyncio.create_task(self._presence.keep_saying())]

    async def stop(self) -> None:
        """Take nothing more, finish the batch in hand, and leave the group."""
        self._stopping = True
        if self._around is not None:
            await asyncio.gather(self._around, return_exceptions=True)
        if self._app is not None:
            await self._app.stop()
        for task in self._beside:
            task.cancel()
        if self._beside:
            await asyncio.gather(*self._beside, return_exceptions=True)
            await self._presence.say(stopped=True)
        if self._loop is not None:
            await self._loop.close()
        await self._auditor.close()
        await self._broadcast.stop()
        await self._publisher.stop()

    def ready(self) -> Mapping[str, bool | str]:
        """Whether the stream is a member of its group, has taken over what it was assigned, and isn't waiting out a trouble.

        One that is paused says so, takes nothing over, and is no less ready.
        """
        found: dict[str, bool | str] = {"stream": self._missing() or True}
        return found | {"paused": True} if self._brake.is_on else found

    def _missing(self) -> str | None:
        loop = self._loop
        if loop is None or not self._joined:
            return "not yet a member of its group"
        if self._failed is not None and self._failed.done():
            return "ended"
        if loop.patience.trouble is not None:
            return loop.patience.trouble
        return None if loop.ownership.settled or self._brake.is_on else "partitions are being taken over"

    def _leaving(self) -> bool:
        return self._stopping or (self._app is not None and bool(self._app.rebalancing))

    def _trouble(self) -> str | None:
        return self._loop.patience.trouble if self._loop else None

    async def sweeps(self) -> list[SweepProgress]:
        """Those under way in the whole service."""
        return await sweeps(self._database)

    async def _partitions(self) -> int:
        numbers: dict[str, int] = {}

        async def count() -> None:
            for topic in self._roles:
                numbers[topic] = await self._publisher.partitions(topic)

        await persistently("Looking up the topics", count, Unavailable)
        if len(set(numbers.values())) != 1:
            raise Misconfigured(f"a learner's home must be the same on all topics, but the partitions are {numbers}")
        return next(iter(numbers.values()))

    async def _prepare(self) -> None:
        await self._database.create(CHECKPOINTS)
        await self._database.create(FACTS)
        await self._database.create(SWITCHES)
        await self._database.create(WORKERS)
        await self._presence.forget_others()
        records: list[Sequence[tuple[str, int]]] = []
        if self._flow.revise is not None or self._flow.next_due is not None:
            records.append([("partition", ASCENDING)])
        if self._flow.next_due is not None:
            records.append([("due_at", ASCENDING)])
        await self._database.create(RECORDS, *records)

    def _faust(self, loop: Loop[R, K], partitions: int) -> App:
        checkpoints = Checkpoints(self._database, self._instance)

        async def positions(assigned: Iterable[TP]) -> Mapping[TP, int]:
            """None, if the database does not answer soon: what then comes twice is before the checkpoint and skipped."""
            try:
                async with asyncio.timeout(POSITIONS_WITHIN):
                    known = await checkpoints.read([tp.partition for tp in assigned])
            except (*TROUBLES, TimeoutError) as trouble:
                log.warning("the checkpoints can't be read now, starting from the committed offsets: %s", trouble)
                return {}
            return {
                tp: known[tp.partition].offsets[self._roles[tp.topic]] + 1
                for tp in assigned
                if tp.partition in known and self._roles[tp.topic] in known[tp.partition].offsets
            }

        app = app_of(self._flow.service, self._broker, positions, partitions)
        channel = app.topic(*self._roles, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

        async def assigned(_app: object, *told: Any, **_: Any) -> None:
            partitions: set[TP] = told[0]
            loop.ownership.assigned({tp.partition for tp in partitions})
            self._joined = True

        app.on_partitions_assigned.connect(cast(Any, assigned), weak=False)
        app.agent(channel, name=f"{self._flow.service}.stream")(self._agent(loop, app))
        return app

    def _agent(self, loop: Loop[R, K], app: App) -> Callable[[Any], Any]:
        async def consume(stream: FaustStream[bytes]) -> None:
            try:
                async for events in stream.noack_take(MOST_AT_ONCE, within=GATHERED_FOR):
                    await self._take(loop, app, stream, list(cast("Sequence[EventT[bytes]]", events)))
            except Exception as error:
                log.exception("the stream of %s ends", self._flow.service)
                self._fail(error)
                app.consumer.unacked.clear()
                await asyncio.Event().wait()

        return consume

    async def _take(self, loop: Loop[R, K], app: App, stream: FaustStream[bytes], events: list[EventT[bytes]]) -> None:
        taken = [self._incoming(event) for event in events]
        left = await loop.turn(taken) if await self._brake.released(self._leaving) else taken
        staying = {incoming.place for incoming in left}
        self._presence.took(incoming for incoming in taken if incoming.place not in staying)
        for incoming, event in zip(taken, events, strict=True):
            if incoming.place in staying:
                app.consumer.unacked.discard(event.message)
            else:
                await stream.ack(event)
        app.done_with([event.message for event in events])

    def _incoming(self, event: EventT[bytes]) -> Incoming:
        message = event.message
        return Incoming(
            self._roles[message.topic],
            message.topic,
            message.partition,
            message.offset,
            message.key,
            message.value,
            headers_of(message.headers),
            datetime.fromtimestamp(message.timestamp, UTC),
        )

    async def _look_around(self, loop: Loop[R, K], app: App) -> None:
        """What is done without messages: taking over, sweeps, dues; and noticing that Faust has crashed."""
        dues_at = lag_at = monotonic()
        for topic in self._roles:
            metrics.DEAD_LETTERS.add(0, {metrics.TOPIC: topic})  # so that the first one is seen as an increase
        try:
            while not self._stopping:
                if app.crashed:
                    raise Ended("Faust has crashed") from app.crash_reason
                if loop.idle_work and not app.rebalancing and not self._brake.is_on:
                    await loop.turn()
                if monotonic() >= dues_at and not self._brake.is_on:
                    dues_at = monotonic() + DUES_EVERY
                    with contextlib.suppress(*TROUBLES):
                        await loop.dues()
                if monotonic() >= lag_at:
                    lag_at = monotonic() + LAG_EVERY
                    metrics.PAUSED.set(int(self._brake.is_on))
                    for place, behind in lags(app, loop.held, self._roles):
                        metrics.LAG.set(behind, {metrics.TOPIC: place.topic, metrics.PARTITION: str(place.partition)})
                await asyncio.sleep(0.01 if loop.sweeping and not self._brake.is_on else LOOKS_AROUND_EVERY)
        except Exception as error:
            log.exception("the stream of %s ends", self._flow.service)
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._presence.failed(f"the stream ended: {type(error).__name__}")
        if not self.failed.done():
            self.failed.set_exception(error)


def headers_of(headers: HeadersArg) -> tuple[tuple[str, bytes | None], ...]:
    if not headers:
        return ()
    return tuple(headers.items() if isinstance(headers, Mapping) else headers)
