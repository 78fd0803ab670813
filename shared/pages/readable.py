"""What went wrong, said to people: where a browser asks a page's path for a page, problem details become one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import MEDIA_TYPE

Render = Callable[[Request, dict[str, Any]], Response]


class ReadableProblems:
    """ASGI middleware around everything else, so that it sees what other middleware refuses, too.

    A page's path is one of these routes', or one that nothing answers to.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], render: Render) -> None:
        self.app = app
        self.routes = routes
        self.render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not wants_page(Request(scope)):
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def held(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_problem(message) and self._is_page(scope):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")

        await self.app(scope, receive, held)
        if start is not None:
            response = self.render(Request(scope), json.loads(body))
            kept = {
                name: value for name, value in start["headers"] if name in (b"retry-after", b"www-authenticate", b"connection")
            }
            response.raw_headers.extend(kept.items())
            await response(scope, receive, send)

    def _is_page(self, scope: Scope) -> bool:
        answered = "endpoint" in scope
        here = dict(scope)
        return any(route.matches(here)[0] is not Match.NONE for route in self.routes) or not answered


def _is_problem(start: Message) -> bool:
    return any(name == b"content-type" and value.startswith(MEDIA_TYPE.encode()) for name, value in start["headers"])


def wants_page(request: Request) -> bool:
    """Whether it names text/html among what it accepts, as browsers do and programs do not."""
    return "text/html" in request.headers.get("accept", "")
