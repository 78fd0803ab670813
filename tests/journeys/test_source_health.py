"""A source shows how it is: what came last, how much, what was refused, and whether it has been silent for too long."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.journeys.sources_desk import SourcesDesk, basic
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer


@pytest_asyncio.fixture
async def desk(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesDesk]:
    async with SourcesDesk.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


async def health(desk: SourcesDesk) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.ask("GET", "/sources/lms/health")).raise_for_status().json()
    return found


async def test_a_source_shows_what_came_and_what_was_refused_without_what_it_said(desk: SourcesDesk) -> None:
    await desk.register(expects_every="PT1H")
    before = await health(desk)
    assert (before["state"], before["last_event"], before["too_long"], before["last_hour"]) == ("never_heard", None, False, 0)
    said = {"specversion": "1.0", "source": "urn:example:lms", "type": "cairn.completion.reported.v1"}
    said |= {"time": "2026-01-02T00:00:00Z"}
    data = {"learner": "ada", "activity": "urn:course:1", "status": "passed"}
    events = [said | {"id": f"e{number}", "data": data} for number in range(3)]
    events += [said | {"id": "e9", "data": data | {"activity": "urn:elsewhere"}}, said | {"id": "e8", "data": {"learner": "bob"}}]
    headers = {"content-type": "application/cloudevents-batch+json", **basic(*await desk.key())}
    await desk.client.post("/completions", content=json.dumps(events), headers=headers)

    async def counted() -> dict[str, Any]:
        found = await health(desk)
        assert found["today"]["received"] + found["yesterday"]["received"] == 5
        return found

    shown = await eventually(counted)
    assert (shown["state"], shown["too_long"], shown["last_hour"]) == ("well", False, 5)
    assert shown["silent_for"] < 60
    day = max((shown["today"], shown["yesterday"]), key=lambda one: int(one["received"]))
    assert {name: day[name] for name in ("accepted", "held", "ignored", "refused", "duplicated")} == {
        "accepted": 3,
        "held": 0,
        "ignored": 0,
        "refused": 2,
        "duplicated": 0,
    }
    assert {(one["id"], one["status"]) for one in shown["refusals"]} == {("e9", 403), ("e8", 422)}
    assert "bob" not in json.dumps(shown)
    assert (await desk.ask("GET", "/sources/nobody/health")).status_code == 404
    assert (await desk.ask("GET", "/sources/lms/health", scopes=())).status_code == 403


async def test_a_silence_longer_than_expected_is_told(desk: SourcesDesk) -> None:
    await desk.register(expects_every="PT1H")
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    await desk.database["sources"].update_one({"_id": "lms"}, {"$set": {"made_at": long_ago}})
    assert (await health(desk))["state"] == "silent"
    await desk.register(expects_every="P1D")
    assert (await health(desk))["state"] == "never_heard"
    await desk.ask("POST", "/sources/lms/pause")
    assert (await health(desk))["state"] == "paused"


async def test_what_the_stream_lost_is_told_however_often_it_read_the_rest(desk: SourcesDesk) -> None:
    await desk.register()
    now = datetime.now(UTC)
    days = [(now - timedelta(days=ago)).date().isoformat() for ago in (0, 1)]
    sent = {"source": "lms", "day": days[1], "accepted": 6, "said": 6, "last": now}
    read = {"source": "urn:example:lms", "day": days[1], "partition": 0, "new": 5, "repeated": 100}
    await desk.database["tallies"].insert_one({"_id": "yesterday's", **sent})
    await desk.database["readings"].insert_one({"_id": "yesterday's", **read})
    shown = await health(desk)
    assert (shown["state"], shown["unread"], shown["dead_letters"]) == ("losing", 1, 0)
    await desk.database["readings"].insert_one({"_id": "today's", **read, "day": days[0], "new": 0, "dead": 1})
    shown = await health(desk)
    assert (shown["state"], shown["unread"], shown["dead_letters"]) == ("losing", 0, 1)
    await desk.database["readings"].update_one({"_id": "today's"}, {"$set": {"new": 1, "dead": 0}})
    assert (await health(desk))["state"] == "well"


async def test_the_platforms_own_have_one_account_of_what_they_said_and_what_was_read(desk: SourcesDesk) -> None:
    today = datetime.now(UTC).date().isoformat()
    await desk.database["tallies"].insert_one({"_id": "t", "source": "reviews", "day": today, "accepted": 3, "said": 3})
    read = {"source": "urn:cairn:reviews", "day": today, "partition": 0, "new": 3}
    await desk.database["readings"].insert_one({"_id": "r", **read})
    (account,) = (await desk.ask("GET", "/accounts")).raise_for_status().json()["accounts"]
    assert (account["source"], account["event_source"]) == ("reviews", "urn:cairn:reviews")
    assert [(day["accepted"], day["read"]["new"]) for day in account["days"]] == [(3, 3)]
    assert (await desk.ask("GET", "/sources/reviews/accounts")).raise_for_status().json() == account
