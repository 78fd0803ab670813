"""Processor time of processes: what a machine that others use too still measures truly."""

from __future__ import annotations

from collections.abc import Mapping

import psutil

from deploy.local.process import Process


class CpuTime:
    """Counts from when it was made."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self._processes = {name: psutil.Process(process.pid) for name, process in processes.items()}
        self._before = self._now()

    def seconds(self) -> dict[str, float]:
        """Of each process, user and system together."""
        return {name: round(now - self._before[name], 2) for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: sum(process.cpu_times()[:2]) for name, process in self._processes.items()}
