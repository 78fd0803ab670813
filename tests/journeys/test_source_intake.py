"""What comes in is read, resolved, entered, published and counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.document import Source
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

LMS: dict[str, Any] = {
    "source": "lms",
    "name": "The LMS",
    "owner": "Learning technology",
    "format": "xapi",
    "learners": [{"of": "account:*", "are": "ids"}],
    "may_publish": ["http://lms/*"],
}
VOIDED = "http://adlnet.gov/expapi/verbs/voided"


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=True) as opened:
        yield opened


def id_of(number: int) -> str:
    return f"ebfef69f-dd05-4bf0-8f90-{number:012}"


def passed(number: int, learner: str = "ada", activity: str = "http://lms/a") -> dict[str, Any]:
    return {
        "id": id_of(number),
        "timestamp": "2026-01-15T06:36:01.917Z",
        "actor": {"account": {"homePage": "http://lms", "name": learner}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/passed"},
        "object": {"id": activity},
    }


def voiding(number: int, target: int) -> dict[str, Any]:
    parts = {"verb": {"id": VOIDED}, "object": {"objectType": "StatementRef", "id": id_of(target)}}
    return passed(number, "staff") | parts


async def test_an_original_becomes_an_entry_of_its_learner(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    (outcome,) = await town.take(source, passed(1))
    assert outcome.kind is Kind.ACCEPTED
    (entry,) = await town.entries("ada", 1)
    assert (entry["source"], entry["id"]) == ("urn:cairn:source:lms", id_of(1))
    assert await town.counts(source) == {Kind.ACCEPTED: 1}


async def test_what_is_sent_by_several_at_once_is_applied_once(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    batch = [passed(number, f"l-{number % 7}") for number in range(60)]
    async with town.another(instance="2") as two, town.another(instance="3") as three:
        sent = [sources.intake.take(source, batch) for sources in (town.sources, two, three) for _ in range(2)]
        answers = await asyncio.gather(*sent)
    for place in range(60):
        kinds = sorted(answer[place].kind for answer in answers)
        assert kinds == [Kind.ACCEPTED] + [Kind.DUPLICATED] * 5
    assert len(await town.published()) == 60
    assert await town.counts(source) == {Kind.ACCEPTED: 60, Kind.DUPLICATED: 300}


async def test_a_statement_and_what_voids_it_may_come_in_one_batch_in_any_order(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    outcomes = await town.take(source, voiding(2, target=1), passed(1))
    assert [one.kind for one in outcomes] == [Kind.ACCEPTED, Kind.ACCEPTED]
    entries = await town.entries("ada", 2)
    assert [(one["id"], one["counts"]) for one in entries if "activity" in one["data"]] == [(id_of(1), False)]


async def test_a_trial_says_what_would_happen_and_writes_nothing(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    await town.take(source, passed(1))
    await town.entries("ada", 1)
    before = sorted(str(one) for one in await town.everything())
    originals = [passed(1), passed(2), passed(3, "two words"), passed(4, activity="http://elsewhere/1"), passed(2)]
    tried = await town.sources.intake.trial(source, originals)
    assert [one.outcome.kind for one in tried] == [
        Kind.DUPLICATED,
        Kind.ACCEPTED,
        Kind.REFUSED,
        Kind.REFUSED,
        Kind.DUPLICATED,
    ]
    assert [event["data"]["learner"] for one in tried for event in one.events] == ["ada"]
    assert sorted(str(one) for one in await town.everything()) == before
    assert len(await town.published()) == 1
    assert await town.counts(source) == {Kind.ACCEPTED: 1}


async def test_scores_reach_the_topic_to_the_last_digit(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    await town.take(source, passed(1) | {"result": {"score": {"scaled": Decimal("0.1000000001")}}})
    (event,) = await town.published()
    assert event["data"]["score"]["scaled"] == "0.1000000001"


async def test_the_same_text_stays_the_same_when_it_is_read_otherwise(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    await town.take(source, passed(1))
    changed = LMS | {"may_publish": ["http://*"], "activities": [{"matching": "(?P<all>.*)", "is": "{all}"}]}
    source, _, _ = await town.register(Source.model_validate(changed), None)
    assert (await town.take(source, passed(1)))[0].kind is Kind.DUPLICATED
    assert (await town.take(source, passed(1, activity="http://lms/b")))[0].status == 409


async def test_many_held_originals_are_left_to_the_upkeep(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS | {"learners": [{}]})
    await town.take(source, *(passed(number) for number in range(3)))
    await town.learners("lms", {("account:http://lms", "ada"): "l-1"})
    lookups = [one["awaits"][0].removeprefix("learner:") for one in await town.sources.originals.held(source, 10)]
    assert await town.sources.applying.learners_known(lookups[:1], most=2) == 0
    assert await town.sources.applying.applied_later() == 3
    assert await town.counts(source) == {Kind.ACCEPTED: 3}
