"""What came in and what became of it, per source and day, beside what the stream read of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query

from services.assessment.progress import Shown
from services.assessment.sources.accounts import Day, ReadDay
from services.assessment.sources.answers import Reason
from services.assessment.sources.api import MayRead, Named, registered
from services.assessment.sources.claims import Kind
from services.assessment.sources.document import SPEAKS_AS
from services.assessment.sources.registry import OURS
from services.assessment.sources.sources import At, Sources
from shared.events.envelope import Instant
from shared.http import Problem

router = APIRouter(tags=["sources"])

SPEAKING: Final = {slug: event_source for event_source, slug in OURS.items()}
"""The platform's own, which nobody registers, and their CloudEvents sources."""

LONGEST: Final = timedelta(days=400)
USUALLY: Final = timedelta(days=30)

First = Annotated[date | None, Query(alias="from", description="the first day, in UTC; by default 30 days before the last")]
Last = Annotated[date | None, Query(alias="to", description="the last day, in UTC; by default today")]


class ReadShown(Shown):
    """What the stream read on the day: `repeated` changed nothing, `dead` became dead letters."""

    new: int
    repeated: int
    dead: int


class DayShown(Shown):
    """`received` is the sum of the five. `said` are the events that followed from what was accepted, `read` what the stream
    has read of them: on the day on which it did, which may be another.
    """

    day: date
    received: int
    accepted: int
    held: int
    ignored: int
    refused: int
    duplicated: int
    said: int
    read: ReadShown
    reasons: list[Reason]
    last: Instant | None


class AccountShown(Shown):
    """`source` is None for what nobody is registered as and publishes directly. `totals` are those of all its days."""

    source: str | None
    event_source: str
    days: list[DayShown]


class AccountsShown(Shown):
    first: date
    last: date
    accounts: list[AccountShown]


@router.get("/sources/{source}/accounts", responses={404: {}})
async def read_accounts(source: Named, at: At, caller: MayRead, first: First = None, last: Last = None) -> AccountShown:
    """What came in from a source each day, and what became of it: also from the platform's own. Days on which nothing happened
    are left out.
    """
    event_source = SPEAKING.get(source) or (await registered(at, source)).source.event_source
    begins, ends = _between(first, last)
    days = await at.accounts.days(begins, ends, source)
    read = await at.accounts.readings(begins, ends, event_source)
    return _account(source, event_source, days, read)


@router.get("/accounts")
async def read_all_accounts(at: At, caller: MayRead, first: First = None, last: Last = None) -> AccountsShown:
    """Of all sources, also those that publish to Kafka directly and are registered nowhere."""
    begins, ends = _between(first, last)
    return AccountsShown(first=begins, last=ends, accounts=await accounts(at, begins, ends))


async def accounts(at: Sources, first: date, last: date) -> list[AccountShown]:
    """First those that something came in from through a door, registered or the platform's own; by their names."""
    days: dict[str, list[Day]] = {}
    for day in await at.accounts.days(first, last):
        days.setdefault(day.source, []).append(day)
    read: dict[str, list[ReadDay]] = {}
    for reading in await at.accounts.readings(first, last):
        read.setdefault(reading.source, []).append(reading)
    speaking = {slug: SPEAKING.get(slug, f"{SPEAKS_AS}{slug}") for slug in days}
    speaking |= {registered.source.id: registered.source.event_source for registered in await at.registry.all()}
    known = [
        _account(slug, event_source, days.get(slug, []), read.pop(event_source, []))
        for slug, event_source in sorted(speaking.items())
    ]
    return known + [_account(None, event_source, [], found) for event_source, found in sorted(read.items())]


def _account(source: str | None, event_source: str, days: list[Day], read: list[ReadDay]) -> AccountShown:
    sent = {day.day: day for day in days}
    readings = {reading.day: reading for reading in read}
    return AccountShown(
        source=source,
        event_source=event_source,
        days=[_day(day, sent.get(day, Day("", day)), readings.get(day, ReadDay("", day))) for day in sorted({*sent, *readings})],
    )


def _day(day: date, sent: Day, read: ReadDay) -> DayShown:
    return DayShown(
        day=day,
        received=sent.received,
        accepted=sent.kinds[Kind.ACCEPTED],
        held=sent.kinds[Kind.HELD],
        ignored=sent.kinds[Kind.IGNORED],
        refused=sent.kinds[Kind.REFUSED],
        duplicated=sent.kinds[Kind.DUPLICATED],
        said=sent.said,
        read=ReadShown(new=read.new, repeated=read.repeated, dead=read.dead),
        reasons=[
            Reason(outcome=kind, reason=reason, count=number)
            for (kind, reason), number in sorted(sent.reasons.items(), key=lambda one: (one[0][0].value, -one[1], one[0][1]))
            if number > 0
        ],
        last=sent.last,
    )


def _between(first: date | None, last: date | None) -> tuple[date, date]:
    ends = last or datetime.now(UTC).date()
    try:
        begins = first or ends - USUALLY
        if not timedelta(0) <= ends - begins <= LONGEST:
            raise Problem(422, detail=f"`from` must be at most {LONGEST.days} days before `to`, and not after it.")
    except OverflowError as error:
        raise Problem(422, detail="The calendar has no such day.") from error
    return begins, ends
