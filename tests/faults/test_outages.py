"""Law 8: a trouble that passes is waited out in place, and never makes a dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.database import Database
from deploy.local.kafka import Kafka
from tests.faults.conftest import Start
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer
from tests.streams.host import is_ready
from tests.streams.scene import Scene, counts
from tests.streams.tally import Topics

AWAY = 20


@pytest_asyncio.fixture
async def with_own_database(kafka: Broker, own_database: Database, prefix: str, database_name: str) -> AsyncIterator[Scene]:
    async with Scene.open(kafka.bootstrap, own_database.uri, database_name, Topics(prefix)) as opened:
        yield opened


@pytest_asyncio.fixture
async def with_own_broker(own_kafka: Kafka, mongodb: DatabaseServer, prefix: str, database_name: str) -> AsyncIterator[Scene]:
    async with Scene.open(own_kafka.bootstrap, mongodb.uri, database_name, Topics(prefix)) as opened:
        yield opened


async def test_the_database_may_be_away_for_a_while(with_own_database: Scene, own_database: Database) -> None:
    scene = with_own_database
    async with scene.running() as stream:
        await scene.count(*counts(3_000, learners=100))
        await eventually(lambda: scene.documents("facts"), why="nothing was processed yet")
        await own_database.kill()
        await scene.count(*counts(200, learners=100, start=3_000))
        await eventually(lambda: stream.ready()["stream"] is not True, why="it still calls itself ready")
        await asyncio.sleep(AWAY)
        await own_database.restart()
        await scene.settled(within=60)
        assert stream.ready()["stream"] is True
    assert await scene.letters() == []


async def test_a_service_can_be_stopped_while_the_database_is_away(with_own_database: Scene, own_database: Database) -> None:
    scene = with_own_database
    async with scene.running() as stream:
        await scene.count(*counts(500, learners=100))
        await own_database.kill()
        await scene.count(*counts(500, learners=100, start=500))
        await eventually(lambda: stream.ready()["stream"] is not True, why="it still calls itself ready")
        async with asyncio.timeout(45):
            await stream.stop()
        await own_database.restart()
    async with scene.running():
        await scene.settled(within=60)


async def test_partitions_may_change_hands_while_the_database_is_away(
    with_own_database: Scene, own_database: Database, start: Start
) -> None:
    scene = with_own_database
    left, stays = start(scene, "left"), start(scene, "stays")
    await eventually(lambda: is_ready(left) and is_ready(stays), within=60)
    await scene.count(*counts(3_000, learners=100))
    await eventually(lambda: scene.documents("facts"), why="nothing was processed yet")
    await own_database.kill()
    await left.kill()
    await scene.count(*counts(200, learners=100, start=3_000))
    await eventually(lambda: stays.log.read_text().count("Setting newly assigned") > 1, within=40, why="it got no partitions")
    await own_database.restart()
    await scene.settled(within=60)
    assert stays.running


async def test_the_broker_may_be_killed_and_restarted(with_own_broker: Scene, own_kafka: Kafka) -> None:
    scene = with_own_broker
    async with scene.running() as stream:
        await scene.count(*counts(3_000, learners=100))
        await eventually(lambda: scene.documents("facts"), why="nothing was processed yet")
        await own_kafka.kill()
        await own_kafka.restart()
        await scene.count(*counts(500, learners=100, start=3_000))
        await scene.settled(within=90)
        assert not stream.failed.done()
    assert await scene.letters() == []
