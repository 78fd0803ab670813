"""Nothing may depend on itself, however long the way round."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.domain.dependencies import Vertex, components, publishing_order
from services.catalog.domain.known import Known
from services.catalog.domain.validation import validated
from tests.domain.catalog.documents import NOW, SOUTH, achievement, published, said, stack, submitted


def rounds(*documents: dict[str, Any], beside: Known | None = None) -> list[tuple[str, str]]:
    return [(place, message) for _, place, message in said(*documents, beside=beside) if "depend on itself" in message]


def test_an_achievement_that_asks_for_itself_is_refused_at_the_leaf() -> None:
    document = achievement("a", {"any": [{"activity": "x", "passed": True}, {"achievement": "a"}]})
    assert rounds(document) == [("requirement/any/1", "a would depend on itself")]


def test_the_whole_way_round_is_named() -> None:
    documents = (
        achievement("a", {"achievement": "b"}),
        achievement("b", {"achievement": "c"}),
        achievement("c", {"achievement": "a"}),
    )
    assert rounds(*documents) == [("requirement", "a would depend on itself: a asks for b asks for c asks for a")]


def test_a_way_round_through_what_is_published_is_found() -> None:
    beside = published(stack("s", {"one": {"achievement": "a"}}), achievement("a"))
    assert rounds(achievement("a", {"stack": "s", "level": "one"}), beside=beside) == [
        ("requirement", "a would depend on itself: a asks for s.one asks for a")
    ]


def test_a_level_that_asks_for_its_own_stack_at_a_lower_level_is_met_by_itself() -> None:
    document = stack("s", {"one": {"achievement": "a"}, "two": {"stack": "s", "level": "one"}})
    assert rounds(document, achievement("a")) == [("levels/1/requirement", "s.two would depend on itself")]


def test_a_level_may_ask_for_the_lower_one_by_its_achievement() -> None:
    document = stack("s", {"one": {"achievement": "a"}, "two": {"all": [{"achievement": "s.one"}, {"achievement": "b"}]}})
    assert said(document, achievement("a"), achievement("b")) == []


def test_an_older_version_still_counts_for_somebody() -> None:
    beside = published(achievement("a"), achievement("b", {"achievement": "a"}), achievement("b"))
    assert rounds(achievement("a", {"achievement": "b"}), beside=beside)


@pytest.mark.parametrize(
    "leaf",
    [
        {"credits_at_least": 0, "from": {"tags": ["t"]}},
        {"achievements_at_least": 1, "from": {"issuers": ["north"]}},
        {"skills_at_least": 1, "among": ["S"]},
        {"achievements_at_least": 1, "from": {}},
    ],
)
def test_what_is_chosen_by_tag_issuer_or_skill_is_never_the_chooser_itself(leaf: dict[str, Any]) -> None:
    meaning = {"tags": ["t"], "skills": [{"code": "S", "name": "S"}]}
    other = achievement("other", **meaning)
    assert said(achievement("a", leaf, **meaning), other) == []
    assert said(stack("s", {"one": leaf, "two": {"achievement": "other"}}, **meaning), other) == []


def test_what_depends_on_the_chooser_is_left_out_with_a_warning() -> None:
    leaf = {"achievements_at_least": 1, "from": {"tags": ["t"]}}
    documents = achievement("a", leaf), achievement("b", {"achievement": "a"}, tags=["t"]), achievement("c", tags=["t"])
    assert said(*documents) == [
        ("warning", "requirement", "b would count here, but depends on a itself, and so doesn't"),
    ]


def test_conditions_of_a_selection_given_together_must_all_hold() -> None:
    leaf = {"credits_at_least": 0, "from": {"tags": ["t"], "issuers": ["south"]}}
    assert (
        rounds(achievement("a", leaf), achievement("b", {"achievement": "a"}, tags=["t"]), achievement("c", issuer=SOUTH)) == []
    )


edges = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=10)


def reaches(asks: set[tuple[int, int]], start: int, goal: int) -> bool:
    found: set[int] = set()
    while new := {b for a, b in asks if a == start or a in found} - found:
        found |= new
    return goal in found


@given(edges)
def test_whoever_can_reach_themself_is_told_and_nobody_else(asks: set[tuple[int, int]]) -> None:
    documents = []
    for own in range(6):
        leaves = [{"achievement": f"a{other}"} for one, other in sorted(asks) if one == own]
        documents.append(submitted(achievement(f"a{own}", {"all": leaves} if leaves else None)))

    found = validated(documents, Known({}), NOW)

    told = {id_ for id_, findings in found.items() if any("depend on itself" in finding.message for finding in findings)}
    assert told == {f"a{own}" for own in range(6) if reaches(asks, own, own)}


@given(edges)
def test_what_others_depend_on_is_published_first(asks: set[tuple[int, int]]) -> None:
    asks = {(a, b) for a, b in asks if a > b}
    documents = []
    for own in range(6):
        leaves = [{"achievement": f"a{other}"} for one, other in sorted(asks) if one == own]
        documents.append(submitted(achievement(f"a{own}", {"any": leaves} if leaves else None)).definition)
    order = [definition.id for definition in publishing_order(documents[::-1], Known({}).with_(documents))]
    assert sorted(order) == [f"a{own}" for own in range(6)]
    assert all(order.index(f"a{b}") < order.index(f"a{a}") for a, b in asks)


@given(edges)
def test_components_are_those_that_reach_each_other(asks: set[tuple[int, int]]) -> None:
    graph: dict[Vertex, set[Vertex]] = {f"a{own}": {f"a{b}" for a, b in asks if a == own} for own in range(6)}
    found = components(graph)
    for a in range(6):
        mates = {f"a{b}" for b in range(6) if a == b or (reaches(asks, a, b) and reaches(asks, b, a))}
        assert set(found[f"a{a}"]) == mates
