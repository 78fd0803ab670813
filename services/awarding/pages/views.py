"""What the templates show. They know nothing of stores, rules or credentials: all is put together here beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shared.events.definitions import Achievement, Party

State = Literal["valid", "suspended", "revoked", "expired", "open"]
"""What became of an award; `open` is what has not been awarded."""

Mark = Literal["met", "open", "waived"]


@dataclass(frozen=True)
class Node:
    """One node of a requirement, in the reader's language; `value` is what was reached. Without a mark nobody was measured."""

    says: str
    mark: Mark | None = None
    value: str | None = None
    note: str | None = None
    of: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Part:
    """An award on which another rests, as it is now."""

    id: str
    achievement: str
    version: int
    name: str
    issuer: str
    state: State
    awarded_at: datetime
    valid_until: datetime | None = None


@dataclass(frozen=True)
class Way:
    """The shortest way: names of what to earn, in order."""

    steps: tuple[str, ...]
    credits: Decimal
    estimate: bool


@dataclass(frozen=True)
class LevelView:
    """A level of a stack; `way` is there for the learner who has not reached it."""

    id: str
    name: str
    state: State
    award: str | None = None
    awarded_at: datetime | None = None
    parts: tuple[Part, ...] = ()
    met: int = 0
    of: int = 0
    way: Way | None = None


@dataclass(frozen=True)
class StackView:
    """The lowest level first."""

    id: str
    name: str
    issuer: str
    levels: tuple[LevelView, ...]

    @property
    def states(self) -> list[State]:
        return [level.state for level in self.levels]

    @property
    def reached(self) -> LevelView | None:
        """The highest level that is validly held."""
        return next((level for level in reversed(self.levels) if level.state == "valid"), None)


@dataclass(frozen=True)
class Event:
    """Something that happened to an award."""

    kind: Literal["granted", "renewed", "suspended", "restored", "revoked", "expired", "expiring", "upgraded"]
    at: datetime
    note: str | None = None


@dataclass(frozen=True)
class AwardView:
    """An award with what it means, as far as the reader may see it.

    `holder` is the name of who holds it; None if it isn't shared. `decided` is whether a person awarded it; `ended_by` says
    why it no longer counts: a person's decision, or its requirement.
    """

    id: str
    achievement: str
    version: int
    state: State
    awarded_at: datetime
    status_since: datetime
    valid_until: datetime | None
    definition: Achievement
    did: str
    requirement: Node
    holder: str | None = None
    decided: bool = False
    evidence: bool = True
    ended_by: Literal["decision", "requirement"] | None = None
    stack: StackView | None = None
    history: tuple[Event, ...] = ()
    note: str | None = None

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def issuer(self) -> Party:
        return self.definition.issuer


@dataclass(frozen=True)
class CheckView:
    """One check in the reader's language. `tone` is `note` where a no says nothing against the credential."""

    name: str
    outcome: Literal["yes", "no", "unknown"]
    says: str
    details: tuple[str, ...] = ()
    tone: Literal["yes", "no", "unknown", "note"] = "yes"


@dataclass(frozen=True)
class ResultView:
    """What checking a credential found. `known`: the issuer is confirmed and known here. `name` is what the credential calls
    itself; not all do."""

    verdict: Literal["valid", "invalid", "undecided"]
    checks: tuple[CheckView, ...]
    known: bool = False
    name: str | None = None
    parts: tuple[PartResult, ...] = ()


@dataclass(frozen=True)
class PartResult:
    """A credential within: an endorsement, or one of a record's."""

    what: Literal["credential", "endorsement"]
    name: str
    issuer: str
    verdict: Literal["valid", "invalid", "undecided"]
    checks: tuple[CheckView, ...]
