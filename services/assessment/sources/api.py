"""What staff does with sources over HTTP: register, pause, try, and see how they are."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from services.assessment.sources.answers import FormatShown, Health, SourceListed, SourceShown, Trials, TrialShown
from services.assessment.sources.doors.bodies import JSON, json_in, media_type
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.health import health_of
from services.assessment.sources.reading import YAML, json_schema, source_in, yaml_in
from services.assessment.sources.registry import Moved, NotPossible, Registered
from services.assessment.sources.sources import At
from services.assessment.sources.trying import MOST_TRIED, tried
from shared.http import Caller, Page, Paging, Problem, requires
from shared.http.problems import invalid
from shared.requirements.model import Slug

router = APIRouter(tags=["sources"])


class SchemaResponse(JSONResponse):
    media_type = "application/schema+json"


Named = Annotated[Slug, Path(description="the source's id")]
MayRead = Annotated[Caller, Depends(requires("sources:read"))]
MayWrite = Annotated[Caller, Depends(requires("sources:write"))]

_SCHEMA: Final = {"type": "object", "description": "The document; `GET /source-formats/{format}/schema` has its JSON Schema."}
DOCUMENT: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "schema": {"type": "string"},
            "description": 'The revision that the change was made from, as the ETag says it: `"3"`.',
        },
        {
            "name": "If-None-Match",
            "in": "header",
            "schema": {"type": "string"},
            "description": "`*`: only if there is no such source yet.",
        },
    ],
    "requestBody": {"required": True, "content": {JSON: {"schema": _SCHEMA}, YAML[0]: {"schema": _SCHEMA}}},
}
ORIGINALS: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"description": f"One original as the source sends it, or a list of {MOST_TRIED} at most."}}
        },
    }
}


@router.get("/source-formats")
async def list_source_formats() -> list[FormatShown]:
    """What systems may speak, and what each needs."""
    return [
        FormatShown(
            format=known.name,
            title=known.title,
            sent_to=known.sent_to,
            keys=known.keys,
            options=known.options.model_json_schema(),
        )
        for known in FORMATS.values()
        if known.registered
    ]


@router.get("/source-formats/{format}/schema", response_class=SchemaResponse, responses={404: {}})
async def read_source_schema(format: str) -> JSONResponse:  # noqa: A002 - the path's word
    """The JSON Schema of the documents of sources of this format, for editors."""
    known = FORMATS.get(format)
    if known is None or not known.registered:
        there = ", ".join(sorted(name for name, each in FORMATS.items() if each.registered))
        raise Problem(404, detail=f"There is no such format; there are {there}.")
    return SchemaResponse(json_schema(known), headers={"cache-control": "max-age=300"})


@router.get("/sources")
async def list_sources(at: At, caller: MayRead, paging: Paging) -> Page[SourceListed]:
    """All that are registered, by their ids."""
    found = [each for each in await at.registry.all() if paging.after is None or each.source.id > paging.after]
    items = [SourceListed.of(each) for each in found[: paging.limit]]
    return paging.page(items, items[-1].source if len(found) > paging.limit else None)


@router.get("/sources/{source}", responses={404: {}})
async def read_source(source: Named, at: At, caller: MayRead, response: Response) -> SourceShown:
    """The document in force. Its ETag is the revision, for If-Match."""
    return _shown(await registered(at, source), response)


@router.put(
    "/sources/{source}",
    openapi_extra=DOCUMENT,
    responses={
        201: {"model": SourceShown, "description": "It is registered."},
        400: {"description": "The body cannot be read."},
        409: {"description": "It is in the way of what is registered already."},
        412: {"description": "Somebody else has changed it in the meantime."},
        415: {"description": "The body is neither JSON nor YAML."},
        422: {"description": "The document is not valid; each mistake has its place."},
    },
)
async def put_source(
    source: Named,
    request: Request,
    at: At,
    caller: MayWrite,
    response: Response,
    dry_run: Annotated[bool, Query(description="say what would be, and change nothing")] = False,
) -> SourceShown:
    """Register a source, or put another document in force. The same document changes nothing."""
    document = await _document(request)
    if document.get("source", source) != source:
        raise invalid([{"loc": ("body", "source"), "msg": f"The path names {source}"}])
    before = await at.registry.fresh(source)
    try:
        read, expected = source_in({"source": source, **document}), _expected(request, before)
        at.grants.key_sets.check_signers(read)
        if dry_run:
            return _shown(await at.registry.would_be(read, caller.subject), response)
        put = await at.registry.put(read, caller.subject, expected=expected)
    except Moved as error:
        there = f"The source is at revision {error.current}" if error.current else "There is no such source yet"
        tag = {"etag": _tag(error.current)} if error.current else {}
        raise Problem(412, "Not what the change was made from", f"{there}; look at it, and change that.", headers=tag) from error
    except NotPossible as error:
        detail = f"{error.says[0].upper()}{error.says[1:]}."
        raise Problem(409, detail=detail, errors=[{"place": f"body.{error.place}", "message": error.says}]) from error
    if before is None and put.revision == 1:
        response.status_code = 201
    return _shown(put, response)


@router.post("/sources/{source}/pause", responses={404: {}})
async def pause_source(source: Named, at: At, caller: MayWrite, response: Response) -> SourceShown:
    """Take nothing from it: its senders are told to try later."""
    return await _paused(at, source, True, response)


@router.post("/sources/{source}/resume", responses={404: {}})
async def resume_source(source: Named, at: At, caller: MayWrite, response: Response) -> SourceShown:
    """Take what it sends again."""
    return await _paused(at, source, False, response)


@router.post("/sources/{source}/trial", openapi_extra=ORIGINALS, responses={400: {}, 404: {}, 415: {}})
async def try_source(source: Named, request: Request, at: At, caller: MayWrite) -> Trials:
    """What would become of originals, were they sent, and what would be published. Nothing is written."""
    media_type(request, JSON)
    given = json_in(await request.body())
    found = await tried(at, (await registered(at, source)).source, given)
    return Trials(items=tuple(map(TrialShown.of, found)))


@router.get("/sources/{source}/health", responses={404: {}})
async def read_source_health(source: Named, at: At, caller: MayRead) -> Health:
    """Whether anything comes, how much, and what was refused lately."""
    return await health_of(at, await registered(at, source))


async def registered(at: At, slug: str) -> Registered:
    """Raises the 404 problem."""
    found = await at.registry.fresh(slug)
    if found is None:
        raise Problem(404, detail=f"There is no source {slug}.")
    return found


async def _paused(at: At, slug: str, paused: bool, response: Response) -> SourceShown:
    found = await at.registry.pause(slug, paused)
    if found is None:
        raise Problem(404, detail=f"There is no source {slug}.")
    return _shown(found, response)


async def _document(request: Request) -> dict[str, Any]:
    """YAML is read in a thread: a long one takes its time."""
    body = await request.body()
    found = json_in(body) if media_type(request, JSON, *YAML) == JSON else await asyncio.to_thread(yaml_in, body)
    if not isinstance(found, dict):
        raise invalid([{"loc": ("body",), "msg": "The document of a source is an object"}])
    return found


def _expected(request: Request, before: Registered | None) -> int | None:
    """The revision from which the change was made, if the request says so. Raises the problems 400 and 412."""
    if request.headers.get("if-none-match", "").strip() == "*":
        return 0
    said = request.headers.get("if-match", "").strip()
    if said == "*":
        if before is None:
            raise Problem(412, detail="There is no such source yet.")
        return None
    if not said:
        return None
    if (found := re.fullmatch(r'(?:W/)?"(\d{1,9})"', said)) is None:
        raise Problem(400, "If-Match cannot be read", 'It is the ETag that the source was answered with, such as "3".')
    return int(found[1])


def _tag(revision: int) -> str:
    return f'"{revision}"'


def _shown(found: Registered, response: Response) -> SourceShown:
    response.headers["etag"] = _tag(found.revision)
    return SourceShown.of(found)
