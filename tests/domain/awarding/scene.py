"""A small stage for awarding's decisions: definitions in few words, and a learner to whom things happen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.awarding.documents import from_document, to_document
from services.awarding.domain.awards import Award
from services.awarding.domain.decisions import (
    award_requested,
    expiry_fell_due,
    learner_erased,
    revise,
    revocation_requested,
    verdict_reached,
)
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.record import Record
from services.awarding.domain.rules import Rules, rules_of
from shared.decisions import Decided, Event
from shared.events.assessment import LearnerErased, Part, Turn, VerdictReached, VersionVerdict
from shared.events.awarding import AwardFact, AwardRequested, DecisionMade, ExpiryFellDue, RevocationRequested, StackUpgraded
from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.definitions import Achievement, Stack
from shared.events.envelope import Cause, Fact, Message
from shared.requirements.tree import Finding

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)
IDS = PublicIds(b"a key for tests only")
PUBLISHED = Cause(kind="publication", id="catalog", time=DAY_ONE)

Tree = dict[str, Any]


def day(number: float) -> datetime:
    return DAY_ONE + timedelta(days=number)


def does(activity: str) -> Tree:
    return {"activity": f"urn:{activity}", "passed": True}


def holds(achievement: str, **more: Any) -> Tree:
    return {"achievement": achievement, **more}


def meaning(id_: str, issuer: str = "uni", ects: str | None = None, skills: Sequence[str] = (), **more: Any) -> Tree:
    return {
        "name": id_.capitalize(),
        "description": f"About {id_}.",
        "issuer": {"id": issuer, "name": issuer.capitalize()},
        "skills": [{"code": code, "name": code} for code in skills],
        **({} if ects is None else {"credits": {"amount": ects}}),
        **more,
    }


def achievement(
    id_: str,
    requirement: Tree | None = None,
    *,
    version: int = 1,
    since: float | None = None,
    until: float | None = None,
    revision: int = 1,
    **more: Any,
) -> AchievementPublished:
    """Published and, by `since` and `until`, in force; its requirement is an activity of its own unless said otherwise."""
    document = {
        "achievement": id_,
        "criteria": "As required.",
        "requirement": requirement or does(id_),
        **meaning(id_, **more),
    }
    return AchievementPublished(
        id_=id_,
        version=version,
        effective_from=None if since is None else day(since),
        teach_out_ends=None if until is None else day(until),
        announced_at=day(1_000),
        definition=Achievement.model_validate(document),
        revision=revision,
        cause=PUBLISHED,
    )


def stack(
    id_: str, levels: Mapping[str, Tree | tuple[Tree, Tree]], *, version: int = 1, since: float | None = None, **more: Any
) -> StackPublished:
    """A level is a requirement, or a requirement with further members of the level."""
    listed = []
    for name, level in levels.items():
        requirement, members = level if isinstance(level, tuple) else (level, {})
        listed.append({"level": name, "name": name.capitalize(), "requirement": requirement, **members})
    document = {"stack": id_, "levels": listed, **meaning(id_, **more)}
    return StackPublished(
        id_=id_,
        version=version,
        effective_from=None if since is None else day(since),
        announced_at=day(1_000),
        definition=Stack.model_validate(document),
        revision=1,
        cause=PUBLISHED,
    )


def rules(*published: Published) -> Rules:
    return rules_of(published, IDS)


def part(
    since: float | None,
    *turns: tuple[float, float | None],
    again: Iterable[float] = (),
    path: str = "",
    by: tuple[str, ...] = ("e1",),
) -> Part:
    """Met since a day and known then, or with the turns said; a turn is (known on, met since)."""
    all_turns: list[tuple[float, float | None]] = [] if since is None else [(since, since)]
    all_turns += turns
    met = bool(all_turns) and all_turns[-1][1] is not None
    return Part(
        path=path,
        turns=tuple(Turn(at=day(at), since=None if met_since is None else day(met_since)) for at, met_since in all_turns),
        again=tuple(day(moment) for moment in again),
        finding=Finding(met, by if met else ()),
    )


def verdict(
    achievement: str, *parts: Part, revision: int = 1, version: int = 1, learner: str = "ada", at: float | None = None
) -> VerdictReached:
    return verdict_on(achievement, {version: parts}, revision=revision, learner=learner, at=at)


def verdict_on(
    achievement: str,
    versions: Mapping[int, Sequence[Part]],
    *,
    revision: int = 1,
    learner: str = "ada",
    at: float | None = None,
) -> VerdictReached:
    latest = max((turn.at for parts in versions.values() for one in parts for turn in one.turns), default=day(0))
    return VerdictReached(
        learner=learner,
        achievement=achievement,
        met=None,
        versions=tuple(VersionVerdict(version=number, parts=tuple(parts)) for number, parts in sorted(versions.items())),
        revision=revision,
        cause=Cause(kind="completion", id=f"c-{achievement}-{revision}", time=latest if at is None else day(at)),
    )


def passed(achievement: str, on: float) -> VerdictReached:
    """The achievement's activity was passed on that day."""
    return verdict(achievement, part(on))


