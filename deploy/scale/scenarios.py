"""What is simulated: where a formula holds, and where it would lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil
from random import Random
from typing import Final

from deploy.scale import assumptions as of
from deploy.scale.costs import SERVICES, Costs
from deploy.scale.simulation import Outcome, Stage, anybody, one_often, partitions_of, poisson, simulate
from deploy.scale.sizing import busy, capacity, stages
from shared.kafka import home

SEED: Final = 7
MESSAGES: Final = 100_000
"""Of which the shares of partitions are counted."""
PARTITIONS: Final = (12, 48, 192, 768)
"""Each a divisor of the last, so that a key has to be hashed once."""
LEARNERS: Final = 1_000_000
FEW: Final = 2_000
ACTIVE: Final = 50_000
"""Learners of the part of a platform that is simulated."""
INSTITUTIONS: Final = 60
"""Of a system of universities, the largest half as large again as the second, and so on down: shares as 1/n."""
HOT_SHARE: Final = 0.05

POD: Final = 4
"""Partitions that a worker has in the simulations."""


@dataclass(frozen=True)
class Skew:
    """How many times the mean the fullest partition has, for each number of partitions."""

    says: str
    fullest: Sequence[float]


def skews() -> list[Skew]:
    return [
        Skew("learners, each as often as any other", _fullest(lambda: anybody(LEARNERS, SEED))),
        Skew("the same few learners of one course", _fullest(lambda: anybody(FEW, SEED))),
        Skew("one institution sends 6 of 10, ids numbered one after the other", _fullest(_one_institution)),
        Skew("one id has a twentieth of all (it should not)", _fullest(lambda: one_often(LEARNERS, HOT_SHARE, SEED))),
        Skew("if the key were the institution (it is not)", _fullest(_by_institution)),
    ]


def _fullest(keys: Callable[[], Iterator[str]]) -> list[float]:
    found: Counter[int] = Counter()
    for key, number in Counter(islice(keys(), MESSAGES)).items():
        found[home(key, PARTITIONS[-1])] += number
    return [fullest(found, partitions) for partitions in PARTITIONS]


def fullest(homes: Mapping[int, int], partitions: int) -> float:
    """The one with most messages, to the mean of all. `homes` are messages by home among that number or a multiple of it."""
    by_partition: Counter[int] = Counter()
    for place, number in homes.items():
        by_partition[place % partitions] += number
    return max(by_partition.values()) * partitions / by_partition.total()


def _one_institution() -> Iterator[str]:
    random, others = Random(f"institution {SEED}"), anybody(LEARNERS, SEED)
    while True:
        yield f"northfield-{random.randrange(LEARNERS // 2):07}" if random.random() < 0.6 else next(others)


def _by_institution() -> Iterator[str]:
    random = Random(f"by institution {SEED}")
    names = [f"institution-{number:02}" for number in range(INSTITUTIONS)]
    weights = [1 / (number + 1) for number in range(INSTITUTIONS)]
    while True:
        yield from random.choices(names, weights, k=1_000)


@dataclass(frozen=True)
class Slice:
    """A part of a platform that is as the whole: workers of each stage, and one core of the database for every so many."""

    stages: Sequence[Stage]
    cores: int
    rate: float
    """Completions a second with which the busiest stage, or the database, is as busy as was planned."""

    @property
    def partitions(self) -> int:
        return POD * max(stage.workers for stage in self.stages)


def slice_of(costs: Costs, workers: int, used: float) -> Slice:
    """So many workers of assessment, as many of the others as have the same load, and as much database as they need."""
    alone = stages(costs, dict.fromkeys(SERVICES, 1))
    each = {stage.name: capacity(stage) / costs.services[stage.name].reads for stage in alone}
    rate = used * workers * each[SERVICES[0]]
    sized = [replace(stage, workers=max(1, ceil(rate / used / each[stage.name] - 1e-9))) for stage in alone]
    seconds = sum(costs.services[stage.name].reads * stage.database.of_each(costs.services[stage.name].batch) for stage in alone)
    return Slice(sized, max(1, ceil(rate * seconds / used)), rate)


@dataclass(frozen=True)
class Agreed:
    """The share of its time that a worker of assessment is at work: by formula, simulated in the mean, and the busiest one."""

    says: str
    formula: float
    simulated: float
    busiest: float
    p95: float


def agreements(costs: Costs, seconds: float = 60) -> list[Agreed]:
    """Four workers of assessment, and what the formula says of them, with keys as even as they come and with one that is hot."""
    stage = stages(costs, dict.fromkeys(SERVICES, 4))[0]
    found = []
    for used in (0.1, 0.3, 0.6):
        rate = used * 4 * capacity(stage)
        for says, keys in (
            (f"alike, planned for {used:.0%}", anybody(ACTIVE, SEED)),
            ("one id has a fifth", one_often(ACTIVE, 0.2, SEED)),
        ):
            outcome = simulate([stage], poisson([(seconds, rate)], partitions_of(keys, 4 * POD), SEED), cores=4)
            shares = [spent / max(outcome.ended, seconds) for spent in outcome.stages[stage.name].busy]
            found.append(Agreed(says, busy(stage, rate / 4), sum(shares) / 4, max(shares), outcome.p95))
    return found


@dataclass(frozen=True)
class Burst:
    """The last minutes before a deadline on a platform planned for the hour's mean."""

    planned: float
    rate: float
    outcome: Outcome
    workers: Mapping[str, int]
    drained: float
    """Seconds after the deadline until nothing was on its way any more."""


CALM: Final = 60.0
LAST: Final = 300.0


def bursts(costs: Costs, planned: Sequence[float] = (0.25, 0.5, 0.75), last: float = LAST) -> list[Burst]:
    """A minute of the hour's mean, then the last minutes; completions stop with the deadline."""
    found = []
    for used in planned:
        part = slice_of(costs, 1, used)
        rates = [(CALM, part.rate), (last, part.rate * of.LAST_MINUTES.value)]
        keys = partitions_of(anybody(ACTIVE, SEED), part.partitions)
        outcome = simulate(part.stages, poisson(rates, keys, SEED), cores=part.cores)
        workers = {stage.name: stage.workers for stage in part.stages}
        found.append(Burst(used, part.rate, outcome, workers, max(0.0, outcome.ended - CALM - last)))
    return found
