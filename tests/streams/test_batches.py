"""Laws 1, 2 and 3 as long as nothing goes wrong."""

from shared.kafka import home
from shared.stream.checkpoint import Checkpoint
from tests.platform.eventually import eventually
from tests.streams.scene import NOW, PARTITIONS, Scene, counts
from tests.streams.tally import Counted, Elsewhere, Forgotten


async def test_each_event_is_counted_once_and_each_fact_said(scene: Scene) -> None:
    async with scene.running():
        await scene.count(*counts(1_500, learners=100))
        await scene.settled()


async def test_what_was_sent_before_the_start_is_processed_too(scene: Scene) -> None:
    await scene.count(*counts(300, learners=10))
    async with scene.running():
        await scene.settled()


async def test_an_event_that_comes_again_is_applied_once_and_with_other_content_is_a_dead_letter(scene: Scene) -> None:
    async with scene.running():
        await scene.count(("ada", "same", 5))
        await scene.send([(Counted(learner="ada", points=5), "same"), (Counted(learner="ada", points=6), "same")])
        await scene.count(("ada", "next", 1))
        await scene.settled()
    assert [letter["reason"] for letter in await scene.letters()] == ["the same id with other content"]


async def test_a_restart_goes_on_behind_the_checkpoint(scene: Scene) -> None:
    async with scene.running():
        await scene.count(*counts(200, learners=20))
        await scene.settled()
    async with scene.running():
        await scene.count(*counts(200, learners=20, start=200))
        await scene.settled()
    epochs = [checkpoint["epoch"] for checkpoint in await scene.documents("checkpoints")]
    assert epochs == [2] * PARTITIONS


async def test_an_event_on_a_wrong_partition_is_forwarded_unchanged_to_its_home(scene: Scene) -> None:
    learners = [f"learner-{number}" for number in range(40)]
    async with scene.running():
        await scene.count(*((learner, f"event of {learner}", 1) for learner in learners), partition=2)
        await scene.settled()
    strays = {learner for learner in learners if home(learner, PARTITIONS) != 2}
    assert 0 < len(strays) < 40
    sent = [record for record in await scene.on(scene.topics.events) if record.key.decode() in strays]
    for learner in strays:
        first, second = sorted((r for r in sent if r.key.decode() == learner), key=lambda r: r.timestamp)
        assert second.partition == home(learner, PARTITIONS)
        assert (first.headers, first.value) == (second.headers, second.value)


async def test_an_event_that_is_no_concern_of_the_service_is_passed_over_without_a_letter(scene: Scene) -> None:
    async with scene.running():
        await scene.send([(Elsewhere(learner="ada"), "elsewhere")])
        await scene.count(("ada", "counted", 1))
        await scene.settled()
    assert await scene.letters() == []


async def test_a_decision_may_remove_the_record_and_what_belongs_to_it(scene: Scene) -> None:
    async with scene.running():
        await scene.count(("ada", "1", 1), ("bob", "2", 1))
        await scene.settled()
        await scene.send([(Forgotten(learner="ada"), "forget")])
        await eventually(lambda: _names(scene, "records", "_id"), why="the record is still there")
        assert await _names(scene, "entries", "learner")


async def _names(scene: Scene, collection: str, field: str) -> bool:
    return [document[field] for document in await scene.documents(collection)] == ["bob"]


async def test_facts_carry_the_time_of_their_cause_and_the_trace_of_the_event(scene: Scene) -> None:
    async with scene.running():
        await scene.count(("ada", "1", 3))
        await scene.settled()
    (record,) = await scene.on(scene.topics.tallies)
    headers = {name: raw.decode() for name, raw in record.headers}
    assert headers["ce_time"] == "2026-03-01T12:00:00Z"
    assert headers["ce_source"] == f"cairn/{scene.topics.prefix}tally"
    (fact,) = await scene.documents("facts")
    assert (fact["learner"], fact["revision"], fact["at"], fact["type"]) == ("ada", 1, NOW, "test.tally.moved.v1")
    checkpoint = next(
        Checkpoint.from_document(found) for found in await scene.documents("checkpoints") if found["batch"]["facts"]
    )
    assert checkpoint.facts == (fact["_id"],)
    assert fact["batch"] == checkpoint.batch
