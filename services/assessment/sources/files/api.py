"""Files over HTTP."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from services.assessment.sources.claims import Wrong
from services.assessment.sources.doors.bodies import JSON, media_type, not_encoded
from services.assessment.sources.doors.items import reading
from services.assessment.sources.files.answers import FileListed, FileShown, LineShown, Refusal
from services.assessment.sources.files.contents import ANY, ND_JSON, SHEET, ZIP, media_types
from services.assessment.sources.files.file import File
from services.assessment.sources.files.files import MOST_BYTES, Files
from services.assessment.sources.files.permissions import Bringer, may
from services.assessment.sources.sources import At
from shared.http import Page, Problem
from shared.http.paging import PagingByNumber

router = APIRouter(tags=["files of sources"])

FIRST_REFUSALS: Final = 20
LARGER: Final = {"/sources/{source}/files": MOST_BYTES}
"""How many bytes a request may have, by path."""

_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": dict.fromkeys((*SHEET[:1], *ZIP[:1], JSON, *ND_JSON[:1], ANY), _FILE)}
}
Brings = Annotated[Bringer, Depends(may("sources:write"))]
Looks = Annotated[Bringer, Depends(may("sources:read"))]


@router.post(
    "/sources/{source}/files",
    status_code=202,
    openapi_extra=BODY,
    response_model=FileShown,
    responses={
        200: {"model": FileShown, "description": "This file was brought before: how far it is."},
        404: {},
        413: {},
        415: {},
        422: {"description": "The file can't be read. Nothing of it is taken."},
        429: {"description": "Too many of the source's files are not through yet; Retry-After says when to bring it again."},
    },
)
async def bring_source_file(
    request: Request,
    at: At,
    bringer: Brings,
    dry_run: Annotated[bool, Query(description="take nothing; show line by line what would happen")] = False,
    name: Annotated[str, Query(max_length=200, description="for people")] = "",
) -> JSONResponse:
    """A file of the source's originals; the body is the file. It is worked on in the background, in portions, once, and
    takes turns with others. With a source's key its lines count in the source's quota, and wait for room in it."""
    async with nullcontext() if dry_run else reading(at, bringer.registered.source):
        _check_media_type(request, media_types(bringer.registered.source))
        try:
            received = await at.files.receive(bringer.registered, await request.body(), bringer.by, name=name, dry_run=dry_run)
        except Wrong as wrong:
            place = [{"place": wrong.place, "message": wrong.detail}]
            raise Problem(wrong.status, "The file cannot be read", f"{wrong.detail}.", errors=place) from wrong
    file = received.file
    shown = await _shown(at.files, file)
    location = {"location": f"/sources/{file.source}/files/{file.id}"}
    return JSONResponse(shown.model_dump(mode="json"), 202 if received.anew else 200, location)


@router.get("/sources/{source}/files", responses={404: {}})
async def list_source_files(at: At, bringer: Looks, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[FileListed]:
    """Those of the last 90 days, the newest first."""
    return [FileListed.of(file) for file in await at.files.latest(bringer.registered.source.id, limit)]


@router.get("/sources/{source}/files/{file}", responses={404: {}})
async def read_source_file(file: str, at: At, bringer: Looks) -> FileShown:
    """How far it is, what became of its lines, and the first that were refused."""
    return await _shown(at.files, await _file(at, bringer, file))


@router.get("/sources/{source}/files/{file}/lines", responses={404: {}, 409: {"description": "It is no dry run."}})
async def read_source_file_lines(file: str, paging: PagingByNumber, at: At, bringer: Looks) -> Page[LineShown]:
    """What a dry run has found, line by line, as far as it is. It is kept for a day."""
    found = await _file(at, bringer, file)
    if not found.dry_run:
        raise Problem(409, detail="Line by line only dry runs are shown; of this file, its refusals are.")
    lines = await at.files.lines(found, paging.after or 0, paging.limit + 1)
    items = [LineShown.model_validate(line) for line in lines[: paging.limit]]
    return paging.page(items, items[-1].line if len(lines) > paging.limit else None)


@router.get(
    "/sources/{source}/files/{file}/refusals",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, 404: {}},
)
async def read_source_file_refusals(file: str, at: At, bringer: Looks) -> StreamingResponse:
    """All lines that were refused, as CSV: line, column, reason, id, status."""
    found = await _file(at, bringer, file)
    disposition = f'attachment; filename="refusals-{found.id}.csv"'
    return StreamingResponse(
        at.files.refusals_as_csv(found), media_type="text/csv; charset=utf-8", headers={"content-disposition": disposition}
    )


@router.post("/sources/{source}/files/{file}/cancel", responses={404: {}})
async def cancel_source_file(file: str, at: At, bringer: Brings) -> FileShown:
    """Work on it no further. What was taken of it stays taken."""
    found = await _file(at, bringer, file)
    return await _shown(at.files, await at.files.cancel(found.source, found.id) or found)


def _check_media_type(request: Request, allowed: tuple[str, ...]) -> None:
    """Raises the 415 problem. How a table is encoded is what the source's document says, whatever the header adds."""
    not_encoded(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in allowed:
        media_type(request, *allowed)


async def _file(at: At, bringer: Bringer, file: str) -> File:
    found = await at.files.one(bringer.registered.source.id, file)
    if found is None:
        raise Problem(404, detail="The source has no such file; files are remembered for 90 days.")
    return found


async def _shown(files: Files, file: File) -> FileShown:
    refusals = await files.refusals(file, FIRST_REFUSALS)
    fields = ("line", "column", "detail", "id", "status")
    return FileShown.of(file, refusals=tuple(Refusal(**{name: found[name] for name in fields}) for found in refusals))
