"""CloudEvents of our own schema from registered sources: `POST /sources/{source}/completions`, or `POST /completions`."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.assessment.gateway import BATCH, STRUCTURED, originals_in
from services.assessment.sources.doors.bodies import not_encoded
from services.assessment.sources.doors.items import RESPONSES, delivered, reading
from services.assessment.sources.formats import cloudevents
from services.assessment.sources.sources import At, Sources
from services.assessment.sources.tokens import PREFIX
from shared.requirements.model import Slug

router = APIRouter(tags=["what sources send"])

FORMAT: Final = cloudevents.FORMAT.name

_EVENT: Final = {"type": "object", "description": "A CloudEvent in JSON."}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object", "description": "The data; the attributes are `ce-` headers."}},
            STRUCTURED: {"schema": _EVENT},
            BATCH: {"schema": {"type": "array", "items": _EVENT}},
        },
    }
}


@router.post("/sources/{source}/completions", openapi_extra=BODY, responses=RESPONSES, status_code=202)
async def take_completions(source: Slug, request: Request, at: At) -> JSONResponse:
    """One event in binary or structured mode, or a batch; by Basic, an access token, or a webhook's signature."""
    return await taken(request, at, source)


async def taken(request: Request, at: Sources, slug: str | None = None) -> JSONResponse:
    """Without `slug`, of whichever source has the key."""
    body = await request.body()
    source = await at.gate.source_of(request, FORMAT, slug=slug, body=body)
    async with reading(at, source):
        not_encoded(request)
        events = originals_in(request.headers.get("content-type", ""), request.headers.raw, body)
    return await delivered(at, source, events)


def is_sources(request: Request) -> bool:
    """Whether a request shows a source's credential, and not one of the institution's own."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "basic" or (scheme.lower() == "bearer" and value.strip().startswith(PREFIX))
