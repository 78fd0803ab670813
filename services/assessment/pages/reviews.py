"""Where assessors see what waits, judge it, ask for more, and call others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from services.assessment.domain import handing_in, reviews
from services.assessment.domain.handing_in import Person
from services.assessment.domain.submissions import State, Submission
from services.assessment.pages.evidence import REASON, age, asked_for, back_to, form_of, is_overdue, noticed, said, text_of
from services.assessment.pages.frame import In, _, desk_page, opens_to
from services.assessment.reviews.access import At, opened
from services.assessment.reviews.answers import Grounds, QueuedShown, SheetGiven
from services.assessment.reviews.assessing import BY_WAIT, STATES, Which, queued, watches
from services.assessment.reviews.offers import Offer
from services.assessment.reviews.office import Act, Office
from services.assessment.reviews.permissions import ASSESS, READ, is_submitters, may_assess, person_of
from services.assessment.reviews.store import Shelved
from services.assessment.reviews.submitting import download
from services.assessment.reviews.views import queued_shown, submission_shown
from shared.http import Caller, Problem
from shared.http.paging import cursor_of, position_of
from shared.http.sessions import SameOrigin
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

PAGE: Final = 50
TABS: Final[tuple[tuple[Which, str], ...]] = (
    ("waiting", _("Waiting")),
    ("mine", _("Mine")),
    ("asked", _("With the learner")),
    ("decided", _("Judged")),
)
UNJUDGED: Final = _("Saved, but not judged: choose a level for every criterion.")
COMMENTED: Final = _("Saved, but for comments without a level: choose one there as well.")
Staff = Annotated[Caller, Depends(opens_to(ASSESS, READ))]


@dataclass(frozen=True)
class Waiting:
    """What waits for assessors, of all issuers whose queue one sees."""

    number: int
    oldest: datetime
    overdue: int


async def waiting_of(at: Office, caller: Caller) -> Waiting | None:
    """None: nothing waits."""
    found = await at.submissions.waiting(watches(caller), at.clock())
    if not found:
        return None
    return Waiting(sum(one.number for one in found), min(one.oldest for one in found), sum(one.overdue for one in found))


@router.get("/desk/reviews")
async def show_queue(
    request: Request,
    caller: Staff,
    at: At,
    pages: In,
    which: Which = "waiting",
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    assert which in STATES
    after = None if cursor is None else position_of(cursor, BY_WAIT)
    found = await queued(at, caller, which, after, PAGE + 1)
    page, now = found[:PAGE], at.clock()
    return desk_page(
        request,
        pages,
        caller,
        "desk/reviews.html",
        which=which,
        tabs=[(name, pages.text(request, says)) for name, says in TABS],
        waiting=await waiting_of(at, caller),
        queue=[_row(request, pages, at, queued_shown(one, at.offer_of(one.submission), caller, now), now) for one in page],
        next=cursor_of(page[-1].position()) if len(found) > PAGE else None,
    )


def _row(request: Request, pages: Pages, at: Office, one: QueuedShown, now: datetime) -> dict[str, Any]:
    waits = age(pages, request, one.waits_since, now) if one.waits_since else ""
    barred = pages.text(request, one.barred) if one.barred else None
    return {**dict(one), "state": one.state.value, "kind": one.kind.value, "age": waits, "barred": barred}


@router.get("/desk/reviews/{submission}")
async def show_review(
    request: Request,
    submission: str,
    caller: Staff,
    at: At,
    pages: In,
    done: Annotated[str | None, Query(max_length=50)] = None,
) -> Response:
    shelved = await opened(at, submission, caller)
    return _review(request, shelved, caller, at, pages, notice=noticed(pages, request, done))


def _review(
    request: Request,
    shelved: Shelved,
    caller: Caller,
    at: Office,
    pages: Pages,
    *,
    notice: str | None = None,
    problem: Problem | None = None,
    written: dict[str, str] | None = None,
    wrong: Collection[str] = (),
) -> Response:
    """`problem` is why nothing was done; `written` is what was typed and is not kept, by the names of the fields; `wrong` are
    the fields where something is missing."""
    submission, offer, now, who = shelved.submission, at.offer_of(shelved.submission), at.clock(), person_of(caller)
    if is_submitters(caller, submission):
        raise Problem(403, detail=pages.text(request, "It is your own."))
    assesses = may_assess(caller, shelved.issuer)
    shown = submission_shown(shelved, offer, caller, now, staff=True)
    seat = submission.seat_of(who.id)
    at_work = seat is not None and seat.done_at is None and seat.is_held(now) and submission.is_open
    counts = submission.verdict.assessor if submission.verdict and submission.state is State.DECIDED else None
    barred = reviews.barred(submission, who) if assesses else _("You may look, but not judge.")
    return desk_page(
        request,
        pages,
        caller,
        "desk/review.html",
        problem.status if problem else 200,
        it=shown,
        offer=offer,
        overdue=is_overdue(at, shelved),
        mine=seat if at_work else None,
        me=who.id,
        found=[one for one in shown.seats or () if one.sheet is not None and one.done_at and one.assessor != counts],
        barred=pages.text(request, barred) if barred and submission.is_open else None,
        may_take=assesses and reviews.may_take(submission, who, offer.review, now),
        may_call=not submission.appealed and reviews.assessors(submission, offer.review) == 1,
        may_conflict=assesses and barred is None and submission.state is State.WAITING,
        may_appeal=assesses and handing_in.may_appeal(submission, who),
        notice=notice,
        error=said(pages, request, problem) if problem else None,
        written=dict.fromkeys(EXPLAINED, "") | (written or {}),
        wrong=wrong,
    )


@router.get("/desk/reviews/{submission}/files/{file}")
async def read_file(submission: str, file: str, caller: Staff, at: At) -> Response:
    return await download(at, await opened(at, submission, caller), file)


@router.post("/desk/reviews/{submission}/sheet", dependencies=[SameOrigin])
async def note_sheet(request: Request, submission: str, caller: Staff, at: At, pages: In) -> Response:
    """What was noted is kept, also when it can't be judged yet."""
    shelved = await opened(at, submission, caller, assessor=True)
    form = await form_of(request)
    offer, written, wrong = at.offer_of(shelved.submission), _written(form), set[str]()
    try:
        shelved = await _noted(at, shelved, caller, form)
        judges = text_of(form, "do") == "judge"
        wrong = _without_level(form, offer, commented=not judges)
        if wrong:
            raise Problem(422, detail=UNJUDGED if judges else COMMENTED)
        if judges:
            shelved = await at.act(submission, lambda one, offer, now: reviews.judge(one, person_of(caller), offer.review, now))
    except Problem as problem:
        return _review(request, shelved, caller, at, pages, problem=problem, written=written, wrong=wrong)
    if not judges and any(written.values()):
        return _review(request, shelved, caller, at, pages, notice=noticed(pages, request, "saved"), written=written)
    decided = shelved.submission.state is State.DECIDED
    return back_to(pages, f"/desk/reviews/{submission}", "saved" if not judges else "decided" if decided else "judged")


