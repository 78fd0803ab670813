"""An operator pauses a stream and lets it go on: nothing is taken meanwhile, and afterwards nothing is lost or doubled."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.stream.checkpoint import Checkpoint
from shared.stream.engine import Stream
from shared.stream.flow import Role
from shared.stream.presence import Worker, workers
from shared.stream.switch import Switch
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer
from tests.streams.host import Told, host, is_ready
from tests.streams.scene import PARTITIONS, Scene, counts


async def is_paused(stream: Stream[Any, Any]) -> None:
    await eventually(lambda: stream.ready().get("paused") is True, why="the stream did not notice that it is paused")


async def places(scene: Scene) -> list[tuple[int, dict[Role, int]]]:
    found = [Checkpoint.from_document(one) for one in await scene.documents("checkpoints")]
    return sorted((one.partition, dict(one.offsets)) for one in found)


async def stays_as_it_is(scene: Scene, looks: int = 20) -> None:
    """Once the batch that was begun before is done, no checkpoint moves for as long as it takes to look so often."""
    seen = [await places(scene)]

    async def settled() -> bool:
        seen.append(await places(scene))
        return len(seen) > 10 and all(one == seen[-1] for one in seen[-10:])

    async def looked() -> bool:
        seen.append(await places(scene))
        if seen[-1] != seen[-2]:
            pytest.fail("a paused stream moved a checkpoint")
        return len(seen) >= looks

    await eventually(settled, within=30, every=0.1, why="the stream goes on though it is paused")
    del seen[:-1]
    await eventually(looked, within=60, every=0.1)


async def present(scene: Scene) -> list[Worker]:
    return [worker for worker in await workers(scene.database) if worker.is_there(datetime.now(UTC))]


async def test_a_paused_stream_takes_nothing_and_goes_on_without_loss_or_doubling(scene: Scene) -> None:
    switch = Switch(scene.database)
    async with scene.running() as stream:
        await scene.count(*counts(200, learners=50))
        await scene.settled()
        await switch.pause("ada", "the rules are being looked at")
        await is_paused(stream)
        assert stream.ready() == {"stream": True, "paused": True}
        await scene.count(*counts(1_500, learners=50, start=200))
        await stays_as_it_is(scene)
        await switch.resume()
        await scene.settled(within=120)
        assert stream.ready() == {"stream": True}


async def test_one_that_is_paused_in_the_middle_of_a_flood_finishes_its_batch_and_loses_nothing(scene: Scene) -> None:
    switch = Switch(scene.database)
    async with scene.running() as stream:
        await scene.count(*counts(2_500, learners=100))
        await eventually(lambda: scene.documents("records"), every=0.01, why="nothing was ever applied")
        await switch.pause("ada", "now")
        await is_paused(stream)
        await stays_as_it_is(scene)
        await switch.resume()
        await scene.settled(within=120)


async def test_a_stream_that_is_started_while_paused_stays_paused_and_is_ready(scene: Scene) -> None:
    switch = Switch(scene.database)
    async with scene.running():
        await scene.count(*counts(100, learners=20))
        await scene.settled()
    await switch.pause("ada", "over night")
    await scene.count(*counts(100, learners=20, start=100))
    async with scene.running() as stream:
        assert stream.ready() == {"stream": True, "paused": True}
        await stays_as_it_is(scene)
        await switch.resume()
        await scene.settled()


async def test_a_stream_can_be_stopped_while_it_is_paused_with_messages_in_hand(scene: Scene) -> None:
    switch = Switch(scene.database)
    async with scene.running() as stream:
        await switch.pause("ada", "for good")
        await is_paused(stream)
        await scene.count(*counts(1_000, learners=20))
        await stays_as_it_is(scene, looks=10)
    assert await scene.documents("records") == []
    await switch.resume()
    async with scene.running():
        await scene.settled(within=120)


@pytest.mark.faults
async def test_partitions_move_between_paused_processes_and_nothing_is_lost(
    scene: Scene, kafka: Broker, mongodb: DatabaseServer, tmp_path: Path
) -> None:
    """A second process joins while the first holds messages that it may not work on, and dies."""
    switch = Switch(scene.database)
    async with scene.running(instance="first") as stream:
        await switch.pause("ada", "moving")
        await is_paused(stream)
        await scene.count(*counts(2_000, learners=200))
        told = Told(kafka.bootstrap, mongodb.uri, scene.database.name, scene.topics.prefix, name="second")
        second = host(told, tmp_path / "second.log")
        second.start()
        await eventually(lambda: is_ready(second), within=60, why="the second process did not get ready")
        await stays_as_it_is(scene)
        await second.kill()
        await switch.resume()
        await scene.settled(within=120)


async def test_each_process_says_what_it_holds_how_fast_it_is_and_that_it_stopped(scene: Scene) -> None:
    async with scene.running(instance="one"):
        await scene.count(*counts(400, learners=50))
        await scene.settled()

        async def said() -> bool:
            (worker,) = await present(scene)
            return worker.partitions == frozenset(range(PARTITIONS)) and bool(worker.rates)

        await eventually(said, within=20, why="the process does not say what it does")
    assert await present(scene) == []
    (worker,) = await workers(scene.database)
    assert (worker.instance, worker.stopped, worker.failure) == ("one", True, None)
