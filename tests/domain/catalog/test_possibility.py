"""What can never be met is refused; what can't be met as yet, or seems a slip, is warned of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.catalog.documents import PASSED, SOUTH, achievement, credits_of, published, said, stack

FIVE = achievement("five", **credits_of(5), tags=["t"], skills=[{"code": "S1", "name": "S1"}])
TEN = achievement("ten", **credits_of(10), tags=["t"], issuer=SOUTH)
UK = achievement("uk", **credits_of(20, "CATS"), tags=["t"], skills=[{"code": "S2", "name": "S2", "assessed": False}])
NAMED = {"achievements": ["five", "ten", "uk"]}
TAGGED = {"tags": ["t"]}

NEVER: list[tuple[dict[str, Any], str, str]] = [
    (
        {"at_least": 4, "of": [PASSED, {"achievement": "five"}, {"achievement": "ten"}]},
        "at_least",
        "at least 4 of 3 can never be met",
    ),
    ({"skills_at_least": 3, "among": ["S1", "S2", "S1"]}, "skills_at_least", "at least 3 of 2 skills can never be covered"),
    ({"weighted_mean_at_least": 0, "of": [{"activity": "a", "weight": 0}]}, "of", "all weights are 0"),
    ({"achievements_at_least": 4, "from": NAMED}, "achievements_at_least", "what is chosen gives 3 achievements at most, not 4"),
    (
        {"credits_at_least": "15.5", "from": NAMED, "rates": {"CATS": "0.01"}},
        "credits_at_least",
        "gives 15.2 ECTS credits at most",
    ),
    (
        {"credits_at_least": 9, "from": {"achievements": ["ten"]}, "own_at_least": 1},
        "own_at_least",
        "gives 0 ECTS credits at most, not 1",
    ),
    (
        {"credits_at_least": 15, "from": {"achievements": ["five", "ten"]}, "outside_at_most": 9},
        "outside_at_most",
        "5 ECTS credits of one's own and at most 9 from other issuers don't make 15",
    ),
    ({"achievements_at_least": 2, "from": NAMED, "own_at_least": 3}, "own_at_least", "contradicts achievements_at_least (2)"),
    (
        {"achievements_at_least": 2, "from": {"issuers": ["south"]}, "outside_at_most": 1},
        "outside_at_most",
        "only other issuers are chosen from",
    ),
    ({"credits_at_least": 5, "from": NAMED, "rates": {"ECTS": 2, "CATS": 1}}, "rates/ECTS", "it needs no rate"),
]


@pytest.mark.parametrize(("node", "place", "message"), NEVER, ids=[message for *_, message in NEVER])
def test_what_can_never_be_met_is_an_error_at_its_place(node: dict[str, Any], place: str, message: str) -> None:
    document = stack("s", {"one": PASSED, "two": {"any": [PASSED, node]}})
    errors = [finding for finding in said(document, FIVE, TEN, UK) if finding[0] == "error"]
    assert [where for _, where, _ in errors] == [f"levels/1/requirement/any/1/{place}"]
    assert message in errors[0][2]


NOT_YET: list[tuple[dict[str, Any], str, str]] = [
    ({"achievements_at_least": 4, "from": TAGGED}, "achievements_at_least", "this can't be met as yet"),
    (
        {"credits_at_least": 100, "from": TAGGED, "rates": {"CATS": 1}},
        "credits_at_least",
        "gives 35 ECTS credits at most, not 100",
    ),
    (
        {"skills_at_least": 2, "among": ["S1", "S2"], "assessed_only": True},
        "skills_at_least",
        "only 1 that an achievement assesses",
    ),
    ({"credits_at_least": 5, "from": NAMED}, "rates", 'declare rates: {CATS: "0.5"}'),
    ({"at_least": 2, "of": [PASSED, {"all": [PASSED]}, {"achievement": "five"}]}, "of/1", "the same as of/0"),
    ({"skills_at_least": 1, "among": ["S1", "S1"]}, "among/1", "S1 is named twice"),
    (
        {"weighted_mean_at_least": 0, "of": [{"activity": "a", "weight": 1}, {"activity": "a", "weight": 2}]},
        "of/1",
        "a is named twice",
    ),
]


@pytest.mark.parametrize(("node", "place", "message"), NOT_YET, ids=[message for *_, message in NOT_YET])
def test_what_may_change_or_seems_a_slip_is_a_warning(node: dict[str, Any], place: str, message: str) -> None:
    found = said(achievement("new", node), FIVE, TEN, UK)
    assert [(severity, where) for severity, where, _ in found] == [("warning", f"requirement/{place}")]
    assert message in found[0][2]


@pytest.mark.parametrize(
    "node",
    [
        {"at_least": 3, "of": [PASSED, {"achievement": "five"}, {"achievement": "ten"}]},
        {"achievements_at_least": 3, "from": NAMED, "outside_at_most": 1, "own_at_least": 2},
        {"credits_at_least": 25, "from": NAMED, "rates": {"CATS": "0.5"}},
        {"credits_at_least": 15, "from": TAGGED, "rates": {"CATS": "0.5"}, "outside_at_most": 0},
        {"skills_at_least": 2, "among": ["S1", "S2"]},
    ],
)
def test_what_can_just_be_met_is_accepted(node: dict[str, Any]) -> None:
    assert said(achievement("new", node), FIVE, TEN, UK) == []


def test_credits_are_counted_through_the_levels_of_a_stack() -> None:
    ladder = stack("ladder", {"one": {"all": [{"achievement": "five"}, {"achievement": "ten"}]}})
    above = {"credits_at_least": 15, "from": {"achievements": ["ladder.one", "five"]}}
    assert said(achievement("new", above), ladder, FIVE, TEN) == []
    assert said(achievement("new", above | {"credits_at_least": 16}), ladder, FIVE, TEN)[0][0] == "error"


def test_the_most_that_any_version_gives_counts_because_it_is_still_held() -> None:
    asks = achievement("new", {"credits_at_least": 10, "from": {"achievements": ["ten"]}})
    lowered = achievement("ten", **credits_of(4))
    assert said(asks, lowered)[0][0] == "error"
    assert said(asks, lowered, beside=published(TEN)) == []
