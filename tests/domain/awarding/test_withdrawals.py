"""What becomes of awards when what they rest on is taken back, or given back."""

from __future__ import annotations

import pytest

from shared.events.awarding import AwardFact, AwardRevoked
from tests.domain.awarding.scene import Learner, achievement, day, does, holds, part, passed, stack, told, verdict, verdict_on

TAKEN_BACK = verdict("a", part(3, (7, None)), revision=2)
GIVEN_AGAIN = verdict("a", part(3, (7, None), (9, 9)), revision=3)


def test_a_verdict_taken_back_revokes_where_the_achievement_says_so() -> None:
    ada = Learner(achievement("a", when_withdrawn="revoke"))
    ada.apply(passed("a", 3))
    (fact,) = ada.apply(TAKEN_BACK)
    assert isinstance(fact, AwardRevoked)
    assert (fact.status_since, fact.awarded_at, fact.revision) == (day(7), day(3), 2)
    assert fact.reason is not None
    assert not fact.reason.met


def test_earned_again_after_a_revocation_is_another_award() -> None:
    ada = Learner(achievement("a", when_withdrawn="revoke"))
    ada.apply(passed("a", 3))
    first = ada.award("a").id
    ada.apply(TAKEN_BACK)
    (fact,) = ada.apply(GIVEN_AGAIN)
    assert told([fact]) == ["granted a"]
    assert isinstance(fact, AwardFact)
    assert (fact.award != first, fact.awarded_at, fact.revision) == (True, day(9), 1)


def test_a_verdict_taken_back_suspends_where_the_achievement_says_so_and_given_again_restores() -> None:
    ada = Learner(achievement("a", when_withdrawn="suspend"))
    ada.apply(passed("a", 3))
    first = ada.award("a").id
    assert told(ada.apply(TAKEN_BACK)) == ["suspended a"]
    assert told(ada.apply(GIVEN_AGAIN)) == ["restored a"]
    assert (ada.award("a").id, ada.award("a").awarded_at) == (first, day(3))


def test_a_verdict_taken_back_changes_nothing_where_the_achievement_says_keep() -> None:
    ada = Learner(achievement("a", when_withdrawn="keep"))
    ada.apply(passed("a", 3))
    assert ada.apply(TAKEN_BACK) == ()
    assert ada.held() == {"a": "valid"}


def test_where_another_version_is_still_met_it_takes_the_place_of_the_one_taken_back() -> None:
    ada = Learner(achievement("a"), achievement("a", does("other"), version=2, since=0))
    ada.apply(verdict_on("a", {1: [part(3)], 2: [part(5)]}))
    facts = ada.apply(verdict_on("a", {1: [part(3, (7, None))], 2: [part(5)]}, revision=2))
    assert told(facts) == ["revoked a", "granted a"]
    assert (ada.award("a").version, ada.award("a").awarded_at, ada.award("a").status_since) == (2, day(5), day(7))


@pytest.mark.parametrize("policy", ["fall", "keep"])
def test_a_suspended_part_suspends_the_levels_that_need_it_and_restoring_restores_them(policy: str) -> None:
    ada = Learner(
        achievement("a", when_withdrawn="suspend"),
        stack("path", {"bronze": holds("a")}, when_a_part_is_revoked=policy),
        stack("top", {"awarded": {"stack": "path", "level": "bronze"}}, when_a_part_is_revoked=policy),
    )
    ada.apply(passed("a", 3))
    assert told(ada.apply(TAKEN_BACK)) == ["suspended a", "suspended path.bronze", "suspended top.awarded"]
    assert told(ada.apply(GIVEN_AGAIN)) == ["restored a", "restored path.bronze", "restored top.awarded"]


def test_a_revoked_part_lets_the_stack_fall_to_the_highest_level_still_met() -> None:
    ada = Learner(
        achievement("a"),
        achievement("b"),
        stack("path", {"bronze": holds("b"), "silver": {"all": [holds("a"), holds("b")]}}),
    )
    ada.apply(passed("b", 2), passed("a", 3))
    assert ada.record.stacks["path"].level == "silver"
    assert told(ada.apply(TAKEN_BACK)) == ["revoked a", "revoked path.silver"]
    assert ada.record.stacks["path"].level == "bronze"
    progress = ada.writes[ada.rules.ids.progress("ada", "path")]
    assert progress["level"] == "bronze"


