"""What a learner is told: the fold over the facts about their awards and submissions.

Each newer revision of an award, of a way through a stack or of a submission becomes one message in the inbox and, unless it is
of a kind that is not mailed, one delivery. Both carry the fact's id, so that the same fact never makes two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from services.notifications.domain.delivery import State
from services.notifications.domain.kinds import MAILED, Kind
from services.notifications.domain.names import Names
from shared.decisions import Decided, Drop, Event, Put
from shared.events.assessment import LearnerErased
from shared.events.awarding import (
    AwardExpired,
    AwardExpiring,
    AwardFact,
    AwardGranted,
    AwardRenewed,
    AwardRestored,
    AwardRevoked,
    AwardSuspended,
    StackUpgraded,
)
from shared.events.definitions import level_achievement
from shared.events.envelope import rfc3339
from shared.events.submissions import AnswerAwaited, MoreAsked, SubmissionFact, SubmissionHandedIn, SubmissionJudged

INBOX: Final = "inbox"
DELIVERIES: Final = "deliveries"
CONTACTS: Final = "contacts"

KINDS: Final[Mapping[type[AwardFact], Kind]] = {
    AwardGranted: Kind.GRANTED,
    AwardRenewed: Kind.RENEWED,
    AwardSuspended: Kind.SUSPENDED,
    AwardRestored: Kind.RESTORED,
    AwardRevoked: Kind.REVOKED,
    AwardExpired: Kind.EXPIRED,
    AwardExpiring: Kind.EXPIRING,
}
STEPS: Final[Mapping[type[SubmissionFact], Kind]] = {
    SubmissionHandedIn: Kind.HANDED_IN,
    MoreAsked: Kind.ASKED,
    AnswerAwaited: Kind.REMINDED,
    SubmissionJudged: Kind.JUDGED,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What was last said of the identity that a learner shares. `asked` is when, and by which request, it was last chosen."""

    revision: int = 0
    shared: bool = False
    asked: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a learner has been told: the newest revision of each award, way through a stack and submission, and the number of
    messages.

    `erased` is the source time up to which everything about the learner is forgotten: facts from before it say nothing.
    """

    learner: str
    newest: Mapping[str, int] = field(default_factory=dict)
    messages: int = 0
    erased: datetime | None = None
    identity: Shown | None = None

    def knows(self, subject: str, revision: int, time: datetime) -> bool:
        return revision <= self.newest.get(subject, 0) or (self.erased is not None and time <= self.erased)


def tell_of_award(told: Told, event: Event[AwardFact], names: Names) -> Decided[Told]:
    """What became of an award. A level that was reached from a lower one is told as the stack's upgrade, so not here.

    Nor is what is merely stated again, because more has become known of the award's past.
    """
    fact = event.data
    if told.knows(fact.subject, fact.revision, event.time):
        return Decided(told)
    noted = replace(told, newest={**told.newest, fact.subject: fact.revision})
    if fact.restated or (isinstance(fact, AwardGranted) and fact.upgrades_from is not None):
        return Decided(noted)
    said = {
        "achievement": fact.achievement,
        "version": fact.version,
        "award": fact.award,
        "stack": fact.level.stack if fact.level else None,
        "level": fact.level.level if fact.level else None,
        "awarded_at": fact.awarded_at,
        "valid_until": fact.valid_until,
        "note": fact.note,
        **_named(names, fact.achievement, fact.version),
    }
    return _told(noted, event, KINDS[type(fact)], said)


def tell_of_upgrade(told: Told, event: Event[StackUpgraded], names: Names) -> Decided[Told]:
    fact = event.data
    if told.knows(fact.subject, fact.revision, event.time):
        return Decided(told)
    noted = replace(told, newest={**told.newest, fact.subject: fact.revision})
    achievement = level_achievement(fact.stack, fact.level)
    before = names.of(level_achievement(fact.stack, fact.from_level), fact.version)
    said = {
        "achievement": achievement,
        "version": fact.version,
        "award": fact.award,
        "stack": fact.stack,
        "level": fact.level,
        "from_level": fact.from_level,
        "from_level_name": before.level or fact.from_level,
        "awarded_at": fact.reached_at,
        **_named(names, achievement, fact.version),
    }
    return _told(noted, event, Kind.UPGRADED, said)


def tell_of_submission(told: Told, event: Event[SubmissionFact], names: Names) -> Decided[Told]:
    fact = event.data
    if told.knows(fact.subject, fact.revision, event.time):
        return Decided(told)
    noted = replace(told, newest={**told.newest, fact.subject: fact.revision})
    judged = isinstance(fact, SubmissionJudged)
    said = {
        "achievement": fact.achievement,
        "version": fact.version,
        "submission": fact.submission,
        "review": fact.review,
        "waits_since": fact.waits_since,
        "passed": fact.passed if judged else None,
        "replaces": True if judged and fact.verdict is not None and fact.verdict > 1 else None,
        **_named(names, fact.achievement, fact.version),
    }
    return _told(noted, event, STEPS[type(fact)], said)


def forget(told: Told, event: Event[LearnerErased], _: Names) -> Decided[Told]:
    """Leaves of the learner nothing but the instant of the erasure, so that older facts sent again tell nothing, and how often
    an identity was shared, so that no later fact about one has the id of an earlier one.
    """
    erased = max(event.time, told.erased) if told.erased else event.time
    of_learner = {"learner": told.learner}
    return Decided(
        Told(told.learner, erased=erased, identity=told.identity and Shown(told.identity.revision)),
        writes=(
            Drop(INBOX, of_learner),
            Drop(DELIVERIES, of_learner),
            Drop(CONTACTS, {"_id": told.learner}),
            Drop("facts", of_learner),
        ),
    )


def _named(names: Names, achievement: str, version: int) -> dict[str, Any]:
    name = names.of(achievement, version)
    return {"name": name.name, "issuer": name.issuer, "stack_name": name.stack, "level_name": name.level}


def _told(noted: Told, event: Event[Any], kind: Kind, said: Mapping[str, Any]) -> Decided[Told]:
    """One message more, and its delivery. `number` counts a learner's messages, so that an inbox can be paged."""
    number = noted.messages + 1
    present = {name: value for name, value in said.items() if value is not None}
    present["cause"] = event.data.cause.kind
    message = {"_id": event.data.id, "learner": noted.learner, "kind": kind.value, "at": event.time}
    message["traceparent"] = event.traceparent
    writes = [Put(INBOX, {**message, "number": number, "read": False, **present}, new=True)]
    if kind in MAILED:
        delivery = {"state": State.WAITING.value, "attempts": 0}
        data = {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in present.items()}
        writes.append(Put(DELIVERIES, {**message, **delivery, "data": data}, new=True))
    return Decided(replace(noted, messages=number), writes=tuple(writes))
