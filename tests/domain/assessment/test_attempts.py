"""Attempts and regrades, corrections and retractions: what counts, since when, and from when it is known."""

from __future__ import annotations

from typing import Any

import pytest

from shared.decisions import Refused
from tests.domain.assessment.stories import (
    Learner,
    both_orders,
    completion,
    erasure,
    lived,
    published,
    retraction,
)

PASSED = {"activity": "a", "passed": True}
COMPLETED = {"activity": "a", "completed": True}
SCORED = {"activity": "a", "score_at_least": "0.7"}
GRADED = {"activity": "a", "grade": ("A", "B")}


def cleared(id_: str, on: float, **more: Any) -> Any:
    return completion(id_, on, status="cleared", **more)


def test_a_new_attempt_never_takes_an_award_back() -> None:
    learner = lived(PASSED, completion("e1", 1), completion("e2", 2, status="failed", attempt=2))
    assert learner.turns() == [(1, 1)]


def test_a_regrade_to_failed_takes_the_pass_back_at_its_own_time() -> None:
    for learner in both_orders(PASSED, [completion("e1", 1), completion("e2", 5, status="failed")]):
        assert learner.turns() == [(1, 1), (5, None)]
        assert learner.verdict().met is False


def test_a_pass_that_was_regraded_to_failed_is_no_completion_either() -> None:
    learner = lived(COMPLETED, completion("e1", 1), completion("e2", 5, status="failed"))
    assert learner.turns() == [(1, 1), (5, None)]


def test_an_activity_reported_completed_stays_so_whatever_its_outcome() -> None:
    events = [completion("e1", 1, status="completed"), completion("e2", 2), completion("e3", 5, status="failed")]
    assert lived(COMPLETED, *events).turns() == [(1, 1)]


@pytest.mark.parametrize("status", ["registered", "started", "withdrawn"])
def test_registering_starting_and_withdrawing_undo_nothing(status: str) -> None:
    learner = lived(PASSED, completion("e1", 1), completion("e2", 2, status=status, score="0", grade="F"))
    assert learner.turns() == [(1, 1)]
    assert len(learner.verdicts) == 1


def test_a_repeated_report_moves_nothing() -> None:
    learner = lived(PASSED, *(completion(f"e{n}", n) for n in range(1, 5)), valid_for=1)
    assert learner.turns() == [(1, 1)]
    assert learner.again() == []


def test_a_higher_regrade_counts_from_its_own_time_and_takes_nothing_back() -> None:
    low, high = completion("e1", 1, status="scored", score="0.7"), completion("e2", 9, status="scored", score="0.9")
    for learner in both_orders(SCORED, [low, high], begins=0, ends=5):
        assert learner.turns() == [(1, 1)]
    assert lived({**SCORED, "score_at_least": "0.8"}, low, high).turns() == [(9, 9)]


def test_a_lower_regrade_takes_back_only_what_needed_more() -> None:
    events = [completion("e1", 1, status="scored", score="0.9"), completion("e2", 4, status="scored", score="0.75")]
    assert lived(SCORED, *events).turns() == [(1, 1)]
    assert lived({**SCORED, "score_at_least": "0.8"}, *events).turns() == [(1, 1), (4, None)]


def test_what_meets_a_part_is_named_anew_when_a_regrade_lowers_it_and_still_suffices() -> None:
    learner = lived(SCORED, completion("e1", 1, status="scored", score="0.9"))
    learner.lives(completion("e2", 4, status="scored", score="0.75"))
    finding = learner.part().finding
    assert (finding.by, finding.value) == (("e2",), "0.75")
    assert [verdict.revision for verdict in learner.verdicts] == [1, 2]


def test_a_regrade_that_is_raised_again_counts_from_then_on() -> None:
    events = [completion(f"e{n}", n, status="scored", score=score) for n, score in enumerate(("0.9", "0.2", "0.8"), start=1)]
    for learner in both_orders(SCORED, events):
        assert learner.turns() == [(1, 1), (2, None), (3, 3)]


def test_a_grade_that_is_changed_to_another_that_counts_stays_met() -> None:
    events = [completion("e1", 1, grade="B"), completion("e2", 2, grade="A"), completion("e3", 3, grade="C")]
    assert lived(GRADED, *events).turns() == [(1, 1), (3, None)]


@pytest.mark.parametrize("requirement", [PASSED, COMPLETED, SCORED, GRADED], ids=["passed", "completed", "scored", "graded"])
def test_clearing_an_attempt_takes_its_whole_result_back_from_then_on(requirement: Any) -> None:
    events = [completion("e1", 1, score="0.9", grade="A"), completion("e2", 2, status="completed"), cleared("e3", 5)]
    for learner in both_orders(requirement, events):
        assert learner.turns() == [(1, 1), (5, None)]


@pytest.mark.parametrize("requirement", [PASSED, COMPLETED, SCORED, GRADED], ids=["passed", "completed", "scored", "graded"])
def test_what_is_reported_after_clearing_begins_anew(requirement: Any) -> None:
    events = [completion("e1", 1, score="0.9", grade="B"), cleared("e2", 3), completion("e3", 5, score="0.8", grade="A")]
    for learner in both_orders(requirement, events):
        assert learner.turns() == [(1, 1), (3, None), (5, 5)]


def test_clearing_an_attempt_leaves_the_other_attempts_alone() -> None:
    events = [completion("e1", 1, attempt=1), completion("e2", 2, attempt=2), cleared("e3", 5, attempt=2)]
    for learner in both_orders(PASSED, events):
        assert learner.turns() == [(1, 1)]


