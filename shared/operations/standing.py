"""How a stream stands: pure functions of what the broker, the checkpoints and the service's processes say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.envelope import Instant
from shared.stream.checkpoint import Checkpoint
from shared.stream.flow import Role
from shared.stream.presence import Place, Worker
from shared.stream.switch import Pause

State = Literal["running", "waiting", "paused", "stopped"]
"""`waiting`: for a broker or a database that is away. `stopped`: no process streams."""


class Shown(BaseModel):
    """What is answered."""

    model_config = ConfigDict(frozen=True)


class ConsumerShown(Shown):
    """One partition of one topic. What is not known now, since the broker does not answer, is null."""

    topic: str
    role: Annotated[Role, Field(description="the main input, the service's own requests, or what it reads beside them")]
    partition: int
    owner: Annotated[str | None, Field(description="the instance that holds the partition; none: nobody does")]
    position: Annotated[int | None, Field(description="the offset that is read next; none: nothing was read yet")]
    end: Annotated[int | None, Field(description="the offset that the next message will have")]
    lag: Annotated[int | None, Field(description="messages that are not read yet")]
    rate: Annotated[float, Field(description="messages a second, over the last seconds")]


class InstanceShown(Shown):
    """A process that streams, as it last said it was."""

    name: str
    at: Instant
    partitions: list[int]
    trouble: Annotated[str | None, Field(description="what it waits out")]


class FailureShown(Shown):
    says: str
    at: Instant
    instance: str


class PauseShown(Shown):
    by: str
    at: Instant
    reason: str


class Backfill(Shown):
    """Work on what came in before, and how far it has come. `total` is null until it has been counted."""

    kind: Annotated[
        Literal["sweep", "rerun", "file"],
        Field(description="learners looked at again under new rules, originals read again, a file taken in"),
    ]
    of: Annotated[str, Field(description="the partition, or the source with the rerun or file")]
    done: int
    total: int | None


class SilentSource(Shown):
    """A source from which nothing came for longer than its document expects."""

    source: str
    name: str
    last_event: Instant | None


class LettersCounted(Shown):
    """Dead letters among the latest that were looked through; `more`: there are older ones."""

    waiting: int
    redriven: int
    more: bool


class Standing(Shown):
    """A service, as it stands. `lag` and `rate` are those of all its consumers together."""

    service: str
    at: Instant
    state: State
    broker: Annotated[bool, Field(description="whether the broker answered")]
    paused: PauseShown | None
    lag: int | None
    rate: float
    consumers: list[ConsumerShown]
    instances: list[InstanceShown]
    last_error: FailureShown | None
    backfills: list[Backfill]
    silent_sources: list[SilentSource]
    dead_letters: LettersCounted | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """The first offset of a partition that is still there, and the one that the next message will have."""

    first: int
    end: int


def state_of(pause: Pause | None, workers: Sequence[Worker], now: datetime) -> State:
    """What counts most for who looks: that somebody paused it, before that it could not run."""
    there = [worker for worker in workers if worker.is_there(now)]
    if pause is not None:
        return "paused"
    if not there:
        return "stopped"
    return "waiting" if any(worker.trouble for worker in there) else "running"


def consumers_of(
    topics: Mapping[Role, str],
    partitions: Collection[int],
    bounds: Mapping[Place, Bounds] | None,
    checkpoints: Mapping[int, Checkpoint],
    workers: Sequence[Worker],
    now: datetime,
) -> list[ConsumerShown]:
    """In the order of topics and partitions. `bounds` is None while the broker does not answer."""
    there = [worker for worker in workers if worker.is_there(now)]
    owners = {partition: worker.instance for worker in reversed(there) for partition in worker.partitions}
    shown = []
    for role, topic in topics.items():
        for partition in sorted(partitions):
            checkpoint = checkpoints.get(partition)
            last = None if checkpoint is None else checkpoint.offsets.get(role)
            found = None if bounds is None else bounds.get((topic, partition))
            shown.append(
                ConsumerShown(
                    topic=topic,
                    role=role,
                    partition=partition,
                    owner=owners.get(partition),
                    position=None if last is None else last + 1,
                    end=None if found is None else found.end,
                    lag=None if found is None else lag_of(last, found),
                    rate=round(sum(worker.rates.get((topic, partition), 0.0) for worker in there), 1),
                )
            )
    return shown


def lag_of(last: int | None, bounds: Bounds) -> int:
    """How many messages come after the last one that was read. What the topic no longer has is not counted."""
    return max(bounds.end - max(bounds.first, 0 if last is None else last + 1), 0)


def instances_of(workers: Sequence[Worker], now: datetime) -> list[InstanceShown]:
    """The processes that are there, by name."""
    return [
        InstanceShown(name=worker.instance, at=worker.at, partitions=sorted(worker.partitions), trouble=worker.trouble)
        for worker in sorted(workers, key=lambda worker: (worker.instance, worker.at))
        if worker.is_there(now)
    ]


def sweeps_of(checkpoints: Mapping[int, Checkpoint]) -> list[Backfill]:
    """Those under way."""
    return [
        Backfill(kind="sweep", of=f"partition {partition}", done=checkpoint.sweep.done, total=checkpoint.sweep.total)
        for partition, checkpoint in sorted(checkpoints.items())
        if checkpoint.sweep is not None
    ]


def last_error(workers: Sequence[Worker]) -> FailureShown | None:
    """The latest of all processes, those that ended included."""
    failed = [(worker.failure, worker.instance) for worker in workers if worker.failure is not None]
    if not failed:
        return None
    failure, instance = max(failed, key=lambda one: one[0].at)
    return FailureShown(says=failure.says, at=failure.at, instance=instance)


def total_lag(consumers: Sequence[ConsumerShown]) -> int | None:
    """None: of some partition it isn't known."""
    lags = [consumer.lag for consumer in consumers]
    return None if any(lag is None for lag in lags) else sum(lag for lag in lags if lag is not None)
