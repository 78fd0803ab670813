"""One original, and what would be understood of it."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from services.assessment.pages.evidence import form_of
from services.assessment.pages.frame import In, _
from services.assessment.pages.sources_accounts import DONE_WITH
from services.assessment.pages.sources_frame import Changing, Looking, Of, kept, source_page
from services.assessment.sources.answers import TrialShown
from services.assessment.sources.doors.bodies import json_in
from services.assessment.sources.sources import At
from services.assessment.sources.trying import most_of, tried
from shared.http import Problem
from shared.http.sessions import SameOrigin

router = APIRouter(include_in_schema=False)

Form = Annotated[FormData, Depends(form_of)]


@router.get("/desk/sources/{source}/trial")
async def show_trial(request: Request, of: Of, caller: Looking, pages: In) -> Response:
    return source_page(request, pages, caller, of, "desk/sources/trial.html", text="", found=[])


@router.post("/desk/sources/{source}/trial", dependencies=[SameOrigin])
async def try_it(request: Request, of: Of, caller: Changing, at: At, pages: In, form: Form) -> Response:
    """The answer is the page itself: nothing is written that one could come back to."""
    text = kept(form, "original")
    try:
        token = of.source.format == "proofs" and text.strip().startswith("ey")
        given = text.strip() if token else json_in(text.encode(errors="replace"))
    except Problem as problem:
        said = pages.text(request, _("This is not JSON. %(detail)s"), detail=problem.detail or "")
        return source_page(request, pages, caller, of, "desk/sources/trial.html", problem.status, text=text, found=[], error=said)
    try:
        results = await tried(at, of.source, given)
    except Problem as problem:
        if problem.status != 422:
            raise
        said = pages.text(request, _("Paste one original, or a list of up to %(most)d."), most=most_of(of.source))
        return source_page(request, pages, caller, of, "desk/sources/trial.html", 422, text=text, found=[], error=said)
    names = {kind: pages.text(request, name) for kind, name in DONE_WITH}
    found = [_shown(TrialShown.of(one), names) for one in results]
    return source_page(request, pages, caller, of, "desk/sources/trial.html", text=text, found=found)


def _shown(tried: TrialShown, names: dict[Any, str]) -> dict[str, Any]:
    says = [
        {"event": event, "data": event.get("data", {}), "json": json.dumps(event, indent=2, ensure_ascii=False)}
        for event in tried.events
    ]
    return {**dict(tried), "outcome": tried.outcome.value, "name": names[tried.outcome], "says": says}
