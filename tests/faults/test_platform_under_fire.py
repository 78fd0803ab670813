"""Whatever can befall the processes of a platform, one thing after another, while completions flow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.demo.cohort import cohort
from deploy.demo.run import Keyed
from tests.domain.demo.chain import awarded, held
from tests.faults.exact import all_is_exact
from tests.journeys.campus import Campus
from tests.platform.eventually import eventually

LEARNERS = 170
RATE = 30
WITHIN = 400.0

Blow = Callable[[Campus], Awaitable[None]]


def killed(service: str) -> Blow:
    async def blow(campus: Campus) -> None:
        await campus.platform[service].kill()
        await campus.platform[service].restart()

    return blow


async def killed_broker(campus: Campus) -> None:
    assert campus.platform.kafka is not None
    await campus.platform.kafka.kill()
    await campus.platform.kafka.restart()


async def owners(campus: Campus) -> set[str]:
    """The instances of awarding that write for some partition."""
    async with campus.database("awarding") as database:
        return {checkpoint["instance"] async for checkpoint in database["checkpoints"].find({})}


async def owned_by(campus: Campus, *instances: str) -> None:
    async def as_said() -> bool:
        assert await owners(campus) == set(instances)
        return True

    await eventually(as_said, within=90, every=0.3, why="partitions are not where they should be")


async def second_joins(campus: Campus) -> None:
    await campus.platform.add("awarding")
    await owned_by(campus, "awarding-1", "awarding-2")


async def first_freezes_past_its_session(campus: Campus) -> None:
    first = campus.platform["awarding"]
    first.freeze()
    await owned_by(campus, "awarding-2")
    first.thaw()
    await owned_by(campus, "awarding-1", "awarding-2")


async def second_leaves(campus: Campus) -> None:
    await campus.platform.instances[-1].stop()
    await owned_by(campus, "awarding-1")


BLOWS: tuple[Blow, ...] = (
    killed("assessment"),
    killed("awarding"),
    killed("notifications"),
    second_joins,
    first_freezes_past_its_session,
    killed_broker,
    second_leaves,
)


async def under_fire(campus: Campus, completions: tuple[Keyed, ...]) -> None:
    """With each blow a share of the completions flows, and the next comes when both are over. The last flows undisturbed."""
    share = len(completions) // (len(BLOWS) + 1)
    for number, blow in enumerate(BLOWS):
        async with asyncio.TaskGroup() as both:
            both.create_task(campus.send_steadily(completions[number * share : (number + 1) * share], RATE))
            both.create_task(in_time(blow, campus))
    await campus.send_steadily(completions[len(BLOWS) * share :], RATE)


async def in_time(blow: Blow, campus: Campus) -> None:
    async with asyncio.timeout(WITHIN):
        await blow(campus)


@pytest.mark.long
@pytest.mark.timeout(1_500)
async def test_a_platform_under_fire_loses_nothing_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAIRN_KAFKA", raising=False)  # it kills them
    monkeypatch.delenv("CAIRN_MONGODB", raising=False)
    people = cohort(learners=LEARNERS)
    expected = held(awarded(people.completions, datetime.now(UTC)))
    async with Campus.open(tmp_path) as campus:
        await campus.publish_catalog()
        await campus.office.enter_contacts([person.contact() for person in people.people])
        await under_fire(campus, people.completions)
        await all_is_exact(campus, people.completions, expected, WITHIN)
