"""What becomes of a delivery: the states it passes through, what a mail server's answer means, and how long one is patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """`waiting`: to be sent now. `leased`: a sender has it. `deferred`: to be tried again later. The others are final,
    until an operator asks for a retry: `sent`, `failed` (the server refused it, or patience ended), `not_wanted` (the learner
    does not want to hear of this kind), `no_address` (the contact book had none when it was to be sent) and `not_repeated` (a
    replay found that the learner was told; whether it was mailed nobody knows any more)."""

    WAITING = "waiting"
    LEASED = "leased"
    DEFERRED = "deferred"
    SENT = "sent"
    FAILED = "failed"
    NOT_WANTED = "not_wanted"
    NO_ADDRESS = "no_address"
    NOT_REPEATED = "not_repeated"


FINAL = frozenset({State.SENT, State.FAILED, State.NOT_WANTED, State.NO_ADDRESS, State.NOT_REPEATED})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail to be sent. `data` is what its template is filled with; `attempts` those made so far."""

    id: str
    learner: str
    kind: str
    data: Mapping[str, Any]
    attempts: int
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the mail and answers for it from now on."""

    answer: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server does not take this mail: for good, or (`for_now`) not at the moment."""

    answer: str
    for_now: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """No conversation about this mail came about: the server cannot be reached, or turned the sender itself away."""

    trouble: str


Answer = Accepted | Refusal | Away


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try. The pause doubles from `first` up to `longest`; after `attempts` a delivery has failed.

    As it stands, a mail is tried for a little more than a day.
    """

    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(minutes=15)
    attempts: int = 100

    def pause(self, attempts: int) -> timedelta:
        """After so many attempts, at least one."""
        doubled = self.first * (1 << min(attempts - 1, 32))
        return min(doubled, self.longest)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is noted of a delivery after an attempt. `away` says that only the server was the trouble."""

    state: State
    attempts: int
    answer: str
    next_at: datetime | None = None
    away: bool = False


def outcome(delivery: Delivery, answer: Answer, now: datetime, patience: Patience) -> Outcome:
    attempts = delivery.attempts + 1
    match answer:
        case Accepted(said):
            return Outcome(State.SENT, attempts, said)
        case Refusal(said, for_now=False):
            return Outcome(State.FAILED, attempts, said)
        case Refusal(said) | Away(said):
            away = isinstance(answer, Away)
            if attempts >= patience.attempts:
                return Outcome(State.FAILED, attempts, said, away=away)
            return Outcome(State.DEFERRED, attempts, said, now + patience.pause(attempts), away)


def without_address(answer: str, address: str) -> str:
    """A server's answer as it may be shown to operators: servers like to repeat the address in it."""
    return answer.replace(address, "(address)") if address else answer
