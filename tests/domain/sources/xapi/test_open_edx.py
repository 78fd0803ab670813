"""What Open edX's event routing backends send, and what caught others."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from services.assessment.sources.claims import Name
from shared.events.completions import Status
from tests.domain.sources.xapi.examples import COURSE, EARNED, claim, nothing, open_edx, result, source

QUIZ = "http://localhost:18000/xblock/block-v1:edX+DemoX+Demo_Course+type@sequential+block@a2184f8ebf9d478ba57edcc4f288854a"
CLASS = "http://www.tincanapi.co.uk/activitytypes/grade_classification"


def test_a_pass_without_any_result_is_a_pass() -> None:
    found = claim(open_edx("passed"))
    assert found.id == "ebfef69f-dd05-5bf0-bf90-bad645bc6992"
    assert found.time == datetime(2020, 7, 15, 6, 36, 1, 917775, UTC)
    assert found.names == (Name("account:http://localhost:18000", "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb"),)
    assert found.activity == COURSE
    assert result(open_edx("passed")).status is Status.PASSED
    assert result(open_edx("passed")).score is None


def test_passed_for_the_first_time_and_now_passed_are_one_claim_under_one_id() -> None:
    first_time, now_passed = open_edx("passed"), open_edx("passed")
    assert claim(first_time) == claim(now_passed)


def test_a_statement_made_anew_by_a_later_version_of_the_transformer_is_the_same_claim() -> None:
    again = open_edx("passed")
    again["context"]["extensions"]["https://w3id.org/xapi/openedx/extension/transformer-version"] = "event-routing-backends@9.0.0"
    assert claim(again) == claim(open_edx("passed"))


def test_a_course_that_is_failed_now_is_failed() -> None:
    assert result(open_edx("failed")).status is Status.FAILED


def test_the_score_comes_in_a_statement_of_its_own_about_the_same_activity() -> None:
    score = {"scaled": 1.0, "raw": 1.0, "min": 0.0, "max": 1.0}
    earned = open_edx(EARNED, result={"score": score, "extensions": {CLASS: "Pass"}})
    found = result(earned)
    assert (found.status, found.grade) == (Status.SCORED, "Pass")
    assert found.score is not None
    assert found.score.share == 1
    assert claim(earned).activity == claim(open_edx("passed")).activity
    assert claim(earned).names == claim(open_edx("passed")).names


def test_a_low_score_without_a_letter_is_a_score_and_no_failure() -> None:
    score = {"scaled": 0.02, "raw": 0.02, "min": 0.0, "max": 1.0}
    found = result(open_edx(EARNED, result={"score": score, "extensions": {CLASS: "Fail"}}))
    assert (found.status, found.grade) == (Status.SCORED, "Fail")
    assert found.score is not None
    assert found.score.share == Decimal("0.02")


def test_the_success_of_an_earned_score_means_full_marks_and_not_a_pass() -> None:
    """Its transformer says success for earned >= possible: 9 of 10 is `success: false`."""
    about = {"id": QUIZ, "objectType": "Activity", "definition": {"type": "http://id.tincanapi.com/activitytype/resource"}}
    part = {"score": {"scaled": 0.9, "raw": 9.0, "min": 0.0, "max": 10.0}, "success": False}
    assert result(open_edx(EARNED, object=about, result=part)).status is Status.SCORED


def test_nothing_of_nothing_is_no_score_at_all() -> None:
    part = {"score": {"scaled": 0.0, "raw": 0.0, "min": 0.0, "max": 0.0}, "success": True}
    assert "out of nothing" in nothing(open_edx(EARNED, result=part))
    assert result(open_edx("passed", result={"score": {"scaled": 0, "raw": 0, "min": 0, "max": 0}})).score is None


def test_a_question_that_was_answered_is_no_completion_unless_the_source_says_so() -> None:
    checked = open_edx(
        "https://w3id.org/xapi/acrossx/verbs/evaluated",
        result={"score": {"max": 1, "min": 0, "raw": 1, "scaled": 1}, "success": True},
    )
    assert "acrossx/verbs/evaluated" in nothing(checked)
    counting = source(verbs={"https://w3id.org/xapi/acrossx/verbs/evaluated": "by_result"})
    assert result(checked, counting).status is Status.PASSED


def test_a_problem_that_was_tried_tells_by_its_result() -> None:
    tried = open_edx("attempted", result={"score": {"max": 1, "min": 0, "raw": 0, "scaled": 0}, "success": False})
    assert result(tried).status is Status.FAILED


def test_a_block_that_progressed_to_its_end_is_completed() -> None:
    progress = {"https://w3id.org/xapi/cmi5/result/extensions/progress": 100.0}
    assert result(open_edx("progressed", result={"completion": True, "extensions": progress})).status is Status.COMPLETED
    assert "leaves it to the result" in nothing(open_edx("progressed", result={"completion": False, "extensions": progress}))


def test_enrolling_and_leaving_are_registered_and_withdrawn() -> None:
    assert result(open_edx("registered")).status is Status.REGISTERED
    assert result(open_edx("http://id.tincanapi.com/verb/unregistered")).status is Status.WITHDRAWN


def test_an_attempt_at_a_timed_exam_that_is_called_by_a_bare_uuid_spoils_nothing() -> None:
    submitted = open_edx("terminated")
    submitted["context"]["contextActivities"] = {
        "grouping": [{"id": "438AD672-DE2C-4F0B-8876-35444E7DD746", "objectType": "Activity"}],
        "parent": [{"id": COURSE, "objectType": "Activity"}],
    }
    assert "leaves it to the result" in nothing(submitted)


def test_a_video_watched_to_its_end_is_completed_or_passed_over_by_its_type() -> None:
    video = {
        "id": f"{QUIZ}+video",
        "objectType": "Activity",
        "definition": {"type": "https://w3id.org/xapi/video/activity-type/video"},
    }
    watched = open_edx("completed", object=video, result={"completion": True, "duration": "PT03M15S"})
    assert result(watched).status is Status.COMPLETED
    only_courses = source(activity_types=["http://adlnet.gov/expapi/activities/course"])
    assert "of a type" in nothing(watched, only_courses)
    assert result(open_edx("passed"), only_courses).status is Status.PASSED


def test_the_number_of_the_attempt_is_taken_from_where_the_source_says_it_is() -> None:
    tried = open_edx("attempted", result={"success": True})
    tried["object"]["definition"]["extensions"] = {"http://id.tincanapi.com/extension/attempt-id": 10}
    assert result(tried).attempt == 1
    assert result(tried, source(attempt_from="http://id.tincanapi.com/extension/attempt-id")).attempt == 10
