"""Sources live in version control: a command applies the documents of a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
import yaml
from typer.testing import CliRunner, Result

from services.assessment.sources.apply import app
from tests.journeys.sources_desk import SourcesDesk, document
from tests.platform.parts import Broker, DatabaseServer

SECOND = """
# the second document of this file
source: moodle
name: Moodle
owner: IT
format: moodle
learners:
  - {of: "*", are: directory, directory: campus}
activities:
  - named: "course:9"
    is: urn:course:cs101
    passes_at: 0.50
may_publish: ["urn:course:*"]
"""


@pytest_asyncio.fixture
async def desk(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesDesk]:
    async with SourcesDesk.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


async def test_a_folder_is_applied_whole_or_not_at_all_and_again_without_effect(desk: SourcesDesk, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "a.yaml").write_text(yaml.safe_dump(document()) + "---" + SECOND)
    token = desk.keys.token("sources:read", "sources:write")
    async with desk.served() as address:

        async def applied(*options: str, token: str = token) -> Result:
            arguments = [str(folder), "--assessment", address, "--token", token, *options]
            return await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments))

        dry = await applied("--dry-run")
        assert (dry.exit_code, "Would be: 2 new" in dry.output) == (0, True), dry.output
        assert await desk.sources.registry.all() == []
        assert "+ source moodle: new" in (await applied()).output
        assert "0 new, 0 changed, 2 unchanged" in (await applied()).output

        (folder / "a.yaml").write_text(yaml.safe_dump(document(name="Renamed")) + "---" + SECOND.replace("0.50", "1.5"))
        refused = await applied()
        assert (refused.exit_code, "Nothing was registered" in refused.output) == (1, True)
        line = yaml.safe_dump(document(name="Renamed")).count("\n") + 12
        assert f"a.yaml:{line}: activities[0].passes_at" in refused.output
        assert {each.revision for each in await desk.sources.registry.all()} == {1}

        (folder / "a.yaml").write_text(yaml.safe_dump(document(name="Renamed")) + "---" + SECOND)
        changed = await applied()
        assert (changed.exit_code, 'name: "Our learning system" → "Renamed"' in changed.output) == (0, True)

        (folder / "b.json").write_text('{"name": "nameless"}')
        assert "b.json:1: source" in (await applied()).output
        (folder / "b.json").write_text("{")
        assert (await applied()).exit_code == 2
        (folder / "b.json").unlink()
        assert (await applied(token=desk.keys.token())).exit_code == 2
