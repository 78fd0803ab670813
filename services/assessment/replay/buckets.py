"""The archive sorted by learner, on disk: no database reads a learner's entries together without an index for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self
from zlib import crc32

import orjson

from shared.kafka import home

DOCUMENTS_IN_ONE: Final = 50_000
MOST: Final = 400
"""So many files may be open at once."""


class Buckets:
    """Each partition's learners in so many files that one's documents fit into memory. Removed when closed."""

    def __init__(self, folder: Path, partitions: int, documents: int) -> None:
        each = -(-documents // (partitions * DOCUMENTS_IN_ONE)) or 1
        self._each = max(1, min(each, MOST // partitions))
        self._partitions = partitions
        self._folder = folder
        self._files: dict[tuple[int, int], BinaryIO] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for partition in range(self._partitions):
            for number in range(self._each):
                self._files[partition, number] = self._path(partition, number).open("w+b")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in self._files.values():
            file.close()
            Path(file.name).unlink(missing_ok=True)

    def put(self, learner: str, document: Mapping[str, Any] | None) -> None:
        """None: of a learner nothing else may be there."""
        place = home(learner, self._partitions), crc32(learner.encode()) % self._each
        self._files[place].write(orjson.dumps([learner, document]) + b"\n")

    def of(self, partition: int) -> Iterable[int]:
        """The numbers of a partition's files."""
        assert 0 <= partition < self._partitions
        return range(self._each)

    def documents(self, partition: int, number: int) -> dict[str, list[dict[str, Any]]]:
        """By learner, in the order of their ids."""
        file = self._files[partition, number]
        file.seek(0)
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in file:
            learner, document = orjson.loads(line)
            if document is None:
                found.setdefault(learner, [])
            else:
                found[learner].append(document)
        return dict(sorted(found.items()))

    def _path(self, partition: int, number: int) -> Path:
        return self._folder / f"bucket-{partition}-{number}.jsonl"
