"""What can't be read is answered with the place, what is wrong there, and what would be right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.document import MAX_DEPTH, Submission, read
from tests.domain.catalog.documents import PASSED, achievement, refused, stack, submitted

MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"requirement": {"activity": "a", "score_at_least": 70}}, "requirement/score_at_least", "like 0.7 for 70%"),
    ({"requirement": {"activity": "a", "passed": False}}, "requirement/passed", "this must be true, but is false"),
    ({"requirement": {"activity": "a", "passd": True}}, "requirement", "did you mean passed?"),
    ({"requirement": {"activity": "a b", "passed": True}}, "requirement/activity", "an activity's name has no spaces"),
    ({"requirement": "pass"}, "requirement", 'but this is "pass"'),
    ({"requirement": {}}, "requirement", "this says nothing"),
    ({"requirement": {"all": []}}, "requirement/all", "at least 1 must be given, but there are 0"),
    ({"requirement": {"all": [PASSED, {"any": [{"grade": "1"}]}]}}, "requirement/all/1/any/0/activity", "activity is missing"),
    ({"requirement": {"all": [{"activity": "a", "grade": 3}]}}, "requirement/all/0/grade", "a list of texts"),
    (
        {"requirement": {"activity": "a", "passed": True, "score_at_least": 1}},
        "requirement/score_at_least",
        "passed and score_at_least stand together",
    ),
    ({"requirement": {"within": 365, "requirement": PASSED}}, "requirement/within", "written like P730D"),
    ({"requirement": {"within": "-P1D", "requirement": PASSED}}, "requirement/within", "written like P730D"),
    (
        {"requirement": {"weighted_mean_at_least": 1, "of": [{"activity": "a", "weight": -1}]}},
        "requirement/of/0/weight",
        "this must be 0 or more, but is -1",
    ),
    ({"requirement": {"credits_at_least": 5, "from": {"tag": ["x"]}}}, "requirement/from/tag", "did you mean tags?"),
    (
        {"requirement": {"credits_at_least": 5, "from": {}, "rates": {"CATS": 0}}},
        "requirement/rates/CATS",
        "this must be more than 0, but is 0",
    ),
    ({"issuer": "north"}, "issuer", "a mapping with id, name, kind, url, country"),
    ({"issuer": {"id": "north"}}, "issuer/name", "name is missing"),
    ({"nam": "x"}, "nam", "nam is not known here"),
    ({"skils": []}, "skils", "did you mean skills?"),
    ({"valid_for": 730}, "valid_for", "written like P730D"),
    ({"valid_for": "P40000D"}, "valid_for", "P36500D (a hundred years) at most"),
    ({"valid_for": "PT5H"}, "valid_for", "whole days"),
    ({"eqf_level": 9}, "eqf_level", "this must be 8 or less, but is 9"),
    ({"language": "English"}, "language", "a language is a code like en or pt-BR"),
    ({"achievement_type": "Microcredential"}, "achievement_type", "'MicroCredential'"),
    ({"image": "logo.png"}, "image", "this must be a web address"),
    ({"achievement": "data ethics"}, "achievement", "an id has up to 100 letters"),
    ({"effective_from": "soon"}, "effective_from", "like 2027-09-01"),
    ({"credits": {"amount": "many"}}, "credits/amount", 'this must be a number, but is "many"'),
    ({"credits": {"amount": "1.0000001"}}, "credits/amount", "too many digits"),
    ({"name": ""}, "name", "this must not be empty"),
    ({"tags": "x"}, "tags", 'this must be a list, but is "x"'),
    ({"skills": [{"code": "x", "name": 5}]}, "skills/0/name", "this must be text, but is 5"),
]


@pytest.mark.parametrize(("mistake", "place", "message"), MISTAKES, ids=[f"{place}-{said}" for _, place, said in MISTAKES])
def test_a_mistake_is_named_where_it_stands(mistake: dict[str, Any], place: str, message: str) -> None:
    [(found, said)] = refused(achievement("ethics") | mistake)
    assert found == place
    assert message in said


def test_a_mistake_in_a_level_is_placed_under_its_number() -> None:
    document = stack("cs", {"bronze": PASSED, "silver": {"any": [PASSED, {"at_least": 1, "of": [{"achievment": "x"}]}]}})
    [(place, message)] = refused(document)
    assert place == "levels/1/requirement/any/1/of/0"
    assert "did you mean achievement?" in message


def test_two_levels_of_one_name_are_refused() -> None:
    document = stack("cs", {"bronze": PASSED})
    document["levels"] *= 2
    [(_, message)] = refused(document)
    assert "two levels are called bronze" in message


def test_all_mistakes_are_named_at_once() -> None:
    places = [
        place for place, _ in refused(achievement("ethics", valid_for=1, eqf_level=0, requirement={"any": [{}, PASSED, 7]}))
    ]
    assert sorted(places) == ["eqf_level", "requirement/any/0", "requirement/any/2", "valid_for"]


@pytest.mark.parametrize("document", [None, [], "x", {}, {"achievement": "a", "stack": "b"}])
def test_what_is_no_document_is_told_how_one_begins(document: object) -> None:
    [(place, message)] = refused(document)
    assert place == ""
    assert "achievement: <id>" in message


def test_what_nobody_could_follow_is_refused_before_it_is_read() -> None:
    requirement: dict[str, Any] = PASSED
    for _ in range(5_000):
        requirement = {"all": [requirement]}
    [(place, message)] = refused(achievement("deep", requirement))
    assert place.startswith("requirement/all/0/all/0")
    assert f"more than {MAX_DEPTH} deep" in message


def test_a_requirement_may_be_nested_forty_deep() -> None:
    requirement: dict[str, Any] = PASSED
    for _ in range(40):
        requirement = {"all": [requirement]}
    assert submitted(achievement("deep", requirement)).id == "deep"


def test_a_day_begins_at_midnight_utc() -> None:
    submission = submitted(achievement("ethics", effective_from="2027-09-01", teach_out_of_previous="2028-03-01"))
    assert submission.effective_from == datetime(2027, 9, 1, tzinfo=UTC)
    assert submission.teach_out_of_previous == datetime(2028, 3, 1, tzinfo=UTC)


def test_the_days_are_no_part_of_the_definition() -> None:
    assert submitted(achievement("e", effective_from="2027-09-01")).definition == submitted(achievement("e")).definition


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted({*achievement("e"), "levels", "skills", "credits", "valid_for", "tags"})), json_values)
def test_whatever_is_written_is_read_or_explained(key: str, value: object) -> None:
    found = read(achievement("ethics") | {key: value})
    if not isinstance(found, Submission):
        assert found
        assert all(finding.message for finding in found)
