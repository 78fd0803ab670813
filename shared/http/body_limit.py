"""No request may bring more than so many bytes, whatever it says of its length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Problem

PATIENCE: Final = 64_000_000
"""Bytes of a body too long that are read and thrown away before the answer. A client that is still sending would otherwise
see its connection reset, and not the answer."""


class BodyLimit:
    """ASGI middleware: reads the body before the app does, and answers 413 when it is longer than `limit` bytes.

    `exceptions` are paths with a limit of their own.
    """

    def __init__(self, app: ASGIApp, limit: int, exceptions: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.limit = limit
        self.exceptions = dict(exceptions or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.exceptions.get(scope["path"], self.limit)
        if _in_vain(scope, limit) or (read := await _read(receive, limit)) is None:
            problem = Problem(413, detail=f"A request may have {limit} bytes at most.", headers={"connection": "close"})
            await problem.response()(scope, receive, send)
        else:
            waiting = iter(read)

            async def replay() -> Message:
                return next(waiting, None) or await receive()

            await self.app(scope, replay, send)


def _in_vain(scope: Scope, limit: int) -> bool:
    declared = _declared(scope)
    return declared > limit and (_waits(scope) or declared > limit + PATIENCE)


async def _read(receive: Receive, limit: int) -> list[Message] | None:
    """The whole body as it came; None if it is too long."""
    read, size, more = [], 0, True
    while more and size <= limit + PATIENCE:
        message = await receive()
        more = message.get("more_body", False)
        size += len(message.get("body", b""))
        if size <= limit:
            read.append(message)
    return read if size <= limit else None


def _waits(scope: Scope) -> bool:
    """Whether the client sends its body only when it is told to go on."""
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"])


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
