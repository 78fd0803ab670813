"""How long nothing has come from each source, for alarms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from services.assessment.sources.health import health_of
from services.assessment.sources.sources import Sources
from shared.mongo import DatabaseError
from shared.telemetry import metrics, recording

log = logging.getLogger(__name__)

MEASURE_EVERY: Final = 30.0


def listening_to(sources: Sources) -> Callable[[], Awaitable[None]]:
    """A task that measures it as long as the process runs, where somebody wants to know."""

    async def run() -> None:
        while recording():
            try:
                await measure(sources)
            except DatabaseError as trouble:
                log.warning("the silence of sources can't be measured now: %s", type(trouble).__name__)
            await asyncio.sleep(MEASURE_EVERY)

    return run


async def measure(sources: Sources) -> None:
    for registered in await sources.registry.all():
        health = await health_of(sources, registered)
        if health.state == "paused":
            continue
        attributes = {metrics.SOURCE: health.source}
        if health.silent_for is not None:
            metrics.SILENCE.set(health.silent_for, attributes)
        metrics.SILENT.set(int(bool(health.too_long)), attributes)
