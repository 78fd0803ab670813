"""What each kind of leaf counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.awarding.scene import Learner, Tree, achievement, day, does, holds, part, passed, stack, verdict, verdict_on


def ects(needed: str, **more: Any) -> Tree:
    return {"credits_at_least": needed, "from": {}, **more}


def reached(ada: Learner, target: str = "top") -> bool:
    return ada.held().get(target) == "valid"


def test_credits_add_up_exactly() -> None:
    parts = [achievement(f"p{i}", ects="0.1") for i in range(10)]
    ada = Learner(*parts, achievement("top", ects("1")))
    for i in range(9):
        ada.apply(passed(f"p{i}", i))
    assert not reached(ada)
    ada.apply(passed("p9", 9))
    assert reached(ada)


def test_credits_of_another_system_count_only_at_a_declared_rate() -> None:
    cats = achievement("cats", credits={"amount": "20", "system": "CATS"})
    without, with_rate = (
        Learner(cats, achievement("top", ects("10"))),
        Learner(cats, achievement("top", ects("10", rates={"CATS": "0.5"}))),
    )
    without.apply(passed("cats", 3))
    with_rate.apply(passed("cats", 3))
    assert (reached(without), reached(with_rate)) == (False, True)


def test_credits_beneath_levels_and_stacks_count_once() -> None:
    catalog = (
        achievement("a", ects="5"),
        achievement("b", ects="5"),
        stack("one", {"low": (holds("a"), {"credits": {"amount": "30"}}), "high": {"all": [holds("a"), holds("b")]}}),
        stack("two", {"x": {"stack": "one", "level": "low"}}),
    )
    ada = Learner(*catalog, achievement("ten", ects("10")), achievement("more", ects("10.1")))
    ada.apply(passed("a", 2), passed("b", 3))
    assert ada.held()["two.x"] == "valid"
    assert (reached(ada, "ten"), reached(ada, "more")) == (True, False)


def test_a_level_chosen_by_name_counts_the_credits_it_rests_on() -> None:
    ada = Learner(
        achievement("a", ects="5"),
        achievement("b", ects="4"),
        stack("one", {"x": {"all": [holds("a"), holds("b")]}}),
        achievement("nine", ects("9", **{"from": {"achievements": ["one.x", "a"]}})),
        achievement("more", ects("9.5", **{"from": {"achievements": ["one.x", "a"]}})),
    )
    ada.apply(passed("a", 2), passed("b", 3))
    assert (reached(ada, "nine"), reached(ada, "more")) == (True, False)


def test_a_level_that_rests_on_no_credits_has_its_own() -> None:
    ada = Learner(stack("s", {"x": (does("x"), {"credits": {"amount": "7"}})}), achievement("top", ects("7")))
    ada.apply(passed("s.x", 2))
    assert reached(ada)


def test_an_achievement_earned_again_counts_once() -> None:
    ada = Learner(achievement("a", ects="5"), achievement("top", ects("10", holding="ever")))
    ada.apply(passed("a", 2), verdict("a", part(2, (3, None), (5, 5)), revision=2))
    assert len(ada.record.lines["a"]) == 2
    assert not reached(ada)


def test_of_outside_credits_only_so_many_count_and_of_own_ones_so_many_are_needed() -> None:
    catalog = (
        achievement("own", ects="5"),
        achievement("far", issuer="partner", ects="10"),
        achievement("capped", ects("10", outside_at_most="4")),
        achievement("nine", ects("9", outside_at_most="4")),
        achievement("owned", ects("10", own_at_least="6")),
        achievement("top", ects("15", own_at_least="5")),
    )
    ada = Learner(*catalog)
    ada.apply(passed("own", 2), passed("far", 3))
    assert [reached(ada, id_) for id_ in ("capped", "nine", "owned", "top")] == [False, True, False, True]


def test_conditions_of_a_selection_must_all_hold() -> None:
    ada = Learner(
        achievement("a", issuer="partner", tags=["data"]),
        achievement("b", tags=["data"]),
        achievement("c", issuer="partner"),
        achievement("top", {"achievements_at_least": 1, "from": {"tags": ["data"], "issuers": ["partner"]}}),
    )
    ada.apply(passed("b", 2), passed("c", 3))
    assert not reached(ada)
    ada.apply(passed("a", 4))
    assert ada.award("top").now.rests_on == (ada.award("a").id,)


def test_achievements_are_counted_with_at_most_so_many_from_outside() -> None:
    wanted = {"achievements_at_least": 2, "from": {"tags": ["t"]}, "outside_at_most": 1, "own_at_least": 1}
    ada = Learner(
        *(achievement(id_, issuer="partner", tags=["t"]) for id_ in ("x", "y")),
        achievement("own", tags=["t"]),
        achievement("top", wanted),
    )
    ada.apply(passed("x", 1), passed("y", 2))
    assert not reached(ada)
    ada.apply(passed("own", 3))
    assert ada.award("top").awarded_at == day(3)


@pytest.mark.parametrize(("assessed_only", "is_reached"), [(False, True), (True, False)])
def test_skills_are_covered_by_what_is_held(assessed_only: bool, is_reached: bool) -> None:
    taught = achievement("taught", skills=(), learning_outcomes=[])
    taught = taught.model_copy(
        update={"definition": taught.definition.model_copy(update={"skills": _skills(("python", True), ("sql", False))})}
    )
    wanted = {"skills_at_least": 2, "among": ["python", "sql", "r"], "assessed_only": assessed_only}
    ada = Learner(taught, achievement("top", wanted))
    ada.apply(passed("taught", 2))
    assert reached(ada) is is_reached


def _skills(*pairs: tuple[str, bool]) -> Any:
    definition = achievement("x", skills=[code for code, _ in pairs]).definition
    return tuple(skill.model_copy(update={"assessed": yes}) for skill, (_, yes) in zip(definition.skills, pairs, strict=True))


def test_a_held_achievement_may_have_to_be_of_a_version() -> None:
    versions = (achievement("a"), achievement("a", does("new"), version=2, since=0))
    ada, bob = (Learner(*versions, achievement("top", holds("a", from_version=2))) for _ in range(2))
    ada.apply(verdict_on("a", {1: [part(2)], 2: []}))
    bob.apply(verdict_on("a", {1: [], 2: [part(2)]}))
    assert (reached(ada), reached(bob)) == (False, True)


def test_within_a_period_counts_what_was_earned_close_together() -> None:
    both = {"within": "P10D", "requirement": {"all": [holds("a"), holds("b")]}}
    close, apart = (Learner(achievement("a"), achievement("b"), achievement("top", both)) for _ in range(2))
    close.apply(passed("a", 1), passed("b", 10.5))
    apart.apply(passed("a", 1), passed("b", 11))
    assert (reached(close), reached(apart)) == (True, False)


def test_within_a_period_activities_and_awards_are_measured_together() -> None:
    both = {"within": "P10D", "requirement": {"all": [holds("a"), does("essay")]}}
    ada = Learner(achievement("a"), achievement("top", both))
    ada.apply(verdict("top", part(1, path="requirement/all/1"), revision=1), passed("a", 20))
    assert not reached(ada)
    ada.apply(verdict("top", part(1, again=[15], path="requirement/all/1"), revision=2, at=15))
    assert ada.award("top").awarded_at == day(20)


def test_recent_is_measured_at_the_completing_moment_and_never_at_now() -> None:
    both = {"within": "P10D", "requirement": {"all": [holds("a"), holds("b")]}}
    ada = Learner(achievement("a"), achievement("b"), achievement("c"), achievement("top", both))
    ada.apply(passed("c", 900), passed("b", 5), passed("a", 1))
    assert ada.award("top").awarded_at == day(5)


def test_a_selection_by_quality_never_counts_what_itself_depends_on_it() -> None:
    everything = {"achievements_at_least": 2, "from": {"issuers": ["uni"]}}
    ada = Learner(achievement("a"), achievement("b"), stack("one", {"x": everything}), stack("two", {"x": everything}))
    ada.apply(passed("a", 1))
    assert ada.held() == {"a": "valid"}
    ada.apply(passed("b", 2))
    assert ada.held() == {"a": "valid", "b": "valid", "one.x": "valid", "two.x": "valid"}


def test_achievements_that_depend_on_each_other_by_name_are_decided_all_the_same() -> None:
    ada = Learner(achievement("a", {"any": [does("a"), holds("b")]}), achievement("b", {"any": [does("b"), holds("a")]}))
    ada.apply(verdict("b", part(2, path="any/0")))
    assert ada.held()["b"] == "valid"


def test_the_order_of_levels_is_that_of_the_awards_own_version() -> None:
    turned_round = (
        achievement("a"),
        achievement("b"),
        stack("s", {"x": holds("a"), "y": holds("b")}),
        stack("s", {"y": holds("b"), "x": holds("a")}, version=2, since=100),
        achievement("top", {"stack": "s", "level": "y"}),
    )
    early, late = Learner(*turned_round[:3], turned_round[4]), Learner(*turned_round[:2], *turned_round[3:])
    early.apply(passed("a", 1))
    late.apply(passed("a", 150))
    early.publish(*turned_round)
    assert (early.award("s.x").version, late.award("s.x").version) == (1, 2)
    assert (reached(early), reached(late)) == (False, True)
