"""Files are brought by a command, which shows how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio
import uvicorn
from typer.testing import CliRunner, Result

from deploy.local.ports import free_port
from services.assessment.sources.files.__main__ import app
from services.assessment.sources.files.shelf import Shelf
from services.assessment.sources.files.worker import Worker
from services.assessment.sources.ledger import Ledger
from tests.journeys.sources_town import SourcesTown
from tests.journeys.test_source_files import DOCUMENT, many, table
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesTown]:
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def served(town: SourcesTown) -> AsyncIterator[str]:
    """The app on a port, and somebody who works files off."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(town.app, port=port, log_level="warning", lifespan="off"))
    serving = asyncio.ensure_future(server.serve())
    sources = town.sources
    shelf, ledger = Shelf(town.town.database, sources.vault), Ledger(town.town.database)
    works = Worker(shelf, sources.registry, sources.intake, ledger, sources.gate.quotas)
    working = asyncio.ensure_future(works.run())
    try:

        async def started() -> bool:
            return server.started

        await eventually(started)
        yield f"http://127.0.0.1:{port}"
    finally:
        working.cancel()
        server.should_exit = True
        await serving


async def test_a_file_is_tried_then_taken_and_taken_no_second_time(town: SourcesTown, tmp_path: Path) -> None:
    _, key, secret = await town.register(DOCUMENT)
    file = tmp_path / "grades.csv"
    file.write_bytes(table(*many(30), "s-x,MA101,never,1"))
    async with served(town) as address:

        async def brought(*options: str, who: tuple[str, str] = ("--key", f"{key}:{secret}")) -> Result:
            arguments = [str(file), "--source", "sis", "--assessment", address, *who, *options]
            return await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments))

        tried = await brought("--dry-run", "--show", "500")
        assert tried.exit_code == 1, tried.output
        assert "scored 5/50 urn:module:MA101 l5" in tried.output
        assert "Graded: it must be a time" in tried.output
        assert "would be 30 accepted, 1 refused" in tried.output
        assert not await town.published()

        for said in ("30 accepted, 1 refused", "30 accepted, 1 refused"):
            taken = await brought()
            assert (taken.exit_code, said in taken.output) == (1, True), taken.output
        assert "32  Graded" in taken.output
        assert len(await town.published()) == 30

        file.write_bytes(table(*many(30)))
        assert (await brought()).exit_code == 0
        file.write_bytes(b"Name,Age\n")
        refused = await brought()
        assert (refused.exit_code, "does not name the column" in refused.output) == (2, True), refused.output
        assert (await brought(who=("--key", f"{key}:wrong"))).exit_code == 2
        assert (await brought(who=("--key", ""))).exit_code == 2
