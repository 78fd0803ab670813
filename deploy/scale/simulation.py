"""Messages through stages of workers and a shared database, event by event. The same arguments give the same outcome.

What it does as the platform does: a learner's partition is murmur2 of the key, a partition belongs to one worker of each stage, a
worker has one batch in hand at a time, waits a moment for more when it has few, takes at most so many, spends its own time on
them, then the database's, and only then says what follows. What it leaves out: faults, takeovers, sweeps, the broker's own time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from itertools import count
from random import Random
from typing import Final, Literal

from deploy.bench.figures import quantile
from shared.kafka import home
from shared.stream.worker import GATHERED_FOR, MOST_AT_ONCE


@dataclass(frozen=True, slots=True)
class Batch:
    """Seconds of a core: for a batch however small, and for each message in it."""

    fixed: float
    each: float

    def of(self, messages: float) -> float:
        return self.fixed + messages * self.each

    def of_each(self, messages: float) -> float:
        """One message's share in a batch of so many."""
        return self.fixed / messages + self.each

    def times(self, factor: float) -> Batch:
        return Batch(self.fixed * factor, self.each * factor)


@dataclass(frozen=True, slots=True)
class Stage:
    """`own` is the worker's time, `database` the database's. Each message leads to so many for the next stage."""

    name: str
    workers: int
    own: Batch
    database: Batch
    leads_to: float = 1.0

    def seconds(self, messages: float) -> float:
        """That a batch takes if nobody else asks the database."""
        return self.own.of(messages) + self.database.of(messages)


Arrival = tuple[float, int]
"""When a message came, and its partition. In the order of their times."""


@dataclass
class Passed:
    """What a stage did: seconds that messages took in it, by arrival; the most that waited for one of its workers at a time;
    batches; seconds each worker was at it; and what it said to the next stage.
    """

    delays: list[float] = field(default_factory=list)
    longest: int = 0
    batches: int = 0
    busy: list[float] = field(default_factory=list)
    said: int = 0
    _carried: list[float] = field(default_factory=list)

    @property
    def messages(self) -> int:
        return len(self.delays)

    @property
    def p95(self) -> float:
        return quantile(sorted(self.delays), 0.95)


@dataclass
class Outcome:
    """`through` are the seconds from the first stage's arrival to the last one's end of whatever came so far. Nothing was on its
    way any more when it `ended`; `waited_for_database` are the seconds that batches stood in line there.
    """

    stages: dict[str, Passed]
    through: list[float]
    ended: float
    waited_for_database: float

    @property
    def p95(self) -> float:
        return quantile(sorted(self.through), 0.95)


@dataclass(slots=True)
class _Worker:
    stage: int
    number: int
    waiting: deque[tuple[float, float, int]] = field(default_factory=deque)
    """When it came to this stage, when to the first, and its partition."""
    begins: float | None = None
    taken: list[tuple[float, float, int]] = field(default_factory=list)


Kind = Literal["begins", "asks", "done"]


def simulate(stages: Sequence[Stage], arrivals: Iterable[Arrival], *, shards: int = 1, cores: int = 1) -> Outcome:
    """Until everything is through. The database has so many shards with so many cores each; a worker's data is on one shard."""
    return _Run(stages, iter(arrivals), shards, cores).outcome()


