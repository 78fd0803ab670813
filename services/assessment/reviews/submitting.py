"""HTTP in: evidence is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from services.assessment.domain import handing_in
from services.assessment.domain.submissions import State, Submission
from services.assessment.reviews.access import REFUSED, At, Id, Submitters, Who, opened, shown
from services.assessment.reviews.answers import Begun, EvidenceGiven, Grounds, OfferShown, PerhapsGrounds, SubmissionShown
from services.assessment.reviews.files import LARGEST, headers_of
from services.assessment.reviews.offers import Offer
from services.assessment.reviews.office import Office
from services.assessment.reviews.permissions import (
    ASSESS,
    READ,
    SUBMIT,
    issuers_of,
    may_assess,
    may_submit_for,
    may_watch,
    person_of,
)
from services.assessment.reviews.store import Shelved
from shared.events.envelope import LearnerId
from shared.http import Caller, Page, Paging, Problem
from shared.http.auth import forbidden

router = APIRouter(tags=["submissions"])

LARGER: Final[Mapping[str, int]] = {
    "/submissions/{submission}/files": LARGEST,
    "/my/submissions/{submission}/evidence": LARGEST + 300_000,
}
"""Paths that take more than others."""

Learner = Annotated[LearnerId, Path(description="the learner's id")]
FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/reviews")
async def read_offers(at: At, _: Who, achievement: Annotated[str | None, Query(max_length=200)] = None) -> list[OfferShown]:
    """What evidence can be handed in for, now."""
    return [
        OfferShown(
            achievement=offer.achievement, name=offer.name, issuer=offer.issuer, version=offer.version, review=offer.review
        )
        for offer in at.offers.open_ones(at.clock())
        if achievement in (None, offer.achievement)
    ]


@router.post("/learners/{learner}/submissions", status_code=201, responses={409: {"description": "Another one is open."}})
async def begin_submission(learner: Learner, asked: Begun, at: At, caller: Who) -> SubmissionShown:
    """A draft, which can be changed until it is handed in."""
    if not may_submit_for(caller, learner):
        raise forbidden(SUBMIT, f"This needs the scope {SUBMIT}; learners with a token of their own submit for themselves.")
    return shown(at, await at.begin(person_of(caller), learner, asked.achievement, asked.review, asked.kind), caller)


@router.get("/learners/{learner}/submissions")
async def read_submissions(learner: Learner, paging: Paging, at: At, caller: Who) -> Page[SubmissionShown]:
    """The newest first. Assessors see what is of their issuers, and no drafts."""
    watches = issuers_of(caller)
    if not may_submit_for(caller, learner) and watches is not None and not watches:
        raise forbidden(SUBMIT, f"This needs the scope {SUBMIT} or {READ}; learners see their own.")
    found = await at.submissions.of_learner(learner, paging.after, paging.limit + 1)
    page = found[: paging.limit]
    items = [shown(at, one, caller) for one in page if _is_visible(one, caller, learner)]
    return paging.page(items, page[-1].submission.id if len(found) > len(page) else None)


def _is_visible(shelved: Shelved, caller: Caller, learner: str) -> bool:
    drafted = shelved.submission.state is State.DRAFT
    return may_submit_for(caller, learner) or (may_watch(caller, shelved.issuer) and not drafted)


@router.get("/submissions/{submission}")
async def read_submission(submission: Id, at: At, caller: Who) -> SubmissionShown:
    return shown(at, await opened(at, submission, caller), caller)


@router.put("/submissions/{submission}/evidence", responses=REFUSED)
async def change_evidence(shelved: Submitters, given: EvidenceGiven, at: At, caller: Who) -> SubmissionShown:
    """All of it but the files, in the place of what was there."""
    id_ = shelved.submission.id
    changed = await at.change(id_, given.text, given.links, given.learned, show_links=given.show_links)
    return shown(at, changed, caller)


@router.post(
    "/submissions/{submission}/files",
    status_code=201,
    openapi_extra=FILE,
    responses={
        **REFUSED,
        413: {"description": "It is too large."},
        415: {"description": "Its content is of no type that is taken."},
    },
)
async def add_file(
    request: Request, shelved: Submitters, name: Annotated[str, Query(min_length=1, max_length=300)], at: At, caller: Who
) -> SubmissionShown:
    """The body is the file. What it is is found by its content; what its name or the request say of it counts for nothing."""
    return shown(at, await at.add_file(shelved.submission.id, name, await request.body()), caller)


@router.get("/submissions/{submission}/files/{file}", response_class=Response)
async def read_file(submission: Id, file: str, at: At, caller: Who) -> Response:
    """To be kept, never shown in place."""
    return await download(at, await opened(at, submission, caller), file)


async def download(at: Office, shelved: Shelved, id_: str) -> Response:
    """Raises the 404 problem."""
    submission = shelved.submission
    file = next((one for one in submission.evidence.files if one.id == id_), None)
    if file is None:
        raise Problem(404, detail="There is no such file.")
    content = await at.files.content(submission.id, file.id, submission.learner)
    return Response(content, media_type=file.type, headers=headers_of(file.name))


@router.delete("/submissions/{submission}/files/{file}", responses=REFUSED)
async def remove_file(shelved: Submitters, file: str, at: At, caller: Who) -> SubmissionShown:
    return shown(at, await at.remove_file(shelved.submission.id, file), caller)


@router.post("/submissions/{submission}/handing-in", responses=REFUSED)
async def hand_in(shelved: Submitters, at: At, caller: Who) -> SubmissionShown:
    """It waits for assessors from now on, and can't be changed unless they ask for more."""
    return shown(at, await at.hand_in(shelved.submission.id, person_of(caller)), caller)


@router.post("/submissions/{submission}/withdrawal", responses=REFUSED)
async def withdraw_submission(shelved: Submitters, given: PerhapsGrounds, at: At, caller: Who) -> SubmissionShown:
    def withdrawn(submission: Submission, _: Offer, now: datetime) -> Submission:
        return handing_in.withdraw(submission, person_of(caller), now, given.reason)

    return shown(at, await at.act(shelved.submission.id, withdrawn), caller)


@router.post("/submissions/{submission}/appeal", responses=REFUSED)
async def appeal(submission: Id, given: Grounds, at: At, caller: Who) -> SubmissionShown:
    """Somebody who has not judged it decides anew. By the learner once; by assessors where a verdict can't stand."""
    shelved = await opened(at, submission, caller)
    if not may_submit_for(caller, shelved.submission.learner) and not may_assess(caller, shelved.issuer):
        raise forbidden(ASSESS, f"This needs the scope {ASSESS}, or to be the learner.")

    def appealed(submission: Submission, _: Offer, now: datetime) -> Submission:
        return handing_in.appeal(submission, person_of(caller), given.reason, now)

    return shown(at, await at.act(submission, appealed), caller)
