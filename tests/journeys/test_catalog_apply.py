"""The command that applies a folder of documents, against a running service."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import uvicorn

from deploy.local.ports import free_port
from services.catalog.app import open_service
from tests.journeys.catalog_instance import Surroundings, surroundings
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

DOCUMENTS = """\
achievement: ethics
name: Data Ethics
description: Weighing what data can do against what it should.
criteria: Score well in the essay.
issuer: {id: north, name: University of the North, country: NO}
requirement: {activity: "lms:essay", score_at_least: 0.70}
---
stack: data
name: Data
description: All about data.
issuer: {id: north, name: University of the North, country: NO}
levels:
  - level: bronze
    name: Bronze
    requirement: {achievement: ethics}
"""


@pytest_asyncio.fixture
async def around(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> Surroundings:
    return await surroundings(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path)


@pytest_asyncio.fixture
async def address(around: Surroundings) -> AsyncIterator[str]:
    async with open_service(around.settings(), around.topic) as service:
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(service.app, port=port, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve())
        await eventually(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        await serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "deeper").mkdir(parents=True)
    (folder / "deeper" / "data.yaml").write_text(DOCUMENTS)
    (folder / "law.json").write_text(
        '[{"achievement": "law", "name": "Law", "description": "d", "criteria": "c",'
        ' "issuer": {"id": "north", "name": "N"}, "requirement": {"activity": "lms:law", "passed": true}}]'
    )
    (folder / "notes.txt").write_text("not: a document")
    return folder


async def applied(around: Surroundings, folder: Path, address: str, *options: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    token = folder.parent / "token"
    token.write_text(around.keys.token("catalog:write"))
    command = [sys.executable, "-m", "services.catalog.apply", str(folder), "--catalog", address, "--token-file", str(token)]
    environment = {**os.environ, "NO_COLOR": "1"}
    process = await asyncio.create_subprocess_exec(
        *command, *options, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_a_folder_is_applied_once_and_then_unchanged(around: Surroundings, folder: Path, address: str) -> None:
    code, out = await applied(around, folder, address, "--dry-run")
    assert (code, out.splitlines()[-1]) == (0, "Would be: 3 new, 0 changed, 0 unchanged.")
    async with httpx.AsyncClient(base_url=address) as anyone:
        assert (await anyone.get("/definitions")).json()["items"] == []

    assert await applied(around, folder, address) == (
        0,
        "+ achievement ethics: new, version 1\n+ stack data: new, version 1\n+ achievement law: new, version 1\n"
        "3 new, 0 changed, 0 unchanged.\n",
    )
    code, out = await applied(around, folder, address)
    assert (code, out.splitlines()[-1]) == (0, "0 new, 0 changed, 3 unchanged.")


async def test_a_change_is_shown_from_old_to_new(around: Surroundings, folder: Path, address: str) -> None:
    await applied(around, folder, address)
    (folder / "deeper" / "data.yaml").write_text(DOCUMENTS.replace("0.70", "0.8").replace("Weighing", "Judging"))

    code, out = await applied(around, folder, address, "--effective-from", "2030-01-01")

    assert code == 0
    assert "~ achievement ethics: changed, version 2\n" in out
    assert '    requirement/score_at_least: "0.70" → "0.8"\n' in out
    assert '    description: "Weighing what' in out
    async with httpx.AsyncClient(base_url=address) as anyone:
        assert (await anyone.get("/achievements/ethics")).json()["effective_from"] == "2030-01-01T00:00:00Z"


async def test_an_error_is_shown_with_file_line_and_place(around: Surroundings, folder: Path, address: str) -> None:
    path = folder / "deeper" / "data.yaml"
    path.write_text(DOCUMENTS.replace("achievement: ethics}", "achievement: ethic}"))

    code, out = await applied(around, folder, address)

    assert code == 1
    place = "levels/0/requirement/achievement: there is no achievement ethic; did you mean ethics?"
    assert f"    error: {path}:15: {place}\n" in out
    assert out.endswith("Nothing was published: 1 error.\n")


async def test_what_cannot_be_sent_is_said_and_fails(around: Surroundings, folder: Path, address: str) -> None:
    code, out = await applied(around, folder, f"http://127.0.0.1:{free_port()}")
    assert (code, "doesn't answer as a catalog does" in out) == (2, True)
    code, out = await applied(around, folder, address, "--effective-from", "soon")
    assert (code, out) == (2, "soon is not a day like 2027-09-01\n")
    (folder / "twice.yaml").write_text("achievement: a\nname: A\nname: B\n")
    code, out = await applied(around, folder, address)
    assert (code, out) == (2, f"{folder / 'twice.yaml'}:3: the key name stands here twice\n")
