"""How evidence is judged: who may do what with a submission, and what comes of it.

The rules:

- Nobody judges what is their own, or what they handed in for somebody else, nor where they declared a conflict of interest.
- An assessor takes a submission for two weeks; each time they note something the two weeks begin anew. It can be given back.
- A verdict needs a mark for every criterion. Whether it is passed follows from the review's `passes_at` and `must_reach`.
- Where the review wants two assessors, or the first calls a second, each judges without seeing what the other found.
  If both find that it is passed, or both that it is not, the sheet with the lower share of points counts: no more is said than
  both vouch for. If they differ, a third sees both sheets and decides alone.
- Whoever asks for more stops everybody: when more was handed in, all look again, also those who had judged already; where a
  third asked, only they do.
- A verdict can be appealed against: by the learner once, by an assessor with a reason. Somebody who has not judged it before
  sees all that was said and decides alone; that verdict corrects the one before.

Every function gives the submission as it is then, or raises Refused. Times are given; they never run backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.assessment.domain.handing_in import LEASE, Person, Refused, noted, want
from services.assessment.domain.submissions import (
    Did,
    Mark,
    Seat,
    Sheet,
    State,
    Submission,
    Verdict,
)
from shared.events.reviews import Review


def free(submission: Submission, review: Review, at: datetime) -> int:
    """How many assessors may still take it."""
    held = [seat for seat in submission.seats if seat.is_held(at)]
    if submission.state is not State.WAITING or any(seat.rules for seat in held):
        return 0
    differ = len({review.passed(seat.sheet.levels) for seat in held if seat.done_at is not None}) == 2
    return max(0, (3 if differ else assessors(submission, review)) - len(held))


def assessors(submission: Submission, review: Review) -> int:
    """How many judge it, if they agree."""
    return 1 if submission.appealed else 2 if submission.called else review.assessors


def barred(submission: Submission, who: Person) -> str | None:
    """Why this person can never judge it; None: they can."""
    if who.is_one_of(submission.learner):
        return "It is your own."
    if who.is_one_of(submission.submitted_by):
        return "You handed it in for the learner."
    if who.is_one_of(*submission.conflicts):
        return "You declared a conflict of interest."
    if who.is_one_of(*(seat.assessor for seat in submission.former)):
        return "You judged it before; somebody else decides on the appeal."
    return None


def may_take(submission: Submission, who: Person, review: Review, at: datetime) -> bool:
    held = submission.seat_of(who.id)
    taken = held is not None and held.is_held(at)
    return barred(submission, who) is None and not taken and free(submission, review, at) > 0


def take(submission: Submission, who: Person, review: Review, at: datetime) -> Submission:
    """The seats of those who had it for too long are free."""
    _may_judge(submission, who)
    held = submission.seat_of(who.id)
    want(held is None or not held.is_held(at), "You have it already.")
    if submission.state is State.WAITING and not free(submission, review, at):
        raise Refused(409, "Somebody else is judging it.")
    _waits(submission)
    for seat in submission.seats:
        if not seat.is_held(at):
            submission = noted(_without(submission, seat.assessor), seat.assessor, at, Did.LAPSED)
    rules = submission.appealed or len(submission.seats) == 2
    seat = Seat(assessor=who.id, until=at + LEASE, sheet=held.sheet if held else Sheet(), rules=rules)
    return noted(submission.but(seats=(*submission.seats, seat)), who.id, at, Did.TAKEN)


def give_back(submission: Submission, who: Person, at: datetime, reason: str = "") -> Submission:
    seat = _seat(submission, who)
    want(submission.is_open and seat.done_at is None, "You have judged it already.")
    return noted(_without(submission, who.id), who.id, at, Did.GIVEN_BACK, reason, inner=True)


def declare_conflict(submission: Submission, who: Person, reason: str, at: datetime) -> Submission:
    """They never judge it; what they found so far does not count."""
    _may_judge(submission, who)
    want(submission.is_open, "It is decided. If the verdict can't stand, appeal against it.")
    left = _without(submission, who.id).but(conflicts=(*submission.conflicts, who.id))
    return noted(left, who.id, at, Did.CONFLICT, reason, inner=True)


def score(
    submission: Submission, who: Person, review: Review, marks: Mapping[str, Mark], comment: str, at: datetime
) -> Submission:
    """Note what was found so far; some criteria may be left for later."""
    seat = _at_work(submission, who, at)
    for id_, mark in marks.items():
        criterion = review.rubric.criterion(id_)
        if criterion is None:
            known = ", ".join(one.id for one in review.rubric.criteria)
            raise Refused(422, f"The rubric has no criterion {id_}; it has {known}.", f"marks.{id_}")
        if criterion.level(mark.level) is None:
            known = ", ".join(level.id for level in criterion.levels)
            raise Refused(422, f"The criterion {id_} has no level {mark.level}; it has {known}.", f"marks.{id_}.level")
    sheet = Sheet(marks=dict(marks), comment=comment)
    return submission.with_seat(seat.but(sheet=sheet, until=at + LEASE))


def judge(submission: Submission, who: Person, review: Review, at: datetime) -> Submission:
    """This assessor is done. If nobody else is needed, the verdict is there."""
    seat = _at_work(submission, who, at)
    if missing := [one.id for one in review.rubric.criteria if one.id not in seat.sheet.marks]:
        raise Refused(422, f"Each criterion needs a level before it is judged; there is none for {', '.join(missing)}.", "marks")
    done = noted(submission.with_seat(seat.but(done_at=at)), who.id, at, Did.JUDGED)
    counts = _counts(done, review)
    return done if counts is None else _decided(done, counts, review, at)


def call_second(submission: Submission, who: Person, review: Review, reason: str, at: datetime) -> Submission:
    """Another assessor judges it, too, and does not see what this one found, nor why they called."""
    _at_work(submission, who, at)
    want(not submission.appealed, "Who decides on an appeal decides alone.")
    want(assessors(submission, review) == 1, "Two assessors judge it as it is.")
    return noted(submission.but(called=True), who.id, at, Did.CALLED, reason, inner=True)


def ask_for_more(submission: Submission, who: Person, question: str, at: datetime) -> Submission:
    _at_work(submission, who, at)
    return noted(submission.but(state=State.ASKED, waits_since=at), who.id, at, Did.ASKED, question)


def sees_sheets_of(submission: Submission, who: Person) -> tuple[Seat, ...]:
    """The seats whose sheets an assessor may look at: their own; all, once they have judged, rule, or the verdict is there."""
    own = submission.seat_of(who.id)
    if submission.state is State.DECIDED or (own and (own.done_at or own.rules)):
        return tuple(seat for seat in (*submission.former, *submission.seats) if seat is own or seat.done_at is not None)
    return () if own is None else (own,)


def _counts(submission: Submission, review: Review) -> Seat | None:
    """The seat whose sheet is the verdict; None: somebody has yet to judge."""
    done = [seat for seat in submission.seats if seat.done_at is not None]
    if (ruling := next((seat for seat in submission.seats if seat.rules), None)) is not None:
        return ruling if ruling in done else None
    if len(done) < assessors(submission, review) or len({review.passed(seat.sheet.levels) for seat in done}) > 1:
        return None
    return min(done, key=lambda seat: review.share(seat.sheet.levels))


def _decided(submission: Submission, counts: Seat, review: Review, at: datetime) -> Submission:
    before = submission.verdict
    verdict = Verdict(
        number=1 if before is None else before.number + 1,
        at=at,
        passed=review.passed(counts.sheet.levels),
        share=review.share(counts.sheet.levels),
        assessor=counts.assessor,
        sheet=counts.sheet,
        corrects=None if before is None else before.number,
    )
    decided = submission.but(state=State.DECIDED, waits_since=None, verdicts=(*submission.verdicts, verdict))
    return noted(decided, counts.assessor, at, Did.DECIDED)


def _may_judge(submission: Submission, who: Person) -> None:
    if (why := barred(submission, who)) is not None:
        raise Refused(403, f"You can't judge this. {why}")


def _waits(submission: Submission) -> None:
    want(submission.state is not State.ASKED, "More was asked for; it waits for the learner.")
    want(submission.state is State.WAITING, "It does not wait for a judgement.")


def _seat(submission: Submission, who: Person) -> Seat:
    _may_judge(submission, who)
    seat = submission.seat_of(who.id)
    if seat is None:
        raise Refused(409, "You have not taken it.")
    return seat


def _at_work(submission: Submission, who: Person, at: datetime) -> Seat:
    seat = _seat(submission, who)
    _waits(submission)
    want(seat.done_at is None, "You have judged it already.")
    want(seat.is_held(at), "You had it for two weeks without judging it. Take it again.")
    return seat


def _without(submission: Submission, assessor: str) -> Submission:
    return submission.but(seats=tuple(seat for seat in submission.seats if seat.assessor != assessor))
