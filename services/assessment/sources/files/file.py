"""A file that was received: what is known of it, and how far it has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

from services.assessment.sources.claims import Kind
from shared.mongo import Document


class State(StrEnum):
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (State.DONE, State.CANCELLED, State.FAILED)


@dataclass(frozen=True)
class File:
    """`lines` are those that it has, `done` those that are through, `counts` what became of these.

    `revision` is that of the source's document by which it was received: with another one the same file is another work.
    `problem` says why it failed.
    """

    id: str
    source: str
    revision: int
    dry_run: bool
    name: str
    digest: str
    size: int
    at: datetime
    by: str
    state: State
    lines: int
    done: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    ended_at: datetime | None = None
    problem: str | None = None

    @property
    def by_source(self) -> bool:
        """Whether its source has brought it, with a key of its own."""
        return self.by == the_source(self.source)

    def document(self) -> Document:
        said: Document = {name: value for name, value in vars(self).items() if name not in ("id", "counts", "state")}
        return {"_id": self.id, "state": self.state.value, "counts": {}} | said

    @classmethod
    def from_document(cls, found: Mapping[str, Any]) -> Self:
        names = ("source", "revision", "dry_run", "name", "digest", "size", "at", "by", "lines", "done", "ended_at", "problem")
        counts = Counter({Kind(kind): int(count) for kind, count in found["counts"].items()})
        return cls(id=found["_id"], state=State(found["state"]), counts=counts, **{name: found[name] for name in names})


def the_source(source: str) -> str:
    """Who has brought a file, where it was not a person."""
    return f"source:{source}"


def id_of(source: str, revision: int, digest: str, *, dry_run: bool) -> str:
    """The same for the same content, under the same document of the source."""
    said = f"{source}\n{revision}\n{digest}\n{dry_run}"
    return f"{'try' if dry_run else 'file'}-{sha256(said.encode()).hexdigest()[:32]}"
