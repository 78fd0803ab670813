"""Laws 1 and 3: one writer per learner, whoever comes and goes."""

from __future__ import annotations

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from tests.faults.conftest import Start
from tests.platform.eventually import eventually
from tests.streams.host import is_ready
from tests.streams.scene import PARTITIONS, Scene, counts


async def test_instances_that_join_and_leave_in_mid_stream_lose_and_double_nothing(scene: Scene, start: Start) -> None:
    sending = asyncio.create_task(_send_on(scene))
    first = start(scene, "first")
    await eventually(lambda: is_ready(first), within=40)
    second = start(scene, "second")
    third = start(scene, "third")
    await eventually(lambda: is_ready(second) and is_ready(third), within=60)
    await eventually(lambda: _shared(scene, 3), within=60, why="the three did not share the partitions")
    assert await first.stop() == 0
    await eventually(lambda: _shared(scene, 2), within=60, why="the two left did not take over")
    await third.kill()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await scene.settled(within=90)
    assert second.running


async def _send_on(scene: Scene) -> None:
    """Send without end, a few at a time."""
    start = 0
    while True:
        await scene.count(*counts(40, learners=200, start=start))
        start += 40
        await asyncio.sleep(0.2)


async def _shared(scene: Scene, instances: int) -> bool:
    """Whether so many instances have all partitions, each one of them those of the events and of the requests alike.

    One of three may have none of four: Faust lets each of the others keep the two it has.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=scene.bootstrap)
    await admin.start()
    try:
        (response,) = await admin.describe_consumer_groups([f"{scene.topics.prefix}tally"])
    finally:
        await admin.close()
    _, _, state, _, _, members, *_ = response.groups[0]
    if state != "Stable" or len(members) != instances:
        return False
    found: list[int] = []
    for *_, assigned in members:
        by_topic = dict(ConsumerProtocolMemberAssignment.decode(assigned).assignment)
        events = sorted(by_topic.get(scene.topics.events.name, ()))
        assert events == sorted(by_topic.get(scene.topics.requests.name, ()))
        found += events
    return sorted(found) == list(range(PARTITIONS))
