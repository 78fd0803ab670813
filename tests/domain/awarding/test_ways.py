"""Why not yet, and the shortest way there."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

from hypothesis import given, settings

from services.awarding.domain.ways import Outlook, Way, leaves_met
from tests.domain.awarding.scene import Learner, Tree, achievement, day, holds, passed, stack
from tests.domain.awarding.test_order import ORDER, History, histories


def way(ada: Learner, target: str) -> Way | None:
    return Outlook(ada.record, ada.rules, day(100)).way_to(target)


def steps(ada: Learner, target: str) -> tuple[str, ...]:
    found = way(ada, target)
    assert found is not None
    return found.achievements


LETTERS = [achievement(id_, ects=str(number)) for number, id_ in enumerate("abcdef", start=1)]


def top(requirement: Tree) -> Learner:
    return Learner(*LETTERS, stack("top", {"x": requirement}))


def test_the_way_to_what_is_held_is_empty() -> None:
    ada = Learner(achievement("a"))
    ada.apply(passed("a", 3))
    assert steps(ada, "a") == ()


def test_the_way_to_an_achievement_of_activities_is_itself() -> None:
    assert steps(Learner(achievement("a")), "a") == ("a",)


def test_levels_are_no_steps() -> None:
    ada = Learner(
        *LETTERS,
        stack("one", {"low": holds("a"), "high": {"all": [{"stack": "one", "level": "low"}, holds("b")]}}),
        stack("two", {"x": {"stack": "one", "level": "high"}}),
    )
    assert steps(ada, "two.x") == ("a", "b")
    ada.apply(passed("a", 3))
    assert steps(ada, "two.x") == ("b",)


def test_the_way_with_fewest_achievements_is_the_shortest() -> None:
    ada = top({"any": [{"all": [holds("a"), holds("b")]}, holds("f")]})
    assert steps(ada, "top.x") == ("f",)
    ada.apply(passed("a", 3))
    assert steps(ada, "top.x") == ("b",)


def test_of_ways_of_the_same_length_that_of_fewest_credits_is_the_shortest() -> None:
    ada = top({"any": [{"all": [holds("e"), holds("f")]}, {"all": [holds("a"), holds("c")]}]})
    found = way(ada, "top.x")
    assert found == Way(("a", "c"), Decimal(4), estimate=False)


def test_an_achievement_that_counts_twice_is_one_step() -> None:
    ada = top({"all": [{"any": [holds("a"), holds("f")]}, {"any": [holds("b"), holds("f")]}]})
    assert steps(ada, "top.x") == ("f",)


def test_there_is_no_way_to_what_a_person_revoked_or_whose_versions_have_ended() -> None:
    ada = Learner(achievement("a"), achievement("old", until=50), stack("top", {"x": holds("a"), "y": holds("old")}))
    ada.apply(passed("a", 3))
    ada.revoke("a", on=4)
    assert [way(ada, id_) for id_ in ("a", "top.x", "old", "top.y")] == [None] * 4


def test_beyond_twelve_candidates_the_way_is_an_estimate_that_leads_there_and_has_nothing_to_spare() -> None:
    many = [achievement(f"m{number:02}", ects=str(1 + number % 5)) for number in range(40)]
    ada = Learner(*many, achievement("top", {"credits_at_least": "23", "from": {"issuers": ["uni"]}}))
    found = way(ada, "top")
    assert found is not None
    assert (found.estimate, len(found.achievements), found.credits) == (True, 5, Decimal(25))


def test_an_estimate_heeds_what_may_come_from_outside() -> None:
    many = [achievement(f"m{number:02}", ects="2") for number in range(10)]
    far = [achievement(f"f{number:02}", ects="9", issuer="far") for number in range(10)]
    wanted = {"credits_at_least": "13", "from": {"issuers": ["uni", "far"]}, "outside_at_most": "9", "own_at_least": "4"}
    ada = Learner(*many, *far, achievement("top", wanted))
    found = way(ada, "top")
    assert found is not None
    assert (found.estimate, len(found.achievements)) == (True, 3)


def test_one_step_away_is_who_lacks_a_single_achievement() -> None:
    ada = top({"at_least": 3, "of": [holds("a"), holds("b"), holds("c"), holds("d")]})

    def single() -> list[str]:
        return Outlook(ada.record, ada.rules, day(100)).next_steps("top.x")

    ada.apply(passed("a", 1))
    assert single() == []
    ada.apply(passed("b", 2))
    assert single() == ["c", "d"]
    ada.apply(passed("d", 3))
    assert single() == []


def test_progress_counts_the_leaves_that_are_met() -> None:
    ada = top({"all": [holds("a"), {"any": [holds("b"), holds("c")]}]})
    ada.apply(passed("a", 1))
    _, finding = Outlook(ada.record, ada.rules, day(100)).finding("top.x")
    assert leaves_met(finding) == (1, 3)


@settings(max_examples=40, deadline=None)
@given(histories())
def test_no_shorter_way_leads_there(history: History) -> None:
    ada = Learner(*history.catalog)
    ada.apply(*history.events())
    outlook = Outlook(ada.record, ada.rules, day(30))
    for target in ORDER:
        found = outlook.way_to(target)
        unmet = outlook.unmet_beneath(target)
        if found is None:
            continue
        assert outlook.reaches(target, frozenset(found.achievements), unmet)
        for fewer in range(len(found.achievements)):
            assert not any(outlook.reaches(target, frozenset(some), unmet) for some in combinations(unmet, fewer))
