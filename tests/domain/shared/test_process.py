"""How a service's process lives and ends, as a real process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import free_port
from tests.platform.eventually import eventually

ROOT = Path(__file__).parents[3]


class Running:
    """The small service as a process; `url` is its HTTP side."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.told: list[str] = []

    async def heard(self, what: str) -> None:
        """Wait until it tells this."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while what not in self.told:
                line = await self.process.stdout.readline()
                assert line, f"it ended without telling {what!r}; told: {self.told}"
                self.told.append(line.decode().strip())

    async def ended(self) -> int:
        """Its exit code, all that it told having been heard."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            self.told += (await self.process.stdout.read()).decode().split("\n")[:-1]
            return await self.process.wait()

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)


@asynccontextmanager
async def small_service(role: str = "all", behaviour: str = "fine", **changed: str) -> AsyncIterator[Running]:
    port = free_port()
    settings = {
        "CAIRN_KAFKA": "-",
        "CAIRN_MONGODB": "-",
        "CAIRN_JWKS": "-",
        "CAIRN_TOKEN_ISSUER": "-",
        "CAIRN_TOKEN_AUDIENCE": "-",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CAIRN_", "OTEL_"))}
    environment |= settings | {"CAIRN_HTTP_PORT": str(port)} | changed
    command = [sys.executable, "-m", "tests.domain.shared.small_service", role, behaviour]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=environment, cwd=ROOT
    )
    try:
        yield Running(process, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answer(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url)


async def ready(service: Running) -> httpx.Response:
    async def answers() -> httpx.Response:
        try:
            return await answer(f"{service.url}/health/ready")
        except httpx.TransportError as error:
            raise AssertionError("it does not listen yet") from error

    return await eventually(answers, within=60)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_told_process_answers_what_it_began_finishes_its_batch_and_closes(number: signal.Signals) -> None:
    async with small_service() as service:
        await service.heard("stream started")
        await ready(service)
        asking = asyncio.create_task(answer(f"{service.url}/slow"))
        await service.heard("request begun")
        service.terminate(number)
        assert (await asking).json() == "answered"
        assert await service.ended() == 0
    assert service.told[-4:] == ["request answered", "batch finished", "background ended", "closed"]


@pytest.mark.parametrize("behaviour", ["stream fails", "background fails"])
async def test_a_part_that_fails_ends_the_process_with_1(behaviour: str) -> None:
    async with small_service(behaviour=behaviour) as service:
        assert await service.ended() == 1
    assert "batch finished" in service.told


async def test_a_background_task_that_is_done_ends_nothing() -> None:
    async with small_service(behaviour="background is done") as service:
        await service.heard("background ended")
        assert (await ready(service)).status_code == 200
        service.terminate()
        assert await service.ended() == 0


async def test_a_stream_that_never_comes_up_can_still_be_told_to_stop() -> None:
    async with small_service(behaviour="never starts") as service:
        await ready(service)
        service.terminate()
        assert await service.ended() == 0


async def test_a_service_that_cannot_open_ends_with_1() -> None:
    async with small_service(behaviour="cannot open") as service:
        assert await service.ended() == 1


async def test_wrong_settings_end_with_2() -> None:
    async with small_service(CAIRN_PARTITIONS="none") as service:
        assert await service.ended() == 2


async def test_a_port_that_is_taken_ends_with_1() -> None:
    async with small_service() as first:
        await ready(first)
        async with small_service(CAIRN_HTTP_PORT=first.url.rpartition(":")[2]) as second:
            assert await second.ended() == 1


async def test_the_api_role_streams_nothing() -> None:
    async with small_service("api") as service:
        assert (await ready(service)).json()["checks"] == {"database": True}
        assert (await answer(f"{service.url}/slow")).status_code == 200
        service.terminate()
        assert await service.ended() == 0
    assert "stream started" not in service.told
    assert "background ended" not in service.told


async def test_the_stream_role_shows_its_health_and_nothing_else() -> None:
    async with small_service("stream") as service:
        await service.heard("stream started")
        assert (await ready(service)).json()["checks"] == {"database": True, "stream": True}
        assert (await answer(f"{service.url}/slow")).status_code == 404


async def test_an_unknown_role_is_refused() -> None:
    async with small_service("everything") as service:
        assert await service.ended() == 1
