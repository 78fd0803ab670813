"""What Moodle's events say: whose it is, of what, and how good."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.assessment.sources.claims import Name, Nothing, Result, Wrong
from services.assessment.sources.formats.moodle import read
from shared.events.completions import Score, Status
from tests.domain.sources.anything import source_of, the_claim
from tests.domain.sources.moodle.fixtures import (
    LEARNER,
    badge_awarded,
    by_local_webhooks,
    course_completed,
    event,
    module_completion,
    user_graded,
)

PLAIN = source_of("moodle")


def result(sent: Any, **options: Any) -> Result:
    said = the_claim(read, sent, source_of("moodle", **options)).said
    assert isinstance(said, Result)
    return said


def test_the_learner_is_relateduserid_and_never_userid() -> None:
    claim = the_claim(read, course_completed(), PLAIN)
    assert claim.names == (Name("moodle:user", str(LEARNER)),)
    assert claim.activity == "moodle:course:9"
    assert claim.time == datetime(2024, 11, 23, 16, 23, 20, tzinfo=UTC)
    assert claim.said == Result(Status.COMPLETED)


def test_the_learner_may_be_named_in_other_only() -> None:
    claim = the_claim(read, course_completed(relateduserid=None), PLAIN)
    assert claim.names == (Name("moodle:user", str(LEARNER)),)


@pytest.mark.parametrize("nobody", [None, 0, "0", ""])
def test_without_relateduserid_nobody_is_the_learner(nobody: Any) -> None:
    with pytest.raises(Wrong, match="userid is whoever did it") as wrong:
        read(user_graded(relateduserid=nobody), PLAIN)
    assert wrong.value.place == "relateduserid"


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (0, Status.CLEARED),
        (1, Status.COMPLETED),
        (2, Status.PASSED),
        (3, Status.FAILED),
        ("2", Status.PASSED),
    ],
)
def test_a_modules_completion_is_by_its_state(state: Any, says: Status) -> None:
    claim = the_claim(read, module_completion(state), PLAIN)
    assert claim.activity == "moodle:module:33"
    assert claim.said == Result(says)


def test_a_failing_grade_that_the_learner_does_not_see_says_nothing() -> None:
    assert isinstance(read(module_completion(4), PLAIN), Nothing)


@pytest.mark.parametrize("state", [None, 9, -1, "done"])
def test_a_state_that_is_none_is_wrong(state: Any) -> None:
    with pytest.raises(Wrong) as wrong:
        read(module_completion(state), PLAIN)
    assert wrong.value.place == "other.completionstate"


def test_a_grade_is_of_the_points_that_the_document_names() -> None:
    maxima = [{"of": "moodle:grade:12", "points": 100}, {"of": "moodle:grade:*", "points": 10}]
    assert the_claim(read, user_graded(), PLAIN).activity == "moodle:grade:12"
    assert result(user_graded(), maxima=maxima) == Result(Status.SCORED, Score(raw=Decimal(85), max=Decimal(100)))
    other = {"itemid": 13, "finalgrade": 8}
    assert result(user_graded(other=other), maxima=maxima).score == Score(raw=Decimal(8), max=Decimal(10))


def test_without_the_greatest_grade_it_is_told_as_it_is_written() -> None:
    assert result(user_graded()) == Result(Status.SCORED, grade="85")
    assert result(user_graded("7.50000")).grade == "7.5"


def test_a_grade_that_was_taken_away_is_cleared() -> None:
    assert result(user_graded(None)) == Result(Status.CLEARED)


def test_badges_count_where_the_document_says_so() -> None:
    assert isinstance(read(badge_awarded(), PLAIN), Nothing)
    awarded = the_claim(read, badge_awarded(), source_of("moodle", badges="completed"))
    assert (awarded.activity, awarded.said) == ("moodle:badge:5", Result(Status.COMPLETED))
    revoked = event("badge_revoked", objectid=5)
    assert result(revoked, badges="completed") == Result(Status.CLEARED)


@pytest.mark.parametrize("anonymous", [1, "1", True])
def test_an_anonymous_event_is_nobodys(anonymous: Any) -> None:
    assert isinstance(read(course_completed(anonymous=anonymous), PLAIN), Nothing)


@pytest.mark.parametrize("name", ["course_viewed", "user_loggedin", "course_completion_updated", "not_yet_invented"])
def test_other_events_say_nothing_of_completions(name: str) -> None:
    assert isinstance(read(event(name), PLAIN), Nothing)


@pytest.mark.parametrize("name", ["core\\event\\course_completed", "\\\\core\\\\event\\\\course_completed"])
def test_an_event_is_known_however_its_backslashes_came_through(name: str) -> None:
    assert read(course_completed(eventname=name), PLAIN) == read(course_completed(), PLAIN)


@pytest.mark.parametrize(
    "other",
    [
        {"relateduserid": "345", "completionstate": "2"},
        '{"relateduserid":345,"completionstate":2}',
        'a:3:{s:13:"relateduserid";i:345;s:10:"overrideby";N;s:15:"completionstate";i:2;}',
        'a:2:{s:15:"completionstate";s:1:"2";s:4:"näm";a:1:{i:0;d:0.5;}}',
    ],
)
def test_what_is_special_about_an_event_may_be_json_or_text_or_serialized_by_php(other: Any) -> None:
    assert result(module_completion(other=other)) == Result(Status.PASSED)


@pytest.mark.parametrize("other", ["x", "a:1:{i:0;i:1", 'O:8:"stdClass":0:{}', 'a:1:{s:9:"x";i:1;}', "[1]", 7, True])
def test_what_is_special_about_an_event_is_wrong_where_it_is_nothing_of_these(other: Any) -> None:
    with pytest.raises(Wrong) as wrong:
        read(module_completion(other=other), PLAIN)
    assert wrong.value.place == "other"


@pytest.mark.parametrize("time", [None, "soon", -(10**11), 10**12 - 1, "2024-11-23T16:23:20Z"])
def test_a_time_that_is_none_is_wrong(time: Any) -> None:
    with pytest.raises(Wrong) as wrong:
        read(course_completed(timecreated=time), PLAIN)
    assert wrong.value.place == "timecreated"


def test_an_event_that_is_sent_again_has_the_same_id() -> None:
    first, again = (the_claim(read, user_graded(), PLAIN) for _ in range(2))
    assert first == again
    assert the_claim(read, user_graded(85, objectid="900"), PLAIN).id == first.id


@pytest.mark.parametrize(
    "other",
    [
        user_graded("86.00000"),
        user_graded(timecreated=1_732_379_001),
        user_graded(relateduserid=346),
        user_graded(objectid=901),
        user_graded(host="another.example.edu"),
        module_completion(),
    ],
)
def test_events_that_differ_have_ids_that_differ(other: Any) -> None:
    assert the_claim(read, other, PLAIN).id != the_claim(read, user_graded(), PLAIN).id


def test_another_sites_events_are_refused() -> None:
    ours = source_of("moodle", host="moodle.example.edu")
    assert the_claim(read, by_local_webhooks(course_completed()), ours).activity == "moodle:course:9"
    with pytest.raises(Wrong, match="another Moodle site") as wrong:
        read(by_local_webhooks(course_completed()) | {"host": "elsewhere.example"}, ours)
    assert wrong.value.status == 403
