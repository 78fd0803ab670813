"""PyLTI1p3 gets a token with its private key, and its scores become entries."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from joserfc.jwk import RSAKey

from deploy.local.ports import free_port
from tests.interop import environments
from tests.interop.environments import Missing
from tests.journeys.sources_town import SourcesTown
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

TOOL: Final = Path(__file__).parent / "ags" / "tool.py"
LABS: Final = {
    "source": "labs",
    "name": "Virtual labs",
    "owner": "Physics",
    "format": "ags",
    "learners": [{"of": "lti:campus", "are": "ids"}],
    "may_publish": ["urn:lab:*"],
    "activities": [{"named": "pendulum/1", "is": "urn:lab:pendulum", "passes_at": "0.5"}],
    "options": {"platform": "campus"},
}


@pytest.fixture(scope="module")
def python() -> Path:
    try:
        return environments.python("ags", TOOL.with_name("requirements.txt"))
    except Missing as reason:
        pytest.skip(f"no AGS client to send with: {reason}")


async def sent_by_tool(python: Path, job: dict[str, Any]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(str(python), str(TOOL), stdin=-1, stdout=-1, stderr=-1, env={"NO_PROXY": "*"})
    said, troubles = await asyncio.wait_for(process.communicate(json.dumps(job).encode()), 60)
    assert process.returncode == 0, troubles.decode()
    found: dict[str, Any] = json.loads(said)
    return found


def score(second: int, given: int | None, *, activity: str = "Completed", grading: str = "FullyGraded") -> dict[str, Any]:
    return {
        "user": "ana",
        "given": given,
        "maximum": 100,
        "timestamp": f"2026-11-20T10:00:{second:02d}.123456+00:00",
        "activity": activity,
        "grading": grading,
        "comment": "Well done, Ana!",
    }


async def _started(server: uvicorn.Server) -> bool:
    return server.started


async def test_a_tools_scores_become_entries_and_an_absent_one_clears(
    python: Path, kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> None:
    pair = RSAKey.generate_key(2048, {"kid": "tool-1", "use": "sig", "alg": "RS256"})
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=True) as town:
        await town.register(LABS, None)
        made = await town.sources.keys.make("labs", "public_key", "staff", jwks={"keys": [pair.as_dict(private=False)]})
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(town.app, port=port, log_level="warning", lifespan="off"))
        serving = asyncio.ensure_future(server.serve())
        try:
            await eventually(lambda: _started(server))
            here = f"http://127.0.0.1:{port}"
            job = {
                "token_url": f"{here}/oauth/token",
                "audience": town.sources.grants.endpoint,
                "client": made.key.id,
                "kid": "tool-1",
                "private_key": pair.as_pem(private=True).decode(),
                "lineitems": f"{here}/ags/lineitems",
                "lineitem": f"{here}/ags/lineitems/pendulum%2F1",
                "scores": [
                    score(3, 80),
                    score(2, 40),
                    score(3, 80),
                    score(4, 55, grading="Pending"),
                    score(9, None),
                    score(3, 81),
                ],
            }
            told = await sent_by_tool(python, job)
        finally:
            server.should_exit = True
            await serving

        statuses = [answer.get("status") for answer in told["answers"]]
        assert statuses == ["accepted", "accepted", "duplicated", "ignored", "accepted", 409]
        assert [item["resourceId"] for item in told["lineitems"]] == ["urn:lab:pendulum"]
        entries = await town.entries("ana", 5)
        assert [(one["time"][17:19], one["data"]["status"], one["data"]["activity"]) for one in entries] == [
            ("02", "failed", "urn:lab:pendulum"),
            ("02", "completed", "urn:lab:pendulum"),
            ("03", "passed", "urn:lab:pendulum"),
            ("03", "completed", "urn:lab:pendulum"),
            ("09", "cleared", "urn:lab:pendulum"),
        ]
        assert "Well done" not in json.dumps(entries)
