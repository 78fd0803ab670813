"""Who comes to a submission's path, and what they are shown of it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Path, Request

from services.assessment.domain.submissions import State
from services.assessment.reviews.answers import SubmissionShown
from services.assessment.reviews.office import Act, Office
from services.assessment.reviews.permissions import ASSESS, SUBMIT, is_submitters, may_assess, may_submit_for, may_watch
from services.assessment.reviews.store import Shelved
from services.assessment.reviews.views import submission_shown
from shared.http import Caller, Problem
from shared.http.auth import authenticated, forbidden

REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    409: {"description": "As the submission stands this can't be done, or somebody else has just changed it."}
}
"""What every change of a submission may be answered with."""

Id = Annotated[str, Path(description="the submission's id", max_length=100)]
Who = Annotated[Caller, Depends(authenticated)]


def office(request: Request) -> Office:
    found: Office | None = request.app.state.reviews
    if found is None:
        raise Problem(503, detail="This service was started without what reviews need.", headers={"retry-after": "60"})
    return found


At = Annotated[Office, Depends(office)]


async def submitters(submission: Id, at: At, caller: Who) -> Shelved:
    """The submission, for who may hand it in. Raises the 404 problem to whoever may not even know of it, else 403."""
    return await opened(at, submission, caller, submitter=True)


async def assessors(submission: Id, at: At, caller: Who) -> Shelved:
    """The submission, for who may judge what is of its issuer."""
    return await opened(at, submission, caller, assessor=True)


async def opened(at: Office, id_: str, caller: Caller, *, submitter: bool = False, assessor: bool = False) -> Shelved:
    """What the caller may see; raises the 404 and 403 problems."""
    shelved = await at.one(id_)
    hands_in = may_submit_for(caller, shelved.submission.learner)
    if not (hands_in or may_watch(caller, shelved.issuer)):
        raise Problem(404, detail="There is no such submission.")
    if submitter and not hands_in:
        raise forbidden(SUBMIT, f"Only the learner, or who has the scope {SUBMIT}, can do that.")
    if assessor and not may_assess(caller, shelved.issuer):
        raise forbidden(ASSESS, f"This needs the scope {ASSESS}, or {ASSESS}:{shelved.issuer}.")
    if shelved.submission.state is State.DRAFT and not hands_in:
        raise Problem(404, detail="There is no such submission.")
    return shelved


Submitters = Annotated[Shelved, Depends(submitters)]
Assessors = Annotated[Shelved, Depends(assessors)]


def shown(at: Office, shelved: Shelved, caller: Caller) -> SubmissionShown:
    submission = shelved.submission
    staff = may_watch(caller, shelved.issuer) and not is_submitters(caller, submission)
    return submission_shown(shelved, at.offer_of(submission), caller, at.clock(), staff=staff)


async def done(at: Office, shelved: Shelved, caller: Caller, act: Act) -> SubmissionShown:
    return shown(at, await at.act(shelved.submission.id, act), caller)
