"""From learners and what things cost to partitions, pods, database servers and disks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, exp
from typing import Final

from deploy.scale import assumptions as of
from deploy.scale.costs import SERVICES, Costs
from deploy.scale.simulation import Stage
from shared.stream.worker import GATHERED_FOR, MOST_AT_ONCE
from shared.topics import TOPICS, Topic

DEFAULT_PARTITIONS: Final = 4
TERABYTE: Final = 1e12
HOUR: Final = 3_600
DAYS: Final = {topic.name: topic.days for topic in TOPICS}


@dataclass(frozen=True)
class Need:
    """Of so many learners. `servers` are primaries, each with its other members beside it; `broker_disk` and `database_disk` are
    terabytes with all replicas; `topics` those of each topic.
    """

    learners: int
    mean: float
    peak: float
    partitions: int
    pods: Mapping[str, int]
    servers: Mapping[str, int]
    servers_by: Mapping[str, str]
    database_disk: float
    topics: Mapping[str, float]
    brokers: int
    doors: int | None
    sweep_hours: float | None

    @property
    def broker_disk(self) -> float:
        return sum(self.topics.values())


def need(learners: int, costs: Costs) -> Need:
    peak = peak_rate(learners)
    pods = {service: _pods(peak, service, costs) for service in SERVICES}
    disk = {service: database_bytes(learners, service, costs) / TERABYTE for service in SERVICES}
    servers, by = {}, {}
    for service in SERVICES:
        cores = peak * database_seconds(service, costs) / (of.DATABASE_CORES.value * of.BUSY.value)
        disks = disk[service] / of.DATABASE_DISK.value
        servers[service], by[service] = max(1, ceil(cores), ceil(disks)), "processor" if cores >= disks else "disk"
    topics = {name: topic_bytes(learners, name, costs) * of.MEMBERS.value / TERABYTE for name in costs.topics}
    brokers = max(
        of.MEMBERS.value,
        ceil(sum(topics.values()) / of.BROKER_DISK.value),
        ceil(peak * costs.broker / (of.BROKER_CORES.value * of.BUSY.value)),
    )
    return Need(
        learners,
        mean=learners * of.COMPLETIONS.value / (of.TERM_DAYS.value * 24 * HOUR),
        peak=peak,
        partitions=max(DEFAULT_PARTITIONS, ceil(max(pods.values()) * of.PARTITIONS_FOR_A_POD.value)),
        pods=pods,
        servers=servers,
        servers_by=by,
        database_disk=sum(disk.values()) * of.MEMBERS.value,
        topics=topics,
        brokers=int(brokers),
        doors=ceil(max(of.LEAST_PODS.value, peak / (slowest * of.BUSY.value))) if (slowest := slowest_door(costs)) else None,
        sweep_hours=_sweep(learners, pods, costs),
    )


def peak_rate(learners: float) -> float:
    """Completions a second, in the mean of the hour before the deadline."""
    return learners * of.COMPLETIONS.value * of.BUSIEST_DAY.value * of.LAST_HOUR.value / HOUR


def learners_at(rate: float) -> float:
    """Of whose peak hour that is the rate."""
    return rate / peak_rate(1)


def stages(costs: Costs, pods: Mapping[str, int], *, cold: bool = True) -> list[Stage]:
    """For the simulation and for what a worker can do. `cold`: records have to be read first, as of learners who come rarely."""
    found = []
    for number, service in enumerate(SERVICES):
        one = costs.services[service]
        later = costs.services[SERVICES[number + 1]].reads / one.reads if number + 1 < len(SERVICES) else 1.0
        own, database = (costs.cold.get(name, 1.0) if cold else 1.0 for name in (service, "database"))
        found.append(Stage(service, pods[service], one.own.times(own), one.database.times(database), later))
    return found


def capacity(stage: Stage) -> float:
    """Messages a second that one worker gets through when its batches are full."""
    return MOST_AT_ONCE / stage.seconds(MOST_AT_ONCE)


def busy(stage: Stage, rate: float) -> float:
    """By formula, the share of its time that one worker is at work if so many messages a second come to it, one by one.

    A batch has the messages that came while the one before was worked on and while it was gathered; at least one.
    """
    messages = 1.0
    for _ in range(500):
        seconds = stage.seconds(min(messages, MOST_AT_ONCE))
        nobody_waits = exp(-rate * seconds)
        messages = nobody_waits + rate * (GATHERED_FOR + seconds)
        if messages > MOST_AT_ONCE:
            return rate / capacity(stage)
    return rate * stage.seconds(messages) / messages


def _pods(peak: float, service: str, costs: Costs) -> int:
    stage = next(one for one in stages(costs, dict.fromkeys(SERVICES, 1)) if one.name == service)
    rate = peak * costs.services[service].reads
    return max(int(of.LEAST_PODS.value), ceil(rate / (capacity(stage) * of.BUSY.value)))


def database_seconds(service: str, costs: Costs) -> float:
    """Of a core, for one completion whose learner's record is not in memory."""
    one = costs.services[service]
    return one.reads * one.database.of_each(one.batch) * costs.cold.get("database", 1.0)


