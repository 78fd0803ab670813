"""Publishing reaches the topic and every reader, whatever dies in between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from services.catalog.store import now
from shared.broadcast import Broadcast
from shared.events.envelope import envelope_of
from shared.kafka import Publisher
from tests.journeys.catalog_instance import Surroundings, achievement, stack, submission, surroundings
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer


@pytest_asyncio.fixture
async def around(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> Surroundings:
    return await surroundings(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path)


async def all_said(around: Surroundings, *wanted: tuple[str, int]) -> list[tuple[str, int]]:
    """The announcements on the topic once these are among them."""

    async def there() -> list[tuple[str, int]]:
        said = await around.announced()
        assert set(said) >= set(wanted), said
        return said

    return await eventually(there, within=30)


async def test_what_others_depend_on_is_announced_first(around: Surroundings) -> None:
    documents = [
        stack("data", {"achievement": "sql"}, {"all": [{"achievement": "sql"}, {"achievement": "ethics"}]}),
        achievement("ethics"),
        achievement("sql"),
    ]
    async with around.catalog() as catalog:
        answer = await catalog.post("/apply", json={"documents": documents})
        assert answer.status_code == 200, answer.text
        said = await all_said(around, ("sql@1", 1), ("ethics@1", 1), ("data@1", 1))

    assert said.index(("data@1", 1)) > max(said.index(("sql@1", 1)), said.index(("ethics@1", 1)))


async def test_readers_that_run_and_readers_that_start_later_know_all_that_was_published(around: Surroundings) -> None:
    async with around.catalog() as catalog, Broadcast(around.bootstrap, around.topic) as running:
        assert (await running.caught_up()).publications == ()
        await catalog.post("/apply", json={"documents": [achievement("ethics")]})
        told = await asyncio.wait_for(running.after(0), 20)
        async with Broadcast(around.bootstrap, around.topic) as later:
            assert {found.key for found in (await later.caught_up()).publications} == {"ethics@1"}

    [publication] = told.publications
    assert (publication.key, publication.in_force) == ("ethics@1", True)


@pytest.mark.faults
@pytest.mark.parametrize("step", ["committed", "published"])
async def test_an_announcement_survives_a_crash_between_the_database_and_the_topic(around: Surroundings, step: str) -> None:
    dying = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.journeys.catalog_that_dies", step, around.topic.name, json.dumps(achievement("ethics"))),
        env={
            **os.environ,
            **{f"CAIRN_{name.upper()}": str(value) for name, value in around.settings().model_dump(include=SETTINGS).items()},
        },
    )
    assert await asyncio.wait_for(dying.wait(), 60) == -signal.SIGKILL
    assert await around.announced() == ([] if step == "committed" else [("ethics@1", 1)])

    async with around.catalog() as catalog:
        assert [each["state"] for each in (await catalog.get("/publications")).json()["items"]] == ["waiting"]
        await all_said(around, ("ethics@1", 1))

        async def none_waits() -> bool:
            waiting = await catalog.get("/publications", params={"state": "waiting"})
            return not waiting.json()["items"]

        await eventually(none_waits, within=30)

    facts = await around.said()
    assert {fact.id for fact in facts} == {facts[0].id}


SETTINGS = {"kafka", "mongodb", "jwks", "token_issuer", "token_audience", "database_prefix"}


async def test_an_older_announcement_behind_a_newer_one_is_set_right(around: Surroundings) -> None:
    async with around.catalog() as catalog, Publisher(around.bootstrap) as stale:
        await catalog.post("/apply", json={"documents": [achievement("ethics")]})
        await all_said(around, ("ethics@1", 1))
        await catalog.post("/achievements/ethics/retire")
        await all_said(around, ("ethics@1", 2))
        first = next(fact for fact in await around.said() if fact.revision == 1)

        await stale.publish(around.topic.name, first.key, envelope_of(first, "cairn/catalog", None))

        async def newest_stands_last() -> bool:
            said = await around.announced()
            return said[-2:] == [("ethics@1", 1), ("ethics@1", 2)]

        await eventually(newest_stands_last, within=30)


async def test_a_topic_that_was_lost_is_filled_again(around: Surroundings, tmp_path: Path, prefix: str) -> None:
    async with around.catalog() as catalog:
        await catalog.post("/apply", json={"documents": [achievement("ethics"), achievement("law")]})
        await all_said(around, ("ethics@1", 1), ("law@1", 1))

    empty = await surroundings(around.bootstrap, around.mongodb, around.database, f"{prefix}new.", tmp_path)
    async with empty.catalog():
        await all_said(empty, ("ethics@1", 1), ("law@1", 1))


async def test_a_version_is_announced_again_when_its_day_has_come(around: Surroundings) -> None:
    today = now()
    day = (today + timedelta(days=2)).date()
    document = achievement("ethics", effective_from=day.isoformat())
    async with around.parts(lambda: today) as (catalog, relay):
        await catalog.publish([submission(document)])
        await relay.bring_into_force()
        await relay.send_waiting()
    async with around.parts(lambda: datetime(day.year, day.month, day.day, tzinfo=UTC)) as (_, relay):
        await relay.bring_into_force()
        await relay.bring_into_force()
        await relay.send_waiting()

    before, after = await around.said()
    assert (before.revision, before.in_force, after.revision, after.in_force) == (1, False, 2, True)


async def test_of_two_instances_that_would_make_a_cycle_together_one_is_refused(around: Surroundings) -> None:
    async with around.catalog() as one, around.catalog() as other:
        await one.post("/apply", json={"documents": [achievement("a"), achievement("b")]})
        answers = await asyncio.gather(
            one.post("/apply", json={"documents": [achievement("a", requirement={"achievement": "b"})]}),
            other.post("/apply", json={"documents": [achievement("b", requirement={"achievement": "a"})]}),
        )

    assert sorted(answer.status_code for answer in answers) == [200, 422]
    refused = next(answer.json() for answer in answers if answer.status_code == 422)
    assert "would depend on itself" in refused["documents"][0]["findings"][0]["message"]


async def test_what_two_instances_publish_at_once_is_all_published(around: Surroundings) -> None:
    async with around.catalog() as one, around.catalog() as other:
        answers = await asyncio.gather(
            *(
                instance.post("/apply", json={"documents": [achievement(f"{name}-{number}")]})
                for number in range(6)
                for name, instance in (("one", one), ("other", other))
            )
        )
        assert [answer.status_code for answer in answers] == [200] * 12
        await all_said(around, *((f"{name}-{number}@1", 1) for number in range(6) for name in ("one", "other")))
        listed = (await one.get("/definitions")).json()["items"]

    assert len(listed) == 12
