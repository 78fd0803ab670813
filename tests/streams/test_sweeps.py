"""Law 6: when rules change, the owner of each partition looks at its own learners again; and time works the same way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.events.catalog import AchievementPublished
from shared.events.definitions import Achievement
from shared.events.envelope import Cause, envelope_of
from shared.kafka import Outgoing
from shared.stream.checkpoint import SweepProgress, sweeps
from tests.platform.eventually import eventually
from tests.streams.scene import NOW, Scene, counts
from tests.streams.tally import Counted, event

DEFINITION = Achievement.model_validate(
    {
        "achievement": "python",
        "name": "Python",
        "description": "Writes Python.",
        "criteria": "Pass the course.",
        "issuer": {"id": "uni", "name": "University"},
        "requirement": {"activity": "urn:course:python", "passed": True},
    }
)
TRACE = "00-" + "c" * 32 + "-" + "d" * 16 + "-01"


async def publish(scene: Scene, *versions: int) -> None:
    """Each version published is a point of bonus for everybody."""
    messages = []
    for version in versions:
        cause = Cause(kind="decision", id=f"version {version}", time=NOW)
        published = AchievementPublished(
            revision=1, cause=cause, id_="python", version=version, announced_at=NOW, definition=DEFINITION
        )
        messages.append(
            Outgoing.of(scene.topics.publications.name, published.key, envelope_of(published, "cairn/catalog", TRACE))
        )
    await scene.publisher.publish_all(messages, within=30)


async def everybody_has(scene: Scene, bonus: int) -> bool:
    records = await scene.documents("records")
    return bool(records) and all(record["bonus"] == bonus for record in records) and not await sweeps(scene.database)


async def test_a_publication_reaches_every_learner_and_is_swept_once(scene: Scene) -> None:
    async with scene.running():
        await scene.count(*counts(600, learners=300))
        await scene.settled()
        await publish(scene, 1)
        await eventually(lambda: everybody_has(scene, 1), within=30, why="not everybody was looked at again")
        await scene.settled()
    facts = await scene.documents("facts")
    swept = [fact for fact in facts if fact["data"]["cause"]["kind"] == "publication"]
    assert len(swept) == 300
    assert {fact["data"]["cause"]["id"] for fact in swept} == {"python@1"}
    assert {fact["traceparent"] for fact in swept} == {TRACE}


async def test_live_events_are_decided_by_the_newest_rules_while_a_sweep_is_under_way(scene: Scene) -> None:
    async with scene.running():
        await scene.count(*counts(500, learners=500))
        await scene.settled()
        await publish(scene, 1)
        await scene.count(*counts(500, learners=500, start=500))
        await publish(scene, 2, 3)
        await scene.count(*counts(500, learners=500, start=1_000))
        await eventually(lambda: everybody_has(scene, 3), within=40, why="not everybody has the newest rules")
        await scene.settled()


async def test_rules_published_before_the_first_learner_need_no_sweep(scene: Scene) -> None:
    await publish(scene, 1, 2)
    async with scene.running():
        await scene.count(*counts(50, learners=50))
        await scene.settled()
        assert await everybody_has(scene, 2)
    assert all(fact["data"]["cause"]["kind"] == "completion" for fact in await scene.documents("facts"))


async def test_a_sweep_goes_on_where_a_stopped_worker_left_it(scene: Scene) -> None:
    halfway: list[SweepProgress] = []

    async with scene.running():
        await scene.count(*counts(900, learners=900))
        await scene.settled(within=60)
    async with scene.running() as stream:
        await publish(scene, 1)

        async def under_way() -> bool:
            halfway[:] = [progress for progress in await stream.sweeps() if progress.done]
            return bool(halfway)

        await eventually(under_way, within=30, every=0.01, why="no sweep was seen under way")
    stopped = {progress.partition: progress for progress in await sweeps(scene.database)}
    assert stopped
    assert all(progress.total is None or progress.done < progress.total for progress in stopped.values())
    async with scene.running():
        await eventually(lambda: everybody_has(scene, 1), within=40, why="the sweep did not go on")
        await scene.settled()
    facts = [fact for fact in await scene.documents("facts") if fact["data"]["cause"]["kind"] == "publication"]
    assert len(facts) == 900


async def test_what_falls_due_is_asked_for_with_its_own_instant_and_once(scene: Scene) -> None:
    present = [datetime.now(UTC)]
    due = datetime.now(UTC).replace(microsecond=123_456) + timedelta(days=2)
    async with scene.running(clock=lambda: present[0]):
        for learner, when in (("ada", due), ("bob", due + timedelta(days=400))):
            scene.sent[learner], scene.points[learner] = 1, 1
            envelope = event(Counted(learner=learner, due=when), learner, time=NOW)
            await scene.send_raw(Outgoing.of(scene.topics.events.name, learner, envelope))
        await scene.settled()
        assert await scene.on(scene.topics.requests) == []
        present[0] = due
        requests = await eventually(lambda: scene.on(scene.topics.requests), why="nothing was asked for")
    (request,) = requests
    headers = {name: raw.decode() for name, raw in request.headers}
    assert (request.key, headers["ce_type"]) == (b"ada", "test.alarm-fell-due.v1")
    assert datetime.fromisoformat(headers["ce_time"]) == due


async def test_what_fell_due_while_nobody_worked_is_noticed_at_the_start_and_acted_upon(scene: Scene) -> None:
    due = datetime.now(UTC) - timedelta(days=1)
    async with scene.running(clock=lambda: due - timedelta(days=1)):
        scene.sent["ada"], scene.points["ada"] = 1, 1
        await scene.send_raw(Outgoing.of(scene.topics.events.name, "ada", event(Counted(learner="ada", due=due), "1", time=NOW)))
        await scene.settled()
    async with scene.running():
        await eventually(lambda: alarms(scene), why="the alarm did not fall due")
        await scene.facts_are_whole()
    assert len(await scene.on(scene.topics.requests)) == 1


async def test_a_machine_whose_clock_is_ahead_asks_for_nothing_before_its_time(scene: Scene) -> None:
    """A request that is older than its own instant would be a dead letter, and many of them end the process."""
    now = datetime.now(UTC)
    dues = {"soon": now + timedelta(hours=1), "past": now - timedelta(minutes=1)}
    async with scene.running(clock=lambda: datetime.now(UTC) + timedelta(hours=2), time=scene.database.time):
        for learner, due in dues.items():
            scene.sent[learner], scene.points[learner] = 1, 1
            counted = event(Counted(learner=learner, due=due), learner, time=NOW)
            await scene.send_raw(Outgoing.of(scene.topics.events.name, learner, counted))
        requests = await eventually(lambda: scene.on(scene.topics.requests), why="nothing was asked for")
    assert [request.key for request in requests] == [b"past"]


async def alarms(scene: Scene) -> bool:
    return [record["alarms"] for record in await scene.documents("records")] == [1]


async def test_what_the_database_calls_due_a_little_early_is_asked_for_in_time(scene: Scene) -> None:
    """It keeps milliseconds only."""
    due = datetime.now(UTC).replace(microsecond=123_999) + timedelta(days=2)
    present = [due - timedelta(days=1)]
    async with scene.running(clock=lambda: present[0]):
        scene.sent["ada"], scene.points["ada"] = 1, 1
        await scene.send_raw(Outgoing.of(scene.topics.events.name, "ada", event(Counted(learner="ada", due=due), "1", time=NOW)))
        await scene.settled()
    looks = 0

    def clock() -> datetime:
        nonlocal looks
        looks += 1
        return due - timedelta(microseconds=500) if looks <= 2 else due + timedelta(seconds=2)

    async with scene.running(clock=clock):
        await eventually(lambda: scene.on(scene.topics.requests), why="it was never asked for")
    assert looks > 2
