"""Law 8: nothing is lost, not even by the engine that brings the messages."""

from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaProducer

from shared.stream.checkpoint import Checkpoint
from shared.stream.flow import Role
from shared.stream.gaps import Auditor, PassedOver, gaps
from shared.stream.incoming import Incoming
from tests.streams.scene import NOW, Scene, counts
from tests.streams.tally import Counted, event


def at(offset: int, role: Role = "reads", partition: int = 1) -> Incoming:
    return Incoming(role, role, partition, offset, b"ada", b"", (), datetime.now(UTC))


def test_offsets_that_do_not_follow_the_checkpoint_or_each_other_are_gaps() -> None:
    held = {1: Checkpoint(1, epoch=1, rules=0, offsets={"reads": 6})}
    assert gaps([at(7), at(8), at(40, "asks"), at(41, "asks")], held) == []
    assert gaps([at(9), at(10), at(12)], held) == [("reads", 1, 7, 9), ("reads", 1, 11, 12)]


async def test_a_gap_with_messages_in_it_is_noticed(scene: Scene) -> None:
    await scene.send([(Counted(learner="ada"), f"event-{number}") for number in range(5)], partition=1)
    auditor = Auditor(scene.bootstrap)
    try:
        with pytest.raises(PassedOver, match="partition 1: 4 came before 2"):
            await auditor.check([(scene.topics.events.name, 1, 2, 4)])
    finally:
        await auditor.close()


async def test_the_markers_of_a_producers_transactions_are_no_messages_and_nothing_stops(scene: Scene) -> None:
    async with (
        scene.running() as stream,
        AIOKafkaProducer(bootstrap_servers=scene.bootstrap, transactional_id=scene.topics.prefix) as producer,
    ):
        for number in range(5):
            async with producer.transaction():
                for learner, id_, points in counts(20, learners=5, start=20 * number):
                    scene.sent[learner] += 1
                    scene.points[learner] += points
                    envelope = event(Counted(learner=learner, points=points), id_, time=NOW)
                    topic = scene.topics.events.name
                    await producer.send(topic, envelope.data, learner.encode(), headers=envelope.headers())
        await scene.settled()
        assert not stream.failed.done()
    offsets = {(record.partition, record.offset) for record in await scene.on(scene.topics.events)}
    assert any((partition, offset - 1) not in offsets for partition, offset in offsets if offset > 0)
