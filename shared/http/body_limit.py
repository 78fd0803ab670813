"""No request may bring more than so many bytes, whatever it says of its length."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Problem


class BodyLimit:
    """ASGI middleware: reads the body before the app does, and answers 413 when it is longer than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _declared(scope) > self.limit or (read := await self._read(receive)) is None:
            problem = Problem(413, detail=f"A request may have {self.limit} bytes at most.", headers={"connection": "close"})
            await problem.response()(scope, receive, send)
        else:
            waiting = iter(read)

            async def replay() -> Message:
                return next(waiting, None) or await receive()

            await self.app(scope, replay, send)

    async def _read(self, receive: Receive) -> list[Message] | None:
        """The whole body as it came; None as soon as it is too long."""
        read = [await receive()]
        size = len(read[0].get("body", b""))
        while read[-1].get("more_body", False) and size <= self.limit:
            read.append(await receive())
            size += len(read[-1].get("body", b""))
        return read if size <= self.limit else None


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
