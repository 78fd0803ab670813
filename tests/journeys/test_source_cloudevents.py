"""Registered sources report completions as CloudEvents: with the SDK, with curl and with our own client."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from services.assessment.client import Key, NotAccepted, OverHttp, Report, Unreachable
from services.assessment.sources.resolving import Lookup
from services.assessment.sources.tokens import LIFETIME
from shared.events.completions import CompletionReported, CompletionRetracted
from tests.journeys.sources_desk import SourcesDesk, basic
from tests.platform.parts import Broker, DatabaseServer

REPORTED = CompletionReported.TYPE
GUIDE = Path(__file__).parents[2] / "docs/sources.md"
BATCH = "application/cloudevents-batch+json"


@pytest_asyncio.fixture
async def desk(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesDesk]:
    async with SourcesDesk.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


def event(id_: str, source: str = "urn:example:lms", **data: Any) -> dict[str, Any]:
    said = {"learner": "ada", "activity": "urn:course:1", "status": "passed"} | data
    return {"specversion": "1.0", "id": id_, "source": source, "type": REPORTED, "time": "2026-01-02T00:00:00Z", "data": said}


async def post(desk: SourcesDesk, headers: dict[str, str], *events: object, path: str = "/completions") -> httpx.Response:
    return await desk.client.post(path, content=json.dumps(events), headers={"content-type": BATCH, **headers})


async def test_what_the_sdk_sends_in_any_mode_is_the_same_completion(desk: SourcesDesk) -> None:
    await desk.register()
    auth = await desk.key()
    attributes = {"id": "e ü%1", "source": "urn:example:lms", "type": REPORTED, "time": datetime(2026, 1, 2, tzinfo=UTC)}
    made = CloudEvent(attributes, {"learner": "ada", "activity": "urn:course:1", "status": "passed"})
    statuses = []
    async with desk.served() as address, httpx.AsyncClient(auth=auth) as client:
        for message in (to_binary_event(made), to_structured_event(made)):
            answer = await client.post(f"{address}/completions", content=message.body, headers=message.headers)
            assert answer.status_code == 202, answer.text
            statuses += [item["status"] for item in answer.json()["items"]]
        batch = b"[" + to_structured_event(made).body + b"]"
        answer = await client.post(f"{address}/sources/lms/completions", content=batch, headers={"content-type": BATCH})
        statuses += [item["status"] for item in answer.json()["items"]]
    assert statuses == ["accepted", "duplicated", "duplicated"]
    (published,) = await desk.town.published()
    assert (published["id"], published["source"], published["learner"]) == ("e ü%1", "urn:example:lms", "ada")


async def test_the_guides_commands_do_what_it_says(desk: SourcesDesk, tmp_path: Path) -> None:
    section = GUIDE.read_text().split("\n## CloudEvents\n")[1].split("\n## ")[0]
    document = section.split("```yaml\n")[1].split("```")[0]
    registered = await desk.ask("PUT", "/sources/our-lms", document, content_type="application/yaml")
    assert registered.status_code == 201, registered.text
    key, secret = await desk.key("our-lms")
    commands = [block.split("```")[0] for block in section.split("```sh\n")[1:]]
    programs = [block.split("```")[0] for block in section.split("```python\n")[1:]]
    assert (len(commands), len(programs)) == (2, 2)
    async with desk.served() as address:
        for command in commands:
            environment = {**os.environ, "ASSESSMENT": address, "KEY": key, "SECRET": secret}
            shell = await asyncio.create_subprocess_exec(
                "bash",
                "-ec",
                command.replace("curl ", "curl -sS --fail-with-body "),
                env=environment,
                stdout=asyncio.subprocess.PIPE,
            )
            said, _ = await asyncio.wait_for(shell.communicate(), 30)
            assert shell.returncode == 0, said
            assert {item["status"] for item in json.loads(said)["items"]} == {"accepted"}
        defined: dict[str, Any] = {}
        exec("\n".join(programs), defined)  # noqa: S102 - what the guide shows is what is tested
        await defined["report"](address, key, secret)
        await asyncio.to_thread(defined["send"], address, key, secret)
    said_ids = {one["id"] for one in await desk.town.published()}
    assert said_ids == {"attempt-17", "attempt-18", "oops-1", "attempt-19", "attempt-20"}


async def test_a_source_speaks_for_itself_and_of_its_own_activities_only(desk: SourcesDesk) -> None:
    await desk.register()
    credentials = basic(*await desk.key())
    others, elsewhere = event("e1", "urn:example:other"), event("e2", activity="urn:elsewhere")
    answer = await post(desk, credentials, event("e0"), others, elsewhere, {"id": "e3"}, event("e4", status="scored"), 7)
    assert answer.status_code == 202
    items = answer.json()["items"]
    assert [(item["status"], item.get("code")) for item in items] == [
        ("accepted", None),
        ("refused", 403),
        ("refused", 403),
        ("refused", 400),
        ("refused", 422),
        ("refused", 400),
    ]
    assert "must be urn:example:lms" in items[1]["detail"]
    assert items[1]["place"] == "source"
    assert "urn:course:*" in items[2]["detail"]
    alone = await post(desk, credentials, others)
    assert (alone.status_code, alone.headers["content-type"]) == (403, "application/problem+json")


async def test_nobody_else_speaks_as_a_registered_source(desk: SourcesDesk) -> None:
    await desk.register()
    token = {"authorization": f"Bearer {desk.keys.token('completions:publish')}"}
    answer = await post(desk, token, event("e1"), event("e1", "urn:example:hub"))
    assert [item["status"] for item in answer.json()["items"]] == ["refused", "accepted"]
    assert "speaks for itself" in answer.json()["items"][0]["problem"]["detail"]
    assert (await post(desk, token, event("e1"))).status_code == 403
    assert (await post(desk, {"authorization": f"Bearer {desk.keys.token()}"}, event("e1"))).status_code == 403
    assert (await post(desk, {}, event("e1"))).status_code == 401
    assert [one["source"] for one in await desk.town.published()] == ["urn:example:hub"]


async def test_names_are_mapped_and_what_is_unknown_is_held_until_it_is_known(desk: SourcesDesk) -> None:
    rules = [{"matching": "c(?P<nr>[0-9]+)", "is": "urn:course:{nr}", "passes_at": "0.5"}]
    await desk.register(learners=[{"of": "login", "directory": "campus"}], activities=rules, options={"learners_are": "login"})
    credentials = basic(*await desk.key())
    said = event("e1", learner="lovelace", activity="c7", status="scored", score={"scaled": 0.5})
    answer = await post(desk, credentials, said, event("e2", learner="lovelace", activity="d1"))
    assert [item["status"] for item in answer.json()["items"]] == ["held", "held"]
    await desk.sources.directory.enter({Lookup("campus", "login", "lovelace"): "ada"})
    again = event("e3", learner="lovelace", activity="c8", status="scored", score={"scaled": 0.4})
    assert (await post(desk, credentials, again)).json()["items"][0]["status"] == "accepted"
    data = {one["id"]: one["data"] for one in await desk.town.published()}
    assert (data["e3"]["learner"], data["e3"]["activity"], data["e3"]["status"]) == ("ada", "urn:course:8", "failed")


async def test_our_client_gets_its_tokens_by_itself_and_new_ones_when_they_end(
    desk: SourcesDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.register(learners=[{"of": "*", "matching": "s[0-9]+", "are": "ids"}, {"of": "*"}])
    key, secret = await desk.key()
    time = datetime(2026, 1, 2, tzinfo=UTC)

    def passed(id_: str, learner: str = "s1", activity: str = "urn:course:1") -> Report:
        return Report(id_, time, CompletionReported(learner=learner, activity=activity, status="passed"))

    async with desk.served() as address, OverHttp(address, Key(key, secret), "urn:example:lms") as client:
        assert await client.send(passed("e1"), passed("e2", "unknown")) == {"e2": "its learner is not known yet"}
        monkeypatch.setattr(desk.sources.gate.tokens, "_clock", lambda: datetime.now(UTC) + LIFETIME)
        assert (
            await client.send(passed("e1"), Report("r1", time + timedelta(1), CompletionRetracted(learner="s1", retracts="e1")))
            == {}
        )
        assert await desk.database["source_tokens"].count_documents({}) == 2
        with pytest.raises(NotAccepted) as refused:
            await client.send(passed("e3"), passed("e4", activity="urn:elsewhere"))
        assert refused.value.reasons.keys() == {"e4"}
        await desk.ask("POST", "/sources/lms/pause")
        with pytest.raises(Unreachable):
            await client.send(passed("e5"), within=0.0)
        await desk.ask("POST", "/sources/lms/resume")
        await desk.ask("POST", f"/sources/lms/keys/{key}/retire")
        with pytest.raises(httpx.HTTPStatusError) as over:
            await client.send(passed("e5"))
        assert over.value.response.status_code == 401
    assert secret not in repr(Key(key, secret))
    assert {one["id"] for one in await desk.town.published()} == {"e1", "r1", "e3"}


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"[", BATCH, 400),
        (b"{}", BATCH, 400),
        (b"\xff", "application/cloudevents+json", 400),
        (b"NaN", "application/cloudevents+json", 400),
        (b"[" * 100_000, BATCH, 400),
        (b"<e/>", "application/cloudevents+xml", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json", 400),
        (b"[" + b" " * 1_000_001, BATCH, 413),
    ],
)
async def test_what_cannot_be_read_is_refused_as_one_expects(desk: SourcesDesk, content: bytes, kind: str, status: int) -> None:
    await desk.register()
    headers = {"content-type": kind, **basic(*await desk.key())}
    answer = await desk.client.post("/completions", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text


async def test_data_that_is_not_json_is_no_media_type_of_ours(desk: SourcesDesk) -> None:
    await desk.register()
    attributes = {f"ce-{name}": value for name, value in event("e9").items() if name != "data"}
    headers = {**attributes, "content-type": "text/plain", **basic(*await desk.key())}
    answer = await desk.client.post("/completions", content=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["accept"].partition(",")[0]) == (415, "application/json")


async def test_what_is_over_the_quota_is_told_when_to_come_again(desk: SourcesDesk) -> None:
    await desk.register(quota={"per_minute": 3})
    credentials = basic(*await desk.key())
    assert (await post(desk, credentials, event("e1"), event("e2"))).status_code == 202
    over = await post(desk, credentials, event("e3"), event("e4"))
    if over.status_code == 202:
        pytest.skip("a minute began in between")
    assert (over.status_code, 0 < int(over.headers["retry-after"]) <= 60) == (429, True)
    assert (await post(desk, credentials, *[event(f"f{number}") for number in range(4)])).status_code == 413
    health = (await desk.ask("GET", "/sources/lms/health")).json()
    assert health["last_hour"] == 2
