"""What came in, and what of it is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.assessment.progress import Shown
from services.assessment.sources.api import MayRead, MayWrite, Named, registered
from services.assessment.sources.document import Source
from services.assessment.sources.intake import shown
from services.assessment.sources.originals import NotKept, Original, activity_marks, claims_of
from services.assessment.sources.sources import At, Sources
from shared.events.envelope import Instant, LearnerId, rfc3339
from shared.http import Caller, Page, Problem, requires
from shared.http.paging import PagingByTwo

router = APIRouter(tags=["sources"])

MayReadOriginals = Annotated[Caller, Depends(requires("originals:read"))]
Reason = Annotated[str, Field(min_length=3, max_length=300, pattern=r"\S")]


class NameShown(Shown):
    kind: str
    name: str


class HeldShown(Shown):
    """`awaits` is what is missing; `activity` is the unknown one, in the source's words. `names` are the learner's there, for
    those who may read originals.
    """

    id: str
    at: Instant
    awaits: list[Literal["learner", "activity", "report"]]
    activity: str | None = None
    learner: str | None = None
    names: list[NameShown] | None = None


class ActivityHeld(Shown):
    activity: str
    held: int
    since: Instant


class HeldSummary(Shown):
    """How much is held, what for, and since when. One original may wait for several things."""

    held: int
    since: Instant | None
    for_learners: int
    for_activities: int
    for_reports: int
    activities: list[ActivityHeld]


class Discard(BaseModel):
    """Which: those with these `ids`, or those that wait for the unknown `activity`."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[str], Field(max_length=500)] = []
    activity: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_way(self) -> Discard:
        if bool(self.ids) == (self.activity is not None):
            raise ValueError("name either ids or an activity")
        return self


class Discarded(Shown):
    discarded: int


class OriginalShown(Shown):
    """`original` is as it came; `says` are the CloudEvents that followed from it, in order."""

    id: str
    source: str
    at: Instant
    learner: str | None
    awaits: list[str]
    original: Any
    says: list[dict[str, Any]]


KEPT: dict[int | str, dict[str, Any]] = {
    200: {"model": OriginalShown},
    404: {"description": "Nothing with that id ever came, or it was refused or ignored."},
    410: {"description": "It is not kept any more."},
}


@router.get("/sources/{source}/held", responses={404: {}})
async def list_held(source: Named, at: At, caller: MayRead, paging: PagingByTwo) -> Page[HeldShown]:
    """What waits for something that isn't known yet, the oldest first."""
    known = (await registered(at, source)).source
    after = None if paging.after is None else (_time(paging.after[0]), paging.after[1])
    found = await at.originals.held(known, paging.limit + 1, after)
    page = found[: paging.limit]
    texts = await at.originals.read(page) if caller.may("originals:read") else {}
    activities = await at.originals.activities(known, page)
    items = [_held(one, known, texts.get(one["_id"]), activities) for one in page]
    last = (page[-1]["at"].isoformat(), page[-1]["_id"]) if len(found) > len(page) else None
    return paging.page(items, last)


@router.get("/sources/{source}/held/summary", responses={404: {}})
async def summarise_held(source: Named, at: At, caller: MayRead) -> HeldSummary:
    """How much of it there is, and for which activities."""
    return await summary(at, (await registered(at, source)).source)


@router.post("/sources/{source}/held/discard", responses={404: {}})
async def discard_held(source: Named, asked: Discard, at: At, caller: MayWrite) -> Discarded:
    """Give up waiting. They count as refused, for the reason, and may be sent again."""
    known = (await registered(at, source)).source
    found = await at.originals.held_with(known, asked.ids, asked.activity)
    return Discarded(discarded=await at.applying.discard(found, asked.reason))


@router.get("/sources/{source}/originals/{id:path}", responses=KEPT, response_class=Response)
async def read_original(
    source: Named,
    id: Annotated[str, Path(max_length=600, description="its own id, or that of an event that followed from it")],  # noqa: A002
    at: At,
    caller: MayReadOriginals,
) -> Response:
    """What came in under this id, and what followed from it."""
    known = (await registered(at, source)).source
    return _answer(known, await _one(at, known, id))


@router.get("/learners/{learner}/entries/{source}/{id:path}/original", responses=KEPT, response_class=Response)
async def read_original_of_entry(
    learner: Annotated[LearnerId, Path(description="the learner's id")],
    source: Annotated[str, Path(description="the entry's source, or the id under which it is registered")],
    id: Annotated[str, Path(max_length=600, description="the entry's id")],  # noqa: A002 - the path's word
    at: At,
    caller: MayReadOriginals,
) -> Response:
    """What came in, from which an entry follows."""
    slug = await at.registry.speaking_as(source) or source
    known = await at.registry.one(slug)
    if known is None:
        raise Problem(404, detail="No registered source speaks so; what is published directly has no original.")
    found = await _one(at, known.source, id)
    if learner not in {orjson.loads(event.data)["learner"] for event in found.said}:
        raise Problem(404, detail="The learner has no such entry.")
    return _answer(known.source, found)


async def summary(at: Sources, source: Source) -> HeldSummary:
    found = await at.originals.held(source, 100_000)
    kinds: Counter[str] = Counter()
    times_of: dict[str, list[datetime]] = {}
    words = await at.originals.activities(source, found)
    for one in found:
        kinds.update({awaited.partition(":")[0] for awaited in one["awaits"]})
        for mark in activity_marks(one):
            if mark in words:
                times_of.setdefault(words[mark], []).append(one["at"])
    return HeldSummary(
        held=len(found),
        since=found[0]["at"] if found else None,
        for_learners=kinds["learner"],
        for_activities=kinds["activity"],
        for_reports=kinds["report"],
        activities=sorted(
            (ActivityHeld(activity=name, held=len(times), since=min(times)) for name, times in times_of.items()),
            key=lambda one: (-one.held, one.activity),
        ),
    )


async def _one(at: Sources, source: Source, id_: str) -> Original:
    try:
        found = await at.originals.one(source.event_source, id_)
    except NotKept as error:
        raise Problem(410, detail="The original is not kept any more: its time is over, or its learner was erased.") from error
    if found is None:
        raise Problem(404, detail="Nothing with that id is known: it never came, or it was refused or ignored.")
    return found


def _answer(source: Source, found: Original) -> Response:
    body = {
        "id": found.id,
        "source": source.id,
        "at": rfc3339(found.at),
        "learner": found.learner,
        "awaits": [awaited.partition(":")[0] for awaited in found.awaits],
        "original": orjson.Fragment(found.text),
        "says": [shown(event) for event in found.said],
    }
    return Response(orjson.dumps(body), media_type="application/json", headers={"cache-control": "no-store"})


def _held(document: dict[str, Any], source: Source, text: bytes | None, activities: Mapping[str, str]) -> HeldShown:
    return HeldShown(
        id=document["claim"],
        at=document["at"],
        awaits=list(dict.fromkeys(awaited.partition(":")[0] for awaited in document["awaits"])),
        activity=next((activities[mark] for mark in activity_marks(document) if mark in activities), None),
        learner=document["learner"],
        names=None if text is None else [NameShown(kind=n.kind, name=n.value) for c in claims_of(source, text) for n in c.names],
    )


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(400, "The cursor is not valid", "Take it as it came, from `next` of the page before.") from error
