"""`POST /sources/{source}/oneroster`: results as the OneRoster 1.2 gradebook service has them."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import JSON, json_in, media_type
from services.assessment.sources.doors.items import RESPONSES, delivered, reading
from services.assessment.sources.formats.oneroster import FORMAT
from services.assessment.sources.formats.oneroster.service import originals_in
from services.assessment.sources.sources import At
from shared.http import Problem
from shared.requirements.model import Slug

router = APIRouter(tags=["what sources send"])

_MANY: Final = {"type": "array", "items": {"type": "object"}}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "properties": {"results": _MANY, "result": {"type": "object"}, "lineItems": _MANY, "users": _MANY},
                }
            }
        },
    }
}


@router.post(
    "/sources/{source}/oneroster",
    openapi_extra=BODY,
    responses=RESPONSES | {422: {"description": "All of them are refused."}},
    status_code=202,
)
async def take_results(source: Slug, request: Request, at: At) -> JSONResponse:
    """`{"results": […]}`, or one `{"result": {…}}`; with `lineItems` and `users` beside them, if the system has them at hand."""
    known = await at.gate.source_of(request, FORMAT.name, slug=source)
    async with reading(at, known):
        media_type(request, JSON)
        try:
            originals = originals_in(json_in(await request.body()))
        except Wrong as wrong:
            raise Problem(wrong.status, "The results cannot be taken", wrong.detail) from wrong
    return await delivered(at, known, originals)
