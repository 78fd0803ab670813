"""One platform for all of these tests, as talkative as it can be: in the end nothing secret stands in what it wrote."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.security.school import ADA, BEN, School


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def school(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[School]:
    async with School.open(tmp_path_factory.mktemp("school"), CAIRN_LOG_LEVEL="DEBUG") as opened:
        await opened.furnish()
        for learner in (ADA, BEN):
            await opened.credential_is_ready(learner)
        yield opened
