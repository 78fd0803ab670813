"""Fixtures every test may use. Broker and database are started once per session, at first use.

Each test gets names of its own on them (`prefix`, `database_name`), so that tests never meet.
`own_kafka` and `own_database` are embedded ones for one test alone, which may kill them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local.database import Database
from deploy.local.kafka import Kafka
from tests.platform.parts import Broker, DatabaseServer, broker, database
from tests.turns import Turns, in_turn


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_turn(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Turns:
    config.option.loadscopereorder = False
    return Turns(config, log)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Broker]:
    async with broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mongodb(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DatabaseServer]:
    async with database(tmp_path_factory.mktemp("database")) as running:
        yield running


@pytest_asyncio.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[Kafka]:
    async with Kafka(tmp_path / "kafka") as running:
        yield running


@pytest_asyncio.fixture
async def own_database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(tmp_path / "database") as running:
        yield running


@pytest.fixture
def prefix() -> str:
    """The beginning of topic and group names that no other test has."""
    return f"test-{uuid4().hex[:12]}."


@pytest.fixture
def database_name() -> str:
    """A database that no other test has."""
    return f"test_{uuid4().hex[:12]}"
