"""HTTP in: evidence is judged. Who may do what when is decided in `domain/reviews.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter

from services.assessment.domain import reviews
from services.assessment.domain.handing_in import Person
from services.assessment.domain.submissions import State, Submission
from services.assessment.reviews.access import REFUSED, Assessors, At, Who, done
from services.assessment.reviews.answers import (
    Grounds,
    PerhapsGrounds,
    Question,
    QueuedShown,
    SheetGiven,
    SubmissionShown,
    WaitingShown,
)
from services.assessment.reviews.offers import Offer
from services.assessment.reviews.office import Act, Office
from services.assessment.reviews.permissions import ASSESS, READ, issuers_of, person_of
from services.assessment.reviews.store import Shelved
from services.assessment.reviews.views import queued_shown
from shared.http import Caller, Page
from shared.http.auth import forbidden
from shared.http.paging import Number, PageAsked, asked_by

router = APIRouter(tags=["reviews"])

BY_WAIT: Final[TypeAdapter[tuple[int, str]]] = TypeAdapter(tuple[Number, str])
PagingByWait = Annotated[PageAsked[tuple[int, str]], Depends(asked_by(BY_WAIT))]

Which = Literal["waiting", "mine", "asked", "decided"]
STATES: Final[Mapping[Which, tuple[State, ...]]] = {
    "waiting": (State.WAITING,),
    "mine": (State.WAITING, State.ASKED),
    "asked": (State.ASKED,),
    "decided": (State.DECIDED,),
}


def watches(caller: Caller) -> frozenset[str] | None:
    """Whose queue the caller may see. Raises the 403 problem."""
    issuers = issuers_of(caller)
    if issuers is not None and not issuers:
        raise forbidden(ASSESS, f"This needs the scope {ASSESS} or {READ}.")
    return issuers


@router.get("/reviews/queue")
async def read_queue(paging: PagingByWait, at: At, caller: Who, which: Which = "waiting") -> Page[QueuedShown]:
    """What waits longest first. `mine`: what the caller has taken; `asked`: what waits for the learner."""
    found = await queued(at, caller, which, paging.after, paging.limit + 1)
    page = found[: paging.limit]
    now = at.clock()
    items = [queued_shown(one, at.offer_of(one.submission), caller, now) for one in page]
    return paging.page(items, page[-1].position() if len(found) > len(page) else None)


async def queued(at: Office, caller: Caller, which: Which, after: tuple[int, str] | None, limit: int) -> list[Shelved]:
    assessor = person_of(caller).id if which == "mine" else None
    return await at.submissions.queue(STATES[which], watches(caller), after, limit, assessor=assessor)


@router.get("/reviews/waiting")
async def read_waiting(at: At, caller: Who) -> list[WaitingShown]:
    """How much waits for assessors, and how long it has, by issuer."""
    return [
        WaitingShown(issuer=one.issuer, waiting=one.number, oldest=one.oldest, overdue=one.overdue)
        for one in await at.submissions.waiting(watches(caller), at.clock())
    ]


@router.post("/submissions/{submission}/seat", responses=REFUSED)
async def take_submission(shelved: Assessors, at: At, caller: Who) -> SubmissionShown:
    """The caller judges it; nobody else does meanwhile, but where two or a third are wanted."""
    return await done(at, shelved, caller, lambda one, offer, now: reviews.take(one, person_of(caller), offer.review, now))


@router.post("/submissions/{submission}/giving-back", responses=REFUSED)
async def give_back(shelved: Assessors, given: PerhapsGrounds, at: At, caller: Who) -> SubmissionShown:
    return await done(at, shelved, caller, lambda one, _, now: reviews.give_back(one, person_of(caller), now, given.reason))


@router.post("/submissions/{submission}/conflict", responses=REFUSED)
async def declare_conflict(shelved: Assessors, given: Grounds, at: At, caller: Who) -> SubmissionShown:
    """The caller has a conflict of interest, and never judges this."""
    reason = given.reason
    return await done(at, shelved, caller, lambda one, _, now: reviews.declare_conflict(one, person_of(caller), reason, now))


@router.put("/submissions/{submission}/sheet", responses=REFUSED)
async def note_sheet(shelved: Assessors, given: SheetGiven, at: At, caller: Who) -> SubmissionShown:
    """What the caller has found so far, in the place of what was noted before."""
    return await done(at, shelved, caller, noted(person_of(caller), given))


def noted(who: Person, given: SheetGiven) -> Act:
    def scored(submission: Submission, offer: Offer, now: datetime) -> Submission:
        return reviews.score(submission, who, offer.review, given.noted(), given.comment, now)

    return scored


@router.post("/submissions/{submission}/judgement", responses=REFUSED)
async def judge(shelved: Assessors, at: At, caller: Who) -> SubmissionShown:
    """The caller is done. If nobody else is needed, this is the verdict."""
    return await done(at, shelved, caller, lambda one, offer, now: reviews.judge(one, person_of(caller), offer.review, now))


@router.post("/submissions/{submission}/second", responses=REFUSED)
async def call_second(shelved: Assessors, given: Grounds, at: At, caller: Who) -> SubmissionShown:
    """Another assessor judges it as well, and sees neither what the caller found nor this reason before they have."""

    def called(submission: Submission, offer: Offer, now: datetime) -> Submission:
        return reviews.call_second(submission, person_of(caller), offer.review, given.reason, now)

    return await done(at, shelved, caller, called)


@router.post("/submissions/{submission}/question", responses=REFUSED)
async def ask_for_more(shelved: Assessors, given: Question, at: At, caller: Who) -> SubmissionShown:
    """The learner sees the question, adds to the evidence, and hands it in again."""
    question = given.question
    return await done(at, shelved, caller, lambda one, _, now: reviews.ask_for_more(one, person_of(caller), question, now))
