"""No request may bring more than so many bytes, whatever it says of its length, nor all of them together more than there is
room for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.admission import Full, Load, Room
from shared.http.problems import Problem

PATIENCE: Final = 64_000_000
"""Bytes of a body too long that are read and thrown away before the answer. A client that is still sending would otherwise
see its connection reset, and not the answer."""

PATIENT_FOR: Final = 10.0
"""Seconds for which that is done where there is no room."""

EXEMPT: Final = "/health/"


class TooLong(Exception):
    """The body has more bytes than this request may bring."""


class BodyLimit:
    """ASGI middleware: reads the body before the app does, and answers 413 when it is longer than `limit` bytes, and 429 when
    there is no room for it or for the request. Only how the process is may always be asked.

    `exceptions` are paths with a limit of their own, written as routes are (`/checks`, `/submissions/{submission}/files`).
    """

    def __init__(self, app: ASGIApp, limit: int, room: Room, exceptions: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.limit = limit
        self.room = room
        self.exceptions = [(compile_path(path)[0], most) for path, most in (exceptions or {}).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        limit = next((most for pattern, most in self.exceptions if pattern.match(path)), self.limit)
        problem: Problem
        with self.room.loading() as load, ExitStack() as answering:
            try:
                if _in_vain(scope, limit):
                    raise TooLong
                read = await _read(receive, limit, load, waits=_waits(scope))
                if not path.startswith(EXEMPT):
                    answering.enter_context(self.room.answering())
            except TooLong:
                detail = f"A request may have {limit:,} bytes at most ({limit / 1_000_000:.1f} MB)."
                problem = Problem(413, detail=detail, headers={"connection": "close"})
            except Full as full:
                problem = self.room.refusal(full)
            else:
                await self.app(scope, replaying(read, receive), send)
                return
        await problem.response()(scope, receive, send)


def replaying(read: list[Message], receive: Receive) -> Receive:
    """What was read, and then what comes."""
    waiting = iter(read)

    async def replay() -> Message:
        return next(waiting, None) or await receive()

    return replay


def _in_vain(scope: Scope, limit: int) -> bool:
    declared = _declared(scope)
    return declared > limit and (_waits(scope) or declared > limit + PATIENCE)


async def _read(receive: Receive, limit: int, load: Load, *, waits: bool) -> list[Message]:
    """The whole body as it came. Raises TooLong, or Full when there is no room for it; then, too, all that came was read,
    unless the client waits before it sends any."""
    read, size, more = list[Message](), 0, True
    while more and size <= limit + PATIENCE:
        message = await receive()
        more = message.get("more_body", False)
        came = len(message.get("body", b""))
        size += came
        if size > limit:
            read.clear()
            continue
        try:
            load.add(came)
        except Full:
            read.clear()
            if more and not waits:
                await _discard(receive)
            raise
        read.append(message)
    if size > limit:
        raise TooLong
    return read


async def _discard(receive: Receive) -> None:
    size, more = 0, True
    try:
        async with asyncio.timeout(PATIENT_FOR):
            while more and size <= PATIENCE:
                message = await receive()
                more = message.get("more_body", False)
                size += len(message.get("body", b""))
    except TimeoutError:
        pass


def _waits(scope: Scope) -> bool:
    """Whether the client sends its body only when it is told to go on."""
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"])


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
