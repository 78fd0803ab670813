"""Verdicts become awards, awards complete levels, levels complete other stacks."""

from __future__ import annotations

import pytest

from services.awarding.domain import fold
from services.awarding.domain.awards import Holdings
from services.awarding.domain.evidence import Evidence
from services.awarding.domain.fold import evidence_of
from services.awarding.domain.record import Record
from services.awarding.domain.rules import Rule, Rules
from shared.decisions import Refused
from shared.events.awarding import AwardGranted, AwardRequested, StackUpgraded
from tests.domain.awarding.scene import (
    Learner,
    achievement,
    day,
    does,
    event,
    holds,
    part,
    passed,
    stack,
    told,
    verdict,
    verdict_on,
)

LADDER = (
    achievement("a"),
    achievement("b"),
    achievement("c"),
    stack(
        "path",
        {
            "bronze": holds("a"),
            "silver": {"all": [holds("a"), holds("b")]},
            "gold": {"all": [{"stack": "path", "level": "silver"}, holds("c")]},
        },
    ),
    stack("wide", {"awarded": {"stack": "path", "level": "bronze"}}),
)


def test_a_met_verdict_grants_the_award_at_the_moment_it_was_met() -> None:
    ada = Learner(achievement("a"))
    (granted,) = ada.apply(passed("a", 3))
    assert isinstance(granted, AwardGranted)
    assert (granted.awarded_at, granted.status_since, granted.version, granted.revision) == (day(3), day(3), 1, 1)
    assert granted.cause.id == "c-a-1"


def test_an_unmet_verdict_grants_nothing() -> None:
    ada = Learner(achievement("a"))
    assert ada.apply(verdict("a", part(None, (3, None)))) == ()
    assert ada.held() == {}


def test_the_same_verdict_twice_says_nothing_twice() -> None:
    ada = Learner(*LADDER)
    first = ada.apply(passed("a", 3))
    record = ada.record
    assert told(first) == ["granted a", "granted path.bronze", "granted wide.awarded"]
    assert ada.apply(passed("a", 3)) == ()
    assert ada.record is record


def test_an_older_revision_of_a_verdict_changes_nothing() -> None:
    ada = Learner(achievement("a"))
    ada.apply(verdict("a", part(3), revision=2))
    assert ada.apply(verdict("a", part(None, (3, None)), revision=1)) == ()
    assert ada.held() == {"a": "valid"}


def test_one_verdict_gives_the_whole_cascade_and_everything_in_it_has_the_same_cause() -> None:
    ada = Learner(*LADDER)
    facts = ada.apply(passed("a", 3))
    assert {fact.cause.id for fact in facts} == {"c-a-1"}
    assert ada.held() == {"a": "valid", "path.bronze": "valid", "wide.awarded": "valid"}


def test_reaching_a_higher_level_is_an_upgrade_and_the_lower_award_stays_valid() -> None:
    ada = Learner(*LADDER)
    ada.apply(passed("a", 3))
    facts = ada.apply(passed("b", 5))
    assert told(facts) == ["granted b", "granted path.silver", "upgraded path: bronze to silver"]
    upgrade, granted = facts[-1], facts[1]
    assert isinstance(upgrade, StackUpgraded)
    assert isinstance(granted, AwardGranted)
    assert (upgrade.award, upgrade.from_award) == (ada.award("path.silver").id, ada.award("path.bronze").id)
    assert upgrade.reached_at == day(5)
    assert granted.upgrades_from == "bronze"
    assert ada.held()["path.bronze"] == "valid"


def test_progress_keeps_its_id_from_level_to_level() -> None:
    ada = Learner(*LADDER)
    ada.apply(passed("a", 3), passed("b", 5), passed("c", 6))
    upgrades = [fact for fact in ada.facts if isinstance(fact, StackUpgraded)]
    assert [(upgrade.level, upgrade.revision) for upgrade in upgrades] == [("silver", 1), ("gold", 2)]
    levels = [fact.level.progress for fact in ada.facts if isinstance(fact, AwardGranted) and fact.level is not None]
    assert {upgrade.progress for upgrade in upgrades} == {ada.rules.ids.progress("ada", "path")}
    assert set(levels) == {ada.rules.ids.progress("ada", "path"), ada.rules.ids.progress("ada", "wide")}


