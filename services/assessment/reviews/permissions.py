"""Who may do what with which submission."""

from __future__ import annotations

from typing import Final

from services.assessment.domain.handing_in import Person
from services.assessment.domain.submissions import Submission
from shared.http import Caller

ASSESS: Final = "reviews:assess"
READ: Final = "reviews:read"
SUBMIT: Final = "submissions:write"


def person_of(caller: Caller) -> Person:
    """The learner whom the caller speaks for, or else the subject: the same person with a token and signed in."""
    return Person(caller.learner, caller.subject)


def is_own(caller: Caller, learner: str) -> bool:
    return caller.is_learner and caller.learner == learner


def may_submit_for(caller: Caller, learner: str) -> bool:
    return is_own(caller, learner) or caller.may(SUBMIT)


def may_assess(caller: Caller, issuer: str) -> bool:
    """With `reviews:assess` what is of any issuer; with `reviews:assess:<issuer>` what is of that one."""
    return caller.may(ASSESS) or caller.may(f"{ASSESS}:{issuer}")


def may_watch(caller: Caller, issuer: str) -> bool:
    """Whether they see what becomes of it, but nothing that assessors keep from each other."""
    return may_assess(caller, issuer) or caller.may(READ)


def issuers_of(caller: Caller) -> frozenset[str] | None:
    """Whose queue they may see; None: everybody's."""
    if caller.may(ASSESS) or caller.may(READ):
        return None
    begins = f"{ASSESS}:"
    return frozenset(scope.removeprefix(begins) for scope in caller.scopes if scope.startswith(begins))


def is_submitters(caller: Caller, submission: Submission) -> bool:
    """Whether they see it as those do who hand it in: then they never see it as assessors do."""
    return person_of(caller).is_one_of(submission.learner, submission.submitted_by)
