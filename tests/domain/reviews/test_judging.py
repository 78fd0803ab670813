"""Who may judge, and what comes of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.assessment.domain.handing_in import LEASE, Person, Refused, appeal, change, hand_in
from services.assessment.domain.reviews import (
    ask_for_more,
    call_second,
    declare_conflict,
    free,
    give_back,
    judge,
    may_take,
    score,
    sees_sheets_of,
    take,
)
from services.assessment.domain.submissions import Did, Evidence, State
from tests.domain.reviews.cases import (
    ADA,
    FAIR,
    FIRST,
    FOURTH,
    GOOD,
    ONE,
    POOR,
    SECOND,
    TEACHER,
    THIRD,
    TWO,
    at,
    handed_in,
    judged,
    marks,
)


def test_whether_it_is_passed_follows_from_the_rubric() -> None:
    for levels, passed, share in ((GOOD, True, "1"), (FAIR, True, "0.75"), (POOR, False, "0.25")):
        verdict = judged(handed_in(), FIRST, levels).verdict
        assert verdict is not None
        assert (verdict.passed, verdict.share.normalize(), verdict.assessor) == (passed, Decimal(share), "assessor-1")


def test_a_verdict_needs_a_level_for_every_criterion() -> None:
    taken = take(handed_in(), FIRST, ONE, at(2))
    half = score(taken, FIRST, ONE, marks({"clarity": "full"}), "", at(3))
    with pytest.raises(Refused, match="depth") as refused:
        judge(half, FIRST, ONE, at(4))
    assert refused.value.status == 422


@pytest.mark.parametrize(("levels", "place"), [({"beauty": "full"}, "marks.beauty"), ({"depth": "huge"}, "marks.depth.level")])
def test_a_mark_is_one_of_the_rubrics(levels: dict[str, str], place: str) -> None:
    with pytest.raises(Refused) as refused:
        score(take(handed_in(), FIRST, ONE, at(2)), FIRST, ONE, marks(levels), "", at(3))
    assert (refused.value.status, refused.value.place) == (422, place)


@pytest.mark.parametrize("who", [ADA, Person("somebody", also="ada"), TEACHER])
def test_nobody_judges_their_own_or_what_they_handed_in(who: Person) -> None:
    with pytest.raises(Refused) as refused:
        take(handed_in(who=TEACHER), who, ONE, at(2))
    assert refused.value.status == 403


def test_what_somebody_has_taken_nobody_else_takes_until_they_had_it_for_too_long() -> None:
    taken = take(handed_in(), FIRST, ONE, at(2))
    with pytest.raises(Refused, match="Somebody else"):
        take(taken, SECOND, ONE, at(3))
    late = at(2) + LEASE
    with pytest.raises(Refused, match="two weeks"):
        judge(taken, FIRST, ONE, late)
    again = take(taken, SECOND, ONE, late)
    assert [seat.assessor for seat in again.seats] == ["assessor-2"]
    assert [step.did for step in again.history][-2:] == [Did.LAPSED, Did.TAKEN]


def test_who_had_it_for_too_long_finds_what_they_noted_when_they_take_it_again() -> None:
    noted = score(take(handed_in(), FIRST, ONE, at(2)), FIRST, ONE, marks(GOOD), "Fine.", at(2))
    again = take(noted, FIRST, ONE, at(3) + LEASE)
    assert again.seats[0].sheet.comment == "Fine."


def test_what_is_given_back_waits_for_anybody() -> None:
    given = give_back(take(handed_in(), FIRST, ONE, at(2)), FIRST, at(3))
    assert free(given, ONE, at(3)) == 1
    assert may_take(given, SECOND, ONE, at(3))


def test_where_two_judge_neither_sees_what_the_other_found_before_they_have_judged() -> None:
    one = judged(handed_in(TWO), FIRST, GOOD, TWO)
    both = take(one, SECOND, TWO, at(3))
    assert both.state is State.WAITING
    assert [seat.assessor for seat in sees_sheets_of(both, SECOND)] == ["assessor-2"]
    assert sees_sheets_of(both, THIRD) == ()
    done = judged(both, SECOND, POOR, TWO)
    assert {seat.assessor for seat in sees_sheets_of(done, SECOND)} == {"assessor-1", "assessor-2"}


def test_where_two_agree_no_more_is_said_than_both_vouch_for() -> None:
    verdict = judged(judged(handed_in(TWO), FIRST, GOOD, TWO), SECOND, FAIR, TWO).verdict
    assert verdict is not None
    assert verdict.sheet.levels == FAIR


def test_where_two_differ_a_third_who_sees_both_decides_alone() -> None:
    differ = judged(judged(handed_in(TWO), FIRST, GOOD, TWO), SECOND, POOR, TWO)
    assert differ.state is State.WAITING
    assert not may_take(differ, FIRST, TWO, at(3))
    third = take(differ, THIRD, TWO, at(4))
    assert len(sees_sheets_of(third, THIRD)) == 3
    assert not may_take(third, FOURTH, TWO, at(4))
    verdict = judged(third, THIRD, FAIR, TWO, 5).verdict
    assert verdict is not None
    assert (verdict.assessor, verdict.passed) == ("assessor-3", True)


def test_a_second_assessor_is_called_and_does_not_see_why() -> None:
    taken = take(handed_in(), FIRST, ONE, at(2))
    called = judged(call_second(taken, FIRST, ONE, "I am not sure.", at(3)), FIRST, GOOD, ONE, 4)
    assert called.state is State.WAITING
    assert next(step for step in called.history if step.did is Did.CALLED).inner
    assert judged(called, SECOND, GOOD, ONE, 5).state is State.DECIDED


def test_more_that_is_asked_for_is_looked_at_by_all_who_judge() -> None:
    one = judged(handed_in(TWO), FIRST, GOOD, TWO)
    asked = ask_for_more(take(one, SECOND, TWO, at(3)), SECOND, "Where are the sources?", at(4))
    assert asked.state is State.ASKED
    with pytest.raises(Refused, match="waits for the learner"):
        take(asked, THIRD, TWO, at(4))
    more = change(asked, Evidence(text="Here they are."), TWO)
    back = hand_in(more, ADA, at(900), version=2, review=TWO)
    assert (back.state, back.version, back.waits_since, back.handed_in_at) == (State.WAITING, 1, at(900), at(1))
    assert [seat.done_at for seat in back.seats] == [None, None]
    again = judged(judged(back, FIRST, FAIR, TWO, 901), SECOND, FAIR, TWO, 902)
    assert again.state is State.DECIDED


def test_who_declares_a_conflict_of_interest_never_judges_it() -> None:
    left = declare_conflict(judged(handed_in(TWO), FIRST, GOOD, TWO), FIRST, "We share a flat.", at(3))
    assert left.seats == ()
    with pytest.raises(Refused, match="conflict") as refused:
        take(left, FIRST, TWO, at(4))
    assert refused.value.status == 403


def test_an_appeal_is_decided_by_somebody_new_and_corrects_the_verdict() -> None:
    failed = judged(handed_in(), FIRST, POOR)
    appealed = appeal(failed, ADA, "You overlooked a page.", at(5))
    with pytest.raises(Refused, match="before"):
        take(appealed, FIRST, ONE, at(6))
    decided = judged(appealed, SECOND, GOOD, hours=7)
    assert [(verdict.number, verdict.passed, verdict.corrects) for verdict in decided.verdicts] == [
        (1, False, None),
        (2, True, 1),
    ]
    with pytest.raises(Refused, match="decided already"):
        appeal(decided, ADA, "And another one.", at(8))
    assert appeal(decided, THIRD, "A mark was mixed up.", at(8)).state is State.WAITING
