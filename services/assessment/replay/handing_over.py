"""The verdicts as awarding's replay reads them: it may not look into this service's database, and topics forget them."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from services.assessment.replay.rebuilding import Rebuilt


class VerdictsFile:
    """A line each: {learner, offset, unsaid, fact}. `offset` is where it stands on its topic, if it does. `unsaid` says that it
    will be told when the stream runs. The file has its name only when it is whole.
    """

    def __init__(self, folder: Path, partition: int, number: int) -> None:
        self._path = folder / f"verdicts-{partition:05}-{number:05}.jsonl"
        self._draft = self._path.with_suffix(".draft")

    def __enter__(self) -> Self:
        self._file = self._draft.open("wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        if kind is None:
            os.replace(self._draft, self._path)

    def put(self, after: Rebuilt, unsaid: Collection[str]) -> None:
        for fact in after.verdicts:
            line = {
                "learner": fact.learner,
                "offset": after.offsets.get(fact.achievement),
                "unsaid": fact.id in unsaid,
                "fact": orjson.Fragment(fact.to_json()),
            }
            self._file.write(orjson.dumps(line) + b"\n")