def database_bytes(learners: float, service: str, costs: Costs) -> float:
    """Of one member, after all the years: nothing is thrown away."""
    return learners * of.COMPLETIONS.value * of.TERMS.value * of.YEARS.value * sum(costs.stored.get(service, (0.0, 0.0)))


def topic_bytes(learners: float, name: str, costs: Costs) -> float:
    """Of one replica, at the end of a term, or of all the years if it is kept for good."""
    messages, bytes_ = costs.topics[name]
    one = bytes_ + messages * of.RECORD_OVERHEAD.value
    days = DAYS[name]
    terms = of.TERMS.value * of.YEARS.value if days is None else min(1.0, days / of.TERM_DAYS.value)
    return learners * of.COMPLETIONS.value * terms * one


def slowest_door(costs: Costs) -> float | None:
    """Completions a second through the format that costs most, on one core."""
    return min(costs.doors.values(), default=None)


def _sweep(learners: int, pods: Mapping[str, int], costs: Costs) -> float | None:
    """Hours until a stack that is published late has been evaluated for everybody, with nothing else to do."""
    if costs.sweep is None:
        return None
    slowest = min(
        pods[stage.name] * capacity(stage) / costs.services[stage.name].reads
        for stage in stages(costs, dict.fromkeys(SERVICES, 1))
    )
    return learners / (slowest * costs.sweep) / HOUR


@dataclass(frozen=True)
class Bend:
    """`what` is used up at the peak of so many learners; `then` is what is done about it."""

    learners: float
    what: str
    then: str


def bends(costs: Costs) -> list[Bend]:
    """What bends first comes first."""
    return sorted(_bends(costs), key=lambda bend: bend.learners)


def _bends(costs: Costs) -> Iterator[Bend]:
    for stage in stages(costs, dict.fromkeys(SERVICES, 1)):
        reads = costs.services[stage.name].reads
        yield Bend(
            learners_at(capacity(stage) / reads), f"one pod of {stage.name}", "a second one: it takes half of the partitions"
        )
        yield Bend(
            learners_at(DEFAULT_PARTITIONS * capacity(stage) / reads),
            f"the four default partitions of {stage.name}",
            "`CAIRN_PARTITIONS`, chosen before the first completion",
        )
        yield Bend(
            learners_at(of.DATABASE_CORES.value / database_seconds(stage.name, costs)),
            f"the cores of a primary that {stage.name} has for itself",
            "shards: see below",
        )
        yield Bend(
            of.DATABASE_DISK.value * TERABYTE / database_bytes(1, stage.name, costs),
            f"the disk of a primary that {stage.name} has for itself, after {of.YEARS.value:.0f} years",
            "shards, or larger disks",
        )
    whole = sum(database_seconds(service, costs) for service in SERVICES)
    yield Bend(
        learners_at(of.DATABASE_CORES.value / whole),
        "the cores of one primary for all services",
        "a replica set for each service: `CAIRN_MONGODB` is each service's own",
    )
    kept = sum(database_bytes(1, service, costs) for service in SERVICES)
    yield Bend(
        of.DATABASE_DISK.value * TERABYTE / kept,
        f"the disk of one primary for all services, after {of.YEARS.value:.0f} years",
        "a replica set for each service",
    )
    yield Bend(
        learners_at(of.MEMBERS.value * of.BROKER_CORES.value / costs.broker),
        "the cores of three brokers",
        "more brokers: partitions move to them",
    )
    forever = [topic for topic in TOPICS if topic.days is None and topic.name in costs.topics]
    for topic in forever:
        yield Bend(
            of.BROKER_DISK.value * TERABYTE / topic_bytes(1, topic.name, costs),
            f"the disks of three brokers, by `{topic.name}` alone, after {of.YEARS.value:.0f} years",
            "more brokers, or tiered storage",
        )


def kept_for(topic: Topic) -> str:
    return "for good" if topic.days is None else f"{topic.days} days"
