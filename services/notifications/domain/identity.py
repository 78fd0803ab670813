"""What of who they are a learner lets their credentials say: chosen here, sealed before it is put on the way."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from services.notifications.domain.contact import Contact
from services.notifications.domain.names import Names
from services.notifications.domain.telling import Shown, Told
from shared.decisions import Decided, Event
from shared.events.envelope import Cause
from shared.events.notifications import IdentityShared, IdentitySharingRequested


class Choice(BaseModel):
    """What a learner's credentials say: their name as it is, their address as a hash that one can only compare with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: bool = False
    email: bool = False

    @property
    def something(self) -> bool:
        return self.name or self.email


class NothingToShare(ValueError):
    """The contact book lacks what is to be shared. The text says what."""


def inside(contact: Contact, choice: Choice) -> dict[str, str]:
    """What is to be sealed: `name` and `email`, each only if it was chosen and the contact book has it."""
    said = {"name": contact.name if choice.name else None, "email": contact.address if choice.email else None}
    return {member: value for member, value in said.items() if value}


def identity_sharing_requested(told: Told, event: Event[IdentitySharingRequested], names: Names) -> Decided[Told]:
    """The request made last counts; of those made at the same time that with the greater id. Withdrawing nothing says nothing."""
    known, asked = told.identity or Shown(), (event.time, event.id)
    forgotten = told.erased is not None and event.time <= told.erased
    if forgotten or (known.asked is not None and asked <= known.asked):
        return Decided(told)
    sealed = event.data.sealed
    if sealed is None and not known.shared:
        return Decided(replace(told, identity=replace(known, asked=asked)))
    after = Shown(known.revision + 1, shared=sealed is not None, asked=asked)
    fact = IdentityShared(
        revision=after.revision,
        cause=Cause(kind="decision", id=event.id, source=event.source, time=event.time),
        learner=told.learner,
        sealed=sealed,
    )
    return Decided(replace(told, identity=after), (fact,))
