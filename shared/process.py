"""One service as one process: its HTTP side and its stream on one event loop, stopped together and cleanly."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import telemetry
from shared.http.problems import Problem
from shared.settings import Settings, Unset

log = logging.getLogger(__name__)

ROLES: Final = ("all", "api", "stream")
"""What a process does: everything, only the HTTP side, or only the stream and what runs in the background (with health)."""

REQUESTS_END_WITHIN: Final = 10
STREAM_STOPS_WITHIN: Final = 30


class Ended(RuntimeError):
    """A part that must run as long as the process ended by itself."""


class Stream(Protocol):
    """What the process asks of a stream. `failed` gets the error when the loop ended though nobody stopped it."""

    @property
    def failed(self) -> asyncio.Future[None]: ...

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Finish the batch in hand, then stop."""

    def ready(self) -> Mapping[str, bool | str]: ...


@dataclass(frozen=True)
class Service:
    """What `open_service` yields: the HTTP side, the stream if there is one, and tasks that run as long as the process does.

    A background task that raises ends the process; it is cancelled at the end, and may finish its work then.
    """

    app: FastAPI
    stream: Stream | None = None
    background: tuple[Callable[[], Awaitable[None]], ...] = ()


Build = Callable[[Settings], AbstractAsyncContextManager[Service]]


def run(build: Build, role: str = "all", *, name: str | None = None) -> NoReturn:
    """Run a service until SIGTERM or SIGINT, and exit: 0 after a clean stop, 1 after a failure, 2 if the settings are wrong.

    `name` is the service's, by default that of the package of `build`: `services.<name>.app`.
    """
    service = name or build.__module__.split(".")[1]
    if role not in ROLES:
        sys.exit(f"usage: python -m services.{service} [{'|'.join(ROLES)}]")
    try:
        settings = Settings.read()
    except Unset as error:
        print(f"{service} cannot start: {error}", file=sys.stderr)
        sys.exit(2)
    telemetry.configure(service, settings.instance, level=settings.log_level)
    telemetry.watch_certificates(dict(settings))
    code = asyncio.run(_run(build, settings, role))
    telemetry.shutdown()
    sys.exit(code)


async def _run(build: Build, settings: Settings, role: str) -> int:
    told = asyncio.Event()
    with _signals(told):
        try:
            async with build(settings) as service:
                await serve(service, settings, role, told)
        except Unset as error:
            log.error("cannot start: %s", error)
            return 2
        except Exception as error:
            log.critical("the process ends because of a failure", exc_info=error)
            return 1
    log.info("stopped")
    return 0


@contextmanager
def _signals(told: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def listener(settings: Settings) -> socket.socket:
    """The socket for requests. What it accepts sends at once: asyncio asks for that only of sockets that say they are TCP, which
    these don't, and each answer would wait 40 ms for the client to acknowledge its head.
    """
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    listening = socket.create_server((settings.http_host, settings.http_port), family=family, backlog=2_048)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


async def serve(service: Service, settings: Settings, role: str, told: asyncio.Event) -> None:
    """Run the parts that belong to the role until `told` is set or one of them fails; then stop all. Raises the failure.

    The order of stopping: no more requests, the stream's batch in hand, the background.
    """
    listening = listener(settings)
    log.info("listening", extra={"port": listening.getsockname()[1], "role": role})
    service.app.state.room.allow(settings.http_requests, settings.http_bytes)
    stream = service.stream if role != "api" else None
    if stream is not None:
        service.app.state.checks.append(_asked_of(stream))
    server = _Server(_configured(service.app if role != "stream" else OnlyHealth(service.app)))
    http = asyncio.create_task(server.serve([listening]))
    streaming = asyncio.create_task(_streaming(stream, told))
    background = [asyncio.create_task(_until(told, task)) for task in (service.background if role != "api" else ())]
    parts = [http, streaming, *background]
    try:
        await asyncio.wait({asyncio.create_task(told.wait()), *parts}, return_when=asyncio.FIRST_COMPLETED)
        failures = [error for part in parts if part.done() and (error := part.exception()) is not None]
        if not told.is_set() and not failures:
            failures = [Ended("the HTTP side ended though nobody stopped it")]
    finally:
        told.set()
        server.should_exit = True
        await asyncio.wait({http})
        await _ended([streaming])
        if stream is not None:
            async with asyncio.timeout(STREAM_STOPS_WITHIN):
                await stream.stop()
        await _ended(background)
    for failure in failures:
        raise failure


async def _streaming(stream: Stream | None, told: asyncio.Event) -> None:
    """Start the stream and wait for its failure."""
    if stream is None:
        await told.wait()
        return
    await stream.start()
    await stream.failed
    if not told.is_set():
        raise Ended("the stream ended though nobody stopped it")


async def _until(told: asyncio.Event, task: Callable[[], Awaitable[None]]) -> None:
    """A background task that has done all its work is no reason to end the process."""
    await task()
    await told.wait()


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _asked_of(stream: Stream) -> Callable[[], Awaitable[Mapping[str, bool | str]]]:
    async def check() -> Mapping[str, bool | str]:
        return stream.ready()

    return check


class OnlyHealth:
    """ASGI: the app's health pages and nothing else, for a process that only streams."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/health/"):
            return await Problem(404, detail="This process only streams.").response()(scope, receive, send)
        return await self.app(scope, receive, send)


class _Server(uvicorn.Server):
    """Leaves signals alone: stopping is the process's matter, in its own order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _configured(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        log_level="warning",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=REQUESTS_END_WITHIN,
    )
