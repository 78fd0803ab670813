"""Everything that comes in is accounted for, per source and day, beside what the stream read of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio

from services.assessment.client import Report
from services.assessment.sources.claims import Kind
from shared.events.completions import CompletionReported
from tests.journeys.assessment_town import SOURCE
from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_held import LRS, id_of, statement
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

LMS: dict[str, Any] = LRS | {"learners": [{"of": "mbox", "matching": "(?P<learner>[^@]+)@.*", "are": "ids"}]}


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=True) as opened:
        yield opened


async def test_each_original_of_a_batch_is_counted_as_what_became_of_it(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    batch = [
        statement(1),
        statement(2, activity="http://unknown/9"),
        statement(3, verb={"id": "http://adlnet.gov/expapi/verbs/experienced"}),
        {"id": id_of(4)},
        statement(1),
        statement(5, timestamp=(datetime.now(UTC) + timedelta(hours=1)).isoformat()),
        statement(1, "bob"),
        statement(6, activity="x" * 300_000),
    ]
    outcomes = await town.take(source, *batch)
    assert [one.kind for one in outcomes] == [
        Kind.ACCEPTED,
        Kind.HELD,
        Kind.IGNORED,
        Kind.REFUSED,
        Kind.DUPLICATED,
        Kind.REFUSED,
        Kind.REFUSED,
        Kind.REFUSED,
    ]
    assert [one.status for one in outcomes if one.kind is Kind.REFUSED][1:] == [422, 409, 413]
    await town.entries("ada", 1)
    account = (await town.ask("GET", "/sources/lrs/accounts", "sources:read")).raise_for_status().json()
    (day,) = account["days"]
    assert day["day"] == datetime.now(UTC).date().isoformat()
    five = {name: day[name] for name in ("accepted", "held", "ignored", "refused", "duplicated")}
    assert five == {"accepted": 1, "held": 1, "ignored": 1, "refused": 4, "duplicated": 1}
    assert day["received"] == sum(five.values()) == len(batch)
    assert sum(reason["count"] for reason in day["reasons"] if reason["outcome"] == "refused") == 4
    assert (day["said"], day["read"]) == (1, {"new": 1, "repeated": 0, "dead": 0})


async def test_what_is_published_directly_is_counted_as_read_though_nobody_is_registered(town: SourcesTown) -> None:
    await town.register(LMS)
    now = datetime.now(UTC)
    good = CompletionReported(learner="ada", activity="urn:a", status="passed")
    other = CompletionReported(learner="ada", activity="urn:b", status="passed")
    async with town.town.over_kafka() as kafka:
        await kafka.send(Report("e1", now, good), Report("e1", now, good), Report("e1", now, other))

    async def read() -> dict[str, Any]:
        found = (await town.ask("GET", "/accounts", "sources:read")).raise_for_status().json()["accounts"]
        by_source = {one["event_source"]: one for one in found}
        assert by_source["urn:cairn:source:lrs"]["source"] == "lrs"
        account: dict[str, Any] = by_source.get(SOURCE, {})
        return account

    account = await eventually(read, within=30)
    assert account["source"] is None

    async def counted() -> bool:
        return bool((await read())["days"][0]["read"] == {"new": 1, "repeated": 1, "dead": 1})

    await eventually(counted, within=30)


async def test_the_account_needs_the_scope_and_a_period_that_can_be_told(town: SourcesTown) -> None:
    await town.register(LMS)
    assert (await town.ask("GET", "/sources/lrs/accounts", "entries:read")).status_code == 403
    assert (await town.ask("GET", "/sources/none/accounts", "sources:read")).status_code == 404
    backwards = {"from": "2026-02-01", "to": "2026-01-01"}
    assert (await town.ask("GET", "/sources/lrs/accounts", "sources:read", **backwards)).status_code == 422
    assert (await town.ask("GET", "/accounts", "sources:read", **{"from": "0001-01-01"})).status_code == 422


async def test_every_entry_leads_to_what_came_in_for_those_who_may_read_it(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS)
    sent = statement(1, result={"extensions": {"http://lms/exact": 12345678901234567890.5}})
    await town.take(source, sent)
    (entry,) = await town.entries("ada", 1)
    path = f"/learners/ada/entries/{entry['source']}/{entry['id']}/original"
    assert (await town.ask("GET", path, "entries:read")).status_code == 403
    original = (await town.ask("GET", path, "originals:read")).raise_for_status().json()
    assert original["original"]["actor"] == sent["actor"]
    assert [one["id"] for one in original["says"]] == [id_of(1)]
    assert (await town.ask("GET", path.replace("ada", "bob"), "originals:read")).status_code == 404
    assert (await town.ask("GET", "/sources/lrs/originals/none", "originals:read")).status_code == 404


async def test_originals_are_kept_as_long_as_their_source_says(town: SourcesTown) -> None:
    source, _, _ = await town.register(LMS | {"keeps_originals": "P30D"})
    await town.take(source, statement(1), statement(2, activity="http://unknown/9"))
    await town.sources.upkeep.forget_old()
    path = f"/sources/lrs/originals/{id_of(1)}"
    assert (await town.ask("GET", path, "originals:read")).status_code == 200
    long_ago = {"$set": {"at": datetime.now(UTC) - timedelta(days=31)}}
    for collection in ("parcels", "held", "originals"):
        await town.town.database[collection].update_many({}, long_ago)
    await town.sources.upkeep.forget_old()
    assert (await town.ask("GET", path, "originals:read")).status_code == 410
    assert (await town.take(source, statement(1)))[0].kind is Kind.DUPLICATED
    assert await town.counts(source) == {Kind.ACCEPTED: 1, Kind.REFUSED: 1, Kind.DUPLICATED: 1}
