"""What each leaf about activities asks, exactly, and what is found there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.domain.assessment.stories import completion, lived


def scores(*given: tuple[str, float, str, int]) -> list[Any]:
    """Activity, day, score and attempt."""
    return [
        completion(f"e{n}", on, activity, "scored", score=score, attempt=attempt)
        for n, (activity, on, score, attempt) in enumerate(given)
    ]


THREE = scores(("a", 1, "0.5", 1), ("a", 2, "0.9", 2), ("a", 3, "0.7", 3))


@pytest.mark.parametrize(
    ("attempts", "at_least", "turns", "value", "by"),
    [
        ("best", "0.9", [(2, 2)], "0.9", ("e1",)),
        ("best", "0.5", [(1, 1)], "0.5", ("e0",)),
        ("latest", "0.7", [(2, 2)], "0.9", ("e1",)),
        ("mean", "0.7", [(2, 2)], "0.7", ("e0", "e1")),
        ("mean", "0.71", [], None, ()),
    ],
)
def test_of_several_attempts_the_one_counts_that_is_asked_for(
    attempts: str, at_least: str, turns: list[Any], value: str | None, by: tuple[str, ...]
) -> None:
    learner = lived({"activity": "a", "score_at_least": at_least, "attempts": attempts}, *THREE)
    assert learner.turns() == turns
    if turns:
        finding = learner.part().finding
        assert (finding.value, finding.by) == (value, by)


def test_a_mean_that_has_no_end_as_a_decimal_is_compared_exactly() -> None:
    two_thirds = scores(("a", 1, "1", 1), ("a", 2, "1", 2), ("a", 3, "0", 3))
    asked = {"activity": "a", "score_at_least": "0.6666666667", "attempts": "mean"}
    assert lived(asked, two_thirds[2], two_thirds[0], two_thirds[1]).turns() == [(1, 1)]
    late = scores(("a", 1, "0", 1), ("a", 2, "1", 2), ("a", 3, "1", 3))
    assert lived(asked, *late).turns() == []
    assert lived({**asked, "score_at_least": "0.6666666666"}, *late).turns() == [(3, 3)]


def test_raw_scores_count_as_shares_of_their_range() -> None:
    report = completion("e1", 1, status="scored", score={"raw": "7", "min": "5", "max": "10"})
    assert lived({"activity": "a", "score_at_least": "0.4"}, report).turns() == [(1, 1)]
    assert lived({"activity": "a", "score_at_least": "0.4000000001"}, report).turns() == []


def mean(at_least: str, missing: str, *weights: str) -> dict[str, Any]:
    of = [{"activity": activity, "weight": weight} for activity, weight in zip("abc", weights, strict=False)]
    return {"weighted_mean_at_least": at_least, "of": of, "missing": missing}


def test_a_missing_activity_counts_zero_or_is_left_out_as_said() -> None:
    only_a = scores(("a", 1, "0.8", 1))
    assert lived(mean("0.8", "zero", "1", "1"), *only_a).turns() == []
    assert lived(mean("0.4", "zero", "1", "1"), *only_a).turns() == [(1, 1)]
    assert lived(mean("0.8", "left_out", "1", "1"), *only_a).turns() == [(1, 1)]


def test_a_weighted_mean_is_exact() -> None:
    tenths = scores(("a", 1, "0.1", 1), ("b", 2, "0.2", 1), ("c", 3, "0.3", 1))
    learner = lived(mean("0.2", "zero", "1", "1", "1"), *tenths)
    assert learner.turns() == [(3, 3)]
    assert learner.part().finding.value == "0.2"
    assert lived(mean("0.2000000001", "zero", "1", "1", "1"), *tenths).turns() == []


def test_a_mean_without_weight_to_divide_by_is_not_met() -> None:
    assert lived(mean("0", "left_out", "0"), *scores(("a", 1, "1", 1))).turns() == []


def test_a_later_low_score_does_not_take_a_mean_back_that_was_reached_before() -> None:
    learner = lived(mean("0.8", "left_out", "1", "1"), *scores(("a", 1, "0.8", 1), ("b", 2, "0", 1)))
    assert learner.turns() == [(1, 1)]


def test_a_period_is_measured_at_the_entry_that_completes_it() -> None:
    both = {"all": [{"activity": "a", "passed": True}, {"activity": "b", "passed": True}]}
    asked = {"within": timedelta(days=10), "requirement": both}
    assert lived(asked, completion("e1", 1), completion("e2", 10, "b")).turns() == [(10, 10)]
    assert lived(asked, completion("e1", 1), completion("e2", 11, "b")).turns() == []
    renewed = lived(asked, completion("e1", 1), completion("e2", 30, "b"), completion("e3", 31, attempt=2))
    assert renewed.turns() == [(31, 31)]


def test_a_period_longer_than_time_itself_counts_everything() -> None:
    asked = {"within": timedelta(days=999_999), "requirement": {"activity": "a", "passed": True}}
    assert lived(asked, completion("e1", 1)).turns() == [(1, 1)]


def test_a_higher_regrade_within_a_period_leaves_what_was_reached_before() -> None:
    asked = {
        "within": timedelta(days=10),
        "requirement": {"all": [{"activity": "a", "score_at_least": "0.5"}, {"activity": "b", "passed": True}]},
    }
    events = [
        completion("e1", 1, status="scored", score="0.6"),
        completion("e2", 5, "b"),
        completion("e3", 40, status="scored", score="0.8"),
    ]
    assert lived(asked, *events).turns() == [(5, 5)]


def test_at_least_some_of_the_parts_is_met_when_the_last_needed_one_is() -> None:
    asked = {"at_least": 2, "of": [{"activity": activity, "passed": True} for activity in "abc"]}
    learner = lived(asked, completion("e1", 1, "c"), completion("e2", 2, "b"), completion("e3", 3, "a"))
    assert learner.turns() == [(2, 2)]
    finding = learner.part().finding
    assert [part.by for part in finding.of] == [(), ("e2",), ("e1",)]
    assert finding.value == "2"
