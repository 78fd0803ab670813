"""What is held of a source: staff enters who somebody is, or gives up waiting."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData

from services.assessment.pages.evidence import REASON, form_of, text_of
from services.assessment.pages.frame import In, _
from services.assessment.pages.sources_awaited import AT_ONCE, SHOWN, enter, held, unknown_learner, waiting_for
from services.assessment.pages.sources_frame import (
    ENTER_NAMES,
    LOOK,
    SEE_NAMES,
    Changing,
    Done,
    Looking,
    Of,
    back,
    may,
    source_page,
    told,
)
from services.assessment.sources.records_api import Reason
from services.assessment.sources.sources import At
from shared.events.envelope import LearnerId
from shared.http import Caller, Problem
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

LEARNER: Final[TypeAdapter[str]] = TypeAdapter(LearnerId)
GIVEN_REASON: Final[TypeAdapter[str]] = TypeAdapter(Reason)

Form = Annotated[FormData, Depends(form_of)]
Entering = Annotated[Caller, Depends(may(LOOK, ENTER_NAMES, SEE_NAMES))]


@router.get("/desk/sources/{source}/held")
async def show_held(request: Request, of: Of, caller: Looking, at: At, pages: In, done: Done = None) -> Response:
    return await _held(request, caller, at, pages, of, done=done)


async def _held(
    request: Request,
    caller: Caller,
    at: At,
    pages: Pages,
    of: Of,
    status: int = 200,
    *,
    wrong: str | None = None,
    given: str = "",
    **said: Any,
) -> Response:
    """`wrong` is the mark of what a form was about that could not be taken, `given` what was typed in it."""
    found = await held(at, of.source)
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/held.html",
        status,
        held=found,
        most=SHOWN,
        sees_names=caller.may(SEE_NAMES),
        enters=caller.may(ENTER_NAMES) and caller.may(SEE_NAMES),
        wrong=wrong,
        given=given,
        **said,
    )


@router.post("/desk/sources/{source}/held/learner", dependencies=[SameOrigin])
async def enter_learner(request: Request, of: Of, caller: Entering, at: At, pages: In, form: Form) -> Response:
    mark, given = text_of(form, "mark"), text_of(form, "learner")
    try:
        learner = LEARNER.validate_python(given)
    except ValidationError:
        error = pages.text(request, _("This is no learner's id."))
        return await _held(request, caller, at, pages, of, 422, wrong=mark, given=given, error=error)
    unknown = await unknown_learner(at, of.source, mark)
    if unknown is not None and unknown.names:
        await enter(at, unknown, learner)
    return back(pages, of.source.id, "/held", "entered")


@router.post("/desk/sources/{source}/held/discard", dependencies=[SameOrigin])
async def discard(request: Request, of: Of, caller: Changing, at: At, pages: In, form: Form) -> Response:
    """As many as can be at once; the rest stays on the page."""
    mark, given = text_of(form, "mark"), text_of(form, "reason")
    try:
        reason = GIVEN_REASON.validate_python(given)
    except ValidationError:
        return await _held(request, caller, at, pages, of, 422, wrong=mark, given=given, error=pages.text(request, REASON))
    try:
        waiting = await waiting_for(at, of.source, text_of(form, "what"), mark)
        await at.applying.discard(waiting[:AT_ONCE], reason)
    except Problem as problem:
        return await _held(request, caller, at, pages, of, problem.status, error=told(pages, request, problem))
    return back(pages, of.source.id, "/held", "discarded")
