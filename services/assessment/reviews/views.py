"""Submissions as each person may see them."""

from __future__ import annotations

from datetime import datetime

from services.assessment.domain.reviews import barred, free, sees_sheets_of
from services.assessment.domain.submissions import Seat, Sheet, State, Step, Submission, Verdict
from services.assessment.reviews.answers import (
    EvidenceShown,
    FileShown,
    QueuedShown,
    Role,
    SeatShown,
    SheetShown,
    StepShown,
    SubmissionShown,
    VerdictShown,
)
from services.assessment.reviews.offers import Offer
from services.assessment.reviews.permissions import may_assess, person_of
from services.assessment.reviews.store import Shelved
from shared.http import Caller


def submission_shown(shelved: Shelved, offer: Offer, caller: Caller, at: datetime, *, staff: bool) -> SubmissionShown:
    """`staff`: as those see it who judge; else as those who hand it in."""
    submission = shelved.submission
    open_sheets = _open_sheets(shelved, caller) if staff else ()
    everything = submission.state is State.DECIDED or len(open_sheets) > 1
    return SubmissionShown(
        id=submission.id,
        learner=submission.learner,
        achievement=submission.achievement,
        review=submission.review,
        version=submission.version,
        kind=submission.kind,
        attempt=submission.attempt,
        state=submission.state,
        handed_in_at=submission.handed_in_at,
        waits_since=submission.waits_since,
        due=shelved.due,
        evidence=_evidence(submission),
        verdicts=tuple(_verdict(verdict, staff=staff) for verdict in submission.verdicts),
        history=tuple(_step(step, submission, staff=staff, everything=everything, caller=caller) for step in submission.history),
        seats=tuple(_seat(seat, open_sheets) for seat in submission.seats) if staff else None,
        free=free(submission, offer.review, at) if staff else None,
    )


def queued_shown(shelved: Shelved, offer: Offer, caller: Caller, at: datetime) -> QueuedShown:
    submission, person = shelved.submission, person_of(caller)
    seat = submission.seat_of(person.id)
    return QueuedShown(
        id=submission.id,
        achievement=submission.achievement,
        name=offer.name,
        review=offer.review.name,
        issuer=shelved.issuer,
        kind=submission.kind,
        attempt=submission.attempt,
        state=submission.state,
        waits_since=submission.waits_since,
        due=shelved.due,
        overdue=shelved.due is not None and shelved.due <= at,
        appealed=submission.appealed,
        free=free(submission, offer.review, at),
        mine=seat is not None and seat.is_held(at) and seat.done_at is None,
        barred=barred(submission, person) if may_assess(caller, shelved.issuer) else "You may look, but not judge.",
    )


def _open_sheets(shelved: Shelved, caller: Caller) -> tuple[Seat, ...]:
    """Who may only watch sees what was found once there is a verdict."""
    if may_assess(caller, shelved.issuer):
        return sees_sheets_of(shelved.submission, person_of(caller))
    decided = shelved.submission.state is State.DECIDED
    return (*shelved.submission.former, *shelved.submission.seats) if decided else ()


def _evidence(submission: Submission) -> EvidenceShown:
    given = submission.evidence
    files = tuple(FileShown.model_validate(file.model_dump()) for file in given.files)
    return EvidenceShown(text=given.text, links=given.links, learned=given.learned, show_links=given.show_links, files=files)


def sheet_shown(sheet: Sheet) -> SheetShown:
    return SheetShown(marks=sheet.marks, comment=sheet.comment)


def _seat(seat: Seat, open_sheets: tuple[Seat, ...]) -> SeatShown:
    seen = seat in open_sheets
    sheet = sheet_shown(seat.sheet) if seen else None
    return SeatShown(assessor=seat.assessor, until=seat.until, done_at=seat.done_at, rules=seat.rules, sheet=sheet)


def _verdict(verdict: Verdict, *, staff: bool) -> VerdictShown:
    return VerdictShown(
        number=verdict.number,
        at=verdict.at,
        passed=verdict.passed,
        share=verdict.share,
        sheet=sheet_shown(verdict.sheet),
        corrects=verdict.corrects,
        assessor=verdict.assessor if staff else None,
    )


def _step(step: Step, submission: Submission, *, staff: bool, everything: bool, caller: Caller) -> StepShown:
    role: Role = (
        "learner"
        if step.by == submission.learner
        else "submitter"
        if step.by == submission.submitted_by
        else "assessor"
        if step.by
        else "service"
    )
    own = person_of(caller).is_one_of(step.by)
    seen = not step.inner or own or (staff and everything)
    by = step.by or None
    return StepShown(
        at=step.at,
        did=step.did,
        role=role,
        by=by if staff or role in ("learner", "submitter") else None,
        note=step.note if seen else "",
    )
