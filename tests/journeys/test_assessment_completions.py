"""Completions go in over HTTP and Kafka, and verdicts come out, on the real broker and database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.assessment.client import NotAccepted, Report
from shared.events.assessment import LeafWaived, LearnerErased
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Envelope
from tests.domain.assessment.stories import day, published
from tests.journeys.assessment_town import SOURCE, TRACE, Town
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

PASSED = published({"activity": "urn:a", "passed": True})
TYPE = CompletionReported.TYPE


@pytest_asyncio.fixture
async def town(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with Town.open(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path) as opened:
        yield opened


def passed(learner: str, id_: str, on: float = 1, activity: str = "urn:a") -> Report:
    return Report(id_, day(on), CompletionReported(learner=learner, activity=activity, status="passed"))


def event(id_: str, **data: Any) -> dict[str, Any]:
    said = {"learner": "ada", "activity": "urn:a", "status": "passed"} | data
    return {"specversion": "1.0", "id": id_, "source": SOURCE, "type": TYPE, "time": "2026-01-02T00:00:00Z", "data": said}


async def test_completions_over_kafka_and_http_give_the_same_verdicts(town: Town) -> None:
    await town.publish(PASSED)
    async with town.stream(), town.over_kafka() as kafka:
        await kafka.send(passed("ada", "e1"), passed("bob", "e1"))
        await town.over_http().send(passed("ada", "e1"), passed("cyd", "e1"))
        for learner in ("ada", "bob", "cyd"):
            await town.is_met(learner, "x")
    verdicts = await town.verdicts()
    assert sorted((v.learner, v.revision, v.met) for v in verdicts) == [(name, 1, True) for name in ("ada", "bob", "cyd")]
    assert await town.on(town.topics.letters) == []
    assert await town.database["entries"].count_documents({}) == 3


async def test_a_retraction_takes_the_verdict_back(town: Town) -> None:
    await town.publish(PASSED)
    async with town.stream(), town.over_kafka() as kafka:
        await kafka.send(passed("ada", "e1"))
        await town.is_met("ada", "x")
        await kafka.send(Report("r1", day(2), CompletionRetracted(learner="ada", retracts="e1")))
        await town.is_met("ada", "x", met=False)
    last = max(await town.verdicts(), key=lambda verdict: verdict.revision)
    assert [(t.at, t.since) for t in last.versions[0].parts[0].turns] == [(day(1), day(1)), (day(2), None)]


async def test_an_achievement_published_late_is_evaluated_over_everyone(town: Town) -> None:
    async with town.stream(), town.over_kafka() as kafka:
        await kafka.send(*(passed(f"l-{n}", "e1") for n in range(40)))
        await eventually(lambda: _records(town, 40), within=30)
        await town.publish(PASSED)
        for n in range(40):
            await town.is_met(f"l-{n}", "x")

        async def over() -> bool:
            answer = await town.ask("GET", "/sweeps", "operations:read")
            return bool(answer.raise_for_status().json() == {"sweeps": []})

        await eventually(over, within=20, why="the sweep does not end")
    assert {v.cause.kind for v in await town.verdicts()} == {"publication"}


async def _records(town: Town, number: int) -> bool:
    return await town.database["records"].count_documents({}) == number


async def test_waivers_substitutions_and_their_end_go_through_the_stream(town: Town) -> None:
    await town.publish(published({"all": [{"activity": "urn:a", "passed": True}, {"activity": "urn:b", "passed": True}]}))
    async with town.stream(), town.over_kafka() as kafka:
        await kafka.send(passed("ada", "e1"), passed("ada", "e2", 2, "urn:elsewhere"))
        path = "/learners/ada/achievements/x"
        asked = {"version": 1, "path": "all/1", "activity": "urn:elsewhere", "reason": "exchange semester"}
        answer = await town.ask("POST", f"{path}/substitutions", "decisions:write", body=asked)
        assert answer.status_code == 202
        await town.is_met("ada", "x")

        decision = answer.json()["id"]
        shown = (await town.ask("GET", f"/decisions/{decision}", "decisions:write")).json()
        assert shown | {"state": "in_force", "kind": "substitution", "reason": "exchange semester"} == shown

        gone = await town.ask("DELETE", f"/learners/ada/decisions/{decision}", "decisions:write", reason="not enough")
        assert gone.status_code == 202
        await town.is_met("ada", "x", met=False)
        shown = (await town.ask("GET", f"/decisions/{decision}", "decisions:write")).json()
        assert shown["state"] == "withdrawn"

        waiver = {"version": 1, "path": "all/1", "reason": "ill"}
        answer = await town.ask("POST", f"{path}/waivers", "decisions:write", body=waiver)
        await town.is_met("ada", "x")
        listed = (await town.ask("GET", "/learners/ada/decisions", "decisions:write")).json()
        assert [one["kind"] for one in listed] == ["substitution", "withdrawal", "waiver"]
        progress = await town.progress("ada", "x")
        assert progress["versions"][0]["requirement"]["of"][1]["waived"] == answer.json()["id"]


async def test_a_decision_that_comes_on_the_topic_of_completions_is_a_dead_letter(town: Town) -> None:
    await town.publish(PASSED)
    waiver = LeafWaived(learner="ada", achievement="x", version=1, path="", reason="r", decided_by="a stranger")
    envelope = Envelope("w1", waiver.TYPE, SOURCE, day(1), data=waiver.to_json())
    async with town.stream(), town.over_kafka() as kafka:
        await town.publisher.publish(town.topics.completions.name, "ada", envelope)
        await kafka.send(passed("ada", "e1", activity="urn:other"))
        await eventually(lambda: _entries(town, 1), within=20)
    ((headers, _),) = await town.on(town.topics.letters)
    assert "is a request" in headers["reason"]
    assert await town.verdicts() == []


async def test_an_erased_learner_is_forgotten_and_a_replay_brings_nothing_back(town: Town) -> None:
    await town.publish(PASSED)
    async with town.stream(), town.over_kafka() as kafka:
        await kafka.send(passed("ada", "e1"), passed("bob", "e1"))
        await town.is_met("ada", "x")
        await town.is_met("bob", "x")
        answer = await town.ask("POST", "/learners/ada/erasure", "decisions:write", body={"reason": "asked"})
        assert answer.status_code == 202

        async def erased() -> bool:
            said = await town.on(town.topics.verdicts)
            return any(headers["ce_type"] == LearnerErased.TYPE for headers, _ in said)

        await eventually(erased, within=20, every=0.3, why="no LearnerErased was published")
        await kafka.send(passed("ada", "e1"), passed("bob", "e2", 3))
        await eventually(lambda: _entries(town, 2), within=20)
        assert [entry["learner"] for entry in await town.database["entries"].find({}).to_list(None)] == ["bob", "bob"]
        assert await town.verdict("ada", "x") is None
        facts = await town.database["facts"].find({"learner": "ada"}).to_list(None)
        assert [fact["type"] for fact in facts] == [LearnerErased.TYPE]
        shown = (await town.ask("GET", f"/decisions/{answer.json()['id']}", "decisions:write")).json()
        assert (shown["kind"], shown["learner"], shown["reason"]) == ("erasure", None, None)


async def _entries(town: Town, number: int) -> bool:
    return await town.database["entries"].count_documents({}) == number


async def test_binary_structured_and_batched_events_are_the_same_event_on_the_topic(town: Town) -> None:
    one = event("e ü%1")
    binary = await town.post(
        json.dumps(one["data"]),
        "application/json",
        ce_specversion="1.0",
        ce_id="e%20%c3%bc%251",
        ce_source=SOURCE,
        ce_type=TYPE,
        ce_time="2026-01-02T00:00:00Z",
        traceparent=TRACE,
    )
    structured = await town.post(json.dumps(one), "application/cloudevents+json; charset=utf-8")
    batch = await town.post(json.dumps([one]), "application/cloudevents-batch+json")
    for answer in (binary, structured, batch):
        assert answer.status_code == 202, answer.text
        assert answer.json() == {"items": [{"id": "e ü%1", "status": "accepted", "problem": None}]}
    sent = await town.on(town.topics.completions)
    assert len(sent) == 3
    assert {(headers["ce_id"], headers["ce_source"], value) for headers, value in sent} == {("e ü%1", SOURCE, sent[0][1])}
    assert sorted(headers.get("traceparent", "") for headers, _ in sent)[-1][:35] == TRACE[:35]


async def test_of_a_batch_what_is_right_is_accepted_and_the_rest_is_told_why(town: Town) -> None:
    batch = [event("e1"), event("e2", status="scored"), {"id": "e3"}, event("e4") | {"time": "2999-01-01T00:00:00Z"}, 7]
    answer = await town.post(json.dumps(batch), "application/cloudevents-batch+json")
    items = answer.json()["items"]
    assert answer.status_code == 202
    assert [item["status"] for item in items] == ["accepted"] + ["refused"] * 4
    assert [item["problem"] and item["problem"]["status"] for item in items] == [None, 422, 400, 422, 400]
    assert "needs a score or a grade" in items[1]["problem"]["detail"]
    assert [headers["ce_id"] for headers, _ in await town.on(town.topics.completions)] == ["e1"]


async def test_the_client_says_what_was_refused_after_the_rest_was_taken(town: Town) -> None:
    future = Report("late", day(1) + timedelta(days=90_000), passed("ada", "-").said)
    with pytest.raises(NotAccepted) as refused:
        await town.over_http().send(passed("ada", "e1"), future)
    assert refused.value.reasons.keys() == {"late"}
    assert [headers["ce_id"] for headers, _ in await town.on(town.topics.completions)] == ["e1"]
