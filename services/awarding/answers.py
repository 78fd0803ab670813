"""What the HTTP side is asked and what it answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.awarding.domain.ways import Way
from shared.events.awarding import AwardStatus, Reason
from shared.events.envelope import Cause, Instant, LearnerId
from shared.http.grounds import GivenReason
from shared.mongo import Document
from shared.requirements.model import Slug


class Shown(BaseModel):
    """What is answered."""

    model_config = ConfigDict(frozen=True)


class AwardShown(Shown):
    """One award as it stands. `learner` is the opaque id."""

    id: Annotated[str, Field(description="the public id, which nobody can compute from the learner's")]
    learner: str
    achievement: str
    name: str
    version: int
    status: AwardStatus
    awarded_at: Instant
    status_since: Instant
    valid_until: Instant | None = None
    stack: str | None = None
    level: str | None = None
    revision: int


class FactShown(Shown):
    """One thing that was said about an award."""

    type: str
    revision: int
    at: Annotated[Instant, Field(description="the time of the cause at its source")]
    status: AwardStatus
    cause: Cause
    reason: Reason | None = None
    note: str | None = None
    decided_by: str | None = None
    rests_on: tuple[str, ...] = ()
    restated: bool | None = None


class AwardWithHistory(AwardShown):
    history: Annotated[tuple[FactShown, ...], Field(description="all that was said about it, the oldest first")]


class WayShown(Shown):
    """The shortest way: the fewest further achievements, and of those ways the one of fewest credits."""

    achievements: tuple[str, ...]
    credits: Decimal
    estimate: Annotated[bool, Field(description="there may be a shorter one: not every way was tried")]


class LevelShown(Shown):
    level: str
    name: str
    achievement: str
    status: Annotated[AwardStatus | None, Field(description="of the newest award of it, if there is one")] = None
    award: str | None = None
    met: Annotated[int, Field(description="how many leaves of its requirement are met")]
    of: Annotated[int, Field(description="of how many leaves")]
    way: Annotated[WayShown | None, Field(description="null where no further achievement leads there")] = None


class StackShown(Shown):
    """Where a learner stands in a stack: at the highest level that is validly held."""

    stack: str
    name: str
    progress: Annotated[str, Field(description="the id of this way through the stack; it stays from level to level")]
    level: str | None = None
    award: str | None = None
    levels: tuple[LevelShown, ...]


class AchievementShown(Shown):
    """Why an achievement is held, or why not yet. `reason` is what was said when its newest award last changed, `requirement` the
    requirement in force now as it is met now."""

    learner: str
    achievement: str
    name: str
    version: int
    award: AwardShown | None = None
    reason: Reason | None = None
    requirement: Reason
    way: WayShown | None = None


class OneStepAway(Shown):
    """A learner who lacks a single achievement; each of `achievements` would do."""

    learner: str
    standing: str | None = None
    achievements: tuple[str, ...]


class AwardAsked(BaseModel):
    """A person's award. Without a version it is the one in force."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learner: LearnerId
    achievement: Slug
    version: Annotated[int, Field(ge=1)] | None = None
    reason: GivenReason


class RevocationAsked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: GivenReason


class Accepted(Shown):
    id: Annotated[str, Field(description="of the request; facts that it leads to name it as their cause")]


class SweepShown(Shown):
    partition: int
    done: int
    total: Annotated[int | None, Field(description="null until the learners have been counted")] = None


class SweepsShown(Shown):
    """Empty when everybody has been looked at."""

    sweeps: tuple[SweepShown, ...]


def award_shown(document: Document, name: str) -> AwardShown:
    return AwardShown.model_validate({**document, "id": document["_id"], "name": name})


def fact_shown(document: Document) -> FactShown:
    return FactShown.model_validate({"type": document["type"], "at": document["data"]["cause"]["time"], **document["data"]})


def way_shown(way: Way | None) -> WayShown | None:
    return None if way is None else WayShown(achievements=way.achievements, credits=way.credits, estimate=way.estimate)
