"""Backpressure in the stream: what a worker can't write yet waits on its topic and not in its memory."""

from __future__ import annotations

from dataclasses import replace

import psutil
import pytest

from deploy.local.proxy import Proxy
from shared.kafka import Outgoing
from tests.faults.conftest import Start
from tests.platform.eventually import eventually
from tests.platform.parts import DatabaseServer, address_of
from tests.streams.host import is_ready
from tests.streams.scene import NOW, Scene
from tests.streams.tally import Counted, event

LARGE, NUMBER = 700_000, 150
SWELLS = 75_000_000
"""Bytes that the worker may take more than it had. It is brought half as many again."""


def large_event(scene: Scene, number: int) -> Outgoing:
    """Of so many bytes, most of them blanks, which change nothing."""
    said = event(Counted(learner=f"learner-{number % 20}", points=1), f"large-{number}", time=NOW)
    padded = said.data.replace(b"{", b"{" + b" " * LARGE, 1)
    return Outgoing.of(scene.topics.events.name, f"learner-{number % 20}", replace(said, data=padded))


async def large_events(scene: Scene) -> None:
    for start in range(0, NUMBER, 10):
        await scene.send_raw(*(large_event(scene, number) for number in range(start, start + 10)))
    scene.sent.update(f"learner-{number % 20}" for number in range(NUMBER))
    scene.points.update(f"learner-{number % 20}" for number in range(NUMBER))


@pytest.mark.timeout(400)
async def test_a_worker_whose_database_is_slow_takes_no_more_into_memory_than_it_works_on(
    scene: Scene, mongodb: DatabaseServer, start: Start
) -> None:
    server = address_of(mongodb.uri)
    async with Proxy(server) as proxy:
        worker = start(replace(scene, uri=mongodb.uri.replace(server, proxy.address)), "worker")
        await eventually(lambda: is_ready(worker), within=60)
        process = psutil.Process(worker.pid)
        had = peak = process.memory_info().rss

        async def applied() -> bool:
            nonlocal peak
            peak = max(peak, process.memory_info().rss)
            return await scene.applied()

        proxy.hold()
        await large_events(scene)
        await eventually(lambda: process.memory_info().rss > had + 10_000_000, within=120, why="it took nothing")
        proxy.flow()
        proxy.delay(0.05)
        await eventually(applied, within=200, every=0.1, why="it did not take all")
        assert peak - had < SWELLS
        print(f"the worker took {(peak - had) / 1e6:.0f} MB more for {NUMBER * LARGE / 1e6:.0f} MB")
