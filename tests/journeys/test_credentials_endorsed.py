"""A partner's endorsement stands in the credential as it was given, and stays in the editions it was issued with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shared.events.catalog import AchievementPublished
from tests.domain.awarding.scene import achievement, part, passed, verdict
from tests.domain.awarding_credentials.shapes import endorsement_of
from tests.journeys.awarding_town import Town
from tests.journeys.credentials_scene import House, town_of
from tests.platform.parts import Broker, DatabaseServer

HELD = {"a": "valid"}
ENDORSED = achievement("a").model_copy(update={"endorsements": (endorsement_of(0), endorsement_of(1))})
WITHDRAWN: AchievementPublished = achievement("a", revision=2)


@pytest_asyncio.fixture
async def town(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town_of(kafka, mongodb, tmp_path_factory.mktemp("town"), ENDORSED) as opened:
        yield opened


def endorsements(credential: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = credential["credentialSubject"]["achievement"].get("endorsement", [])
    return found


async def test_endorsements_are_embedded_whole_and_verify_with_the_credential(town: Town) -> None:
    async with House.open(town) as house, town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", HELD)
        answer = await house.credential("a")
        assert sorted(one["name"] for one in endorsements(answer.json())) == ["Endorsement 0", "Endorsement 1"]
        report = await house.checked(answer.content)
        assert report.verdict == "valid"
        assert {part.what for part in report.parts} == {"endorsement"}
        assert len(report.parts) == 2


async def test_a_withdrawn_endorsement_stays_where_it_was_and_comes_into_nothing_new(town: Town) -> None:
    async with House.open(town) as house, town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", HELD)
        before = (await house.credential("a")).content
        await town.publish(WITHDRAWN)
        async with House.open(town) as other:
            assert (await other.credential("a")).content == before
        await town.say(verdict("a", part(4), learner="bob"))
        await town.holds("bob", HELD)
        assert endorsements((await house.credential("a", "bob")).json()) == []
