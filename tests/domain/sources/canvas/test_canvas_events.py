"""What live events say: whose it is, of what, and how good."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.assessment.sources.claims import Name, Nothing, Result, Wrong
from services.assessment.sources.formats.canvas import read
from shared.events.completions import Score, Status
from tests.domain.sources.anything import source_of, the_claim
from tests.domain.sources.caliper.fixtures import canvas_grade
from tests.domain.sources.canvas.fixtures import (
    ACCOUNT,
    course_completed,
    course_grade_change,
    grade_change,
    grade_override,
    metadata,
)

PLAIN = source_of("canvas")


def result(event: Any, **options: Any) -> Result:
    said = the_claim(read, event, source_of("canvas", **options)).said
    assert isinstance(said, Result)
    return said


def raw(given: Any, possible: Any) -> Score:
    return Score(raw=Decimal(str(given)), max=Decimal(possible))


def test_a_completed_course_is_completed_which_is_no_pass() -> None:
    claim = the_claim(read, course_completed(), PLAIN)
    assert claim.names == (Name("canvas:user", "123"),)
    assert claim.activity == "canvas:course:565"
    assert claim.time == datetime(2019, 11, 1, 19, 11, 5, 222_000, tzinfo=UTC)
    assert claim.said == Result(Status.COMPLETED)


def test_a_course_of_which_requirements_are_left_is_not_completed() -> None:
    assert isinstance(read(course_completed(requirement_completed_count=5), PLAIN), Nothing)


def test_a_grade_is_the_students_and_never_the_teachers() -> None:
    claim = the_claim(read, grade_change(), PLAIN)
    assert claim.names == (Name("canvas:user", "48"), Name("canvas:sis", "ABC.123"))
    assert claim.activity == "canvas:assignment:355"
    assert claim.said == Result(Status.SCORED, raw(8, 10))


def test_more_points_than_possible_are_all_of_them() -> None:
    assert result(grade_change(score=5, grade="5", points_possible=1)).score == raw(1, 1)


def test_a_score_that_was_set_to_nothing_is_cleared_whether_the_student_sees_it_or_not() -> None:
    gone: dict[str, Any] = {"score": None, "grade": None, "grading_complete": False}
    assert result(grade_change(**gone)) == Result(Status.CLEARED)
    assert result(grade_change(**gone, muted=True)) == Result(Status.CLEARED)


def test_a_grade_that_is_not_posted_does_not_count_unless_the_document_says_so() -> None:
    assert isinstance(read(grade_change(muted=True), PLAIN), Nothing)
    assert result(grade_change(muted=True), unposted=True).score == raw(8, 10)


def test_a_submission_that_is_graded_in_part_says_nothing_yet() -> None:
    assert isinstance(read(grade_change(grading_complete=False), PLAIN), Nothing)


@pytest.mark.parametrize(("grade", "says"), [("complete", Status.PASSED), ("Incomplete", Status.FAILED)])
def test_complete_and_incomplete_are_passed_and_failed(grade: str, says: Status) -> None:
    assert result(grade_change(grade=grade, score=0, points_possible=0)) == Result(says)
    assert result(grade_change(grade=grade, score=8)) == Result(says, raw(8, 10))


def test_a_letter_is_told_and_a_number_is_not_said_twice() -> None:
    assert result(grade_change(grade="A-")).grade == "A-"
    assert result(grade_change(grade="80%")).grade is None
    assert result(grade_change(grade="A-", points_possible=None)) == Result(Status.SCORED, grade="A-")


@pytest.mark.parametrize("possible", [0, None, Decimal("0.0")])
def test_a_score_of_no_points_says_nothing(possible: Any) -> None:
    assert isinstance(read(grade_change(points_possible=possible), PLAIN), Nothing)


@pytest.mark.parametrize(
    ("options", "percent"),
    [
        ({}, 12.5),
        ({"course_score": "current"}, 17.31),
        ({"unposted": True}, 13.5),
        ({"unposted": True, "course_score": "current"}, 18.31),
    ],
)
def test_which_of_a_courses_scores_counts_is_for_the_document_to_say(options: Any, percent: float) -> None:
    claim = the_claim(read, course_grade_change(), source_of("canvas", **options))
    assert (claim.names, claim.activity) == ((Name("canvas:user", "2"),), "canvas:course:565")
    assert claim.said == Result(Status.SCORED, raw(percent, 100))


@pytest.mark.parametrize("gone", [{"final_score": None}, {"workflow_state": "deleted"}])
def test_a_course_score_that_is_gone_is_cleared(gone: Any) -> None:
    assert result(course_grade_change(**gone)) == Result(Status.CLEARED)


@pytest.mark.parametrize("name", ["grade_override", "grade_change"])
def test_an_override_is_told_by_what_it_has_whatever_it_is_named(name: str) -> None:
    claim = the_claim(read, grade_override(name), PLAIN)
    assert (claim.names, claim.activity) == ((Name("canvas:user", "45"),), "canvas:course:46")
    assert claim.said == Result(Status.SCORED, raw(90, 100))


def test_an_override_regrades_or_is_an_attempt_of_its_own_or_is_ignored() -> None:
    assert result(grade_override(), overrides="attempt") == Result(Status.SCORED, raw(90, 100), attempt=2)
    assert result(grade_override(override_score=None), overrides="attempt") == Result(Status.CLEARED, attempt=2)
    assert result(grade_override(override_score=None)) == Result(Status.CLEARED)
    assert isinstance(read(grade_override(), source_of("canvas", overrides="ignored")), Nothing)


@pytest.mark.parametrize(
    "name", ["course_progress", "enrollment_created", "submission_created", "quiz_submitted", "logged_in", "not_yet_invented"]
)
def test_other_events_say_nothing_of_completions(name: str) -> None:
    assert isinstance(read({"metadata": metadata(name), "body": {"user_id": "1"}}, PLAIN), Nothing)


def test_caliper_is_told_where_to_go() -> None:
    for event in ({"sensor": "s", "dataVersion": "v", "data": [canvas_grade()]}, canvas_grade()):
        with pytest.raises(Wrong, match="format caliper"):
            read(event, PLAIN)


def test_another_accounts_events_are_refused() -> None:
    ours = source_of("canvas", root_accounts=[ACCOUNT])
    assert the_claim(read, grade_change(), ours).activity == "canvas:assignment:355"
    for account in ("another", None):
        with pytest.raises(Wrong, match="another Canvas account") as wrong:
            read(grade_change({"root_account_uuid": account}), ours)
        assert wrong.value.status == 403


@pytest.mark.parametrize(
    ("event", "place"),
    [
        ({}, "metadata"),
        ({"metadata": {}, "body": {}}, "metadata.event_name"),
        ({"metadata": metadata("grade_change"), "body": []}, "body"),
        (grade_change(assignment_id=None), "body.assignment_id"),
        (grade_change(student_id=None, user_id=None), "body.user_id"),
        (grade_change(score="many"), "body.score"),
        (grade_change({"event_time": "now"}), "metadata.event_time"),
        (course_completed(user="ada"), "body.user.id"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(event: Any, place: str) -> None:
    with pytest.raises(Wrong) as wrong:
        read(event, PLAIN)
    assert wrong.value.place == place
