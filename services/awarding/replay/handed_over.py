"""The verdicts that assessment's replay left: read learner by learner, in the order in which they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from shared.events.assessment import VerdictReached
from shared.replay.copying import Unknown


@dataclass(slots=True)
class HandedOver:
    """One learner's verdicts; `pending` are the achievements of those that awarding's stream will read once more."""

    learner: str
    verdicts: list[VerdictReached] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)


def check(folder: Path) -> None:
    """Raises Unknown if they aren't all there."""
    if not (folder / "complete").exists():
        raise Unknown(f"{folder} has no verdicts, or not all: replay assessment first")


def number_of(folder: Path) -> int:
    """How many lines there are."""
    return sum(path.read_bytes().count(b"\n") for path in sorted(folder.glob("verdicts-*.jsonl")))


def of_partition(folder: Path, partition: int, read_up_to: int) -> Iterator[HandedOver]:
    """`read_up_to` is the offset from which the stream goes on reading verdicts."""
    for path in sorted(folder.glob(f"verdicts-{partition:05}-*.jsonl")):
        with path.open("rb") as file:
            for learner, lines in groupby(map(orjson.loads, file), key=lambda line: str(line["learner"])):
                yield _of(learner, lines, read_up_to)


def _of(learner: str, lines: Iterator[dict[str, Any]], read_up_to: int) -> HandedOver:
    found = HandedOver(learner)
    for line in lines:
        verdict = VerdictReached.model_validate_json(orjson.dumps(line["fact"]))
        found.verdicts.append(verdict)
        if line["unsaid"] or (line["offset"] is not None and line["offset"] >= read_up_to):
            found.pending.add(verdict.achievement)
    return found
