"""A service whose quota of disk is used up asks for patience, takes what needs no disk, and goes on when there is room again."""

from __future__ import annotations

import resource
import sys

import httpx
import pytest

from tests.domain.shared.test_process import ready, small_service

LARGE = b"x" * 1_500_000
"""More than a form keeps in memory."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux changes the limits of a process that runs")


async def test_a_file_for_which_there_is_no_room_may_be_brought_again() -> None:
    async with small_service(role="api") as service, httpx.AsyncClient(base_url=service.url, trust_env=False) as client:
        await ready(service)

        async def brought(content: bytes) -> httpx.Response:
            return await client.post("/files", files={"file": ("large.png", content)})

        assert (await brought(LARGE)).json() == len(LARGE)
        _, most = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (64 * 1024, most))
        refused = await brought(LARGE)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
        assert refused.json()["title"] == "Not available at the moment"
        assert (await brought(b"small")).json() == len(b"small")
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (most, most))
        assert (await brought(LARGE)).json() == len(LARGE)
