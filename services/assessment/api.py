"""HTTP in: what a learner has shown, and decisions of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, FastAPI, Path, Query

from services.assessment import publishing
from services.assessment.answers import (
    Accepted,
    DecisionShown,
    EntryShown,
    Erasure,
    PartShown,
    Substitution,
    SweepShown,
    SweepsShown,
    VerdictShown,
    VersionShown,
    Waiver,
)
from services.assessment.desk import NAME, At, Desk
from services.assessment.domain.attempts import Archive
from services.assessment.domain.entries import Entry, Retraction
from services.assessment.domain.record import Record
from services.assessment.domain.rules import AchievementRule
from services.assessment.pages import sources_routes
from services.assessment.progress import Progress, progress
from services.assessment.reviews import assessing, submitting
from services.assessment.reviews.office import Office
from services.assessment.sources.doors import proofs, xapi
from services.assessment.sources.files import api as files
from services.assessment.sources.routers import ROUTERS
from services.assessment.sources.sources import Sources
from shared.events.assessment import DecisionWithdrawn, ErasureRequested, LeafSubstituted, LeafWaived
from shared.events.envelope import LearnerId
from shared.http import Caller, Page, Paging, Problem, Tokens, create_app, may_see_learner, requires
from shared.http.grounds import GivenReason
from shared.http.health import Check
from shared.http.paging import PagingByThree
from shared.operations import api as operating
from shared.requirements.model import ENTRY_LEAVES, Slug, WeightedMean
from shared.requirements.tree import joined, walk

__all__ = ["NAME", "Desk", "app_of"]

SAYS: Final = "Completions in; what learners have shown, and whether it meets what achievements require of activities."

Learner = Annotated[LearnerId, Path(description="the learner's id")]

learners = APIRouter(tags=["learners"])
decisions = APIRouter(tags=["decisions"])
operations = APIRouter(tags=["operations"])


def app_of(
    ready: Check,
    tokens: Tokens | None = None,
    desk: Desk | None = None,
    sources: Sources | None = None,
    reviews: Office | None = None,
) -> FastAPI:
    """The HTTP side alone; without a desk only its document can be read, without sources nothing comes in from them, and
    without reviews nothing is handed in."""
    routers = (
        publishing.router,
        learners,
        decisions,
        operations,
        operating.router,
        *ROUTERS,
        submitting.router,
        assessing.router,
    )
    larger = {**submitting.LARGER, **files.LARGER, **proofs.LARGER, **sources_routes.LARGER}
    app = create_app(NAME, routers=routers, ready=ready, tokens=tokens, says=SAYS, larger=larger)
    app.add_middleware(xapi.Versioned)
    app.state.desk = desk
    app.state.sources = sources
    app.state.reviews = reviews
    return app


@learners.get("/learners/{learner}/entries", dependencies=[Depends(may_see_learner("entries:read"))])
async def read_entries(learner: Learner, at: At, paging: PagingByThree) -> Page[EntryShown]:
    """All that was ever reported about a learner, in the order of its source times."""
    record = await at.shelves.record(learner)
    kept: list[Entry | Retraction] = sorted((*record.entries.values(), *record.retractions.values()), key=_position)
    if (after := paging.after) is not None:
        kept = [entry for entry in kept if _position(entry) > after]
    page, rest = kept[: paging.limit], kept[paging.limit :]
    counting = _counting(record, page)
    documents = await at.shelves.entries(learner, [entry.key for entry in page])
    items = [
        EntryShown(
            id=document["id"],
            source=document["source"],
            type=document["type"],
            time=datetime.fromisoformat(document["time"]),
            counts=(document["source"], document["id"]) in counting,
            data={name: value for name, value in orjson.loads(document["data"]).items() if name != "learner"},
        )
        for document in documents
    ]
    return paging.page(items, _position(page[-1]) if rest else None)


def _position(entry: Entry | Retraction) -> tuple[str, str, str]:
    return entry.time.isoformat(timespec="microseconds"), entry.id, entry.source


def _counting(record: Record, entries: list[Entry | Retraction]) -> set[tuple[str, str]]:
    """Of these, the ones that count. Retractions, and reports without a result, do unless something is named."""
    archive = Archive(record)
    return {entry.key for entry in entries if isinstance(entry, Retraction) or archive.counts(entry)}


@learners.get("/learners/{learner}/verdicts", dependencies=[Depends(may_see_learner("verdicts:read"))])
async def read_verdicts(learner: Learner, at: At, paging: Paging) -> Page[VerdictShown]:
    """What was said of each achievement that the learner ever met a part of, by its id."""
    record = await at.shelves.record(learner)
    ids = sorted(id_ for id_ in record.said if paging.after is None or id_ > paging.after)
    page = ids[: paging.limit]
    return paging.page([_verdict(record, id_) for id_ in page], page[-1] if len(ids) > len(page) else None)


def _verdict(record: Record, achievement: str) -> VerdictShown:
    said = record.said[achievement]
    versions: dict[int, list[PartShown]] = {}
    for (version, path), part in sorted(said.parts.items()):
        versions.setdefault(version, []).append(PartShown(path=path, since=part.since, again=part.again))
    return VerdictShown(
        achievement=achievement,
        revision=said.revision,
        met=said.met,
        versions=tuple(VersionShown(version=version, parts=tuple(parts)) for version, parts in versions.items()),
    )


@learners.get("/learners/{learner}/achievements/{achievement}", dependencies=[Depends(may_see_learner("verdicts:read"))])
async def read_progress(learner: Learner, achievement: Slug, at: At) -> Progress:
    """The requirement in each version: what is met by what, and what is still open."""
    rule = _rule(at, achievement)
    return progress(await at.shelves.record(learner), rule, at.rulebook.name)


def _rule(at: Desk, achievement: str) -> AchievementRule:
    rule = at.rulebook.rules.achievements.get(achievement)
    if rule is None:
        raise Problem(404, detail=f"No achievement {achievement} has been published.")
    return rule


MayDecide = Annotated[Caller, Depends(requires("decisions:write"))]


@decisions.post("/learners/{learner}/achievements/{achievement}/waivers", status_code=202)
async def waive_leaf(learner: Learner, achievement: Slug, waiver: Waiver, at: At, caller: MayDecide) -> Accepted:
    """The learner need not show what the path names. It counts as met from now on."""
    _node_at(at, achievement, waiver.version, waiver.path)
    said = LeafWaived(
        learner=learner,
        achievement=achievement,
        version=waiver.version,
        path=waiver.path,
        reason=waiver.reason,
        decided_by=caller.subject,
    )
    return Accepted(id=await at.ask(said, learner))


@decisions.post("/learners/{learner}/achievements/{achievement}/substitutions", status_code=202)
async def substitute_leaf(learner: Learner, achievement: Slug, asked: Substitution, at: At, caller: MayDecide) -> Accepted:
    """Another activity counts for the learner as well, at the leaf that the path names."""
    if not _node_at(at, achievement, asked.version, asked.path):
        raise _invalid("path", "Only a leaf about an activity can have a substitute; in a weighted mean, one of its activities.")
    said = LeafSubstituted(
        learner=learner,
        achievement=achievement,
        version=asked.version,
        path=asked.path,
        activity=asked.activity,
        reason=asked.reason,
        decided_by=caller.subject,
    )
    return Accepted(id=await at.ask(said, learner))


def _node_at(at: Desk, achievement: str, number: int, path: str) -> bool:
    """Whether an activity can stand in there. Raises a problem when there is no such node, or the version is over."""
    version = _rule(at, achievement).version(number)
    if version is None:
        raise _invalid("version", f"{achievement} has no version {number}.")
    if version.teach_out_ends is not None and version.teach_out_ends <= datetime.now(UTC):
        raise _invalid("version", f"The teach-out of version {number} is over: nothing can be met in it any more.")
    activities: dict[str, bool] = {}
    for found, node in walk(version.requirement):
        mean = isinstance(node, WeightedMean)
        activities[found] = isinstance(node, ENTRY_LEAVES) and not mean
        if isinstance(node, WeightedMean):
            activities |= {joined(found, f"of/{i}"): True for i in range(len(node.of))}
    if path not in activities:
        raise _invalid("path", f"The requirement of version {number} has nothing there; it has: {', '.join(activities)[:500]}")
    return activities[path]


def _invalid(place: str, message: str) -> Problem:
    return Problem(422, "The request is not valid", message, errors=[{"place": f"body.{place}", "message": message}])


@decisions.delete("/learners/{learner}/decisions/{decision}", status_code=202)
async def withdraw_decision(
    learner: Learner, decision: str, at: At, caller: MayDecide, reason: Annotated[GivenReason, Query()]
) -> Accepted:
    """A waiver or substitution counts no longer, from now on. It may be one that is still on its way."""
    said = DecisionWithdrawn(learner=learner, decision=decision, reason=reason, decided_by=caller.subject)
    return Accepted(id=await at.ask(said, learner))


@decisions.post("/learners/{learner}/erasure", status_code=202)
async def erase_learner(learner: Learner, erasure: Erasure, at: At, caller: MayDecide) -> Accepted:
    """Every service forgets the learner, but for what the institution must keep."""
    said = ErasureRequested(learner=learner, reason=erasure.reason, decided_by=caller.subject)
    return Accepted(id=await at.ask(said, learner))


@decisions.get("/learners/{learner}/decisions", dependencies=[Depends(requires("decisions:write"))])
async def read_decisions(learner: Learner, at: At) -> list[DecisionShown]:
    """Waivers, substitutions and withdrawals about a learner, in order."""
    record = await at.shelves.record(learner)
    times = {one.id: one.time for one in record.decisions.values()} | {one.id: one.time for one in record.withdrawals.values()}
    documents = await at.shelves.decisions(sorted(times, key=lambda id_: (times[id_], id_)))
    return [_decision(document, record) for document in documents]


@decisions.get("/decisions/{decision}", dependencies=[Depends(requires("decisions:write"))])
async def read_decision(decision: str, at: At) -> DecisionShown:
    """A decision by the id of its request. One that is still on its way, or was refused, is not found."""
    documents = await at.shelves.decisions([decision])
    if not documents:
        raise Problem(404, detail="No such decision has been applied. One that was just asked for is applied within a second.")
    (document,) = documents
    learner = document.get("learner")
    return _decision(document, await at.shelves.record(learner) if learner is not None else None)


def _decision(document: Mapping[str, Any], record: Record | None) -> DecisionShown:
    ended = record.ended() if record is not None else {}
    lasting = document["kind"] in ("waiver", "substitution")
    state = "done" if not lasting else "withdrawn" if document["_id"] in ended else "in_force"
    return DecisionShown.model_validate({**document, "id": document["_id"], "state": state})


@operations.get("/sweeps", dependencies=[Depends(requires("operations:read"))])
async def read_sweeps(at: At) -> SweepsShown:
    """How far everybody has been looked at again after something was published."""
    return SweepsShown(
        sweeps=tuple(SweepShown(partition=one.partition, done=one.done, total=one.total) for one in await at.shelves.sweeps())
    )