def test_several_levels_at_once_are_an_upgrade_from_the_level_stood_at_before() -> None:
    ada = Learner(*LADDER)
    ada.apply(passed("a", 3), passed("c", 4))
    assert told(ada.apply(passed("b", 5)))[-1] == "upgraded path: bronze to gold"


def test_several_levels_at_once_from_nothing_are_an_upgrade_from_the_next_lower_one() -> None:
    ada = Learner(*LADDER)
    ada.apply(passed("b", 3), passed("c", 4))
    facts = ada.apply(passed("a", 5))
    assert told(facts)[-1] == "upgraded path: silver to gold"
    assert sorted(told(facts)[:-1]) == [
        "granted a",
        "granted path.bronze",
        "granted path.gold",
        "granted path.silver",
        "granted wide.awarded",
    ]


def test_a_level_is_met_by_any_higher_one() -> None:
    ada = Learner(
        achievement("a"),
        achievement("b"),
        stack("path", {"low": holds("a"), "high": holds("b")}),
        stack("other", {"awarded": {"stack": "path", "level": "low"}}),
    )
    ada.apply(passed("b", 3))
    assert ada.held() == {"b": "valid", "path.high": "valid", "other.awarded": "valid"}


def test_public_ids_cannot_be_told_without_the_key() -> None:
    ada, eve = Learner(achievement("a")), Learner(achievement("a"), learner="eve")
    ada.apply(passed("a", 3))
    eve.apply(verdict("a", part(3), learner="eve"))
    ids = {ada.award("a").id, eve.award("a").id}
    assert len(ids) == 2
    assert all(len(id_) == 32 and "ada" not in id_ for id_ in ids)


def test_the_version_met_first_counts_and_is_kept() -> None:
    ada = Learner(achievement("a"), achievement("a", does("other"), version=2, since=0))
    ada.apply(verdict_on("a", {1: [part(5)], 2: [part(3)]}))
    assert ada.award("a").version == 2
    ada.apply(verdict_on("a", {1: [part(5)], 2: [part(3)]}, revision=2))
    assert (ada.award("a").version, ada.award("a").awarded_at) == (2, day(3))


def test_of_versions_met_at_the_same_moment_the_newest_counts() -> None:
    ada = Learner(achievement("a"), achievement("a", does("other"), version=2, since=0))
    ada.apply(verdict_on("a", {1: [part(3)], 2: [part(3)]}))
    assert ada.award("a").version == 2


def test_a_version_counts_only_while_it_is_in_force() -> None:
    versions = (
        achievement("p"),
        achievement("top", holds("p"), until=5),
        achievement("top", {"all": [holds("p"), holds("q")]}, version=2, since=5),
        achievement("q"),
    )
    early, late = Learner(*versions), Learner(*versions)
    early.apply(passed("p", 4))
    late.apply(passed("p", 6))
    assert early.held() == {"p": "valid", "top": "valid"}
    assert late.held() == {"p": "valid"}


def test_what_was_earned_before_a_version_counts_from_the_day_it_is_in_force() -> None:
    ada = Learner(achievement("p"), achievement("top", holds("p"), since=10))
    ada.apply(passed("p", 4))
    assert ada.award("top").awarded_at == day(10)


def test_a_verdict_on_a_version_that_is_not_known_yet_waits_for_its_publication() -> None:
    ada = Learner()
    assert ada.apply(passed("a", 3)) == ()
    facts = ada.publish(achievement("a"), stack("path", {"bronze": holds("a")}))
    assert told(facts) == ["granted a", "granted path.bronze"]
    assert {fact.cause.kind for fact in facts} == {"publication"}
    assert ada.award("a").awarded_at == day(3)


