"""Waivers and substitutions: decisions of people outrank recomputation, from their own time until they are withdrawn."""

from __future__ import annotations

import pytest

from shared.decisions import Refused
from tests.domain.assessment.stories import (
    Learner,
    both_orders,
    completion,
    lived,
    published,
    retraction,
    substitution,
    waiver,
    withdrawal,
)

A = {"activity": "a", "passed": True}
B = {"activity": "b", "passed": True}
BOTH = {"all": [A, B]}
HELD = {"achievement": "other"}


def test_a_waived_leaf_counts_as_met_since_the_decision() -> None:
    for learner in both_orders(BOTH, [completion("e1", 1), waiver("d", 4, "all/1")]):
        assert learner.turns() == [(4, 4)]
        assert learner.part().finding.of[1].waived == "d"


def test_a_waiver_waits_for_the_rest() -> None:
    learner = lived(BOTH, waiver("d", 4, "all/1"))
    assert learner.turns() == []
    assert learner.lives(completion("e1", 6)).turns() == [(6, 6)]


def test_a_waiver_outlives_a_retraction() -> None:
    learner = lived(A, completion("e1", 1), waiver("d", 3), retraction("r", 5, "e1"))
    assert learner.turns() == [(1, 1), (5, 3)]


def test_a_withdrawn_waiver_counts_until_then_also_when_the_withdrawal_comes_first() -> None:
    for learner in both_orders(A, [waiver("d", 3), withdrawal("w", 8, "d")]):
        assert learner.turns() == [(3, 3), (8, None)]


def test_the_whole_requirement_can_be_waived() -> None:
    learner = lived(BOTH, waiver("d", 3))
    assert learner.verdict().met is True


def test_a_waiver_is_for_the_version_it_names() -> None:
    learner = Learner(published(A, ends=50), published(B, version=2, begins=0)).lives(waiver("d", 3, version=2))
    assert learner.turns(version=1) == []
    assert learner.turns(version=2) == [(3, 3)]


def test_a_waiver_for_a_version_that_is_not_known_yet_counts_when_it_is() -> None:
    learner = Learner().lives(waiver("d", 3))
    assert learner.learns_of(published(A)).turns() == [(3, 3)]


def test_a_waived_leaf_about_awards_is_a_part_of_its_own() -> None:
    learner = lived({"all": [HELD, A]}, waiver("d", 3, "all/0"))
    assert learner.turns("all/0") == [(3, 3)]
    assert learner.part("all/0").finding.waived == "d"
    assert learner.verdict().met is None


def test_a_waiver_of_nothing_that_is_there_says_nothing() -> None:
    assert lived(BOTH, waiver("d", 3, "all/7")).verdicts == []


def test_a_substitute_counts_from_when_it_was_shown_and_is_known_since_the_decision() -> None:
    for learner in both_orders(A, [completion("e1", 2, "elsewhere"), substitution("d", 6, "elsewhere")]):
        assert learner.turns() == [(6, 2)]
        assert learner.part().finding.by == ("e1",)


def test_a_substitute_that_is_shown_later_counts_then() -> None:
    learner = lived(A, substitution("d", 1, "elsewhere"), completion("e1", 4, "elsewhere"))
    assert learner.turns() == [(4, 4)]


def test_a_substitution_never_costs_what_was_shown() -> None:
    learner = lived(A, completion("e1", 1), substitution("d", 3, "elsewhere"))
    assert learner.turns() == [(1, 1)]


def test_in_a_weighted_mean_one_activity_can_have_a_substitute() -> None:
    of = [{"activity": "a", "weight": "1"}, {"activity": "b", "weight": "3"}]
    events = [completion("e1", 1, status="scored", score="1"), completion("e2", 2, "c", "scored", score="0.5")]
    learner = lived({"weighted_mean_at_least": "0.6", "of": of}, *events, substitution("d", 5, "c", "of/1"))
    assert learner.turns() == [(5, 2)]
    assert learner.part().finding.value == "0.625"


def test_a_withdrawn_substitution_takes_back_what_rested_on_it() -> None:
    events = [completion("e1", 1, "elsewhere"), substitution("d", 3, "elsewhere"), withdrawal("w", 7, "d")]
    for learner in both_orders(A, events):
        assert learner.turns() == [(3, 1), (7, None)]


def test_the_same_request_twice_changes_nothing_and_with_other_content_is_refused() -> None:
    learner = lived(A, waiver("d", 3))
    before = learner.record
    assert learner.lives(waiver("d", 3)).record is before
    with pytest.raises(Refused, match="other content"):
        learner.lives(waiver("d", 3, "elsewhere"))


def test_a_renewal_needs_a_new_waiver() -> None:
    events = [waiver("d1", 1, "all/1"), completion("a1", 2), completion("a2", 5, attempt=2)]
    assert lived(BOTH, *events, valid_for=365).again() == []
    assert lived(BOTH, *events, waiver("d2", 6, "all/1"), valid_for=365).again() == [6]
