"""Pages of other origins may read what everybody may read. Source: https://fetch.spec.whatwg.org/#http-cors-protocol

No cookie and no token comes along: credentials are never allowed, nor the header that carries a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ANYBODY: Final = "access-control-allow-origin"
PREFLIGHT: Final = {
    ANYBODY: "*",
    "access-control-allow-headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "access-control-max-age": "3600",
    "cache-control": "no-store",
}


class Crossing:
    """ASGI middleware: the answers of these routes, refusals included, are for all origins; and so says a preflight."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.app = app
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = _wanted(scope)
        if wanted is None or not self._open(scope, wanted):
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=PREFLIGHT | {"access-control-allow-methods": wanted})(scope, receive, send)
        else:

            async def opened(message: Message) -> None:
                if message["type"] == "http.response.start":
                    MutableHeaders(scope=message)[ANYBODY] = "*"
                await send(message)

            await self.app(scope, receive, opened)

    def _open(self, scope: Scope, method: str) -> bool:
        here = {**scope, "method": "GET" if method == "HEAD" else method}
        return any(route.matches(here)[0] is Match.FULL for route in self.routes)


def _wanted(scope: Scope) -> str | None:
    """The method, or what a preflight asks about."""
    if scope["type"] != "http":
        return None
    method: str = scope["method"]
    if method != "OPTIONS":
        return method
    headers = Headers(scope=scope)
    return headers.get("access-control-request-method") if "origin" in headers else None
