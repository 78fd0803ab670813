"""Processor time, memory and disk of processes while something is going on, some times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import time
from types import TracebackType
from typing import Final, Self

import psutil

from deploy.local.platform import Platform
from deploy.local.process import Process

EVERY: Final = 0.5
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """`cpu` seconds since its start, user and system; `memory` bytes resident; `written` bytes to files, as the system counts."""

    cpu: float
    memory: int
    written: int


def processes_of(platform: Platform) -> dict[str, Process]:
    """By name: the instances of services, and what they stand on. A service's only instance goes by the service's name."""
    alone = {instance.service for instance in platform.instances if _running(platform, instance.service) == 1}
    found: dict[str, Process] = {}
    for instance in platform.instances:
        if instance.process.running:
            found[instance.service if instance.service in alone else instance.name] = instance.process
    return found | {server.name: server.process for server in platform.servers}


def _running(platform: Platform, service: str) -> int:
    return sum(instance.service == service and instance.process.running for instance in platform.instances)


class Samples:
    """Taken from entering to leaving. Processes that end meanwhile have their last figures."""

    def __init__(self, processes: Mapping[str, Process], every: float = EVERY) -> None:
        self._processes = {name: psutil.Process(process.pid) for name, process in processes.items()}
        self._every = every
        self.taken: list[tuple[float, dict[str, Sample]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._take()
        self._task = asyncio.create_task(self._follow(), name="samples")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._take()

    def cpu(self, until: float | None = None) -> dict[str, float]:
        """Seconds of each process from the first sample to the first one not before `until`."""
        return self._grown(lambda sample: sample.cpu, until)

    def written(self, until: float | None = None) -> dict[str, int]:
        """Likewise bytes."""
        return {name: int(number) for name, number in self._grown(lambda sample: sample.written, until).items()}

    def busy(self) -> dict[str, float]:
        """The share of a core that each had."""
        took = self.taken[-1][0] - self.taken[0][0]
        return {name: seconds / took for name, seconds in self.cpu().items()}

    def peaks(self, until: float | None = None) -> dict[str, float]:
        """Megabytes of each process when it had most."""
        end = self._end(until)
        return {
            name: round(max(sample[name].memory for _, sample in self.taken[: end + 1] if name in sample) / MEGABYTE, 1)
            for name in self.taken[0][1]
        }

    def _grown(self, figure: Callable[[Sample], float], until: float | None) -> dict[str, float]:
        first, last = self.taken[0][1], self.taken[self._end(until)][1]
        return {name: round(figure(last[name]) - figure(sample), 3) for name, sample in first.items() if name in last}

    def _end(self, until: float | None) -> int:
        later = [place for place, (at, _) in enumerate(self.taken) if until is not None and at >= until]
        return later[0] if later else len(self.taken) - 1

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            self._take()

    def _take(self) -> None:
        last = self.taken[-1][1] if self.taken else {}
        now: dict[str, Sample] = {}
        for name, process in self._processes.items():
            try:
                now[name] = _sample(process)
            except psutil.Error:
                if name in last:
                    now[name] = last[name]
        self.taken.append((time(), now))


def _sample(process: psutil.Process) -> Sample:
    with process.oneshot():
        times = process.cpu_times()
        return Sample(times.user + times.system, process.memory_info().rss, process.io_counters().write_bytes)
