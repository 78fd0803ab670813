"""Decisions of people outrank recomputation."""

from __future__ import annotations

from services.awarding.domain.decisions import learner_erased
from shared.decisions import Drop
from shared.events.assessment import LearnerErased
from shared.events.awarding import AwardFact, DecisionMade
from shared.events.envelope import Cause
from tests.domain.awarding.scene import Learner, achievement, day, does, event, holds, part, passed, stack, told, verdict

TAKEN_BACK = verdict("a", part(3, (7, None)), revision=2)


def test_a_person_awards_whatever_the_requirement_says() -> None:
    ada = Learner(achievement("a"), stack("path", {"bronze": holds("a")}))
    facts = ada.grant("a", on=3)
    assert told(facts) == ["granted a", "granted path.bronze"]
    first = facts[0]
    assert isinstance(first, AwardFact)
    assert (first.awarded_at, first.decided_by, first.note, first.cause.kind) == (day(3), "dean", "As agreed.", "decision")


def test_what_a_person_decides_is_recorded_whatever_comes_of_it() -> None:
    ada = Learner(achievement("a"))
    ada.apply(passed("a", 2))
    facts = ada.grant("a", on=3, version=1)
    assert told(facts) == []
    (recorded,) = facts
    assert isinstance(recorded, DecisionMade)
    (decision,) = ada.record.decisions["a"]
    assert recorded.subject == decision.id
    assert (recorded.cause.time, recorded.grants, recorded.version) == (decision.at, True, 1)
    assert (recorded.digest, recorded.note, recorded.decided_by) == (decision.digest, decision.note, decision.decided_by)


def test_a_persons_award_names_its_version_or_has_that_in_force() -> None:
    versions = (achievement("a", until=5), achievement("a", does("other"), version=2, since=5))
    ada, bob, eve = Learner(*versions), Learner(*versions), Learner(*versions)
    ada.grant("a", on=3)
    bob.grant("a", on=6)
    eve.grant("a", on=6, version=1)
    assert [one.award("a").version for one in (ada, bob, eve)] == [1, 2, 1]


def test_a_verdict_taken_back_leaves_a_persons_award() -> None:
    ada = Learner(achievement("a"))
    ada.grant("a", on=2)
    assert ada.apply(passed("a", 3), TAKEN_BACK) == ()
    assert ada.held() == {"a": "valid"}


def test_a_person_revokes_and_no_verdict_brings_it_back() -> None:
    ada = Learner(achievement("a"), stack("path", {"bronze": holds("a")}))
    ada.apply(passed("a", 3))
    assert told(ada.revoke("a", on=5)) == ["revoked a", "revoked path.bronze"]
    assert ada.apply(verdict("a", part(3, (8, 8)), revision=2)) == ()
    assert ada.held() == {"a": "revoked", "path.bronze": "revoked"}


def test_after_a_revocation_only_a_person_awards_anew_under_a_new_id() -> None:
    ada = Learner(achievement("a"))
    ada.apply(passed("a", 3))
    first = ada.award("a").id
    ada.revoke("a", on=5)
    assert told(ada.grant("a", on=9)) == ["granted a"]
    assert (ada.award("a").id != first, ada.award("a").ordinal) == (True, 2)


def test_a_person_restores_what_is_suspended() -> None:
    ada = Learner(achievement("a", when_withdrawn="suspend"))
    ada.apply(passed("a", 3), TAKEN_BACK)
    assert told(ada.grant("a", on=9)) == ["restored a"]


def test_decisions_act_at_their_own_time_in_whatever_order_they_come() -> None:
    early, late = Learner(achievement("a")), Learner(achievement("a"))
    early.apply(passed("a", 3))
    early.revoke("a", on=5)
    early.grant("a", on=9)
    late.grant("a", on=9)
    late.revoke("a", on=5)
    late.apply(passed("a", 3))
    assert early.record.lines == late.record.lines


def test_a_decision_about_something_not_published_yet_waits() -> None:
    ada = Learner()
    assert told(ada.grant("a", on=3)) == []
    assert told(ada.publish(achievement("a"))) == ["granted a"]


def erased(on: float) -> LearnerErased:
    return LearnerErased(learner="ada", revision=1, cause=Cause(kind="erasure", id="x", time=day(on)))


def test_erasure_leaves_nothing_but_its_time_and_is_passed_on() -> None:
    ada = Learner(achievement("a"))
    ada.apply(passed("a", 3))
    data = erased(5)
    decided = learner_erased(ada.record, event(data, day(5)), ada.rules)
    assert decided.facts == (data,)
    dropped = {write.collection for write in decided.writes if isinstance(write, Drop)}
    assert dropped == {"awards", "progress", "facts", "credentials", "identities", "shares"}
    record = decided.record
    assert record is not None
    assert (record.lines, record.verdicts, record.said, record.horizon, record.erased) == ({}, {}, {}, None, day(5))


def test_what_came_before_an_erasure_is_not_brought_back_by_a_replay() -> None:
    ada = Learner(achievement("a"))
    ada.apply(event(erased(5), day(5)))
    assert ada.apply(passed("a", 3)) == ()
    assert ada.grant("a", on=4) == ()
    assert ada.pass_time(4) == ()
    assert ada.apply(event(erased(5), day(5))) == ()
    assert ada.held() == {}


def test_what_is_earned_after_an_erasure_has_ids_of_its_own() -> None:
    ada = Learner(achievement("a"))
    ada.apply(passed("a", 3))
    first = ada.award("a").id
    ada.apply(event(erased(5), day(5)), passed("a", 8))
    assert ada.award("a").id != first
