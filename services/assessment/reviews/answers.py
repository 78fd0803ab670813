"""What the paths about reviews are asked, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.assessment.domain.submissions import Did, Kind, Mark, State
from services.assessment.progress import Shown
from shared.events.envelope import Instant
from shared.events.reviews import Review
from shared.http.grounds import GivenReason
from shared.requirements.model import Slug

LONGEST_TEXT = 20_000
MOST_LINKS = 20


def _web(link: str) -> str:
    """Raises ValueError for what is no address of a page."""
    if not link.startswith(("http://", "https://")) or any(sign.isspace() or ord(sign) < 33 or sign in '<>"\\' for sign in link):
        raise ValueError("a link begins with http:// or https:// and has no spaces, quotes or angle brackets")
    try:
        found = urlsplit(link)
        host, _ = found.hostname, found.port
    except ValueError as error:
        raise ValueError("the link names no host") from error
    if not host or "@" in found.netloc:
        raise ValueError("a link names a host, and nobody's user name or password")
    return link


Link = Annotated[str, Field(max_length=2_000), AfterValidator(_web)]


class Asked(BaseModel):
    """A request's body: a misspelt key is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Begun(Asked):
    """Evidence for the review of an achievement. `prior_learning`: of what was learned before, or elsewhere."""

    achievement: Slug
    review: Slug
    kind: Kind = Kind.WORK


class EvidenceGiven(Asked):
    """All of the evidence but the files. `learned`: where and when, for prior learning. `show_links`: whoever sees the credential
    may see the links."""

    text: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    links: Annotated[tuple[Link, ...], Field(max_length=MOST_LINKS)] = ()
    learned: Annotated[str, Field(max_length=2_000)] = ""
    show_links: bool = False


class Grounds(Asked):
    reason: GivenReason


class PerhapsGrounds(Asked):
    reason: Annotated[str, Field(max_length=2_000)] = ""


class Question(Asked):
    question: GivenReason


class MarkGiven(Asked):
    level: Slug
    comment: Annotated[str, Field(max_length=5_000)] = ""

    def mark(self) -> Mark:
        return Mark(level=self.level, comment=self.comment)


class SheetGiven(Asked):
    """The level of each criterion, by its id; some may be left for later."""

    marks: Annotated[Mapping[Slug, MarkGiven], Field(max_length=50)] = {}
    comment: Annotated[str, Field(max_length=10_000)] = ""

    def noted(self) -> dict[str, Mark]:
        return {criterion: given.mark() for criterion, given in self.marks.items()}


class OfferShown(Shown):
    """A review for which evidence can be handed in."""

    achievement: str
    name: str
    issuer: str
    version: int
    review: Review


class FileShown(Shown):
    id: str
    name: str
    type: Annotated[str, Field(description="what the content shows it to be")]
    size: Annotated[int, Field(description="in bytes")]
    digest: Annotated[str, Field(description="SHA-256 in hexadecimal")]


class EvidenceShown(Shown):
    text: str
    links: tuple[str, ...]
    learned: str
    show_links: bool
    files: tuple[FileShown, ...]


class SheetShown(Shown):
    marks: Mapping[str, Mark]
    comment: str


class SeatShown(Shown):
    """`rules`: they saw what the others found, and decide alone."""

    assessor: str
    until: Instant
    done_at: Instant | None
    rules: bool
    sheet: Annotated[SheetShown | None, Field(description="null: not to be seen before one has judged oneself")]


class VerdictShown(Shown):
    """`corrects` is the number of the verdict that this one replaces. Who judged is shown to staff only."""

    number: int
    at: Instant
    passed: bool
    share: Decimal
    sheet: SheetShown
    corrects: int | None
    assessor: str | None


Role = Literal["learner", "submitter", "assessor", "service"]


class StepShown(Shown):
    """`by` is shown to staff only, for what staff did."""

    at: Instant
    did: Did
    role: Role
    by: str | None
    note: str


class SubmissionShown(Shown):
    id: str
    learner: str
    achievement: str
    review: str
    version: int
    kind: Kind
    attempt: int
    state: State
    handed_in_at: Instant | None
    waits_since: Instant | None
    due: Annotated[Instant | None, Field(description="from when on it has waited for too long")]
    evidence: EvidenceShown
    verdicts: tuple[VerdictShown, ...]
    history: tuple[StepShown, ...]
    seats: Annotated[tuple[SeatShown, ...] | None, Field(description="null: not for who hands in")]
    free: Annotated[int | None, Field(description="how many assessors may still take it")]


class QueuedShown(Shown):
    """`mine`: the caller has taken it. `free`: how many assessors may still take it; `barred`: why the caller can't."""

    id: str
    achievement: str
    name: str
    review: str
    issuer: str
    kind: Kind
    attempt: int
    state: State
    waits_since: Instant | None
    due: Instant | None
    overdue: bool
    appealed: bool
    free: int
    mine: bool
    barred: str | None


class WaitingShown(Shown):
    """How many of an issuer's submissions wait for assessors."""

    issuer: str
    waiting: int
    oldest: Instant
    overdue: int
