"""What the HTTP side is asked, and what it answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.assessment.progress import Shown
from shared.events.envelope import Instant
from shared.http.grounds import GivenReason
from shared.requirements.model import ActivityId


class Accepted(Shown):
    """The request is on its way; `GET /decisions/{id}` shows it once it is applied."""

    id: str


class Refusal(Shown):
    """Why an event was not accepted."""

    title: str
    status: int
    detail: str


class Item(Shown):
    """What became of one event of a request."""

    id: str | None
    status: Literal["accepted", "refused"]
    problem: Refusal | None = None


class Items(Shown):
    items: tuple[Item, ...]


class EntryShown(Shown):
    """A completion, or a retraction, as it was reported. `counts`: nothing corrects or retracts it."""

    id: str
    source: str
    type: str
    time: Instant
    counts: bool
    data: Annotated[dict[str, Any], Field(description="as the event's schema says, without the learner")]


class PartShown(Shown):
    path: str
    since: Annotated[Instant | None, Field(description="since when it has been met; null: it is not met any more")]
    again: Annotated[tuple[Instant, ...], Field(description="when it was met afresh, where that matters")]


class VersionShown(Shown):
    version: int
    parts: Annotated[tuple[PartShown, ...], Field(description="those that were ever met")]


class VerdictShown(Shown):
    achievement: str
    revision: int
    met: bool | None
    versions: tuple[VersionShown, ...]


class DecisionShown(Shown):
    """A decision of a person that was applied. Of an erasure only who made it and when is kept."""

    id: str
    kind: Literal["waiver", "substitution", "withdrawal", "erasure"]
    at: Instant
    decided_by: str
    state: Literal["in_force", "withdrawn", "done"]
    learner: str | None = None
    achievement: str | None = None
    version: int | None = None
    path: str | None = None
    activity: str | None = None
    decision: Annotated[str | None, Field(description="which decision was withdrawn")] = None
    reason: str | None = None


class Waiver(BaseModel):
    """`path` names a leaf, or a whole group, of the version's requirement; empty: all of it."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1)]
    path: Annotated[str, Field(max_length=2_000)]
    reason: GivenReason


class Substitution(BaseModel):
    """`path` names a leaf about an activity; in a weighted mean, one of its activities: `<leaf>/of/<n>`."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1)]
    path: Annotated[str, Field(max_length=2_000)]
    activity: ActivityId
    reason: GivenReason


class Erasure(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: GivenReason


class SweepShown(Shown):
    """How far one partition has come. `total` is null until its learners have been counted."""

    partition: int
    done: int
    total: int | None


class SweepsShown(Shown):
    """Sweeps under way after something was published; none: everybody has been looked at."""

    sweeps: tuple[SweepShown, ...]
