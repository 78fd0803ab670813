"""Publishing reaches the topic, whatever dies in between."""

from pathlib import Path

import pytest_asyncio

from tests.journeys.catalog_instance import Surroundings, achievement, stack, surroundings
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer


@pytest_asyncio.fixture
async def around(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> Surroundings:
    return await surroundings(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path)


async def test_applied_documents_are_announced_those_that_others_depend_on_first(around: Surroundings) -> None:
    documents = [
        stack("data", {"achievement": "sql"}, {"all": [{"achievement": "sql"}, {"achievement": "ethics"}]}),
        achievement("ethics"),
        achievement("sql"),
    ]
    async with around.catalog() as catalog:
        answer = await catalog.post("/apply", json={"documents": documents})
        assert answer.status_code == 200, answer.text
        await eventually(lambda: _announced(around, {"sql@1", "ethics@1", "data@1"}))

    order = [key for key, _ in await around.announced()]
    assert order.index("data@1") > max(order.index("sql@1"), order.index("ethics@1"))


async def _announced(around: Surroundings, keys: set[str]) -> bool:
    return {key for key, _ in await around.announced()} >= keys
