"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from shared.http.problems import Problem

log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[Mapping[str, bool | str]]]
"""What the service needs, by name: True where it is there, otherwise False or a text that says what is missing."""

WITHIN: Final = 5.0
PART_WITHIN: Final = 4.0

router = APIRouter(prefix="/health", tags=["health"])


class Live(BaseModel):
    status: str = "live"


class Ready(BaseModel):
    status: str = "ready"
    checks: Annotated[
        dict[str, bool | str],
        Field(description="what the service needs, and whether it is there; `paused`: the stream is, by an operator"),
    ]


@router.get("/live")
async def live() -> Live:
    """The process answers."""
    return Live()


@router.get("/ready", responses={503: {"description": "Something that the service needs is not there."}})
async def ready(request: Request) -> Ready:
    """All that the service needs answers now: it is asked anew each time."""
    checks: dict[str, bool | str] = {}
    for check in request.app.state.checks:
        checks |= await _asked(check)
    if any(found is not True for found in checks.values()):
        missing = ", ".join(name for name, found in checks.items() if found is not True)
        raise Problem(503, "Not ready", f"missing: {missing}", checks=checks)
    return Ready(checks=checks)


def answering(**parts: Callable[[], Awaitable[object]]) -> Check:
    """All parts are asked at once, so that each that does not answer is named; one answers if it raises nothing."""

    async def check() -> Mapping[str, bool | str]:
        found = await asyncio.gather(*(_answer(part) for part in parts.values()))
        return dict(zip(parts, found, strict=True))

    return check


async def _answer(part: Callable[[], Awaitable[object]]) -> bool | str:
    try:
        async with asyncio.timeout(PART_WITHIN):
            await part()
    except TimeoutError:
        return f"no answer within {PART_WITHIN:g} s"
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, the part is not there
        return f"failed: {type(error).__name__}"
    return True


async def _asked(check: Check) -> dict[str, Any]:
    """A check that fails or takes too long is an answer as well."""
    try:
        async with asyncio.timeout(WITHIN):
            return dict(await check())
    except TimeoutError:
        return {"checks": f"no answer within {WITHIN:g} s"}
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, the service is not ready
        log.warning("a readiness check failed: %s", type(error).__name__)
        return {"checks": f"failed: {type(error).__name__}"}
