"""What the demonstration shows is what its catalog and cohort lead to."""

from __future__ import annotations

from collections import Counter

from deploy.demo.cohort import cohort
from shared.events.awarding import AwardGranted, AwardRenewed, AwardRevoked, AwardSuspended, StackUpgraded
from tests.domain.demo.chain import awarded, publications


def test_the_story_goes_through_all_levels_up_to_the_last_upgrade() -> None:
    whole = cohort()
    facts = awarded((learner, envelope) for learner, envelope in whole.completions if learner == whole.story)
    first = next(fact for fact in facts if isinstance(fact, AwardGranted) and fact.level)
    upgrades = [(fact.stack, fact.from_level, fact.level) for fact in facts if isinstance(fact, StackUpgraded)]

    assert first.achievement == "inclusive-computing.bronze"
    assert upgrades == [
        ("inclusive-computing", "bronze", "silver"),
        ("data-practice", "foundation", "practitioner"),
        ("northfield-distinction", "merit", "distinction"),
        ("inclusive-computing", "silver", "gold"),
    ]
    assert not any(isinstance(fact, AwardRevoked | AwardSuspended) for fact in facts)


def test_in_the_cohort_every_achievement_and_every_level_is_earned_and_some_are_taken_back() -> None:
    facts = awarded(cohort(learners=300).completions)
    kinds = Counter(type(fact) for fact in facts)
    earned = {fact.achievement for fact in facts if isinstance(fact, AwardGranted)}
    offered = set()
    for publication in publications():
        levels = getattr(publication.definition, "levels", None)  # type: ignore[attr-defined]  # both kinds have one
        offered |= {f"{publication.id_}.{level.level}" for level in levels} if levels else {publication.id_}

    assert earned == offered
    assert kinds[StackUpgraded] > 20
    assert min(kinds[AwardRenewed], kinds[AwardRevoked], kinds[AwardSuspended]) > 0
