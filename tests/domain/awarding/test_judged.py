"""What assessors found by each criterion goes from the verdict into the award's reason, whatever the award is made of."""

from __future__ import annotations

from shared.events.assessment import VerdictReached
from shared.events.awarding import AwardGranted
from shared.requirements.tree import Finding, Judged
from tests.domain.awarding.scene import Learner, achievement, does, part, verdict

CASE = "urn:cairn:review:a:case"
JUDGED = (Judged(CASE, "care", "fair", "1.5"), Judged(CASE, "style", "dull"))


def told(*path: str, judged: tuple[Judged, ...] | None = JUDGED) -> VerdictReached:
    """As it comes off the topic."""
    parts = [part(3, path=one).model_copy(update={"finding": Finding(True, ("e1",), results=judged)}) for one in path]
    return VerdictReached.model_validate_json(verdict("a", *parts).to_json())


def test_the_results_of_a_part_are_in_the_reason_of_its_award() -> None:
    (granted,) = Learner(achievement("a")).apply(told(""))
    assert isinstance(granted, AwardGranted)
    again = AwardGranted.model_validate_json(granted.to_json())
    assert again.reason is not None
    assert again.reason.results == JUDGED


def test_each_part_of_a_requirement_keeps_its_own() -> None:
    requirement = {"all": [does("case"), {"achievement": "b"}]}
    learner = Learner(achievement("b"), achievement("a", requirement))
    learner.apply(verdict("b", part(1), learner="ada"))
    (granted,) = learner.apply(told("all/0"))
    assert isinstance(granted, AwardGranted)
    assert granted.reason is not None
    assert [one.results for one in granted.reason.of] == [JUDGED, None]


def test_a_verdict_from_before_rubrics_is_read_and_says_nothing_of_them() -> None:
    before = told("", judged=None)
    assert b"results" not in before.to_json()
    (granted,) = Learner(achievement("a")).apply(before)
    assert b"results" not in granted.to_json()
