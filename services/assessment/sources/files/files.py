"""What people and programs do with files: bring one, see how far it is, stop it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from weakref import WeakValueDictionary

from services.assessment.sources.claims import Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.files.contents import lines_of
from services.assessment.sources.files.file import File, State, id_of, the_source
from services.assessment.sources.files.shelf import Shelf
from services.assessment.sources.registry import Registered
from shared.http import Problem
from shared.mongo import Document

MOST_BYTES: Final = 50_000_000
MOST_LINES: Final = 1_000_000

MOST_GOING: Final = 20
MOST_GOING_BYTES: Final = 200_000_000
"""Of one source that may wait or be worked on at a time: as much again for what staff brings."""

AGAIN_AFTER: Final = 60
"""Seconds after which there may be room for another file."""

COLUMNS: Final = ("line", "column", "reason", "id", "status")
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet compute a cell."""


@dataclass(frozen=True)
class Received:
    """`anew`: it is worked on from now; otherwise it was here before, wherever it is now."""

    file: File
    anew: bool


class Files:
    def __init__(self, shelf: Shelf, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._shelf = shelf
        self._clock = clock
        self._receiving: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def receive(
        self, registered: Registered, content: bytes, by: str, *, name: str = "", dry_run: bool = False
    ) -> Received:
        """Keep it to be worked on, unless it is here already. It is read through first. Raises Wrong when it can't be read, and
        the 429 problem, with Retry-After, while too much of the source's waits.

        A file that was cancelled or failed begins anew, and so does a dry run, which may find something else by now. A source's
        files are received one after the other.
        """
        async with self._receiving.setdefault(registered.source.id, asyncio.Lock()):
            return await self._received(registered, content, by, name, dry_run=dry_run)

    async def _received(self, registered: Registered, content: bytes, by: str, name: str, *, dry_run: bool) -> Received:
        source = registered.source
        digest = sha256(content).hexdigest()
        id_ = id_of(source.id, registered.revision, digest, dry_run=dry_run)
        before = await self._shelf.one(source.id, id_)
        if before is not None and (not before.state.ended or (before.state is State.DONE and not dry_run)):
            return Received(before, False)
        await self._check_room(source.id, by == the_source(source.id), len(content))
        lines = await asyncio.to_thread(_counted, content, source)
        file = File(
            id=id_,
            source=source.id,
            revision=registered.revision,
            dry_run=dry_run,
            name=name[:200],
            digest=digest,
            size=len(content),
            at=self._clock(),
            by=by,
            state=State.WAITING,
            lines=lines,
        )
        if await self._shelf.put(file, content):
            return Received(file, True)
        return Received(await self._shelf.one(source.id, id_) or file, False)

    async def _check_room(self, source: str, by_source: bool, size: int) -> None:
        """Raises the 429 problem."""
        going = [file for file in await self._shelf.going(source) if file.by_source is by_source]
        if len(going) < MOST_GOING and sum(file.size for file in going) + size <= MOST_GOING_BYTES:
            return
        detail = (
            f"{len(going)} files of the source are not through yet; {MOST_GOING} may wait, of {MOST_GOING_BYTES} bytes in all. "
            "Bring this one when one of them is through, or cancel one."
        )
        raise Problem(429, "Too many files are waiting", detail, headers={"retry-after": str(AGAIN_AFTER)})

    async def one(self, source: str, file: str) -> File | None:
        return await self._shelf.one(source, file)

    async def latest(self, source: str, most: int) -> list[File]:
        """Those of the last 90 days, the newest first."""
        return await self._shelf.latest(source, most)

    async def going(self, source: str) -> list[File]:
        """Those that have not ended."""
        return await self._shelf.going(source)

    async def cancel(self, source: str, file: str) -> File | None:
        """Work on it no further; how it is then. What was taken of it stays taken."""
        return await self._shelf.cancel(source, file)

    async def refusals(self, file: File, most: int) -> list[Document]:
        """The first lines that were refused: {line, column, detail, id, status}."""
        return await self._shelf.refusals(file.id, most)

    async def lines(self, file: File, after: int, most: int) -> list[dict[str, Any]]:
        """What a dry run has found of lines after that one: {line, outcome, id, detail, column, status, events}."""
        return await self._shelf.trials(file.id, after, most)

    async def refusals_as_csv(self, file: File) -> AsyncIterator[str]:
        """All that are kept, as a spreadsheet takes them."""
        yield row(*COLUMNS)
        async for found in self._shelf.each_refusal(file.id):
            yield row(found["line"], found["column"], found["detail"], found["id"], found["status"])


def _counted(content: bytes, source: Source) -> int:
    """How many lines there are. Raises Wrong."""
    lines = 0
    for line in lines_of(content, source):
        lines += 1
        if lines > MOST_LINES:
            raise Wrong(f"the file has more than {MOST_LINES} lines; send it in parts", f"line {line.number}", status=413)
    return lines


def row(*cells: object) -> str:
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    if text.startswith(FORMULAS):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