class _Run:
    def __init__(self, stages: Sequence[Stage], arrivals: Iterator[Arrival], shards: int, cores: int) -> None:
        self._stages = stages
        self._arrivals = arrivals
        self._workers = [[_Worker(place, number) for number in range(stage.workers)] for place, stage in enumerate(stages)]
        self._passed = [Passed(busy=[0.0] * stage.workers, _carried=[0.0] * stage.workers) for stage in stages]
        self._free = [[0.0] * cores for _ in range(shards)]
        self._events: list[tuple[float, int, Kind, _Worker]] = []
        self._order = count()
        self._through: list[float] = []
        self._waited = 0.0

    def outcome(self) -> Outcome:
        now, coming = 0.0, next(self._arrivals, None)
        while self._events or coming is not None:
            if coming is not None and (not self._events or coming[0] <= self._events[0][0]):
                now, partition = coming
                self._arrives(0, now, now, partition)
                coming = next(self._arrivals, None)
                continue
            now, _, kind, worker = heappop(self._events)
            if kind == "begins":
                self._begins(worker, now)
            elif kind == "asks":
                self._asks(worker, now)
            else:
                self._done(worker, now)
        passed = {stage.name: found for stage, found in zip(self._stages, self._passed, strict=True)}
        return Outcome(passed, self._through, now, self._waited)

    def _at(self, time: float, kind: Kind, worker: _Worker) -> None:
        heappush(self._events, (time, next(self._order), kind, worker))

    def _arrives(self, stage: int, now: float, born: float, partition: int) -> None:
        workers = self._workers[stage]
        worker = workers[partition % len(workers)]
        worker.waiting.append((now, born, partition))
        if not worker.taken and (worker.begins is None or len(worker.waiting) == MOST_AT_ONCE):
            self._gather(worker, now)

    def _gather(self, worker: _Worker, now: float) -> None:
        """Begin when the batch is full, or a moment after the first has come."""
        begins = now if len(worker.waiting) >= MOST_AT_ONCE else now + GATHERED_FOR
        if worker.begins is None or begins < worker.begins:
            worker.begins = begins
            self._at(begins, "begins", worker)

    def _begins(self, worker: _Worker, now: float) -> None:
        if worker.taken or worker.begins != now:
            return  # it has begun already, because the batch was full
        worker.begins = None
        passed = self._passed[worker.stage]
        passed.longest = max(passed.longest, len(worker.waiting))
        worker.taken = [worker.waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(worker.waiting)))]
        self._at(now + self._stages[worker.stage].own.of(len(worker.taken)), "asks", worker)

    def _asks(self, worker: _Worker, now: float) -> None:
        free = self._free[worker.number % len(self._free)]
        since = max(now, free[0])
        ends = since + self._stages[worker.stage].database.of(len(worker.taken))
        heapreplace(free, ends)
        self._waited += since - now
        self._at(ends, "done", worker)

    def _done(self, worker: _Worker, now: float) -> None:
        stage, passed = self._stages[worker.stage], self._passed[worker.stage]
        taken, worker.taken = worker.taken, []
        passed.batches += 1
        passed.busy[worker.number] += stage.seconds(len(taken))
        passed.delays += [now - came for came, _, _ in taken]
        if worker.stage + 1 == len(self._stages):
            self._through += [now - born for _, born, _ in taken]
        else:
            for _, born, partition in taken:
                passed._carried[worker.number] += stage.leads_to
                while passed._carried[worker.number] >= 1 - 1e-9:
                    passed._carried[worker.number] -= 1
                    passed.said += 1
                    self._arrives(worker.stage + 1, now, born, partition)
        if worker.waiting:
            self._gather(worker, now)


Rate = Sequence[tuple[float, float]]
"""For so many seconds, so many messages a second; one after the other."""


def poisson(rates: Rate, partition: Iterator[int], seed: int) -> Iterator[Arrival]:
    """Messages that come independently of each other."""
    random, now, began = Random(f"arrivals {seed}"), 0.0, 0.0
    for lasts, rate in rates:
        now = began
        while rate > 0:
            now += random.expovariate(rate)
            if now >= began + lasts:
                break
            yield now, next(partition)
        began += lasts


def partitions_of(learners: Iterator[str], partitions: int) -> Iterator[int]:
    return (home(learner, partitions) for learner in learners)


def anybody(learners: int, seed: int) -> Iterator[str]:
    """Each as often as any other."""
    random = Random(f"learners {seed}")
    while True:
        yield f"learner-{random.randrange(learners):09}"


def one_often(learners: int, share: float, seed: int) -> Iterator[str]:
    """One key has that share of all: a test account, or an id that a system gives everybody it doesn't know."""
    random, others = Random(f"often {seed}"), anybody(learners, seed)
    while True:
        yield HOT if random.random() < share else next(others)


HOT: Final = "the-same-one-again"