def event(data: Message, at: datetime, id_: str | None = None) -> Event[Any]:
    digest = hashlib.sha256(data.to_json()).hexdigest()[:16]
    return Event(data, id_ or digest, "cairn/tests", data.TYPE, at, digest)


TABLE: dict[type[Message], Any] = {
    VerdictReached: verdict_reached,
    AwardRequested: award_requested,
    RevocationRequested: revocation_requested,
    ExpiryFellDue: expiry_fell_due,
    LearnerErased: learner_erased,
}


class Learner:
    """A learner under some rules, to whom events come; remembers the facts that were said."""

    def __init__(self, *published: Published, learner: str = "ada") -> None:
        self.rules = rules(*published)
        self.record = Record(learner)
        self.facts: list[Fact] = []
        self.last: tuple[Fact, ...] = ()
        self.writes: dict[str, dict[str, Any]] = {}

    def apply(self, *events: Event[Any] | VerdictReached) -> tuple[Fact, ...]:
        """The facts said about all these."""
        said: list[Fact] = []
        for one in events:
            if not isinstance(one, Event):
                one = event(one, one.cause.time)
            said += self._take(TABLE[type(one.data)](self.record, one, self.rules))
        return tuple(said)

    def publish(self, *published: Published) -> tuple[Fact, ...]:
        """All rules from now on; the sweep of what is given follows."""
        self.rules = rules(*published)
        causes = {one.id_: one.cause for one in published}
        return self._take(revise(self.record, self.rules, causes))

    def _take(self, decided: Decided[Record]) -> tuple[Fact, ...]:
        assert decided.record is not None
        self.record = decided.record
        assert from_document(self.record.learner, to_document(self.record)) == self.record
        self.facts += decided.facts
        self.last = decided.facts
        for write in decided.writes:
            if hasattr(write, "document"):
                self.writes[write.document["_id"]] = write.document
        return decided.facts

    def grant(self, achievement: str, on: float, version: int | None = None) -> tuple[Fact, ...]:
        request = AwardRequested(
            learner=self.record.learner, achievement=achievement, version=version, reason="As agreed.", decided_by="dean"
        )
        return self.apply(event(request, day(on)))

    def revoke(self, achievement: str, on: float) -> tuple[Fact, ...]:
        held = self.award(achievement)
        request = RevocationRequested(
            learner=self.record.learner, achievement=achievement, award=held.id, reason="Plagiarism.", decided_by="dean"
        )
        return self.apply(event(request, day(on)))

    def pass_time(self, until: float, award: str = "-") -> tuple[Fact, ...]:
        return self.apply(event(ExpiryFellDue(learner=self.record.learner, award=award), day(until)))

    def award(self, achievement: str) -> Award:
        return self.record.lines[achievement][-1]

    def held(self) -> dict[str, str]:
        """The status of the newest award of each achievement."""
        return {id_: line[-1].status.value for id_, line in sorted(self.record.lines.items())}


def told(facts: Iterable[Fact]) -> list[str]:
    """What became of awards, in short: `granted x`, `upgraded x: bronze to silver`. That a person decided is left out."""
    short = []
    for fact in facts:
        if isinstance(fact, AwardFact):
            kind = type(fact).__name__.removeprefix("Award").lower()
            short.append(f"{kind} {fact.achievement}")
        elif isinstance(fact, StackUpgraded):
            short.append(f"upgraded {fact.stack}: {fact.from_level} to {fact.level}")
        elif not isinstance(fact, DecisionMade):
            short.append(type(fact).__name__)
    return short
