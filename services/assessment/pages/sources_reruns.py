"""What came in is read again by the document that is in force: shown first, then done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from services.assessment.pages.evidence import form_of, text_of
from services.assessment.pages.frame import In, _
from services.assessment.pages.sources_frame import Changing, Done, Looking, Of, back, source_page
from services.assessment.sources.rerun import Asked, UnderWay
from services.assessment.sources.rerun_api import list_reruns, read_rerun
from services.assessment.sources.sources import At
from shared.http import Caller
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

STATES: Final = {
    "waiting": _("Waits for its turn"),
    "running": _("Being worked on"),
    "done": _("Done"),
    "failed": _("Failed"),
}
CHANGES: Final = (
    ("same", _("Says the same")),
    ("corrected", _("Corrected")),
    ("moved", _("Another learner's, or of another time")),
    ("retracted", _("Taken back")),
    ("added", _("Says more")),
    ("left", _("Not understood now, left as it is")),
    ("held", _("Held")),
    ("unreadable", _("Not kept any more")),
)
"""What reading originals again leads to, in the order in which it is shown."""

Form = Annotated[FormData, Depends(form_of)]


@router.get("/desk/sources/{source}/reruns")
async def show_reruns(request: Request, of: Of, caller: Looking, at: At, pages: In) -> Response:
    return await _reruns(request, caller, at, pages, of)


async def _reruns(request: Request, caller: Caller, at: At, pages: Pages, of: Of, status: int = 200, **said: Any) -> Response:
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/reruns.html",
        status,
        reruns=await list_reruns(of.source.id, at, caller),
        states={state: pages.text(request, name) for state, name in STATES.items()},
        **said,
    )


@router.post("/desk/sources/{source}/reruns", dependencies=[SameOrigin])
async def ask(request: Request, of: Of, caller: Changing, at: At, pages: In, form: Form) -> Response:
    since = text_of(form, "since")
    try:
        begins = datetime.fromisoformat(since).replace(tzinfo=UTC) if since else None
        asked = Asked(of.source.id, caller.subject, text_of(form, "do") != "change", begins)
        made = await at.reruns.ask(asked)
    except ValueError:
        return await _reruns(request, caller, at, pages, of, 422, error=pages.text(request, _("This is no day.")))
    except UnderWay as under_way:
        return back(pages, of.source.id, f"/reruns/{under_way.id}")
    return back(pages, of.source.id, f"/reruns/{made['_id']}", "asked")


@router.get("/desk/sources/{source}/reruns/{rerun}")
async def show_rerun(request: Request, of: Of, rerun: str, caller: Looking, at: At, pages: In, done: Done = None) -> Response:
    found = await read_rerun(of.source.id, rerun, at, caller)
    ended = found.state not in ("waiting", "running")
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/rerun.html",
        done=None if ended else done,
        rerun=found,
        state=pages.text(request, STATES[found.state]),
        again=not ended,
        changes=[(name, pages.text(request, says)) for name, says in CHANGES],
        names={name: pages.text(request, says) for name, says in CHANGES},
    )
