"""A learner's story, told by one system or by seven at once, ends in the same awards: through assessment and awarding."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from services.assessment.sources.claims import Kind
from tests.domain.awarding.scene import achievement, holds, stack
from tests.domain.sources.one_story.told import ACHIEVEMENTS, ALONE, DIRECTORY, HUB, NAMES, SYSTEMS, Told, by_one, by_seven
from tests.journeys import awarding_town
from tests.journeys.sources_town import SourcesTown
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

CATALOG = (
    *(achievement(id_, requirement) for id_, requirement in ACHIEVEMENTS.items()),
    stack("path", {"bronze": holds("foundations"), "silver": {"all": [holds("foundations"), holds("practice")]}}),
)
HELD = {"foundations", "practice", "path.bronze", "path.silver"}
SOURCES = {**SYSTEMS, HUB.id: HUB}
AT_ONCE = 4


async def tell(town: SourcesTown, told: Iterable[Told], chance: Random) -> None:
    """In any order, several at a time, some again."""
    waiting = list(told)
    waiting += chance.sample(waiting, len(waiting) // 4)
    chance.shuffle(waiting)
    for begin in range(0, len(waiting), AT_ONCE):
        takes = [town.take(SOURCES[source], original) for source, original in waiting[begin : begin + AT_ONCE]]
        for (outcome,) in await asyncio.gather(*takes):
            assert outcome.kind in (Kind.ACCEPTED, Kind.HELD, Kind.DUPLICATED), outcome


async def test_a_story_told_by_seven_systems_at_once_gives_the_awards_it_gives_told_by_one(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> None:
    chance = Random(7)
    async with (
        SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path / "assessment", stream=True) as town,
        awarding_town.Town.open(
            kafka.bootstrap, mongodb.uri, f"{database_name}_awards", prefix, tmp_path / "awarding"
        ) as awarding,
        awarding.stream(),
    ):
        await awarding.publish(*CATALOG)
        for source in SOURCES.values():
            await town.register(source, key_kind=None)
        await town.learners(DIRECTORY, {ALONE: "alone", **dict.fromkeys(NAMES, "seven")})
        await asyncio.gather(tell(town, by_one(), chance), tell(town, by_seven(), chance))

        async def the_same() -> dict[str, Any]:
            alone, seven = await _held(awarding, "alone"), await _held(awarding, "seven")
            assert set(alone) == HELD
            assert seven == alone
            assert {status for status, *_ in alone.values()} == {"valid"}
            return alone

        await eventually(the_same, within=60, why="the awards of the two learners are not the same")
        assert {source.id: (await town.counts(source))[Kind.REFUSED] for source in SOURCES.values()} == dict.fromkeys(SOURCES, 0)
        assert await town.town.on(town.town.topics.letters) == []


async def _held(awarding: awarding_town.Town, learner: str) -> dict[str, Any]:
    """The awards, with all that matters of them."""
    items = (await awarding.read(f"/learners/{learner}/awards", limit=500))["items"]
    return {
        each["achievement"]: (each["status"], each["version"], each["awarded_at"], each["valid_until"], each["level"])
        for each in items
    }
