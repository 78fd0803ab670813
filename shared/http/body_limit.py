"""No request may bring more than so many bytes, whatever it says of its length."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Problem

PATIENCE: Final = 32_000_000
"""Bytes of a body too long that are read and thrown away before the answer. A client that is still sending would otherwise
see its connection reset, and not the answer."""


class BodyLimit:
    """ASGI middleware: reads the body before the app does, and answers 413 when it is longer than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif self._in_vain(scope) or (read := await self._read(receive)) is None:
            problem = Problem(413, detail=f"A request may have {self.limit} bytes at most.", headers={"connection": "close"})
            await problem.response()(scope, receive, send)
        else:
            waiting = iter(read)

            async def replay() -> Message:
                return next(waiting, None) or await receive()

            await self.app(scope, replay, send)

    def _in_vain(self, scope: Scope) -> bool:
        declared = _declared(scope)
        return declared > self.limit and (_waits(scope) or declared > self.limit + PATIENCE)

    async def _read(self, receive: Receive) -> list[Message] | None:
        """The whole body as it came; None if it is too long."""
        read, size, more = [], 0, True
        while more and size <= self.limit + PATIENCE:
            message = await receive()
            more = message.get("more_body", False)
            size += len(message.get("body", b""))
            if size <= self.limit:
                read.append(message)
        return read if size <= self.limit else None


def _waits(scope: Scope) -> bool:
    """Whether the client sends its body only when it is told to go on."""
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"])


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
