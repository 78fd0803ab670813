"""What assessment's HTTP side shows, and what it answers to bad requests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.kafka import Kafka
from services.assessment.client import Report
from shared.events.assessment import LeafWaived
from shared.events.completions import CompletionReported, CompletionRetracted
from tests.domain.assessment.stories import day, published
from tests.journeys.assessment_town import SOURCE, Town
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

TYPE = CompletionReported.TYPE
BOTH = {
    "all": [
        {"activity": "urn:a", "score_at_least": "0.5"},
        {"any": [{"achievement": "other"}, {"activity": "urn:b", "passed": True}]},
    ]
}


@pytest_asyncio.fixture
async def town(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with Town.open(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path) as opened:
        yield opened


def event(**changed: Any) -> dict[str, Any]:
    said = {"learner": "ada", "activity": "urn:a", "status": "passed"}
    whole = {"specversion": "1.0", "id": "e1", "source": SOURCE, "type": TYPE, "time": "2026-01-02T00:00:00Z", "data": said}
    return whole | changed


def scored(id_: str, on: float, activity: str, score: str, **more: Any) -> Report:
    said = {"learner": "ada", "activity": activity, "status": "scored", "score": {"scaled": score}} | more
    return Report(id_, day(on), CompletionReported.model_validate(said))


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"specversion": "0.3"}, 400, "must be 1.0"),
        ({"id": ""}, 400, "id"),
        ({"id": "x" * 256}, 400, "255"),
        ({"id": {"a": 1}}, 400, "must be text"),
        ({"time": None}, 400, "time"),
        ({"time": "yesterday"}, 400, "RFC 3339"),
        ({"time": "2026-01-02T00:00:00"}, 400, "offset"),
        ({"time": "2999-01-01T00:00:00Z"}, 422, "later than now"),
        ({"type": "cairn.completion.reported.v9"}, 422, "version 'v9'"),
        ({"type": LeafWaived.TYPE}, 422, "unknown"),
        ({"datacontenttype": "text/xml"}, 400, "application/json"),
        ({"data": None}, 422, "dictionary"),
        ({"data": {"learner": "l" * 10_000, "activity": "a", "status": "passed"}}, 422, "255"),
        ({"data": {"learner": "a", "activity": "a", "status": "scored", "score": {"raw": 11, "max": 10}}}, 422, "between"),
        ({"data": {"learner": "\ud800", "activity": "a", "status": "passed"}}, 422, "learner"),
        ({"source": "\ud800"}, 400, ""),
        ({"id": "\ud800"}, 400, ""),
        ({"\ud800": {}}, 400, "must be text"),
        ({"time": "0001-01-01T00:00:00+05:00"}, 400, "before 1900"),
        ({"data_base64": "%%%"}, 400, "base64"),
    ],
)
async def test_an_event_that_can_never_be_applied_is_refused_with_its_reason(
    town: Town, changed: dict[str, Any], status: int, says: str
) -> None:
    answer = await town.post(json.dumps(event(**changed)), "application/cloudevents+json")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["items"][0]["problem"]["detail"]
    assert await town.on(town.topics.completions) == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/cloudevents+json", 400),
        ("[" * 100_000, "application/cloudevents+json", 400),
        (b"\xff\xfe", "application/cloudevents+json", 400),
        ("{}", "application/cloudevents-batch+json", 400),
        ('[{"a": NaN}]', "application/cloudevents-batch+json", 400),
        ("<event/>", "application/cloudevents+xml", 415),
        ("{}", "application/json", 400),
        ("x" * 1_000_001, "application/cloudevents+json", 413),
    ],
)
async def test_a_request_that_nobody_can_read_is_answered_with_a_problem(
    town: Town, body: str | bytes, content_type: str, status: int
) -> None:
    answer = await town.post(body, content_type)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_header_that_is_not_percent_encoded_utf_8_is_refused(town: Town) -> None:
    attributes = {"ce_specversion": "1.0", "ce_source": SOURCE, "ce_type": TYPE, "ce_time": "2026-01-02T00:00:00Z"}
    wrong = await town.post(json.dumps(event()["data"]), "application/json", ce_id="%C0%A0", **attributes)
    quoted = await town.post(json.dumps(event()["data"]), "application/json", ce_id='"e \\"1\\""', **attributes)
    assert wrong.status_code == 400
    assert quoted.json()["items"][0]["id"] == 'e "1"'


async def test_an_empty_batch_is_accepted_and_nothing_is_published(town: Town) -> None:
    answer = await town.post("[]", "application/cloudevents-batch+json")
    assert (answer.status_code, answer.json()) == (202, {"items": []})


async def test_scores_arrive_with_all_their_digits(town: Town) -> None:
    body = json.dumps(event(data={"learner": "ada", "activity": "a", "status": "scored", "score": {"scaled": "@"}}))
    answer = await town.post(body.replace('"@"', "0.1234567891"), "application/cloudevents+json")
    assert answer.status_code == 202
    ((_, value),) = await town.on(town.topics.completions)
    assert json.loads(value)["score"]["scaled"] == "0.1234567891"


@pytest.mark.faults
async def test_while_the_broker_is_away_nothing_is_accepted(
    own_kafka: Kafka, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> None:
    async with Town.open(own_kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path / "town") as town:
        await own_kafka.kill()
        away = await town.post(json.dumps(event()), "application/cloudevents+json")
        await own_kafka.restart()
        back = await town.post(json.dumps(event()), "application/cloudevents+json")
        kept = await town.on(town.topics.completions)
    assert away.status_code == 503
    assert int(away.headers["retry-after"]) > 0
    assert back.status_code == 202
    assert {headers["ce_id"] for headers, _ in kept} == {"e1"}


async def test_each_path_asks_for_its_scope_and_a_learner_sees_their_own(town: Town) -> None:
    await town.publish(published({"activity": "urn:a", "passed": True}))
    for path in ("entries", "verdicts", "achievements/x"):
        assert (await town.ask("GET", f"/learners/ada/{path}", learner="bob")).status_code == 403
        assert (await town.ask("GET", f"/learners/ada/{path}", learner="ada")).status_code == 200
    assert (await town.ask("GET", "/sweeps", "awards:read")).status_code == 403
    assert (await town.client.post("/completions", content="{}")).status_code == 401
    body = {"version": 1, "path": "", "reason": "r"}
    for path in ("/learners/ada/achievements/x/waivers", "/learners/ada/erasure"):
        assert (await town.ask("POST", path, "completions:publish", learner="ada", body=body)).status_code == 403


async def test_entries_are_paged_in_the_order_of_their_source_times_and_say_whether_they_count(town: Town) -> None:
    reports = [scored(f"e{n}", 10 - n, "urn:a", "0.5", attempt=n + 1, evidence=["https://example.edu/w"]) for n in range(7)]
    async with town.stream(), town.over_kafka() as kafka:
        await kafka.send(*reports, Report("r1", day(20), CompletionRetracted(learner="ada", retracts="e2")))
        await eventually(lambda: _kept(town, 8), within=20)
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await town.ask("GET", "/learners/ada/entries", "entries:read", limit=3, **cursor)).raise_for_status().json()
        items += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [item["id"] for item in items] == ["e6", "e5", "e4", "e3", "e2", "e1", "e0", "r1"]
    assert [item["id"] for item in items if not item["counts"]] == ["e2"]
    assert items[0]["data"]["evidence"] == ["https://example.edu/w"]
    assert "learner" not in items[0]["data"]


async def _kept(town: Town, number: int) -> bool:
    return await town.database["entries"].count_documents({}) == number


async def test_progress_shows_what_is_met_by_what_and_what_is_open(town: Town) -> None:
    await town.publish(published(BOTH))
    before = await town.progress("ada", "x")
    assert before["versions"][0]["met"] is False
    assert "urn:a" in before["versions"][0]["says"]

    async with town.stream(), town.over_kafka() as kafka:
        await kafka.send(scored("e1", 1, "urn:a", "0.4"), scored("e2", 2, "urn:a", "0.75", attempt=2))
        await eventually(lambda: _kept(town, 2), within=20)
        tree = (await town.progress("ada", "x"))["versions"][0]["requirement"]
        score, either = tree["of"]
        assert (score["met"], score["by"], score["value"], score["since"]) == (True, ["e2"], "0.75", "2026-01-03T00:00:00Z")
        assert (either["met"], [part["decided_by"] for part in either["of"]]) == (None, ["awarding", "assessment"])
        assert tree["met"] is None

        await kafka.send(Report("e3", day(3), CompletionReported(learner="ada", activity="urn:b", status="passed")))
        await eventually(lambda: _kept(town, 3), within=20)
        assert (await town.progress("ada", "x"))["versions"][0]["met"] is True


@pytest.mark.parametrize(
    ("path", "body", "status", "place"),
    [
        ("waivers", {"version": 1, "path": "all/9", "reason": "r"}, 422, "body.path"),
        ("waivers", {"version": 9, "path": "", "reason": "r"}, 422, "body.version"),
        ("waivers", {"version": 2, "path": "", "reason": "r"}, 422, "body.version"),
        ("waivers", {"version": 1, "path": ""}, 422, "body.reason"),
        ("substitutions", {"version": 1, "path": "all/1/any/0", "activity": "urn:z", "reason": "r"}, 422, "body.path"),
        ("substitutions", {"version": 1, "path": "all/1", "activity": "urn:z", "reason": "r"}, 422, "body.path"),
    ],
)
async def test_a_decision_about_nothing_that_is_there_is_refused(
    town: Town, path: str, body: dict[str, Any], status: int, place: str
) -> None:
    await town.publish(published(BOTH), published(BOTH, version=2, begins=0, ends=1))
    answer = await town.ask("POST", f"/learners/ada/achievements/x/{path}", "decisions:write", body=body)
    assert answer.status_code == status
    assert [error["place"] for error in answer.json()["errors"]] == [place]
    assert await town.on(town.topics.requests) == []


async def test_what_nobody_published_or_decided_is_not_found(town: Town) -> None:
    assert (await town.ask("GET", "/learners/ada/achievements/x", "verdicts:read")).status_code == 404
    assert (await town.ask("GET", "/decisions/none", "decisions:write")).status_code == 404
    assert (await town.ask("GET", "/learners/nobody/entries", "entries:read")).json() == {"items": [], "next": None}
