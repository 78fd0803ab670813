"""`POST /sources/{source}/moodle`: events as Moodle's webhook plugins forward them."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import JSON, media_type
from services.assessment.sources.doors.items import RESPONSES, delivered, reading
from services.assessment.sources.doors.one_key import as_basic, with_authorization
from services.assessment.sources.formats.moodle.bodies import FORM, events_in
from services.assessment.sources.sources import At
from shared.http import Problem
from shared.requirements.model import Slug

router = APIRouter(tags=["what sources send"])

MEDIA_TYPES: Final = (JSON, FORM)
EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["eventname", "timecreated"],
    "properties": {
        "eventname": {"type": "string", "examples": ["\\core\\event\\course_completed"]},
        "relateduserid": {"type": ["integer", "string", "null"], "description": "the learner"},
        "userid": {"type": ["integer", "string"], "description": "whoever did it; never the learner"},
        "timecreated": {"type": ["integer", "string"], "description": "seconds since 1970"},
        "token": {"type": "string", "description": "a key as `<key id>:<secret>`, for plugins that can set no header"},
    },
}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"oneOf": [EVENT, {"type": "array", "items": EVENT}]}},
            FORM: {"schema": EVENT},
        },
    }
}


@router.post("/sources/{source}/moodle", openapi_extra=BODY, responses=RESPONSES, status_code=202)
async def take_moodle(source: Slug, request: Request, at: At) -> JSONResponse:
    """One event or several. What is refused is answered with 202 too, for plugins send again whatever they get another answer to.

    A `token` in the event is the key where there is no other, and is not kept.
    """
    body = await request.body()
    try:
        events, unreadable = events_in(body, request.headers.get("content-type", "")), None
    except Wrong as wrong:
        events, unreadable = [], Problem(400, "The body cannot be read", wrong.detail)
    token = next((event["token"] for event in events if isinstance(event, dict) and isinstance(event.get("token"), str)), "")
    if "authorization" not in request.headers and (basic := as_basic(token)) is not None:
        request = with_authorization(request, basic)
    known = await at.gate.source_of(request, "moodle", slug=source, body=body)
    async with reading(at, known):
        media_type(request, *MEDIA_TYPES)
        if unreadable is not None:
            raise unreadable
    return await delivered(at, known, [_without_token(event) for event in events], always=True)


def _without_token(event: Any) -> Any:
    return {name: value for name, value in event.items() if name != "token"} if isinstance(event, dict) else event
