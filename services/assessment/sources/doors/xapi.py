"""`/xapi`: a record store's statements resource, as far as writing goes, and what it says about itself.

Source: https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Communication.md (1.0.3), IEEE 9274.1.1-2023 (2.0).

Not here: reading statements back and the documents of learners' states, for this is no store; the alternate request syntax,
which 2.0 dropped; and other origins, for a page that has a source's key gives it to everybody who looks at it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.assessment.sources.claims import Kind, Outcome, Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.doors.attachments import MIXED, content_of
from services.assessment.sources.doors.items import reading
from services.assessment.sources.formats.xapi import Options
from services.assessment.sources.formats.xapi.identity import made_of
from services.assessment.sources.formats.xapi.values import is_uuid
from services.assessment.sources.sources import At
from shared.http import Problem

PREFIX: Final = "/xapi"
HEADER: Final = "X-Experience-API-Version"
_ONE: Final = "1.0.3"
_TWO: Final = "2.0.0"
SPOKEN: Final = ("1.0.0", _ONE, _TWO)
_VERSIONS: Final = ((re.compile(r"1\.0(\.\d+)?"), _ONE), (re.compile(r"2\.0(\.\d+)?"), _TWO))
_LENIENT: Final = re.compile(r"(?:^|,)\s*handling\s*=\s*\"?lenient\"?\s*(?:[;,]|$)", re.IGNORECASE)


def version_of(request: HTTPConnection) -> str | None:
    """The latest patch of the version that the request speaks, if that is one of ours."""
    said = request.headers.get(HEADER, "")
    return next((latest for pattern, latest in _VERSIONS if pattern.fullmatch(said)), None)


class Versioned:
    """ASGI middleware: all that is answered under /xapi says which version it is, also what went wrong before any route was
    asked, as with a body that is too large.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            await self.app(scope, receive, send)
            return
        version = version_of(HTTPConnection(scope)) or _TWO

        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = version
            await send(message)

        await self.app(scope, receive, saying)


router = APIRouter(prefix=PREFIX, tags=["xapi"])
open_to_all = APIRouter(prefix=PREFIX, tags=["xapi"])
"""What needs no key."""

_STATEMENTS: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["actor", "verb", "object"],
    "properties": {"id": {"type": "string", "format": "uuid"}, "actor": {}, "verb": {}, "object": {}},
}
_VERSION: Final = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": r"^[12]\.0(\.\d+)?$", "example": _ONE},
}


