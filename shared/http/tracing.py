"""Each request is a server span that continues the caller's trace, and is measured."""

from __future__ import annotations

from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import telemetry
from shared.telemetry.metrics import HTTP_IN_HAND, HTTP_REQUESTS

UNKNOWN: Final = "unknown"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
OTHER: Final = "_OTHER"
"""What the conventions call every method that is none: anybody can think of new ones."""


class Traced:
    """ASGI middleware. Paths hold learners' ids, so spans and metrics have the route's pattern only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            return await self.app(scope, receive, send)
        method: str = scope["method"] if scope["method"] in METHODS else OTHER
        asked = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
        status = 500
        started = perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        HTTP_IN_HAND.add(1, asked)
        with telemetry.span(method, kind="server", parent=_parent(scope), attributes=asked) as span:
            try:
                await self.app(scope, receive, noting)
            finally:
                route = getattr(scope.get("route"), "path", UNKNOWN)
                span.rename(f"{method} {route}")
                span.set("http.route", route)
                span.set("http.response.status_code", status)
                if status >= 500:
                    span.failed(str(status))
                answered = asked | {"http.route": route, "http.response.status_code": status}
                HTTP_REQUESTS.record(perf_counter() - started, answered | ({"error.type": str(status)} if status >= 500 else {}))
                HTTP_IN_HAND.add(-1, asked)
        return None


def _parent(scope: Scope) -> str:
    """The caller's span, or nothing: what happens to be around the server is not the caller."""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value.decode("latin-1"))
    return telemetry.NEW_TRACE