def test_a_cleared_score_counts_for_nothing_in_a_mean_rather_than_for_zero() -> None:
    mean = {**SCORED, "attempts": "mean"}
    events = [completion("e1", 1, score="0.2"), completion("e2", 2, score="0.8", attempt=2), cleared("e3", 5)]
    for learner in both_orders(mean, events):
        assert learner.turns() == [(5, 2)]
        assert learner.part().finding.value == "0.8"


def test_clearing_that_is_retracted_gives_the_result_back() -> None:
    for learner in both_orders(PASSED, [completion("e1", 1), cleared("e2", 3), retraction("r", 5, "e2")]):
        assert learner.turns() == [(1, 1), (3, None), (5, 1)]


def test_clearing_where_nothing_was_reported_says_nothing() -> None:
    assert not lived(PASSED, cleared("e1", 1)).verdicts


@pytest.mark.parametrize("more", [{"score": {"scaled": "1"}}, {"grade": "A"}], ids=["a score", "a grade"])
def test_clearing_gives_nothing_in_place_of_what_it_takes_back(more: Any) -> None:
    with pytest.raises(ValueError, match="neither a score nor a grade"):
        completion("e1", 1, status="cleared", **more)


def test_a_correction_takes_the_place_of_what_it_corrects_and_is_known_from_its_own_time() -> None:
    wrong = completion("e1", 1, status="scored", score="0.3")
    right = completion("e2", 6, status="scored", score="0.9", corrects="e1")
    for learner in both_orders(SCORED, [wrong, right], begins=0, ends=5):
        assert learner.turns() == [(6, 1)]


def test_a_correction_can_move_a_completion_to_another_activity() -> None:
    wrong, right = completion("e1", 1), completion("e2", 4, "b", corrects="e1")
    catalog = [published(PASSED), published({"activity": "b", "passed": True}, id_="y")]
    for events in ([wrong, right], [right, wrong]):
        learner = Learner(*catalog).lives(*events)
        assert learner.turns()[-1] == (4, None)
        assert [(turn.at.day, turn.since and turn.since.day) for turn in learner.part(achievement="y").turns] == [(5, 2)]


def test_a_correction_of_a_correction_takes_the_first_ones_place() -> None:
    chain = [completion("e1", 1), completion("e2", 3, status="failed", corrects="e1"), completion("e3", 5, corrects="e2")]
    for learner in both_orders(PASSED, chain):
        assert learner.turns() == [(1, 1), (3, None), (5, 1)]


def test_what_was_corrected_does_not_come_back_when_the_correction_is_retracted() -> None:
    events = [completion("e1", 1), completion("e2", 3, corrects="e1"), retraction("r", 5, "e2")]
    for learner in both_orders(PASSED, events):
        assert learner.turns() == [(1, 1), (5, None)]


def test_a_retraction_acts_at_its_own_time_also_when_it_comes_first() -> None:
    for learner in both_orders(PASSED, [completion("e1", 1), retraction("r", 4, "e1")]):
        assert learner.turns() == [(1, 1), (4, None)]


def test_a_retraction_takes_back_what_stood_in_the_retracted_ones_place_by_then() -> None:
    events = [completion("e1", 1), completion("e2", 3, corrects="e1"), retraction("r", 5, "e1")]
    for learner in both_orders(PASSED, events):
        assert learner.turns() == [(1, 1), (5, None)]


def test_a_correction_after_a_retraction_stands() -> None:
    events = [completion("e1", 1), retraction("r", 3, "e1"), completion("e2", 5, corrects="e1")]
    for learner in both_orders(PASSED, events):
        assert learner.turns() == [(1, 1), (3, None), (5, 1)]


def test_another_sources_retraction_is_about_another_entry() -> None:
    learner = lived(PASSED, completion("e1", 1), retraction("r", 4, "e1", source="urn:other"))
    assert learner.turns() == [(1, 1)]


def test_the_same_event_twice_changes_nothing() -> None:
    learner = lived(PASSED, completion("e1", 1))
    before = learner.record
    assert learner.lives(completion("e1", 1)).record is before
    assert len(learner.verdicts) == 1


@pytest.mark.parametrize(
    "other",
    [completion("e1", 1, status="failed"), retraction("e1", 1, "e9")],
    ids=["another completion", "a retraction"],
)
def test_the_same_id_with_other_content_is_refused(other: Any) -> None:
    with pytest.raises(Refused, match="other content"):
        lived(PASSED, completion("e1", 1), other)


def test_a_completion_that_corrects_itself_is_refused() -> None:
    with pytest.raises(Refused, match="corrects itself"):
        lived(PASSED, completion("e1", 1, corrects="e1"))


def test_nothing_that_was_said_before_an_erasure_counts_after_it() -> None:
    learner = lived(PASSED, completion("e1", 1), erasure("x", 3))
    erased = learner.facts[-1]
    assert (erased.TYPE, erased.revision, erased.cause.kind) == ("cairn.learner.erased.v1", 1, "erasure")
    assert not learner.record.entries
    assert not learner.record.said

    learner.lives(completion("e1", 1), completion("e0", 3), erasure("x", 3))
    assert learner.facts[-1] is erased

    learner.lives(completion("e2", 4))
    assert learner.turns() == [(4, 4)]
    assert learner.verdict().revision == 2
