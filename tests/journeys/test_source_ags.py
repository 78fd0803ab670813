"""Scores as tools send them over HTTP, and OneRoster results pushed as JSON and brought as zips."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.files.shelf import Shelf
from services.assessment.sources.files.worker import Worker
from services.assessment.sources.ledger import Ledger
from tests.domain.sources.ags.test_ags_scores import sent
from tests.domain.sources.oneroster.packages import package
from tests.domain.sources.oneroster.test_oneroster_results import LINE_ITEM, RESULT
from tests.journeys.assessment_town import unique
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCORE = "application/vnd.ims.lis.v1.score+json"
TOOL: dict[str, Any] = {
    "name": "Virtual labs",
    "owner": "Physics",
    "format": "ags",
    "may_publish": ["urn:lab:*"],
    "activities": [{"named": "pendulum", "is": "urn:lab:pendulum"}, {"named": "secret", "is": "urn:other:secret"}],
    "options": {"platform": "campus"},
}
RECORDS: dict[str, Any] = {
    "name": "Student information system",
    "owner": "Registrar",
    "format": "oneroster",
    "learners": [{"of": "oneroster:user", "are": "ids"}],
    "may_publish": ["li-*"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SourcesTown]:
    folder: Path = tmp_path_factory.mktemp("ags")
    name = unique("test").replace("-", "_")
    async with SourcesTown.open(kafka, mongodb, name, f"{name}.", folder) as opened:
        yield opened


class Tool:
    """A registered source with its key."""

    def __init__(self, town: SourcesTown, slug: str, key: tuple[str, str]) -> None:
        self.town, self.slug, self.key = town, slug, key

    @classmethod
    async def at(cls, town: SourcesTown, document: dict[str, Any]) -> Tool:
        slug = unique("tool")
        _, id_, secret = await town.register({**document, "source": slug})
        return cls(town, slug, (id_, secret))

    async def posts(self, body: Any, lineitem: str = "pendulum", media_type: str = SCORE) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = f"/ags/lineitems/{lineitem}/scores"
        return await self.town.client.post(path, content=content, headers={"content-type": media_type}, auth=self.key)

    async def said(self) -> list[dict[str, Any]]:
        mine = f"urn:cairn:source:{self.slug}"
        return [event for event in await self.town.published() if event["source"] == mine]


async def test_a_score_is_taken_once_and_held_while_nobody_knows_the_learner(town: SourcesTown) -> None:
    tool = await Tool.at(town, TOOL)
    assert (await tool.posts(sent())).json()["status"] == "held"
    await town.learners(tool.slug, {("lti:campus", "abc123"): "ana"})
    await town.sources.upkeep.look_again(whole=True)
    assert [(event["learner"], event["data"]["status"]) for event in await tool.said()] == [
        ("ana", "scored"),
        ("ana", "completed"),
    ]

    assert (await tool.posts(sent())).json()["status"] == "duplicated"
    answer = await tool.posts(sent(scoreGiven=49))
    assert answer.status_code == 409
    assert (await tool.posts(sent(gradingProgress="Pending"))).json()["status"] == "ignored"
    assert +(await town.counts(tool.slug)) == {Kind.ACCEPTED: 1, Kind.DUPLICATED: 1, Kind.REFUSED: 1, Kind.IGNORED: 1}


async def test_a_score_that_comes_late_is_history_and_no_conflict(town: SourcesTown) -> None:
    tool = await Tool.at(town, TOOL)
    await town.learners(tool.slug, {("lti:campus", "abc123"): "ben"})
    for at, given in (("2026-11-20T10:00:02Z", 40), ("2026-11-20T10:00:01Z", 10)):
        answer = await tool.posts(sent(timestamp=at, scoreGiven=given, activityProgress="Submitted"))
        assert answer.json()["status"] == "accepted"
    assert [event["data"]["score"]["raw"] for event in await tool.said()] == ["10", "40"]


@pytest.mark.parametrize(
    ("body", "media_type", "status", "place"),
    [
        (sent(), "application/json", 415, None),
        (b"{", SCORE, 400, None),
        ([], SCORE, 400, "body"),
        (sent(scoreMaximum=0), SCORE, 422, "scoreMaximum"),
        (sent(timestamp="2017-04-16T18:54:36"), SCORE, 422, "timestamp"),
        (sent(timestamp="2999-04-16T18:54:36Z"), SCORE, 422, "time"),
    ],
)
async def test_what_is_no_score_is_told_what_would_be(
    town: SourcesTown, body: Any, media_type: str, status: int, place: str | None
) -> None:
    answer = await (await Tool.at(town, TOOL)).posts(body, media_type=media_type)
    assert answer.status_code == status
    problem = answer.json()
    assert problem["detail"]
    assert place is None or problem["errors"][0]["place"] == place
    assert "abc123" not in answer.text


async def test_a_tool_speaks_only_of_its_own_activities_and_with_its_own_key(town: SourcesTown) -> None:
    tool = await Tool.at(town, TOOL)
    await town.learners(tool.slug, {("lti:campus", "abc123"): "ana"})
    assert (await tool.posts(sent(), "secret")).status_code == 403
    assert (await tool.posts(sent(), "unheard-of")).json()["status"] == "held"
    records = await Tool.at(town, RECORDS)
    assert (await records.posts(sent())).status_code == 403
    nobody = Tool(town, tool.slug, (tool.key[0], "wrong"))
    assert (await nobody.posts(sent())).status_code == 401


async def test_line_items_are_those_of_the_document_and_no_tool_makes_others(town: SourcesTown) -> None:
    tool = await Tool.at(town, TOOL)
    items = await town.client.get("/ags/lineitems", auth=tool.key)
    assert items.headers["content-type"] == "application/vnd.ims.lis.v2.lineitemcontainer+json"
    first = items.json()[0]
    assert first == {
        "id": "http://cairn/ags/lineitems/pendulum",
        "scoreMaximum": 100.0,
        "label": "urn:lab:pendulum",
        "resourceId": "urn:lab:pendulum",
    }
    one = await town.client.get("/ags/lineitems/pendulum", auth=tool.key)
    assert (one.json(), one.headers["content-type"]) == (first, "application/vnd.ims.lis.v2.lineitem+json")
    assert (await town.client.get("/ags/lineitems/none", auth=tool.key)).status_code == 404
    assert (await town.client.get("/ags/lineitems", params={"resource_id": "none"}, auth=tool.key)).json() == []
    made = await town.client.post("/ags/lineitems", json={"label": "x", "scoreMaximum": 1}, auth=tool.key)
    assert (made.status_code, made.headers["allow"]) == (405, "GET")
    assert "registered by the institution" in made.json()["detail"]


async def test_oneroster_results_are_pushed_as_the_gradebook_service_has_them(town: SourcesTown) -> None:
    records = await Tool.at(town, RECORDS)
    result = {**RESULT, "score": 67.0}
    lineitem = {"sourcedId": "li-1", "resultValueMax": str(LINE_ITEM["resultValueMax"])}
    pushed = {"results": [result, {**result, "sourcedId": "r-2", "scoreStatus": "done"}], "lineItems": [lineitem]}
    path = f"/sources/{records.slug}/oneroster"
    answer = await town.client.post(path, json=pushed, auth=records.key)
    assert answer.status_code == 202
    first, second = answer.json()["items"]
    assert (first["status"], second["status"], second["place"]) == ("accepted", "refused", "scoreStatus")
    (event,) = await records.said()
    assert (event["learner"], event["data"]["score"]) == ("stu-1", {"raw": "67", "min": "0", "max": "80"})
    again = await town.client.post(path, json={"result": {**result, "status": "tobedeleted"}}, auth=records.key)
    assert again.status_code == 409
    later = {**result, "status": "tobedeleted", "dateLastModified": "2026-11-21T08:00:00Z"}
    assert (await town.client.post(path, json={"result": later}, auth=records.key)).json()["items"][0]["status"] == "accepted"
    assert [event["data"]["status"] for event in await records.said()] == ["scored", "cleared"]
    assert (await town.client.post(path, json={"rows": []}, auth=records.key)).status_code == 400


async def test_a_oneroster_zip_is_brought_as_a_file(town: SourcesTown) -> None:
    records = await Tool.at(town, RECORDS)
    headers = {"content-type": "application/zip"}
    path = f"/sources/{records.slug}/files"
    file = (await town.client.post(path, content=package(), headers=headers, auth=records.key)).raise_for_status().json()
    sources = town.sources
    shelf, ledger = Shelf(town.town.database, sources.vault), Ledger(town.town.database)
    await Worker(shelf, sources.registry, sources.intake, ledger, sources.gate.quotas).work()
    seen = (await town.client.get(f"{path}/{file['id']}", auth=records.key)).json()
    assert (seen["state"], seen["lines"], seen["counts"]["accepted"]) == ("done", 3, 3)
    assert [(event["learner"], event["data"]["status"]) for event in await records.said()] == [
        ("stu-1", "scored"),
        ("stu-2", "cleared"),
        ("stu-1", "cleared"),
    ]
    broken = await town.client.post(path, content=package({"manifest.csv": None}), headers=headers, auth=records.key)
    assert (broken.status_code, broken.json()["errors"][0]["place"]) == (422, "manifest.csv")
