"""How a source is: whether anything comes, how much, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from services.assessment.sources.accounts import Day
from services.assessment.sources.answers import DayShown, Health, Reason, Refused, TopicsShown
from services.assessment.sources.claims import Kind
from services.assessment.sources.registry import Registered
from services.assessment.sources.sources import Sources
from services.assessment.sources.topics.listeners import on_topics

State = Literal["paused", "never_heard", "silent", "losing", "waiting", "refusing", "well"]

LATEST: Final = 20
LONG_AGO: Final = timedelta(days=400)


async def health_of(at: Sources, registered: Registered) -> Health:
    now = datetime.now(UTC)
    source = registered.source
    today, yesterday = now.date(), now.date() - timedelta(days=1)
    days = {day.day: day for day in await at.accounts.days(yesterday, today, source.id)}
    last = _last(days.values()) or _last(await at.accounts.days(today - LONG_AGO, yesterday, source.id))
    silent_for = None if last is None else (now - last).total_seconds()
    since = last or registered.made_at
    too_long = None if source.expects_every is None else now - since > source.expects_every
    shown = day_shown(days.get(today) or Day(source.id, today))
    topics = await _topics(at, registered) if on_topics(registered) else None
    read = await at.accounts.readings(yesterday, today, source.event_source)
    dead = sum(day.dead for day in read)
    # What followed today may still be on its way.
    said = days[yesterday].said if yesterday in days else 0
    unread = max(0, said - dead - sum(day.new for day in read))
    return Health(
        source=source.id,
        state=_state(registered, last, too_long, dead + unread, shown, waits=topics is not None and bool(topics.waits_for)),
        last_event=last,
        silent_for=silent_for,
        too_long=too_long,
        last_hour=sum(await at.gate.quotas.last_hour(source.id)),
        dead_letters=dead,
        unread=unread,
        today=shown,
        yesterday=day_shown(days.get(yesterday) or Day(source.id, yesterday)),
        refusals=tuple(
            Refused(at=each["at"], id=each.get("id"), status=each.get("status"), place=each.get("place"), reason=each["reason"])
            for each in (await at.accounts.refusals(source.id))[:LATEST]
        ),
        topics=topics,
    )


async def _topics(at: Sources, registered: Registered) -> TopicsShown:
    slug = registered.source.id
    seen = await at.watch.of(slug)
    waits_for = {one.trouble for one in seen if one.trouble is not None}
    if not seen and not registered.paused:
        waits_for.add("no process is reading its topics")
    return TopicsShown(
        partitions=sum(one.partitions for one in seen),
        waits_for=tuple(sorted(waits_for)),
        unread=await at.unread.number(slug),
    )


def _last(days: Iterable[Day]) -> datetime | None:
    return max((day.last for day in days if day.last is not None), default=None)


def day_shown(day: Day) -> DayShown:
    reasons = sorted(day.reasons.items(), key=lambda each: (-each[1], each[0]))
    return DayShown(
        day=day.day,
        received=day.received,
        accepted=day.kinds[Kind.ACCEPTED],
        held=day.kinds[Kind.HELD],
        ignored=day.kinds[Kind.IGNORED],
        refused=day.kinds[Kind.REFUSED],
        duplicated=day.kinds[Kind.DUPLICATED],
        reasons=tuple(Reason(outcome=kind, reason=said, count=count) for (kind, said), count in reasons if count),
    )


def _state(
    registered: Registered, last: datetime | None, too_long: bool | None, lost: int, today: DayShown, *, waits: bool
) -> State:
    """The worst that can be said of it."""
    if registered.paused:
        return "paused"
    if lost:
        return "losing"
    if waits:
        return "waiting"
    if too_long:
        return "silent"
    if last is None:
        return "never_heard"
    return "refusing" if today.refused * 2 > today.received else "well"
