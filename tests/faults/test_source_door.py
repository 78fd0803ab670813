"""Whatever ends a process at the door, and whatever is away: each original is applied once, and counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.database import Database
from deploy.local.kafka import Kafka
from services.assessment.sources.claims import Kind, Outcome
from services.assessment.sources.document import Source
from services.assessment.sources.sources import Sources
from shared import kafka as broker
from shared import mongo
from tests.journeys.sources_town import Died, Ending, SourcesTown
from tests.journeys.test_source_held import LRS, enter, id_of, name, statement
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

AT_ONCE = timedelta(0)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LMS: dict[str, Any] = LRS | {"learners": [{"of": "mbox", "matching": "(?P<learner>[^@]+)@.*", "are": "ids"}]}
STEPS = ("put in the outbox", "entered", "published", "counted")


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


async def said_once(town: SourcesTown, *numbers: int) -> None:
    """These are on the topic, perhaps several times, but always the same."""
    said = {(one["id"], str(one)) for one in await town.published()}
    assert sorted(id_ for id_, _ in said) == sorted(map(id_of, numbers))


@pytest.mark.parametrize("resent", ["before the upkeep", "after the upkeep"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_process_that_ends_after_any_step_loses_and_doubles_nothing(town: SourcesTown, step: str, resent: str) -> None:
    source, _, _ = await town.register(LMS)
    originals = [statement(1), statement(2, "bob"), {"id": "no statement"}]
    async with town.another(Ending(step)) as dying:
        with pytest.raises(Died):
            await dying.intake.take(source, originals)
    if resent == "after the upkeep":
        await town.sources.upkeep.finish(AT_ONCE)
    again = [outcome.kind for outcome in await town.take(source, *originals)]
    assert again == [Kind.ACCEPTED if step == STEPS[0] else Kind.DUPLICATED] * 2 + [Kind.REFUSED]
    await town.sources.upkeep.finish(AT_ONCE)
    await said_once(town, 1, 2)
    counts = await town.counts(source)
    assert counts[Kind.ACCEPTED] == 2
    assert counts[Kind.DUPLICATED] == (0 if step == STEPS[0] else 2)
    assert counts[Kind.REFUSED] == (2 if step == "counted" else 1)
    assert await town.sources.upkeep.finish(AT_ONCE) == 0


@pytest.mark.parametrize("step", ["settled", "published"])
async def test_a_process_that_ends_while_it_applies_what_is_held_leaves_the_rest_to_the_upkeep(
    town: SourcesTown, step: str
) -> None:
    source, _, _ = await town.register(LRS)
    await town.take(source, statement(1), statement(2))
    await town.learners("lrs", {("mbox", "ada@example.edu"): "l-1"})
    async with town.another(Ending(step)) as dying:
        with pytest.raises(Died):
            await dying.upkeep.look_again()
    assert (await enter(town, name("ada", "l-1")))["applied"] == 0
    await town.sources.upkeep.finish(AT_ONCE)
    await said_once(town, 1, 2)
    assert await town.counts(source) == {Kind.ACCEPTED: 2}


async def test_what_was_entered_as_held_by_a_process_that_ended_is_held(town: SourcesTown) -> None:
    source, _, _ = await town.register(LRS)
    async with town.another(Ending("entered")) as dying:
        with pytest.raises(Died):
            await dying.intake.take(source, [statement(1)])
    await town.sources.upkeep.finish(AT_ONCE)
    assert await town.counts(source) == {Kind.HELD: 1}
    assert (await enter(town, name("ada", "l-1")))["applied"] == 1
    assert await town.counts(source) == {Kind.ACCEPTED: 1}


@pytest.mark.parametrize("step", ["settled", "published"])
async def test_a_rerun_goes_on_where_the_process_ended_that_did_it(town: SourcesTown, step: str) -> None:
    source, _, _ = await town.register(LMS)
    for start in (1, 41, 81):
        await town.take(source, *(statement(number) for number in range(start, start + 40)))
    right = LMS | {"activities": [{"matching": "http://lms/(?P<id>[a-z]+)", "is": "urn:lms:right"}]}
    await town.register(Source.model_validate(right), None)
    asked = {"dry_run": False}
    made = (await town.ask("POST", "/sources/lrs/reruns", "sources:write", body=asked)).raise_for_status().json()
    async with town.another(Ending(step)) as dying:
        with pytest.raises(Died):
            await dying.reruns.work()
    await town.town.database["reruns"].update_many({}, {"$set": {"until_then": LONG_AGO}})
    assert await town.sources.reruns.work() == 1
    await town.sources.upkeep.finish(AT_ONCE)
    done = (await town.ask("GET", f"/sources/lrs/reruns/{made['id']}", "sources:read")).json()
    assert (done["done"], done["counts"]) == (120, {"corrected": 120})
    said = Counter(one["id"] for one in {str(one): one for one in await town.published()}.values())
    assert len(said) == 240
    assert set(said.values()) == {1}


async def test_the_counts_add_up_whoever_sends_at_once_and_whatever_ends(town: SourcesTown) -> None:
    """Five senders, each ending now and then, send overlapping batches until they are answered."""
    source, _, _ = await town.register(LMS)
    random = Random(20260115)
    answered: Counter[Kind] = Counter()
    unanswered = 0

    async def sender(seed: int) -> None:
        nonlocal unanswered
        own = Random(seed)
        ending = Ending()
        async with town.another(ending, instance=f"sender-{seed}") as sources:
            for _ in range(8):
                batch: list[Any] = [statement(own.randrange(60)) for _ in range(own.randrange(1, 12))] + [{"id": "none"}]
                ending.at = own.choice([None, None, *STEPS])
                while True:
                    counted = ending.at == "counted"
                    try:
                        outcomes = await sources.intake.take(source, batch)
                    except Died:
                        unanswered += counted
                        continue
                    answered.update(outcome.kind for outcome in outcomes)
                    break
            ending.at = None

    await asyncio.gather(*(sender(random.randrange(10**9)) for _ in range(5)))
    while await town.sources.upkeep.finish(AT_ONCE):
        pass
    said = {one["id"] for one in await town.published()}
    counts = await town.counts(source)
    assert counts[Kind.ACCEPTED] == len(said) == len({str(one) for one in await town.published()})
    assert counts[Kind.REFUSED] == answered[Kind.REFUSED] + unanswered == 40 + unanswered
    assert counts[Kind.DUPLICATED] >= answered[Kind.DUPLICATED]
    assert counts[Kind.HELD] == 0


@asynccontextmanager
async def with_parts(
    kafka: Broker, database: DatabaseServer, database_name: str, prefix: str, folder: Path
) -> AsyncIterator[tuple[SourcesTown, Source]]:
    async with SourcesTown.open(kafka, database, database_name, prefix, folder) as town:
        source, _, _ = await town.register(LMS)
        yield town, source


async def _taken(sources: Sources, source: Source, original: Any) -> Outcome:
    return (await sources.intake.take(source, [original]))[0]


async def test_while_the_broker_is_away_the_sender_is_told_and_what_was_entered_is_published_later(
    own_kafka: Kafka, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> None:
    async with with_parts(own_kafka, mongodb, database_name, prefix, tmp_path) as (town, source):
        assert (await _taken(town.sources, source, statement(1))).kind is Kind.ACCEPTED
        await own_kafka.kill()
        with pytest.raises(broker.Unavailable):
            await _taken(town.sources, source, statement(2))
        await own_kafka.restart()

        async def again() -> Outcome:
            return await _taken(town.sources, source, statement(2))

        assert (await again()).kind is Kind.DUPLICATED
        assert await eventually(lambda: town.sources.upkeep.finish(AT_ONCE), within=60) == 1
        await said_once(town, 1, 2)
        assert await town.counts(source) == {Kind.ACCEPTED: 2, Kind.DUPLICATED: 1}


async def test_while_the_database_is_away_nothing_is_taken_and_the_same_can_be_sent_again(
    kafka: Broker, own_database: Database, database_name: str, prefix: str, tmp_path: Path
) -> None:
    async with with_parts(kafka, own_database, database_name, prefix, tmp_path) as (town, source):
        await own_database.kill()
        with pytest.raises(mongo.DatabaseError):
            await _taken(town.sources, source, statement(1))
        await own_database.restart()
        assert (await _taken(town.sources, source, statement(1))).kind is Kind.ACCEPTED
        assert await town.counts(source) == {Kind.ACCEPTED: 1}
        await said_once(town, 1)
