"""The registry of topics: who writes what, keyed by what, who reads it, and for how long it is kept.

Topic creation, the AsyncAPI document, the dead-letter command and the tests all read this one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.events.assessment import (
    DecisionWithdrawn,
    ErasureRequested,
    LeafSubstituted,
    LeafWaived,
    LearnerErased,
    VerdictReached,
)
from shared.events.awarding import (
    AwardExpired,
    AwardExpiring,
    AwardGranted,
    AwardRenewed,
    AwardRequested,
    AwardRestored,
    AwardRevoked,
    AwardSuspended,
    CredentialIssued,
    DecisionMade,
    ExpiryFellDue,
    ReissueRequested,
    RevocationRequested,
    StackUpgraded,
)
from shared.events.catalog import AchievementPublished, StackPublished
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Message
from shared.events.notifications import IdentityShared, IdentitySharingRequested
from shared.events.submissions import AnswerAwaited, MoreAsked, SubmissionHandedIn, SubmissionJudged

FOR_GOOD: Final = None


@dataclass(frozen=True, slots=True)
class Topic:
    """`key` says what the key is; `days` how long messages are kept (None: for good, or compacted).

    `partitioned` topics all have the same number of partitions, so that a learner's home is the same everywhere.
    """

    name: str
    owner: str
    readers: tuple[str, ...]
    key: str
    says: str
    events: tuple[type[Message], ...]
    days: int | None = 30
    compacted: bool = False
    partitioned: bool = True
    strangers_write: bool = False


COMPLETIONS: Final = Topic(
    "completions",
    owner="assessment",
    readers=("assessment",),
    key="learner",
    says="What learners did in the systems they learn in, reported by those systems or through assessment's HTTP gateway.",
    events=(CompletionReported, CompletionRetracted),
    days=90,
    strangers_write=True,
)
PUBLICATIONS: Final = Topic(
    "catalog.publications",
    owner="catalog",
    readers=("assessment", "awarding", "notifications"),
    key="id@version",
    says="Every version of every achievement and stack. Each instance of a reader reads it whole before its first batch.",
    events=(AchievementPublished, StackPublished),
    days=FOR_GOOD,
    compacted=True,
    partitioned=False,
)
VERDICTS: Final = Topic(
    "assessment.verdicts",
    owner="assessment",
    readers=("awarding",),
    key="learner",
    says="Whether a learner meets what an achievement requires of activities, with the reasons.",
    events=(VerdictReached, LearnerErased),
)
SUBMISSIONS: Final = Topic(
    "assessment.reviews",
    owner="assessment",
    readers=("notifications",),
    key="learner",
    says="What others did with the evidence that a learner hands in for reviews, and what waits for the learner.",
    events=(SubmissionHandedIn, MoreAsked, SubmissionJudged, AnswerAwaited),
)
AWARDS: Final = Topic(
    "awarding.awards",
    owner="awarding",
    readers=("notifications",),
    key="learner",
    says="What became of awards, upgrades of stacks, what people decided, and credentials issued. Any campus system may read it.",
    events=(
        AwardGranted,
        AwardRenewed,
        AwardSuspended,
        AwardRestored,
        AwardRevoked,
        AwardExpired,
        AwardExpiring,
        StackUpgraded,
        CredentialIssued,
        DecisionMade,
        LearnerErased,
    ),
    days=FOR_GOOD,
)
IDENTITIES: Final = Topic(
    "notifications.identities",
    owner="notifications",
    readers=("awarding",),
    key="learner",
    says="What learners let their credentials say of who they are, sealed so that only awarding can read it.",
    events=(IdentityShared,),
    days=7,
)


def _requests(service: str, *events: type[Message]) -> Topic:
    return Topic(
        f"{service}.requests",
        owner=service,
        readers=(service,),
        key="learner",
        says=f"What {service} asks of itself: requests of its HTTP side, what fell due, and originals sent again by redrive.",
        events=events,
    )


def _dead_letters(service: str) -> Topic:
    return Topic(
        f"{service}.dead-letters",
        owner=service,
        readers=("operators",),
        key="as the original",
        says=f"Messages that {service} can never apply: the original with the reason and where it stood.",
        events=(),
        days=90,
    )


REQUESTS: Final = {
    "assessment": _requests("assessment", LeafWaived, LeafSubstituted, DecisionWithdrawn, ErasureRequested),
    "awarding": _requests("awarding", AwardRequested, RevocationRequested, ReissueRequested, ExpiryFellDue),
    "notifications": _requests("notifications", IdentitySharingRequested),
}
DEAD_LETTERS: Final = {service: _dead_letters(service) for service in ("assessment", "awarding", "notifications")}

TOPICS: Final = (COMPLETIONS, PUBLICATIONS, VERDICTS, SUBMISSIONS, AWARDS, IDENTITIES, *REQUESTS.values(), *DEAD_LETTERS.values())
