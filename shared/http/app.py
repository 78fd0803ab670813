"""The FastAPI application of a service, before its own routes are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from shared.http import health
from shared.http.admission import Room
from shared.http.auth import Tokens
from shared.http.body_limit import EXEMPT, BodyLimit
from shared.http.crossing import Crossing
from shared.http.heads import Heads
from shared.http.problems import MEDIA_TYPE, SCHEMA, add_problem_handlers
from shared.http.tracing import Traced

LARGEST: Final = 1_000_000


class Application(FastAPI):
    """Answers HEAD wherever it answers GET."""

    def build_middleware_stack(self) -> ASGIApp:
        return Heads(super().build_middleware_stack())


def create_app(
    service: str,
    *,
    routers: Sequence[APIRouter],
    ready: health.Check,
    tokens: Tokens | None = None,
    says: str = "",
    largest: int = LARGEST,
    larger: Mapping[str, int] | None = None,
    open_to_all: Sequence[BaseRoute] = (),
) -> FastAPI:
    """The app with these routes, health, problem details for every error, traces, and requests of `largest` bytes at most,
    on the paths in `larger` as many as it says.

    There is room for so many requests and bytes at a time as `app.state.room` says, which the process sets.
    `ready` says what the HTTP side needs (database, broker); the stream's own readiness is added by the process that runs it.
    `tokens` verifies bearer tokens; without it whatever needs a token is answered with 503.
    `open_to_all` are those routes that pages of other origins may use; none of them may want a token or a cookie.
    """
    app = Application(
        title=f"Cairn {service}",
        version=release(),
        description=says,
        docs_url="/docs",
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
        generate_unique_id_function=operation_id,
    )
    app.state.tokens = tokens
    app.state.checks = [ready]
    app.state.room = Room()
    if open_to_all:
        app.add_middleware(Crossing, routes=open_to_all)
    app.add_middleware(BodyLimit, limit=largest, room=app.state.room, exceptions=larger)
    add_problem_handlers(app)
    app.add_middleware(Traced)
    app.include_router(health.router)
    for router in routers:
        app.include_router(router)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]  # FastAPI's own way to change the document
    return app


def release() -> str:
    try:
        return version("cairn")
    except PackageNotFoundError:
        return "0.2.0"


def operation_id(route: APIRoute) -> str:
    """The function's name: stable, and readable in generated clients."""
    return route.name


def openapi(app: FastAPI) -> dict[str, Any]:
    """The document, in which every error is said to be problem details."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        components = document.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        for fastapis_own in ("HTTPValidationError", "ValidationError"):
            schemas.pop(fastapis_own, None)
        schemas["Problem"] = SCHEMA
        problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for address, path in document.get("paths", {}).items():
            for operation in path.values():
                answers = operation["responses"]
                if not address.startswith(EXEMPT):
                    answers.setdefault(
                        "429", {"description": "Too much is being worked on; Retry-After says when to come again."}
                    )
                    answers.setdefault(
                        "503", {"description": "What is needed does not answer; Retry-After says when to come again."}
                    )
                if operation.get("security"):
                    answers.setdefault("401", {"description": "The token is missing or not accepted."})
                    answers.setdefault("403", {"description": "The token lacks the scope."})
                parameters = operation.get("parameters", ())
                if any(parameter["in"] == "path" for parameter in parameters):
                    answers.setdefault("404", {"description": "There is no such thing."})
                if "requestBody" in operation:
                    answers.setdefault("400", {"description": "The body cannot be read."})
                    answers.setdefault("413", {"description": "The body is too large."})
                if any(parameter["name"] == "cursor" for parameter in parameters):
                    answers.setdefault("400", {"description": "The cursor is not one of this list's."})
                for status, answer in answers.items():
                    if status.startswith(("4", "5")):
                        if not _has_words_of_its_own(answer):
                            answer["content"] = problem
                        answer.setdefault("description", "The request is not valid.")
        app.openapi_schema = document
    return app.openapi_schema


def _has_words_of_its_own(answer: Mapping[str, Any]) -> bool:
    """Whether a path describes its errors itself, where a protocol has words of its own for them, as OAuth does."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return bool(schema) and "$ref" not in schema
