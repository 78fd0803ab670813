"""What the cohort holds in the end does not depend on the order in which its completions come, nor on how often."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from deploy.demo.cohort import cohort
from shared.events.awarding import AwardStatus
from tests.domain.demo.chain import awarded, held

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("seed", [1, 2])
def test_completions_in_any_order_and_twice_lead_to_the_same_held_awards(seed: int) -> None:
    completions = cohort(learners=40).completions
    shuffled = [*completions, *completions]
    Random(seed).shuffle(shuffled)

    expected = held(awarded(completions, UNTIL))

    assert held(awarded(shuffled, UNTIL)) == expected
    assert {one.status for one in expected} == {AwardStatus.VALID, AwardStatus.SUSPENDED, AwardStatus.EXPIRED}
