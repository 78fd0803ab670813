"""A service with nothing behind it, run as a process of its own: `python -m tests.domain.shared.small_service ROLE BEHAVIOUR`.

It tells on stdout what happens to its stream, its background task and itself.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile

from shared.http import create_app
from shared.process import Service, run
from shared.settings import Settings

BEHAVIOUR = sys.argv[2] if len(sys.argv) > 2 else "fine"
router = APIRouter()
asked = asyncio.Event()


def tell(what: str) -> None:
    print(what, flush=True)


@router.get("/slow")
async def slow() -> str:
    tell("request begun")
    asked.set()
    await asyncio.sleep(0.5)
    tell("request answered")
    return "answered"


@router.post("/files")
async def bring(request: Request) -> int:
    """How large the file in the form is."""
    async with request.form() as form:
        brought = form["file"]
        assert isinstance(brought, UploadFile)
        return len(await brought.read())


class Batches:
    """A stream that always has a batch in hand, until it fails."""

    def __init__(self) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        if BEHAVIOUR == "never starts":
            await asyncio.Event().wait()
        tell("stream started")
        if BEHAVIOUR == "stream fails":
            asyncio.get_running_loop().call_later(0.2, self.failed.set_exception, RuntimeError("the loop ended"))

    async def stop(self) -> None:
        await asyncio.sleep(0.2)
        tell("batch finished")

    def ready(self) -> Mapping[str, bool | str]:
        return {"stream": True}


async def sending() -> None:
    try:
        if BEHAVIOUR == "background fails":
            raise RuntimeError("the sender broke")
        if BEHAVIOUR != "background is done":
            await asyncio.Event().wait()
    finally:
        tell("background ended")


async def ready() -> Mapping[str, bool | str]:
    return {"database": True}


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    if BEHAVIOUR == "cannot open":
        raise RuntimeError("no database")
    yield Service(create_app("small", routers=[router], ready=ready, largest=2_000_000), Batches(), (sending,))
    tell("closed")


if __name__ == "__main__":
    run(open_service, sys.argv[1], name="small")
