"""What benches send leads to what the figures say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from deploy.bench.workloads import RUNGS, awards, of_turn
from deploy.demo.run import Keyed
from services.assessment.stream import FLOW as ASSESSMENT
from services.awarding.domain.ids import PublicIds
from services.awarding.stream import flow
from shared.events.awarding import AwardGranted, StackUpgraded
from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.definitions import Achievement, Stack
from shared.events.envelope import Cause, Envelope, Fact
from shared.kafka import Outgoing
from shared.stream import Flow
from shared.stream.batch import Fold, read_all
from shared.stream.incoming import Incoming, Reader

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def published(document: dict[str, Any]) -> Published:
    cause = Cause(kind="publication", id="p", time=NOW)
    if "stack" in document:
        stack = Stack.model_validate(document)
        return StackPublished(revision=1, cause=cause, id_=stack.stack, version=1, announced_at=NOW, definition=stack)
    achievement = Achievement.model_validate(document)
    id_ = achievement.achievement
    return AchievementPublished(revision=1, cause=cause, id_=id_, version=1, announced_at=NOW, definition=achievement)


def said(plugged: Flow[Any, Any], messages: Sequence[Keyed], catalog: Sequence[Published]) -> list[tuple[Fact, Envelope]]:
    incoming = [
        Incoming("reads", plugged.reads.name, 0, place, sent.key, sent.value, tuple(sent.headers), NOW)
        for place, sent in enumerate(Outgoing.of(plugged.reads.name, learner, envelope) for learner, envelope in messages)
    ]
    fold = Fold(plugged, plugged.rules(catalog), dict.fromkeys([learner for learner, _ in messages]), {}, lambda: NOW)
    fold.events(read_all(Reader(plugged), incoming))
    assert not fold.batch.buried
    return [(one.fact, one.envelope) for one in fold.batch.said]


def test_each_completion_earns_an_award_and_every_third_an_upgrade() -> None:
    workload = awards(8)
    catalog = [published(document) for document in workload.editions[0]]
    verdicts = said(ASSESSMENT, workload.completions, catalog)
    earned = said(flow(PublicIds(b"bench" * 4)), [(fact.key, envelope) for fact, envelope in verdicts], catalog)
    caused = {kind: {fact.cause.id for fact, _ in earned if isinstance(fact, kind)} for kind in (AwardGranted, StackUpgraded)}
    assert caused[AwardGranted] == {envelope.id for _, envelope in workload.completions}
    assert caused[StackUpgraded] == {envelope.id for _, envelope in workload.completions if int(envelope.id[-1]) % 3 == 0}
    assert sum(isinstance(fact, AwardGranted) for fact, _ in earned) == 8 * (RUNGS + 4), "one for each level as well"


def test_each_learner_climbs_rung_by_rung_while_others_are_at_other_rungs() -> None:
    workload = awards(80)
    climbed: dict[str, list[int]] = {}
    for learner, envelope in workload.completions:
        climbed.setdefault(learner, []).append(int(envelope.id.rpartition("/")[2]))
    assert all(rungs == list(range(1, RUNGS + 1)) for rungs in climbed.values())
    middle = workload.completions[len(workload.completions) // 2 :][:20]
    assert len(Counter(envelope.id.rpartition("/")[2] for _, envelope in middle)) == RUNGS


def test_turns_have_different_learners() -> None:
    for mix in ("awards", "cohort"):
        turns = [{learner for learner, _ in of_turn(mix, 20, turn).completions} for turn in (0, 1, 900)]
        assert not set.intersection(*turns)
        assert not turns[1] & turns[2]
