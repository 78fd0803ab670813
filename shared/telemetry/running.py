"""What the operating system says of this process."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import Final

from shared.telemetry import metrics
from shared.telemetry.metrics import Attributes

BEGAN: Final = monotonic()
STATM: Final = Path("/proc/self/statm")


def measure_process() -> None:
    metrics.UPTIME.observe("process", lambda: [(monotonic() - BEGAN, {})])
    metrics.MEMORY.observe("process", _memory)
    metrics.CPU.observe("process", _cpu)


def _memory() -> Iterable[tuple[int, Attributes]]:
    """Nothing where there is no such file: not every system says it without asking its libraries."""
    if STATM.exists():
        yield int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"), {}


def _cpu() -> Iterable[tuple[float, Attributes]]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield used.ru_utime, {"cpu.mode": "user"}
    yield used.ru_stime, {"cpu.mode": "system"}
