"""What the pages about reviews have in common: what a form says, and what went wrong, in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from services.assessment.domain.submissions import Submission, Verdict
from services.assessment.pages.frame import _
from services.assessment.reviews.offers import Offer
from services.assessment.reviews.office import Office
from services.assessment.reviews.store import Shelved
from shared.http import Problem
from shared.pages import Pages
from shared.pages.formats import Formats

LONGEST_FORM: Final = 200

NOTICES: Final = {
    "saved": _("Saved."),
    "handed_in": _("Handed in. Assessors see it now."),
    "withdrawn": _("Withdrawn. Nobody judges it."),
    "uploaded": _("The file is there."),
    "removed": _("The file is gone."),
    "appealed": _("Somebody who has not judged it before decides anew."),
    "taken": _("It is yours to judge."),
    "given_back": _("You gave it back. Others may take it."),
    "asked": _("The learner is asked for more."),
    "called": _("A second assessor will judge it, too."),
    "conflict": _("It is noted. You do not judge this."),
    "judged": _("Judged. Another assessor is needed before there is a verdict."),
    "decided": _("Judged. The verdict is on its way."),
}

LINKS: Final = _("Each link begins with https:// or http:// and has a line of its own.")
REASON: Final = _("Say in a few words why.")


@dataclass(frozen=True)
class Listed:
    """A submission in a list."""

    id: str
    learner: str
    offer: Offer
    state: str
    kind: str
    attempt: int
    waits_since: datetime | None
    overdue: bool
    verdict: Verdict | None


def listed(at: Office, shelved: Shelved) -> Listed:
    submission = shelved.submission
    return Listed(
        submission.id,
        submission.learner,
        at.offer_of(submission),
        submission.state.value,
        submission.kind.value,
        submission.attempt,
        submission.waits_since,
        is_overdue(at, shelved),
        submission.verdict,
    )


def is_overdue(at: Office, shelved: Shelved) -> bool:
    return shelved.due is not None and shelved.due <= at.clock()


def question_of(submission: Submission) -> str | None:
    """What an assessor asked last, as long as it waits for the learner."""
    asked = [step.note for step in submission.history if step.did == "asked"]
    return asked[-1] if asked and submission.state == "asked" else None


def age(pages: Pages, request: Request, since: datetime, now: datetime) -> str:
    """ "3 days"; what is younger than a day came today."""
    waited = now - since
    if waited < timedelta(days=1):
        return pages.text(request, _("less than a day"))
    return Formats(pages.language_of(request)).period(timedelta(days=waited.days))


def text_of(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return "" if isinstance(value, UploadFile) else value.replace("\r\n", "\n").strip()


async def form_of(request: Request) -> FormData:
    return await request.form(max_files=2, max_fields=LONGEST_FORM)


def asked_for(model: type[BaseModel], detail: str, **given: Any) -> Any:
    """What the form says, as the API takes it. Raises the 422 problem with these words."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Problem(422, detail=detail) from error


def said(pages: Pages, request: Request, problem: Problem) -> str:
    """In the reader's language where there is a translation."""
    if any(error["place"] == "evidence" for error in problem.members.get("errors", ())):
        return pages.text(request, _("There is no evidence yet."))
    return pages.text(request, problem.detail or problem.title)


def noticed(pages: Pages, request: Request, done: str | None) -> str | None:
    return pages.text(request, NOTICES[done]) if done in NOTICES else None


def back_to(pages: Pages, path: str, done: str | None = None) -> Response:
    return RedirectResponse(f"{pages.site.prefix}{path}" + (f"?done={done}" if done else ""), 303)
