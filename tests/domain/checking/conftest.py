"""Checking with its real processes and its real fetcher; what is served stands in `World`, as our own origin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from shared.credentials.checking import Tools
from shared.credentials.fetching import Fetcher
from shared.credentials.workers import Workers
from tests.domain.checking.world import ORIGIN, World

PATIENCE = 20.0
"""Seconds for an answer: what is found out is tried here, not how soon on a machine that others use."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def workers() -> AsyncIterator[Workers]:
    async with Workers() as running:
        await running.warm()
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def world(workers: Workers) -> AsyncIterator[World]:
    fetcher = Fetcher()
    served: dict[str, bytes] = {}

    async def own(address: str) -> bytes | None:
        return served.get(address)

    ours = ("did:web:cairn.example:issuers:",)
    yield World(served, Tools(fetcher, workers, own, (ORIGIN,), {}, ours, within=PATIENCE))
    await fetcher.close()
