"""Files that are being read, from where they are through: those that take turns needn't be opened anew for each."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from typing import Final

from services.assessment.sources.document import Source
from services.assessment.sources.files.contents import lines_of
from services.assessment.sources.files.file import File
from services.assessment.sources.files.shelf import Shelf
from services.assessment.sources.formats.csv.table import Line

MOST_OPEN: Final = 60_000_000
"""Bytes of the files that stay open together."""


class Reading:
    """`done` lines are through; `portion` are those that come next, as far as they were read."""

    def __init__(self, lines: Iterator[Line], done: int, size: int) -> None:
        self._lines = lines
        self.done = done
        self.size = size
        self.portion: list[Line] = []

    async def next(self, most: int) -> list[Line]:
        """The lines that come next, the same ones until they are through. Raises Wrong where the file can't be read further."""
        if not self.portion:
            self.portion = await asyncio.to_thread(lambda: list(islice(self._lines, most)))
        return self.portion

    def through(self) -> None:
        self.done += len(self.portion)
        self.portion = []


class Readings:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._open: OrderedDict[tuple[str, int], Reading] = OrderedDict()

    async def of(self, file: File, source: Source, revision: int) -> Reading:
        """Its lines from where it is through, as the source's document of this revision has them. Raises Unreadable, Wrong."""
        found = self._open.pop((file.id, revision), None)
        if found is None or found.done != file.done:
            lines = lines_of(await self._shelf.content(file), source)
            await asyncio.to_thread(_skip, lines, file.done)
            found = Reading(lines, file.done, file.size)
        return found

    def keep(self, file: File, revision: int, reading: Reading) -> None:
        """For its next turn, unless others need the room."""
        self._open[file.id, revision] = reading
        while sum(each.size for each in self._open.values()) > MOST_OPEN:
            self._open.popitem(last=False)

    def close(self) -> None:
        self._open.clear()


def _skip(lines: Iterator[Line], number: int) -> None:
    for _ in islice(lines, number):
        pass
