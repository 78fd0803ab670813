"""What is kept of evidence that was handed in for a review, and of how it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field


class Kept(BaseModel):
    """An immutable value that is kept as JSON."""

    model_config = ConfigDict(frozen=True)

    def but(self, **changes: object) -> Self:
        """The same but for these."""
        return self.model_copy(update=changes)


class State(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"
    """It was handed in, and people are to judge it."""
    ASKED = "asked"
    """An assessor asked for more."""
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    WORK = "work"
    PRIOR_LEARNING = "prior_learning"
    """What was learned before or elsewhere is to be recognised."""


class Did(StrEnum):
    """What can happen to a submission."""

    BEGUN = "begun"
    HANDED_IN = "handed_in"
    TAKEN = "taken"
    GIVEN_BACK = "given_back"
    LAPSED = "lapsed"
    """An assessor had it for so long without judging that others may take it."""
    CONFLICT = "conflict"
    ASKED = "asked"
    CALLED = "called"
    JUDGED = "judged"
    DECIDED = "decided"
    APPEALED = "appealed"
    WITHDRAWN = "withdrawn"
    NOT_PUBLISHED = "not_published"


class File(Kept):
    """`type` is what the content showed it to be, `digest` its SHA-256 in hexadecimal, `size` in bytes."""

    id: str
    name: str
    type: str
    size: int
    digest: str


class Evidence(Kept):
    """`learned` says where and when something was learned before. `show_links`: the credential may show the links to anybody."""

    text: str = ""
    links: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    learned: str = ""
    show_links: bool = False


class Mark(Kept):
    """The level that an assessor found, by its id, and what they say about it."""

    level: str
    comment: str = ""


class Sheet(Kept):
    """What one assessor found: a mark for each criterion, by its id. `comment` is about the whole."""

    marks: Mapping[str, Mark] = {}
    comment: str = ""

    @property
    def levels(self) -> dict[str, str]:
        return {criterion: mark.level for criterion, mark in self.marks.items()}


class Seat(Kept):
    """An assessor who has taken the submission, until `until` unless they judge it before. `done_at` is when they did.

    `rules`: they see what the others found and decide alone.
    """

    assessor: str
    until: datetime
    sheet: Sheet = Sheet()
    done_at: datetime | None = None
    rules: bool = False

    def is_held(self, at: datetime) -> bool:
        return self.done_at is not None or self.until > at


class Step(Kept):
    """`inner`: the note is kept from a second assessor until they have judged, and from the learner."""

    at: datetime
    by: str
    did: Did
    note: str = ""
    inner: bool = False


class Verdict(Kept):
    """`sheet` is the one that counts, by `assessor`. `corrects` is the number of the verdict that this one replaces."""

    number: int
    at: datetime
    passed: bool
    share: Decimal
    assessor: str
    sheet: Sheet
    corrects: int | None = None


class Saying(Kept):
    """A fact about a submission that is still to be published: its type, its data as JSON, and the trace that it is part of."""

    type: str
    data: str
    traceparent: str | None = None


class Submission(Kept):
    """Evidence of one learner for one review, and all that became of it.

    `attempt` counts a learner's submissions for a review. `version` is that of the achievement whose rubric counts; it no longer
    changes once it was handed in. `waits_since` is when it was last handed in or appealed against. `seats` are those of this
    round, in the order in which they were taken; `former` those of the rounds before, each ended by a verdict that somebody
    appealed against. `called`: a second assessor was asked for. `told` is how many of the verdicts have been published. `said`
    is how many facts have been made of it, `sayings` those of them that are still to be published, in their order.
    """

    id: str
    learner: str
    achievement: str
    review: str
    version: int
    kind: Kind = Kind.WORK
    attempt: Annotated[int, Field(ge=1)] = 1
    submitted_by: str
    state: State = State.DRAFT
    evidence: Evidence = Evidence()
    handed_in_at: datetime | None = None
    waits_since: datetime | None = None
    seats: tuple[Seat, ...] = ()
    former: tuple[Seat, ...] = ()
    called: bool = False
    appealed: bool = False
    conflicts: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    history: tuple[Step, ...] = ()
    told: int = 0
    said: int = 0
    sayings: tuple[Saying, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The one that counts."""
        return self.verdicts[-1] if self.verdicts else None

    @property
    def is_open(self) -> bool:
        """Whether something may still become of it without an appeal."""
        return self.state in (State.DRAFT, State.WAITING, State.ASKED)

    def seat_of(self, assessor: str) -> Seat | None:
        """In this round."""
        return next((seat for seat in self.seats if seat.assessor == assessor), None)

    def with_seat(self, changed: Seat) -> Self:
        return self.but(seats=tuple(changed if seat.assessor == changed.assessor else seat for seat in self.seats))
