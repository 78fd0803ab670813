"""Every error is answered as problem details (RFC 9457), `application/problem+json`."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import kafka, mongo, telemetry

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The disk is full, or the quota of it that this process has."""

MOST_ERRORS: Final = 100
LONGEST_PLACE: Final = 500
"""An answer is no longer than what it is about."""
AGAIN: Final = 10
"""Seconds."""
METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 says it.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "default": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Each place of the request that is wrong, and how.",
            "items": {
                "type": "object",
                "required": ["place", "message"],
                "properties": {"place": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


class Problem(Exception):
    """Raise it to answer with problem details. `members` are added to the body as they are; they must be JSON.

    Whoever is told to come again (429, 503) is told when, in AGAIN seconds if `headers` don't say it.
    """

    def __init__(
        self,
        status: int,
        title: str | None = None,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        self.status = status
        self.title = title or phrase(status)
        self.detail = detail
        again = {"retry-after": str(AGAIN)} if status in (429, 503) else {}
        self.headers = again | {name.lower(): value for name, value in (headers or {}).items()} or None
        self.members = members
        super().__init__(f"{status} {self.title}" + (f": {detail}" if detail else ""))

    def response(self) -> JSONResponse:
        body: dict[str, Any] = {"type": "about:blank", "title": self.title, "status": self.status}
        if self.detail is not None:
            body["detail"] = self.detail
        return JSONResponse(body | self.members, self.status, dict(self.headers or {}), MEDIA_TYPE)


class Elsewhere(Exception):
    """Raise it to send a browser to another address, with 303."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__("303 See Other")


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def place_of(location: Sequence[str | int]) -> str:
    """Where in the request: `body.levels[1].name`, `query.limit`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem that names each error that pydantic or FastAPI found; the first of them where there are very many."""
    found = [
        {"place": place_of(error["loc"])[:LONGEST_PLACE], "message": str(error["msg"]).removeprefix("Value error, ")}
        for error in errors[:MOST_ERRORS]
    ]
    left_out = f"; here are the first {MOST_ERRORS}" if len(errors) > MOST_ERRORS else ""
    said = f"{len(errors)} error{'s' * (len(errors) != 1)}, each with its place{left_out}"
    return Problem(422, "The request is not valid", said, errors=found)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return error.response()


async def _elsewhere(request: Request, error: Exception) -> RedirectResponse:
    assert isinstance(error, Elsewhere)
    return RedirectResponse(error.address, 303, {"cache-control": "no-store"})


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    title = phrase(error.status_code)
    detail = error.detail if error.detail != title else None
    headers: Mapping[str, str] | None = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(_methods(request))
        headers = {"allow": allowed}
        detail = detail or f"{request.method} is not for this address; it takes {allowed}."
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = detail or "There is nothing at this address."
    return Problem(error.status_code, title, detail, headers=headers).response()


def _methods(request: Request) -> list[str]:
    """Of all routes to the address: the one that refused may not be the only one."""
    routes = request.app.router.routes
    found = {
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    }
    return sorted(found | {"HEAD"} if "GET" in found else found)


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return invalid(error.errors()).response()


async def _away(request: Request, error: Exception) -> JSONResponse:
    """Database or broker did not answer: the trouble passes, and the caller may ask again."""
    what = "The broker" if isinstance(error, kafka.Unavailable) else "The database"
    log.warning("a request failed because something is away: %s", type(error).__name__)
    return unavailable(2, f"{what} does not answer; nothing is lost, please try again.").response()


async def _no_room(request: Request, error: Exception) -> JSONResponse:
    """What was brought could not be laid down while it is read: others may be done with theirs soon."""
    assert isinstance(error, OSError)
    if error.errno not in NO_ROOM:
        raise error
    log.warning("a request failed because there is no room on disk: %s", error.strerror)
    return unavailable(10, "There is no room for files at the moment; nothing was taken, please try again.").response()


async def _too_large(request: Request, error: Exception) -> JSONResponse:
    return Problem(413, detail="A part of the request is larger than any topic takes.").response()


class Unforeseen:
    """ASGI middleware: an exception that nobody handles is logged once, within its trace, and answered with 500.

    The caller learns the trace, by which the log line is found, and nothing of the inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            if begun:
                raise
            log.exception("a request failed for a reason nobody foresaw", exc_info=error)
            members: dict[str, Any] = {"trace": trace} if (trace := telemetry.trace_id()) else {}
            problem = Problem(500, detail="The service made a mistake; it has been logged.", **members)
            await problem.response()(scope, receive, send)


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Elsewhere, _elsewhere)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(mongo.Unavailable, _away)
    app.add_exception_handler(kafka.Unavailable, _away)
    app.add_exception_handler(kafka.TooLarge, _too_large)
    app.add_exception_handler(OSError, _no_room)
    app.add_middleware(Unforeseen)


def unavailable(seconds: int, detail: str) -> Problem:
    """Something that the service needs is away; the caller may try again."""
    return Problem(503, "Not available at the moment", detail, headers={"retry-after": str(seconds)})
