from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.process import Process
from tests.platform.parts import Broker, DatabaseServer
from tests.streams.host import Told, host
from tests.streams.scene import Scene
from tests.streams.tally import Topics

Start = Callable[..., Process]


@pytest_asyncio.fixture
async def scene(kafka: Broker, mongodb: DatabaseServer, prefix: str, database_name: str) -> AsyncIterator[Scene]:
    async with Scene.open(kafka.bootstrap, mongodb.uri, database_name, Topics(prefix)) as opened:
        yield opened


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a tally service in a process of its own: `start(scene, "name", at="committed")`. All end with the test."""
    started: list[Process] = []

    def started_with(scene: Scene, name: str, **told: Any) -> Process:
        process = host(
            Told(scene.bootstrap, scene.uri, scene.database.name, scene.topics.prefix, name, **told),
            tmp_path / f"{scene.topics.prefix}{name}.log",
        )
        process.start()
        started.append(process)
        return process

    yield started_with
    for process in started:
        if process.running:
            process.thaw()
            await process.kill()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)
