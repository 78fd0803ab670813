"""How evidence is handed in for a review: what a learner, or who submits for them, may do with a submission, and when.

Every function gives the submission as it is then, or raises Refused. Times are given; they never run backwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.assessment.domain.submissions import Did, Evidence, Kind, State, Step, Submission
from shared.events.reviews import Review

LEASE: Final = timedelta(days=14)
MOST_STEPS: Final = 500


class Refused(Exception):
    """It can't be done: `status` 403 when this person may not, 409 when it is not the time, 422 when something is missing.

    `place` names what is wrong (`evidence.files`), where that can be said.
    """

    def __init__(self, status: int, detail: str, place: str = "") -> None:
        self.status = status
        self.detail = detail
        self.place = place
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Person:
    """`id` is by whom things are done; `also` another name of the same person: what their token is about."""

    id: str
    also: str = ""

    def is_one_of(self, *ids: str) -> bool:
        return self.id in ids or (bool(self.also) and self.also in ids)


def begin(
    who: Person, at: datetime, *, id_: str, learner: str, achievement: str, version: int, review: Review, kind: Kind, attempt: int
) -> Submission:
    if kind is Kind.PRIOR_LEARNING and not review.recognises_prior_learning:
        raise Refused(422, "This review does not recognise what was learned before: hand in work as kind `work`.", "kind")
    begun = Submission(
        id=id_,
        learner=learner,
        achievement=achievement,
        review=review.id,
        version=version,
        kind=kind,
        attempt=attempt,
        submitted_by=who.id,
    )
    return noted(begun, who.id, at, Did.BEGUN)


def may_change(submission: Submission) -> bool:
    """Whether the learner, or who submits for them, can change what is handed in."""
    return submission.state in (State.DRAFT, State.ASKED)


def change(submission: Submission, evidence: Evidence, review: Review) -> Submission:
    want(may_change(submission), "What was handed in can't be changed any more. Withdraw it, or wait until more is asked for.")
    _takes(review, evidence)
    return submission.but(evidence=evidence)


def _takes(review: Review, evidence: Evidence) -> None:
    for kind, given in (("text", evidence.text), ("links", evidence.links), ("files", evidence.files)):
        if given and kind not in review.asks:
            raise Refused(422, f"This review takes no {kind}; it takes {', '.join(review.asks)}.", f"evidence.{kind}")


def hand_in(submission: Submission, who: Person, at: datetime, *, version: int, review: Review) -> Submission:
    """`version` and `review` are those in force now; they count if it is handed in for the first time."""
    want(may_change(submission), "It was handed in already.")
    evidence = submission.evidence
    _takes(review, evidence)
    if not (evidence.text.strip() or evidence.links or evidence.files):
        raise Refused(422, f"There is no evidence yet. This review takes {', '.join(review.asks)}.", "evidence")
    if submission.kind is Kind.PRIOR_LEARNING and not evidence.learned.strip():
        raise Refused(422, "It is not said where and when it was learned.", "evidence.learned")
    first = submission.handed_in_at is None
    ruled = any(seat.rules for seat in submission.seats)
    again = tuple(seat if ruled and not seat.rules else seat.but(done_at=None, until=at + LEASE) for seat in submission.seats)
    handed_in = submission.but(
        state=State.WAITING,
        version=version if first else submission.version,
        handed_in_at=submission.handed_in_at or at,
        waits_since=at,
        seats=again,
    )
    return noted(handed_in, who.id, at, Did.HANDED_IN)


def withdraw(submission: Submission, who: Person, at: datetime, reason: str = "") -> Submission:
    want(submission.is_open, "It is decided, or was withdrawn already.")
    return noted(submission.but(state=State.WITHDRAWN, waits_since=None), who.id, at, Did.WITHDRAWN, reason)


def may_appeal(submission: Submission, who: Person) -> bool:
    """A learner may once."""
    own = who.is_one_of(submission.learner, submission.submitted_by)
    before = any(
        step.did is Did.APPEALED and step.by in (submission.learner, submission.submitted_by) for step in submission.history
    )
    return submission.state is State.DECIDED and not (own and before)


def appeal(submission: Submission, who: Person, reason: str, at: datetime) -> Submission:
    want(submission.state is State.DECIDED, "There is no verdict to appeal against.")
    want(may_appeal(submission, who), "An appeal against this judgement was decided already.")
    reopened = submission.but(
        state=State.WAITING,
        waits_since=at,
        appealed=True,
        former=(*submission.former, *submission.seats),
        seats=(),
        called=False,
    )
    return noted(reopened, who.id, at, Did.APPEALED, reason)


def noted(submission: Submission, by: str, at: datetime, did: Did, note: str = "", *, inner: bool = False) -> Submission:
    if len(submission.history) >= MOST_STEPS:
        raise Refused(409, f"More than {MOST_STEPS} steps were taken with this submission. Begin another one.")
    step = Step(at=at, by=by, did=did, note=note, inner=inner)
    return submission.but(history=(*submission.history, step))


def want(right: bool, otherwise: str) -> None:
    if not right:
        raise Refused(409, otherwise)
