"""A real server of documents, for what has to come over a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Host:
    """A real server that answers each path with the bytes it has for it, and counts who asks; `/silent` never answers."""

    port: int = 0
    answers: dict[str, list[bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    def says(self, path: str, body: bytes = b"{}", status: str = "200 OK", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        self.answers[path] = ["\r\n".join([*lines, "connection: close", "", ""]).encode(), body]

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        host = cls()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await host._serve(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        host.port = server.sockets[0].getsockname()[1]
        try:
            yield host
        finally:
            server.close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        if first == b"\x16":  # TLS, which it does not speak
            writer.close()
            return
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        self.asked.append(path)
        self.headers.append(head.lower())
        for piece in self.answers.get(path, []):
            writer.write(piece)
            await writer.drain()
        if path != "/silent":
            writer.close()