def _without_level(form: FormData, offer: Offer, *, commented: bool) -> set[str]:
    """The fields of criteria for which no level was chosen: all, or those with a comment, which is kept with a level only."""
    criteria = [one.id for one in offer.review.rubric.criteria if not text_of(form, f"level.{one.id}")]
    return {f"level.{one}" for one in criteria if not commented or text_of(form, f"comment.{one}")}


async def _noted(at: Office, shelved: Shelved, caller: Caller, form: FormData) -> Shelved:
    """With the marks and comments of the form. Raises the problems 409 and 422."""
    given: SheetGiven = asked_for(
        SheetGiven, _("This could not be read as a judgement."), **_sheet(form, at.offer_of(shelved.submission))
    )
    return await at.act(shelved.submission.id, _scored(person_of(caller), given))


def _sheet(form: FormData, offer: Offer) -> dict[str, Any]:
    marks = {}
    for criterion in offer.review.rubric.criteria:
        if level := text_of(form, f"level.{criterion.id}"):
            marks[criterion.id] = {"level": level, "comment": text_of(form, f"comment.{criterion.id}")}
    return {"marks": marks, "comment": text_of(form, "comment")}


def _scored(who: Person, given: SheetGiven) -> Act:
    return lambda one, offer, now: reviews.score(one, who, offer.review, given.noted(), given.comment, now)


Does = Callable[[Submission, Person, Offer, str, datetime], Submission]

ACTIONS: Final[dict[str, tuple[str, Does]]] = {
    "seat": ("taken", lambda one, who, offer, _, now: reviews.take(one, who, offer.review, now)),
    "giving-back": ("given_back", lambda one, who, _, __, now: reviews.give_back(one, who, now)),
    "question": ("asked", lambda one, who, _, said, now: reviews.ask_for_more(one, who, said, now)),
    "second": ("called", lambda one, who, offer, said, now: reviews.call_second(one, who, offer.review, said, now)),
    "conflict": ("conflict", lambda one, who, _, said, now: reviews.declare_conflict(one, who, said, now)),
    "appeal": ("appealed", lambda one, who, _, said, now: handing_in.appeal(one, who, said, now)),
}
"""What the buttons do, and what is said of it then."""

EXPLAINED: Final = ("question", "second", "conflict", "appeal")
"""Those that need words, which the form has under the same name."""
WITH_SHEET: Final = frozenset({"question", "second"})
"""Those that are part of the form of marks: what it says is noted first."""


def _written(form: FormData) -> dict[str, str]:
    """What is typed and is not yet kept, by the names of the fields."""
    comments = [name for name in form if name.startswith("comment.") and not text_of(form, name.replace("comment", "level", 1))]
    return {name: text_of(form, name) for name in (*EXPLAINED, *comments)}


@router.post("/desk/reviews/{submission}/{action}", dependencies=[SameOrigin])
async def act(request: Request, submission: str, action: str, caller: Staff, at: At, pages: In) -> Response:
    shelved = await opened(at, submission, caller, assessor=True)
    if action not in ACTIONS:
        raise Problem(404, detail="There is nothing here.")
    done, does = ACTIONS[action]
    form = await form_of(request)
    written, wrong = _written(form), set[str]()
    try:
        if action in WITH_SHEET:
            shelved = await _noted(at, shelved, caller, form)
            if wrong := _without_level(form, at.offer_of(shelved.submission), commented=True):
                raise Problem(422, detail=COMMENTED)
        words = ""
        if action in EXPLAINED:
            wrong = {action}
            words = asked_for(Grounds, REASON, reason=written[action]).reason
            wrong = set()
        await at.act(submission, lambda one, offer, now: does(one, person_of(caller), offer, words, now))
    except Problem as problem:
        return _review(request, await at.one(submission), caller, at, pages, problem=problem, written=written, wrong=wrong)
    return back_to(pages, f"/desk/reviews/{submission}", done)
