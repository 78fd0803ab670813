"""What verb and result say together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from services.assessment.sources.claims import Wrong
from shared.events.completions import CompletionReported, Score, Status
from tests.domain.sources.xapi.examples import claim, nothing, result, said, simple, source


def scored(**score: Any) -> Score:
    found = result(simple("scored", result={"score": score})).score
    assert found is not None
    return found


def test_each_verb_has_its_status() -> None:
    found = {verb: result(simple(verb)).status for verb in ("completed", "passed", "failed", "mastered", "attempted")}
    assert found == {
        "completed": Status.COMPLETED,
        "passed": Status.PASSED,
        "failed": Status.FAILED,
        "mastered": Status.PASSED,
        "attempted": Status.STARTED,
    }


def test_a_completion_with_the_verb_attempted_tells_by_its_result() -> None:
    """The specification's own example."""
    attempted = simple(
        "attempted", result={"score": {"scaled": 0.95}, "success": True, "completion": True, "duration": "PT1234S"}
    )
    found = result(attempted)
    assert (found.status, found.score) == (Status.PASSED, Score(scaled=Decimal("0.95")))


def test_completed_with_success_is_a_pass_and_without_success_still_a_completion() -> None:
    assert result(simple("completed", result={"success": True})).status is Status.PASSED
    assert result(simple("completed", result={"success": False, "completion": True})).status is Status.COMPLETED


def test_a_verb_that_its_result_contradicts_is_refused() -> None:
    for verb, says in (("passed", {"success": False}), ("failed", {"success": True}), ("completed", {"completion": False})):
        with pytest.raises(Wrong, match="one of them is wrong") as refused:
            said(simple(verb, result=says))
        assert refused.value.place.startswith("result.")


def test_scores_are_exact_and_the_same_however_they_are_written() -> None:
    assert scored(scaled=0.1).share == Decimal("0.1")
    assert claim(simple("scored", result={"score": {"scaled": 1}})) == claim(simple("scored", result={"score": {"scaled": 1.00}}))
    assert scored(raw=95, max=100).share == Decimal("0.95")
    assert scored(raw=15, min=10, max=20).share == Decimal("0.5")


def test_a_score_with_endless_places_is_rounded_to_what_is_kept() -> None:
    assert scored(scaled=0.3333333333333333).scaled == Decimal("0.3333333333")
    assert scored(raw=33.33333333333333, max=66.66666666666667).share == Decimal("0.5")


def test_points_that_are_too_many_to_carry_are_told_as_their_share() -> None:
    assert scored(raw=2_500_000, max=5_000_000) == Score(scaled=Decimal("0.5"))


def test_a_scaled_score_may_be_negative_and_counts_as_nothing_then() -> None:
    assert scored(scaled=-0.5).share == 0
    assert scored(raw=-5, max=10).share == 0


def test_scaled_counts_where_raw_tells_something_else() -> None:
    found = scored(scaled=0.7, raw=10, min=0, max=20)
    assert found == Score(scaled=Decimal("0.7"), raw=Decimal(10), max=Decimal(20))
    assert found.share == Decimal("0.7")


def test_every_score_that_is_read_is_one_that_completions_can_carry() -> None:
    for score in ({"scaled": -1}, {"raw": 1, "min": -10, "max": 10}, {"scaled": 0.5, "raw": -3}, {"raw": 0.0000001, "max": 1}):
        found = scored(**score)
        said_on = CompletionReported(learner="l", activity="a", status=Status.SCORED, score=found)
        assert CompletionReported.model_validate_json(said_on.to_json()) == said_on


def test_a_raw_score_without_its_max_is_no_score() -> None:
    with pytest.raises(Wrong, match="scaled, or raw with max"):
        said(simple("scored", result={"score": {"raw": 17}}))
    assert result(simple("passed", result={"score": {"raw": 17}})).score is None
    assert result(simple("scored", result={"score": {"raw": 17, "scaled": 0.85}})).score == Score(scaled=Decimal("0.85"))


def test_a_score_beyond_its_bounds_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(Wrong, match=r"between -1 and 1; 95 of 100 is scaled 0.95") as refused:
        said(simple("passed", result={"score": {"scaled": 95}}))
    assert (refused.value.place, refused.value.status) == ("result.score.scaled", 400)
    for score in ({"raw": 101, "max": 100}, {"raw": -1, "min": 0}, {"min": 10, "max": 5}, {"scaled": -1.01}):
        with pytest.raises(Wrong):
            said(simple("passed", result={"score": score}))


def test_verbs_that_are_not_about_completions_say_nothing_and_the_reason_names_them() -> None:
    for verb in ("answered", "experienced", "interacted", "commented"):
        assert verb in nothing(simple(verb))
    assert nothing(simple("http://example.com/did?by=ana@example.com")) == "its verb is not about completions"


def test_a_source_says_what_other_verbs_mean() -> None:
    own = source(verbs={"http://adlnet.gov/expapi/verbs/experienced": "completed", "https://x.example/verbs/bestanden": "passed"})
    assert result(simple("experienced"), own).status is Status.COMPLETED
    assert result(simple("https://x.example/verbs/bestanden"), own).status is Status.PASSED
    quiet = source(verbs={"http://adlnet.gov/expapi/verbs/attempted": "nothing"})
    assert "attempted" in nothing(simple("attempted"), quiet)


def test_the_display_of_a_verb_means_nothing() -> None:
    shown = simple("failed")
    shown["verb"]["display"] = {"en": "passed"}
    assert result(shown).status is Status.FAILED


def test_attachments_are_evidence_only_where_the_source_says_so() -> None:
    certificate = {
        "usageType": "http://id.tincanapi.com/attachment/certificate-of-completion",
        "display": {"en": "Certificate"},
        "contentType": "application/pdf",
        "length": 2,
        "sha2": "a" * 64,
        "fileUrl": "https://files.example/1.pdf",
    }
    shown = simple("completed", attachments=[certificate])
    assert result(shown).evidence == ()
    assert result(shown, source(evidence_from=[certificate["usageType"]])).evidence == ("https://files.example/1.pdf",)
