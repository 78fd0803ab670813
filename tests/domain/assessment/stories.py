"""What tests tell assessment: completions, decisions and publications, in few words. Days count from the first of 2026."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from services.assessment.domain.fold import revise
from services.assessment.domain.record import Record
from services.assessment.domain.rules import Rules, rules
from services.assessment.stream import FLOW
from shared.decisions import Decided, Event
from shared.events.assessment import (
    DecisionWithdrawn,
    ErasureRequested,
    LeafSubstituted,
    LeafWaived,
    Part,
    VerdictReached,
)
from shared.events.catalog import AchievementPublished, Published
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Cause, Fact, Message

START = datetime(2026, 1, 1, tzinfo=UTC)
LEARNER = "l-1"
SOURCE = "urn:test:lms"
CAUSE = Cause(kind="publication", id="p", time=START)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def event(data: Message, id_: str, at: datetime, source: str = SOURCE) -> Event[Any]:
    digest = sha256(data.to_json()).hexdigest()[:16]
    return Event(data, id_, source, data.TYPE, at, digest)


def completion(
    id_: str, on: float, activity: str = "a", status: str = "passed", *, score: Any = None, source: str = SOURCE, **more: Any
) -> Event[Any]:
    """`score` is scaled, unless it is given as the schema has it."""
    said: dict[str, Any] = {"learner": LEARNER, "activity": activity, "status": status} | more
    if score is not None:
        said["score"] = score if isinstance(score, dict) else {"scaled": score}
    return event(CompletionReported.model_validate(said), id_, day(on), source)


def retraction(id_: str, on: float, of: str, source: str = SOURCE) -> Event[Any]:
    return event(CompletionRetracted(learner=LEARNER, retracts=of), id_, day(on), source)


def waiver(id_: str, on: float, path: str = "", *, achievement: str = "x", version: int = 1) -> Event[Any]:
    said = LeafWaived(learner=LEARNER, achievement=achievement, version=version, path=path, reason="ill", decided_by="dean")
    return event(said, id_, day(on), "cairn/assessment")


def substitution(id_: str, on: float, activity: str, path: str = "", *, achievement: str = "x", version: int = 1) -> Event[Any]:
    said = LeafSubstituted(
        learner=LEARNER,
        achievement=achievement,
        version=version,
        path=path,
        activity=activity,
        reason="transfer",
        decided_by="dean",
    )
    return event(said, id_, day(on), "cairn/assessment")


def withdrawal(id_: str, on: float, of: str) -> Event[Any]:
    said = DecisionWithdrawn(learner=LEARNER, decision=of, reason="mistake", decided_by="dean")
    return event(said, id_, day(on), "cairn/assessment")


def erasure(id_: str, on: float) -> Event[Any]:
    return event(ErasureRequested(learner=LEARNER, reason="asked", decided_by="registrar"), id_, day(on), "cairn/assessment")


def published(
    requirement: Any,
    *,
    id_: str = "x",
    version: int = 1,
    revision: int = 1,
    begins: float | None = None,
    ends: float | None = None,
    announced: float = 1_000,
    valid_for: int | None = None,
) -> AchievementPublished:
    """`announced` is the day on which the catalog says so: a version that begins later is not in force yet."""
    definition = {
        "achievement": id_,
        "name": id_,
        "description": "d",
        "issuer": {"id": "u", "name": "U"},
        "criteria": "c",
        "requirement": requirement,
        "valid_for": None if valid_for is None else timedelta(days=valid_for),
    }
    return AchievementPublished.model_validate(
        {
            "definition_id": id_,
            "version": version,
            "revision": revision,
            "cause": CAUSE,
            "definition": definition,
            "effective_from": None if begins is None else day(begins),
            "teach_out_ends": None if ends is None else day(ends),
            "announced_at": day(announced),
        }
    )


def decide(record: Record, said: Event[Any], ruled: Rules) -> Decided[Record]:
    decided = FLOW.table[type(said.data)](record, said, ruled)
    assert decided.record is not None
    return decided


class Learner:
    """Folds what happens to one learner, and keeps the facts that were published."""

    def __init__(self, *publications: Published) -> None:
        self.rules = rules(publications)
        self.record = Record(LEARNER)
        self.facts: list[Fact] = []

    def lives(self, *events: Event[Any]) -> Learner:
        for said in events:
            self.take(decide(self.record, said, self.rules))
        return self

    def learns_of(self, *publications: Published) -> Learner:
        """All that is published by now: the changed ones are swept."""
        self.rules = rules(publications)
        self.take(revise(self.record, self.rules, {p.id_: CAUSE for p in publications}))
        return self

    def take(self, decided: Decided[Record]) -> None:
        assert decided.record is not None
        self.record = decided.record
        self.facts += decided.facts

    @property
    def verdicts(self) -> list[VerdictReached]:
        return [fact for fact in self.facts if isinstance(fact, VerdictReached)]

    def verdict(self, achievement: str = "x") -> VerdictReached:
        return [verdict for verdict in self.verdicts if verdict.achievement == achievement][-1]

    def part(self, path: str = "", *, achievement: str = "x", version: int = 1) -> Part:
        versions = {v.version: v for v in self.verdict(achievement).versions}
        return {part.path: part for part in versions[version].parts}[path]

    def turns(self, path: str = "", *, achievement: str = "x", version: int = 1) -> list[tuple[float, float | None]]:
        """As days."""
        if not self.verdicts:
            return []
        return [(days(t.at), None if t.since is None else days(t.since)) for t in self.part(path, version=version).turns]

    def again(self, path: str = "") -> list[float]:
        return [days(at) for at in self.part(path).again]


def days(at: datetime) -> float:
    return (at - START) / timedelta(days=1)


def lived(requirement: Any, *events: Event[Any], **more: Any) -> Learner:
    """One achievement `x` with this requirement, published before, and what happened then."""
    return Learner(published(requirement, **more)).lives(*events)


def both_orders(requirement: Any, events: Iterable[Event[Any]], **more: Any) -> tuple[Learner, Learner]:
    told = list(events)
    return lived(requirement, *told, **more), lived(requirement, *reversed(told), **more)


def in_short(said: Event[Any]) -> str:
    """For the notes of a failing example."""
    fields = said.data.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True, exclude={"learner", "reason", "decided_by"}
    )
    return f"{said.id} on day {days(said.time):g}: {fields}"
