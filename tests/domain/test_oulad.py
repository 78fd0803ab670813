"""Real learning records through the decisions of assessment and awarding, with nothing in between."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from random import Random

import pytest

from deploy.demo import oulad
from services.assessment.domain.record import Record as AssessmentRecord
from services.assessment.domain.rules import Rules as AssessmentRules
from services.assessment.stream import FLOW
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.record import Record as AwardingRecord
from services.awarding.domain.rules import Rules as AwardingRules
from services.awarding.stream import flow as awarding_flow
from shared.decisions import Event
from shared.events.awarding import AwardStatus
from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.completions import CompletionReported
from shared.events.definitions import Achievement, Stack
from shared.events.envelope import Cause, Envelope, Fact
from shared.stream import Flow

FOLDER = Path(os.environ.get("CAIRN_OULAD", Path(__file__).parents[3] / "shared" / "data" / "oulad"))
ONE_IN = 10
"""Every tenth learner; `make demo OULAD=<folder>` takes them all."""

pytestmark = [
    pytest.mark.oulad,
    pytest.mark.skipif(not (FOLDER / "catalog.json").exists(), reason=f"the OULAD records are not in {FOLDER} (see CAIRN_OULAD)"),
]


def publications(folder: Path) -> Iterator[Published]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for document in oulad.documents(folder):
        model, definition = (AchievementPublished, Achievement) if "achievement" in document else (StackPublished, Stack)
        parsed = definition.model_validate(document)
        cause = Cause(kind="publication", id=f"{parsed.id}@1", time=at)
        yield model(id_=parsed.id, version=1, announced_at=at, revision=1, cause=cause, definition=parsed)


def event_of(envelope: Envelope) -> Event[CompletionReported]:
    data = CompletionReported.model_validate_json(envelope.data)
    digest = blake2b(envelope.data, digest_size=8).hexdigest()
    return Event(data, envelope.id, envelope.source, envelope.type, envelope.time, digest)


def fact_event(fact: Fact) -> Event[Fact]:
    return Event(fact, fact.id, "cairn/assessment", fact.TYPE, fact.cause.time, "")


@dataclass(frozen=True)
class Chain:
    """The decisions of both services under one set of publications, and the levels of each stack."""

    assess: Flow[AssessmentRecord, AssessmentRules]
    award: Flow[AwardingRecord, AwardingRules]
    assess_rules: AssessmentRules
    award_rules: AwardingRules
    levels: dict[str, list[tuple[str, str]]]

    def held(self, learner: str, completions: list[Envelope]) -> set[oulad.Holding]:
        """What one learner holds after these completions, in this order."""
        entries, awards = self.assess.blank(learner), self.award.blank(learner)
        for envelope in completions:
            decided = self.assess.table[CompletionReported](entries, event_of(envelope), self.assess_rules)
            assert decided.record is not None
            entries = decided.record
            for fact in decided.facts:
                followed = self.award.table[type(fact)](awards, fact_event(fact), self.award_rules)
                assert followed.record is not None
                awards = followed.record
        valid = {id_ for id_, line in awards.lines.items() if line and line[-1].status is AwardStatus.VALID}
        levels = {achievement for found in self.levels.values() for _, achievement in found}
        standings = {
            stack: standing for stack, found in self.levels.items() if (standing := [n for n, id_ in found if id_ in valid])
        }
        return {oulad.Holding(learner, "achievement", id_) for id_ in valid - levels} | {
            oulad.Holding(learner, "stack", stack, standing[-1]) for stack, standing in standings.items()
        }


@pytest.fixture(scope="module")
def chain() -> Chain:
    published = list(publications(FOLDER))
    award = awarding_flow(PublicIds(b"0" * 32))
    return Chain(FLOW, award, FLOW.rules(published), award.rules(published), oulad.levels(FOLDER))


def test_real_learners_hold_what_an_independent_evaluation_says_in_any_order(chain: Chain) -> None:
    by_learner: dict[str, list[Envelope]] = defaultdict(list)
    for learner, envelope in oulad.completions(FOLDER):
        if int(learner) % ONE_IN == 0:
            by_learner[learner].append(envelope)
    expected: dict[str, set[oulad.Holding]] = defaultdict(set)
    for row in oulad.expected(FOLDER):
        expected[row.learner].add(row)
    assert len(by_learner) > 500
    random = Random(20130201)
    for learner in sorted(by_learner):
        completions = by_learner[learner]
        random.shuffle(completions)
        assert chain.held(learner, completions) == expected[learner]
