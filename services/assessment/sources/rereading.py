"""What an original says today, beside what was said because of it: what must be said so that it is as if it came today. Pure.

Where it is the same learner's, a correction `<id>~<n>`, with the first `n` under which the source has said nothing itself; where
it is another's, or came about at another time, a retraction and a report; where nothing is left of it, a retraction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import orjson

from services.assessment.domain.archive import AGAIN
from services.assessment.sources.claims import Outcome
from services.assessment.sources.resolving import LONGEST_ID, Awaiting, Ready
from services.assessment.sources.understanding import Found
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Envelope, rfc3339

REASON: Final = "it was read again, by what its source's document says now"


class NoId(Exception):
    """There is none under which it can be said."""


class Change(StrEnum):
    """What reading an original again leads to. `left`: it would not be understood now, or cannot be said otherwise any more;
    what was said stands.
    """

    SAME = "same"
    CORRECTED = "corrected"
    MOVED = "moved"
    RETRACTED = "retracted"
    ADDED = "added"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Standing:
    """A report as it stands. `since` is its place in time: a correction keeps that of what it corrects."""

    event: Envelope
    learner: str
    content: Mapping[str, Any]
    since: datetime


@dataclass(frozen=True, slots=True)
class Reread:
    """`says` are the new events with their learners; `stands` by each claim's id the id under which it stands from now on."""

    change: Change
    says: tuple[tuple[str, Envelope], ...] = ()
    stands: tuple[tuple[str, str], ...] = ()


def standing(said: Sequence[Envelope]) -> tuple[dict[str, Standing], dict[str, Envelope]]:
    """By the ids of claims: the reports that stand, and what was taken back of others."""
    ids = {event.id for event in said}
    reports: dict[str, Standing] = {}
    taken_back: dict[str, Envelope] = {}
    for event in said:
        base = _base(event.id, ids)
        content = orjson.loads(event.data)
        learner = content.pop("learner")
        if event.type == CompletionReported.TYPE:
            corrects = content.pop("corrects", None)
            before = reports.get(base)
            follows = before is not None and corrects == before.event.id
            reports[base] = Standing(event, learner, content, before.since if before is not None and follows else event.time)
        elif content["retracts"] in ids:
            reports.pop(base, None)
        else:
            taken_back[base] = event
    return reports, taken_back


def reread(
    said: Sequence[Envelope],
    today: Found | Outcome,
    now: datetime,
    superseded: Collection[str],
    traceparent: str | None = None,
    *,
    taken: Collection[str] = (),
) -> Reread:
    """`superseded` are the ids of what the source itself has taken back or corrected since: those are left as they are. `taken`
    are ids under which something else was said, or came, than because of this original: nothing new is said under those.
    """
    try:
        return _reread(said, today, superseded, _Saying(said, now, traceparent, taken))
    except NoId:
        return Reread(Change.LEFT)


def _reread(said: Sequence[Envelope], today: Found | Outcome, superseded: Collection[str], saying: _Saying) -> Reread:
    reports, taken_back = standing(said)
    if isinstance(today, Found) and isinstance(today.says, Awaiting):
        return Reread(Change.LEFT)
    changes: set[Change] = set()
    meant: set[str] = set()
    if isinstance(today, Found) and isinstance(today.says, Ready):
        for event in today.says.events:
            meant.add(event.id)
            if event.type == CompletionReported.TYPE:
                changes.add(_report(saying, event, today.says.learner, reports.get(event.id), superseded))
            else:
                changes.add(_taking_back(saying, event, today.says.learner, taken_back.get(event.id)))
    for base, stands in reports.items():
        if base not in meant:
            if stands.event.id in superseded:
                changes.add(Change.LEFT)
            else:
                saying.retract(base, stands)
                changes.add(Change.RETRACTED)
    if taken_back.keys() - meant:
        changes.add(Change.LEFT)
    ranked = [Change.MOVED, Change.CORRECTED, Change.RETRACTED, Change.ADDED, Change.LEFT]
    change = next((one for one in ranked if one in changes), Change.SAME)
    return Reread(change, tuple(saying.says), tuple(saying.stands.items()))


