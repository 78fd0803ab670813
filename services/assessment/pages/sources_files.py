"""Files of a source: brought by people, tried first if they want, and watched while they are worked on."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import FormData, UploadFile

from services.assessment.pages.evidence import form_of, text_of
from services.assessment.pages.frame import In, _
from services.assessment.pages.sources_accounts import DONE_WITH
from services.assessment.pages.sources_frame import CHANGE, Changing, Done, Looking, Of, back, source_page
from services.assessment.sources.claims import Wrong
from services.assessment.sources.files.api import FIRST_REFUSALS
from services.assessment.sources.files.contents import media_types
from services.assessment.sources.files.file import File
from services.assessment.sources.files.files import MOST_BYTES
from services.assessment.sources.sources import At
from shared.http import Caller, Problem
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

LARGER: Final = {"/desk/sources/{source}/files": MOST_BYTES + 20_000}
"""How many bytes a request may have, by path: a file and the form around it."""

LATEST: Final = 50
PAGE: Final = 100

STATES: Final = {
    "waiting": _("Waits for its turn"),
    "working": _("Being worked on"),
    "done": _("Done"),
    "cancelled": _("Cancelled"),
    "failed": _("Failed"),
}

Form = Annotated[FormData, Depends(form_of)]


async def _the_file(file: str, of: Of, at: At) -> File:
    """Raises the 404 problem."""
    found = await at.files.one(of.source.id, file)
    if found is None:
        raise Problem(404, detail="The source has no such file; files are remembered for 90 days.")
    return found


Found = Annotated[File, Depends(_the_file)]


@router.get("/desk/sources/{source}/files")
async def show_files(request: Request, of: Of, caller: Looking, at: At, pages: In) -> Response:
    return await _files(request, caller, at, pages, of)


async def _files(request: Request, caller: Caller, at: At, pages: Pages, of: Of, status: int = 200, **said: Any) -> Response:
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/files.html",
        status,
        files=await at.files.latest(of.source.id, LATEST),
        states=_states(pages, request),
        accepts=",".join(media_types(of.source)),
        most=MOST_BYTES // 1_000_000,
        **said,
    )


def _states(pages: Pages, request: Request) -> dict[str, str]:
    return {state: pages.text(request, name) for state, name in STATES.items()}


@router.post("/desk/sources/{source}/files", dependencies=[SameOrigin])
async def bring(request: Request, of: Of, caller: Changing, at: At, pages: In, form: Form) -> Response:
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return await _files(request, caller, at, pages, of, 422, error=pages.text(request, _("Choose a file.")))
    content = await upload.read()
    try:
        received = await at.files.receive(
            of, content, caller.subject, name=upload.filename[:200], dry_run=text_of(form, "do") != "take"
        )
    except Wrong as wrong:
        place = f"{wrong.place}: " if wrong.place else ""
        says = pages.text(
            request, _("The file cannot be read, and nothing of it is taken. %(why)s"), why=f"{place}{wrong.detail}"
        )
        return await _files(request, caller, at, pages, of, wrong.status, error=says)
    return back(pages, of.source.id, f"/files/{received.file.id}", "brought" if received.anew else "known")


@router.get("/desk/sources/{source}/files/{file}")
async def show_file(request: Request, of: Of, file: Found, caller: Looking, at: At, pages: In, done: Done = None) -> Response:
    """While it is being worked on the browser asks again every few seconds, by itself."""
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/file.html",
        done=done if done != "brought" or not file.state.ended else None,
        file=file,
        state=pages.text(request, STATES[file.state.value]),
        again=not file.state.ended,
        outcomes=[(kind, pages.text(request, name)) for kind, name in DONE_WITH],
        refusals=await at.files.refusals(file, FIRST_REFUSALS),
        may_cancel=caller.may(CHANGE) and not file.state.ended,
    )


@router.get("/desk/sources/{source}/files/{file}/lines")
async def show_lines(
    request: Request,
    of: Of,
    file: Found,
    caller: Looking,
    at: At,
    pages: In,
    after: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """What a dry run has found, line by line."""
    found = await at.files.lines(file, after, PAGE + 1) if file.dry_run else []
    names = {kind.value: pages.text(request, name) for kind, name in DONE_WITH}
    return source_page(
        request,
        pages,
        caller,
        of,
        "desk/sources/lines.html",
        file=file,
        lines=found[:PAGE],
        names=names,
        after=after,
        next=found[PAGE - 1]["line"] if len(found) > PAGE else None,
    )


@router.get("/desk/sources/{source}/files/{file}/refusals.csv")
async def read_refusals(file: Found, caller: Looking, at: At) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="refusals-{file.id}.csv"', "cache-control": "no-store"}
    return StreamingResponse(at.files.refusals_as_csv(file), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/desk/sources/{source}/files/{file}/cancel", dependencies=[SameOrigin])
async def cancel(file: Found, caller: Changing, at: At, pages: In) -> Response:
    await at.files.cancel(file.source, file.id)
    return back(pages, file.source, f"/files/{file.id}", "cancelled")
