"""A source's quota holds over all instances, on the real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.assessment.sources.document import Source
from services.assessment.sources.quota import Quotas
from shared.http import Problem
from shared.mongo import Database
from tests.platform.parts import DatabaseServer


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_012.0

    def __call__(self) -> float:
        return self.now


def source(per_minute: int, slug: str = "lms") -> Source:
    return Source.model_validate(
        {
            "source": slug,
            "name": "Ours",
            "owner": "IT",
            "format": "cloudevents",
            "may_publish": ["urn:*"],
            "quota": {"per_minute": per_minute},
        }
    )


@pytest_asyncio.fixture
async def database(mongodb: DatabaseServer, database_name: str) -> AsyncIterator[Database]:
    opened = Database(mongodb.uri, database_name)
    await Quotas(opened).create_indexes()
    yield opened
    await opened.drop()
    opened.close()


async def test_what_the_quota_does_not_limit_is_counted_beside_it(database: Database) -> None:
    clock = Clock()
    quotas = Quotas(database, clock=clock)
    await quotas.note(source(10), 5_000)
    await quotas.admit(source(10), 10)
    await quotas.note(source(10), 1)
    assert (await quotas.last_hour("lms"))[-1] == 5_011
    with pytest.raises(Problem):
        await quotas.admit(source(10), 1)


async def test_a_source_brings_what_its_quota_allows_and_may_again_in_the_next_minute(database: Database) -> None:
    clock = Clock()
    quotas = Quotas(database, clock=clock)
    await quotas.admit(source(100), 60)
    await quotas.admit(source(100), 40)
    with pytest.raises(Problem) as over:
        await quotas.admit(source(100), 1)
    assert over.value.status == 429
    assert over.value.headers == {"retry-after": "48"}
    await quotas.admit(source(1, "other"), 1)
    clock.now += 48
    await quotas.admit(source(100), 100)
    assert (await quotas.last_hour("lms"))[-3:] == [0, 100, 100]
    assert (await quotas.last_hour("nobody")) == [0] * 60


async def test_what_is_not_admitted_leaves_room_for_what_is_smaller(database: Database) -> None:
    quotas = Quotas(database, clock=Clock())
    await quotas.admit(source(100), 60)
    with pytest.raises(Problem):
        await quotas.admit(source(100), 41)
    await quotas.admit(source(100), 40)


async def test_a_batch_larger_than_the_whole_quota_is_told_so_and_not_to_come_again(database: Database) -> None:
    with pytest.raises(Problem) as over:
        await Quotas(database).admit(source(100), 101)
    assert over.value.status == 413
    assert "Send smaller batches" in str(over.value.detail)


async def test_the_same_minute_an_hour_later_begins_at_nothing(database: Database) -> None:
    clock = Clock()
    quotas = Quotas(database, clock=clock)
    await quotas.admit(source(100), 100)
    clock.now += 3_600
    await quotas.admit(source(100), 100)
    assert sum(await quotas.last_hour("lms")) == 100


async def test_two_instances_share_one_quota_whoever_comes_first(database: Database) -> None:
    clock = Clock()
    instances = [Quotas(database, clock=clock) for _ in range(4)]

    async def asked(number: int) -> bool:
        try:
            await instances[number % 4].admit(source(50), 1)
        except Problem:
            return False
        return True

    admitted = await asyncio.gather(*(asked(number) for number in range(80)))
    assert sum(admitted) == 50
    assert (await instances[0].last_hour("lms"))[-1] == 50
