"""HTTP in: what learners hold and why, how far they are, and awards and revocations by people."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request

from services.awarding.answers import (
    Accepted,
    AchievementShown,
    AwardAsked,
    AwardShown,
    AwardWithHistory,
    OneStepAway,
    RevocationAsked,
    StackShown,
    SweepShown,
    SweepsShown,
    award_shown,
    fact_shown,
    way_shown,
)
from services.awarding.checking import api as checking
from services.awarding.credentials import public
from services.awarding.credentials.api import add_credentials
from services.awarding.domain.reasons import reason_of
from services.awarding.domain.rules import Rule, Rules
from services.awarding.domain.ways import Outlook
from services.awarding.outlooks import one_step_away, stacks_shown
from services.awarding.rulebook import Rulebook
from services.awarding.sharing import api as sharing
from services.awarding.store import Shelves
from shared.events.awarding import AwardRequested, AwardStatus, Reason, RevocationRequested
from shared.events.definitions import level_achievement
from shared.events.envelope import LearnerId, Message
from shared.http import Caller, Page, Paging, Problem, Tokens, create_app, may_see_learner, requires, signing_in
from shared.http.auth import Authenticated, forbidden
from shared.http.health import Check
from shared.http.paging import PagingByTwo
from shared.kafka import Publisher
from shared.mongo import Document
from shared.operations import api as operating
from shared.requests import request_of
from shared.requirements.model import Slug
from shared.topics import REQUESTS, Topic

NAME: Final = "awarding"
SAYS: Final = "What learners hold and why, how far they have come in stacks, and the shortest way on."
EXAMINED_AT_ONCE: Final = 200
"""How many learners are looked at for one page of those who are one step away."""

Learner = Annotated[LearnerId, Path(description="the learner's id")]
AwardId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="the award's public id")]


@dataclass(frozen=True)
class Desk:
    """What the paths work on; the app carries it as `app.state.desk`."""

    shelves: Shelves
    rulebook: Rulebook
    publisher: Publisher
    requests: Topic = REQUESTS[NAME]

    async def ask(self, message: Message, learner: str) -> Accepted:
        """Put a request on the way to the learner's stream."""
        envelope = request_of(NAME, message)
        await self.publisher.publish(self.requests.name, learner, envelope)
        return Accepted(id=envelope.id)


