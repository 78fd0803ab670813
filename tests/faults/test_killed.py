"""Law 3: a service killed between any two steps of a batch loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio

from deploy.local.process import Process
from tests.faults.conftest import Start
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer
from tests.streams.scene import Scene, counts
from tests.streams.tally import CountRefused, Topics

STEPS = ("taken over", "loaded", "decided", "buried and forwarded", "written", "committed", "published")


async def died_of_more(scene: Scene, process: Process) -> bool:
    """Send some more, so that there is another batch; whether the process has ended."""
    await scene.count(*counts(20, learners=50, start=scene.sent.total()))
    return not process.running


async def test_a_service_killed_between_any_two_steps_loses_and_doubles_nothing(
    kafka: Broker, mongodb: DatabaseServer, prefix: str, database_name: str, start: Start
) -> None:
    async def killed_after(number: int, step: str) -> None:
        topics = Topics(f"{prefix}{number}.")
        async with Scene.open(kafka.bootstrap, mongodb.uri, f"{database_name}_{number}", topics) as scene:
            await scene.count(*counts(200, learners=50))
            await scene.send([(CountRefused(learner="learner-1"), "refused")])
            first = start(scene, "first", at=step, time=4 if step == "taken over" else 2)
            await eventually(lambda: died_of_more(scene, first), within=90, every=0.3, why=f"it did not die after {step}")
            assert "sending 9 to itself" in first.tail()
            start(scene, "second")
            await scene.settled(within=60)
            assert len(await scene.letters()) == 1

    await asyncio.gather(*(killed_after(number, step) for number, step in enumerate(STEPS)))
