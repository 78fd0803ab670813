"""Laws 1 and 3: one writer per learner, whoever comes, goes, sleeps or wakes up."""

from __future__ import annotations

import asyncio
import signal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from tests.faults.conftest import Start
from tests.platform.eventually import eventually
from tests.streams.host import is_ready
from tests.streams.scene import PARTITIONS, Scene, counts


async def epochs(scene: Scene) -> dict[int, int]:
    return {found["_id"]: found["epoch"] for found in await scene.documents("checkpoints")}


async def test_a_worker_frozen_past_its_session_writes_nothing_when_it_wakes_up(scene: Scene, start: Start) -> None:
    await scene.count(*counts(1_000, learners=60))
    zombie = start(scene, "zombie", at="decided", time=2, signal=signal.SIGSTOP)
    await eventually(lambda: "sending 19 to itself" in zombie.tail(), within=40, why="it did not freeze")
    frozen_at = await epochs(scene)
    heir = start(scene, "heir")
    await scene.settled(within=60)
    taken_over = await epochs(scene)
    assert all(taken_over[partition] > epoch for partition, epoch in frozen_at.items())

    zombie.thaw()
    await eventually(lambda: "lost partition" in zombie.log.read_text(), within=30, why="it did not notice")
    await scene.settled()

    await scene.count(*counts(1_000, learners=60, start=1_000))
    await scene.settled(within=60)
    assert heir.running
    assert zombie.running


async def test_instances_that_join_and_leave_in_mid_stream_lose_and_double_nothing(scene: Scene, start: Start) -> None:
    sending = asyncio.create_task(_send_on(scene))
    first = start(scene, "first")
    await eventually(lambda: is_ready(first), within=40)
    second = start(scene, "second")
    third = start(scene, "third")
    await eventually(lambda: is_ready(second) and is_ready(third), within=60)
    await eventually(lambda: _writers(scene, 3), within=60, why="the three did not share the partitions")
    shares = await _shares(scene)
    assert sorted(partition for share in shares for partition in share) == list(range(PARTITIONS))
    assert await first.stop() == 0
    await eventually(lambda: _writers(scene, 2), within=60, why="the two left did not take over")
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


async def _shares(scene: Scene) -> list[set[int]]:
    """The partitions of each instance, all of which it has of the events and of the requests."""
    admin = AIOKafkaAdminClient(bootstrap_servers=scene.bootstrap)
    await admin.start()
    try:
        (response,) = await admin.describe_consumer_groups([f"{scene.topics.prefix}tally"])
    finally:
        await admin.close()
    shares = []
    for _, _, _, _, assigned in response.groups[0][5]:
        by_topic = dict(ConsumerProtocolMemberAssignment.decode(assigned).assignment)
        events, requests = set(by_topic[scene.topics.events.name]), set(by_topic[scene.topics.requests.name])
        assert events == requests
        shares.append(events)
    return shares


async def _writers(scene: Scene, number: int) -> bool:
    """Whether so many instances write."""
    return len({found["instance"] for found in await scene.documents("checkpoints")}) == number
