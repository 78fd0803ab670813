"""What an LTI AGS score says. The first one is that of the specification and of Canvas' documentation, written down again."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.formats.ags import read
from services.assessment.sources.resolving import plan_of
from shared.events.completions import Score, Status

SOURCE = Source.model_validate(
    {
        "source": "labs",
        "name": "Virtual labs",
        "owner": "Physics",
        "format": "ags",
        "may_publish": ["urn:lab:*"],
        "activities": [{"matching": "(?P<lab>[a-z0-9-]+)", "is": "urn:lab:{lab}", "passes_at": "0.5"}],
        "options": {"platform": "https://lms.example.edu"},
    }
)

SCORE: dict[str, Any] = {
    "userId": "abc123",
    "scoreGiven": 50,
    "scoreMaximum": 50,
    "comment": "Well done, Ana!",
    "timestamp": "2017-04-16T18:54:36.736+00:00",
    "activityProgress": "Completed",
    "gradingProgress": "FullyGraded",
    "submission": {"submittedAt": "2017-04-14T18:54:36.736+00:00"},
}


def sent(**changes: Any) -> dict[str, Any]:
    """The score with these members; what is None there is left out."""
    return {name: value for name, value in (SCORE | changes).items() if value is not None}


def said(score: Any, lineitem: str = "pendulum") -> Any:
    return read({"lineitem": lineitem, "score": score}, SOURCE)


def results(score: Any) -> list[Result]:
    claims = said(score)
    assert not isinstance(claims, Nothing), claims.reason
    return [claim.said for claim in claims]


def test_a_final_score_of_a_completed_activity_is_a_score_and_a_completion() -> None:
    claims = said(SCORE)
    time = datetime(2017, 4, 16, 18, 54, 36, 736_000, UTC)
    assert [(c.time, c.names, c.activity) for c in claims] == [
        (time, (Name("lti:https://lms.example.edu", "abc123"),), "pendulum")
    ] * 2
    assert [c.said for c in claims] == [
        Result(Status.SCORED, Score(raw=Decimal(50), max=Decimal(50))),
        Result(Status.COMPLETED),
    ]


def test_a_line_item_leads_to_an_activity_by_the_sources_rules() -> None:
    meant = plan_of(SOURCE).meant(said(SCORE)[0].activity)
    assert meant is not None
    assert (meant.activity, meant.passes_at) == ("urn:lab:pendulum", Decimal("0.5"))


def test_what_was_handed_in_and_graded_counts_though_more_may_be_handed_in() -> None:
    assert [r.status for r in results(sent(activityProgress="Submitted"))] == [Status.SCORED]


@pytest.mark.parametrize("grading", ["Pending", "PendingManual", "Failed", "NotReady"])
def test_only_fully_graded_counts(grading: str) -> None:
    found = said(sent(gradingProgress=grading))
    assert isinstance(found, Nothing)
    assert "FullyGraded" in found.reason


@pytest.mark.parametrize("progress", ["Initialized", "Started", "InProgress"])
def test_a_score_of_what_is_not_handed_in_counts_for_nothing(progress: str) -> None:
    assert isinstance(said(sent(activityProgress=progress)), Nothing)


def test_an_absent_score_clears() -> None:
    assert results(sent(scoreGiven=None, scoreMaximum=None)) == [Result(Status.CLEARED)]
    assert results({**SCORE, "scoreGiven": None}) == [Result(Status.CLEARED)]


def test_an_activity_that_was_reset_for_the_learner_clears_whatever_the_grading() -> None:
    score = sent(scoreGiven=None, activityProgress="Initialized", gradingProgress="NotReady")
    assert results(score) == [Result(Status.CLEARED)]


@pytest.mark.parametrize(
    ("progress", "grading"),
    [("Started", "NotReady"), ("InProgress", "NotReady"), ("Submitted", "Pending"), ("Completed", "PendingManual")],
)
def test_opening_an_activity_again_takes_no_result_back(progress: str, grading: str) -> None:
    assert isinstance(said(sent(scoreGiven=None, activityProgress=progress, gradingProgress=grading)), Nothing)


def test_more_than_the_maximum_counts_as_full() -> None:
    assert results(sent(scoreGiven=60))[0].score == Score(raw=Decimal(50), max=Decimal(50))


def test_a_score_with_more_places_than_points_can_have_is_taken() -> None:
    score = results(sent(scoreGiven=Decimal("0.8333333333333334"), scoreMaximum=1))[0].score
    assert score is not None
    assert score.share == Decimal("0.8333330000")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"scoreMaximum": None}, "scoreMaximum"),
        ({"scoreMaximum": 0}, "scoreMaximum"),
        ({"scoreGiven": None, "scoreMaximum": 0}, "scoreMaximum"),
        ({"scoreGiven": -1}, "scoreGiven"),
        ({"scoreGiven": "many"}, "scoreGiven"),
        ({"scoreGiven": True}, "scoreGiven"),
        ({"userId": None}, "userId"),
        ({"userId": ["a"]}, "userId"),
        ({"timestamp": None}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "2017-04-16T18:54:36.736"}, "timestamp"),
        ({"activityProgress": None}, "activityProgress"),
        ({"activityProgress": "completed"}, "activityProgress"),
        ({"gradingProgress": "Done"}, "gradingProgress"),
        ({"submission": {"submittedAt": "then"}}, "submission.submittedAt"),
        ({"submission": {"startedAt": 5}}, "submission.startedAt"),
    ],
)
def test_a_wrong_score_is_told_where_it_is_wrong(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Wrong) as caught:
        said(sent(**changes))
    assert caught.value.place == place
    assert "abc123" not in str(caught.value)


def test_the_same_score_is_known_again_however_its_time_is_written() -> None:
    elsewhere = "2017-04-16T20:54:36.736000+02:00"
    assert [c.id for c in said(sent(timestamp=elsewhere))] == [c.id for c in said(SCORE)]


def test_fractions_of_a_second_tell_two_updates_apart_and_order_them() -> None:
    first, second = (said(sent(timestamp=f"2017-04-16T18:54:36.{part}Z"))[0] for part in ("736", "737"))
    assert first.id != second.id
    assert first.time < second.time


@pytest.mark.parametrize("change", [{"userId": "other"}, {"timestamp": "2017-04-16T18:54:37Z"}])
def test_line_item_learner_and_time_name_a_score(change: dict[str, Any]) -> None:
    assert said(sent(**change))[0].id != said(SCORE)[0].id
    assert said(SCORE, "spring")[0].id != said(SCORE)[0].id


def test_neither_the_comment_nor_the_users_id_leaves_the_original() -> None:
    claims: list[Claim] = said(SCORE)
    assert all("Ana" not in repr(claim) for claim in claims)
    assert all("abc123" not in claim.id for claim in claims)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
members = st.sampled_from([*SCORE, "lineitem"])


@given(st.dictionaries(members, values), st.one_of(st.just("quiz"), values))
def test_whatever_is_sent_is_read_or_wrong(changes: dict[str, Any], lineitem: Any) -> None:
    for original in ({"lineitem": lineitem, "score": {**SCORE, **changes}}, lineitem, {"score": lineitem, "lineitem": "q"}):
        try:
            found = read(original, SOURCE)
        except Wrong:
            continue
        assert isinstance(found, Nothing) or all(claim.time.tzinfo is not None for claim in found)
