"""What came in from all sources in a period, and what became of it, so that it adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.assessment.pages.frame import In, _, desk_page
from services.assessment.pages.sources_frame import Looking
from services.assessment.sources.accounts_api import LONGEST, USUALLY, DayShown, accounts
from services.assessment.sources.claims import Kind
from services.assessment.sources.sources import At

router = APIRouter(include_in_schema=False)

DONE_WITH: Final = (
    (Kind.ACCEPTED, _("Accepted")),
    (Kind.HELD, _("Held")),
    (Kind.IGNORED, _("Ignored")),
    (Kind.REFUSED, _("Refused")),
    (Kind.DUPLICATED, _("Duplicated")),
)
"""What becomes of what comes in, in the order of the columns."""

DAYS: Final = _("Days are those of receipt, in UTC. What was received is the sum of the five columns that follow.")
BY_HAND: Final = 10
"""Characters of a date as browsers send it."""


@dataclass
class Sum:
    """Of several days. `said` are events that followed from what was accepted; of these the stream has read `read`, and `dead`
    became dead letters. What it read once more is `repeated`, and makes up for none that it never read.
    """

    kinds: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    reasons: dict[tuple[Kind, str], int] = field(default_factory=dict)
    said: int = 0
    read: int = 0
    repeated: int = 0
    dead: int = 0

    @property
    def received(self) -> int:
        return sum(self.kinds.values())

    @property
    def missing(self) -> int:
        """Events that the stream has yet to read."""
        return max(0, self.said - self.read - self.dead)

    @property
    def why(self) -> list[tuple[Kind, str, int]]:
        """Why originals were held, ignored or refused, the most frequent first."""
        ordered = sorted(self.reasons.items(), key=lambda one: (-one[1], one[0]))
        return [(kind, reason, number) for (kind, reason), number in ordered]

    def add(self, day: DayShown) -> None:
        for kind in Kind:
            self.kinds[kind] += getattr(day, kind.value)
        for one in day.reasons:
            self.reasons[one.outcome, one.reason] = self.reasons.get((one.outcome, one.reason), 0) + one.count
        self.said += day.said
        self.read += day.read.new
        self.repeated += day.read.repeated
        self.dead += day.read.dead


def summed(days: Iterable[DayShown]) -> Sum:
    found = Sum()
    for day in days:
        found.add(day)
    return found


def between(first: date | None, last: date | None) -> tuple[date, date]:
    """A period that can be shown: never longer than the accounts' longest, and its ends in order."""
    ends = last or datetime.now(UTC).date()
    begins = first or (ends - USUALLY if ends > date.min + USUALLY else date.min)
    begins, ends = min(begins, ends), max(begins, ends)
    return max(begins, ends - LONGEST) if ends > date.min + LONGEST else begins, ends


def _day(text: str | None) -> date | None:
    """What a field for a date says; nothing if it is no date."""
    try:
        return date.fromisoformat(text) if text and len(text) == BY_HAND else None
    except ValueError:
        return None


@router.get("/desk/accounts")
async def show_accounts(
    request: Request,
    caller: Looking,
    at: At,
    pages: In,
    first: Annotated[str | None, Query(alias="from", max_length=50)] = None,
    last: Annotated[str | None, Query(alias="to", max_length=50)] = None,
) -> Response:
    begins, ends = between(_day(first), _day(last))
    found = await accounts(at, begins, ends)
    known = {one.source.id: one.source.name for one in await at.registry.all()}
    names = [known.get(one.source or "") for one in found]
    today = datetime.now(UTC).date()
    return desk_page(
        request,
        pages,
        caller,
        "desk/sources/accounts.html",
        first=begins,
        last=ends,
        rows=[{"account": one, "name": name, "sum": summed(one.days)} for one, name in zip(found, names, strict=True)],
        total=summed(day for one in found for day in one.days),
        outcomes=[(name, pages.text(request, says)) for name, says in DONE_WITH],
        counted=pages.text(request, DAYS),
        periods=[
            (pages.text(request, says), today - timedelta(days=days - 1), today)
            for days, says in ((1, _("Today")), (7, _("7 days")), (30, _("30 days")), (365, _("A year")))
        ],
    )
