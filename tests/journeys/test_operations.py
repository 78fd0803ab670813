"""An operator sees how all services stand, pauses and resumes a stream, puts a dead letter right, and follows one learner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from deploy.local.platform import Platform
from deploy.operate.__main__ import app
from shared.kafka import Outgoing, Publisher
from tests.platform.eventually import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
STREAMING = ("assessment", "awarding", "notifications")
EXAM = {
    "achievement": "lines",
    "name": "Lines",
    "description": "Draws lines.",
    "criteria": "Pass the exam.",
    "issuer": {"id": "uni", "name": "University"},
    "requirement": {"activity": "https://lms.example/lines", "passed": True},
}


@dataclass
class Office:
    platform: Platform
    http: httpx.AsyncClient

    async def ask(self, service: str, method: str, path: str, *scopes: str, **request: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.platform.keys.token(*scopes)}"}
        return await self.http.request(method, self.platform[service].url + path, headers=headers, **request)

    async def standing(self, service: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask(service, "GET", "/operations", "operations:read")).raise_for_status().json()
        return found

    async def report(self, learner: str, *, id_: str | None = None, type_: str = "cairn.completion.reported.v1") -> None:
        """As a learning system that writes to the topic itself."""
        data = {"learner": learner, "activity": "https://lms.example/lines", "status": "passed"}
        headers = {
            "ce_specversion": "1.0",
            "ce_id": id_ or f"e-{learner}",
            "ce_type": type_,
            "ce_source": "https://lms.example",
            "ce_time": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
            "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
        }
        raw = [(name, said.encode()) for name, said in headers.items()]
        async with Publisher(self.platform.bootstrap) as publisher:
            await publisher.publish_all([Outgoing("completions", learner.encode(), json.dumps(data).encode(), raw)])

    async def entries(self, learner: str) -> list[Any]:
        found: list[Any] = (await self.ask("assessment", "GET", f"/learners/{learner}/entries", "entries:read")).json()["items"]
        return found

    async def letters(self) -> list[dict[str, Any]]:
        answer = await self.ask("assessment", "GET", "/operations/dead-letters", "operations:read")
        found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return found

    async def command(self, *arguments: str, scopes: tuple[str, ...] = ("operations:read", "operations:write")) -> Result:
        """It has an event loop of its own."""
        addresses = [part for service in ("catalog", *STREAMING) for part in (f"--{service}", self.platform[service].url)]
        given = [*addresses, "--token", self.platform.keys.token(*scopes), *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, given)

    async def way(self, learner: str) -> list[dict[str, Any]]:
        """The steps of a learner's way. Raises AssertionError as long as it does not lead through all services."""
        steps: list[dict[str, Any]] = json.loads(await self.told("journey", learner, "--json"))["steps"]
        kinds = {(step["service"], step["kind"]) for step in steps}
        assert kinds >= {("assessment", "entry"), ("assessment", "fact"), ("awarding", "fact"), ("notifications", "message")}
        return steps

    async def told(self, *arguments: str) -> str:
        result = await self.command(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with Platform(tmp_path_factory.mktemp("operated")) as platform, httpx.AsyncClient(trust_env=False, timeout=60) as http:
        office = Office(platform, http)
        published = await office.ask("catalog", "POST", "/apply", "catalog:write", json={"documents": [EXAM]})
        assert published.json()["published"]
        await office.report("first")
        await eventually(lambda: office.way("first"), within=90, every=0.5, why="not all services know what was published")
        yield office


async def test_a_learners_way_is_put_together_of_all_services_with_its_trace(office: Office) -> None:
    await office.report("ada")

    steps = await eventually(lambda: office.way("ada"), within=60, every=0.5, why="the way does not lead through all services")
    assert steps[0]["kind"] == "entry"
    assert {step["trace"] for step in steps} == {TRACE}
    causes = {(step["cause"]["kind"], step["cause"]["id"]) for step in steps if step["cause"]}
    assert causes == {("completion", "e-ada")}
    assert "cairn.award.granted" in await office.told("journey", "ada")
    assert json.loads(await office.told("journey", "nobody", "--json"))["steps"] == []


async def test_each_service_says_how_it_stands_from_what_all_its_processes_share(office: Office) -> None:
    second = await office.platform.add("assessment")

    async def both() -> dict[str, Any]:
        standing = await office.standing("assessment")
        assert len(standing["instances"]) == 2
        assert all(consumer["owner"] for consumer in standing["consumers"])
        assert len({consumer["owner"] for consumer in standing["consumers"]}) == 2
        return standing

    try:
        standing = await eventually(both, within=90, every=0.5, why="the two processes do not share the partitions")
    finally:
        await second.stop()
        office.platform.instances.remove(second)
    assert (standing["state"], standing["broker"], standing["paused"]) == ("running", True, None)
    assert {consumer["topic"] for consumer in standing["consumers"]} == {"completions", "assessment.requests"}
    assert standing["lag"] == sum(consumer["lag"] for consumer in standing["consumers"])

    async def alone() -> bool:
        found = await office.standing("assessment")
        owners = {consumer["owner"] for consumer in found["consumers"]}
        return len(found["instances"]) == 1 and len(owners) == 1 and None not in owners

    await eventually(alone, within=90, every=0.5, why="the first process does not hold all partitions again")


async def test_the_command_tells_all_services_at_a_glance(office: Office) -> None:
    shown = await office.told("status")
    for word in ("catalog", *STREAMING, "completions", "awarding.awards", "running"):
        assert word in shown
    said = json.loads(await office.told("status", "--json"))
    assert set(said["services"]) == {"catalog", *STREAMING}
    assert said["refused"] == {}
    assert said["services"]["catalog"]["waiting"] == 0


async def test_what_a_token_may_not_do_is_said_and_not_done(office: Office) -> None:
    refused = await office.command("status", scopes=("entries:read",))
    assert refused.exit_code == 1
    assert "403" in refused.output
    reader = ("operations:read",)
    assert (await office.command("pause", "awarding", "--reason", "mischief", scopes=reader)).exit_code == 2
    assert (await office.standing("awarding"))["paused"] is None


async def test_a_paused_service_takes_nothing_says_so_and_stays_ready_also_when_it_is_started_anew(office: Office) -> None:
    await office.told("pause", "assessment", "--reason", "the new rules are looked at")

    async def paused() -> bool:
        ready = await office.http.get(f"{office.platform['assessment'].url}/health/ready")
        return ready.status_code == 200 and ready.json()["checks"].get("paused") is True

    await eventually(paused, within=30, why="the service does not say that it is paused")
    await office.report("bob")
    restarted = office.platform["assessment"]
    await restarted.stop()
    await restarted.start()
    await eventually(paused, within=30, why="the restarted service is not paused")

    async def waits() -> bool:
        standing = await office.standing("assessment")
        return bool(standing["state"] == "paused" and standing["lag"] == 1)

    await eventually(waits, within=30, why="nobody sees that a completion waits")
    assert (await office.standing("assessment"))["paused"]["reason"] == "the new rules are looked at"
    assert await office.entries("bob") == []
    assert "paused" in await office.told("status")

    await office.told("resume", "assessment")
    await eventually(lambda: office.entries("bob"), within=60, why="the completion that waited is lost")
    assert len(await office.entries("bob")) == 1


async def test_a_dead_letter_is_looked_at_put_right_and_sent_again_once(office: Office) -> None:
    await office.report("eve", type_="cairn.completion.reported.v9")
    (letter,) = await eventually(office.letters, within=60, every=0.3, why="there is no dead letter")
    path = f"/operations/dead-letters/{letter['partition']}/{letter['offset']}"
    whole = (await office.ask("assessment", "GET", path, "operations:read")).raise_for_status().json()
    assert (whole["trace"], whole["original"]["data"]["learner"]) == (TRACE, "eve")
    assert (await office.standing("assessment"))["dead_letters"] == {"waiting": 1, "redriven": 0, "more": False}

    of_another = whole["original"] | {"key": "mallory"}
    refused = await office.ask("assessment", "POST", f"{path}/redrive", "operations:write", json={"original": of_another})
    assert refused.status_code == 409
    right = whole["original"] | {"headers": whole["original"]["headers"] | {"ce_type": "cairn.completion.reported.v1"}}
    asked = right | {"headers": right["headers"] | {"ce_type": "cairn.assessment.leaf-waived.v1"}}
    waiver = await office.ask("assessment", "POST", f"{path}/redrive", "operations:write", json={"original": asked})
    assert waiver.status_code == 409
    sent = await office.ask("assessment", "POST", f"{path}/redrive", "operations:write", json={"original": right})
    assert (sent.status_code, sent.json()) == (202, {"id": letter["id"]})
    await eventually(lambda: office.entries("eve"), within=60, why="what was put right was not applied")

    again = await office.ask("assessment", "POST", f"{path}/redrive", "operations:write", json={"original": right})
    assert again.status_code == 409
    assert [bool(one["redriven_at"]) for one in await office.letters()] == [True]
    listed = await office.told("dead-letters", "list", "--kafka", office.platform.bootstrap, "--json")
    assert json.loads(listed)["id"] == letter["id"]
    nowhere = await office.ask("assessment", "GET", "/operations/dead-letters/0/99999", "operations:read")
    assert nowhere.status_code == 404