def test_coming_back_up_after_a_fall_is_an_upgrade_again() -> None:
    ada = Learner(
        achievement("a"), achievement("b"), stack("path", {"bronze": holds("b"), "silver": {"all": [holds("a"), holds("b")]}})
    )
    ada.apply(passed("b", 2), passed("a", 3), TAKEN_BACK)
    assert told(ada.apply(GIVEN_AGAIN)) == ["granted a", "granted path.silver", "upgraded path: bronze to silver"]


def test_a_level_that_is_merely_restored_is_no_upgrade() -> None:
    ada = Learner(
        achievement("a", when_withdrawn="suspend"),
        achievement("b"),
        stack("path", {"bronze": holds("b"), "silver": {"all": [holds("a"), holds("b")]}}),
    )
    ada.apply(passed("b", 2), passed("a", 3), TAKEN_BACK)
    assert ada.record.stacks["path"].level == "bronze"
    assert told(ada.apply(GIVEN_AGAIN)) == ["restored a", "restored path.silver"]
    assert ada.record.stacks["path"].level == "silver"


def test_a_revoked_part_leaves_the_levels_of_a_stack_that_keeps_them() -> None:
    ada = Learner(achievement("a"), stack("path", {"bronze": holds("a")}, when_a_part_is_revoked="keep"))
    ada.apply(passed("a", 3))
    assert told(ada.apply(TAKEN_BACK)) == ["revoked a"]
    assert ada.held() == {"a": "revoked", "path.bronze": "valid"}


def test_a_revoked_part_that_another_stands_in_for_changes_no_level() -> None:
    ada = Learner(achievement("a"), achievement("b"), stack("path", {"bronze": {"any": [holds("a"), holds("b")]}}))
    ada.apply(passed("a", 3), passed("b", 4))
    assert told(ada.apply(TAKEN_BACK)) == ["revoked a"]
    assert ada.award("path.bronze").now.rests_on == (ada.award("b").id,)


def test_held_ever_counts_whatever_became_of_it() -> None:
    ada = Learner(achievement("a"), stack("path", {"bronze": holds("a", holding="ever")}))
    ada.apply(passed("a", 3))
    assert told(ada.apply(TAKEN_BACK)) == ["revoked a"]
    assert ada.held()["path.bronze"] == "valid"


def test_what_was_never_earned_after_all_is_revoked() -> None:
    ada = Learner(achievement("a"), stack("path", {"bronze": holds("a")}))
    ada.apply(passed("a", 3))
    assert told(ada.apply(verdict("a", part(None, (3, None)), revision=2))) == ["revoked a", "revoked path.bronze"]
    assert ada.held() == {}
    assert told(ada.apply(verdict("a", part(4), revision=3))) == ["restored a", "restored path.bronze"]


def test_an_earlier_moment_that_becomes_known_is_stated_again_without_telling_it_as_news() -> None:
    ada = Learner(achievement("a"))
    ada.apply(passed("a", 3))
    (fact,) = ada.apply(verdict("a", part(2), revision=2))
    assert isinstance(fact, AwardFact)
    assert (told([fact]), fact.restated, fact.awarded_at, fact.revision) == (["granted a"], True, day(2), 2)


def test_what_was_revoked_before_it_could_be_told_is_told_as_no_news() -> None:
    ada = Learner(achievement("a"))
    (fact,) = ada.apply(TAKEN_BACK)
    assert isinstance(fact, AwardRevoked)
    assert fact.restated


def test_what_was_suspended_before_it_could_be_told_is_granted_and_suspended() -> None:
    ada = Learner(achievement("a", when_withdrawn="suspend"))
    facts = ada.apply(TAKEN_BACK)
    assert told(facts) == ["granted a", "suspended a"]
    assert [fact.revision for fact in facts] == [1, 2]
    assert ada.writes[ada.award("a").id]["status"] == "suspended"
