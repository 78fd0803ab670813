"""A completion that could not be applied is put right by an operator and sent again, through the real service."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from deploy.local.platform import Platform
from shared.dead_letters import __main__ as command
from shared.kafka import Outgoing, Publisher
from tests.platform.eventually import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with Platform(tmp_path_factory.mktemp("redrive"), services=("assessment",)) as running:
        yield running


async def report(platform: Platform, learner: str, type_: str, data: bytes) -> None:
    """What a learning system writes to the topic itself."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"e-{learner}",
        "ce_type": type_,
        "ce_source": "https://lms.example",
        "ce_time": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
    }
    message = Outgoing("completions", learner.encode(), data, [(name, said.encode()) for name, said in headers.items()])
    async with Publisher(platform.bootstrap) as publisher:
        await publisher.publish_all([message])


async def command_(platform: Platform, *arguments: str) -> str:
    """What the operators' command prints; it has an event loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, command.app, [*arguments, "--kafka", platform.bootstrap])
    assert result.exit_code == 0, result.output
    return result.stdout


async def letters(platform: Platform) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (await command_(platform, "list", "--json")).splitlines()]


async def entries(platform: Platform, learner: str) -> list[dict[str, Any]]:
    headers = {"authorization": f"Bearer {platform.keys.token('entries:read')}"}
    async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
        answer = await http.get(f"{platform['assessment'].url}/learners/{learner}/entries")
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items


async def test_what_is_put_right_and_redriven_is_applied_and_what_came_after_was_not_held_up(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = json.dumps({"learner": "ada", "activity": "a/1", "status": "passed"}).encode()
    await report(platform, "ada", "cairn.completion.reported.v9", passed)
    await report(platform, "bob", "cairn.completion.reported.v1", passed.replace(b"ada", b"bob"))
    await eventually(lambda: entries(platform, "bob"), within=30)
    (letter,) = await eventually(lambda: letters(platform), within=30)
    assert "v9" in letter["reason"]
    assert letter["origin"].startswith("completions/")
    assert await entries(platform, "ada") == []

    monkeypatch.setattr("click.edit", lambda text, **_: text.replace("reported.v9", "reported.v1"))
    assert "1 sent again" in await command_(platform, "redrive", "--id", letter["id"], "--edit")
    await eventually(lambda: entries(platform, "ada"), within=30)
    assert [(one["id"], bool(one["redriven"])) for one in await letters(platform)] == [(letter["id"], True)]


async def test_what_is_redriven_unchanged_comes_back_as_a_letter_of_its_own(platform: Platform) -> None:
    await report(platform, "eve", "cairn.completion.reported.v1", b"no json")
    (first,) = await eventually(lambda: of(platform, "completions"), within=30)
    await command_(platform, "redrive", "--id", first["id"])
    (second,) = await eventually(lambda: of(platform, "assessment.requests"), within=30)
    assert second["reason"] == first["reason"]
    assert second["redriven"] is None


async def of(platform: Platform, topic: str) -> list[dict[str, Any]]:
    """The letters about eve's message from this topic."""
    return [one for one in await letters(platform) if one["origin"].startswith(f"{topic}/") and "v9" not in one["reason"]]
