"""Backpressure: with the database at a tenth of its speed the doors say so, nothing swells, and what was taken arrives."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import psutil
import pytest
import pytest_asyncio

from deploy.bench.flood import Flood
from deploy.local.platform import Platform
from deploy.local.proxy import Proxy
from deploy.local.slowness import quick, slow_down
from shared.mongo import Database
from tests.platform.eventually import eventually

CLIENTS = 60
MOST = 12
"""Requests that the service answers at a time here: as few as a small machine would have it."""
AT_ONCE = 10
REFUSED = 40
AWAY = 8.0
LINES = 100
"""Of a process, a minute, while something that it needs is away and everybody asks for it."""
SWELLS = 120_000_000
"""Bytes that the process may take more than it had: the events and answers of so many requests, and what Python keeps of them."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Assessment:
    """The service behind a proxy to its database."""

    platform: Platform
    clients: Flood

    @property
    def way(self) -> Proxy:
        return self.platform.proxies["database"]

    @property
    def memory(self) -> int:
        """Bytes that are its own and in memory."""
        return psutil.Process(self.platform["assessment"].process.pid).memory_info().rss

    @property
    def log(self) -> list[str]:
        return self.platform["assessment"].log.read_text().splitlines()

    async def is_live(self) -> bool:
        return (await self.clients.client.get("/health/live")).status_code == 200

    async def is_ready(self) -> bool:
        return (await self.clients.client.get("/health/ready")).status_code == 200

    async def checks(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.clients.client.get("/health/ready")).json()["checks"]
        return found

    async def has_all(self, ids: list[str]) -> bool:
        """Whether each of these is in the archive, and none of all twice."""
        assert self.platform.database is not None
        database = Database(self.platform.database.uri, "cairn_assessment")
        try:
            entries = Counter([one["id"] async for one in database["entries"].find({}, {"id": 1})])
        finally:
            database.close()
        missing = set(ids) - entries.keys()
        assert not missing, f"{len(missing)} of {len(ids)} have not arrived"
        assert set(entries.values()) <= {1}
        return True


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assessment]:
    """On a database of its own, which a proxy can be put before."""
    env = {"CAIRN_LOG_LEVEL": "WARNING", "CAIRN_HTTP_REQUESTS": str(MOST)}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CAIRN_KAFKA", raising=False)
        patch.delenv("CAIRN_MONGODB", raising=False)
        folder = tmp_path_factory.mktemp("pressure")
        platform = Platform(folder, services=("assessment",), env=env, through=("database",))
    async with platform, Flood.open(platform, clients=CLIENTS, at_once=AT_ONCE) as flood:
        yield Assessment(platform, flood)


@pytest.mark.timeout(600)
async def test_with_a_slow_database_doors_refuse_what_they_have_no_room_for_and_what_they_took_arrives(at: Assessment) -> None:
    flood = at.clients.anew()
    assert await flood.taken(next(flood.batches))
    assert at.platform.database is not None
    assert await slow_down(at.way, at.platform.database) > 4
    had, peak = at.memory, 0

    async def seen_enough() -> bool:
        nonlocal peak
        peak = max(peak, at.memory)
        assert await at.is_live()
        return flood.answers[429] >= REFUSED and flood.answers[202] >= 5

    flooding = asyncio.create_task(flood.run())
    await eventually(seen_enough, within=200, every=0.3, why="nobody was refused, or nothing taken")
    quick(at.way)
    flood.ended.set()
    await flooding
    assert peak - had < SWELLS
    assert flood.answers.keys() == {202, 429}
    assert flood.titles.keys() == {"Too much at once"}
    assert all(1 <= seconds <= 30 for seconds in flood.again)
    await eventually(lambda: at.has_all(flood.accepted), within=120, every=1.0)


@pytest.mark.timeout(200)
async def test_a_process_lives_while_the_database_does_not_answer_and_says_that_it_is_the_database(at: Assessment) -> None:
    at.way.hold()
    try:
        checks = await at.checks()
        assert await at.is_live()
    finally:
        at.way.flow()
    assert checks["database"] == "no answer within 4 s"
    assert checks["broker"] is True
    await eventually(at.is_ready, within=60)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("server", ["database", "broker"])
async def test_while_something_is_away_a_process_logs_no_more_than_so_much_however_much_is_asked(
    at: Assessment, server: str
) -> None:
    away = at.platform.database if server == "database" else at.platform.kafka
    assert away is not None
    flood = at.clients.anew()
    said, began = len(at.log), monotonic()
    await away.kill()
    flooding = asyncio.create_task(flood.run())
    await eventually(lambda: monotonic() > began + AWAY and flood.answers[503] >= 5, within=120, every=0.2)
    checks = await at.checks()
    lines, minutes = len(at.log) - said, (monotonic() - began) / 60
    flood.ended.set()
    await away.restart()
    await flooding
    assert lines <= LINES * max(minutes, 0.5), at.log[said:][:20]
    assert checks[server] is not True
    await eventually(at.is_ready, within=90, every=0.5)
    await eventually(lambda: at.has_all(flood.accepted), within=60, every=1.0)
