"""cmi5's own rules over xAPI's statements."""

from __future__ import annotations

import pytest

from services.assessment.sources.claims import Wrong
from shared.events.completions import Status
from tests.domain.sources.xapi.examples import claim, cmi5, nothing, result, said

SATISFIED = "https://w3id.org/xapi/adl/verbs/satisfied"
WAIVED = "https://w3id.org/xapi/adl/verbs/waived"
ABANDONED = "https://w3id.org/xapi/adl/verbs/abandoned"


def test_a_unit_that_is_launched_and_initialized_was_started() -> None:
    assert result(cmi5("launched", launchmode="Normal")).status is Status.STARTED
    assert result(cmi5("initialized")).status is Status.STARTED


def test_a_session_that_ends_or_is_abandoned_says_nothing() -> None:
    assert "leaves it to the result" in nothing(cmi5("terminated", {"duration": "PT30M"}))
    assert "abandoned" in nothing(cmi5(ABANDONED, {"duration": "PT30M"}))


def test_completed_and_passed_are_two_statements_about_one_unit() -> None:
    completed = cmi5("completed", {"completion": True, "duration": "PT30M"})
    passed = cmi5("passed", {"success": True, "score": {"scaled": 0.95}, "duration": "PT30M"}, masteryscore=0.85)
    assert result(completed).status is Status.COMPLETED
    assert result(passed).status is Status.PASSED
    assert claim(completed).activity == claim(passed).activity


def test_a_block_that_is_satisfied_is_completed_and_where_move_on_asks_for_a_pass_passed() -> None:
    assert result(cmi5(SATISFIED)).status is Status.COMPLETED
    assert result(cmi5(SATISFIED, moveon="CompletedOrPassed")).status is Status.COMPLETED
    assert result(cmi5(SATISFIED, moveon="Passed")).status is Status.PASSED
    assert result(cmi5(SATISFIED, moveon="CompletedAndPassed")).status is Status.PASSED


def test_a_unit_that_is_waived_is_passed_as_its_result_says() -> None:
    reason = {"https://w3id.org/xapi/cmi5/result/extensions/reason": "Tested Out"}
    assert result(cmi5(WAIVED, {"success": True, "completion": True, "extensions": reason})).status is Status.PASSED
    assert result(cmi5(WAIVED, {"completion": True, "extensions": reason})).status is Status.COMPLETED


def test_a_pass_below_the_mastery_score_is_refused_and_so_is_a_failure_above_it() -> None:
    with pytest.raises(Wrong, match="less than the mastery score") as refused:
        said(cmi5("passed", {"success": True, "score": {"scaled": 0.5}}, masteryscore=0.85))
    assert refused.value.place == "result.score.scaled"
    with pytest.raises(Wrong, match="reaches the mastery score"):
        said(cmi5("failed", {"success": False, "score": {"scaled": 0.9}}, masteryscore=0.85))
    assert result(cmi5("passed", {"score": {"scaled": 0.85}}, masteryscore=0.85)).status is Status.PASSED


def test_a_mastery_score_in_percent_is_refused_with_what_one_is() -> None:
    with pytest.raises(Wrong, match="between 0 and 1") as refused:
        said(cmi5("passed", {"success": True, "score": {"scaled": 0.9}}, masteryscore=80))
    assert refused.value.place.startswith("context.extensions.")


def test_the_mastery_score_decides_where_the_verb_leaves_it_open() -> None:
    assert result(cmi5("scored", {"score": {"scaled": 0.9}}, masteryscore=0.85)).status is Status.PASSED
    assert result(cmi5("scored", {"score": {"scaled": 0.8}}, masteryscore=0.85)).status is Status.FAILED
    assert result(cmi5("attempted", {"score": {"scaled": 0.8}}, masteryscore=0.85)).status is Status.FAILED
    assert result(cmi5("scored", {"score": {"scaled": 0.8}})).status is Status.SCORED


def test_a_mastery_score_that_is_no_number_is_left_alone_for_extensions_refuse_nothing() -> None:
    assert result(cmi5("passed", {"score": {"scaled": 0.5}}, masteryscore="high")).status is Status.PASSED
    assert result(cmi5(SATISFIED, moveon=["Passed"])).status is Status.COMPLETED


def test_what_was_done_while_browsing_or_reviewing_is_passed_over() -> None:
    for mode in ("Browse", "Review"):
        assert "browsing" in nothing(cmi5("launched", launchmode=mode))
        assert "browsing" in nothing(cmi5("passed", {"success": True}, launchmode=mode))