class _Saying:
    """Gives what is said new ids: `<claim's id>~<n>`. Raises NoId."""

    def __init__(self, said: Sequence[Envelope], now: datetime, traceparent: str | None, taken: Collection[str]) -> None:
        self._ids = {event.id for event in said}
        self._taken = taken
        self._source = said[0].source if said else ""
        self._now = now
        self._traceparent = traceparent
        self.says: list[tuple[str, Envelope]] = []
        self.stands: dict[str, str] = {}

    def retract(self, base: str, stands: Standing) -> None:
        data = CompletionRetracted(learner=stands.learner, retracts=stands.event.id, reason=REASON).to_json()
        envelope = Envelope(self._new_id(base), CompletionRetracted.TYPE, self._source, self._now, None, self._traceparent, data)
        self.says.append((stands.learner, envelope))

    def report(self, event: Envelope, learner: str, corrects: Standing | None = None) -> None:
        id_ = self._new_id(event.id) if self._was_said(event.id) else event.id
        self._ids.add(id_)
        data, time = event.data, event.time
        if corrects is not None:
            content = orjson.loads(event.data) | {"corrects": corrects.event.id}
            data, time = CompletionReported.model_validate(content).to_json(), self._now
        self.says.append((learner, replace(event, id=id_, data=data, time=time, traceparent=self._traceparent)))
        self.stands[event.id] = id_

    def is_anothers(self, id_: str) -> bool:
        """Whether another original says it."""
        return id_ in self._taken and not self._was_said(id_)

    def _was_said(self, base: str) -> bool:
        return base in self._ids

    def _new_id(self, base: str) -> str:
        number = 1
        while (id_ := f"{base}~{number}") in self._ids or id_ in self._taken:
            number += 1
        if len(id_) > LONGEST_ID:
            raise NoId(id_)
        self._ids.add(id_)
        return id_


def _report(saying: _Saying, event: Envelope, learner: str, stands: Standing | None, superseded: Collection[str]) -> Change:
    content = orjson.loads(event.data)
    del content["learner"]
    content.pop("corrects", None)
    if stands is None and saying.is_anothers(event.id):
        return Change.LEFT
    if stands is None:
        saying.report(event, learner)
        return Change.ADDED
    if (stands.learner, stands.content, stands.since) == (learner, content, event.time):
        return Change.SAME
    if stands.event.id in superseded:
        return Change.LEFT
    if (stands.learner, stands.since) == (learner, event.time):
        saying.report(event, learner, corrects=stands)
        return Change.CORRECTED
    saying.retract(event.id, stands)
    saying.report(event, learner)
    return Change.MOVED


def _taking_back(saying: _Saying, event: Envelope, learner: str, before: Envelope | None) -> Change:
    if before is None and saying.is_anothers(event.id):
        return Change.LEFT
    if before is None:
        saying.report(event, learner)
        return Change.ADDED
    was, is_ = orjson.loads(before.data), orjson.loads(event.data)
    same = (was["learner"], was["retracts"]) == (is_["learner"], is_["retracts"])
    return Change.SAME if same else Change.LEFT


def _base(id_: str, ids: Collection[str]) -> str:
    """The claim's id, of an event that says it again."""
    stripped = AGAIN.sub("", id_)
    return stripped if stripped in ids else id_


def example(claim: str, said: Sequence[Envelope], again: Reread) -> dict[str, Any]:
    """One change, without the learner: the activity, the time and the result before and after."""
    before = next((one for one in standing(said)[0].values()), None)
    reports = [event for _, event in again.says if event.type == CompletionReported.TYPE]
    return {
        "id": claim,
        "change": again.change.value,
        "before": None if before is None else _briefly(before.event),
        "after": _briefly(reports[-1]) if reports else None,
    }


def _briefly(event: Envelope) -> dict[str, Any]:
    content = orjson.loads(event.data)
    brief = {name: content[name] for name in ("activity", "status", "score") if name in content}
    return {"time": rfc3339(event.time), **brief}
