"""Assignment and Grade Services, as tools speak to a gradebook: scores in, and the line items that there are.

AGS-compatible, and not LTI: there is no launch, and tools are told the addresses. Line items are registered in the source's
document and not made by tools; results are read from assessment, not from here.
Source: https://www.imsglobal.org/spec/lti-ags/v2p0.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from services.assessment.sources.claims import Kind
from services.assessment.sources.document import Source
from services.assessment.sources.doors.bodies import json_in, media_type
from services.assessment.sources.doors.items import RESPONSES, Item, detail_of, reading
from services.assessment.sources.formats import ags
from services.assessment.sources.sources import At
from shared.http import Problem

router = APIRouter(tags=["what sources send"])

FORMAT: Final = ags.FORMAT.name
SCORE: Final = "application/vnd.ims.lis.v1.score+json"
LINE_ITEM: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"

_SCORE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["userId", "timestamp", "activityProgress", "gradingProgress"],
    "properties": {
        "userId": {"type": "string"},
        "scoreGiven": {"type": "number", "minimum": 0},
        "scoreMaximum": {"type": "number", "exclusiveMinimum": 0},
        "timestamp": {"type": "string", "format": "date-time"},
        "activityProgress": {"enum": list(ags.ACTIVITY_PROGRESS)},
        "gradingProgress": {"enum": list(ags.GRADING_PROGRESS)},
        "comment": {"type": "string"},
        "submission": {"type": "object"},
    },
}
BODY: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": {SCORE: {"schema": _SCORE}}}}
TAKEN: Final[dict[int | str, dict[str, Any]]] = {status: said for status, said in RESPONSES.items() if status != 202} | {
    409: {"description": "There was another score of this learner with the same timestamp."},
    422: {"description": "The score is not one; `place` says where."},
}
LISTED: Final[dict[int | str, dict[str, Any]]] = {status: RESPONSES[status] for status in (401, 403, 503)}


@router.post("/ags/lineitems/{lineitem:path}/scores", openapi_extra=BODY, responses=TAKEN)
async def take_score(lineitem: str, request: Request, at: At) -> Item:
    """One score. It is in order by its timestamp, whenever it comes: an older one than the last changes nothing.

    A score of a line item or a learner that nobody knows yet is held.
    """
    source = await at.gate.source_of(request, FORMAT)
    async with reading(at, source):
        media_type(request, SCORE)
        score = json_in(await request.body())
    await at.gate.admit(source, 1)
    (outcome,) = await at.intake.take(source, [{"lineitem": lineitem, "score": score}])
    if outcome.kind is Kind.REFUSED:
        errors = [{"place": outcome.place or "body", "message": outcome.detail or ""}]
        raise Problem(outcome.status or 422, "The score is not taken", detail_of(outcome), errors=errors)
    return Item.of(outcome)


@router.get("/ags/lineitems", responses=LISTED)
async def list_line_items(
    request: Request,
    at: At,
    resource_id: Annotated[str | None, Query(max_length=1_000)] = None,
    resource_link_id: Annotated[str | None, Query(max_length=1_000)] = None,
    tag: Annotated[str | None, Query(max_length=1_000)] = None,
) -> JSONResponse:
    """Those that the source's document names. Any other one that its patterns match can be sent scores of as well."""
    source = await at.gate.source_of(request, FORMAT)
    items = [] if resource_link_id is not None or tag is not None else list(_line_items(source, at.grants.address))
    found = [item for item in items if resource_id is None or item["resourceId"] == resource_id]
    return JSONResponse(found, media_type=LINE_ITEMS)


@router.get("/ags/lineitems/{lineitem:path}", responses=LISTED | {404: {}})
async def read_line_item(lineitem: str, request: Request, at: At) -> JSONResponse:
    """One that the source's document names."""
    source = await at.gate.source_of(request, FORMAT)
    wanted = _address(at.grants.address, lineitem)
    for item in _line_items(source, at.grants.address):
        if item["id"] == wanted:
            return JSONResponse(item, media_type=LINE_ITEM)
    raise Problem(404, detail="The source's document names no such line item.")


@router.post("/ags/lineitems", responses=LISTED | {405: {}}, status_code=405)
async def make_line_item(request: Request, at: At) -> JSONResponse:
    """Not here: line items are activities, and the institution registers them with the source."""
    source = await at.gate.source_of(request, FORMAT)
    detail = (
        f"Line items are registered by the institution, in the document of the source {source.id}, and not made by tools. "
        "Send scores to one of those that GET lists, or ask for another one."
    )
    raise Problem(405, detail=detail, headers={"allow": "GET"})


def _line_items(source: Source, address: str) -> list[dict[str, Any]]:
    """Named ones; where names are the institution's own, the activities that it names one by one."""
    assert isinstance(source.options, ags.Options)
    named = [(rule.named, rule.is_) for rule in source.activities if rule.named is not None]
    if not source.activities:
        named = [(activity, activity) for activity in source.may_publish if "*" not in activity]
    most = float(source.options.score_maximum)
    return [
        {"id": _address(address, name), "scoreMaximum": most, "label": activity, "resourceId": activity}
        for name, activity in named
    ]


def _address(address: str, lineitem: str) -> str:
    return f"{address}/ags/lineitems/{quote(lineitem, safe='')}"
