"""What a sender is told: where mails go, how, and how many at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from services.notifications.domain.contact import Contact
from services.notifications.domain.delivery import Delivery, Patience
from services.notifications.store import Claim


@dataclass(frozen=True, kw_only=True)
class Post:
    """Where mails go and how. `assessment` is where people reach its pages.

    A lease outlasts a conversation by far; a mail whose lease would be over less than `spare` seconds after the longest
    conversation is given back. A sender has as many in hand as it mails in `in_hand_for` seconds: at least `at_once`, and at
    most `in_hand`. While it has more in hand, outcomes are gathered for `gather_for` seconds and noted together.
    """

    server: tuple[str, int]
    sender: str
    assessment: str
    login: tuple[str, str] | None = field(default=None, repr=False)
    connections: int = 8
    at_once: int = 512
    in_hand: int = 3_000
    in_hand_for: float = 40.0
    timeout: float = 20.0
    lease: timedelta = timedelta(seconds=90)
    spare: float = 5.0
    patience: Patience = field(default_factory=Patience)
    look_every: float = 0.25
    gather_for: float = 0.1
    wake_every: float = 1.0
    leases_every: float = 5.0
    close_after: float = 30.0


@dataclass(frozen=True, slots=True)
class Addressed:
    """A delivery in hand, with whom it goes to."""

    delivery: Delivery
    contact: Contact
    claim: Claim
