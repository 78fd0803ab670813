"""Levels differ, ids mean one thing, requirements stay within bounds, and learning outcomes are assessed."""

from __future__ import annotations

from dataclasses import replace

from tests.domain.catalog.documents import PASSED, achievement, published, said, stack


def test_the_same_requirement_on_two_levels_is_refused_however_it_is_written() -> None:
    document = stack(
        "s",
        {
            "one": {"all": [PASSED, {"activity": "b", "score_at_least": "0.50"}]},
            "two": {"activity": "c", "passed": True},
            "three": {"at_least": 2, "of": [{"all": [{"activity": "b", "score_at_least": 0.5}]}, PASSED]},
        },
    )
    assert said(document) == [
        (
            "error",
            "levels/2/requirement",
            "this asks for the same as levels/0, so both levels would always be reached together",
        )
    ]


def test_a_requirement_has_a_thousand_leaves_at_most() -> None:
    leaves = [{"activity": f"a{i}", "passed": True} for i in range(501)]
    [(severity, place, message)] = said(achievement("big", {"all": [{"any": leaves}, {"any": leaves}]}))
    assert (severity, place) == ("error", "requirement")
    assert "1002 leaves" in message
    assert said(achievement("big", {"all": [{"any": leaves[:500]}, {"any": leaves[:500]}]})) == []


def test_an_achievement_may_not_take_the_id_of_a_level() -> None:
    beside = published(stack("cs", {"gold": PASSED}))
    expected = [("error", "achievement", "cs.gold is taken by a level of the stack cs; take another id")]
    assert said(achievement("cs.gold"), beside=beside) == expected
    assert said(achievement("cs.gold"), stack("cs", {"gold": PASSED})) == expected


def test_a_level_may_not_take_the_id_of_an_achievement() -> None:
    [(severity, place, message)] = said(
        stack("cs", {"one": PASSED, "gold": {"activity": "b", "passed": True}}), achievement("cs.gold")
    )
    assert (severity, place) == ("error", "levels/1/level")
    assert "this level would be awarded as cs.gold, which is an id of its own already" in message


def test_levels_of_two_stacks_may_not_be_awarded_as_the_same() -> None:
    [(_, place, message)] = said(stack("a.b", {"c": PASSED}), stack("a", {"b.c": PASSED}))
    assert (place, "a level of the stack a already" in message) == ("levels/0/level", True)


def test_an_achievement_may_not_become_a_stack() -> None:
    [(severity, place, message)] = said(stack("ethics", {"one": PASSED}), beside=published(achievement("ethics")))
    assert (severity, place) == ("error", "stack")
    assert message == "ethics is an achievement already; take another id"


def test_what_is_retired_gets_no_further_version() -> None:
    beside = replace(published(achievement("ethics")), retired=frozenset({"ethics"}))
    [(severity, place, message)] = said(achievement("ethics", PASSED), beside=beside)
    assert (severity, place, message) == ("error", "achievement", "ethics is retired; publish this under another id")


def test_a_learning_outcome_that_nothing_assesses_is_a_warning() -> None:
    outcomes = [
        {"id": "weigh", "text": "Weighs.", "assessed_by": ["lms:quiz"]},
        {"id": "argue", "text": "Argues.", "assessed_by": ["lms:essay"]},
        {"id": "listen", "text": "Listens."},
    ]
    assert said(achievement("ethics", PASSED, learning_outcomes=outcomes)) == [
        (
            "warning",
            "learning_outcomes/1/assessed_by",
            "the learning outcome argue is assessed by lms:essay, which the requirement doesn't ask for",
        ),
        (
            "warning",
            "learning_outcomes/2",
            "nothing assesses the learning outcome listen; name what does under assessed_by:",
        ),
    ]


def test_a_stacks_outcome_may_be_assessed_by_what_a_level_chooses() -> None:
    document = stack(
        "s",
        {"one": PASSED, "two": {"achievements_at_least": 1, "from": {"tags": ["t"]}}},
        learning_outcomes=[{"id": "weigh", "text": "Weighs.", "assessed_by": ["ethics"]}],
    )
    assert said(document, achievement("ethics", tags=["t"])) == []


def test_a_levels_own_outcome_must_be_assessed_on_that_level() -> None:
    document = stack("s", {"one": PASSED, "two": {"activity": "b", "passed": True}})
    document["levels"][1]["learning_outcomes"] = [{"id": "weigh", "text": "Weighs.", "assessed_by": ["lms:quiz"]}]
    assert [(severity, place) for severity, place, _ in said(document)] == [
        ("warning", "levels/1/learning_outcomes/0/assessed_by")
    ]


def test_only_a_revision_can_set_the_teach_out_of_what_was_before() -> None:
    [(severity, place, _)] = said(achievement("ethics", teach_out_of_previous="2027-01-01"))
    assert (severity, place) == ("error", "teach_out_of_previous")


def test_a_teach_out_may_leave_no_gap() -> None:
    beside = published(achievement("ethics"))
    document = achievement("ethics", PASSED, effective_from="2027-09-01", teach_out_of_previous="2027-08-31")
    [(severity, place, message)] = said(document, beside=beside)
    assert (severity, place) == ("error", "teach_out_of_previous")
    assert "nothing would count between" in message


def test_a_teach_out_that_has_passed_is_warned_of() -> None:
    beside = published(achievement("ethics"))
    document = achievement("ethics", PASSED, effective_from="2025-09-01", teach_out_of_previous="2026-01-01")
    assert [(severity, place) for severity, place, _ in said(document, beside=beside)] == [("warning", "teach_out_of_previous")]
