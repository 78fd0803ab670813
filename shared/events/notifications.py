"""What notifications says on `notifications.identities`, and what it asks itself on `notifications.requests`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.envelope import Fact, LearnerId, Message

Sealed = Annotated[str, Field(min_length=1, max_length=20_000)]
"""A compact JWE that only awarding can open. Inside: {"name": text, "email": text}, each only if the learner shares it."""


class IdentityShared(Fact):
    """What a learner lets their credentials say of who they are, from now on; without `sealed`: nothing (any more)."""

    TYPE: ClassVar[str] = "cairn.identity.shared.v1"

    learner: LearnerId
    sealed: Sealed | None = None

    @property
    def subject(self) -> str:
        return self.learner

    @property
    def key(self) -> str:
        return self.learner


class IdentitySharingRequested(Message):
    """A learner chose what of their identity their credentials say. Sealed before it is put on the way."""

    TYPE: ClassVar[str] = "cairn.notifications.identity-sharing-requested.v1"

    learner: LearnerId
    sealed: Sealed | None = None
