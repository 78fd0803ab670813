"""Facts of awarding and assessment, as the stream hands them to decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from services.notifications.domain.names import Names, names_of
from shared.decisions import Decided, Event, Put
from shared.events.assessment import LearnerErased
from shared.events.awarding import (
    AwardExpired,
    AwardFact,
    AwardRevoked,
    AwardStatus,
    AwardSuspended,
    LevelReached,
    StackUpgraded,
)
from shared.events.catalog import AchievementPublished, StackPublished
from shared.events.definitions import Achievement, Stack
from shared.events.envelope import Cause, Fact, Message
from shared.events.submissions import SubmissionFact, SubmissionHandedIn, SubmissionJudged

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ISSUER = {"id": "hilltop", "name": "Hilltop University"}
PASSED = {"activity": "lms:python", "passed": True}

F = TypeVar("F", bound=AwardFact)
S = TypeVar("S", bound=SubmissionFact)
M = TypeVar("M", bound=Message)

STATUS: Mapping[type[AwardFact], AwardStatus] = {
    AwardSuspended: AwardStatus.SUSPENDED,
    AwardRevoked: AwardStatus.REVOKED,
    AwardExpired: AwardStatus.EXPIRED,
}


def cause(time: datetime = NOON) -> Cause:
    return Cause(kind="completion", id="c-1", source="lms", time=time)


def award(
    kind: type[F], revision: int = 1, *, award: str = "award-1", achievement: str = "python", learner: str = "ada", **more: Any
) -> F:
    """`level` may be given as `stack/level`."""
    if isinstance(level := more.get("level"), str):
        stack, _, name = level.partition("/")
        more["level"] = LevelReached(stack=stack, level=name, progress=f"way-{stack}-{learner}")
    time = more.pop("time", NOON)
    return kind(
        revision=revision,
        cause=cause(time),
        award=award,
        learner=learner,
        achievement=achievement,
        version=more.pop("version", 1),
        status=STATUS.get(kind, AwardStatus.VALID),
        awarded_at=time,
        status_since=time,
        **more,
    )


def upgrade(revision: int = 1, *, learner: str = "ada", time: datetime = NOON) -> StackUpgraded:
    return StackUpgraded(
        revision=revision,
        cause=cause(time),
        progress=f"way-cs-{learner}",
        learner=learner,
        stack="cs",
        version=1,
        level="silver",
        award=f"award-silver-{learner}",
        from_level="bronze",
        from_award=f"award-bronze-{learner}",
        reached_at=time,
    )


def erasure(learner: str = "ada", time: datetime = NOON + timedelta(days=1)) -> LearnerErased:
    return LearnerErased(revision=1, cause=Cause(kind="erasure", id="e-1", time=time), learner=learner)


def event(fact: Fact, traceparent: str | None = TRACE) -> Event[Any]:
    digest = f"{abs(hash(fact.to_json())):016x}"[:16]
    return Event(fact, fact.id, "cairn/awarding", fact.TYPE, fact.cause.time, digest, traceparent)


def achievement_published(version: int = 1, name: str = "Python") -> AchievementPublished:
    definition = Achievement.model_validate(
        {"achievement": "python", "name": name, "description": "d", "criteria": "c", "issuer": ISSUER, "requirement": PASSED}
    )
    return AchievementPublished(
        revision=1, cause=cause(), id_="python", version=version, announced_at=NOON, definition=definition
    )


def stack_published() -> StackPublished:
    levels = [
        {"level": level, "name": level.title(), "requirement": {"achievement": "python", "from_version": number}}
        for number, level in enumerate(("bronze", "silver", "gold"), 1)
    ]
    document = {"stack": "cs", "name": "Inclusive Computing", "description": "d", "issuer": ISSUER, "levels": levels}
    definition = Stack.model_validate(document)
    return StackPublished(revision=1, cause=cause(), id_="cs", version=1, announced_at=NOON, definition=definition)


NAMES: Names = names_of([stack_published(), achievement_published()])


def put_into(collection: str, decided: Decided[Any]) -> list[dict[str, Any]]:
    return [write.document for write in decided.writes if isinstance(write, Put) and write.collection == collection]


def submission(kind: type[S], revision: int = 1, *, learner: str = "ada", time: datetime = NOON, **more: Any) -> S:
    """Of evidence for Python."""
    state = {SubmissionHandedIn: "waiting", SubmissionJudged: "decided"}.get(kind, "asked")
    whole: dict[str, Any] = {
        "revision": revision,
        "cause": Cause(kind="decision", id="s-1", time=time),
        "submission": "s-1",
        "learner": learner,
        "achievement": "python",
        "version": 1,
        "review": "portfolio",
        "kind": "work",
        "attempt": 1,
        "state": state,
        "handed_in_at": NOON - timedelta(days=8),
        "waits_since": None if state == "decided" else NOON - timedelta(days=7),
        "verdict": 1 if state == "decided" else None,
        "passed": True if state == "decided" else None,
    }
    return kind.model_validate(whole | more)
