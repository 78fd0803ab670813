"""The xAPI client of npm sends statements over HTTP, and they become entries."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn

from deploy.local.ports import free_port
from tests.interop.packages import Missing, installed
from tests.journeys.sources_town import SourcesTown
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

SCRIPT: Final = Path(__file__).parent / "send.mjs"
RECORDS: Final = {
    "source": "courses",
    "name": "Courses with xAPI",
    "owner": "Learning technology",
    "format": "xapi",
    "learners": [{"of": "account:https://lms.example", "are": "ids"}],
    "may_publish": ["https://courses.example/*"],
}


@pytest.fixture(scope="module")
def packages() -> Path:
    try:
        return installed()
    except Missing as reason:
        pytest.skip(f"no xAPI client to send with: {reason}")


async def sent_by_client(packages: Path, job: dict[str, Any]) -> dict[str, Any]:
    """What it was answered. Node finds packages from where the script is."""
    script = packages / f"send-{hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:16]}.mjs"
    if not script.exists():
        shutil.copy(SCRIPT, script)
    process = await asyncio.create_subprocess_exec(
        "node", str(script), stdin=-1, stdout=-1, stderr=-1, env={"PATH": "/usr/bin:/bin:/usr/local/bin", "NO_PROXY": "*"}
    )
    said, troubles = await asyncio.wait_for(process.communicate(json.dumps(job).encode()), 60)
    assert process.returncode == 0, troubles.decode()
    found: dict[str, Any] = json.loads(said)
    return found


async def _started(server: uvicorn.Server) -> bool:
    return server.started


async def test_what_the_client_sends_becomes_entries_and_what_it_voids_counts_no_more(
    packages: Path, kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> None:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=True) as town:
        _, user, password = await town.register(RECORDS)
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(town.app, port=port, log_level="warning", lifespan="off"))
        serving = asyncio.ensure_future(server.serve())
        try:
            await eventually(lambda: _started(server))
            for adapter in ("axios", "fetch"):
                learner = f"ana-{adapter}"
                job = {
                    "endpoint": f"http://127.0.0.1:{port}/xapi/",
                    "user": user,
                    "password": password,
                    "adapter": adapter,
                    "actor": {"objectType": "Agent", "account": {"homePage": "https://lms.example", "name": learner}},
                    "activity": "https://courses.example/welding",
                    "certificate": "She welds.",
                }
                answer = await sent_by_client(packages, job)
                assert "1.0.3" in answer["about"]["version"]
                attached = [(id_, "completed", True) for id_ in answer["attached"]]
                assert [len(answer[name]) for name in ("passed", "batch", "voided")] == [1, 3, 1]
                assert len(attached) == (adapter == "fetch")
                entries = await town.entries(learner, 4 + len(attached))
                told = [(one["id"], one["data"].get("status", "voids"), one["counts"]) for one in entries]
                assert sorted(told) == sorted(
                    [
                        (answer["passed"][0], "passed", False),
                        (answer["batch"][0], "completed", True),
                        (answer["batch"][1], "scored", True),
                        *attached,
                        (answer["voided"][0], "voids", True),
                    ]
                )
                if adapter == "axios":
                    assert answer["refused"]["status"] == 400
                    assert answer["refused"]["problem"]["items"][0]["place"] == "result.score.scaled"
                assert answer["refused"]
        finally:
            server.should_exit = True
            await serving
