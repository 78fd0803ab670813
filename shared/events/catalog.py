"""What the catalog publishes on `catalog.publications`: each version of each definition, whole, under `id@version`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.definitions import Achievement, Stack
from shared.events.envelope import Fact, Instant, Message
from shared.requirements.model import Slug


class Endorsement(Message):
    """A partner's EndorsementCredential about a version, as it was uploaded and verified: JSON with an embedded proof, or a JWT.

    `digest` is the SHA-256 of its bytes in hexadecimal, `by` the endorser's id (a DID or an address). `about` is the id of what
    is endorsed: the definition's own, or that of a level as the achievement it is awarded as.
    """

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    by: str
    name: str
    comment: str | None = None
    valid_until: Instant | None = None
    credential: str
    about: Slug | None = None


class Published(Fact):
    """A version and when it counts: for what completes its requirement from `effective_from` (None: since ever) until
    before `teach_out_ends` (None: without end).

    It is announced again, with the next revision, when its `effective_from` arrives, when its teach-out is set, when it is
    retired, and when a partner's endorsement is added or withdrawn. `announced_at` is the catalog's time of saying so: the
    version has come into force if `effective_from` isn't later. `published_at` is when it was first announced. A retired version
    counts for nothing that completes after `teach_out_ends`; what was awarded stays.
    """

    id_: Annotated[Slug, Field(alias="definition_id")]
    version: Annotated[int, Field(ge=1)]
    effective_from: Instant | None = None
    teach_out_ends: Instant | None = None
    retired: bool = False
    announced_at: Instant
    published_at: Instant | None = None
    endorsements: tuple[Endorsement, ...] = ()

    @property
    def subject(self) -> str:
        return f"{self.id_}@{self.version}"

    @property
    def key(self) -> str:
        return self.subject

    @property
    def in_force(self) -> bool:
        return self.effective_from is None or self.effective_from <= self.announced_at


class AchievementPublished(Published):
    TYPE: ClassVar[str] = "cairn.achievement.published.v1"

    definition: Achievement


class StackPublished(Published):
    TYPE: ClassVar[str] = "cairn.stack.published.v1"

    definition: Stack
