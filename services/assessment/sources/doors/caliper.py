"""`POST /sources/{source}/caliper`: envelopes, as sensors send them."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import JSON, json_in, media_type
from services.assessment.sources.doors.items import RESPONSES, delivered, reading
from services.assessment.sources.doors.one_key import with_key_of_sensor
from services.assessment.sources.doors.signed import Forged, claims_of, signed_in
from services.assessment.sources.formats.caliper.envelope import originals_in
from services.assessment.sources.sources import At
from shared.http import Problem
from shared.requirements.model import Slug

router = APIRouter(tags=["what sources send"])

MEDIA_TYPES: Final = (JSON, "application/ld+json")
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {
                        "sensor": {"type": "string"},
                        "sendTime": {"type": "string", "format": "date-time"},
                        "dataVersion": {"type": "string", "examples": ["http://purl.imsglobal.org/ctx/caliper/v1p2"]},
                        "data": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}


@router.post(
    "/sources/{source}/caliper",
    openapi_extra=BODY,
    responses=RESPONSES | {422: {"description": "It is Caliper 1.0, or all of it is refused."}},
    status_code=202,
)
async def take_caliper(source: Slug, request: Request, at: At) -> JSONResponse:
    """An envelope of Caliper 1.1 or 1.2. The key may be bare in Authorization, as sensors send it.

    Canvas may send it in the claims of a JWT; then, too, it is the key that shows whose it is.
    """
    body = await request.body()
    known = await at.gate.source_of(with_key_of_sensor(request), "caliper", slug=source, body=body)
    async with reading(at, known):
        if (token := signed_in(body)) is None:
            media_type(request, *MEDIA_TYPES)
        try:
            originals = originals_in(json_in(body if token is None else claims_of(token)))
        except Forged as error:
            raise Problem(400, "The envelope cannot be taken", f"The body cannot be read: {error}.") from error
        except Wrong as wrong:
            raise Problem(wrong.status, "The envelope cannot be taken", wrong.detail) from wrong
    return await delivered(at, known, originals)
