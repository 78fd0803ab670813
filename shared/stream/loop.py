"""The batch loop: take, load, fold, write in one transaction, publish, and only then let the messages be acknowledged.

It knows checkpoints, sweeps and dues, and nothing of the engine that brings the messages.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Final, Generic, TypeVar
from uuid import uuid4

from shared.broadcast import Broadcast, Publication, Snapshot
from shared.kafka import Outgoing, Publisher, home
from shared.mongo import Database
from shared.stream.arrival import carrying, count
from shared.stream.batch import Batch, Fold, Read, read_all
from shared.stream.checkpoint import Checkpoint, Checkpoints, Fenced
from shared.stream.dead_letters import Watch, letter
from shared.stream.dues import NOT_YET, Dues, requests
from shared.stream.flow import Flow, Role
from shared.stream.gaps import Auditor, gaps
from shared.stream.incoming import Incoming, Reader
from shared.stream.ownership import Ownership
from shared.stream.pace import Pace
from shared.stream.patience import Abandoned, Patience
from shared.stream.records import Records, due_of
from shared.stream.sweep import Slice, Sweeper, one_by_one, under_new_rules
from shared.stream.transaction import Impossible, documents_of, said_in, write
from shared.telemetry import metrics

log = logging.getLogger(__name__)

R = TypeVar("R")
K = TypeVar("K")

DUES_AT_ONCE: Final = 200

Steps = Callable[[str], Awaitable[None]]
"""Called between any two steps of a batch, with the name of the one that is done."""


async def no_steps(_done: str) -> None:
    pass


@dataclass
class Plan(Generic[R]):
    """One transaction to be: what is decided, and how the checkpoints move."""

    id: str
    batch: Batch[R]
    steps: list[tuple[Checkpoint, Checkpoint]] = field(default_factory=list)
    committed: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What one transaction is about: messages that were read, messages that are to be forwarded, a slice of a sweep."""

    read: Sequence[Read] = ()
    away: Sequence[Incoming] = ()
    slice: Slice | None = None

    def within(self, partitions: Collection[int]) -> Work:
        return Work(
            [one for one in self.read if one.incoming.partition in partitions],
            [one for one in self.away if one.partition in partitions],
            self.slice if self.slice is not None and self.slice.partition in partitions else None,
        )

    def parts(self) -> Iterable[tuple[Work, Work]]:
        """One by one; each with what to do instead if it can't be written: a dead letter, or to pass the learner over.

        In the order of their offsets, those to be forwarded among them: no checkpoint ever passes what isn't done, or goes back.
        """
        singly = [(one.incoming, Work([one])) for one in self.read] + [(one, Work(away=[one])) for one in self.away]
        for incoming, work in sorted(singly, key=lambda one: one[0].offset):
            yield work, Work([Read(incoming, reason="what follows from it can't be stored")])
        if self.slice is not None:
            for part in one_by_one(self.slice):
                yield Work(slice=part), Work(slice=Slice(part.partition, (), part.now, part.then))


