from collections.abc import AsyncIterator

import pytest_asyncio

from tests.platform.parts import Broker, DatabaseServer
from tests.streams.scene import Scene
from tests.streams.tally import Topics


@pytest_asyncio.fixture
async def scene(kafka: Broker, mongodb: DatabaseServer, prefix: str, database_name: str) -> AsyncIterator[Scene]:
    async with Scene.open(kafka.bootstrap, mongodb.uri, database_name, Topics(prefix)) as opened:
        yield opened
