"""Where learners hand in evidence and see what became of it, and teachers do so for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile

from services.assessment.domain import handing_in
from services.assessment.domain.handing_in import Person
from services.assessment.domain.submissions import Kind, Submission
from services.assessment.pages.evidence import (
    LINKS,
    REASON,
    asked_for,
    back_to,
    form_of,
    is_overdue,
    listed,
    noticed,
    question_of,
    said,
    text_of,
)
from services.assessment.pages.frame import In, _, desk_page, opens_to
from services.assessment.reviews.access import At, opened
from services.assessment.reviews.answers import EvidenceGiven, Grounds
from services.assessment.reviews.offers import Offer
from services.assessment.reviews.office import Office
from services.assessment.reviews.permissions import is_own, person_of
from services.assessment.reviews.store import Shelved
from services.assessment.reviews.submitting import download
from services.assessment.reviews.views import submission_shown
from shared.events.envelope import LearnerId
from shared.http import Caller, Problem
from shared.http.auth import forbidden
from shared.http.paging import BY_TEXT, cursor_of, position_of
from shared.http.sessions import SameOrigin, SignedIn
from shared.pages import Pages

router = APIRouter(include_in_schema=False)

PAGE = 30
NO_FILE: Final = _("Choose a file first.")
LEARNER: TypeAdapter[str] = TypeAdapter(LearnerId)
Cursor = Annotated[str | None, Query(max_length=2_000)]
Done = Annotated[str | None, Query(max_length=50)]
Teacher = Annotated[Caller, Depends(opens_to("submissions:write"))]


async def learner_signed_in(caller: SignedIn) -> Caller:
    if not caller.is_learner:
        raise forbidden("self:read", "These submissions are a learner's own.")
    return caller


Learner = Annotated[Caller, Depends(learner_signed_in)]


@router.get("/my/submissions")
async def show_mine(request: Request, caller: Learner, at: At, pages: In, cursor: Cursor = None) -> Response:
    return await _mine(request, caller, at, pages, cursor=cursor)


async def _mine(
    request: Request,
    caller: Caller,
    at: Office,
    pages: Pages,
    *,
    cursor: str | None = None,
    status: int = 200,
    error: str | None = None,
) -> Response:
    after = None if cursor is None else position_of(cursor, BY_TEXT)
    found = await at.submissions.of_learner(caller.learner, after, PAGE + 1)
    page = found[:PAGE]
    busy = {(one.submission.achievement, one.submission.review) for one in found if one.submission.is_open}
    offers = [one for one in at.offers.open_ones(at.clock()) if (one.achievement, one.review.id) not in busy]
    return pages.render(
        request,
        "my/submissions.html",
        status,
        signed_in=True,
        submissions=[listed(at, one) for one in page],
        offers=offers,
        takes_proofs=request.app.state.sources is not None and request.app.state.sources.proofs is not None,
        next=cursor_of(page[-1].submission.id) if len(found) > PAGE else None,
        notice=None,
        error=error,
    )


@router.post("/my/submissions", dependencies=[SameOrigin])
async def begin(request: Request, caller: Learner, at: At, pages: In) -> Response:
    form = await form_of(request)
    kind = Kind.PRIOR_LEARNING if text_of(form, "kind") == Kind.PRIOR_LEARNING else Kind.WORK
    try:
        begun = await at.begin(person_of(caller), caller.learner, text_of(form, "achievement"), text_of(form, "review"), kind)
    except Problem as problem:
        return await _mine(request, caller, at, pages, status=problem.status, error=said(pages, request, problem))
    return back_to(pages, f"/my/submissions/{begun.submission.id}")


@router.get("/my/submissions/{submission}")
async def show_one(request: Request, submission: str, caller: SignedIn, at: At, pages: In, done: Done = None) -> Response:
    shelved = await opened(at, submission, caller, submitter=True)
    return _one(request, shelved, caller, at, pages, notice=noticed(pages, request, done))


def _one(
    request: Request,
    shelved: Shelved,
    caller: Caller,
    at: Office,
    pages: Pages,
    *,
    status: int = 200,
    notice: str | None = None,
    error: str | None = None,
    given: dict[str, Any] | None = None,
    wrong_links: bool = False,
    reason: str | None = None,
) -> Response:
    submission, offer = shelved.submission, at.offer_of(shelved.submission)
    evidence = submission.evidence
    own = is_own(caller, submission.learner)
    kept = {"text": evidence.text, "links": "\n".join(evidence.links), "learned": evidence.learned}
    return pages.render(
        request,
        "my/submission.html",
        status,
        signed_in=True,
        it=submission_shown(shelved, offer, caller, at.clock(), staff=False),
        offer=offer,
        own=own,
        back=f"{pages.site.prefix}{'/my/submissions' if own else '/desk/submissions'}",
        overdue=is_overdue(at, shelved),
        question=question_of(submission),
        may_change=handing_in.may_change(submission),
        may_appeal=handing_in.may_appeal(submission, person_of(caller)),
        given=given or {**kept, "show_links": evidence.show_links},
        wrong_links=wrong_links,
        reason=reason,
        notice=notice,
        error=error,
    )


@router.post("/my/submissions/{submission}/evidence", dependencies=[SameOrigin])
async def change_evidence(request: Request, submission: str, caller: SignedIn, at: At, pages: In) -> Response:
    """Whichever button it was, all of the form is kept, as far as it can be."""
    shelved = await opened(at, submission, caller, submitter=True)
    form = await form_of(request)
    given: dict[str, Any] = {name: text_of(form, name) for name in ("text", "links", "learned")}
    given["show_links"] = text_of(form, "show_links") == "yes"
    problems, done = list[Problem](), "saved"
    for does, says in _steps(form, submission, person_of(caller), at, given):
        if says == "handed_in" and problems:
            break
        try:
            shelved, done = await does(), says
        except Problem as problem:
            problems.append(problem)
    if not problems:
        return back_to(pages, f"/my/submissions/{submission}", done)
    return _one(
        request,
        shelved,
        caller,
        at,
        pages,
        status=problems[0].status,
        notice=noticed(pages, request, done) if done in ("uploaded", "removed") else None,
        error=" ".join(dict.fromkeys(said(pages, request, problem) for problem in problems)),
        given=given,
        wrong_links=any(problem.detail == LINKS for problem in problems),
    )


def _steps(
    form: FormData, submission: str, who: Person, at: Office, given: dict[str, Any]
) -> Iterator[tuple[Callable[[], Awaitable[Shelved]], str]]:
    """What a form asks for, in this order, and what is said of it then."""

    async def change() -> Shelved:
        links = [line.strip() for line in given["links"].splitlines() if line.strip()]
        asked = asked_for(EvidenceGiven, LINKS, **(given | {"links": links}))
        return await at.change(submission, asked.text, asked.links, asked.learned, show_links=asked.show_links)

    async def upload() -> Shelved:
        if not isinstance(file, UploadFile) or not file.filename:
            raise Problem(422, detail=NO_FILE)
        return await at.add_file(submission, file.filename, await file.read())

    yield change, "saved"
    file, remove, do = form.get("file"), text_of(form, "remove"), text_of(form, "do")
    if do == "upload" or (isinstance(file, UploadFile) and file.filename):
        yield upload, "uploaded"
    if remove:
        yield lambda: at.remove_file(submission, remove), "removed"
    if do == "hand_in":
        yield lambda: at.hand_in(submission, who), "handed_in"


@router.get("/my/submissions/{submission}/files/{file}")
async def read_file(submission: str, file: str, caller: SignedIn, at: At) -> Response:
    return await download(at, await opened(at, submission, caller, submitter=True), file)


@router.post("/my/submissions/{submission}/withdrawal", dependencies=[SameOrigin])
async def withdraw(request: Request, submission: str, caller: SignedIn, at: At, pages: In) -> Response:
    shelved = await opened(at, submission, caller, submitter=True)
    try:
        await at.act(submission, lambda one, _, now: handing_in.withdraw(one, person_of(caller), now))
    except Problem as problem:
        return _one(request, shelved, caller, at, pages, status=problem.status, error=said(pages, request, problem))
    return back_to(pages, f"/my/submissions/{submission}", "withdrawn")


@router.post("/my/submissions/{submission}/appeal", dependencies=[SameOrigin])
async def appeal(request: Request, submission: str, caller: SignedIn, at: At, pages: In) -> Response:
    shelved = await opened(at, submission, caller, submitter=True)
    reason = text_of(await form_of(request), "reason")
    try:
        grounds: Grounds = asked_for(Grounds, REASON, reason=reason)

        def appealed(one: Submission, _: Offer, now: Any) -> Submission:
            return handing_in.appeal(one, person_of(caller), grounds.reason, now)

        await at.act(submission, appealed)
    except Problem as problem:
        return _one(
            request, shelved, caller, at, pages, status=problem.status, error=said(pages, request, problem), reason=reason
        )
    return back_to(pages, f"/my/submissions/{submission}", "appealed")


@router.get("/desk/submissions")
async def show_for_learners(request: Request, caller: Teacher, at: At, pages: In, cursor: Cursor = None) -> Response:
    return await _for_learners(request, caller, at, pages, cursor=cursor)


async def _for_learners(
    request: Request,
    caller: Caller,
    at: Office,
    pages: Pages,
    *,
    cursor: str | None = None,
    status: int = 200,
    error: str | None = None,
    asked: dict[str, str] | None = None,
) -> Response:
    after = None if cursor is None else position_of(cursor, BY_TEXT)
    found = await at.submissions.submitted_by(person_of(caller).id, after, PAGE + 1)
    page = [one for one in found[:PAGE] if one.submission.learner != caller.learner]
    return desk_page(
        request,
        pages,
        caller,
        "desk/submissions.html",
        status,
        submissions=[listed(at, one) for one in page],
        offers=at.offers.open_ones(at.clock()),
        next=cursor_of(found[PAGE - 1].submission.id) if len(found) > PAGE else None,
        asked=asked or {"learner": "", "review": "", "kind": "work"},
        error=error,
    )


@router.post("/desk/submissions", dependencies=[SameOrigin])
async def begin_for_learner(request: Request, caller: Teacher, at: At, pages: In) -> Response:
    form = await form_of(request)
    asked = {name: text_of(form, name) for name in ("learner", "review", "kind")}
    kind = Kind.PRIOR_LEARNING if asked["kind"] == Kind.PRIOR_LEARNING else Kind.WORK
    achievement, __, review = asked["review"].rpartition("/")
    try:
        learner = LEARNER.validate_python(asked["learner"])
        begun = await at.begin(person_of(caller), learner, achievement, review, kind)
    except ValidationError:
        error = pages.text(request, _("This is no learner's id."))
        return await _for_learners(request, caller, at, pages, status=422, error=error, asked=asked)
    except Problem as problem:
        error = said(pages, request, problem)
        return await _for_learners(request, caller, at, pages, status=problem.status, error=error, asked=asked)
    return back_to(pages, f"/my/submissions/{begun.submission.id}")
