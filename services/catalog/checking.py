"""What it takes to check what partners have signed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.catalog.desk import Check
from shared.credentials.checking import Tools, check
from shared.credentials.fetching import Fetcher
from shared.credentials.findings import Report
from shared.credentials.workers import Workers
from shared.settings import Settings


@asynccontextmanager
async def open_checker(settings: Settings) -> AsyncIterator[Check]:
    """Checks credentials as long as it is open. The process that does the work begins with the first."""
    fetcher = Fetcher(settings.fetch_from.split(","))
    async with Workers(1) as workers:
        tools = Tools(fetcher, workers, own=_nothing)

        async def checked(data: bytes) -> Report:
            await workers.warm()
            return await check(tools, data)

        try:
            yield checked
        finally:
            await fetcher.close()


async def _nothing(address: str) -> bytes | None:
    """The catalog serves no identity documents."""
    return None