def test_a_sweep_leaves_alone_whom_it_does_not_concern() -> None:
    ada, nobody = Learner(*LADDER), Learner(*LADDER)
    ada.apply(passed("a", 3))
    record, blank = ada.record, nobody.record
    assert ada.publish(*LADDER, achievement("z")) == ()
    assert nobody.publish(*LADDER) == ()
    assert ada.record is record
    assert nobody.record is blank


def test_a_late_stack_awards_those_who_already_earned_it() -> None:
    ada = Learner(achievement("a"), achievement("b"))
    ada.apply(passed("a", 3), passed("b", 4))
    facts = ada.publish(*LADDER)
    assert "upgraded path: bronze to silver" in told(facts)
    assert ada.award("path.silver").awarded_at == day(4)


def test_the_reason_says_what_was_met_by_what() -> None:
    ada = Learner(*LADDER)
    ada.apply(passed("a", 3))
    granted = ada.apply(passed("b", 5))[1]
    assert isinstance(granted, AwardGranted)
    assert granted.reason is not None
    assert granted.reason.says == "Hold both A and B."
    assert [(leaf.path, leaf.met, leaf.by) for leaf in granted.reason.of] == [
        ("all/0", True, (ada.award("a").id,)),
        ("all/1", True, (ada.award("b").id,)),
    ]
    assert granted.rests_on == (ada.award("a").id, ada.award("b").id)


def test_a_reason_from_assessment_names_the_entries() -> None:
    ada = Learner(achievement("a"))
    (granted,) = ada.apply(passed("a", 3))
    assert isinstance(granted, AwardGranted)
    assert granted.reason is not None
    assert (granted.reason.says, granted.reason.by) == ("Pass urn:a.", ("e1",))


def test_a_requirement_may_mix_activities_and_awards() -> None:
    ada = Learner(achievement("a"), achievement("mixed", {"all": [does("essay"), holds("a")]}))
    ada.apply(verdict("mixed", part(2, path="all/0")))
    assert ada.held() == {}
    ada.apply(passed("a", 3))
    assert ada.award("mixed").awarded_at == day(3)


def test_a_waived_leaf_counts_as_met() -> None:
    ada = Learner(achievement("a"), achievement("b"), achievement("both", {"all": [holds("a"), holds("b")]}))
    ada.apply(passed("a", 3), verdict("both", part(6, path="all/1")))
    assert ada.award("both").awarded_at == day(6)


def test_a_waiver_stands_in_the_way_of_nothing_that_is_held() -> None:
    ada = Learner(achievement("a"), achievement("b"), achievement("both", {"all": [holds("a"), holds("b")]}))
    ada.apply(verdict("both", part(6, (8, None), path="all/1")), passed("a", 9), passed("b", 10))
    assert ada.award("both").awarded_at == day(10)


def test_the_same_request_with_another_content_is_refused() -> None:
    ada = Learner(achievement("a"))

    def request(reason: str) -> AwardRequested:
        return AwardRequested(learner="ada", achievement="a", reason=reason, decided_by="dean")

    ada.apply(event(request("one"), day(3), "r1"))
    assert ada.apply(event(request("one"), day(3), "r1")) == ()
    with pytest.raises(Refused, match="r1"):
        ada.apply(event(request("two"), day(3), "r1"))


def test_a_sweep_over_a_large_catalog_looks_only_at_what_the_learner_has_to_do_with(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [achievement(f"m{number}") for number in range(300)]
    ada = Learner(*LADDER, *many)
    ada.apply(passed("a", 3))
    looked_at: list[str] = []

    def noticed(record: Record, rule: Rule, rules: Rules, holdings: Holdings) -> list[Evidence]:
        looked_at.append(rule.achievement)
        return evidence_of(record, rule, rules, holdings)

    monkeypatch.setattr(fold, "evidence_of", noticed)
    assert ada.publish(*LADDER, *many) == ()
    assert sorted(looked_at) == ["a", "path.bronze", "path.gold", "path.silver", "wide.awarded"]
