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
from shared.http.auth import Tokens
from shared.http.body_limit import BodyLimit
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
    if open_to_all:
        app.add_middleware(Crossing, routes=open_to_all)
    app.add_middleware(BodyLimit, limit=largest, exceptions=larger)
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
        return "0.1.0"


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
        for path in document.get("paths", {}).values():
            for operation in path.values():
                answers = operation["responses"]
                if operation.get("security"):
                    answers.setdefault("401", {"description": "The token is missing or not accepted."})
                    answers.setdefault("403", {"description": "The token lacks the scope."})
                for status, answer in answers.items():
                    if status.startswith(("4", "5")):
                        answer["content"] = problem
                        answer.setdefault("description", "The request is not valid.")
        app.openapi_schema = document
    return app.openapi_schema