def _document(body: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": body}, MIXED: {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "content": content}, "parameters": [_VERSION, *parameters]}


_PREFER: Final = {"name": "Prefer", "in": "header", "schema": {"type": "string", "example": "handling=lenient"}}
_ID: Final = {
    "name": "statementId",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_SAYS: Final[dict[int | str, dict[str, Any]]] = {status: {} for status in (400, 401, 403, 409, 413, 429, 503)}


@router.post(
    "/statements",
    openapi_extra=_document({"oneOf": [_STATEMENTS, {"type": "array", "items": _STATEMENTS}]}, _PREFER),
    responses={200: {"content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}}, **_SAYS},
)
async def post_statements(request: Request, at: At) -> Response:
    """One statement, or a batch; answers with their ids in order.

    A batch is taken whole or not at all, unless the request says `Prefer: handling=lenient`, or the source's options say `each`:
    then what is good of it is taken. Either way, where anything is refused the problem tells of each in its `items`.
    """
    version, source = await _asked(request, at)
    async with reading(at, source):
        _takes_only(request)
        content = await content_of(request)
        batch = content if isinstance(content, list) else [content]
        _fits(batch, version)
        named = [_named(statement) for statement in batch]
    lenient = bool(_LENIENT.search(request.headers.get("prefer", "")))
    await at.gate.admit(source, len(named))
    options = cast(Options, source.options)
    outcomes = await at.intake.take(source, named, whole=options.batches == "whole" and not lenient)
    applied = {"preference-applied": "handling=lenient"} if lenient else {}
    if any(outcome.kind is Kind.REFUSED for outcome in outcomes):
        raise _refusal(named, outcomes, applied, one=batch is not content)
    return JSONResponse([statement["id"] for statement in named], headers=applied)


@router.put(
    "/statements",
    status_code=204,
    openapi_extra=_document(_STATEMENTS, _ID),
    responses=_SAYS,
)
async def put_statement(request: Request, at: At) -> Response:
    """One statement, with its id in the address."""
    version, source = await _asked(request, at)
    async with reading(at, source):
        _takes_only(request, "statementId")
        id_ = request.query_params.get("statementId")
        if not is_uuid(id_):
            raise _bad("the parameter statementId must be the statement's UUID", "query.statementId")
        statement = await content_of(request)
        if not isinstance(statement, dict):
            raise _bad("PUT takes one statement; a batch is sent with POST", "")
        if "id" in statement and str(statement["id"]).lower() != str(id_).lower():
            raise _bad("the statement's id is not the statementId of the request", "id")
        _fits([statement], version)
        named = _named({"id": id_} | statement)
    await at.gate.admit(source, 1)
    outcomes = await at.intake.take(source, [named])
    if outcomes[0].kind is Kind.REFUSED:
        raise _refusal([named], outcomes, {}, one=True)
    return Response(status_code=204)


@open_to_all.get(
    "/about",
    responses={200: {"content": {"application/json": {"schema": {"type": "object", "required": ["version"]}}}}},
)
async def read_about() -> Response:
    """Which versions are understood. It needs neither a key nor a version."""
    return JSONResponse({"version": list(SPOKEN)})


@router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"], include_in_schema=False)
async def say_what_is_not_here(rest: str) -> Response:
    if rest == "statements":
        detail = "Statements are sent here with POST or PUT. They are not given back: this is no record store."
        raise Problem(405, detail=detail, headers={"allow": "POST, PUT"})
    if rest == "about":
        raise Problem(405, detail="What is said here is only read, with GET.", headers={"allow": "GET, HEAD"})
    raise Problem(404, detail="Of xAPI's resources there are /xapi/statements, to send to, and /xapi/about.")


async def _asked(request: Request, at: At) -> tuple[str, Source]:
    """The version that is spoken, and by which source."""
    version = version_of(request)
    if version is None:
        said = "is missing" if HEADER not in request.headers else "is none that is spoken here"
        raise Problem(400, detail=f"The header {HEADER} {said}; send 1.0.3, or 2.0.0.")
    return version, await at.gate.source_of(request, "xapi")


def _takes_only(request: Request, *known: str) -> None:
    if strange := [name for name in request.query_params if name not in known]:
        near = "; the alternate request syntax is not spoken here" if "method" in strange else ""
        takes = f"{', '.join(known)} only" if known else "none"
        raise _bad(f"there is a parameter that this does not take{near}; it takes {takes}", "query")


def _fits(batch: Sequence[Any], version: str) -> None:
    """What a whole request may not do."""
    for index, statement in enumerate(batch):
        said = statement.get("version") if isinstance(statement, dict) else None
        if isinstance(said, str) and said[:1] in "12" and said[:1] != version[:1]:
            raise _bad(f"a statement of version {said[:1]} came in a request of version {version}", f"[{index}].version")
    if version == _TWO and (twice := _twice(batch)):
        raise _bad(f"{len(twice)} ids are those of more than one statement of the batch", "id")


def _twice(batch: Sequence[Any]) -> set[str]:
    ids = Counter(each["id"].lower() for each in batch if isinstance(each, dict) and isinstance(each.get("id"), str))
    return {id_ for id_, count in ids.items() if count > 1}


def _named(statement: Any) -> Any:
    """As a record store would write it down: with an id, and with the time of receipt where it says no time.

    The id follows from what it says, so that the same sent again is the same; without a time nothing tells it from others.
    """
    if not isinstance(statement, dict) or ("id" in statement and ("timestamp" in statement or "stored" in statement)):
        return statement
    given: dict[str, Any] = {}
    if "id" not in statement:
        try:
            given["id"] = made_of(statement) if "timestamp" in statement else str(uuid4())
        except Wrong as wrong:
            raise _bad(wrong.detail, wrong.place) from wrong
    if "timestamp" not in statement and "stored" not in statement:
        given["stored"] = datetime.now(UTC).isoformat()
    return statement | given


def _refusal(batch: Sequence[Any], outcomes: Sequence[Outcome], headers: dict[str, str], *, one: bool) -> Problem:
    """409 and 403 where that is all that is wrong, else 400, as the specification has no other."""
    twice = _twice(batch)
    refused = [outcome for outcome in outcomes if outcome.kind is Kind.REFUSED and outcome.status != 424]
    statuses = {409 if o.status == 409 and o.id not in twice else o.status if o.status in (403, 413) else 400 for o in refused}
    status = next(each for each in (400, 413, 403, 409) if each in statuses)
    if one:
        return Problem(status, detail=refused[0].detail, headers=headers, items=[_item(batch[0], refused[0])])
    taken = sum(outcome.kind is not Kind.REFUSED for outcome in outcomes)
    whole = any(outcome.status == 424 for outcome in outcomes) or taken == 0
    rest = "none of the batch is taken" if whole else f"the other {taken} are taken"
    detail = f"{len(refused)} of {len(outcomes)} statements are refused, and {rest}; items tells of each, in order."
    items = [_item(statement, outcome) for statement, outcome in zip(batch, outcomes, strict=True)]
    return Problem(status, "Statements are refused", detail, headers=headers, items=items)


def _item(statement: Any, outcome: Outcome) -> dict[str, Any]:
    named = statement.get("id") if isinstance(statement, dict) else None
    told = {"id": named if is_uuid(named) else outcome.id, "status": outcome.kind.value}
    return told | {name: value for name in ("detail", "place") if (value := getattr(outcome, name)) is not None}


def _bad(detail: str, place: str) -> Problem:
    return Problem(400, detail=f"{detail[:1].upper()}{detail[1:]}.", errors=[{"place": place, "message": detail}])
