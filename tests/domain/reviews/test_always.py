"""What holds of a judgement, whatever people do and in whatever order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.assessment.domain import handing_in, reviews
from services.assessment.domain.handing_in import Person, Refused
from services.assessment.domain.submissions import Did, Evidence, State, Submission
from tests.domain.reviews.cases import ADA, FAIR, FIRST, FOURTH, GOOD, ONE, POOR, SECOND, START, TEACHER, THIRD, TWO, begun, marks

EVERYBODY = st.sampled_from([ADA, TEACHER, FIRST, SECOND, THIRD, FOURTH, Person("else", also="ada")])
LEVELS = st.sampled_from([GOOD, FAIR, POOR, {"clarity": "full"}, {}])
CHANGES = {State.DRAFT, State.ASKED}


class Judgement(RuleBasedStateMachine):
    submission: Submission

    @initialize(two=st.booleans(), by=st.sampled_from([ADA, TEACHER]))
    def begins(self, two: bool, by: Person) -> None:
        self.review = TWO if two else ONE
        self.now = START
        self.submission = begun(self.review, by)
        self.seen: list[tuple[str, Any]] = []

    def does(self, act: Any, *arguments: Any, **more: Any) -> None:
        before = self.submission
        try:
            after = act(before, *arguments, **more)
        except Refused:
            return
        assert after.history[: len(before.history)] == before.history
        if (after.state, after.seats and [s.assessor for s in after.seats]) != (
            before.state,
            before.seats and [s.assessor for s in before.seats],
        ):
            assert len(after.history) > len(before.history), "something changed and nobody knows who did it"
        self.submission = after

    @rule(hours=st.sampled_from([1, 24, 24 * 15]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(text=st.sampled_from(["", "work"]))
    def evidence_is_given(self, text: str) -> None:
        self.does(handing_in.change, Evidence(text=text), self.review)

    @rule(who=st.sampled_from([ADA, TEACHER]))
    def it_is_handed_in(self, who: Person) -> None:
        self.does(handing_in.hand_in, who, self.now, version=1, review=self.review)

    @rule(who=EVERYBODY)
    def somebody_takes_it(self, who: Person) -> None:
        self.does(reviews.take, who, self.review, self.now)

    @rule(who=EVERYBODY)
    def somebody_gives_it_back(self, who: Person) -> None:
        self.does(reviews.give_back, who, self.now)

    @rule(who=EVERYBODY)
    def somebody_declares_a_conflict(self, who: Person) -> None:
        self.does(reviews.declare_conflict, who, "We are married.", self.now)

    @rule(who=EVERYBODY, levels=LEVELS)
    def somebody_judges(self, who: Person, levels: dict[str, str]) -> None:
        self.does(reviews.score, who, self.review, marks(levels), "", self.now)
        self.does(reviews.judge, who, self.review, self.now)

    @rule(who=EVERYBODY)
    def somebody_asks_for_more(self, who: Person) -> None:
        self.does(reviews.ask_for_more, who, "What else?", self.now)

    @rule(who=EVERYBODY)
    def somebody_calls_a_second(self, who: Person) -> None:
        self.does(reviews.call_second, who, self.review, "I am not sure.", self.now)

    @rule(who=st.sampled_from([ADA, FIRST]))
    def somebody_appeals(self, who: Person) -> None:
        self.does(handing_in.appeal, who, "Look again.", self.now)

    @invariant()
    def nobody_judges_their_own(self) -> None:
        mine = {"ada", "teacher", "else"} if self.submission.submitted_by == "teacher" else {"ada", "else"}
        everybody = (*self.submission.seats, *self.submission.former)
        assert not mine & {seat.assessor for seat in everybody}
        assert not mine & {verdict.assessor for verdict in self.submission.verdicts}

    @invariant()
    def a_verdict_has_every_criterion_and_says_what_the_rubric_says(self) -> None:
        for verdict in self.submission.verdicts:
            assert set(verdict.sheet.marks) == {"clarity", "depth"}
            assert verdict.passed == self.review.passed(verdict.sheet.levels)
            assert verdict.share == self.review.share(verdict.sheet.levels)

    @invariant()
    def who_has_not_judged_sees_only_their_own_sheet_unless_they_rule(self) -> None:
        if self.submission.state is State.DECIDED:
            return
        for who in (FIRST, SECOND, THIRD, FOURTH):
            own = self.submission.seat_of(who.id)
            if own is None or not (own.done_at or own.rules):
                assert all(seat is own for seat in reviews.sees_sheets_of(self.submission, who))

    @invariant()
    def nobody_judges_twice(self) -> None:
        for seats in (self.submission.seats, (*self.submission.seats, *self.submission.former)):
            ids = [seat.assessor for seat in seats]
            assert len(set(ids)) == len(ids)
        assert not {seat.assessor for seat in self.submission.seats} & set(self.submission.conflicts)

    @invariant()
    def as_long_as_it_waits_somebody_can_go_on(self) -> None:
        if self.submission.state is State.WAITING:
            working = [seat for seat in self.submission.seats if seat.done_at is None and seat.is_held(self.now)]
            assert working or reviews.free(self.submission, self.review, self.now)
            assert self.submission.waits_since is not None

    @invariant()
    def every_verdict_is_in_the_history_and_corrects_the_one_before(self) -> None:
        decided = [step for step in self.submission.history if step.did is Did.DECIDED]
        assert [(v.assessor, v.at) for v in self.submission.verdicts] == [(step.by, step.at) for step in decided]
        assert [v.corrects for v in self.submission.verdicts] == [None, *range(1, len(decided))][: len(decided)]

    @invariant()
    def it_is_kept_as_it_is(self) -> None:
        assert Submission.model_validate_json(self.submission.model_dump_json()) == self.submission


Judgement.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestJudgement = Judgement.TestCase
