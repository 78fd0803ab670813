"""Requests that come at the same time share the work, and each is taken as if it were alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.quota import Quotas
from shared.http import Problem
from shared.telemetry.spans import span
from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_held import LRS, id_of, statement
from tests.platform.parts import Broker, DatabaseServer

LMS: dict[str, Any] = LRS | {"learners": [{"of": "mbox", "matching": "(?P<learner>[^@]+)@.*", "are": "ids"}]}
MANY = 64


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


def trace_of(number: int) -> str:
    return f"00-{number + 1:032x}-{number + 1:016x}-01"


async def test_requests_at_once_have_each_its_own_outcome_count_and_trace_and_share_the_writing(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)

    async def sent(number: int) -> list[Kind]:
        bad = number % 8 == 7
        with span("a request", parent=trace_of(number)):
            taken = await town.sources.intake.take(
                source, [statement(number, f"learner{number % 5}"), *([{"id": "none"}] if bad else [])], whole=bad
            )
        return [outcome.kind for outcome in taken]

    answered = await asyncio.gather(*map(sent, range(MANY)))
    good = [number for number in range(MANY) if number % 8 != 7]
    assert answered == [[Kind.REFUSED] * 2 if number % 8 == 7 else [Kind.ACCEPTED] for number in range(MANY)]
    traces = {headers["ce_id"]: headers["traceparent"] for headers, _ in await town.town.on(town.town.topics.completions)}
    assert traces == {id_of(number): trace_of(number) for number in good}
    assert await town.counts(source) == {Kind.ACCEPTED: len(good), Kind.REFUSED: MANY - len(good) + MANY // 8}
    parcels = await town.town.database["parcels"].find({}).to_list(None)
    assert sum(len(parcel["ids"]) for parcel in parcels) == len(good)
    assert len(parcels) <= 4


async def test_the_same_sent_at_once_counts_once(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    taken = await asyncio.gather(*(town.take(source, statement(number % 4)) for number in range(16)))
    assert Counter(outcome.kind for (outcome,) in taken) == {Kind.ACCEPTED: 4, Kind.DUPLICATED: 12}
    assert await town.counts(source) == {Kind.ACCEPTED: 4, Kind.DUPLICATED: 12}
    assert len(await town.published()) == 4


async def test_who_goes_away_stops_nobody_and_what_has_begun_is_ended(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    begun = asyncio.Event()

    async def step(done: str) -> None:
        begun.set()

    async with town.another(step) as sources:
        senders = [asyncio.create_task(sources.intake.take(source, [statement(number)])) for number in range(12)]
        await begun.wait()
        for sender in senders[::3]:
            sender.cancel()
        ended = await asyncio.gather(*senders, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in ended] == [number % 3 == 0 for number in range(12)]
    assert {outcome.kind for one in ended if isinstance(one, list) for outcome in one} == {Kind.ACCEPTED}
    taken = {id_of(number) for number in range(12) if number % 3 or number == 0}
    assert {one["id"] for one in await town.published()} == taken
    assert await town.counts(source) == {Kind.ACCEPTED: len(taken)}


async def test_requests_at_once_are_admitted_exactly_up_to_the_quota(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS | {"quota": {"per_minute": 40}})
    minute = 60_000_000.0
    quotas = Quotas(town.town.database, clock=lambda: minute)
    asked = await asyncio.gather(*(quotas.admit(source, 1) for _ in range(MANY)), return_exceptions=True)
    assert Counter(type(one) for one in asked) == {type(None): 40, Problem: 24}
    assert (await quotas.last_hour(source.id))[-1] == 40