def desk(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


At = Annotated[Desk, Depends(desk)]
MayAward = Annotated[Caller, Depends(requires("awards:write"))]

learners = APIRouter(tags=["learners"])
awards = APIRouter(tags=["awards"])
advisers = APIRouter(tags=["advisers"])
operations = APIRouter(tags=["operations"])


def app_of(ready: Check, tokens: Tokens | None = None, desk: Desk | None = None) -> FastAPI:
    """The HTTP side alone; without a desk only its document can be read."""
    app = create_app(
        NAME,
        routers=(learners, awards, advisers, operations, operating.router, sharing.router, checking.router, signing_in.router),
        ready=ready,
        tokens=tokens,
        says=SAYS,
        larger=checking.LARGER,
        open_to_all=(*checking.router.routes, *public.router.routes, *public.profiles.routes),
    )
    add_credentials(app)
    app.state.desk = desk
    return app


@learners.get("/learners/{learner}/awards", dependencies=[Depends(may_see_learner("awards:read"))])
async def read_awards_of_learner(learner: Learner, at: At, paging: PagingByTwo) -> Page[AwardShown]:
    """All awards of a learner in whatever status, the oldest first."""
    found = await at.shelves.awards_of(learner)
    if (after := paging.after) is not None:
        found = [award for award in found if (award["awarded_at"], award["_id"]) > after]
    page = found[: paging.limit]
    rest = (page[-1]["awarded_at"], page[-1]["_id"]) if len(found) > len(page) else None
    return paging.page([_award(at, document) for document in page], rest)


@learners.get("/learners/{learner}/stacks", dependencies=[Depends(may_see_learner("awards:read"))])
async def read_stacks_of_learner(
    learner: Learner, at: At, stack: Annotated[Slug | None, Query(description="only this one, begun or not")] = None
) -> Page[StackShown]:
    """The stacks that a learner has begun: where they stand, each level's progress, and the shortest way to it."""
    rules = at.rulebook.rules
    if stack is not None and stack not in rules.levels:
        raise _unknown("stack", stack)
    record = await at.shelves.record(learner)
    chosen = sorted(id_ for id_ in record.stacks if id_ in rules.levels) if stack is None else [stack]
    return Page(items=await asyncio.to_thread(stacks_shown, record, rules, chosen, datetime.now(UTC)))


@learners.get("/learners/{learner}/achievements/{achievement}", dependencies=[Depends(may_see_learner("awards:read"))])
async def read_achievement_of_learner(learner: Learner, achievement: Slug, at: At) -> AchievementShown:
    """Why the learner holds an achievement (or a level, `<stack>.<level>`), or why not yet and the shortest way there."""
    rules = at.rulebook.rules
    rule = _rule(rules, achievement)
    record = await at.shelves.record(learner)
    outlook = Outlook(record, rules, datetime.now(UTC))
    version, finding = outlook.finding(achievement)
    line = record.lines.get(achievement, ())
    award = await at.shelves.award(line[-1].id) if line else None
    return AchievementShown(
        learner=learner,
        achievement=achievement,
        name=rule.newest.definition.name,
        version=version.number,
        award=None if award is None else _award(at, award),
        reason=None if award is None else await _reason(at, award),
        requirement=reason_of(version, finding, rules),
        way=way_shown(await asyncio.to_thread(outlook.way_to, achievement)),
    )


@awards.get("/awards/{award}")
async def read_award(award: AwardId, at: At, caller: Authenticated) -> AwardWithHistory:
    """An award with all that was said about it, and why; for the learner who holds it, too."""
    document = await at.shelves.award(award)
    if not caller.may_see("" if document is None else document["learner"], "awards:read"):
        raise forbidden("awards:read", "This needs the scope awards:read; with self:read a learner sees their own.")
    if document is None:
        raise _no_such_award()
    facts = await at.shelves.facts(document["learner"], award)
    return AwardWithHistory(**dict(_award(at, document)), history=tuple(fact_shown(fact) for fact in facts))


@awards.get("/achievements/{achievement}/awards", dependencies=[Depends(requires("awards:read"))])
async def read_awards_of_achievement(
    achievement: Slug, at: At, paging: Paging, status: AwardStatus | None = None
) -> Page[AwardShown]:
    """All awards of an achievement, by their ids."""
    _rule(at.rulebook.rules, achievement)
    found = await at.shelves.awards_for(achievement, status and status.value, paging.after, paging.limit + 1)
    page = found[: paging.limit]
    return paging.page([_award(at, document) for document in page], page[-1]["_id"] if len(found) > len(page) else None)


@awards.post("/awards", status_code=202, responses={404: {"description": "No such achievement has been published."}})
async def request_award(asked: AwardAsked, at: At, caller: MayAward) -> Accepted:
    """A person awards an achievement, whatever its requirement says. It is held until a person revokes it, or it expires."""
    rule = _rule(at.rulebook.rules, asked.achievement)
    if asked.version is not None and asked.version not in rule.by_number:
        message = f"{asked.achievement} has the versions {', '.join(map(str, rule.by_number))}."
        raise Problem(422, "The request is not valid", message, errors=[{"place": "body.version", "message": message}])
    said = AwardRequested(
        learner=asked.learner,
        achievement=asked.achievement,
        version=asked.version,
        reason=asked.reason,
        decided_by=caller.subject,
    )
    return await at.ask(said, asked.learner)


@awards.post("/awards/{award}/revocation", status_code=202, responses={409: {"description": "It is revoked already."}})
async def request_revocation(award: AwardId, asked: RevocationAsked, at: At, caller: MayAward) -> Accepted:
    """A person revokes an award. Meeting the requirement does not bring it back; only a person awards it anew."""
    document = await _known(at, award)
    if document["status"] == AwardStatus.REVOKED.value:
        raise Problem(409, "The award is revoked already", "To award the achievement anew, post to /awards.")
    said = RevocationRequested(
        learner=document["learner"],
        achievement=document["achievement"],
        award=award,
        reason=asked.reason,
        decided_by=caller.subject,
    )
    return await at.ask(said, document["learner"])


@advisers.get("/stacks/{stack}/levels/{level}/one-step-away", dependencies=[Depends(requires("awards:read"))])
async def read_one_step_away(stack: Slug, level: Slug, at: At, paging: Paging) -> Page[OneStepAway]:
    """Learners who lack a single achievement to reach the level, by their ids. A page may be short and yet have a next one."""
    rules = at.rulebook.rules
    if stack not in rules.levels:
        raise _unknown("stack", stack)
    target = level_achievement(stack, level)
    _rule(rules, target)
    begun = await at.shelves.begun(stack, paging.after, EXAMINED_AT_ONCE)
    records = await at.shelves.records(begun)
    found = await asyncio.to_thread(one_step_away, records, rules, target, datetime.now(UTC), paging.limit)
    if len(found) == paging.limit:
        return paging.page(found, found[-1].learner)
    return paging.page(found, begun[-1] if len(begun) == EXAMINED_AT_ONCE else None)


@operations.get("/sweeps", dependencies=[Depends(requires("operations:read"))])
async def read_sweeps(at: At) -> SweepsShown:
    """How far everybody has been looked at again after something was published."""
    running = await at.shelves.sweeps()
    return SweepsShown(sweeps=tuple(SweepShown(partition=one.partition, done=one.done, total=one.total) for one in running))


def _award(at: Desk, document: Document) -> AwardShown:
    return award_shown(document, at.rulebook.rules.name_of("achievement", document["achievement"]))


async def _known(at: Desk, award: str) -> Document:
    document = await at.shelves.award(award)
    if document is None:
        raise _no_such_award()
    return document


def _no_such_award() -> Problem:
    return Problem(404, detail="There is no such award.")


async def _reason(at: Desk, award: Document) -> Reason | None:
    """The last reason that was given for the award's status."""
    facts = await at.shelves.facts(award["learner"], award["_id"])
    found = next((fact["data"]["reason"] for fact in reversed(facts) if fact["data"].get("reason")), None)
    return None if found is None else Reason.model_validate(found)


def _rule(rules: Rules, achievement: str) -> Rule:
    rule = rules.by_id.get(achievement)
    if rule is None:
        raise _unknown("achievement", achievement)
    return rule


def _unknown(kind: str, id_: str) -> Problem:
    return Problem(404, detail=f"No {kind} {id_} has been published.")
