"""What awarding says on `awarding.awards`, and what it asks itself on `awarding.requests`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.envelope import Fact, Instant, LearnerId, Message
from shared.requirements.model import Slug
from shared.requirements.tree import Judged


class AwardStatus(StrEnum):
    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Reason(Message):
    """A requirement as evaluated: each node with its sentence, whether it is met, by what, and what was reached.

    `results` has what people judged by a rubric, where that counts, and `links` what the learner shows of it.
    """

    says: str
    path: str = ""
    met: bool
    by: tuple[str, ...] = ()
    value: str | None = None
    waived: str | None = None
    of: tuple[Reason, ...] = ()
    results: tuple[Judged, ...] | None = None
    links: tuple[str, ...] | None = None


class LevelReached(Message):
    """That an award is a stack's level. `progress` is the id of the learner's way through the stack, from level to level."""

    stack: Slug
    level: Slug
    progress: str


class AwardFact(Fact):
    """The whole state of one award. `award` is its public id, which nobody can compute from the learner's.

    `awarded_at` is the source time at which the requirement was met (or a person's decision), `status_since` that of the last
    change. `decided_by` and `note` are there when a person decided. `rests_on` are the awards that its requirement counted.
    `restated` means that nothing happened to the award, but that more has become known of its past: nobody need be told.
    `upgrades_from` is there when the same decision also says `StackUpgraded` about this award: the level stood at before.
    """

    award: str
    learner: LearnerId
    achievement: Slug
    version: Annotated[int, Field(ge=1)]
    status: AwardStatus
    awarded_at: Instant
    status_since: Instant
    valid_until: Instant | None = None
    level: LevelReached | None = None
    upgrades_from: Slug | None = None
    restated: bool | None = None
    reason: Reason | None = None
    note: str | None = None
    decided_by: str | None = None
    rests_on: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.award

    @property
    def key(self) -> str:
        return self.learner


class AwardGranted(AwardFact):
    TYPE: ClassVar[str] = "cairn.award.granted.v1"


class AwardRenewed(AwardFact):
    """The requirement was met again: `valid_until` moved on (an expired award is valid again)."""

    TYPE: ClassVar[str] = "cairn.award.renewed.v1"


class AwardSuspended(AwardFact):
    TYPE: ClassVar[str] = "cairn.award.suspended.v1"


class AwardRestored(AwardFact):
    TYPE: ClassVar[str] = "cairn.award.restored.v1"


class AwardRevoked(AwardFact):
    TYPE: ClassVar[str] = "cairn.award.revoked.v1"


class AwardExpired(AwardFact):
    TYPE: ClassVar[str] = "cairn.award.expired.v1"


class AwardExpiring(AwardFact):
    """The award will expire soon, at `valid_until`."""

    TYPE: ClassVar[str] = "cairn.award.expiring.v1"


class StatusEntry(Message):
    """Where a credential's status is looked up: a place in a status list. Places are never shared nor given twice."""

    purpose: Literal["revocation", "suspension"]
    list: Annotated[str, Field(min_length=1, max_length=200)]
    index: Annotated[int, Field(ge=0)]


class CredentialIssued(Fact):
    """An edition of the credential that proves an award, with all that the award doesn't determine: its bytes follow from
    this, the award's fact of revision `award_revision`, the publication of `achievement@version`, and the key.

    `revision` counts the editions; a later one says the same anew (a renewal, a correction, another key, an identity shared
    or taken back) under the same `credential`, with a strictly newer `valid_from`. `issuer` is the issuing unit's id in the
    catalog. `signed_with` is the id of the key of its embedded proof, `jwt_signed_with` that of its JWT. `profile` and
    `contexts` are SHA-256 digests of the issuer's profile and of the JSON-LD contexts, `endorsements` those of the
    endorsements in it. `identity` is the revision of the identity that the learner shared.
    """

    TYPE: ClassVar[str] = "cairn.credential.issued.v1"

    credential: str
    award: str
    award_revision: Annotated[int, Field(ge=1)]
    learner: LearnerId
    achievement: Slug
    version: Annotated[int, Field(ge=1)]
    issuer: Slug
    status: StatusEntry
    signed_with: str
    jwt_signed_with: str | None = None
    valid_from: Instant
    created: Instant
    profile: str
    contexts: str
    endorsements: tuple[str, ...] = ()
    identity: int | None = None

    @property
    def subject(self) -> str:
        return self.credential

    @property
    def key(self) -> str:
        return self.learner


class StackUpgraded(Fact):
    """A learner who stood at one level of a stack reached a higher one; the award of the lower one stays true and valid."""

    TYPE: ClassVar[str] = "cairn.stack.upgraded.v1"

    progress: str
    learner: LearnerId
    stack: Slug
    version: Annotated[int, Field(ge=1)]
    level: Slug
    award: str
    from_level: Slug
    from_award: str
    reached_at: Instant

    @property
    def subject(self) -> str:
        return self.progress

    @property
    def key(self) -> str:
        return self.learner


class DecisionMade(Fact):
    """A person awarded or revoked an achievement, whatever came of it: what awards are decided from beside verdicts, so that they
    can be decided anew. What became of awards follows as facts of its own.

    `cause` names the request and its time, `digest` has 16 hex digits over the bytes of its data. `version` is there when the
    person chose one.
    """

    TYPE: ClassVar[str] = "cairn.award.decision-made.v1"

    learner: LearnerId
    achievement: Slug
    version: Annotated[int, Field(ge=1)] | None = None
    grants: bool
    note: str
    decided_by: str
    digest: str

    @property
    def subject(self) -> str:
        return f"{self.cause.source}#{self.cause.id}"

    @property
    def key(self) -> str:
        return self.learner


class AwardRequested(Message):
    """A person awards an achievement to a learner, whatever the requirement says."""

    TYPE: ClassVar[str] = "cairn.awarding.award-requested.v1"

    learner: LearnerId
    achievement: Slug
    version: Annotated[int, Field(ge=1)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    decided_by: Annotated[str, Field(min_length=1, max_length=255)]


class RevocationRequested(Message):
    """A person revokes the learner's award of an achievement; no recomputation brings it back, only a person does."""

    TYPE: ClassVar[str] = "cairn.awarding.revocation-requested.v1"

    learner: LearnerId
    achievement: Slug
    award: str
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    decided_by: Annotated[str, Field(min_length=1, max_length=255)]


class ReissueRequested(Message):
    """The credential of an award is to be issued, or issued again: it never was, or its key can no longer be relied on."""

    TYPE: ClassVar[str] = "cairn.awarding.reissue-requested.v1"

    learner: LearnerId
    award: str


class ExpiryFellDue(Message):
    """An award's validity ended (or, with `notice`, will soon end). Its time is that instant, never the time of noticing."""

    TYPE: ClassVar[str] = "cairn.awarding.expiry-fell-due.v1"

    learner: LearnerId
    award: str
    notice: bool = False
