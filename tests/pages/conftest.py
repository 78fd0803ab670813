"""`university`: the platform with a catalog and one learner's story on it, and `browser`: a real one. Both once per module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.pages.browsing import chromium
from tests.pages.university import University


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def university(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[University]:
    async with University.open(tmp_path_factory.mktemp("university")) as opened:
        yield opened
