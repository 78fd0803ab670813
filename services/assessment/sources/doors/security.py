"""How a source shows who it is, for the API's document. The gate is what looks at it."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBase, SecurityBase
from fastapi.security.base import SecurityBase as Scheme

from services.assessment.sources.signatures import SIGNATURE


class Shown(Scheme):
    """It looks at nothing: formats differ in what they send."""

    def __init__(self, name: str, model: SecurityBase) -> None:
        self.scheme_name = name
        self.model = model

    async def __call__(self, request: Request) -> None:
        return None


BY_SECRET: Final = Depends(
    Shown("source key", HTTPBase(scheme="basic", description="A source's key: its id, and its secret as password."))
)
BY_TOKEN: Final = Depends(
    Shown("source token", HTTPBase(scheme="bearer", description="An access token for a source's key, of POST /oauth/token."))
)
BY_SIGNATURE: Final = Depends(
    Shown(
        "webhook",
        APIKey(
            **{"in": APIKeyIn.header}, name=SIGNATURE, description="A signature as Standard Webhooks has it, with a source's key."
        ),
    )
)

ANY: Final[list[Any]] = [BY_SECRET, BY_TOKEN, BY_SIGNATURE]


def keyed(*routers: APIRouter) -> APIRouter:
    """These, as doors that a source's key opens."""
    doors = APIRouter(dependencies=ANY)
    for router in routers:
        doors.include_router(router)
    return doors
