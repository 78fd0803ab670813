"""What the catalog tells operators: it reads no topic, so what can be late are its announcements."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.catalog.desk import AtDesk
from shared.events.envelope import Instant
from shared.http import requires

NAME: Final = "catalog"

router = APIRouter(tags=["operations"])


class Announcing(BaseModel):
    model_config = ConfigDict(frozen=True)

    service: str
    at: Instant
    waiting: Annotated[int, Field(description="publications that the topic does not have yet")]
    oldest: Annotated[Instant | None, Field(description="when the one that waits longest was published")]


@router.get("/operations", dependencies=[Depends(requires("operations:read"))])
async def read_standing(desk: AtDesk) -> Announcing:
    """How many publications still wait for the broker."""
    waiting = await desk.announcements.list(sent=False)
    return Announcing(
        service=NAME, at=datetime.now(UTC), waiting=len(waiting), oldest=min((one.time for one in waiting), default=None)
    )
