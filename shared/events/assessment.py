"""What assessment says on `assessment.verdicts`, and what it asks itself on `assessment.requests`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.envelope import Fact, Instant, LearnerId, Message
from shared.requirements.model import ActivityId, Slug
from shared.requirements.tree import Finding


class Turn(Message):
    """From the instant `at` on, the part was known to be met since `since`, or (None) not to be met."""

    at: Instant
    since: Instant | None = None


class Part(Message):
    """Assessment's finding on one part of a requirement: the largest subtrees about activities only.

    `path` is the way to it from the root (`""`: the whole requirement). `turns` is what was known when, oldest first, in source
    time; the last one holds. `again` are the moments, oldest first, at which the part was met afresh, each time by entries later
    than the moment before: awards with a validity period are renewed by them.
    """

    path: str = ""
    turns: tuple[Turn, ...]
    again: tuple[Instant, ...] = ()
    finding: Finding


class VersionVerdict(Message):
    """The parts of one version's requirement."""

    version: Annotated[int, Field(ge=1)]
    parts: tuple[Part, ...]


class VerdictReached(Fact):
    """Assessment's decision on one learner and one achievement, in all the versions that say anything about activities.

    `met` is whether a version's requirement is met; None where that also depends on awards, which awarding decides.
    """

    TYPE: ClassVar[str] = "cairn.verdict.reached.v1"

    learner: LearnerId
    achievement: Slug
    met: bool | None = None
    versions: tuple[VersionVerdict, ...]

    @property
    def subject(self) -> str:
        return f"{self.learner}/{self.achievement}"

    @property
    def key(self) -> str:
        return self.learner


class LearnerErased(Fact):
    """Everything about the learner is to be forgotten; each service passes it on. Its subject is the learner."""

    TYPE: ClassVar[str] = "cairn.learner.erased.v1"

    learner: LearnerId

    @property
    def subject(self) -> str:
        return self.learner

    @property
    def key(self) -> str:
        return self.learner


class LeafWaived(Message):
    """A person decided that a learner need not show one leaf (or part) of a version's requirement."""

    TYPE: ClassVar[str] = "cairn.assessment.leaf-waived.v1"

    learner: LearnerId
    achievement: Slug
    version: Annotated[int, Field(ge=1)]
    path: Annotated[str, Field(max_length=2_000)]
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    decided_by: Annotated[str, Field(min_length=1, max_length=255)]


class LeafSubstituted(Message):
    """A person decided that another activity counts for a learner instead of the one that a leaf names."""

    TYPE: ClassVar[str] = "cairn.assessment.leaf-substituted.v1"

    learner: LearnerId
    achievement: Slug
    version: Annotated[int, Field(ge=1)]
    path: Annotated[str, Field(max_length=2_000)]
    activity: ActivityId
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    decided_by: Annotated[str, Field(min_length=1, max_length=255)]


class DecisionWithdrawn(Message):
    """A person took back a waiver or a substitution, by the id of the request that made it."""

    TYPE: ClassVar[str] = "cairn.assessment.decision-withdrawn.v1"

    learner: LearnerId
    decision: str
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    decided_by: Annotated[str, Field(min_length=1, max_length=255)]


class ErasureRequested(Message):
    """A person with the right to asked that a learner be forgotten."""

    TYPE: ClassVar[str] = "cairn.assessment.erasure-requested.v1"

    learner: LearnerId
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    decided_by: Annotated[str, Field(min_length=1, max_length=255)]