class Loop(Generic[R, K]):
    """Works for the partitions it was assigned. `time` is the clock by which things fall due, without it `clock`, which is for
    tests, as are `steps`; `most_records` are kept in memory.

    `partitions` is the number of partitions of the flow's topics, `leaving` whether we are giving partitions up.
    """

    def __init__(
        self,
        flow: Flow[R, K],
        database: Database,
        publisher: Publisher,
        broadcast: Broadcast,
        auditor: Auditor,
        *,
        instance: str,
        partitions: int,
        leaving: Callable[[], bool] = lambda: False,
        steps: Steps = no_steps,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        time: Callable[[], Awaitable[datetime]] | None = None,
        most_records: int = 20_000,
    ) -> None:
        self._flow = flow
        self._database = database
        self._publisher = publisher
        self._broadcast = broadcast
        self._partitions = partitions
        self._step = steps
        self._clock = clock
        self._time = time
        self._reader = Reader(flow)
        self._records = Records(flow, database, most_records)
        self._checkpoints = Checkpoints(database, instance)
        self._sweeper = Sweeper(database)
        self._pace = Pace()
        self._dues = Dues(database)
        self._watch = Watch()
        self._auditor = auditor
        self._lock = asyncio.Lock()
        self._rules: tuple[Snapshot, K] | None = None
        self.patience = Patience(leaving)
        self.ownership = Ownership(self._checkpoints, broadcast, self.patience, self._forget, self._say_again)

    @property
    def held(self) -> dict[int, Checkpoint]:
        return self.ownership.held

    @property
    def idle_work(self) -> bool:
        """Whether there is something to do without any message."""
        revision = self._broadcast.snapshot.revision
        behind = not self.ownership.settled or any(checkpoint.rules < revision for checkpoint in self.held.values())
        return behind or (self.sweeping and self._pace.room() > 0)

    @property
    def sweeping(self) -> bool:
        return any(checkpoint.sweep for checkpoint in self.held.values())

    async def turn(self, taken: Sequence[Incoming] = ()) -> Collection[Incoming]:
        """Process the messages, and what else there is to do. The messages returned must not be acknowledged: they aren't ours.

        Raises Flood, Fenced (a partition that stays ours was taken over by somebody else), PassedOver, or what nobody expected.
        """
        async with self._lock:
            started = perf_counter()
            try:
                left = await self._turn(taken)
            except Abandoned as abandoned:
                log.warning("a batch is left to whoever owns its partitions next: %s", abandoned)
                self.ownership.let_go_of_all()
                return taken
            if taken:
                metrics.BATCH_SIZE.record(len(taken))
                for topic, number in Counter(incoming.topic for incoming in taken).items():
                    metrics.EVENTS_IN.add(number, {metrics.TOPIC: topic})
                oldest = min(incoming.stamp for incoming in taken)
                metrics.DELAY.record(max((self._clock() - oldest).total_seconds(), 0), {metrics.TOPIC: self._flow.reads.name})
                metrics.PROCESSING.record(perf_counter() - started, {metrics.TOPIC: self._flow.reads.name})
            return left

    async def close(self) -> None:
        await self._checkpoints.close()

    async def dues(self) -> None:
        """Publish what fell due for the partitions we hold. Raises the troubles that pass: it is done again later."""
        fell_due = self._flow.fell_due
        if fell_due is None:
            return
        async with self._lock:
            now = self._clock() if self._time is None else await self._time()
            await self._dues.look_ahead(self.held, now)
            for partition in self.held:
                learners = self._dues.due(partition, now, DUES_AT_ONCE)
                records = await self._records.load(dict.fromkeys(learners, partition))
                fell = {learner: fell_due(record, now) for learner, record in records.items() if record is not None}
                messages = [one for learner, due in fell.items() for one in requests(self._flow, learner, partition, due)]
                await self._publisher.publish_all(messages)
                metrics.FELL_DUE.add(len(messages))
                for learner in learners:
                    self._dues.asked(learner, partition, None if fell.get(learner, True) else now + NOT_YET)

    async def _turn(self, taken: Sequence[Incoming]) -> Collection[Incoming]:
        await self.ownership.take_over()
        await self._step("taken over")
        ours, dropped = self._ours(taken)
        if found := gaps(ours, self.held):
            await self.patience.persist("looking into a gap", lambda: self._auditor.check(found))
        away = [one for one in ours if one.key is not None and home(one.key, self._partitions) != one.partition]
        read = read_all(self._reader, (one for one in ours if one not in away) if away else ours)
        if read:
            self._pace.live()
        work, started = Work(read, away, self._slice(self._pace.room())), perf_counter()
        try:
            await self._do(work)
        except Impossible as impossible:
            log.warning("a batch can't be written, it is taken apart: %s", impossible)
            for part, instead in work.parts():
                try:
                    await self._do(part)
                except Impossible:
                    log.exception("a message or a learner is passed over")
                    await self._do(instead)
        if work.slice is not None:
            self._pace.spent(perf_counter() - started, len(work.slice.learners), len(read))
        return {*dropped, *(incoming for incoming in ours if incoming.partition not in self.held)}

    def _ours(self, taken: Sequence[Incoming]) -> tuple[list[Incoming], list[Incoming]]:
        """What is to be processed, and what belongs to partitions that aren't ours. The rest came before the checkpoint."""
        ours: list[Incoming] = []
        dropped: list[Incoming] = []
        last: dict[tuple[int, Role], int] = {}
        for incoming in taken:
            checkpoint = self.held.get(incoming.partition)
            if checkpoint is None:
                dropped.append(incoming)
                continue
            place = (incoming.partition, incoming.role)
            if incoming.offset <= last.get(place, checkpoint.offsets.get(incoming.role, -1)):
                metrics.DUPLICATES.add(1, {metrics.TOPIC: incoming.topic})
                continue
            last[place] = incoming.offset
            ours.append(incoming)
        return ours, dropped

    async def _do(self, work: Work) -> None:
        """Until it is committed and published, or its partitions are lost. Raises Impossible, Abandoned, Flood."""
        id_ = uuid4().hex
        plan: Plan[R] | None = None

        async def attempt() -> None:
            nonlocal plan
            if plan is not None and await self._committed(plan):
                return
            first, plan = plan is None, None
            plan = await self._planned(id_, work)
            if first:
                self._watch.batch(self._flow, work.read, plan.batch)
            await self._bury_and_forward(plan.batch, work.away)
            await self._commit(plan)

        while True:
            try:
                await self.patience.persist("committing", attempt)
                break
            except Fenced as fenced:
                self.ownership.lose(fenced.partitions)
                work, plan = work.within(self.held), None
        assert plan is not None
        if plan.steps:
            await self._step("committed")
            self._apply(plan)
            await self._publish(plan.batch)
            await self._step("published")

    async def _planned(self, id_: str, work: Work) -> Plan[R]:
        snapshot, slice_ = self._broadcast.snapshot, work.slice
        started = perf_counter()
        learners = {one.event.data.learner: one.incoming.partition for one in work.read if one.event is not None}
        changed: Mapping[str, Publication] = {}
        if slice_ is not None:
            learners |= dict.fromkeys(slice_.learners, slice_.partition)
            changed = snapshot.changed(slice_.now.since)
        numbers = {partition: checkpoint.numbers for partition, checkpoint in self.held.items()}
        fold = Fold(self._flow, self._rules_of(snapshot), await self._records.load(learners), numbers, self._clock)
        started = measured("load", started)
        await self._step("loaded")
        fold.events(work.read)
        if slice_ is not None:
            fold.revisions(slice_.learners, slice_.partition, changed)
        measured("decide", started)
        await self._step("decided")
        plan = Plan(id_, fold.batch)
        if self._flow.engage is not None and fold.batch.writes:
            written, plan.committed = self._flow.engage(fold.batch.writes)
            fold.batch.writes = list(written)
        offsets = furthest([*(one.incoming for one in work.read), *work.away])
        for partition, known in self.held.items():
            moved = fold.batch.numbers.get(partition, known.numbers)
            then = known.moved(offsets={**known.offsets, **offsets.get(partition, {})}, numbers=moved)
            if slice_ is not None and slice_.partition == partition:
                then = then.moved(sweep=slice_.then)
            if known.rules < snapshot.revision:
                then = under_new_rules(then, snapshot.revision, snapshot.changed(known.rules), bool(self._flow.revise))
            if then != known:
                facts = tuple(one.envelope.id for one in fold.batch.said if one.partition == partition)
                plan.steps.append((known, then.moved(batch=id_, facts=facts)))
        return plan

    def _slice(self, room: int) -> Slice | None:
        """Where new rules are still to be put in force there is nothing to sweep yet."""
        if not room:
            return None
        for checkpoint in self.held.values():
            if checkpoint.sweep is not None and checkpoint.rules >= self._broadcast.snapshot.revision:
                metrics.SWEEP_DONE.set(checkpoint.sweep.done, {metrics.PARTITION: str(checkpoint.partition)})
                metrics.SWEEP_TOTAL.set(checkpoint.sweep.total or 0, {metrics.PARTITION: str(checkpoint.partition)})
                if (slice_ := self._sweeper.slice(checkpoint, room)) is not None:
                    return slice_
        return None

    def _rules_of(self, snapshot: Snapshot) -> K:
        if self._rules is None or self._rules[0] is not snapshot:
            self._rules = (snapshot, self._flow.rules(snapshot.publications))
        return self._rules[1]

    async def _bury_and_forward(self, batch: Batch[R], away: Sequence[Incoming]) -> None:
        """Before the commit: after it, nobody would know of them any more. Repeated, they have the same ids."""
        topic, service = self._flow.buried_on.name, self._flow.service
        letters = [letter(topic, service, one.incoming, one.reason, one.traceparent) for one in batch.buried]
        await self.patience.publish(self._publisher, [*letters, *(forwarded(one, self._partitions) for one in away)])
        for one in batch.buried:
            metrics.DEAD_LETTERS.add(1, {metrics.TOPIC: one.incoming.topic})
            log.warning("dead letter: %s", one.reason, extra={"topic": one.incoming.topic, "offset": one.incoming.offset})
        for incoming in away:
            metrics.FORWARDED.add(1, {metrics.TOPIC: incoming.topic})
        await self._step("buried and forwarded")

    async def _commit(self, plan: Plan[R]) -> None:
        if plan.steps:
            started = perf_counter()
            documents = documents_of(plan.batch, self._records)
            readings = self._flow.readings
            await write(
                self._database, self._checkpoints, plan.batch, documents, plan.steps, lambda: self._step("written"), readings
            )
            measured("commit", started)

    async def _committed(self, plan: Plan[R]) -> bool:
        """Whether a transaction whose answer was lost went through. If not, nothing in memory is relied on. Raises Fenced."""
        if not plan.steps:
            return False
        partitions = [known.partition for known, _ in plan.steps]
        found = await self._checkpoints.read(partitions)
        if all(partition in found and found[partition].batch == plan.id for partition in partitions):
            return True
        lost = [known.partition for known, _ in plan.steps if not known.same_place(found.get(known.partition))]
        if lost:
            raise Fenced(lost)
        self._records.forget(partitions)
        return False

    def _apply(self, plan: Plan[R]) -> None:
        """What is committed is what we know from now on."""
        if plan.committed is not None:
            plan.committed()
        for known, then in plan.steps:
            self.held[known.partition] = then
            if known.sweep is not None and then.sweep is None:
                self._sweeper.forget([known.partition])
        batch = plan.batch
        self._records.keep({learner: (batch.partitions[learner], batch.records[learner]) for learner in batch.changed})
        for learner in batch.changed:
            due = due_of(self._flow.next_due, batch.records[learner])
            self._dues.committed(learner, batch.partitions[learner], due)

    async def _publish(self, batch: Batch[R]) -> None:
        if self._flow.says is not None and batch.said:
            started, topic = perf_counter(), self._flow.says.name
            messages = [carrying(Outgoing.of(topic, one.fact.key, one.envelope), one.arrived) for one in batch.said]
            await self.patience.publish(self._publisher, messages)
            count(batch.said, self._clock())
            measured("publish", started)

    async def _say_again(self, checkpoint: Checkpoint) -> None:
        if self._flow.says is None or not checkpoint.facts:
            return
        topic, messages = self._flow.says.name, list[Outgoing]()

        async def find() -> None:
            messages[:] = await said_in(self._database, topic, f"cairn/{self._flow.service}", checkpoint)

        await self.patience.persist("reading the last facts", find)
        await self.patience.publish(self._publisher, messages)

    def _forget(self, partitions: Collection[int]) -> None:
        self._records.forget(partitions)
        self._sweeper.forget(partitions)
        self._dues.forget(partitions)


def forwarded(incoming: Incoming, partitions: int) -> Outgoing:
    """The message as it was, for the home partition of its key."""
    assert incoming.key is not None
    headers = [(name, raw) for name, raw in incoming.headers if raw is not None]
    return Outgoing(incoming.topic, incoming.key, incoming.value, headers, home(incoming.key, partitions))


def furthest(messages: Iterable[Incoming]) -> Mapping[int, dict[Role, int]]:
    """The last offset of each partition and role."""
    offsets: dict[int, dict[Role, int]] = {}
    for incoming in messages:
        of = offsets.setdefault(incoming.partition, {})
        of[incoming.role] = max(incoming.offset, of.get(incoming.role, -1))
    return offsets


def measured(step: str, since: float) -> float:
    now = perf_counter()
    metrics.BATCH_DURATION.record(now - since, {"cairn.step": step})
    return now
