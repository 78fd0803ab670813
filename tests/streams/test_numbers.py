"""What is read beside the main input, and the counters that only a partition's writer moves."""

from dataclasses import replace

from shared.kafka import Outgoing, home
from shared.stream.engine import Stream
from tests.platform.eventually import eventually
from tests.streams.scene import NOW, PARTITIONS, Scene, counts, reasons
from tests.streams.tally import TICKETS, Counted, CountRefused, Praised, event, tally_flow


async def praise(scene: Scene, *learners: str, since: int = 0) -> None:
    outgoing = [
        Outgoing.of(scene.topics.praises.name, learner, event(Praised(learner=learner), f"praise-{number}", time=NOW))
        for number, learner in enumerate(learners, since)
    ]
    await scene.publisher.publish_all(outgoing, within=30)


async def praised(scene: Scene) -> dict[str, int]:
    return {record["_id"]: record["praise"] for record in await scene.documents("records")}


async def test_what_is_read_beside_the_input_is_applied_once_over_restarts(scene: Scene) -> None:
    expected = {"ada": 2, "bob": 1, "cem": 1}

    async def all_praised() -> bool:
        return await praised(scene) == expected

    async with scene.running():
        await scene.count(("ada", "first", 1))
        await praise(scene, "ada", "ada", "bob", "cem")
        await eventually(all_praised, within=20, why="what came beside was not applied")
        await scene.settled()
    expected["dora"] = 1
    async with scene.running():
        await praise(scene, "dora", since=4)
        await eventually(all_praised, within=20, why="it did not go on where it had stopped")
        await scene.settled()


async def test_only_what_the_topic_carries_is_taken_from_beside(scene: Scene) -> None:
    async with scene.running():
        astray = event(Counted(learner="ada"), "astray", time=NOW)
        await scene.send_raw(Outgoing.of(scene.topics.praises.name, "ada", astray))
        await eventually(scene.letters, within=20, why="no dead letter came")
    assert reasons(await scene.letters()) == ["the type 'test.counted.v1' is not one that this topic carries"]


async def test_checkpoints_from_before_there_were_numbers_are_gone_on_from(scene: Scene) -> None:
    before = replace(tally_flow(scene.topics), beside=None, number=None)
    earlier = Stream(before, scene.bootstrap, scene.database, publications=scene.topics.publications)
    await earlier.start()
    await scene.count(*counts(40, learners=10))
    await eventually(scene.applied, within=30)
    await earlier.stop()
    unknown_then = {"$unset": {"numbers": "", "offsets.beside": ""}}
    await scene.database["checkpoints"].update_many({}, unknown_then)
    said = {fact["_id"] for fact in await scene.documents("facts")}
    async with scene.running():
        await scene.count(*counts(40, learners=10, start=40))
        await eventually(scene.applied, within=30)
        await praise(scene, "learner-1")

        async def is_praised() -> bool:
            return (await praised(scene)).get("learner-1") == 1

        await eventually(is_praised, within=20)
    ticketed = {ticket["fact"] for ticket in await scene.documents(TICKETS)}
    assert ticketed == {fact["_id"] for fact in await scene.documents("facts")} - said
    assert {record["_id"]: record["events"] for record in await scene.documents("records")} == scene.sent


async def test_what_is_refused_fails_or_cannot_be_stored_uses_up_no_number_and_gives_none_twice(scene: Scene) -> None:
    learners = [f"learner-{number}" for number in range(200) if home(f"learner-{number}", PARTITIONS) == 1][:12]
    ways = ("refused", "bug", "unstorable", "much")
    for number, learner in enumerate(learners):
        scene.sent[learner] += 1
        scene.points[learner] += 1
        await scene.send([(Counted(learner=learner), f"event-{number}")])
        await scene.send([(CountRefused(learner=learner, how=ways[number % 4]), f"refused-{number}")])
    async with scene.running():
        await scene.settled(within=60)
    tickets = {ticket["_id"] for ticket in await scene.documents(TICKETS)}
    assert tickets == {f"1-{number}" for number in range(1, len(learners) + 1)}
