"""What is answered about files."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field

from services.assessment.progress import Shown
from services.assessment.sources.claims import Kind
from services.assessment.sources.files.file import File, State
from shared.events.envelope import Instant


class Refusal(Shown):
    """A line that was refused, without what it says."""

    line: int
    column: Annotated[str | None, Field(description="or the member of the original that is wrong")]
    detail: str | None
    id: str | None
    status: int | None


class Counts(Shown):
    accepted: int
    held: int
    ignored: int
    refused: int
    duplicated: int


class FileListed(Shown):
    id: str
    source: str
    name: str
    dry_run: bool
    state: State
    lines: int
    done: Annotated[int, Field(description="lines that are through; they are the sum of the counts")]
    counts: Counts
    size: Annotated[int, Field(description="bytes")]
    sha256: str
    received_at: Instant
    received_by: str
    ended_at: Instant | None
    problem: Annotated[str | None, Field(description="why it failed")]

    @classmethod
    def of(cls, file: File, **more: Any) -> Self:
        return cls(
            id=file.id,
            source=file.source,
            name=file.name,
            dry_run=file.dry_run,
            state=file.state,
            lines=file.lines,
            done=file.done,
            counts=Counts(**{kind.value: file.counts[kind] for kind in Kind}),
            size=file.size,
            sha256=file.digest,
            received_at=file.at,
            received_by=file.by,
            ended_at=file.ended_at,
            problem=file.problem,
            **more,
        )


class FileShown(FileListed):
    """`refusals` are the first ones."""

    refusals: tuple[Refusal, ...]


class LineShown(Shown):
    """What would become of a line, and what would be published because of it."""

    line: int
    outcome: Kind
    id: str | None
    detail: str | None
    column: str | None
    status: int | None
    events: tuple[dict[str, Any], ...]
