"""Law 5 on the running platform: neither the order of completions nor the moment of publishing decides who holds what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from deploy.demo.cohort import cohort
from deploy.demo.documents import FIRST, REVISIONS, documents
from deploy.demo.run import Keyed
from shared.events.awarding import AwardStatus
from shared.topics import AWARDS
from tests.domain.demo.chain import awarded, held
from tests.journeys.campus import Campus, of_another

LEARNERS = 60
WITHIN = 120.0


def faculty(name: str, completions: Iterable[Keyed]) -> list[Keyed]:
    """The same learners once more, whom nobody can take for the others."""
    return [of_another(learner, envelope, name) for learner, envelope in completions]


def twice_in_any_order(completions: Iterable[Keyed], seed: int) -> list[Keyed]:
    doubled = [*completions] * 2
    Random(seed).shuffle(doubled)
    return doubled


@pytest.mark.timeout(600)
async def test_any_order_twice_and_a_catalog_published_before_in_the_middle_or_after_lead_to_the_same_awards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAIRN_KAFKA", raising=False)  # the names of topics are those of the platform: it needs its own
    monkeypatch.delenv("CAIRN_MONGODB", raising=False)
    completions = cohort(learners=LEARNERS).completions
    expected = held(awarded(completions, datetime.now(UTC)))
    before = faculty("before", completions)
    middle = twice_in_any_order(faculty("middle", completions), seed=1)
    after = twice_in_any_order(faculty("after", reversed(completions)), seed=2)

    async with Campus.open(tmp_path) as campus:
        await campus.send([*after, *middle[: len(middle) // 2]])
        await campus.settled(WITHIN)
        assert await campus.said(AWARDS) == []
        await campus.office.publish(documents(FIRST))
        await campus.send(middle[len(middle) // 2 : 3 * len(middle) // 4])  # while everybody is being looked at again
        await campus.office.publish(documents(REVISIONS))
        await campus.send(middle[3 * len(middle) // 4 :])
        await campus.settled(WITHIN)
        await campus.send(before)
        await campus.settled(WITHIN)

        wanted = [replace(one, learner=f"{one.learner}.{name}") for name in ("before", "middle", "after") for one in expected]
        await campus.holds(wanted, WITHIN)
        assert await campus.dead_letters() == 0

    assert {one.status for one in expected} == {AwardStatus.VALID, AwardStatus.SUSPENDED, AwardStatus.EXPIRED}
    assert {one.version for one in expected} == {1, 2}
