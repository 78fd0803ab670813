"""A requirement asks for reviews of its own achievement, and a review is asked for; a rubric says clearly who passes."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.naming import names_of
from shared.events.reviews import Review, review_activity, review_of
from shared.requirements.sentences import sentence
from tests.domain.awarding_credentials.rubrics import reviews
from tests.domain.catalog.documents import achievement, published, refused, said, stack, submitted

LEVELS = [{"id": "poor", "name": "Poor", "points": 0}, {"id": "fair", "name": "Fair", "points": 2}]
REVIEW: dict[str, Any] = {
    "id": "case",
    "name": "The case essay",
    "instructions": "Weigh a case.",
    "asks": ["text", "files"],
    "passes_at": "0.5",
    "rubric": {
        "criteria": [
            {"id": "care", "name": "Care", "levels": LEVELS},
            {"id": "style", "name": "Style", "levels": LEVELS, "weight": 3},
        ]
    },
}
CASE = review_activity("ethics", "case")
ASKED = {"activity": CASE, "passed": True}


def ethics(requirement: object = ASKED, *reviews: dict[str, Any]) -> dict[str, Any]:
    return achievement("ethics", requirement, reviews=list(reviews))


def changed(place: str, value: object) -> dict[str, Any]:
    review = deepcopy(REVIEW)
    at: Any = review
    *way, last = place.split("/")
    for step in way:
        at = at[int(step) if step.isdigit() else step]
    at[last] = value
    return review


@pytest.mark.parametrize(
    "requirement",
    [
        ASKED,
        {"activity": CASE, "completed": True},
        {"activity": CASE, "score_at_least": "0.75"},
        {"weighted_mean_at_least": "0.5", "of": [{"activity": CASE, "weight": 1}, {"activity": "lms:1", "weight": 1}]},
    ],
)
def test_a_review_may_be_asked_for_by_any_leaf_that_it_can_meet(requirement: object) -> None:
    assert said(ethics(requirement, REVIEW)) == []


def test_a_requirement_speaks_of_a_review_by_its_name() -> None:
    known = published(ethics(ASKED, REVIEW))
    assert sentence(submitted(ethics(ASKED, REVIEW)).definition.requirement, names_of(known)) == "Pass The case essay."  # type: ignore[union-attr]


UNKNOWN: list[tuple[dict[str, Any], str, str]] = [
    ({"activity": CASE + "s", "passed": True}, "activity", f"ethics has no review {CASE}s; did you mean {CASE}?"),
    (
        {"activity": "urn:cairn:review:law:trial", "passed": True},
        "activity",
        "this is a review of law, and ethics can only ask for its own; ask for achievement: law, or",
    ),
    ({"activity": CASE, "grade": "A"}, "activity", "a review gives no grade; ask for passed: true, or for score_at_least:"),
    (
        {"weighted_mean_at_least": 0, "of": [{"activity": CASE + "s", "weight": 1}]},
        "of/0/activity",
        f"ethics has no review {CASE}s",
    ),
]


@pytest.mark.parametrize(("leaf", "place", "message"), UNKNOWN, ids=[message for *_, message in UNKNOWN])
def test_a_leaf_that_names_no_review_of_its_achievement_is_an_error_that_says_what_would_be_right(
    leaf: dict[str, Any], place: str, message: str
) -> None:
    [(severity, where, what)] = said(ethics({"all": [ASKED, leaf]}, REVIEW))
    assert (severity, where) == ("error", f"requirement/all/1/{place}")
    assert what.startswith(message)


def test_a_requirement_that_asks_for_a_review_where_none_is_described_says_where_to_describe_it() -> None:
    [(severity, where, what)] = said(ethics(ASKED))
    assert (severity, where) == ("error", "requirement/activity")
    assert what == "ethics has no reviews; describe this one under reviews: (id, name, instructions, asks, rubric)"


def test_a_review_that_nothing_asks_for_is_an_error() -> None:
    [(severity, where, what)] = said(ethics({"activity": "lms:1", "passed": True}, REVIEW))
    assert (severity, where) == ("error", "reviews/0")
    assert f'{{activity: "{CASE}", passed: true}}' in what


def test_a_level_has_reviews_of_its_own() -> None:
    gold = review_activity("cs.gold", "case")
    document = stack("cs", {"silver": {"activity": "lms:1", "passed": True}, "gold": {"activity": gold, "passed": True}})
    document["levels"][1]["reviews"] = [REVIEW]
    assert said(document) == []
    document["levels"][0]["requirement"] = {"activity": gold, "completed": True}
    [(_, where, what)] = said(document)
    assert where == "levels/0/requirement/activity"
    assert "ask for achievement: cs.gold" in what


WRONG: list[tuple[str, object, str, str]] = [
    ("passes_at", None, "reviews/0", "a review says when it is passed"),
    ("passes_at", 70, "reviews/0/passes_at", "this must be 1 or less, but is 70; write a percentage as a share"),
    ("asks", ["video"], "reviews/0/asks/0", "this must be 'text', 'links' or 'files', but is \"video\""),
    ("asks", ["text", "text"], "reviews/0", "asks names a kind of evidence twice"),
    ("assessors", 3, "reviews/0/assessors", "this must be 1 or 2, but is 3"),
    ("remind_after", 7, "reviews/0/remind_after", "a period is written like P730D"),
    ("rubrik", {}, "reviews/0/rubrik", "rubrik is not known here"),
    ("rubric/criteria", [], "reviews/0/rubric/criteria", "at least 1 must be given"),
    ("rubric/criteria/0/levels", LEVELS[:1], "reviews/0/rubric/criteria/0/levels", "at least 2 must be given"),
    ("rubric/criteria/0/levels", LEVELS[::-1], "reviews/0/rubric/criteria/0", "the levels stand lowest first, but poor has 0"),
    ("rubric/criteria/0/must_reach", "best", "reviews/0/rubric/criteria/0", "must_reach names best, which is no level of care"),
    ("rubric/criteria/0/id", "style", "reviews/0/rubric", "two criteria are called style"),
    ("rubric/criteria/0/pts", 3, "reviews/0/rubric/criteria/0/pts", "pts is not known here; known are id, name, description,"),
]


@pytest.mark.parametrize(("place", "value", "where", "what"), WRONG, ids=[what for *_, what in WRONG])
def test_a_mistake_in_a_review_is_explained_at_its_place(place: str, value: object, where: str, what: str) -> None:
    [(at, message)] = refused(ethics(ASKED, changed(place, value)))
    assert at == where
    assert message.startswith(what)


def test_a_key_that_levels_of_a_rubric_do_not_have_is_told_from_those_of_stacks() -> None:
    levels = [LEVELS[0] | {"point": 1}, LEVELS[1]]
    [(at, message)] = refused(ethics(ASKED, changed("rubric/criteria/0/levels", levels)))
    assert at == "reviews/0/rubric/criteria/0/levels/0/point"
    assert message == "point is not known here; known are id, name, points, description"


@pytest.mark.parametrize(
    ("care", "style", "share", "passed"),
    [("poor", "fair", "0.75", True), ("fair", "poor", "0.25", False), ("fair", "fair", "1", True), ("poor", "poor", "0", False)],
)
def test_points_count_by_weight_and_a_share_of_them_passes(care: str, style: str, share: str, passed: bool) -> None:
    review = Review.model_validate(REVIEW)
    levels = {"care": care, "style": style}
    assert (review.share(levels), review.passed(levels)) == (Decimal(share), passed)


def test_nobody_passes_below_the_level_that_must_be_reached() -> None:
    review = Review.model_validate(changed("rubric/criteria/0/must_reach", "fair"))
    assert not review.passed({"care": "poor", "style": "fair"})
    assert review.passed({"care": "fair", "style": "fair"})


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        ({"care": "fair"}, "the criterion style has no level; it has one of poor, fair"),
        ({"care": "fair", "style": "best"}, "the criterion style has no level best; it has poor, fair"),
        ({"wit": "fair"}, "the rubric has no criterion wit; it has care, style"),
    ],
)
def test_a_judgement_names_a_level_of_every_criterion(levels: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Review.model_validate(REVIEW).share(levels)


@given(st.data())
def test_a_higher_level_never_makes_the_share_smaller_nor_a_pass_a_failure(data: st.DataObject) -> None:
    review = data.draw(reviews())
    lower = {criterion.id: data.draw(st.sampled_from(criterion.levels)).id for criterion in review.rubric.criteria}
    raised = data.draw(st.sampled_from(review.rubric.criteria))
    ids = [level.id for level in raised.levels]
    higher = lower | {raised.id: data.draw(st.sampled_from(ids[ids.index(lower[raised.id]) :]))}
    assert 0 <= review.share(lower) <= review.share(higher) <= 1
    assert review.passed(higher) >= review.passed(lower)


def test_the_activity_of_a_review_tells_what_it_is_of() -> None:
    assert review_of(review_activity("cs.gold", "case")) == ("cs.gold", "case")
    assert review_of("lms:1") is None
