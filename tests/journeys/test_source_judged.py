"""What assessors judge is said by assessment alone: no other source says it at any door, by any way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.registry import NotPossible
from shared.events.completions import CompletionReported
from shared.events.envelope import Envelope
from shared.events.reviews import REVIEWERS
from shared.kafka import Outgoing
from tests.domain.assessment.stories import START
from tests.journeys.sources_desk import basic
from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_files import brought, seen, worker
from tests.journeys.test_source_rerun import IDS, rerun
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

VERDICT = "urn:cairn:review:weaving:portfolio"
RESULTS = [{"criterion": "clarity", "level": "full", "points": "2"}]
BATCH = "application/cloudevents-batch+json"
HUB: dict[str, Any] = {
    "source": "hub",
    "name": "Any system",
    "owner": "IT",
    "format": "cloudevents",
    "learners": [{"are": "ids"}],
    "may_publish": ["*"],
    "speaks_as": "urn:example:hub",
}
TABLE: dict[str, Any] = HUB | {
    "source": "sis",
    "format": "csv",
    "speaks_as": "urn:example:sis",
    "activities": [{"matching": "(?P<any>.+)", "is": "{any}"}],
    "options": {
        "learner": [{"column": "Who", "kind": "id"}],
        "activity": "What",
        "time": {"column": "When"},
        "status": {"column": "How", "values": {"passed": "passed"}},
    },
}


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=True) as opened:
        yield opened


def event(id_: str, activity: str, source: str = "urn:example:hub", **data: Any) -> dict[str, Any]:
    said = {"learner": "ada", "activity": activity, "status": "passed"} | data
    head = {"specversion": "1.0", "id": id_, "source": source, "type": CompletionReported.TYPE, "time": "2026-01-02T00:00:00Z"}
    return head | {"data": said}


FORGED = event("e1", VERDICT), event("e2", VERDICT, results=RESULTS), event("e3", "urn:lms:a", results=RESULTS)


async def sent(town: SourcesTown, headers: dict[str, str], *events: object) -> httpx.Response:
    return await town.client.post("/completions", content=json.dumps(events), headers={"content-type": BATCH, **headers})


async def test_a_source_that_may_publish_anything_says_no_verdict(town: SourcesTown) -> None:
    _, key, secret = await town.register(HUB)
    answer = await sent(town, basic(key, secret), *FORGED)
    assert answer.status_code in (403, 422), answer.text
    items = answer.json()["items"]
    assert [one["status"] for one in items] == ["refused"] * 3
    assert all(REVIEWERS in json.dumps(one) for one in items)
    tried = await town.ask("POST", "/sources/hub/trial", "sources:read", "sources:write", body=list(FORGED))
    found = [(one["outcome"], one["status"], one["place"]) for one in tried.raise_for_status().json()["items"]]
    assert found == [("refused", 403, "activity"), ("refused", 403, "activity"), ("refused", 403, "results")]
    await town.register(TABLE)
    file = await brought(town, f"Who,What,When,How\nada,{VERDICT},2026-01-02T00:00:00Z,passed\n".encode())
    await worker(town).work()
    assert (await seen(town, file.raise_for_status().json()["id"]))["counts"]["refused"] == 1
    assert await town.published() == []


async def test_a_token_that_may_publish_for_anybody_says_no_verdict(town: SourcesTown) -> None:
    headers = {"authorization": f"Bearer {town.town.keys.token('completions:publish')}"}
    answer = await sent(town, headers, *FORGED)
    assert answer.status_code == 403, answer.text
    assert [one["problem"]["status"] for one in answer.json()["items"]] == [403] * 3
    mixed = await sent(town, headers, *FORGED, event("e4", "urn:lms:a"))
    assert [one["status"] for one in mixed.json()["items"]] == ["refused"] * 3 + ["accepted"]
    assert [one["id"] for one in await town.published()] == ["e4"]


async def test_what_is_read_again_becomes_no_verdict(town: SourcesTown) -> None:
    named = IDS | {"may_publish": ["*"], "activities": [{"matching": "http://lms/(?P<id>.+)", "is": "urn:lms:{id}"}]}
    source, _, _ = await town.register(named)
    original = {
        "id": "0e5d8a3c-7f5c-4f0e-9f43-2f4dbb8b1c01",
        "actor": {"mbox": "mailto:ada@example.edu"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/passed"},
        "object": {"id": f"http://lms/{VERDICT}"},
        "timestamp": "2026-01-02T00:00:00Z",
    }
    assert [one.kind for one in await town.take(source, original)] == [Kind.ACCEPTED]
    await town.register(named | {"activities": [{"matching": "http://lms/(?P<id>.+)", "is": "{id}"}]}, None)
    assert (await rerun(town, dry_run=False))["counts"] == {"retracted": 1}
    assert not [one for one in await town.published() if one["data"].get("activity") == VERDICT]


async def test_what_is_published_directly_is_no_verdict_but_a_dead_letter(town: SourcesTown) -> None:
    at, topics = town.town, town.town.topics
    for one in (*FORGED, event("e4", "urn:lms:a")):
        said = CompletionReported.model_validate(one["data"]).to_json()
        envelope = Envelope(one["id"], CompletionReported.TYPE, one["source"], START, None, None, said)
        await at.publisher.publish_all([Outgoing.of(topics.completions.name, "ada", envelope)])
    assert [one["id"] for one in await town.entries("ada", 1)] == ["e4"]

    async def buried() -> bool:
        return len(await at.on(topics.letters)) == 3

    await eventually(buried, within=30)
    assert all("assessors" in headers["reason"] for headers, _ in await at.on(topics.letters))


async def test_no_document_is_registered_that_could_only_forge(town: SourcesTown) -> None:
    for changed in ({"may_publish": ["urn:x:*", f"{VERDICT}*"]}, {"activities": [{"named": "a", "is": VERDICT}]}):
        with pytest.raises(NotPossible) as refused:
            await town.register(HUB | changed)
        assert refused.value.place in ("may_publish.1", "activities.0.is")
